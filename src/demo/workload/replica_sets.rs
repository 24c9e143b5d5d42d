//! ReplicaSets: as many pods as are wanted.

use serde_json::{Value, json};

use super::{drop_condition, events, is_controlled, number, pods, set_condition, uid};
use crate::demo::state::State;
use crate::demo::store::{Key, Object};

/// Most pods that are made or removed in one go.
const BURST: usize = 500;

/// Pods that a set controls.
pub(super) fn pods_of(state: &State, set: &Value) -> Vec<(Key, Object)> {
    let all = state.workload.owned_by(uid(set));
    let of_set = |key: Key| state.store.get(&key).map(|pod| (key.clone(), pod.clone()));
    let is_pod = |key: &Key| &*key.resource == "pods";
    all.into_iter()
        .filter(is_pod)
        .filter_map(of_set)
        .filter(|(_, pod)| is_controlled(pod, uid(set)))
        .collect()
}

/// Looks at a set.
pub(super) fn sync(state: &mut State, key: &Key) {
    let Some(set) = state.store.get(key).cloned() else { return };
    let mut failure = None;
    if !pods::is_going(&set) {
        failure = fill(state, &set);
    }
    tell(state, key, &set, failure);
}

/// Makes or removes pods; why that failed.
fn fill(state: &mut State, set: &Object) -> Option<String> {
    let mut active: Vec<(Key, Object)> =
        pods_of(state, set).into_iter().filter(|(_, p)| pods::is_active(p)).collect();
    let wanted = usize::try_from(number(set, "/spec/replicas")).unwrap_or_default();
    if active.len() < wanted {
        for _ in 0..(wanted - active.len()).min(BURST) {
            match pods::make(state, set, None) {
                Ok(pod) => {
                    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
                    // Known at once: the next look must not make another one.
                    let key =
                        Key::new("pods", pod["metadata"]["namespace"].as_str().unwrap_or_default(), name);
                    state.workload.owned.entry(uid(set).to_owned()).or_default().insert(key);
                    let message = format!("Created pod: {name}");
                    events::write(
                        state,
                        set,
                        "replicaset-controller",
                        "Normal",
                        "SuccessfulCreate",
                        &message,
                    );
                }
                Err(refused) => {
                    let message = format!("Error creating: {}", refused.message);
                    events::write(state, set, "replicaset-controller", "Warning", "FailedCreate", &message);
                    return Some(refused.message);
                }
            }
        }
    }
    if active.len() > wanted {
        // Those that serve least go first, and of those the youngest.
        active.sort_by_key(|(key, pod)| {
            let scheduled = pod["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty());
            let made = pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned();
            (scheduled, pods::is_ready(pod), std::cmp::Reverse(made), key.name.clone())
        });
        let surplus = active.len() - wanted;
        for (key, _) in active.into_iter().take(surplus.min(BURST)) {
            if state.remove(&key).is_ok() {
                let message = format!("Deleted pod: {}", key.name);
                events::write(state, set, "replicaset-controller", "Normal", "SuccessfulDelete", &message);
            }
        }
    }
    None
}

fn tell(state: &mut State, key: &Key, set: &Value, failure: Option<String>) {
    let all = pods_of(state, set);
    let labels = set["spec"]["template"]["metadata"]["labels"].clone();
    let going = all.iter().filter(|(_, p)| pods::is_going(p)).count();
    let active: Vec<&Object> = all.iter().map(|(_, p)| p).filter(|p| pods::is_active(p)).collect();
    let labelled = |pod: &Value| {
        labels.as_object().into_iter().flatten().all(|(k, v)| pod["metadata"]["labels"].get(k) == Some(v))
    };
    let count = |fits: &dyn Fn(&Value) -> bool| active.iter().filter(|p| fits(p)).count();
    let (ready, full) = (count(&pods::is_ready), count(&labelled));
    let now = state.now;
    let generation = set["metadata"]["generation"].clone();
    // A set that vanished meanwhile has no status.
    let _ = state.change_status(key, "kube-controller-manager", |set| {
        let mut status = json!({"replicas": active.len()});
        for (field, value) in
            [("fullyLabeledReplicas", full), ("readyReplicas", ready), ("availableReplicas", ready)]
        {
            if value > 0 {
                status[field] = value.into();
            }
        }
        status["terminatingReplicas"] = going.into();
        status["observedGeneration"] = generation.clone();
        if set["status"]["conditions"].is_array() {
            status["conditions"] = set["status"]["conditions"].clone();
        }
        match &failure {
            Some(why) => {
                set_condition(&mut status, "ReplicaFailure", "True", "FailedCreate", why, now, false)
            }
            None => drop_condition(&mut status, "ReplicaFailure"),
        }
        if status["conditions"].as_array().is_some_and(Vec::is_empty) {
            crate::demo::state::write::remove(&mut status, "conditions");
        }
        set["status"] = status;
    });
    if failure.is_some() {
        state.after(std::time::Duration::from_secs(30), super::Work::React(key.clone()));
    }
}
