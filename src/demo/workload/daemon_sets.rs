//! DaemonSets: one pod on each node that fits.

use serde_json::{Value, json};

use super::{events, is_controlled, pods, scheduler, uid};
use crate::demo::state::State;
use crate::demo::store::{Key, Object};

/// Looks at a DaemonSet.
pub(super) fn sync(state: &mut State, key: &Key) {
    let Some(set) = state.store.get(key).cloned() else { return };
    if pods::is_going(&set) {
        return;
    }
    let sample = json!({"spec": set["spec"]["template"]["spec"]});
    let fits = |node: &Value| {
        let taints = node["spec"]["taints"].as_array().into_iter().flatten();
        let stops =
            |t: &&Value| t["effect"] != "PreferNoSchedule" && t["key"] != "node.kubernetes.io/unreachable";
        scheduler::selects(&sample, node) && taints.filter(stops).all(|t| scheduler::tolerates(&sample, t))
    };
    let nodes: Vec<String> = state
        .list("nodes", None)
        .iter()
        .filter(|n| fits(n))
        .filter_map(|n| n["metadata"]["name"].as_str().map(str::to_owned))
        .collect();
    let generation = set["metadata"]["generation"].as_i64().unwrap_or(1).to_string();
    for node in &nodes {
        if pods_of(state, &set).iter().all(|(_, p)| target(p) != Some(node)) {
            make(state, &set, node, &generation);
        }
    }
    for (pod, object) in pods_of(state, &set) {
        let misplaced = target(&object).is_none_or(|node| !nodes.iter().any(|n| n == node));
        if misplaced && pods::is_active(&object) {
            let _ = state.remove(&pod);
        }
    }
    replace_one(state, &set, &generation);
    tell(state, key, &set, nodes.len(), &generation);
}

fn pods_of(state: &State, set: &Value) -> Vec<(Key, Object)> {
    let keys = state.workload.owned_by(uid(set)).into_iter().filter(|k| &*k.resource == "pods");
    let found = keys.filter_map(|k| Some((k.clone(), state.store.get(&k)?.clone())));
    found.filter(|(_, p)| is_controlled(p, uid(set))).collect()
}

/// The node that a pod is for.
fn target(pod: &Value) -> Option<&str> {
    let required = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    required["nodeSelectorTerms"][0]["matchFields"][0]["values"][0].as_str()
}

fn make(state: &mut State, set: &Object, node: &str, generation: &str) {
    let field = json!({"key": "metadata.name", "operator": "In", "values": [node]});
    let required = json!({"nodeSelectorTerms": [{"matchFields": [field]}]});
    let pin = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}});
    let mut templated = Value::clone(set);
    templated["spec"]["template"]["metadata"]["labels"]["pod-template-generation"] = generation.into();
    match pods::make(state, &templated, Some(pin)) {
        Ok(pod) => {
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            let key = Key::new("pods", pod["metadata"]["namespace"].as_str().unwrap_or_default(), name);
            state.workload.owned.entry(uid(set).to_owned()).or_default().insert(key);
            let message = format!("Created pod: {name}");
            events::write(state, set, "daemonset-controller", "Normal", "SuccessfulCreate", &message);
        }
        Err(refused) => {
            let message = format!("Error creating: {}", refused.message);
            events::write(state, set, "daemonset-controller", "Warning", "FailedCreate", &message);
        }
    }
}

/// Replaces a pod of an older template, when all others are ready.
fn replace_one(state: &mut State, set: &Value, generation: &str) {
    let all = pods_of(state, set);
    let is_old = |p: &Value| p["metadata"]["labels"]["pod-template-generation"] != *generation;
    if all.iter().any(|(_, p)| !pods::is_ready(p) && !is_old(p)) || all.iter().any(|(_, p)| pods::is_going(p))
    {
        return;
    }
    if let Some((key, _)) = all.iter().find(|(_, p)| is_old(p)) {
        let _ = state.remove(key);
    }
}

fn tell(state: &mut State, key: &Key, set: &Value, wanted: usize, generation: &str) {
    let all = pods_of(state, set);
    let active: Vec<&Object> = all.iter().map(|(_, p)| p).filter(|p| pods::is_active(p)).collect();
    let ready = active.iter().filter(|p| pods::is_ready(p)).count();
    let updated =
        active.iter().filter(|p| p["metadata"]["labels"]["pod-template-generation"] == *generation).count();
    let mut status = json!({
        "currentNumberScheduled": active.len(), "numberMisscheduled": 0, "desiredNumberScheduled": wanted,
        "numberReady": ready, "observedGeneration": set["metadata"]["generation"],
    });
    for (field, value) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", ready),
        ("numberUnavailable", wanted.saturating_sub(ready)),
    ] {
        if value > 0 {
            status[field] = value.into();
        }
    }
    let _ = state.change_status(key, "kube-controller-manager", |set| set["status"] = status);
}
