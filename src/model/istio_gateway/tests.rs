use std::collections::BTreeSet;

use schemars::Schema;
use serde_json::json;

use super::*;
use crate::model::egress_traffic_policy::EgressTrafficPolicy;
use crate::model::tolerant::Why;

macro_rules! examples {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../../tests/data/", $path)))),*]
    };
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

fn gateway(spec: Value) -> IstioGateway {
    IstioGateway::read(&json!({"metadata": {"name": "egressgateway"}, "spec": spec})).unwrap()
}

#[test]
fn what_was_adopted_is_looked_for_under_its_own_names() {
    let gateway = |annotations: serde_json::Value| {
        IstioGateway::read(
            &serde_json::json!({"metadata": {"name": "istio-out", "annotations": annotations}}),
        )
        .unwrap()
    };
    let record = serde_json::json!({"deployment": "old", "service": "old-svc"}).to_string();
    let adopted = gateway(serde_json::json!({"egret/adopted": record}));
    assert_eq!(
        (adopted.workload_names(), adopted.service_names()),
        (vec!["old".into()], vec!["old-svc".into()])
    );
    for plain in [serde_json::json!({}), serde_json::json!({"egret/adopted": "no JSON"})] {
        assert_eq!(gateway(plain).workload_names(), ["istio-out", "istio-istio-out"]);
    }
}

#[test]
fn every_field_of_every_example_comes_back() {
    let gateways = examples![
        "istiogateways/egress.yaml",
        "istiogateways/ingress-older.yaml",
        "istiogateways/ingress-api.yaml",
        "istiogateways/highly-available.yaml",
        "istiogateways/serverless-overflow.yaml",
        "istiogateways/everything.yaml",
    ];
    for (path, text) in gateways {
        let document = yaml(text);
        let read = IstioGateway::read(&document).unwrap();
        assert_eq!(read.unread().collect::<Vec<_>>(), [], "{path}");
        assert_eq!(serde_json::to_value(&read).unwrap()["spec"], document["spec"], "{path}");
    }
    let policies = examples![
        "policies/one-destination.yaml",
        "policies/upgrade-and-passthrough.yaml",
        "policies/allocated-ports.yaml",
    ];
    for (path, text) in policies {
        let document = yaml(text);
        let read = EgressTrafficPolicy::read(&document).unwrap();
        assert_eq!(read.spec.unread, [], "{path}");
        let back = serde_json::to_value(&read).unwrap();
        assert_eq!(back["spec"], document["spec"], "{path}");
        assert_eq!(back.get("status"), document.get("status"), "{path}");
    }
}

