//! Deployments: ReplicaSets of templates, and the way from one to the next.

use std::time::Duration;

use serde_json::{Value, json};

use super::rollout::{Limits, Set, new_size, old_sizes, proportional};
use super::{Work, events, is_controlled, number, owner_reference, pods, replica_sets, set_condition, uid};
use crate::demo::clock::later;
use crate::demo::state::State;
use crate::demo::state::write::{remove, time};
use crate::demo::store::{Key, Object};

const WRITER: &str = "kube-controller-manager";
const REVISION: &str = "deployment.kubernetes.io/revision";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MOST: &str = "deployment.kubernetes.io/max-replicas";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const HASH: &str = "pod-template-hash";

/// A ReplicaSet of a Deployment.
#[derive(Clone, Debug)]
struct Part {
    key: Key,
    set: Object,
}

impl Part {
    fn size(&self) -> i64 {
        number(&self.set, "/spec/replicas")
    }

    fn counted(&self) -> Set {
        Set {
            spec: self.size(),
            available: number(&self.set, "/status/availableReplicas"),
            there: number(&self.set, "/status/replicas"),
        }
    }

    fn revision(&self) -> i64 {
        self.set["metadata"]["annotations"][REVISION]
            .as_str()
            .and_then(|r| r.parse().ok())
            .unwrap_or_default()
    }

    fn hash(&self) -> &str {
        self.set["metadata"]["labels"][HASH].as_str().unwrap_or_default()
    }
}

/// Looks at a Deployment.
pub(super) fn sync(state: &mut State, key: &Key) {
    let Some(deployment) = state.store.get(key).cloned() else { return };
    let parts = parts(state, &deployment);
    if pods::is_going(&deployment) {
        return tell(state, key, &deployment);
    }
    let limits = Limits::of(&deployment);
    let wanted_hash = hash_of(&deployment, &parts);
    let current = parts.iter().position(|p| p.hash() == wanted_hash);
    let paused = deployment["spec"]["paused"] == true;
    if let Some(current) = current {
        revise(state, key, &parts, current);
    }
    if scaled_meanwhile(&parts, limits) {
        rescale(state, &deployment, &parts, current, limits);
    } else if !paused {
        match current {
            None if deployment["spec"]["strategy"]["type"] == "Recreate"
                && recreate_waits(state, &deployment, &parts) => {}
            None => begin(state, key, &deployment, &parts, &wanted_hash, limits),
            Some(current) => go_on(state, &deployment, &parts, current, limits),
        }
        tidy(state, &deployment, &wanted_hash);
    }
    let deployment = state.store.get(key).cloned().unwrap_or(deployment);
    tell(state, key, &deployment);
}

fn parts(state: &State, deployment: &Value) -> Vec<Part> {
    let keys =
        state.workload.owned_by(uid(deployment)).into_iter().filter(|k| &*k.resource == "replicasets.apps");
    let mut all: Vec<Part> = keys
        .filter_map(|key| Some(Part { set: state.store.get(&key)?.clone(), key }))
        .filter(|p| is_controlled(&p.set, uid(deployment)) && !pods::is_going(&p.set))
        .collect();
    all.sort_by_key(|p| (p.revision(), p.key.name.clone()));
    all
}

/// The hash of the template: that of a set which has the same template, else a new one.
fn hash_of(deployment: &Value, parts: &[Part]) -> String {
    let template = &deployment["spec"]["template"];
    let same = |part: &&Part| alike(&part.set["spec"]["template"], template);
    parts.iter().find(same).map_or_else(|| pods::template_hash(template), |p| p.hash().to_owned())
}

/// Whether the template of a set is a Deployment's: but for the hash, which only the set's has.
fn alike(of_set: &Value, of_deployment: &Value) -> bool {
    let none = serde_json::Map::new();
    let (a, b) = (&of_set["metadata"], &of_deployment["metadata"]);
    let (labels, wanted) =
        (a["labels"].as_object().unwrap_or(&none), b["labels"].as_object().unwrap_or(&none));
    let mut beside = labels.iter().filter(|(name, _)| *name != HASH);
    of_set["spec"] == of_deployment["spec"]
        && a["annotations"] == b["annotations"]
        && labels.len() == wanted.len() + usize::from(labels.contains_key(HASH))
        && beside.all(|(name, value)| wanted.get(name) == Some(value))
}

