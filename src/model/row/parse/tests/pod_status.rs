//! READY, STATUS and RESTARTS as the server's printer gives them, and the trouble.

use serde_json::{Value, json};

use super::parse;
use crate::model::row::PodRow;

fn pod(spec: Value, status: Value) -> PodRow {
    parse(&json!({"metadata": {"name": "p"}, "spec": spec, "status": status}))
}

fn one() -> Value {
    json!({"containers": [{"name": "istio-proxy", "image": "istio/proxyv2:1.28.0"}]})
}

fn with_init() -> Value {
    json!({
        "initContainers": [{"name": "sysctl"}, {"name": "warm", "restartPolicy": "Always"}],
        "containers": [{"name": "istio-proxy"}, {"name": "logger"}],
    })
}

fn running(name: &str, ready: bool) -> Value {
    json!({"name": name, "ready": ready, "started": true, "state": {"running": {"startedAt": "2026-05-01T10:00:00Z"}}})
}

fn waiting(name: &str, reason: &str, message: &str) -> Value {
    json!({"name": name, "state": {"waiting": {"reason": reason, "message": message}}})
}

fn ended(name: &str, terminated: Value) -> Value {
    json!({"name": name, "state": {"terminated": terminated}})
}

fn crashed(restarts: u32, terminated: Value) -> Value {
    json!({"name": "istio-proxy", "restartCount": restarts, "lastState": {"terminated": terminated},
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}})
}

fn ready_is(status: &str, reason: &str, message: &str) -> Value {
    json!({"type": "Ready", "status": status, "reason": reason, "message": message})
}

