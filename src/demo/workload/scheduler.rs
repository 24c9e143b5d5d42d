//! The scheduler: pods onto nodes that have room for them and that they may run on.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Work, events, pods, set_pod_condition};
use crate::demo::select::Labels;
use crate::demo::state::State;
use crate::demo::store::{Key, Object};
use crate::model::amount::Amount;

/// How long after something changed pods that found no node are looked at again.
const AGAIN: Duration = Duration::from_millis(100);

/// Puts another look at all waiting pods on the agenda.
pub(super) fn plan(state: &mut State) {
    if !state.workload.scheduling {
        state.workload.scheduling = true;
        state.after(AGAIN, Work::Schedule);
    }
}

/// Looks at all pods without a node.
pub(super) fn all(state: &mut State) {
    let waits =
        |pod: &Value| pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) && pods::is_active(pod);
    let keys: Vec<Key> =
        state.store.list("pods", None).filter(|(_, p)| waits(p)).map(|(k, _)| k.clone()).collect();
    for key in keys {
        one(state, &key);
    }
}

/// Room of a node, or what pods take: millicores, bytes, pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Room {
    cpu: i64,
    memory: i64,
    pods: i64,
}

pub(super) fn amount(value: &Value, milli: bool) -> i64 {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(n) => n.to_string(),
        _ => return 0,
    };
    let Ok(amount) = text.parse::<Amount>() else { return 0 };
    i64::try_from(if milli { amount.millis() } else { amount.units() }).unwrap_or(i64::MAX)
}

/// What a pod asks for.
fn asked(pod: &Value) -> Room {
    let sum = |list: &str, resource: &str, milli: bool| {
        let each = pod["spec"][list].as_array().into_iter().flatten();
        each.map(|c| amount(&c["resources"]["requests"][resource], milli)).collect::<Vec<_>>()
    };
    let of = |resource: &str, milli: bool| {
        let running: i64 = sum("containers", resource, milli).iter().sum();
        running.max(sum("initContainers", resource, milli).into_iter().max().unwrap_or_default())
    };
    Room { cpu: of("cpu", true), memory: of("memory", false), pods: 1 }
}

/// Why a node does not take a pod, in the scheduler's words.
fn objection(node: &Value, used: Room, pod: &Value, asked: Room) -> Option<Vec<String>> {
    if node["spec"]["unschedulable"] == true
        && !tolerates(pod, &json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}))
    {
        return Some(vec!["node(s) were unschedulable".to_owned()]);
    }
    for taint in node["spec"]["taints"].as_array().into_iter().flatten() {
        let stops = taint["effect"] == "NoSchedule" || taint["effect"] == "NoExecute";
        if stops && !tolerates(pod, taint) {
            return Some(vec!["node(s) had untolerated taint(s)".to_owned()]);
        }
    }
    if !pods::condition(node, "Ready").is_none_or(|c| c["status"] == "True") {
        return Some(vec!["node(s) were not ready".to_owned()]);
    }
    if !selects(pod, node) {
        return Some(vec!["node(s) didn't match Pod's node affinity/selector".to_owned()]);
    }
    let room = &node["status"]["allocatable"];
    let (cpu, memory, most) =
        (amount(&room["cpu"], true), amount(&room["memory"], false), amount(&room["pods"], false));
    let mut short = Vec::new();
    if used.pods + 1 > most {
        short.push("Too many pods".to_owned());
    }
    if asked.cpu > 0 && used.cpu + asked.cpu > cpu {
        short.push("Insufficient cpu".to_owned());
    }
    if asked.memory > 0 && used.memory + asked.memory > memory {
        short.push("Insufficient memory".to_owned());
    }
    (!short.is_empty()).then_some(short)
}

/// Whether a pod tolerates a taint.
pub(super) fn tolerates(pod: &Value, taint: &Value) -> bool {
    pod["spec"]["tolerations"].as_array().into_iter().flatten().any(|t| {
        let exists = t["operator"] == "Exists";
        let key = t["key"].as_str().unwrap_or_default();
        let effect = t["effect"].as_str().unwrap_or_default();
        (effect.is_empty() || taint["effect"] == effect)
            && ((key.is_empty() && exists) || taint["key"] == key)
            && (exists
                || t["value"].as_str().unwrap_or_default() == taint["value"].as_str().unwrap_or_default())
    })
}