#[test]
fn the_example_with_everything_has_every_field_of_the_type() {
    let schema: Schema = schemars::schema_for!(GatewayConfiguration);
    let fields: BTreeSet<_> = schema.as_value()["properties"].as_object().unwrap().keys().collect();
    let document = yaml(include_str!("../../../tests/data/istiogateways/everything.yaml"));
    let spec = document["spec"].as_object().unwrap();
    let beside = ["gatewayType", "clusterIds", "overrides"];
    let written: BTreeSet<_> = spec.keys().filter(|key| !beside.contains(&key.as_str())).collect();
    assert_eq!(written, fields);
    let kernel: BTreeSet<_> =
        spec["kernel"]["parameters"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(kernel, BTreeSet::from(KERNEL_PARAMETERS));
}

#[test]
fn the_status_is_read_from_its_capitalised_keys() {
    let document = json!({
        "metadata": {"name": "egressgateway"},
        "spec": {},
        "status": {
            "Status": "Available",
            "GatewayAddress": ["10.96.0.7"],
            "ClusterIdGatewayAddressMap": [{"ipAddress": "10.96.0.7", "clusterId": "c1"}],
            "ErrorMessage": "",
        },
    });
    let read = IstioGateway::read(&document).unwrap();
    let status = read.status.as_ref().unwrap();
    assert_eq!(status.status, Some(ConfigState::Available));
    assert_eq!(status.gateway_address.as_deref(), Some(&["10.96.0.7".to_owned()][..]));
    assert_eq!(status.cluster_id_gateway_address_map.as_ref().unwrap()[0].cluster_id.as_deref(), Some("c1"));
    assert_eq!(serde_json::to_value(&read).unwrap()["status"], document["status"]);
}

#[test]
fn an_object_with_mistakes_is_read_but_for_them() {
    let read = IstioGateway::read(&json!({
        "metadata": {"name": "egressgateway"},
        "spec": {
            "gatewayType": "cross-network",
            "serviceType": "ExternalName",
            "replicaCount": "two",
            "rollingMaxSurge": 1,
            "topologySpreadConstraints": [],
            "ports": [{"port": 80, "protocol": "QUIC", "targetPort": 0}, {"port": 99999, "name": "high"}],
            "kernel": {"parameters": {"vm.swappiness": 10}},
            "overrides": {"c1": {"minReplicas": -1, "maxReplicas": 3}},
        },
        "status": {"Status": "Strange", "GatewayAddress": "10.0.0.1"},
    }))
    .unwrap();
    let mut unread: Vec<_> = read.unread().map(|u| (u.path, matches!(u.why, Why::Unknown))).collect();
    // In the order of the document; here by path.
    unread.sort();
    let expected = [
        ("spec.kernel.parameters[\"vm.swappiness\"]", false),
        ("spec.overrides.c1.minReplicas", false),
        ("spec.ports[1].port", false),
        ("spec.replicaCount", false),
        ("spec.rollingMaxSurge", false),
        ("spec.topologySpreadConstraints", true),
        ("status.GatewayAddress", false),
    ];
    assert_eq!(unread, expected.map(|(path, unknown)| (path.to_owned(), unknown)));

    let configuration = &read.spec.configuration;
    assert_eq!(read.spec.gateway_type, Some(GatewayType::Other("cross-network".into())));
    assert_eq!(configuration.service_type, Some(ServiceType::Other("ExternalName".into())));
    let ports = configuration.ports.as_ref().unwrap();
    assert_eq!(ports[0].protocol(), Protocol::Other("QUIC".into()));
    assert_eq!((ports[1].name.as_deref(), ports[1].port), (Some("high"), None));
    assert_eq!(read.spec.effective(Some("c1")).max_replicas, Some(3));
    assert_eq!(read.status.unwrap().status, Some(ConfigState::Other("Strange".into())));
}

#[test]
fn an_object_without_spec_is_an_empty_gateway() {
    for document in [json!({"metadata": {"name": "a"}}), json!({"metadata": {"name": "a"}, "spec": null})] {
        let read = IstioGateway::read(&document).unwrap();
        assert_eq!((read.name(), &read.spec), ("a", &IstioGatewaySpec::default()));
    }
}

#[test]
fn a_target_port_of_nothing_is_the_port_itself() {
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString::{Int, String as Text};
    let cases = [
        (json!({"port": 443, "targetPort": 0}), Some(Int(443))),
        (json!({"port": 443}), Some(Int(443))),
        (json!({"port": 443, "targetPort": 8443}), Some(Int(8443))),
        (json!({"port": 443, "targetPort": "tls"}), Some(Text("tls".into()))),
        (json!({}), None),
    ];
    for (port, expected) in cases {
        let read: GatewayPort = serde_json::from_value(port.clone()).unwrap();
        assert_eq!(read.target(), expected, "{port}");
    }
}

#[test]
fn only_the_clusters_own_override_counts() {
    let read = gateway(json!({
        "replicaCount": 2,
        "podLabels": {"security.istio.io/tlsMode": "istio"},
        "overrides": {"c1": {"replicaCount": 5, "podLabels": {"security.istio.io/tlsMode": "disabled"}}},
    }));
    for (cluster, replicas, mtls) in
        [(None, Some(2), true), (Some("c1"), Some(5), false), (Some("c2"), Some(2), true)]
    {
        let effective = read.spec.effective(cluster);
        assert_eq!((effective.replica_count, effective.mtls_label()), (replicas, mtls), "{cluster:?}");
    }
}

#[test]
fn a_gateway_called_istio_something_is_looked_up_under_both_names() {
    let mut read = gateway(json!({}));
    read.metadata.name = Some("istio-egressgateway".into());
    assert_eq!(read.short_name(), "egressgateway");
    assert_eq!(read.generated_name(), "istio-egressgateway");
    assert_eq!(read.workload_names(), ["istio-egressgateway", "istio-istio-egressgateway"]);
}

#[test]
fn both_versions_are_served_under_one_name() {
    for version in VERSIONS {
        let resource = IstioGateway::resource(version);
        assert_eq!(
            (resource.version.as_str(), resource.plural.as_str(), resource.api_version.as_str()),
            (version, "istiogateways", format!("{GROUP}/{version}").as_str())
        );
        assert_eq!(EgressTrafficPolicy::resource(version).plural, "asmegresstrafficpolicies");
    }
}
