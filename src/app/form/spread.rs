//! "Spread replicas": a switch of the form that is one term of `spec.affinity` (R26). Whoever keeps the gateway only
//! copies it.

use serde_json::{Value, json};

use crate::materialize::names::Names;
use crate::model::edit::Path;
use crate::model::istio_gateway::IstioGateway;

/// What a preference weighs at most; the console's own (asm-api.md §5.7).
const WEIGHT: u32 = 100;

fn place() -> Path {
    ["spec", "affinity", "podAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution"]
        .iter()
        .fold(Path::default(), |path, name| path.field(name))
}

/// The term of this gateway: its pods rather not beside each other on a node.
fn term(object: &Value) -> Value {
    let selector = IstioGateway::read(object)
        .ok()
        .and_then(|gateway| Names::read(&gateway).ok().map(|names| names.selector))
        .unwrap_or_default();
    json!({"weight": WEIGHT, "podAffinityTerm": {
        "labelSelector": {"matchLabels": selector}, "topologyKey": "kubernetes.io/hostname"}})
}

/// Whether the term is there.
pub(super) fn is_on(object: &Value) -> bool {
    let term = term(object);
    place().get(object).and_then(Value::as_array).is_some_and(|terms| terms.contains(&term))
}

/// Adds the term, or takes exactly that one away.
pub(super) fn set(object: &mut Value, on: bool) {
    let (path, term) = (place(), term(object));
    let terms = path.get(object).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut kept: Vec<Value> = terms.into_iter().filter(|other| *other != term).collect();
    if on {
        kept.push(term);
    } else if path.get(object).is_none() {
        return;
    }
    path.set(object, (!kept.is_empty()).then_some(Value::Array(kept)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_and_off_again_leaves_everything_else_as_it_was() {
        let other = json!({"weight": 1, "podAffinityTerm": {"topologyKey": "zone"}});
        let plain = json!({"metadata": {"name": "out"}, "spec": {"replicaCount": 2}});
        let mut own = plain.clone();
        own["spec"]["affinity"] = json!({"nodeAffinity": {}, "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [other]}});
        for before in [plain, own] {
            let mut object = before.clone();
            set(&mut object, true);
            assert!(is_on(&object) && !is_on(&before));
            set(&mut object, true);
            let text = object.to_string();
            assert_eq!(text.matches("kubernetes.io/hostname").count(), 1, "once is enough: {text}");
            assert!(text.contains(r#""matchLabels":{"app":"istio-out","istio":"out"}"#), "{text}");
            set(&mut object, false);
            assert_eq!(object, before);
        }
    }
}