/// Whether node selector and required node affinity fit.
pub(super) fn selects(pod: &Value, node: &Value) -> bool {
    let labels = &node["metadata"]["labels"];
    if !Labels::of_object(&pod["spec"]["nodeSelector"]).fit_labels(labels) {
        return false;
    }
    let required = &pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let Some(terms) = required["nodeSelectorTerms"].as_array() else { return true };
    terms.iter().any(|term| {
        let by_labels = json!({"matchExpressions": term["matchExpressions"]});
        let name = json!({"metadata.name": node["metadata"]["name"]});
        let by_fields = json!({"matchExpressions": term["matchFields"]});
        Labels::of_object(&by_labels).fit_labels(labels) && Labels::of_object(&by_fields).fit_labels(&name)
    })
}

/// What stands in the way among the pods of a node's topology: anti-affinity of either side, or affinity.
fn apart(state: &State, pod: &Value, node: &Value, running: &[Object]) -> Option<String> {
    let wants = &pod["spec"]["affinity"];
    let near = |term: &Value| {
        let topology = term["topologyKey"].as_str().unwrap_or("kubernetes.io/hostname");
        let here = node["metadata"]["labels"][topology].clone();
        let selector = Labels::of_object(&term["labelSelector"]);
        let namespace = pod["metadata"]["namespace"].clone();
        running.iter().any(|other| {
            let of = state.get("nodes", "", other["spec"]["nodeName"].as_str().unwrap_or_default());
            other["metadata"]["namespace"] == namespace
                && selector.fit(other)
                && of.is_some_and(|n| n["metadata"]["labels"][topology] == here)
        })
    };
    let terms = |kind: &str| {
        wants[kind]["requiredDuringSchedulingIgnoredDuringExecution"].as_array().cloned().unwrap_or_default()
    };
    if terms("podAntiAffinity").iter().any(near) {
        return Some("node(s) didn't match pod anti-affinity rules".to_owned());
    }
    // The first of a group that wants to be together may go anywhere.
    let itself = |term: &Value| Labels::of_object(&term["labelSelector"]).fit(pod);
    let lonely = |term: &Value| {
        let selector = Labels::of_object(&term["labelSelector"]);
        itself(term) && !running.iter().any(|p| selector.fit(p))
    };
    if terms("podAffinity").iter().any(|t| !near(t) && !lonely(t)) {
        return Some("node(s) didn't match pod affinity rules".to_owned());
    }
    None
}

/// How much a pod would rather not be beside others of its kind.
fn crowd(pod: &Value, node: &Value, running: &[Object]) -> i64 {
    let preferred =
        &pod["spec"]["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"];
    let name = &node["metadata"]["name"];
    let terms = preferred.as_array().into_iter().flatten();
    let weight = |term: &Value| {
        let selector = Labels::of_object(&term["podAffinityTerm"]["labelSelector"]);
        let beside = running.iter().filter(|p| p["spec"]["nodeName"] == *name && selector.fit(p)).count();
        term["weight"].as_i64().unwrap_or(1) * i64::try_from(beside).unwrap_or_default()
    };
    terms.map(weight).sum()
}

