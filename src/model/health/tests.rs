//! States and their words.

use serde_json::{Value, json};

use super::HealthState::{Degraded, Deleting, Error, Pending, Progressing, Running, Unknown};
use super::*;
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::snapshot::{IstioRevision, KindState};
use crate::model::testing::{cluster, gateway_objects, istio_gateway, joined, pod, with};

const NAME: &str = "istio-egress";

/// A healthy gateway of three replicas, its objects changed: kind, name's end, path, value.
fn changed(changes: &[(&str, &str, &str, Value)]) -> Vec<Value> {
    let mut objects = gateway_objects(NAME, 3);
    objects.push(istio_gateway("egress", json!({"gatewayType": "egress"})));
    for (kind, end, path, value) in changes {
        let is = |object: &&mut Value| {
            object["kind"] == **kind
                && object["metadata"]["name"].as_str().is_some_and(|name| name.ends_with(end))
        };
        let object = objects.iter_mut().find(is).unwrap_or_else(|| panic!("no {kind} {end}"));
        *object = with(object.take(), path, value.clone());
    }
    objects
}

fn health(objects: &[Value]) -> Health {
    cluster("c", objects).gateways[0].health.clone()
}

fn status(wanted: u32, [current, updated, ready]: [u32; 3]) -> Value {
    json!({"observedGeneration": 1, "replicas": current, "updatedReplicas": updated, "readyReplicas": ready,
        "availableReplicas": ready.min(wanted), "conditions": []})
}

fn crash() -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
        "containerStatuses": [{"name": "istio-proxy", "restartCount": 4,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}},
            "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]})
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({"phase": "Pending", "containerStatuses": [
        {"name": "istio-proxy", "state": {"waiting": {"reason": reason, "message": message}}}]})
}

fn unschedulable() -> Value {
    json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/3 nodes are available: 3 Insufficient cpu. preemption: no."}]})
}

fn unready() -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "x"}],
        "containerStatuses": [{"name": "istio-proxy", "ready": false, "state": {"running": {}}}]})
}

