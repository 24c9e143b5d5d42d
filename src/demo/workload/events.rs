//! Events, as controllers and kubelets write them: the same thing again is counted, not written anew.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::demo::clock::later;
use crate::demo::state::State;
use crate::demo::state::write::time;
use crate::demo::store::Key;

/// How long an event is kept.
const KEPT: Duration = Duration::from_secs(3600);

/// Who writes one.
pub(super) type Source = &'static str;

/// Writes that something happened to an object.
pub(super) fn write(
    state: &mut State,
    about: &Value,
    source: Source,
    kind: &str,
    reason: &str,
    message: &str,
) {
    let metadata = &about["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default().to_owned();
    let (name, uid) = (text("name"), text("uid"));
    let namespace = Some(text("namespace")).filter(|n| !n.is_empty()).unwrap_or_else(|| "default".to_owned());
    if state.get("namespaces", "", &namespace).is_none_or(|n| n["metadata"]["deletionTimestamp"].is_string())
    {
        return;
    }
    let now = state.now;
    // Also where nothing is forgotten from time to time.
    let cleaned = state.workload.events_cleaned;
    if cleaned.is_none_or(|at| later(at, KEPT) < now) {
        forget(state);
    }
    let thing = (uid.clone(), reason.to_owned(), message.to_owned());
    let known = state.workload.events.get(&thing).cloned();
    if let Some(key) = known.filter(|key| state.store.get(key).is_some()) {
        // An event that is gone meanwhile is nobody's loss.
        let manager = if source == "kubelet" { source } else { "kube-controller-manager" };
        let _ = state.change(&key, manager, |event| {
            event["count"] = (event["count"].as_i64().unwrap_or(1) + 1).into();
            event["lastTimestamp"] = time(now).into();
        });
        return;
    }
    let number = now.as_nanosecond() as u64 ^ state.random(1 << 20);
    let mut object = json!({"kind": about["kind"], "name": name, "uid": uid, "apiVersion": about["apiVersion"],
        "resourceVersion": metadata["resourceVersion"]});
    if metadata["namespace"].is_string() {
        object["namespace"] = metadata["namespace"].clone();
    }
    let mut from = json!({"component": source});
    if source == "kubelet" {
        from["host"] = about["spec"]["nodeName"].clone();
    }
    let manager =
        if matches!(source, "kubelet" | "default-scheduler") { source } else { "kube-controller-manager" };
    if source == "default-scheduler" {
        let action = if reason == "Scheduled" { "Binding" } else { "Scheduling" };
        let event = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": format!("{name}.{number:016x}"), "namespace": namespace},
            "involvedObject": object, "reason": reason, "message": message, "source": {}, "firstTimestamp": null,
            "lastTimestamp": null, "type": kind, "eventTime": micro(now), "action": action,
            "reportingComponent": source, "reportingInstance": "default-scheduler-demo",
        });
        let _ = state.make("events", event, "kube-scheduler");
        return;
    }
    let event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": format!("{name}.{number:016x}"), "namespace": namespace},
        "involvedObject": object, "reason": reason, "message": message, "source": from,
        "firstTimestamp": time(now), "lastTimestamp": time(now), "count": 1, "type": kind,
        "eventTime": null, "reportingComponent": source, "reportingInstance": "",
    });
    let key = Key::new("events", &namespace, event["metadata"]["name"].as_str().unwrap_or_default());
    // Who cannot write an event goes on without it, as the real ones do.
    if state.make("events", event, manager).is_ok() {
        state.workload.events.insert(thing, key);
    }
}

/// A moment with its fraction, as newer events have it.
fn micro(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Events go after an hour: here all that are due.
pub(super) fn forget(state: &mut State) {
    let Ok(limit) = state.now.checked_sub(KEPT) else { return };
    state.workload.events_cleaned = Some(state.now);
    let moment = |event: &Value| {
        let told = event["lastTimestamp"].as_str().or(event["eventTime"].as_str())?;
        told.parse::<Timestamp>().ok()
    };
    let old = |event: &Value| moment(event).is_some_and(|at| at < limit);
    let keys: Vec<Key> =
        state.store.list("events", None).filter(|(_, e)| old(e)).map(|(k, _)| k.clone()).collect();
    for key in keys {
        let _ = state.remove(&key);
    }
    let store = &state.store;
    state.workload.events.retain(|_, key| store.get(key).is_some());
}
