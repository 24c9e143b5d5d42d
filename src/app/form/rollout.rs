//! What the rolling-upgrade fields mean for the number of pods there is: in a sentence, by Kubernetes' rounding.

use crate::model::istio_gateway::IstioGateway;
use crate::model::quantity::PodAmount;

/// Kubernetes' own, where a gateway says nothing.
const DEFAULT: PodAmount = PodAmount::Percent(25);

/// What an update of this gateway does with its pods; the error is why it could do nothing.
pub(super) fn sentence(gateway: &IstioGateway) -> Result<String, String> {
    let c = &gateway.spec.configuration;
    let read = |text: &Option<String>| text.as_deref().map_or(Some(DEFAULT), PodAmount::parse);
    let (Some(surge), Some(unavailable)) = (read(&c.rolling_max_surge), read(&c.rolling_max_unavailable))
    else {
        return Ok(String::new());
    };
    if surge.is_zero() && unavailable.is_zero() {
        return Err("Both are zero: no pod could ever be replaced.".to_owned());
    }
    let told = |replicas| of(replicas, surge, unavailable);
    Ok(if c.autoscales() {
        let (least, most) = (c.min_replicas.unwrap_or(1), c.max_replicas.unwrap_or(1));
        match least == most {
            true => told(least),
            false => format!("With {least}: {} With {most}: {}", told(least), told(most)),
        }
    } else {
        told(c.replica_count.unwrap_or(1))
    })
}

fn of(replicas: u32, surge: PodAmount, unavailable: PodAmount) -> String {
    if replicas == 0 {
        return "There are no pods to replace.".to_owned();
    }
    let replicas = u64::from(replicas);
    let surge = amount(surge, replicas, true);
    // Where both come to nothing, Kubernetes lets one pod be missing.
    let missing = match amount(unavailable, replicas, false).min(replicas) {
        0 if surge == 0 => 1,
        missing => missing,
    };
    let (most, least) = (replicas + surge, replicas - missing);
    let pods = if most == 1 { "pod runs" } else { "pods run" };
    let serve = match least {
        0 => "for a moment none may serve".to_owned(),
        1 => "at least 1 serves".to_owned(),
        least => format!("at least {least} serve"),
    };
    format!("At most {most} of {replicas} {pods} while they are replaced, {serve}.")
}

fn amount(amount: PodAmount, replicas: u64, up: bool) -> u64 {
    match amount {
        PodAmount::Count(count) => count.into(),
        PodAmount::Percent(share) if up => (replicas * u64::from(share)).div_ceil(100),
        PodAmount::Percent(share) => replicas * u64::from(share) / 100,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn said(spec: Value) -> String {
        let gateway = IstioGateway::read(&json!({"metadata": {"name": "a"}, "spec": spec})).unwrap();
        sentence(&gateway).unwrap_or_else(|why| why)
    }

    #[test]
    fn a_surge_is_rounded_up_and_what_may_be_missing_down() {
        let replaced = "while they are replaced,";
        for (replicas, surge, unavailable, expected) in [
            (4, "25%", "25%", format!("At most 5 of 4 pods run {replaced} at least 3 serve.")),
            (3, "25%", "25%", format!("At most 4 of 3 pods run {replaced} at least 3 serve.")),
            (5, "25%", "50%", format!("At most 7 of 5 pods run {replaced} at least 3 serve.")),
            (1, "0", "1", format!("At most 1 of 1 pod runs {replaced} for a moment none may serve.")),
            (2, "1", "1", format!("At most 3 of 2 pods run {replaced} at least 1 serves.")),
            // Neither comes to a pod: one may be missing.
            (3, "0", "10%", format!("At most 3 of 3 pods run {replaced} at least 2 serve.")),
            (2, "0", "100%", format!("At most 2 of 2 pods run {replaced} for a moment none may serve.")),
            (0, "25%", "25%", "There are no pods to replace.".to_owned()),
            (3, "0", "0%", "Both are zero: no pod could ever be replaced.".to_owned()),
            (3, "some", "1", String::new()),
        ] {
            let spec = json!({"replicaCount": replicas, "rollingMaxSurge": surge, "rollingMaxUnavailable": unavailable});
            assert_eq!(said(spec), expected, "{replicas} {surge} {unavailable}");
        }
    }

    #[test]
    fn with_an_autoscaler_both_ends_are_told_and_without_fields_kubernetes_own_hold() {
        let both = said(json!({"autoscaleEnabled": true, "minReplicas": 2, "maxReplicas": 8}));
        assert!(
            both.starts_with("With 2: At most 3 of 2") && both.contains("With 8: At most 10 of 8"),
            "{both}"
        );
        assert!(said(json!({})).starts_with("At most 2 of 1"));
    }
}
