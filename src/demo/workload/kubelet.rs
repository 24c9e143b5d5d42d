//! Kubelets: containers of pods that have a node, from the pull of their images to their end.
//!
//! What becomes of a container is decided by the pod's annotation `demo.egret/behaviour`, words between commas:
//! `crash` or `crash=OOMKilled` (it ends again and again), `image` (it cannot be pulled), `unready` (its probe fails),
//! `slow=30s` (it takes that long), `init` (an init container fails). An image `auto` cannot be pulled either: nobody
//! injected the proxy (R7).

use std::time::Duration;

use serde_json::{Value, json};

use super::{Work, events, images, pods, scheduler, set_condition, uid};
use crate::demo::state::State;
use crate::demo::state::delete::Options;
use crate::demo::state::write::{remove, time};
use crate::demo::store::{Key, Object};

const BEHAVIOUR: &str = "demo.egret/behaviour";

/// First and longest pause before a container that ended is started again.
const BACK_OFF: (u64, u64) = (10, 300);

/// What a container is going to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Behaviour {
    crash: Option<String>,
    image: bool,
    init: bool,
    unready: bool,
    slow: Option<Duration>,
}

impl Behaviour {
    fn of(pod: &Value) -> Self {
        let text = pod["metadata"]["annotations"][BEHAVIOUR].as_str().unwrap_or_default();
        let mut behaviour = Self::default();
        for word in text.split(',').map(str::trim) {
            match word.split_once('=').unwrap_or((word, "")) {
                ("crash", why) => {
                    behaviour.crash = Some(if why.is_empty() { "Error" } else { why }.to_owned())
                }
                ("image", _) => behaviour.image = true,
                ("init", _) => behaviour.init = true,
                ("unready", _) => behaviour.unready = true,
                ("slow", time) => {
                    behaviour.slow =
                        time.strip_suffix('s').and_then(|s| s.parse().ok()).map(Duration::from_secs);
                }
                _ => {}
            }
        }
        behaviour.image |= containers(pod).any(|c| c["image"] == "auto");
        behaviour
    }
}

pub(super) fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["spec"]["containers"].as_array().into_iter().flatten()
}

fn inits(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["spec"]["initContainers"].as_array().into_iter().flatten()
}

/// A pod has a node: its kubelet takes it, once.
pub(super) fn start(state: &mut State, key: &Key, pod: &Object) {
    let is_new = pod["status"]["startTime"].is_null()
        && pod["status"]["phase"].as_str().is_none_or(|p| p == "Pending");
    if !is_new || !is_node_alive(state, pod) {
        return;
    }
    let (behaviour, now) = (Behaviour::of(pod), state.now);
    let host = host_ip(pod["spec"]["nodeName"].as_str().unwrap_or_default());
    let why = if inits(pod).next().is_some() { "PodInitializing" } else { "ContainerCreating" };
    let statuses: Vec<Value> = containers(pod).map(|c| waiting(c, why)).collect();
    let first: Vec<Value> = inits(pod).map(|c| waiting(c, "PodInitializing")).collect();
    let ip = state.addresses.pod_ip();
    let names = names(containers(pod));
    let _ = state.change_status(key, "kubelet", |pod| {
        let status = &mut pod["status"];
        status["startTime"] = time(now).into();
        status["hostIP"] = host.clone().into();
        status["hostIPs"] = json!([{"ip": host}]);
        status["containerStatuses"] = statuses.into();
        if !first.is_empty() {
            status["initContainerStatuses"] = first.clone().into();
        }
        let unready = format!("containers with unready status: [{names}]");
        set_condition(status, "PodReadyToStartContainers", "False", "", "", now, false);
        match first.is_empty() {
            true => set_condition(status, "Initialized", "True", "", "", now, false),
            false => set_condition(
                status,
                "Initialized",
                "False",
                "ContainersNotInitialized",
                &format!("containers with incomplete status: [{names}]"),
                now,
                false,
            ),
        }
        set_condition(status, "Ready", "False", "ContainersNotReady", &unready, now, false);
        set_condition(status, "ContainersReady", "False", "ContainersNotReady", &unready, now, false);
    });
    let image = containers(pod).next().and_then(|c| c["image"].as_str()).unwrap_or_default().to_owned();
    let message = format!("Pulling image \"{image}\"");
    events::write(state, pod, "kubelet", "Normal", "Pulling", &message);
    state.workload.pod_ips.insert(key.clone(), ip);
    let wait = Duration::from_millis(700 + state.random(1_300));
    let wait = if behaviour.image { Duration::from_millis(1_500) } else { wait };
    state.after(wait, Work::Pod(key.clone(), uid(pod).to_owned()));
}

