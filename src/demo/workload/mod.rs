//! Controllers, scheduler and kubelets of a simulated cluster: what the real ones do, on its stepped clock.
//!
//! A controller is a function of a key: it looks at what is there, and writes what is missing. Nothing is written when
//! nothing changes, so they come to rest.

pub(super) mod autoscaler;
mod budgets;
mod collector;
mod daemon_sets;
mod deployments;
mod endpoints;
mod events;
mod images;
mod injector;
mod kubelet;
mod namespaces;
mod pods;
mod replica_sets;
mod rollout;
mod scheduler;
mod services;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::envoy::{self, Levels, Outside, Roster};
use super::state::State;
use super::store::{Key, Object};

/// What is due at its moment.
#[derive(Clone, Debug)]
pub enum Work {
    /// An object changed: those who watch it act.
    React(Key),
    /// A kubelet's next step for a pod of this identity.
    Pod(Key, String),
    /// A deleted pod has had its time.
    PodEnds(Key, String),
    /// Pods that found no node are looked at again.
    Schedule,
    /// A pod has tolerated the silence of its node for long enough.
    PodEvicted(Key, String),
    /// The autoscalers look at their metrics.
    Autoscale,
    /// A load balancer is ready.
    Balance(Key),
    /// A Deployment may have made no progress for too long.
    Progress(Key),
    /// What happened up to a revision is forgotten, and what happened since then a while later.
    Compact(u64),
    /// Something of the story.
    Scene(usize),
}

/// Who is called for [`Work::Scene`]: the story's own function.
pub type Scenes = fn(&mut State, usize);

/// Who is called when an object changed or went, as it is or was last: the controller of the story.
pub type Keeper = fn(&mut State, &Key, &Value);

/// What controllers remember between two pieces of work, and what is decided for them.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// Identities of objects, for when they are gone.
    uids: BTreeMap<Key, String>,
    /// Objects by the identity of an owner.
    owned: BTreeMap<String, BTreeSet<Key>>,
    /// Events by identity, reason and message of what they are about.
    events: BTreeMap<(String, String, String), Key>,
    events_cleaned: Option<Timestamp>,
    /// Addresses of pods that are being started.
    pod_ips: BTreeMap<Key, String>,
    /// Identities of pods that are being stopped.
    stopping: BTreeSet<String>,
    /// Services whose load balancer is being made.
    balancing: BTreeSet<Key>,
    /// When each autoscaler last wanted as many replicas as there are, or more.
    wanted_more: BTreeMap<Key, Timestamp>,
    /// Autoscalers do not look: in the years before the story begins.
    pub asleep: bool,
    autoscaling: bool,
    scheduling: bool,
    /// Whether load balancers get addresses: the plain cluster of the tests has no cloud.
    pub cloud: bool,
    /// CPU that the pods of a workload use, in thousandths of what they request; by namespace and name of the
    /// Deployment. Empty: nobody measures.
    pub load: BTreeMap<(String, String), u32>,
    /// Whether CPU and memory are measured at all.
    pub metrics: bool,
    /// How many container starts fail, and so on: the pods' own annotations decide; this is who plays the scenes.
    pub scenes: Option<Scenes>,
    /// Who keeps the gateways.
    pub keeper: Option<Keeper>,
    /// Which pods of gateways were ready when.
    pub roster: Roster,
    /// How the hosts outside fare.
    pub outside: Outside,
    /// Levels of logging of proxies, where somebody changed them.
    pub levels: Levels,
}

impl Memory {
    /// Notes whose an object is, before anybody looks at it.
    pub(super) fn index(&mut self, key: &Key, object: &Value) {
        for owner in object["metadata"]["ownerReferences"].as_array().into_iter().flatten() {
            let id = owner["uid"].as_str().unwrap_or_default();
            self.owned.entry(id.to_owned()).or_default().insert(key.clone());
        }
    }