#[test]
fn kubectl_prints_the_same_words() {
    let exit0 = || ended("sysctl", json!({"exitCode": 0, "reason": "Completed"}));
    let cases = [
        (
            "running",
            one(),
            json!({"phase": "Running", "containerStatuses": [running("istio-proxy", true)]}),
            "1/1 Running 0",
        ),
        ("no status yet", one(), json!({"phase": "Pending"}), "0/1 Pending 0"),
        ("evicted", one(), json!({"phase": "Failed", "reason": "Evicted"}), "0/1 Evicted 0"),
        (
            "gated",
            one(),
            json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}),
            "0/1 SchedulingGated 0",
        ),
        (
            "creating",
            one(),
            json!({"phase": "Pending", "containerStatuses": [waiting("istio-proxy", "ContainerCreating", "")]}),
            "0/1 ContainerCreating 0",
        ),
        (
            "no image",
            one(),
            json!({"phase": "Pending", "containerStatuses": [waiting("istio-proxy", "ImagePullBackOff", "x")]}),
            "0/1 ImagePullBackOff 0",
        ),
        (
            "crash loop",
            one(),
            json!({"phase": "Running", "containerStatuses": [crashed(4, json!({"exitCode": 1}))]}),
            "0/1 CrashLoopBackOff 4",
        ),
        (
            "killed",
            one(),
            json!({"phase": "Running", "containerStatuses": [ended("istio-proxy", json!({"exitCode": 137, "reason": "OOMKilled"}))]}),
            "0/1 OOMKilled 0",
        ),
        (
            "by a signal",
            one(),
            json!({"phase": "Failed", "containerStatuses": [ended("istio-proxy", json!({"exitCode": 0, "signal": 9}))]}),
            "0/1 Signal:9 0",
        ),
        (
            "by its exit",
            one(),
            json!({"phase": "Failed", "containerStatuses": [ended("istio-proxy", json!({"exitCode": 3}))]}),
            "0/1 ExitCode:3 0",
        ),
        (
            "completed",
            one(),
            json!({"phase": "Succeeded", "containerStatuses": [ended("istio-proxy", json!({"exitCode": 0, "reason": "Completed"}))]}),
            "0/1 Completed 0",
        ),
        (
            "the first container's word stays",
            with_init(),
            json!({"phase": "Running", "containerStatuses": [waiting("istio-proxy", "ErrImagePull", ""), waiting("logger", "CrashLoopBackOff", "")]}),
            "0/3 ErrImagePull 0",
        ),
        (
            "completed beside a running one that is ready",
            with_init(),
            json!({"phase": "Running", "conditions": [ready_is("True", "", "")], "containerStatuses": [
                ended("istio-proxy", json!({"reason": "Completed"})), running("logger", true)]}),
            "1/3 Running 0",
        ),
        (
            "completed beside a running one in a pod that is not ready",
            with_init(),
            json!({"phase": "Running", "containerStatuses": [ended("istio-proxy", json!({"reason": "Completed"})), running("logger", true)]}),
            "1/3 NotReady 0",
        ),
        (
            "init begins",
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [waiting("sysctl", "PodInitializing", "")]}),
            "0/3 Init:0/2 0",
        ),
        (
            "init runs",
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [running("sysctl", false)]}),
            "0/3 Init:0/2 0",
        ),
        (
            "second init",
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [exit0(), waiting("warm", "PodInitializing", "")]}),
            "0/3 Init:1/2 0",
        ),
        (
            "init crash",
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [waiting("sysctl", "CrashLoopBackOff", "")]}),
            "0/3 Init:CrashLoopBackOff 0",
        ),
        (
            "init exit",
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [ended("sysctl", json!({"exitCode": 1}))]}),
            "0/3 Init:ExitCode:1 0",
        ),
        (
            "init error",
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [ended("sysctl", json!({"exitCode": 1, "reason": "Error"}))]}),
            "0/3 Init:Error 0",
        ),
        (
            "init signal",
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [ended("sysctl", json!({"exitCode": 137, "signal": 9}))]}),
            "0/3 Init:Signal:9 0",
        ),
        (
            "a started sidecar is no hurdle and counts as ready",
            with_init(),
            json!({"phase": "Running", "initContainerStatuses": [exit0(), running("warm", true)],
                "containerStatuses": [running("istio-proxy", true), running("logger", true)]}),
            "3/3 Running 0",
        ),
        (
            "a sidecar that crashes after the start shows through",
            with_init(),
            json!({"phase": "Running", "conditions": [{"type": "Initialized", "status": "True"}],
                "initContainerStatuses": [exit0(), {"name": "warm", "restartCount": 2, "started": false, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
                "containerStatuses": [running("istio-proxy", true), running("logger", true)]}),
            "2/3 Init:CrashLoopBackOff 2",
        ),
        (
            "restarts of sidecars count, of other init containers only while they run",
            with_init(),
            json!({"phase": "Running", "initContainerStatuses": [
                {"name": "sysctl", "restartCount": 5, "state": {"terminated": {"exitCode": 0}}},
                {"name": "warm", "restartCount": 2, "ready": true, "started": true, "state": {"running": {}}}],
                "containerStatuses": [{"name": "istio-proxy", "restartCount": 1, "ready": true, "state": {"running": {}}}]}),
            "2/3 Running 3",
        ),
        (
            "restarts of init containers while they run",
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [{"name": "sysctl", "restartCount": 5, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}),
            "0/3 Init:CrashLoopBackOff 5",
        ),
        (
            "running, not ready",
            one(),
            json!({"phase": "Running", "containerStatuses": [running("istio-proxy", false)]}),
            "0/1 Running 0",
        ),
    ];
    for (name, spec, status, wanted) in cases {
        let row = pod(spec, status);
        let seen = format!("{}/{} {} {}", row.ready.0, row.ready.1, row.status, row.restarts);
        assert_eq!(seen, wanted, "{name}");
    }
}

#[test]
fn a_pod_on_its_way_out_is_terminating_unless_it_ended_or_its_node_is_lost() {
    let cases = [
        (json!({"phase": "Running", "containerStatuses": [running("istio-proxy", true)]}), "Terminating"),
        (json!({"phase": "Running", "reason": "NodeLost"}), "Unknown"),
        (json!({"phase": "Failed", "reason": "Evicted"}), "Evicted"),
        (
            json!({"phase": "Succeeded", "containerStatuses": [ended("istio-proxy", json!({"reason": "Completed"}))]}),
            "Completed",
        ),
    ];
    for (status, wanted) in cases {
        let row: PodRow = parse(&json!({
            "metadata": {"name": "p", "deletionTimestamp": "2026-05-01T11:00:00Z"}, "spec": one(), "status": status,
        }));
        assert_eq!(&*row.status, wanted);
    }
}

