//! What a rolling upgrade means for the pods that there are.

use serde_json::Value;

/// What a rolling upgrade means for the pods that there are.
pub fn rolling(deployment: &Value) -> String {
    let spec = &deployment["spec"];
    let replicas = spec["replicas"].as_u64().unwrap_or(1);
    let pods = if replicas == 1 { "1 pod is".to_owned() } else { format!("{replicas} pods are") };
    match replicas {
        0 => return "it has no pods: none is replaced".to_owned(),
        _ if spec["strategy"]["type"] == "Recreate" => {
            return format!("{pods} replaced: all end before the first new one starts");
        }
        _ => {}
    }
    let rolling = &spec["strategy"]["rollingUpdate"];
    let surge = amount(&rolling["maxSurge"], replicas, true);
    let unavailable = amount(&rolling["maxUnavailable"], replicas, false);
    format!(
        "{pods} replaced: at most {} run at once, and at least {} serve",
        replicas + surge,
        replicas.saturating_sub(unavailable)
    )
}

/// A number, or a share of the replicas: Kubernetes rounds surge up and unavailability down. 25 % where nobody says.
fn amount(value: &Value, replicas: u64, up: bool) -> u64 {
    let share = match value {
        Value::Number(number) => return number.as_u64().unwrap_or_default(),
        Value::String(text) => match text.strip_suffix('%') {
            Some(percent) => percent.parse().unwrap_or(25),
            None => return text.parse().unwrap_or_default(),
        },
        _ => 25,
    };
    let hundredths = replicas * share;
    if up { hundredths.div_ceil(100) } else { hundredths / 100 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rolling_upgrade_is_told_in_pods() {
        for (replicas, surge, unavailable, told) in [
            (
                4,
                json!("25%"),
                json!("25%"),
                "4 pods are replaced: at most 5 run at once, and at least 3 serve",
            ),
            (
                3,
                json!("25%"),
                json!("25%"),
                "3 pods are replaced: at most 4 run at once, and at least 3 serve",
            ),
            (3, json!(0), json!(1), "3 pods are replaced: at most 3 run at once, and at least 2 serve"),
            (1, Value::Null, Value::Null, "1 pod is replaced: at most 2 run at once, and at least 1 serve"),
            (0, Value::Null, Value::Null, "it has no pods: none is replaced"),
        ] {
            let strategy = json!({"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}});
            assert_eq!(rolling(&json!({"spec": {"replicas": replicas, "strategy": strategy}})), told);
        }
        let recreate = json!({"spec": {"replicas": 2, "strategy": {"type": "Recreate"}}});
        assert_eq!(rolling(&recreate), "2 pods are replaced: all end before the first new one starts");
    }
}
