//! Clusters for tests, from objects as an API server sends them.

use std::sync::Arc;

use serde_json::{Value, json};
use strum::IntoEnumIterator;

use super::gateway::{Directions, GatewayRow, join};
use super::name::{ClusterName, Kind};
use super::row::{DaemonSetRow, DeploymentRow, Row, Rows};
use super::snapshot::{KindState, Link, Snapshot};

/// A cluster with these objects (each with its `kind`), all kinds listed, its gateways joined.
pub(crate) fn cluster(name: &str, objects: &[Value]) -> Snapshot {
    let mut snapshot = Snapshot::connecting(ClusterName::from(name), jiff::Timestamp::UNIX_EPOCH);
    snapshot.link = Link::Ready;
    snapshot.kinds = Kind::iter().map(|kind| (kind, KindState::Ready)).collect();
    snapshot.istio_gateways = rows(objects, "IstioGateway");
    snapshot.api_gateways = rows(objects, "Gateway");
    snapshot.gateway_classes = rows(objects, "GatewayClass");
    snapshot.deployments =
        rows::<DeploymentRow>(objects, "Deployment").iter().map(|row| Arc::from(&**row)).collect();
    snapshot.daemon_sets =
        rows::<DaemonSetRow>(objects, "DaemonSet").iter().map(|row| Arc::from(&**row)).collect();
    snapshot.replica_sets = rows(objects, "ReplicaSet");
    snapshot.pods = rows(objects, "Pod");
    snapshot.services = rows(objects, "Service");
    snapshot.endpoint_slices = rows(objects, "EndpointSlice");
    snapshot.autoscalers = rows(objects, "HorizontalPodAutoscaler");
    snapshot.disruption_budgets = rows(objects, "PodDisruptionBudget");
    joined(snapshot)
}

/// The snapshot with its gateways joined again.
pub(crate) fn joined(mut snapshot: Snapshot) -> Snapshot {
    snapshot.gateways = join(&snapshot, &Directions::default()).into();
    snapshot
}

fn rows<T: Row>(objects: &[Value], kind: &str) -> Rows<T> {
    let of_kind = objects.iter().filter(|object| object["kind"] == kind);
    let mut rows: Vec<Arc<T>> =
        of_kind.map(|object| Arc::new(T::parse(object.to_string().as_bytes()).expect("a row"))).collect();
    rows.sort_by(|a, b| (&a.meta().namespace, &a.meta().name).cmp(&(&b.meta().namespace, &b.meta().name)));
    rows.into()
}

/// The only gateway of this name.
pub(crate) fn gateway<'r>(rows: &'r [Arc<GatewayRow>], name: &str) -> &'r Arc<GatewayRow> {
    let mut found = rows.iter().filter(|row| &*row.id.name == name);
    let row = found.next().unwrap_or_else(|| panic!("no gateway {name}"));
    assert!(found.next().is_none(), "two gateways {name}");
    row
}

/// Puts `value` at a path such as `/spec/replicas`, making the maps on the way.
pub(crate) fn with(mut object: Value, path: &str, value: Value) -> Value {
    let mut at = &mut object;
    for part in path.split('/').skip(1) {
        at = match part.parse::<usize>() {
            Ok(number) => &mut at[number],
            Err(_) => &mut at[part.replace("~1", "/").as_str()],
        };
    }
    *at = value;
    object
}

fn meta(kind: &str, name: &str) -> Value {
    json!({"name": name, "namespace": "istio-system", "uid": format!("{kind}-{name}"), "generation": 1,
        "creationTimestamp": "2026-05-01T10:00:00Z"})
}

fn owned(kind: &str, name: &str, owner_kind: &str, owner: &str) -> Value {
    let reference = json!({"kind": owner_kind, "name": owner, "uid": format!("{owner_kind}-{owner}"), "controller": true});
    with(meta(kind, name), "/ownerReferences", json!([reference]))
}

/// An `IstioGateway`.
pub(crate) fn istio_gateway(name: &str, spec: Value) -> Value {
    json!({"kind": "IstioGateway", "metadata": meta("IstioGateway", name), "spec": spec})
}

/// The selector of a gateway called `istio-{n}`.
pub(crate) fn selector(workload: &str) -> Value {
    json!({"app": workload, "istio": workload.strip_prefix("istio-").unwrap_or(workload)})
}

/// A complete Deployment of a gateway with so many replicas, and its ReplicaSet, pods, Service and slice.
pub(crate) fn gateway_objects(name: &str, replicas: usize) -> Vec<Value> {
    let mut all =
        vec![deployment(name, replicas), replica_set(name, replicas), service(name), slice(name, replicas)];
    all.extend((0..replicas).map(|number| pod(name, number)));
    all
}

/// A Deployment as the injected chart makes it, all replicas ready.
pub(crate) fn deployment(name: &str, replicas: usize) -> Value {
    json!({
        "kind": "Deployment", "metadata": meta("Deployment", name),
        "spec": {"replicas": replicas, "selector": {"matchLabels": selector(name)}, "template": {
            "metadata": {"labels": with(selector(name), "/sidecar.istio.io~1inject", json!("true")),
                "annotations": {"inject.istio.io/templates": "gateway"}},
            "spec": {"containers": [{"name": "istio-proxy", "image": "auto",
                "resources": {"limits": {"cpu": "2", "memory": "4G"}}}]},
        }},
        "status": {"observedGeneration": 1, "replicas": replicas, "readyReplicas": replicas,
            "updatedReplicas": replicas, "availableReplicas": replicas,
            "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]},
    })
}

/// The ReplicaSet of such a Deployment.
pub(crate) fn replica_set(name: &str, replicas: usize) -> Value {
    json!({"kind": "ReplicaSet", "metadata": owned("ReplicaSet", &format!("{name}-1"), "Deployment", name),
        "spec": {"replicas": replicas}, "status": {"readyReplicas": replicas}})
}

/// A ready pod of such a Deployment.
pub(crate) fn pod(name: &str, number: usize) -> Value {
    let metadata = owned("Pod", &format!("{name}-1-{number}"), "ReplicaSet", &format!("{name}-1"));
    json!({
        "kind": "Pod", "metadata": with(metadata, "/labels", selector(name)),
        "spec": {"containers": [{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.28.0"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "istio-proxy", "ready": true, "state": {"running": {}}}]},
    })
}

/// Its Service.
pub(crate) fn service(name: &str) -> Value {
    json!({"kind": "Service", "metadata": meta("Service", name), "spec": {
        "type": "ClusterIP", "clusterIP": "10.96.0.7", "selector": selector(name),
        "ports": [{"name": "http-0", "port": 80, "targetPort": 80}, {"name": "https-1", "port": 443, "targetPort": 443}],
    }})
}

/// Its slice.
pub(crate) fn slice(name: &str, ready: usize) -> Value {
    let endpoints: Vec<_> = (0..ready).map(|at| json!({"addresses": [format!("10.0.0.{at}")]})).collect();
    let metadata = with(
        meta("EndpointSlice", &format!("{name}-x")),
        "/labels",
        json!({"kubernetes.io/service-name": name}),
    );
    json!({"kind": "EndpointSlice", "metadata": metadata, "endpoints": endpoints, "ports": []})
}