    /// Objects whose owner has this identity.
    fn owned_by(&self, uid: &str) -> Vec<Key> {
        self.owned.get(uid).into_iter().flatten().cloned().collect()
    }
}

/// How often history is forgotten, and how old it is then: as etcd does it for a real server.
pub const HISTORY: Duration = Duration::from_secs(300);

/// Does what is due.
pub fn due(state: &mut State, work: Work) {
    match work {
        Work::React(key) => react(state, &key),
        Work::Pod(key, uid) => kubelet::step(state, &key, &uid),
        Work::PodEnds(key, uid) => kubelet::ends(state, &key, &uid),
        Work::PodEvicted(key, uid) => kubelet::evicted(state, &key, &uid),
        Work::Schedule => {
            state.workload.scheduling = false;
            scheduler::all(state);
        }
        Work::Autoscale => {
            state.workload.autoscaling = false;
            autoscaler::all(state);
        }
        Work::Balance(key) => services::balanced(state, &key),
        Work::Progress(key) => deployments::sync(state, &key),
        Work::Compact(revision) => {
            state.store.compact(revision);
            events::forget(state);
            state.after(HISTORY, Work::Compact(state.store.revision()));
        }
        Work::Scene(number) => {
            if let Some(play) = state.workload.scenes {
                play(state, number);
            }
        }
    }
}

/// An object changed: everybody who watches its kind looks.
fn react(state: &mut State, key: &Key) {
    let object = state.store.get(key).cloned();
    let last = state.take_gone(key);
    collector::look(state, key, object.as_ref());
    match &*key.resource {
        "deployments.apps" => deployments::sync(state, key),
        "replicasets.apps" => {
            replica_sets::sync(state, key);
            up(state, key, "Deployment", "deployments.apps", deployments::sync);
        }
        "daemonsets.apps" => daemon_sets::sync(state, key),
        "pods" => of_pod(state, key, object.as_ref(), last.as_ref()),
        "services" => {
            endpoints::sync(state, key);
            services::look(state, key);
        }
        "nodes" => {
            of_node(state, key);
        }
        "horizontalpodautoscalers.autoscaling" => autoscaler::plan(state),
        "poddisruptionbudgets.policy" => budgets::sync(state, key),
        "namespaces" => namespaces::sync(state, key),
        "customresourcedefinitions.apiextensions.k8s.io" => namespaces::definition(state, key),
        _ => {}
    }
    if let (Some(keep), Some(object)) = (state.workload.keeper, object.or(last)) {
        keep(state, key, &object);
    }
}

fn of_pod(state: &mut State, key: &Key, object: Option<&Object>, last: Option<&Object>) {
    if let Some(gone) = last {
        envoy::note(state, gone, false);
    }
    if let Some(pod) = object {
        envoy::note(state, pod, pods::is_ready(pod));
    }
    match object {
        Some(pod) if pod["metadata"]["deletionTimestamp"].is_string() => kubelet::stop(state, key, pod),
        Some(pod) if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) => scheduler::one(state, key),
        Some(pod) => kubelet::start(state, key, pod),
        // Its room is free.
        None => scheduler::plan(state),
    }
    up(state, key, "ReplicaSet", "replicasets.apps", replica_sets::sync);
    up(state, key, "DaemonSet", "daemonsets.apps", daemon_sets::sync);
    for seen in [object, last] {
        endpoints::of_pod(state, key, seen);
        budgets::of_pod(state, key, seen);
    }
}

fn of_node(state: &mut State, key: &Key) {
    scheduler::plan(state);
    kubelet::node(state, key);
    let sets: Vec<Key> = state.store.list("daemonsets.apps", None).map(|(k, _)| k.clone()).collect();
    for set in sets {
        daemon_sets::sync(state, &set);
    }
}