fn names<'a>(containers: impl Iterator<Item = &'a Value>) -> String {
    containers.filter_map(|c| c["name"].as_str()).collect::<Vec<_>>().join(" ")
}

fn waiting(container: &Value, reason: &str) -> Value {
    json!({
        "name": container["name"], "state": {"waiting": {"reason": reason}}, "lastState": {}, "ready": false,
        "restartCount": 0, "image": container["image"], "imageID": "", "started": false,
    })
}

/// The address of a node, made of its name.
fn host_ip(node: &str) -> String {
    let number = node.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    format!("172.18.{}.{}", number / 256 % 16, number % 250 + 2)
}

fn is_node_alive(state: &State, pod: &Value) -> bool {
    let node = state.get("nodes", "", pod["spec"]["nodeName"].as_str().unwrap_or_default());
    node.is_some_and(|node| pods::condition(node, "Ready").is_none_or(|c| c["status"] == "True"))
}

/// The next step of a pod.
pub(super) fn step(state: &mut State, key: &Key, identity: &str) {
    let Some(pod) = state.store.get(key).cloned().filter(|p| uid(p) == identity && pods::is_active(p)) else {
        return;
    };
    if !is_node_alive(state, &pod) {
        return;
    }
    let behaviour = Behaviour::of(&pod);
    let first = &pod["status"]["containerStatuses"][0];
    let initialized = pods::condition(&pod, "Initialized").is_some_and(|c| c["status"] == "True");
    if behaviour.image {
        return images::unpulled(state, key, &pod);
    }
    if !initialized {
        return initialize(state, key, &pod, &behaviour);
    }
    if first["state"]["running"].is_object() {
        return match (&behaviour.crash, pods::is_ready(&pod)) {
            (Some(why), true) => crash(state, key, &pod, &why.clone()),
            (Some(why), false) if behaviour.unready => crash(state, key, &pod, &why.clone()),
            (_, false) => ready(state, key, &pod, &behaviour),
            (None, true) => {}
        };
    }
    if first["state"]["terminated"].is_object() {
        return back_off(state, key, &pod);
    }
    run(state, key, &pod, &behaviour);
}

