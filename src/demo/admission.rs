//! What the API server's admission plugins add to pods.

use serde_json::{Value, json};

/// How long pods stay on a node that does not answer, unless they say otherwise.
const SECONDS: u32 = 300;

/// Fills in what admission gives every pod: tolerations for a while, and a priority.
pub(super) fn pod(pod: &mut Value) {
    let spec = &mut pod["spec"];
    let mut all: Vec<Value> = spec["tolerations"].as_array().cloned().unwrap_or_default();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = |t: &Value| {
            let every = t["key"].as_str().unwrap_or_default().is_empty();
            let effect = t["effect"].as_str().unwrap_or_default();
            (every || t["key"] == key) && (effect.is_empty() || effect == "NoExecute")
        };
        if !all.iter().any(tolerated) {
            all.push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}));
        }
    }
    spec["tolerations"] = all.into();
    if spec["priority"].is_null() {
        spec["priority"] = 0.into();
    }
    if spec["preemptionPolicy"].is_null() {
        spec["preemptionPolicy"] = "PreemptLowerPriority".into();
    }
}
