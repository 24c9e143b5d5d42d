use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::model::name::Kind;
use crate::model::testing::{cluster, deployment, gateway_objects, istio_gateway, service};

fn row(objects: &[Value]) -> Arc<GatewayRow> {
    cluster("prod-eu", objects).gateways[0].clone()
}

fn overview(row: &GatewayRow, whole: &[(Kind, Value)]) -> Vec<Section> {
    let whole: BTreeMap<Kind, &Value> = whole.iter().map(|(kind, value)| (*kind, value)).collect();
    gateway_overview(row, &|kind| whole.get(&kind).copied(), now())
}

fn cr() -> Value {
    let cr = istio_gateway(
        "egressgateway",
        json!({
            "gatewayType": "egress", "clusterIds": ["prod-eu"],
            "ports": [{"name": "http-0", "port": 80, "protocol": "HTTP"}, {"name": "https-1", "port": 443, "protocol": "HTTPS"}],
            "replicaCount": 2,
            "resources": {"limits": {"cpu": "2", "memory": "4G"}},
            "podLabels": {"security.istio.io/tlsMode": "istio", "team": "net"},
            "podAnnotations": {"note": "a, b, c"},
            "env": [{"name": "A", "value": "1,2"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
            "serviceType": 5,
        }),
    );
    let cr = with(cr, "/status", json!({"Status": "Available", "GatewayAddress": ["10.96.0.1"]}));
    with(
        cr,
        "/metadata/managedFields",
        json!([{"manager": "kubectl-edit", "operation": "Update", "time": "2026-05-01T10:00:00Z"}]),
    )
}

fn with_cr() -> Vec<Value> {
    let mut objects = gateway_objects("istio-egressgateway", 2);
    objects.push(cr());
    objects
}

#[test]
fn a_gateway_is_told_from_its_health_to_its_last_writer() {
    let row = row(&with_cr());
    let said = overview(&row, &[(Kind::Deployment, deployment("istio-egressgateway", 2))]);
    is_tidy(&said);
    let titles: Vec<&str> = said.iter().map(|section| &*section.title).collect();
    let form =
        ["Basic", "Autoscaling", "Rolling upgrade", "Placement", "Security", "Service", "Pod", "Proxy"];
    let rest = ["Not understood", "Made of", "Who wrote last"];
    assert_eq!(titles, [&["State"], &form[..], &rest].concat());
    says(
        &said,
        &[
            "Health: Running: 2 of 2 ready",
            "Replicas: 2 wanted, 2 updated, 2 ready, 2 available",
            "Address: 10.96.0.7  [ClusterIP]",
            "Its keeper says: Available",
            "Proxy: 1.28.0",
            "Gateway instances: 2  [set]",
            "Memory limit: 4G  [set]",
            "CPU request: 2 (the limit)  [default, Kubernetes]",
            "Minimum replicas: –  [autoscaling is off]",
            "Two-way TLS: on  [set]",
            "~ spec.serviceType: invalid type: integer `5`, expected a string",
            "IstioGateway: egressgateway  [120m old]",
            "Deployment: istio-egressgateway  [120m old]",
            "Disruption budget: none: draining nodes may evict all pods at once",
            "ServiceAccount: default  [its name is in the gateway's SPIFFE identity]",
            "IstioGateway: kubectl-edit (update)  [120m ago, 2026-05-01 10:00:00 UTC]",
        ],
    );
}

#[test]
fn maps_and_lists_have_a_line_per_entry_whatever_their_values_hold() {
    says(
        &overview(&row(&with_cr()), &[]),
        &[
            "Port mapping: 80 HTTP (http-0)",
            "443 HTTPS (https-1)  [set]",
            "Pod labels: security.istio.io/tlsMode=istio",
            "team=net  [set]",
            "Pod annotations: note=a, b, c  [set]",
            "Environment: A=1,2",
            "B=secret/s k  [set]",
        ],
    );
}

#[test]
fn what_an_override_decides_is_told_with_its_cluster() {
    let over = json!({"prod-eu": {"replicaCount": 2, "podLabels": {"zone": "eu"}}});
    let mut objects = gateway_objects("istio-egressgateway", 2);
    objects.push(with(cr(), "/spec/overrides", over));
    let mut row = (*row(&objects)).clone();
    row.cluster_id = Some("prod-eu".into());
    says(
        &overview(&row, &[]),
        &[
            "Gateway instances: 2  [set by the override for prod-eu]",
            "team=net",
            "zone=eu  [with the override for prod-eu]",
        ],
    );
}

#[test]
fn the_cluster_that_keeps_the_cr_and_its_error_are_named() {
    let mut objects = gateway_objects("istio-egressgateway", 2);
    objects.push(with(
        cr(),
        "/status",
        json!({"Status": "ReconcileFailed", "ErrorMessage": "quota\nexceeded"}),
    ));
    let mut row = (*row(&objects)).clone();
    row.home = Some("asm".into());
    says(
        &overview(&row, &[]),
        &[
            "Cluster: prod-eu  [its IstioGateway is kept in asm]",
            "IstioGateway: egressgateway  [in asm, 120m old]",
            "Its keeper says: ReconcileFailed",
            "! Its keeper's error: quota exceeded",
        ],
    );
}

/// A pod that waits for its image.
fn without_image(name: &str) -> Value {
    json!({
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "istio-system", "creationTimestamp": "2026-05-01T11:40:00Z",
            "labels": {"app": "istio-egressgateway", "istio": "egressgateway"}},
        "spec": {"containers": [{"name": "istio-proxy", "image": "nowhere/proxy:1"}]},
        "status": {"phase": "Pending", "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{"name": "istio-proxy", "restartCount": 2,
                "state": {"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling image"}},
                "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-05-01T11:55:00Z"}}}]},
    })
}