fn initialize(state: &mut State, key: &Key, pod: &Value, behaviour: &Behaviour) {
    let now = state.now;
    let failed = behaviour.init;
    let restarts = pod["status"]["initContainerStatuses"][0]["restartCount"].as_i64().unwrap_or_default();
    let ip = state.workload.pod_ips.get(key).cloned().unwrap_or_default();
    let _ = state.change_status(key, "kubelet", |pod| {
        let status = &mut pod["status"];
        give_ip(status, &ip);
        set_condition(status, "PodReadyToStartContainers", "True", "", "", now, false);
        let all = status.get_mut("initContainerStatuses").and_then(serde_json::Value::as_array_mut).into_iter().flatten();
        let ended = json!({"terminated": {"exitCode": i32::from(failed), "reason": if failed { "Error" } else { "Completed" },
            "startedAt": time(now), "finishedAt": time(now)}});
        for (n, container) in all.enumerate() {
            if failed && n > 0 {
                continue;
            }
            if failed && restarts > 0 {
                let message = "back-off 5m0s restarting failed container";
                container["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
                container["lastState"] = ended.clone();
            } else {
                container["state"] = ended.clone();
            }
            container["ready"] = (!failed).into();
            container["restartCount"] = (restarts + i64::from(failed)).into();
        }
        if !failed {
            set_condition(status, "Initialized", "True", "", "", now, false);
        }
    });
    let wait = if failed { pause(restarts) } else { Duration::from_millis(400) };
    if failed {
        let message =
            format!("Back-off restarting failed container {} in pod {}", names(inits(pod).take(1)), key.name);
        events::write(state, pod, "kubelet", "Warning", "BackOff", &message);
    }
    if !failed || restarts < 20 {
        state.after(wait, Work::Pod(key.clone(), uid(pod).to_owned()));
    }
}

fn give_ip(status: &mut Value, ip: &str) {
    if status["podIP"].is_null() && !ip.is_empty() {
        status["podIP"] = ip.into();
        status["podIPs"] = json!([{"ip": ip}]);
    }
}

/// The containers run.
fn run(state: &mut State, key: &Key, pod: &Value, behaviour: &Behaviour) {
    let now = state.now;
    let ip = state.workload.pod_ips.get(key).cloned().unwrap_or_default();
    let identity = uid(pod).to_owned();
    let _ = state.change_status(key, "kubelet", |pod| {
        let status = &mut pod["status"];
        status["phase"] = "Running".into();
        give_ip(status, &ip);
        set_condition(status, "PodReadyToStartContainers", "True", "", "", now, false);
        let all = status
            .get_mut("containerStatuses")
            .and_then(serde_json::Value::as_array_mut)
            .into_iter()
            .flatten();
        for (n, container) in all.enumerate() {
            let again = container["state"]["waiting"]["reason"] == "CrashLoopBackOff";
            container["state"] = json!({"running": {"startedAt": time(now)}});
            container["started"] = true.into();
            container["imageID"] = image_id(&container["image"]).into();
            let short: String = identity.chars().filter(char::is_ascii_hexdigit).collect();
            container["containerID"] = format!("containerd://{short}{n:04x}{}", now.as_second()).into();
            if again {
                container["restartCount"] =
                    (container["restartCount"].as_i64().unwrap_or_default() + 1).into();
            }
        }
    });
    for container in containers(pod) {
        let (name, image) =
            (container["name"].as_str().unwrap_or_default(), container["image"].as_str().unwrap_or_default());
        let pulled = format!("Container image \"{image}\" already present on machine");
        events::write(state, pod, "kubelet", "Normal", "Pulled", &pulled);
        events::write(state, pod, "kubelet", "Normal", "Created", &format!("Created container: {name}"));
        events::write(state, pod, "kubelet", "Normal", "Started", &format!("Started container {name}"));
    }
    let delay =
        pod["spec"]["containers"][0]["readinessProbe"]["initialDelaySeconds"].as_u64().unwrap_or_default();
    let chance = Duration::from_millis(600 + state.random(1_600));
    let wait = behaviour.slow.unwrap_or(Duration::from_secs(delay) + chance);
    state.after(wait, Work::Pod(key.clone(), identity));
}

fn image_id(image: &Value) -> String {
    let name = image.as_str().unwrap_or_default();
    let digest = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let stem = name.rsplit_once(':').map_or(name, |(stem, _)| stem);
    format!("{stem}@sha256:{digest:016x}{digest:016x}{digest:016x}{digest:016x}")
}

/// The probe answers, or does not.
fn ready(state: &mut State, key: &Key, pod: &Value, behaviour: &Behaviour) {
    let (now, names) = (state.now, names(containers(pod)));
    if behaviour.unready {
        let said = "Readiness probe failed: HTTP probe failed with statuscode: 503";
        events::write(state, pod, "kubelet", "Warning", "Unhealthy", said);
        return;
    }
    let _ = state.change_status(key, "kubelet", |pod| {
        let status = &mut pod["status"];
        for container in status
            .get_mut("containerStatuses")
            .and_then(serde_json::Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            container["ready"] = true.into();
        }
        set_condition(status, "Ready", "True", "", "", now, false);
        set_condition(status, "ContainersReady", "True", "", "", now, false);
    });
    debug_assert!(!names.is_empty(), "a pod has containers");
    if behaviour.crash.is_some() {
        let wait = Duration::from_secs(4 + state.random(6));
        state.after(wait, Work::Pod(key.clone(), uid(pod).to_owned()));
    }
}

/// The first container ends without having been asked to.
fn crash(state: &mut State, key: &Key, pod: &Value, why: &str) {
    let (now, names) = (state.now, names(containers(pod)));
    let code = if why == "OOMKilled" { 137 } else { 1 };
    let _ = state.change_status(key, "kubelet", |pod| {
        let status = &mut pod["status"];
        let container = &mut status["containerStatuses"][0];
        let started = container["state"]["running"]["startedAt"].clone();
        let id = container["containerID"].clone();
        container["state"] = json!({"terminated": {"exitCode": code, "reason": why, "startedAt": started,
            "finishedAt": time(now), "containerID": id}});
        container["ready"] = false.into();
        container["started"] = false.into();
        let message = format!("containers with unready status: [{names}]");
        set_condition(status, "Ready", "False", "ContainersNotReady", &message, now, false);
        set_condition(status, "ContainersReady", "False", "ContainersNotReady", &message, now, false);
    });
    state.after(Duration::from_millis(900), Work::Pod(key.clone(), uid(pod).to_owned()));
}

fn pause(restarts: i64) -> Duration {
    let doublings = u32::try_from(restarts.clamp(0, 10)).unwrap_or_default();
    Duration::from_secs((BACK_OFF.0 << doublings).min(BACK_OFF.1))
}

/// A time as Go prints it.
fn go_time(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 { format!("{seconds}s") } else { format!("{}m{}s", seconds / 60, seconds % 60) }
}

/// A container that ended waits for its next start.
fn back_off(state: &mut State, key: &Key, pod: &Value) {
    let restarts = pod["status"]["containerStatuses"][0]["restartCount"].as_i64().unwrap_or_default();
    let name = pod["status"]["containerStatuses"][0]["name"].as_str().unwrap_or_default().to_owned();
    let (wait, id) = (pause(restarts), uid(pod).to_owned());
    let message = format!(
        "back-off {} restarting failed container={name} pod={}_{}({id})",
        go_time(wait),
        key.name,
        key.namespace
    );
    let _ = state.change_status(key, "kubelet", |pod| {
        let container = &mut pod["status"]["containerStatuses"][0];
        let ended = container["state"].take();
        container["lastState"] = ended;
        container["state"] = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
    });
    let said =
        format!("Back-off restarting failed container {name} in pod {}_{}({id})", key.name, key.namespace);
    events::write(state, pod, "kubelet", "Warning", "BackOff", &said);
    state.after(wait, Work::Pod(key.clone(), id));
}

/// A pod is deleted: its containers get their time.
pub(super) fn stop(state: &mut State, key: &Key, pod: &Object) {
    if pod["spec"]["nodeName"].as_str().is_some_and(|n| !n.is_empty()) && !is_node_alive(state, pod) {
        return;
    }
    let id = uid(pod).to_owned();
    if !state.workload.stopping.insert(id.clone()) {
        return;
    }
    for container in containers(pod) {
        let said = format!("Stopping container {}", container["name"].as_str().unwrap_or_default());
        events::write(state, pod, "kubelet", "Normal", "Killing", &said);
    }
    let grace = pod["metadata"]["deletionGracePeriodSeconds"].as_u64().unwrap_or(30);
    let wait = Duration::from_millis(1_000 + state.random(2_500)).min(Duration::from_secs(grace));
    state.after(wait, Work::PodEnds(key.clone(), id));
}

/// A deleted pod has ended: its object goes, once no finalizer holds it.
pub(super) fn ends(state: &mut State, key: &Key, identity: &str) {
    state.workload.stopping.remove(identity);
    let Some(pod) = state.store.get(key).cloned().filter(|p| uid(p) == identity) else { return };
    state.workload.pod_ips.remove(key);
    let Ok(resource) = state.resource("pods") else { return };
    let now_at_once = Options { grace: Some(0), uid: Some(identity.to_owned()), ..Options::default() };
    let held = pod["metadata"]["finalizers"].as_array().is_some_and(|f| !f.is_empty());
    if held {
        // It has ended, but stays until who holds it lets go.
        let _ = state.change_status(key, "kubelet", |pod| pod["status"]["phase"] = "Succeeded".into());
    }
    let _ = state.delete(&resource, key, &now_at_once);
}

/// A node changed. One that does not answer keeps its pods, unready, until they are taken from it.
pub(super) fn node(state: &mut State, key: &Key) {
    let Some(node) = state.store.get(key).cloned() else { return };
    let alive = pods::condition(&node, "Ready").is_none_or(|c| c["status"] == "True");
    let taint = json!({"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"});
    let has = |node: &Value| {
        node["spec"]["taints"].as_array().into_iter().flatten().any(|t| t["key"] == taint["key"])
    };
    if alive == has(&node) {
        let now = state.now;
        let _ = state.change(key, "kube-controller-manager", |node| {
            let mut all: Vec<Value> = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
            all.retain(|t| t["key"] != taint["key"]);
            if !alive {
                all.push(json!({"key": taint["key"], "effect": "NoExecute", "timeAdded": time(now)}));
            }
            if all.is_empty() {
                remove(&mut node["spec"], "taints")
            } else {
                node["spec"]["taints"] = all.into()
            }
        });
    }
    if alive {
        return;
    }
    let here = |pod: &Value| pod["spec"]["nodeName"] == *key.name;
    let pods_here: Vec<(Key, Object)> = state
        .store
        .list("pods", None)
        .filter(|(_, p)| here(p))
        .map(|(k, p)| (k.clone(), p.clone()))
        .collect();
    let now = state.now;
    for (key, pod) in pods_here {
        let _ = state.change_status(&key, "kube-controller-manager", |pod| {
            if pod["status"]["conditions"]
                .as_array()
                .is_some_and(|c| c.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
            {
                set_condition(&mut pod["status"], "Ready", "False", "", "", now, false);
            }
        });
        // Those that tolerate it only for a while go then.
        if !scheduler::tolerates(&pod, &taint) || tolerated_for(&pod) == Some(0) {
            let _ = state.remove(&key);
        } else if let Some(seconds) = tolerated_for(&pod) {
            state.after(Duration::from_secs(seconds), Work::PodEvicted(key, uid(&pod).to_owned()));
        }
    }
}

/// How long a pod stays on a node that does not answer; none: for ever.
fn tolerated_for(pod: &Value) -> Option<u64> {
    let all = pod["spec"]["tolerations"].as_array()?;
    all.iter().find(|t| t["key"] == "node.kubernetes.io/unreachable")?["tolerationSeconds"].as_u64()
}

/// The time that a pod tolerated its node's silence is over.
pub(super) fn evicted(state: &mut State, key: &Key, identity: &str) {
    let Some(pod) = state.store.get(key).cloned().filter(|p| uid(p) == identity && pods::is_active(p)) else {
        return;
    };
    if !is_node_alive(state, &pod) {
        let said = format!("Marking for deletion Pod {}/{}", key.namespace, key.name);
        events::write(state, &pod, "taint-eviction-controller", "Normal", "TaintManagerEviction", &said);
        let _ = state.remove(key);
    }
}
