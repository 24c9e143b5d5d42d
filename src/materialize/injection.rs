//! Whether Istio's injector would make a pod whole (R7): what the API server does with its webhook configurations.

use serde_json::{Map, Value};

use crate::model::istio_gateway::Pairs;

/// What the name of every webhook that injects ends with.
const INJECTOR: &str = "sidecar-injector.istio.io";

/// Whether any of the `MutatingWebhookConfiguration`s would inject a pod with these labels in a namespace with those.
pub fn injects(configurations: &[Value], namespace: &Pairs, pod: &Value) -> bool {
    let labels = pod["metadata"]["labels"].as_object();
    // istiod leaves pods on the host network alone, whoever sends them.
    if pod["spec"]["hostNetwork"] == true {
        return false;
    }
    let namespace: Map<String, Value> =
        namespace.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
    let empty = Map::new();
    let webhooks = configurations.iter().flat_map(|c| c["webhooks"].as_array().into_iter().flatten());
    let mut injectors = webhooks.filter(|w| w["name"].as_str().is_some_and(|name| name.ends_with(INJECTOR)));
    injectors.any(|webhook| {
        selects(&webhook["namespaceSelector"], &namespace)
            && selects(&webhook["objectSelector"], labels.unwrap_or(&empty))
    })
}

/// Whether a label selector selects; one that is not there selects everything.
fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    let equal = selector["matchLabels"].as_object().into_iter().flatten();
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    equal.into_iter().all(|(key, value)| labels.get(key) == Some(value))
        && expressions.into_iter().all(|expression| holds(expression, labels))
}

fn holds(expression: &Value, labels: &Map<String, Value>) -> bool {
    let live = expression["key"].as_str().and_then(|key| labels.get(key));
    let is_one =
        || expression["values"].as_array().is_some_and(|v| live.is_some_and(|live| v.contains(live)));
    match expression["operator"].as_str() {
        Some("In") => is_one(),
        Some("NotIn") => !is_one(),
        Some("Exists") => live.is_some(),
        Some("DoesNotExist") => live.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The webhooks for objects of Istio's charts: of the default revision, and of one called canary.
    fn mesh() -> Vec<Value> {
        let absent = |key: &str| json!({"key": key, "operator": "DoesNotExist"});
        let is = |key: &str, value: &str| json!({"key": key, "operator": "In", "values": [value]});
        vec![
            json!({"webhooks": [{
                "name": "object.sidecar-injector.istio.io",
                "namespaceSelector": {"matchExpressions": [absent("istio-injection"), absent("istio.io/rev")]},
                "objectSelector": {"matchExpressions": [is("sidecar.istio.io/inject", "true"), absent("istio.io/rev")]},
            }]}),
            json!({"webhooks": [{
                "name": "rev.object.sidecar-injector.istio.io",
                "namespaceSelector": {"matchExpressions": [absent("istio.io/rev"), absent("istio-injection")]},
                "objectSelector": {"matchExpressions": [
                    {"key": "sidecar.istio.io/inject", "operator": "NotIn", "values": ["false"]},
                    is("istio.io/rev", "canary"),
                ]},
            }]}),
            json!({"webhooks": [{"name": "other.example.com"}]}),
        ]
    }

    #[test]
    fn a_pod_is_injected_by_the_webhook_of_its_revision_or_not_at_all() {
        let pod = |labels: Value, host: bool| json!({"metadata": {"labels": labels}, "spec": {"hostNetwork": host}});
        let on = ("sidecar.istio.io/inject", "true");
        let none = Pairs::new();
        let disabled: Pairs = [("istio-injection".to_owned(), "disabled".to_owned())].into();
        for (namespace, pod, injected) in [
            (&none, pod(json!({on.0: on.1}), false), true),
            (&none, pod(json!({on.0: on.1, "istio.io/rev": "canary"}), false), true),
            (&none, pod(json!({on.0: on.1, "istio.io/rev": "gone"}), false), false),
            (&none, pod(json!({}), false), false),
            (&none, pod(json!({on.0: on.1}), true), false),
            (&disabled, pod(json!({on.0: on.1}), false), false),
        ] {
            assert_eq!(injects(&mesh(), namespace, &pod), injected, "{namespace:?} {pod}");
        }
    }
}