/// Lets the controller of an object look at it, also when the object is gone.
fn up(state: &mut State, key: &Key, kind: &str, resource: &str, sync: fn(&mut State, &Key)) {
    let owner = match state.store.get(key) {
        Some(object) => controller(object)
            .filter(|o| o["kind"] == kind)
            .and_then(|o| o["name"].as_str().map(str::to_owned)),
        None => state.workload.last_owner(key, kind),
    };
    if let Some(name) = owner {
        sync(state, &Key::new(resource, &key.namespace, &name));
    }
}

impl Memory {
    /// Name of the owner that an object had, when it is gone: pods are named after their set.
    fn last_owner(&self, key: &Key, kind: &str) -> Option<String> {
        let resource = match kind {
            "ReplicaSet" => "replicasets.apps",
            "DaemonSet" => "daemonsets.apps",
            "Deployment" => "deployments.apps",
            _ => return None,
        };
        let (stem, _) = key.name.rsplit_once('-')?;
        let owner = Key::new(resource, &key.namespace, stem);
        self.uids.contains_key(&owner).then(|| stem.to_owned())
    }
}

/// The owner reference of an object's controller.
fn controller(object: &Value) -> Option<&Value> {
    object["metadata"]["ownerReferences"].as_array()?.iter().find(|o| o["controller"] == true)
}

/// Whether an object is controlled by the one of this identity.
fn is_controlled(object: &Value, uid: &str) -> bool {
    controller(object).is_some_and(|owner| owner["uid"] == uid)
}

/// Identity of an object.
fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

/// A reference to the controller of something.
fn owner_reference(owner: &Value) -> Value {
    serde_json::json!({
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    })
}

/// Sets a condition; its time of transition moves only when its status does.
fn set_condition(
    status: &mut Value,
    kind: &str,
    is: &str,
    reason: &str,
    message: &str,
    now: Timestamp,
    updates: bool,
) {
    let at = super::state::write::time(now);
    if !status["conditions"].is_array() {
        status["conditions"] = serde_json::json!([]);
    }
    let Some(all) = status.get_mut("conditions").and_then(serde_json::Value::as_array_mut) else { return };
    let old = all.iter().position(|c| c["type"] == kind);
    let before = old.map(|n| all[n].clone()).unwrap_or_default();
    if before["status"] == is
        && before["reason"].as_str().unwrap_or_default() == reason
        && before["message"].as_str().unwrap_or_default() == message
    {
        return;
    }
    let mut new = serde_json::json!({"type": kind, "status": is});
    if updates {
        new["lastUpdateTime"] = at.clone().into();
    }
    let moved = before["status"] != is;
    new["lastTransitionTime"] = if moved { at.into() } else { before["lastTransitionTime"].clone() };
    if !reason.is_empty() {
        new["reason"] = reason.into();
    }
    if !message.is_empty() {
        new["message"] = message.into();
    }
    match old {
        // Those with a time of update go to the end when they change, as the real controller writes them.
        Some(n) if updates => {
            all.remove(n);
            all.push(new);
        }
        Some(n) => all[n] = new,
        None => all.push(new),
    }
}

/// Sets a condition of a pod: those have a time of probing too, which nobody uses.
fn set_pod_condition(pod: &mut Value, kind: &str, is: &str, reason: &str, message: &str, now: Timestamp) {
    let generation = pod["metadata"]["generation"].clone();
    set_condition(&mut pod["status"], kind, is, reason, message, now, false);
    let all =
        pod["status"].get_mut("conditions").and_then(serde_json::Value::as_array_mut).into_iter().flatten();
    for condition in all.filter(|c| c["type"] == kind) {
        condition["lastProbeTime"] = Value::Null;
        if kind == "PodScheduled" {
            condition["observedGeneration"] = generation.clone();
        }
    }
}

/// Takes a condition away.
fn drop_condition(status: &mut Value, kind: &str) {
    if let Some(all) = status.get_mut("conditions").and_then(serde_json::Value::as_array_mut) {
        all.retain(|c| c["type"] != kind);
    }
}

/// A number of an object.
fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}