#[test]
fn pods_that_are_not_ready_are_told_five_at_most() {
    let mut objects = gateway_objects("istio-egressgateway", 2);
    objects.extend((0..12).map(|number| without_image(&format!("bad-{number:02}"))));
    let failure = json!([
        {"type": "Available", "status": "True", "lastTransitionTime": "2026-05-01T09:00:00Z"},
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
            "message": "ReplicaSet has timed out progressing.", "lastTransitionTime": "2026-05-01T11:50:00Z"},
    ]);
    objects[0] = with(objects[0].clone(), "/status/conditions", failure);
    let said = overview(&row(&objects), &[]);
    says(
        &said,
        &[
            "! Pod not ready: bad-00: ImagePullBackOff in istio-proxy: Back-off pulling image  [2 restarts, last 5m ago; 20m old]",
            "~ Pod not ready: and 7 more",
            "! Progressing: no, ProgressDeadlineExceeded: ReplicaSet has timed out progressing.  [for 10m]",
            "Replicas: 2 wanted, 2 updated, 2 ready, 2 available  [available for 3h]",
        ],
    );
    assert_eq!(to_text(&said).matches("Pod not ready:").count(), 6);
}

#[test]
fn a_rollout_that_is_not_through_says_what_is_missing() {
    let mut objects = gateway_objects("istio-egressgateway", 3);
    objects[0] = with(objects[0].clone(), "/status/updatedReplicas", json!(1));
    objects[0] = with(objects[0].clone(), "/status/observedGeneration", json!(0));
    objects[0] = with(objects[0].clone(), "/spec/paused", json!(true));
    says(
        &overview(&row(&objects), &[]),
        &[
            "Replicas: 3 wanted, 1 updated, 3 ready, 3 available  [2 of an older template still there]",
            "~ Paused: changes to the pods wait until the rollout is resumed",
        ],
    );
    assert!(to_text(&overview(&row(&objects), &[])).contains("Not seen yet: "));
}

#[test]
fn a_gateway_whose_pods_cannot_be_seen_has_unknown_parts_and_not_missing_ones() {
    let mut row = (*row(&[cr()])).clone();
    row.health =
        crate::model::health::HealthState::Unknown.because("pods unknown: cluster prod-eu is not open");
    let said = overview(&row, &[]);
    says(
        &said,
        &[
            "Health: Unknown: pods unknown: cluster prod-eu is not open",
            "Replicas: unknown",
            "Address: 10.96.0.1  [ClusterIP, as its keeper says]",
            "Deployment: unknown",
            "Service: unknown",
        ],
    );
    is_tidy(&said);
}