/// Keeps the numbers of revisions: what is current has the highest.
fn revise(state: &mut State, key: &Key, parts: &[Part], current: usize) {
    let others = parts.iter().enumerate().filter(|(n, _)| *n != current).map(|(_, p)| p.revision()).max();
    let revision = parts[current].revision().max(others.unwrap_or_default() + 1).to_string();
    let before = parts[current].revision();
    if before > 0 && before.to_string() != revision {
        let known =
            parts[current].set["metadata"]["annotations"][HISTORY].as_str().unwrap_or_default().to_owned();
        let history = if known.is_empty() { before.to_string() } else { format!("{known},{before}") };
        annotate(state, &parts[current].key, HISTORY, &history);
    }
    annotate(state, &parts[current].key, REVISION, &revision);
    annotate(state, key, REVISION, &revision);
}

fn annotate(state: &mut State, key: &Key, name: &str, value: &str) {
    if state.store.get(key).is_none_or(|o| o["metadata"]["annotations"][name] == value) {
        return;
    }
    let change = |object: &mut Value| {
        if !object["metadata"]["annotations"].is_object() {
            object["metadata"]["annotations"] = json!({});
        }
        object["metadata"]["annotations"][name] = value.into();
    };
    // A Deployment's is written with its status, so that it is no new generation. What is gone meanwhile needs none.
    let _ = match &*key.resource {
        "deployments.apps" => state.change_status(key, WRITER, change),
        _ => state.change(key, WRITER, change),
    };
}

/// Sets the size of a set, and what it was told of the wanted number.
fn resize(state: &mut State, deployment: &Value, part: &Part, size: i64, limits: Limits) {
    let before = part.size();
    let _ = state.change(&part.key, WRITER, |set| {
        set["spec"]["replicas"] = size.into();
        if !set["metadata"]["annotations"].is_object() {
            set["metadata"]["annotations"] = json!({});
        }
        set["metadata"]["annotations"][DESIRED] = limits.replicas.to_string().into();
        set["metadata"]["annotations"][MOST] = limits.most().to_string().into();
    });
    if size != before {
        let way = if size > before { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {} from {before} to {size}", part.key.name);
        events::write(state, deployment, "deployment-controller", "Normal", "ScalingReplicaSet", &message);
    }
}

/// Whether the wanted number changed since the sets were told.
fn scaled_meanwhile(parts: &[Part], limits: Limits) -> bool {
    let told =
        |p: &Part| p.set["metadata"]["annotations"][DESIRED].as_str().and_then(|t| t.parse::<i64>().ok());
    parts.iter().filter(|p| p.size() > 0).any(|p| told(p).is_some_and(|t| t != limits.replicas))
}

fn rescale(state: &mut State, deployment: &Value, parts: &[Part], current: Option<usize>, limits: Limits) {
    let active: Vec<&Part> = parts.iter().filter(|p| p.size() > 0).collect();
    if let [one] = &*active {
        return resize(state, deployment, one, limits.replicas, limits);
    }
    let saturated = |p: &Part| p.size() == limits.replicas && p.counted().available == limits.replicas;
    if let Some(new) = current.map(|n| &parts[n]).filter(|p| saturated(p)) {
        for old in active.iter().filter(|p| p.key != new.key) {
            resize(state, deployment, old, 0, limits);
        }
        return;
    }
    let sizes: Vec<i64> = active.iter().map(|p| p.size()).collect();
    for (part, size) in active.iter().zip(proportional(&sizes, limits)) {
        resize(state, deployment, part, size, limits);
    }
}

/// Whether pods of old templates are still there: `Recreate` waits for their end.
fn recreate_waits(state: &mut State, deployment: &Value, parts: &[Part]) -> bool {
    let limits = Limits::of(deployment);
    let mut waits = false;
    for part in parts {
        if part.size() > 0 {
            resize(state, deployment, part, 0, limits);
            waits = true;
        }
        waits |= !replica_sets::pods_of(state, &part.set).is_empty();
    }
    waits
}

/// Makes the set of a new template.
fn begin(state: &mut State, key: &Key, deployment: &Value, parts: &[Part], hash: &str, limits: Limits) {
    let revision = (parts.iter().map(Part::revision).max().unwrap_or_default() + 1).to_string();
    let counted: Vec<Set> = parts.iter().map(Part::counted).collect();
    let size = new_size(limits, Set { spec: 0, available: 0, there: 0 }, &counted);
    let mut template = deployment["spec"]["template"].clone();
    template["metadata"]["labels"][HASH] = hash.into();
    let mut selector = deployment["spec"]["selector"].clone();
    if !selector["matchLabels"].is_object() {
        selector["matchLabels"] = json!({});
    }
    selector["matchLabels"][HASH] = hash.into();
    let name = format!("{}-{hash}", key.name);
    let mut annotations = deployment["metadata"]["annotations"].clone();
    if !annotations.is_object() {
        annotations = json!({});
    }
    for own in ["kubectl.kubernetes.io/last-applied-configuration", REVISION] {
        remove(&mut annotations, own);
    }
    annotations[DESIRED] = limits.replicas.to_string().into();
    annotations[MOST] = limits.most().to_string().into();
    annotations[REVISION] = revision.as_str().into();
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": name, "namespace": &*key.namespace, "labels": template["metadata"]["labels"],
            "annotations": annotations, "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {"replicas": size, "selector": selector, "template": template},
    });
    if state.make("replicasets.apps", set, WRITER).is_err() {
        return;
    }
    let part = Key::new("replicasets.apps", &key.namespace, &name);
    state.workload.owned.entry(uid(deployment).to_owned()).or_default().insert(part);
    let message = format!("Scaled up replica set {name} from 0 to {size}");
    events::write(state, deployment, "deployment-controller", "Normal", "ScalingReplicaSet", &message);
    annotate(state, key, REVISION, &revision);
    // A rollout that goes on from an old set is progressing at once; one that waited for its end begins anew.
    if deployment["spec"]["strategy"]["type"] == "Recreate" {
        let (message, now) = (format!("Created new replica set \"{name}\""), state.now);
        let _ = state.change_status(key, WRITER, |d| {
            set_condition(
                &mut d["status"],
                "Progressing",
                "True",
                "NewReplicaSetCreated",
                &message,
                now,
                true,
            );
        });
    }
}

