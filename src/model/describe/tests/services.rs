use serde_json::{Value, json};

use super::*;
use crate::model::gateway::{GatewayId, Origin};
use crate::model::health::HealthState;
use crate::model::row::{EndpointSliceRow, Row, ServiceRow};

fn balanced() -> Value {
    json!({
        "metadata": {"name": "istio-egressgateway", "namespace": "istio-system", "creationTimestamp": "2026-04-29T12:00:00Z",
            "labels": {"app": "istio-egressgateway"},
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "lb/class": "intranet"}},
        "spec": {"type": "LoadBalancer", "clusterIP": "10.96.12.7", "ipFamilies": ["IPv4"], "externalTrafficPolicy": "Local",
            "healthCheckNodePort": 30001, "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 10800}},
            "selector": {"app": "istio-egressgateway", "istio": "egressgateway"},
            "ports": [
                {"name": "http-0", "port": 80, "targetPort": 8080, "nodePort": 31234, "appProtocol": "http", "protocol": "TCP"},
                {"name": "grpc-1", "port": 50051, "targetPort": "grpc", "protocol": "TCP"},
                {"port": 53, "protocol": "UDP"},
            ]},
        "status": {"loadBalancer": {}},
    })
}

fn slice(name: &str, service: &str, endpoints: Value) -> Arc<EndpointSliceRow> {
    let json = json!({
        "metadata": {"name": name, "namespace": "istio-system", "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4", "endpoints": endpoints, "ports": [{"name": "grpc-1", "port": 9000}],
    });
    Arc::new(EndpointSliceRow::parse(json.to_string().as_bytes()).unwrap())
}

fn endpoint(address: &str, pod: &str, ready: bool, terminating: bool) -> Value {
    json!({"addresses": [address], "conditions": {"ready": ready, "terminating": terminating},
        "targetRef": {"kind": "Pod", "name": pod}, "nodeName": "node-1"})
}

fn slices() -> Vec<Arc<EndpointSliceRow>> {
    vec![
        slice(
            "a",
            "istio-egressgateway",
            json!([
                endpoint("10.0.0.1", "egress-1", true, false),
                endpoint("10.0.0.2", "egress-2", false, false),
                endpoint("10.0.0.3", "egress-3", true, false),
                endpoint("10.0.0.4", "egress-4", false, true),
            ]),
        ),
        slice("v6", "istio-egressgateway", json!([endpoint("fd00::1", "egress-1", true, false)])),
        slice("other", "another", json!([endpoint("10.9.9.9", "another-1", true, false)])),
    ]
}

#[test]
fn a_service_says_how_it_is_reached_and_what_answers() {
    let said = service(&balanced(), &slices(), now());
    is_tidy(&said);
    says(
        &said,
        &[
            "Type: LoadBalancer",
            "Name in the cluster: istio-egressgateway.istio-system.svc",
            "Cluster IP: 10.96.12.7",
            "External traffic: Local  [only nodes with a ready pod take it; the client's address is kept]",
            "Selector: app=istio-egressgateway",
            "istio=egressgateway",
            "Health check port: 30001",
            "Session affinity: ClientIP for 10800 seconds",
            "Created: 2d ago, 2026-04-29 12:00:00 UTC",
            "http-0: 80/TCP → 8080  node port 31234  appProtocol http",
            "grpc-1: 50051/TCP → grpc (9000)",
            "–: 53/UDP → 53",
            "~ 2 of 3 endpoints ready, 1 terminating",
            "10.0.0.1, fd00::1: ready  [egress-1 on node-1]",
            "~ 10.0.0.2: not ready  [egress-2 on node-1]",
            "10.0.0.4: terminating  [egress-4 on node-1]",
            "lb/class=intranet",
        ],
    );
    let text = to_text(&said);
    assert!(!text.contains("10.9.9.9") && !text.contains("last-applied"), "{text}");
}

#[test]
fn a_pending_load_balancer_says_what_it_waits_for() {
    let said = to_text(&service(&balanced(), &[], now()));
    assert!(
        said.contains("Load balancer: pending: waits for an address from the load balancer's controller"),
        "{said}"
    );
    let there = with(balanced(), "/status/loadBalancer/ingress", json!([{"ip": "203.0.113.9"}]));
    says(&service(&there, &[], now()), &["Load balancer: 203.0.113.9"]);
}

#[test]
fn a_service_that_nothing_answers_says_so() {
    let none = service(&balanced(), &[], now());
    says(&none, &["! none: no pod has the labels of the selector, so nothing answers at this address"]);
    let all_down = slice("a", "istio-egressgateway", json!([endpoint("10.0.0.2", "egress-2", false, false)]));
    says(
        &service(&balanced(), &[all_down], now()),
        &["! 0 of 1 endpoint ready: nothing answers at this address"],
    );
    let by_hand = with(balanced(), "/spec/selector", Value::Null);
    says(&service(&by_hand, &[], now()), &["Selector: none: its endpoints are kept by hand"]);
    let name = json!({"metadata": {"name": "x"}, "spec": {"type": "ExternalName", "externalName": "api.example.com"}});
    says(
        &service(&name, &[], now()),
        &["Stands for: api.example.com", "none: the name only stands for another name"],
    );
    let headless = with(balanced(), "/spec/clusterIP", json!("None"));
    says(
        &service(&headless, &[], now()),
        &["Cluster IP: none: headless, the name leads to the pods themselves"],
    );
}

#[test]
fn odd_services_are_described_as_far_as_they_go() {
    for odd in
        [json!({}), json!({"spec": {"ports": [{}], "selector": {"a": null}}, "status": {"conditions": [{}]}})]
    {
        is_tidy(&service(&odd, &[], now()));
    }
}

fn gateway() -> GatewayRow {
    let id = GatewayId {
        cluster: "prod-eu".into(),
        namespace: "istio-system".into(),
        name: "egressgateway".into(),
    };
    GatewayRow::new(id, Origin::IstioGateway)
}

#[test]
fn the_service_of_a_gateway_reads_like_any_other() {
    let mut row = gateway();
    row.service = Some(Arc::new(ServiceRow::parse(balanced().to_string().as_bytes()).unwrap()));
    row.endpoint_slices = slices()[..2].to_vec();
    says(
        &gateway_service(&row),
        &[
            "# Service istio-egressgateway",
            "Cluster IP: 10.96.12.7",
            "http-0: 80/TCP → 8080  node port 31234  appProtocol http",
            "~ 2 of 3 endpoints ready, 1 terminating",
        ],
    );
}

#[test]
fn a_gateway_without_a_service_says_why_that_matters() {
    let mut row = gateway();
    row.health = HealthState::Error.because("no Service");
    says(
        &gateway_service(&row),
        &[
            "! This gateway has no Service: sidecars find an egress gateway by its Service's name, so no traffic reaches it.",
            "Whoever keeps the IstioGateway has not made it; its status and events tell why.",
        ],
    );
    row.health = HealthState::Unknown.because("pods unknown: cluster prod-eu is not open");
    says(&gateway_service(&row), &["Service unknown: pods unknown: cluster prod-eu is not open."]);
}