#[test]
fn the_reason_says_what_stands_between_the_gateway_and_running() {
    let refused = json!([{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: compute"}]);
    let late = json!([{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "x"}]);
    let deleted = json!("2026-05-01T11:00:00Z");
    type Changes<'c> = Vec<(&'c str, &'c str, &'c str, Value)>;
    let pods = |status: Value| -> Changes<'static> {
        ["-0", "-1", "-2"].into_iter().map(|end| ("Pod", end, "/status", status.clone())).collect()
    };
    let and = |mut all: Changes<'static>, more: Changes<'static>| -> Changes<'static> {
        all.extend(more);
        all
    };
    let counts = |now: [u32; 3]| vec![("Deployment", NAME, "/status", status(3, now))];
    let cases: Vec<(Changes<'_>, HealthState, &str)> = vec![
        (vec![], Running, "3 of 3 ready"),
        (
            vec![("Deployment", NAME, "/metadata/generation", json!(2))],
            Progressing,
            "the last change is not picked up yet, 3 of 3 ready",
        ),
        (counts([4, 1, 3]), Progressing, "rolling out: 1 of 3 updated, 3 of 3 ready"),
        (
            and(counts([4, 1, 3]), vec![("Deployment", NAME, "/spec/paused", json!(true))]),
            Progressing,
            "paused: 1 of 3 updated, 3 of 3 ready",
        ),
        (counts([4, 3, 3]), Progressing, "3 of 3 ready, 1 old pod still to end"),
        (counts([3, 3, 2]), Progressing, "2 of 3 ready"),
        (
            and(counts([3, 3, 2]), vec![("Pod", "-1", "/status", unready())]),
            Progressing,
            "2 of 3 ready: istio-proxy of istio-egress-1-1 is not ready",
        ),
        (
            and(
                and(counts([3, 3, 0]), pods(unready())),
                vec![(
                    "Deployment",
                    NAME,
                    "/status/conditions",
                    json!([{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]),
                )],
            ),
            Error,
            "0 of 3 ready: istio-proxy of istio-egress-1-0 and 2 more are not ready",
        ),
        (
            and(counts([3, 3, 2]), vec![("Pod", "-2", "/status", crash())]),
            Degraded,
            "CrashLoopBackOff in istio-proxy of istio-egress-1-2, exit 137 OOMKilled; 2 of 3 ready",
        ),
        (
            and(counts([3, 3, 0]), pods(crash())),
            Error,
            "CrashLoopBackOff in istio-proxy of istio-egress-1-0 and 2 more, exit 137 OOMKilled",
        ),
        (
            and(counts([3, 3, 0]), pods(unschedulable())),
            Pending,
            "0/3 nodes: insufficient cpu (istio-egress-1-0 and 2 more)",
        ),
        (
            and(counts([3, 3, 2]), vec![("Pod", "-0", "/status", unschedulable())]),
            Degraded,
            "0/3 nodes: insufficient cpu (istio-egress-1-0); 2 of 3 ready",
        ),
        (
            and(counts([3, 3, 0]), pods(waiting("ImagePullBackOff", "Back-off pulling image \"p:9\""))),
            Pending,
            "ImagePullBackOff in istio-proxy of istio-egress-1-0 and 2 more, Back-off pulling image \"p:9\"",
        ),
        // What fails is told before what waits.
        (
            and(
                counts([3, 3, 1]),
                vec![("Pod", "-0", "/status", unschedulable()), ("Pod", "-1", "/status", crash())],
            ),
            Degraded,
            "CrashLoopBackOff in istio-proxy of istio-egress-1-1, exit 137 OOMKilled; 1 of 3 ready",
        ),
        (
            and(counts([0, 0, 0]), vec![("Deployment", NAME, "/status/conditions", refused.clone())]),
            Error,
            "pods cannot be made: exceeded quota: compute",
        ),
        (
            and(counts([2, 2, 2]), vec![("ReplicaSet", "", "/status/conditions", refused)]),
            Degraded,
            "pods cannot be made: exceeded quota: compute; 2 of 3 ready",
        ),
        (
            and(counts([4, 1, 3]), vec![("Deployment", NAME, "/status/conditions", late)]),
            Degraded,
            "the rollout stopped at its deadline with 1 of 3 updated; 3 of 3 ready",
        ),
        (
            vec![("Pod", "-1", "/spec/containers/0/image", json!("auto"))],
            Degraded,
            "not injected: image auto, no injector answered when they started (istio-egress-1-1)",
        ),
        (
            vec![("Deployment", NAME, "/spec/replicas", json!(0))],
            Pending,
            "scaled to 0 replicas: 3 pods still ending",
        ),
        (
            vec![("Service", NAME, "/spec/type", json!("LoadBalancer"))],
            Progressing,
            "3 of 3 ready, but the load balancer of Service istio-egress has no address yet",
        ),
        (vec![("Service", NAME, "/spec/clusterIP", json!("None"))], Running, "3 of 3 ready"),
        (
            vec![("Service", NAME, "/spec/clusterIP", json!(""))],
            Progressing,
            "3 of 3 ready, but Service istio-egress has no address yet",
        ),
        (
            vec![("EndpointSlice", "", "/endpoints", json!([]))],
            Progressing,
            "3 of 3 ready, but Service istio-egress has no ready endpoint",
        ),
        (
            vec![
                ("IstioGateway", "egress", "/metadata/deletionTimestamp", deleted.clone()),
                ("IstioGateway", "egress", "/metadata/finalizers", json!(["egret.dev/clusters"])),
            ],
            Deleting,
            "waiting for finalizer egret.dev/clusters",
        ),
        (
            vec![
                ("IstioGateway", "egress", "/metadata/deletionTimestamp", deleted.clone()),
                ("IstioGateway", "egress", "/metadata/finalizers", json!(["foregroundDeletion"])),
            ],
            Deleting,
            "waiting for 3 pods to end",
        ),
        (
            vec![(
                "IstioGateway",
                "egress",
                "/status",
                json!({"Status": "ReconcileFailed", "ErrorMessage": "no address"}),
            )],
            Error,
            "no address",
        ),
        (
            vec![("IstioGateway", "egress", "/status", json!({"Status": "ReconcileFailed"}))],
            Error,
            "its keeper failed, and does not say why",
        ),
        (
            vec![(
                "IstioGateway",
                "egress",
                "/status",
                json!({"Status": "Available", "ErrorMessage": "long ago"}),
            )],
            Running,
            "3 of 3 ready",
        ),
        // Evicted pods stay behind; they matter only while their successors do not serve.
        (
            vec![
                ("Pod", "-2", "/metadata/name", json!("old")),
                (
                    "Pod",
                    "old",
                    "/status",
                    json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"}),
                ),
            ],
            Running,
            "3 of 3 ready",
        ),
        (
            and(
                counts([3, 3, 2]),
                vec![(
                    "Pod",
                    "-2",
                    "/status",
                    json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on memory. Threshold"}),
                )],
            ),
            Degraded,
            "Evicted of istio-egress-1-2, The node was low on memory; 2 of 3 ready",
        ),
    ];
    for (changes, state, reason) in cases {
        let seen = health(&changed(&changes));
        assert_eq!((seen.state, seen.reason.as_str()), (state, reason), "{changes:?}");
    }
}

#[test]
fn a_gateway_that_was_never_injected_says_why() {
    let auto = |more: Value| {
        let mut objects = changed(&[("Deployment", NAME, "/spec/template/metadata/labels", more)]);
        for object in objects.iter_mut().filter(|object| object["kind"] == "Pod") {
            *object = with(object.take(), "/spec/containers/0/image", json!("auto"));
        }
        objects
    };
    let revisions: Box<[IstioRevision]> =
        Box::new([IstioRevision { version: "1.28.0".into(), revision: "1-28".into() }]);
    let inject = "sidecar.istio.io/inject";
    let cases = [
        (json!({"istio.io/rev": "1-27", inject: "true"}), "revision 1-27 not found"),
        (json!({inject: "true"}), "revision default not found"),
        (json!({"istio.io/rev": "1-28", inject: "true"}), "no injector answered when they started"),
        (json!({"istio.io/rev": "1-28"}), "the pods lack the label sidecar.istio.io/inject: \"true\""),
        (json!({"istio.io/rev": "1-28", inject: "false"}), "the label sidecar.istio.io/inject is \"false\""),
    ];
    for (labels, why) in cases {
        let mut snapshot = cluster("c", &auto(labels));
        snapshot.facts.istio = revisions.clone();
        let health = joined(snapshot).gateways[0].health.clone();
        let wanted = format!("not injected: image auto, {why} (istio-egress-1-0 and 2 more)");
        assert_eq!((health.state, health.reason), (Error, wanted), "though every pod says it is ready");
    }
}

#[test]
fn what_cannot_be_read_is_unknown_and_said() {
    let fault = || Fault::new(Reason::Denied, "pods is forbidden", "");
    let cases = [
        (Kind::Pod, Some(KindState::Denied(fault())), "pods: no right to list"),
        (Kind::Deployment, Some(KindState::Denied(fault())), "deployments: no right to list"),
        (Kind::Service, Some(KindState::Loading), "services: still loading"),
        (
            Kind::Pod,
            Some(KindState::Failed(Fault::new(Reason::Server, "etcd: no leader", ""))),
            "pods: etcd: no leader",
        ),
        (Kind::Deployment, Some(KindState::Absent), "deployments: c does not serve them"),
        (Kind::Pod, None, "pods: not read yet"),
    ];
    for (kind, state, reason) in cases {
        let mut snapshot = cluster("c", &changed(&[]));
        match state {
            Some(state) => drop(snapshot.kinds.insert(kind, state)),
            None => drop(snapshot.kinds.remove(&kind)),
        }
        if kind == Kind::Deployment {
            snapshot.deployments = Default::default();
        }
        let row = joined(snapshot).gateways[0].clone();
        assert_eq!((row.health.state, row.health.reason.as_str()), (Unknown, reason));
        assert_eq!(row.ready, (kind != Kind::Deployment).then_some((3, 3)), "never 0/0");
    }
}

#[test]
fn a_resource_without_its_deployment_waits_for_its_keeper() {
    let seen = health(&[istio_gateway("egress", json!({}))]);
    assert_eq!(
        (seen.state, seen.reason.as_str()),
        (Pending, "its keeper has not made Deployment istio-egress yet")
    );
}

#[test]
fn a_workload_without_a_service_has_no_address_unless_it_uses_the_nodes() {
    let bare = |host: bool| {
        let objects = changed(&[("Deployment", NAME, "/spec/template/spec/hostNetwork", json!(host))]);
        health(&objects.into_iter().filter(|object| object["kind"] != "Service").collect::<Vec<_>>())
    };
    assert_eq!(bare(true).state, Running);
    let seen = bare(false);
    assert_eq!(
        (seen.state, seen.reason.as_str()),
        (Progressing, "3 of 3 ready, but no Service selects its pods: it has no address")
    );
}

#[test]
fn a_daemon_set_that_no_node_takes_is_not_scaled_to_zero() {
    let mut objects = changed(&[]);
    objects.retain(|object| object["kind"] != "Pod");
    for object in objects.iter_mut().filter(|object| object["kind"] == "Deployment") {
        *object = with(
            with(object.take(), "/kind", json!("DaemonSet")),
            "/status",
            json!({"observedGeneration": 1}),
        );
    }
    let seen = health(&objects);
    assert_eq!((seen.state, seen.reason.as_str()), (Pending, "no node matches its node selector"));
}

#[test]
fn an_autoscaler_at_its_end_is_said() {
    let mut objects = changed(&[]);
    objects.push(
        json!({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": "istio-system"},
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": NAME}, "minReplicas": 1, "maxReplicas": 3},
        "status": {"currentReplicas": 3}}),
    );
    assert_eq!(health(&objects).reason, "3 of 3 ready, the most its autoscaler may choose (3)");
}

#[test]
fn gateway_api_conditions_count() {
    let with_condition = |kind: &str| {
        let mut objects = changed(&[]);
        objects.retain(|object| object["kind"] != "IstioGateway");
        objects.push(json!({"kind": "Gateway", "metadata": {"name": "istio", "namespace": "istio-system"},
            "spec": {"gatewayClassName": "istio"},
            "status": {"conditions": [{"type": kind, "status": "False", "reason": "Invalid", "message": "Bad port. More."}]}}));
        for object in objects.iter_mut().filter(|object| object["kind"] == "Deployment") {
            *object = with(
                object.take(),
                "/metadata/labels/gateway.networking.k8s.io~1gateway-name",
                json!("istio"),
            );
        }
        health(&objects)
    };
    let refused = with_condition("Accepted");
    assert_eq!((refused.state, refused.reason.as_str()), (Error, "not accepted: Bad port. More."));
    let waiting = with_condition("Programmed");
    assert_eq!(
        (waiting.state, waiting.reason.as_str()),
        (Progressing, "3 of 3 ready, but not programmed: Bad port")
    );
}

#[test]
fn a_pod_that_ends_is_no_trouble() {
    let mut ending = with(pod(NAME, 7), "/metadata/deletionTimestamp", json!("2026-05-01T11:00:00Z"));
    ending = with(ending, "/status", crash());
    let mut objects = changed(&[]);
    objects.push(ending);
    assert_eq!(health(&objects).state, Running);
}