#[test]
fn of_another_origin_the_objects_speak() {
    let objects = gateway_objects("istio-egressgateway", 2);
    let template = |path: &str| format!("/spec/template/spec{path}");
    let whole = deployment("istio-egressgateway", 2);
    let whole = with(
        whole,
        &template("/topologySpreadConstraints"),
        json!([{"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}]),
    );
    let whole = with(whole, &template("/volumes"), json!([{"name": "tmp", "emptyDir": {}}]));
    let whole = with(
        whole,
        &template("/securityContext"),
        json!({"sysctls": [{"name": "net.core.somaxconn", "value": "1024"}]}),
    );
    let whole = with(
        whole,
        "/metadata/managedFields",
        json!([
            {"manager": "helm", "operation": "Update", "time": "2026-04-28T12:00:00Z"},
            {"manager": "kubectl", "operation": "Update", "subresource": "scale", "time": "2026-05-01T11:00:00Z"},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status", "time": "2026-05-01T11:59:00Z"},
        ]),
    );
    let service = with(
        service("istio-egressgateway"),
        "/metadata/annotations",
        json!({"lb/class": "a, b", "kubectl.kubernetes.io/last-applied-configuration": "{}"}),
    );
    let said = overview(&row(&objects), &[(Kind::Deployment, whole), (Kind::Service, service)]);
    is_tidy(&said);
    says(
        &said,
        &[
            "Name: istio-egressgateway  [set]",
            "Proxy: injected when a pod starts: what is not set here, istiod's template sets",
            "HPA: off  [there is no autoscaler]",
            "Topology spread: at most 1 apart over topology.kubernetes.io/zone, if possible  [set]",
            "Other volumes: tmp: empty directory  [set]",
            "Kernel parameters: net.core.somaxconn=1024  [set]",
            "Service annotations: lb/class=a, b  [set]",
            "sidecar.istio.io/inject=true  [set]",
            "Deployment: kubectl (update, scale)  [60m ago, 2026-05-01 11:00:00 UTC]",
            "Deployment: helm (update)  [3d ago, 2026-04-28 12:00:00 UTC]",
        ],
    );
    let text = to_text(&said);
    assert!(!text.contains("kube-controller-manager") && !text.contains("last-applied"), "{text}");
    assert!(text.find("kubectl (update, scale)") < text.find("helm (update)"), "newest first\n{text}");
}

#[test]
fn what_has_not_arrived_is_loading_and_not_missing() {
    let row = row(&gateway_objects("istio-egressgateway", 2));
    says(
        &overview(&row, &[]),
        &[
            "Port mapping: 80,443",
            "Limits: 2 / 4G",
            "Service type: ClusterIP",
            "All else: loading …",
            "Deployment: loading …",
        ],
    );
    let said = overview(&row, &[(Kind::Deployment, deployment("istio-egressgateway", 2))]);
    says(
        &said,
        &[
            "Service type: loading …",
            "Port mapping: loading …",
            "Service: loading …",
            "Gateway instances: 2  [set]",
        ],
    );
    is_tidy(&said);
}

#[test]
fn a_gateway_of_the_gateway_api_says_what_it_asks_for() {
    let objects = [
        json!({"kind": "GatewayClass", "metadata": {"name": "istio"}, "spec": {"controllerName": "istio.io/gateway-controller"}}),
        json!({"kind": "Gateway", "metadata": {"name": "out", "namespace": "istio-system"},
            "spec": {"gatewayClassName": "istio", "listeners": [{"name": "tls", "port": 443, "protocol": "TLS"}]},
            "status": {"conditions": [{"type": "Programmed", "status": "False", "reason": "AddressNotAssigned",
                "message": "no address", "lastTransitionTime": "2026-05-01T11:00:00Z"}]}}),
    ];
    let said = overview(&row(&objects), &[]);
    is_tidy(&said);
    says(
        &said,
        &[
            "# Gateway",
            "Class: istio",
            "Listener: 443 TLS (tls)",
            "Addresses: none yet",
            "! Programmed: no, AddressNotAssigned: no address  [for 60m]",
        ],
    );
}