/// One more step of a rollout.
fn go_on(state: &mut State, deployment: &Value, parts: &[Part], current: usize, limits: Limits) {
    let new = &parts[current];
    let recreates = deployment["spec"]["strategy"]["type"] == "Recreate";
    let old: Vec<&Part> = parts.iter().filter(|p| p.key != new.key && p.size() > 0).collect();
    if recreates {
        let all: Vec<Part> = old.iter().copied().cloned().collect();
        if !recreate_waits(state, deployment, &all) {
            resize(state, deployment, new, limits.replicas, limits);
        }
        return;
    }
    let counted: Vec<Set> = parts.iter().map(Part::counted).collect();
    let size = new_size(limits, new.counted(), &counted);
    if size != new.size() {
        return resize(state, deployment, new, size, limits);
    }
    resize(state, deployment, new, size, limits);
    let olds: Vec<Set> = old.iter().map(|p| p.counted()).collect();
    for (part, size) in old.iter().zip(old_sizes(limits, new.counted(), &olds)) {
        if size != part.size() {
            resize(state, deployment, part, size, limits);
        }
    }
}

/// Removes the oldest sets without pods, when a rollout has ended.
fn tidy(state: &mut State, deployment: &Value, hash: &str) {
    let kept = deployment["spec"]["revisionHistoryLimit"].as_i64().unwrap_or(10).max(0);
    let parts = parts(state, deployment);
    let old: Vec<&Part> = parts
        .iter()
        .filter(|p| p.hash() != hash && p.size() == 0 && number(&p.set, "/status/replicas") == 0)
        .collect();
    let surplus = old.len().saturating_sub(usize::try_from(kept).unwrap_or_default());
    for part in old.into_iter().take(surplus) {
        let _ = state.remove(&part.key);
    }
}

/// Writes the status.
fn tell(state: &mut State, key: &Key, deployment: &Value) {
    let parts = parts(state, deployment);
    let hash = hash_of(deployment, &parts);
    let new = parts.iter().find(|p| p.hash() == hash);
    let sum = |pointer: &str| parts.iter().map(|p| number(&p.set, pointer)).sum::<i64>();
    let (all, ready, available) =
        (sum("/status/replicas"), sum("/status/readyReplicas"), sum("/status/availableReplicas"));
    let updated = new.map_or(0, |p| number(&p.set, "/status/replicas"));
    let limits = Limits::of(deployment);
    let wanted: i64 = parts.iter().map(Part::size).sum();
    let mut status = json!({"observedGeneration": deployment["metadata"]["generation"]});
    let counts = [
        ("replicas", all),
        ("updatedReplicas", updated),
        ("readyReplicas", ready),
        ("availableReplicas", available),
        ("unavailableReplicas", (wanted - available).max(0)),
    ];
    for (field, value) in counts.into_iter().filter(|(_, value)| *value > 0) {
        status[field] = value.into();
    }
    status["terminatingReplicas"] = sum("/status/terminatingReplicas").into();
    let now = state.now;
    if deployment["status"]["conditions"].is_array() {
        status["conditions"] = deployment["status"]["conditions"].clone();
    }
    let paused = deployment["spec"]["paused"] == true;
    if paused && pods::condition(deployment, "Progressing").is_none() {
        set_condition(
            &mut status,
            "Progressing",
            "Unknown",
            "DeploymentPaused",
            "Deployment is paused",
            now,
            true,
        );
    }
    if available >= limits.fewest() {
        let message = "Deployment has minimum availability.";
        set_condition(&mut status, "Available", "True", "MinimumReplicasAvailable", message, now, true);
    } else {
        let message = "Deployment does not have minimum availability.";
        set_condition(&mut status, "Available", "False", "MinimumReplicasUnavailable", message, now, true);
    }
    progress(state, key, deployment, new, &mut status, limits);
    let failure = new.and_then(|p| pods::condition(&p.set, "ReplicaFailure").cloned());
    match failure {
        Some(c) => {
            let message = c["message"].as_str().unwrap_or_default();
            set_condition(&mut status, "ReplicaFailure", "True", "FailedCreate", message, now, true);
        }
        None => super::drop_condition(&mut status, "ReplicaFailure"),
    }
    if deployment["status"] != status {
        let _ = state.change_status(key, WRITER, |d| d["status"] = status);
    }
}

