//! Gateways over several clusters.

use serde_json::{Value, json};

use super::*;
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::{Direction, join};
use crate::model::health::HealthState;
use crate::model::testing::{
    cluster, deployment, gateway_objects, istio_gateway, pod, replica_set, selector, with,
};

fn open(clusters: &[(&str, Vec<Value>)]) -> Vec<Arc<Snapshot>> {
    clusters.iter().map(|(name, objects)| Arc::new(cluster(name, objects))).collect()
}

fn ids(all: &[(&str, &str)]) -> ClusterIds {
    all.iter().map(|(id, name)| (*id, ClusterName::from(*name))).collect()
}

/// Cluster, name, origin, ready, state of every row.
fn seen(snapshots: &[Arc<Snapshot>], ids: &ClusterIds) -> Vec<String> {
    let rows = fleet(snapshots, ids);
    let ready =
        |row: &GatewayRow| row.ready.map_or("-".to_owned(), |(ready, wanted)| format!("{ready}/{wanted}"));
    let one = |row: &Arc<GatewayRow>| {
        format!("{} {} {} {} {}", row.id.cluster, row.id.name, row.origin, ready(row), row.health.state)
    };
    rows.iter().map(one).collect()
}

fn cr(clusters: &[&str]) -> Value {
    istio_gateway("egress", json!({"gatewayType": "egress", "clusterIds": clusters}))
}

#[test]
fn a_resource_and_its_workloads_behind_other_servers_are_one_row_each() {
    let clusters = [
        ("mesh", vec![cr(&["c-1", "c-2"])]),
        ("eu", gateway_objects("istio-egress", 2)),
        ("us", gateway_objects("istio-egress", 3)),
        ("dev", gateway_objects("istio-egress", 1)),
    ];
    let snapshots = open(&clusters);
    let rows = fleet(&snapshots, &ids(&[("c-1", "eu"), ("c-2", "us")]));
    assert_eq!(
        seen(&snapshots, &ids(&[("c-1", "eu"), ("c-2", "us")])),
        [
            "dev istio-egress manifest 1/1 Running",
            "eu egress IstioGateway 2/2 Running",
            "us egress IstioGateway 3/3 Running"
        ]
    );
    let eu = &rows[1];
    assert_eq!(
        (eu.home.as_ref().map(ClusterName::as_str), eu.cluster_id.as_deref()),
        (Some("mesh"), Some("c-1"))
    );
    assert!(eu.cr.is_some() && eu.pods.len() == 2 && eu.direction == Direction::Egress);
}

#[test]
fn a_cluster_that_is_not_open_is_named_and_its_pods_unknown() {
    let snapshots = open(&[("mesh", vec![cr(&["c-xyz", "c-2"])])]);
    let rows = fleet(&snapshots, &ids(&[("c-2", "us")]));
    let told: Vec<_> =
        rows.iter().map(|row| (row.id.cluster.as_str(), row.ready, row.health.reason.as_str())).collect();
    let wanted = [
        ("c-xyz", None, "pods unknown: cluster c-xyz is not open"),
        ("us", None, "pods unknown: cluster us is not open"),
    ];
    assert_eq!(told, wanted);
    // Alone, the home cluster says the same of both.
    let local = &snapshots[0].gateways[0];
    assert_eq!(
        (local.ready, local.health.reason.as_str()),
        (None, "pods unknown: clusters c-xyz, c-2 are not open")
    );
}

#[test]
fn what_the_keeper_reports_is_shown_of_a_cluster_that_is_not_open() {
    let status = json!({"Status": "Available", "GatewayAddress": ["192.0.2.1"],
        "ClusterIdGatewayAddressMap": [{"clusterId": "c-2", "ipAddress": "192.0.2.2"}]});
    let failed = json!({"Status": "ReconcileFailed", "ErrorMessage": "no quota"});
    let addresses = |status: &Value| -> Vec<(String, HealthState)> {
        let snapshots = open(&[("mesh", vec![with(cr(&["c-1", "c-2"]), "/status", status.clone())])]);
        let rows = fleet(&snapshots, &ids(&[]));
        rows.iter().map(|row| (row.address.to_string(), row.health.state)).collect()
    };
    let (unknown, error) = (HealthState::Unknown, HealthState::Error);
    assert_eq!(addresses(&status), [("192.0.2.1".to_owned(), unknown), ("192.0.2.2".to_owned(), unknown)]);
    assert_eq!(addresses(&failed), [(String::new(), error), (String::new(), error)]);
}

#[test]
fn without_ids_the_home_cluster_is_the_data_plane() {
    let mut objects = gateway_objects("istio-egress", 1);
    objects.push(cr(&[]));
    let snapshots = open(&[("a", objects), ("b", gateway_objects("istio-egress", 1))]);
    let wanted = ["a egress IstioGateway 1/1 Running", "b istio-egress manifest 1/1 Running"];
    assert_eq!(seen(&snapshots, &ids(&[])), wanted);
    let rows = fleet(&snapshots, &ids(&[]));
    assert!(Arc::ptr_eq(&rows[0], &snapshots[0].gateways[0]), "shared, not joined again");
}