#[test]
fn the_last_restart_is_the_latest_end() {
    let end = |at: &str| json!({"terminated": {"exitCode": 1, "finishedAt": at}});
    let row = pod(
        with_init(),
        json!({"phase": "Running", "initContainerStatuses": [
            {"name": "sysctl", "restartCount": 1, "state": {"terminated": {"exitCode": 0}}, "lastState": end("2026-05-01T15:00:00Z")}],
            "containerStatuses": [
            {"name": "istio-proxy", "restartCount": 1, "ready": true, "state": {"running": {}}, "lastState": end("2026-05-01T11:00:00Z")},
            {"name": "logger", "restartCount": 1, "ready": true, "state": {"running": {}}, "lastState": end("2026-05-01T12:00:00Z")}]}),
    );
    assert_eq!(row.last_restart.map(|at| at.to_string()).as_deref(), Some("2026-05-01T12:00:00Z"));
    assert_eq!(row.restarts, 2);
}

#[test]
fn trouble_is_the_first_cause_in_words() {
    let unready = "containers with unready status: [istio-proxy]";
    let cases = [
        (one(), json!({"phase": "Running", "containerStatuses": [running("istio-proxy", true)]}), None),
        (
            one(),
            json!({"phase": "Pending", "containerStatuses": [waiting("istio-proxy", "ContainerCreating", "")]}),
            None,
        ),
        (
            one(),
            json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                "message": "0/3 nodes are available: 3 Insufficient cpu."}]}),
            Some(("", "Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.")),
        ),
        (
            one(),
            json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}),
            Some(("", "Evicted", "The node was low on resource: memory.")),
        ),
        (
            one(),
            json!({"phase": "Pending", "containerStatuses": [waiting("istio-proxy", "ImagePullBackOff", "Back-off pulling image \"x\"")]}),
            Some(("istio-proxy", "ImagePullBackOff", "Back-off pulling image \"x\"")),
        ),
        (
            one(),
            json!({"phase": "Running", "containerStatuses": [crashed(3, json!({"exitCode": 137, "reason": "OOMKilled"}))]}),
            Some(("istio-proxy", "CrashLoopBackOff", "exit 137 OOMKilled")),
        ),
        (
            one(),
            json!({"phase": "Running", "containerStatuses": [crashed(3, json!({"exitCode": 1, "reason": "Error", "message": "no config\n"}))]}),
            Some(("istio-proxy", "CrashLoopBackOff", "exit 1: no config")),
        ),
        (
            with_init(),
            json!({"phase": "Pending", "initContainerStatuses": [ended("sysctl", json!({"exitCode": 255, "reason": "Error"}))]}),
            Some(("sysctl", "Error", "exit 255")),
        ),
        (
            one(),
            json!({"phase": "Running", "conditions": [ready_is("False", "ContainersNotReady", unready)],
                "containerStatuses": [running("istio-proxy", false)]}),
            Some(("istio-proxy", "ContainersNotReady", unready)),
        ),
        (
            one(),
            json!({"phase": "Running", "conditions": [ready_is("False", "ReadinessGatesNotReady", "the status of pod readiness gate \"a/b\" is not \"True\"")],
                "containerStatuses": [running("istio-proxy", true)]}),
            Some(("", "ReadinessGatesNotReady", "the status of pod readiness gate \"a/b\" is not \"True\"")),
        ),
    ];
    for (spec, status, wanted) in cases {
        let row = pod(spec, status.clone());
        let seen = row.trouble.as_ref().map(|t| (&*t.container, &*t.reason, &*t.message));
        assert_eq!(seen, wanted, "{status}");
    }
}

#[test]
fn the_proxy_is_named_or_alone() {
    let image = |containers: Value| pod(json!({"containers": containers}), json!({})).proxy_image;
    assert_eq!(&*image(json!([{"name": "app", "image": "a:1"}])), "a:1");
    assert_eq!(
        &*image(json!([{"name": "app", "image": "a:1"}, {"name": "istio-proxy", "image": "p:2"}])),
        "p:2"
    );
    assert_eq!(&*image(json!([{"name": "app", "image": "a:1"}, {"name": "b", "image": "b:1"}])), "");
}

#[test]
fn containers_are_named_in_their_order_init_first() {
    let names = pod(with_init(), json!({})).containers;
    assert_eq!(&*names, &["sysctl".into(), "warm".into(), "istio-proxy".into(), "logger".into()]);
}