/// The condition of progress, and its deadline.
fn progress(
    state: &mut State,
    key: &Key,
    deployment: &Value,
    new: Option<&Part>,
    status: &mut Value,
    limits: Limits,
) {
    let now = state.now;
    let get = |status: &Value, field: &str| status[field].as_i64().unwrap_or_default();
    let before = &deployment["status"];
    let complete = get(status, "updatedReplicas") == limits.replicas
        && get(status, "replicas") == limits.replicas
        && get(status, "availableReplicas") == limits.replicas;
    let name = new.map(|p| p.key.name.to_string()).unwrap_or_default();
    // What was complete stays so while it is scaled.
    let done =
        pods::condition(deployment, "Progressing").is_some_and(|c| c["reason"] == "NewReplicaSetAvailable");
    if done && get(status, "replicas") == get(status, "updatedReplicas") {
        return;
    }
    if complete && new.is_some() {
        let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
        return set_condition(status, "Progressing", "True", "NewReplicaSetAvailable", &message, now, true);
    }
    if deployment["spec"]["paused"] == true {
        let done = pods::condition(deployment, "Progressing")
            .is_some_and(|c| c["reason"] == "NewReplicaSetAvailable");
        if !done {
            set_condition(
                status,
                "Progressing",
                "Unknown",
                "DeploymentPaused",
                "Deployment is paused",
                now,
                true,
            );
        }
        return;
    }
    if new.is_none() {
        return;
    }
    let old = |status: &Value| get(status, "replicas") - get(status, "updatedReplicas");
    let progressed = get(status, "updatedReplicas") > get(before, "updatedReplicas")
        || get(status, "readyReplicas") > get(before, "readyReplicas")
        || get(status, "availableReplicas") > get(before, "availableReplicas")
        || old(status) < old(before);
    let condition = pods::condition(deployment, "Progressing").cloned().unwrap_or_default();
    let begun = condition.is_null();
    let after_success = condition["reason"] == "NewReplicaSetAvailable";
    if progressed || begun || after_success {
        let reason = if progressed || !begun { "ReplicaSetUpdated" } else { "NewReplicaSetCreated" };
        let verb = if progressed || !begun { "is progressing" } else { "created" };
        let message = if verb == "created" {
            format!("Created new replica set \"{name}\"")
        } else {
            format!("ReplicaSet \"{name}\" {verb}.")
        };
        // Moves its time of update even when its words stay: that is what the deadline counts from.
        if condition["reason"] == reason && condition["message"] == *message {
            super::drop_condition(status, "Progressing");
            let mut kept = condition.clone();
            kept["lastUpdateTime"] = time(now).into();
            if let Some(all) = status.get_mut("conditions").and_then(serde_json::Value::as_array_mut) {
                all.push(kept);
            }
        } else {
            set_condition(status, "Progressing", "True", reason, &message, now, true);
        }
        return deadline(state, key, deployment);
    }
    let seconds = deployment["spec"]["progressDeadlineSeconds"].as_i64().unwrap_or(600).max(0).unsigned_abs();
    let since: Option<jiff::Timestamp> = condition["lastUpdateTime"].as_str().and_then(|t| t.parse().ok());
    let late = since.is_some_and(|since| later(since, Duration::from_secs(seconds)) <= now);
    if late && condition["reason"] != "ProgressDeadlineExceeded" {
        let message = format!("ReplicaSet \"{name}\" has timed out progressing.");
        set_condition(status, "Progressing", "False", "ProgressDeadlineExceeded", &message, now, true);
    }
}

fn deadline(state: &mut State, key: &Key, deployment: &Value) {
    let seconds = deployment["spec"]["progressDeadlineSeconds"].as_i64().unwrap_or(600);
    // The default of "never" is the largest number that fits.
    if let Ok(seconds) = u64::try_from(seconds).map(|s| s.min(86_400 * 365)) {
        state.after(Duration::from_secs(seconds + 1), Work::Progress(key.clone()));
    }
}