/// Looks for a node for one pod.
pub(super) fn one(state: &mut State, key: &Key) {
    let Some(pod) = state.store.get(key).cloned() else { return };
    if pod["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty()) || !pods::is_active(&pod) {
        return;
    }
    let nodes = state.list("nodes", None);
    let everywhere = state.list("pods", None);
    let placed = |p: &&Object| {
        p["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty())
            && !matches!(p["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
    };
    let running: Vec<Object> = everywhere.iter().filter(placed).cloned().collect();
    let mut used: BTreeMap<&str, Room> = BTreeMap::new();
    for other in &running {
        let room = asked(other);
        let sum = used.entry(other["spec"]["nodeName"].as_str().unwrap_or_default()).or_default();
        *sum = Room { cpu: sum.cpu + room.cpu, memory: sum.memory + room.memory, pods: sum.pods + 1 };
    }
    let (wanted, mut reasons, mut best) = (asked(&pod), BTreeMap::<String, usize>::new(), None);
    let has_affinity = pod["spec"]["affinity"].is_object();
    let mut helpless = 0;
    for node in &nodes {
        let name = node["metadata"]["name"].as_str().unwrap_or_default();
        let taken = used.get(name).copied().unwrap_or_default();
        let against = objection(node, taken, &pod, wanted).or_else(|| {
            if has_affinity { apart(state, &pod, node, &running).map(|r| vec![r]) } else { None }
        });
        if let Some(against) = against {
            // Taking others away would make room, unless there never was any.
            let room = &node["status"]["allocatable"];
            let by_room = against.iter().all(|r| r.starts_with("Insufficient") || r.starts_with("Too many"));
            let never =
                wanted.cpu > amount(&room["cpu"], true) || wanted.memory > amount(&room["memory"], false);
            helpless += usize::from(!by_room || never);
            against.into_iter().for_each(|reason| *reasons.entry(reason).or_default() += 1);
            continue;
        }
        let score =
            (if has_affinity { crowd(&pod, node, &running) } else { 0 }, load(node, taken), name.to_owned());
        if best.as_ref().is_none_or(|b| score < *b) {
            best = Some(score);
        }
    }
    match best {
        Some((_, _, node)) => bind(state, key, &pod, &node),
        None => refuse(state, key, &pod, nodes.len(), &reasons, helpless),
    }
}

/// How full a node is, in thousandths.
fn load(node: &Value, used: Room) -> i64 {
    let room = &node["status"]["allocatable"];
    let share = |used: i64, all: i64| used.saturating_mul(1000).checked_div(all).unwrap_or_default();
    share(used.cpu, amount(&room["cpu"], true))
        + share(used.memory, amount(&room["memory"], false))
        + share(used.pods, amount(&room["pods"], false))
}

fn bind(state: &mut State, key: &Key, pod: &Value, node: &str) {
    let (now, zone) = (state.now, "topology.kubernetes.io/zone");
    let at =
        state.get("nodes", "", node).map(|n| n["metadata"]["labels"][zone].clone()).filter(Value::is_string);
    // Bound is bound: a pod that vanished meanwhile needs no node.
    let _ = state.change(key, "kube-scheduler", |pod| {
        pod["spec"]["nodeName"] = node.into();
        if let Some(zone_name) = at {
            if !pod["metadata"]["labels"].is_object() {
                pod["metadata"]["labels"] = json!({});
            }
            pod["metadata"]["labels"][zone] = zone_name;
        }
    });
    let _ = state.change_status(key, "kube-scheduler", |pod| {
        set_pod_condition(pod, "PodScheduled", "True", "", "", now);
    });
    let message = format!("Successfully assigned {}/{} to {node}", key.namespace, key.name);
    events::write(state, pod, "default-scheduler", "Normal", "Scheduled", &message);
}

fn refuse(
    state: &mut State,
    key: &Key,
    pod: &Value,
    nodes: usize,
    reasons: &BTreeMap<String, usize>,
    helpless: usize,
) {
    let mut parts: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.sort();
    let mut after = Vec::new();
    if nodes > helpless {
        after.push(format!("{} No preemption victims found for incoming pod", nodes - helpless));
    }
    if helpless > 0 {
        after.push(format!("{helpless} Preemption is not helpful for scheduling"));
    }
    after.sort();
    let message = if nodes == 0 {
        "no nodes available to schedule pods".to_owned()
    } else {
        format!(
            "0/{nodes} nodes are available: {}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {}.",
            parts.join(", "),
            after.join(", ")
        )
    };
    let now = state.now;
    let known = pods::condition(pod, "PodScheduled").is_some_and(|c| c["message"] == *message);
    let _ = state.change_status(key, "kube-scheduler", |pod| {
        set_pod_condition(pod, "PodScheduled", "False", "Unschedulable", &message, now);
    });
    if !known {
        events::write(state, pod, "default-scheduler", "Warning", "FailedScheduling", &message);
    }
}
