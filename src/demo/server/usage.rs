//! `metrics.k8s.io`: what pods and nodes use of CPU and memory, where somebody measures it.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Answer;
use super::read::Selection;
use super::request::Ask;
use crate::demo::envoy::{self, Proxy, rate::hashed};
use crate::demo::state::State;
use crate::demo::state::write::time;
use crate::demo::status::Status;
use crate::demo::store::{Key, Object};
use crate::demo::workload::autoscaler;

/// The group that a metrics server serves.
pub(super) const GROUP: &str = "metrics.k8s.io";

/// How often it measures, seconds; that long is its window, too.
const EVERY: i64 = 15;

/// What Istio's agent beside the proxy uses of memory.
const AGENT: u64 = 46 << 20;

/// Answers for pods or nodes, one or all.
///
/// # Errors
/// Something that does not run, or a verb that measures know nothing of.
pub(super) fn answer(state: &State, ask: &Ask) -> Result<Answer, Status> {
    if ask.method != Method::GET || ask.query.is("watch") || !ask.sub.is_empty() {
        return Err(Status::method_not_allowed());
    }
    let of_pods = &*ask.resource.plural == "pods";
    let measured = |key: &Key, object: &Object| {
        if of_pods { of_pod(state, key, object) } else { Some(of_node(state, key)) }
    };
    if !ask.name.is_empty() {
        let key = Key::new(&ask.resource.plural, &ask.namespace, &ask.name);
        let found = state.store.get(&key).and_then(|object| measured(&key, object));
        return found
            .map(|m| Answer::value(200, m))
            .ok_or_else(|| Status::not_found(&ask.resource, &ask.name));
    }
    let selection = Selection::of(ask)?;
    let namespace = (!ask.namespace.is_empty()).then_some(ask.namespace.as_str());
    let all = state.store.list(&ask.resource.plural, namespace).filter(|(_, object)| selection.fits(object));
    let items = all.filter_map(|(key, object)| measured(key, object).map(Object::new)).collect();
    let resource = &ask.resource;
    Ok(Answer::list(resource.list_kind.to_string(), resource.api_version(), json!({}), items, true))
}

/// When was measured last.
fn moment(now: Timestamp) -> Timestamp {
    now.checked_sub(Duration::from_secs(now.as_second().rem_euclid(EVERY).unsigned_abs())).unwrap_or(now)
}

fn measure(state: &State, kind: &str, mut metadata: Value, rest: &Value) -> Value {
    metadata["creationTimestamp"] = time(state.now).into();
    let mut all = json!({
        "kind": kind, "apiVersion": format!("{GROUP}/v1beta1"), "metadata": metadata,
        "timestamp": time(moment(state.now)), "window": format!("{EVERY}s"),
    });
    for (name, value) in rest.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    all
}

/// CPU in billionths of a processor and memory in KiB, as a metrics server writes them.
fn usage(milli: i64, fine: u64, memory: u64) -> Value {
    let nano = milli.max(0).unsigned_abs() * 1_000_000 + fine % 1_000_000;
    json!({"cpu": format!("{nano}n"), "memory": format!("{}Ki", memory >> 10)})
}

/// One pod; none: its container does not run, so nobody measures it.
fn of_pod(state: &State, key: &Key, pod: &Object) -> Option<Value> {
    let containers = pod["status"]["containerStatuses"].as_array()?;
    let running = containers.iter().find(|c| c["state"]["running"].is_object())?;
    let at = moment(state.now);
    let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
    let proxy = Proxy::of(state, pod, at);
    // What is just starting has not been measured yet.
    let memory = match &proxy {
        Some(proxy) => proxy.memory() + AGENT,
        None if envoy::is_gateway(pod) => return None,
        None => (180 << 20) + hashed(uid) % (40 << 20),
    };
    let (name, milli) = (running["name"].clone(), processor(state, key, pod));
    let container = json!({"name": name, "usage": usage(milli, hashed((uid, at.as_second())), memory)});
    let metadata =
        json!({"name": &*key.name, "namespace": &*key.namespace, "labels": pod["metadata"]["labels"]});
    Some(measure(state, "PodMetrics", metadata, &json!({"containers": [container]})))
}

/// CPU of one pod in thousandths: the mean of its Deployment, and somewhat more or less; over all pods that is nothing.
fn processor(state: &State, key: &Key, pod: &Value) -> i64 {
    let workload = envoy::workload(pod);
    let Some(deployment) = state.get("deployments.apps", &key.namespace, workload) else { return 35 };
    let mean = autoscaler::processor(state, deployment);
    let others =
        state.store.list("pods", Some(&key.namespace)).filter(|(_, p)| envoy::workload(p) == workload);
    let names: Vec<&str> = others.map(|(k, _)| &*k.name).collect();
    let far = |name: &str| (hashed((name, moment(state.now).as_second() / 60)) % 100) as i64;
    let middle = names.iter().map(|name| far(name)).sum::<i64>() / (names.len() as i64).max(1);
    mean + mean * (far(&key.name) - middle) / 500
}

/// One node: what its pods use, and what it needs itself.
fn of_node(state: &State, key: &Key) -> Value {
    let here = state.store.list("pods", None).filter(|(_, pod)| pod["spec"]["nodeName"] == *key.name);
    let (mut milli, mut pods) = (180, 0);
    for (key, pod) in here {
        milli += processor(state, key, pod);
        pods += 1;
    }
    let rest = json!({"usage": usage(milli, hashed(&*key.name), (900 << 20) + pods * (110 << 20))});
    measure(state, "NodeMetrics", json!({"name": &*key.name}), &rest)
}
