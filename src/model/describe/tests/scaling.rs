use serde_json::{Value, json};

use super::*;
use crate::model::testing::{cluster, deployment, gateway_objects, istio_gateway};

fn scaler() -> Value {
    json!({
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "istio-egressgateway", "namespace": "istio-system", "uid": "h"},
        "spec": {
            "scaleTargetRef": {"kind": "Deployment", "name": "istio-egressgateway"}, "minReplicas": 1, "maxReplicas": 5,
            "metrics": [
                {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}},
                {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "500Mi"}}},
            ],
            "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [
                    {"type": "Percent", "value": 100, "periodSeconds": 15}, {"type": "Pods", "value": 4, "periodSeconds": 15}]},
                "scaleDown": {"selectPolicy": "Disabled"},
            },
        },
        "status": {
            "currentReplicas": 2, "desiredReplicas": 5, "lastScaleTime": "2026-05-01T11:48:00Z",
            "currentMetrics": [
                {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 240, "averageValue": "480m"}}},
                {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "300Mi"}}},
            ],
            "conditions": [
                {"type": "AbleToScale", "status": "True", "reason": "SucceededRescale", "message": "the HPA controller was able to update the target scale", "lastTransitionTime": "2026-05-01T09:00:00Z"},
                {"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas", "message": "the desired replica count is more than the maximum replica count", "lastTransitionTime": "2026-05-01T11:48:00Z"},
            ],
        },
    })
}

fn budget(allowed: u32) -> Value {
    json!({
        "kind": "PodDisruptionBudget", "metadata": {"name": "istio-egressgateway", "namespace": "istio-system"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "istio-egressgateway", "istio": "egressgateway"}}},
        "status": {"disruptionsAllowed": allowed},
    })
}

fn row(more: &[Value]) -> Arc<GatewayRow> {
    let mut objects = gateway_objects("istio-egressgateway", 2);
    objects.extend(more.iter().cloned());
    cluster("prod-eu", &objects).gateways[0].clone()
}

#[test]
fn an_autoscaler_says_what_it_wants_measures_and_may() {
    let said = gateway_scaling(&row(&[scaler(), budget(0)]), Some(&scaler()), now());
    is_tidy(&said);
    says(
        &said,
        &[
            "Bounds: 1–5 replicas",
            "Replicas: 2 → 5",
            "~ At its maximum: more load is not met by more pods: raise the maximum",
            "Last scaled: 12m ago, 2026-05-01 11:48:00 UTC",
            "Scales: Deployment istio-egressgateway",
            "~ cpu: 240% of the request, target 80%",
            "memory: 300Mi on average, target 500Mi",
            "AbleToScale: yes, SucceededRescale: the HPA controller was able to update the target scale  [for 3h]",
            "~ ScalingLimited: yes, TooManyReplicas: the desired replica count is more than the maximum replica count  [for 12m]",
            "Scaling up: at once, at most 100% in 15 s or 4 pods in 15 s, the most of these",
            "Scaling down: never",
            "~ Allowed now: 0: no pod may be evicted, and a node drain waits",
            "Rule: at least 1 available",
        ],
    );
}

#[test]
fn a_metric_that_nobody_answers_is_explained() {
    let blind = with(scaler(), "/status/currentMetrics", json!([]));
    let blind = with(
        blind,
        "/status/conditions",
        json!([{"type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric",
            "message": "unable to get metrics for resource cpu", "lastTransitionTime": "2026-05-01T11:00:00Z"}]),
    );
    says(
        &gateway_scaling(&row(std::slice::from_ref(&blind)), Some(&blind), now()),
        &[
            "! cpu: <unknown>, target 80%: no metrics server answered, so replicas stay as they are  [FailedGetResourceMetric: unable to get metrics for resource cpu]",
            "! ScalingActive: no, FailedGetResourceMetric: unable to get metrics for resource cpu  [for 60m]",
        ],
    );
}

#[test]
fn until_the_whole_object_is_here_the_row_speaks() {
    says(
        &gateway_scaling(&row(&[scaler()]), None, now()),
        &["Bounds: 1–5 replicas", "Last scaled: loading …", "~ cpu: 240% of the request, target 80%"],
    );
}

#[test]
fn without_an_autoscaler_the_number_is_fixed() {
    says(
        &gateway_scaling(&row(&[]), None, now()),
        &[
            "Autoscaling is off: 2 replicas are fixed. More load is not met by more pods.",
            "No PodDisruptionBudget: draining nodes may evict all pods at once.",
        ],
    );
    let one = cluster("c", &[deployment("istio-egressgateway", 1)]);
    says(
        &gateway_scaling(&one.gateways[0], None, now()),
        &[
            "Autoscaling is off: 1 replica is fixed. More load is not met by more pods, and nothing else serves while its pod is away.",
        ],
    );
}

#[test]
fn a_wish_for_autoscaling_that_nobody_fulfils_is_told() {
    let wished = row(&[istio_gateway("egressgateway", json!({"autoscaleEnabled": true, "maxReplicas": 5}))]);
    let said = to_text(&gateway_scaling(&wished, None, now()));
    assert!(
        said.contains("! The IstioGateway asks for autoscaling, but there is no HorizontalPodAutoscaler"),
        "{said}"
    );
    let other = row(&[istio_gateway("egressgateway", json!({})), scaler()]);
    let said = to_text(&gateway_scaling(&other, Some(&scaler()), now()));
    assert!(said.contains("~ Two deciders: autoscaling is off in the IstioGateway"), "{said}");
}

#[test]
fn a_daemon_set_is_not_scaled() {
    let mut set = with(deployment("istio-egressgateway", 3), "/kind", json!("DaemonSet"));
    set = with(set, "/status/desiredNumberScheduled", json!(3));
    let said = cluster("c", &[set]);
    says(
        &gateway_scaling(&said.gateways[0], None, now()),
        &["A DaemonSet runs one pod on each of its nodes, 3 now: it is not scaled."],
    );
}