#[test]
fn a_workload_beside_its_resource_is_one_row_whatever_the_id_is_called() {
    let objects = |named: &[&str]| {
        let mut objects = gateway_objects("istio-egress", 1);
        objects.push(cr(named));
        objects
    };
    let alone = open(&[("a", objects(&["Kubernetes"]))]);
    let running = "a egress IstioGateway 1/1 Running";
    assert_eq!(seen(&alone, &ids(&[])), [running]);
    assert_eq!(seen(&alone, &ids(&[("Kubernetes", "a")])), [running]);
    // The other id is nobody's: known to be elsewhere.
    let two = open(&[("a", objects(&["Kubernetes", "c-2"]))]);
    let wanted = [running, "c-2 egress IstioGateway - Unknown"];
    assert_eq!(seen(&two, &ids(&[("Kubernetes", "a")])), wanted);
    assert_eq!(seen(&two, &ids(&[])), wanted);
    // All ids lead elsewhere, and the Deployment is still here: both are told.
    let left = open(&[("a", objects(&["c-2"])), ("b", vec![])]);
    assert_eq!(seen(&left, &ids(&[("c-2", "b")])), [running, "b egress IstioGateway 0/1 Pending"]);
}

#[test]
fn a_cluster_is_known_by_its_uid_and_by_its_name_too() {
    let mut plane = cluster("eu", &gateway_objects("istio-egress", 1));
    plane.facts.uid = Some("uid-of-eu".into());
    let plane = Arc::new(plane);
    for id in ["uid-of-eu", "eu"] {
        let snapshots = vec![Arc::new(cluster("mesh", &[cr(&[id])])), plane.clone()];
        assert_eq!(seen(&snapshots, &ids(&[])), ["eu egress IstioGateway 1/1 Running"]);
    }
}

#[test]
fn a_workload_without_any_mark_of_a_gateway_is_found_by_its_name() {
    let plain = |object: Value| match object["kind"].as_str() {
        Some("Deployment") => with(object, "/spec/template/metadata/annotations", json!({})),
        _ => object,
    };
    let objects: Vec<_> = gateway_objects("istio-egress", 2).into_iter().map(plain).collect();
    let snapshots = open(&[("mesh", vec![cr(&["c-1"])]), ("eu", objects)]);
    assert!(snapshots[1].gateways.is_empty());
    assert_eq!(seen(&snapshots, &ids(&[("c-1", "eu")])), ["eu egress IstioGateway 2/2 Running"]);
    let rows = fleet(&snapshots, &ids(&[("c-1", "eu")]));
    assert_eq!((rows[0].pods.len(), rows[0].home.as_ref().map(ClusterName::as_str)), (2, Some("mesh")));
}

#[test]
fn a_canary_in_another_cluster_belongs_to_its_gateway() {
    let mut objects = gateway_objects("istio-egress", 1);
    let canary = "istio-egress-canary";
    objects.push(with(deployment(canary, 1), "/spec/template/metadata/labels", selector("istio-egress")));
    objects.push(replica_set(canary, 1));
    objects.push(with(pod(canary, 0), "/metadata/labels", selector("istio-egress")));
    let snapshots = open(&[("mesh", vec![cr(&["c-1"])]), ("eu", objects)]);
    let rows = fleet(&snapshots, &ids(&[("c-1", "eu")]));
    assert_eq!(rows.len(), 1);
    assert!(rows[0].canary.is_some() && rows[0].pods.len() == 2);
}

#[test]
fn a_cluster_that_was_never_heard_says_so() {
    let mut plane = cluster("eu", &[]);
    plane.link = Link::Unreachable { fault: Fault::new(Reason::Unreachable, "timeout", ""), next_try: None };
    let snapshots = vec![Arc::new(cluster("mesh", &[cr(&["eu"])])), Arc::new(plane)];
    let rows = fleet(&snapshots, &ids(&[]));
    assert_eq!(
        (rows[0].ready, rows[0].health.reason.as_str()),
        (None, "pods unknown: cluster eu is unreachable")
    );
}

#[test]
fn the_configs_direction_of_a_resource_holds_in_every_cluster() {
    let directions: Directions = [("egress", Direction::Ingress)].into_iter().collect();
    let joined = |mut snapshot: Snapshot| {
        snapshot.gateways = join(&snapshot, &directions).into();
        Arc::new(snapshot)
    };
    let mut objects = gateway_objects("istio-egress", 1);
    let snapshots = [joined(cluster("mesh", &[cr(&["eu", "c-2"])])), joined(cluster("eu", &objects))];
    assert!(fleet(&snapshots, &ids(&[])).iter().all(|row| row.direction == Direction::Ingress));
    objects.push(cr(&["here"]));
    let snapshots = [joined(cluster("here", &objects))];
    assert!(fleet(&snapshots, &ids(&[])).iter().all(|row| row.direction == Direction::Ingress));
}
