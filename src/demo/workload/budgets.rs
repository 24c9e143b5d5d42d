//! PodDisruptionBudgets: how many pods may be taken away on purpose.

use serde_json::{Value, json};

use super::{number, pods};
use crate::demo::select::{Labels, map_fits};
use crate::demo::state::State;
use crate::demo::store::{Key, Object};

const BUDGETS: &str = "poddisruptionbudgets.policy";

/// A pod changed: the budgets that count it look.
pub(super) fn of_pod(state: &mut State, key: &Key, pod: Option<&Object>) {
    let Some(pod) = pod else { return };
    let counts = |budget: &Value| {
        let selector = &budget["spec"]["selector"];
        match selector["matchExpressions"].is_array() {
            true => Labels::of_object(selector).fit(pod),
            false => {
                map_fits(&selector["matchLabels"], pod)
                    || selector.as_object().is_some_and(serde_json::Map::is_empty)
            }
        }
    };
    let all = state.store.list(BUDGETS, Some(&key.namespace));
    let keys: Vec<Key> = all.filter(|(_, b)| counts(b)).map(|(k, _)| k.clone()).collect();
    keys.iter().for_each(|budget| sync(state, budget));
}

/// Looks at a budget.
pub(super) fn sync(state: &mut State, key: &Key) {
    let Some(budget) = state.store.get(key).cloned() else { return };
    let selector = Labels::of_object(&budget["spec"]["selector"]);
    let here: Vec<Object> = state
        .store
        .list("pods", Some(&key.namespace))
        .filter(|(_, p)| {
            selector.fit(p) && !matches!(p["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
        })
        .map(|(_, p)| p.clone())
        .collect();
    let healthy = here.iter().filter(|p| pods::is_ready(p) && !pods::is_going(p)).count();
    let (expected, healthy) = (expected(state, key, &here), i64::try_from(healthy).unwrap_or_default());
    let spec = &budget["spec"];
    let desired = match (&spec["minAvailable"], &spec["maxUnavailable"]) {
        (Value::Null, most) => (expected - share(most, expected)).max(0),
        (least, _) => share(least, expected),
    };
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let (now, generation) = (state.now, budget["metadata"]["generation"].clone());
    let _ = state.change_status(key, "kube-controller-manager", |budget| {
        let status = &mut budget["status"];
        if !status.is_object() {
            *status = json!({});
        }
        status["observedGeneration"] = generation.clone();
        status["disruptionsAllowed"] = allowed.into();
        status["currentHealthy"] = healthy.into();
        status["desiredHealthy"] = desired.into();
        status["expectedPods"] = expected.into();
        let (is, reason) =
            if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        super::set_condition(status, "DisruptionAllowed", is, reason, "", now, false);
        if let Some(condition) = status
            .get_mut("conditions")
            .and_then(serde_json::Value::as_array_mut)
            .and_then(|all| all.first_mut())
        {
            condition["observedGeneration"] = generation;
            condition["message"] = "".into();
        }
    });
}

fn share(value: &Value, of: i64) -> i64 {
    match value {
        Value::Number(n) => n.as_i64().unwrap_or_default(),
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or_default();
            (of * percent + 99) / 100
        }
        _ => 0,
    }
}

/// The pods that their controllers want.
fn expected(state: &State, key: &Key, pods: &[Object]) -> i64 {
    let mut sets: Vec<&str> = pods
        .iter()
        .filter_map(|p| super::controller(p).filter(|o| o["kind"] == "ReplicaSet")?["name"].as_str())
        .collect();
    sets.sort_unstable();
    sets.dedup();
    if sets.is_empty() {
        return i64::try_from(pods.len()).unwrap_or_default();
    }
    // Sets of one Deployment share its number: the wanted one is what counts, in the middle of a rollout too.
    let mut wanted = std::collections::BTreeMap::new();
    for name in sets {
        let Some(set) = state.get("replicasets.apps", &key.namespace, name) else { continue };
        let owner = super::controller(set).and_then(|o| o["name"].as_str());
        let deployment = owner.and_then(|n| state.get("deployments.apps", &key.namespace, n));
        let count = deployment.map_or_else(|| number(set, "/spec/replicas"), |d| number(d, "/spec/replicas"));
        wanted.insert(owner.unwrap_or(name).to_owned(), count);
    }
    wanted.values().sum()
}
