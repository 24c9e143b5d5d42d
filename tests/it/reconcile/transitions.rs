//! From each gateway to each other one, and from each that is wrong back to one that is right: the end is that of a fresh
//! create.

use egret::materialize::names::REPLICAS_MANAGER;
use egret::materialize::{Problem, validate};
use egret::model::istio_gateway::IstioGateway;
use serde_json::{Value, json};

use super::golden::gateways;
use super::stage::{HOME, Stage};

/// All gateways, with one name and in one cluster, so that one can become another.
fn alike() -> Vec<(String, Value)> {
    let mut all = gateways();
    for (_, gateway) in &mut all {
        gateway["metadata"]["name"] = "out".into();
        // What a cluster makes of them is the scenarios' of crash points.
        if gateway["spec"]["clusterIds"].is_array() {
            gateway["spec"]["clusterIds"] = json!([HOME]);
            gateway["spec"]["overrides"] = json!({HOME: gateway["spec"]["overrides"]["cluster-b"]});
        }
    }
    all
}

/// Makes a gateway another one, as a person does with `kubectl replace`.
fn become_other(stage: &Stage, target: &Value) {
    let (annotations, spec) = (target["metadata"]["annotations"].clone(), target["spec"].clone());
    stage.edit("out", |gateway| {
        gateway["spec"] = spec;
        gateway["metadata"]["annotations"] = if annotations.is_null() { json!({}) } else { annotations };
    });
}

/// The picture without what a gateway may keep of its past: the replicas that nobody asks for, and who keeps them.
pub(super) fn end(stage: &Stage, target: &Value) -> String {
    let gateway = IstioGateway::read(target).unwrap();
    let kept = gateway.spec.effective(Some(HOME)).autoscales() || !gateway.replicas_managed();
    let picture = stage.picture();
    let lines = picture.lines().filter(|line| {
        // How far pods that cannot run have come is of the way, not of the end.
        let of_the_way = line.contains("pods are ready") || line.contains(REPLICAS_MANAGER);
        let of_somebody_else = kept && line.contains("\"replicas\":");
        !of_the_way && !of_somebody_else
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn class(gateway: &Value) -> &Value {
    &gateway["spec"]["loadBalancerClass"]
}

fn balanced(gateway: &Value) -> bool {
    let spec = &gateway["spec"];
    spec["serviceType"] == "LoadBalancer"
        || (spec["serviceType"].is_null() && spec["gatewayType"] == "ingress")
}

fn transitions(part: usize, of: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (all, mut wrong) = (alike(), Vec::new());
    let empty = Stage::new(&[]);
    let settled = |stage: &Stage| runtime.block_on(async { stage.settled("out").await.all_writes() });
    let begun: Vec<(Stage, String)> = all
        .iter()
        .map(|(_, gateway)| {
            let stage = empty.copied();
            stage.put_document(gateway);
            settled(&stage);
            let end = end(&stage, gateway);
            (stage, end)
        })
        .collect();
    for ((from, begun_as), (begin, _)) in all.iter().zip(&begun).skip(part).step_by(of) {
        for ((to, target), (_, fresh)) in all.iter().zip(&begun) {
            let stage = begin.copied();
            become_other(&stage, target);
            settled(&stage);
            let end = end(&stage, target);
            if class(target) != class(begun_as) && balanced(target) && balanced(begun_as) {
                // R10: it stays what it was, and that is told.
                let told = stage.gateway("out").unwrap()["status"]["ErrorMessage"].to_string();
                assert!(
                    told.contains("loadBalancerClass of Service istio-out stays"),
                    "{from} to {to}: {told}"
                );
            } else if end != *fresh {
                wrong.push(format!("{from} to {to}:{}", super::crash::difference(fresh, &end)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all.len() * all.len() / of, wrong.join("\n"));
}

#[test]
fn from_each_gateway_to_each_other_the_end_is_that_of_a_fresh_one_first_half() {
    transitions(0, 2);
}

#[test]
fn from_each_gateway_to_each_other_the_end_is_that_of_a_fresh_one_second_half() {
    transitions(1, 2);
}

#[test]
fn from_each_wrong_gateway_back_to_a_right_one_the_end_is_that_of_a_fresh_one() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let right = json!({"metadata": {"name": "out", "namespace": "istio-system"},
        "spec": {"replicaCount": 2, "ports": super::rounds::ports()}});
    let begin = Stage::new(&[]);
    begin.put_document(&right);
    runtime.block_on(begin.settled("out"));
    let fresh = end(&begin, &right);
    // What the kind's own schema lets pass, and egret does not.
    let wrong = [
        json!({"dnsPolicy": "None"}),
        json!({"tolerations": [{"operator": "Equal"}]}),
        json!({"env": [{"name": "A"}, {"name": "A"}]}),
        json!({"kernel": {"enabled": true, "parameters": {"vm.swappiness": "10"}}}),
        json!({"podLabels": {"sidecar.istio.io/inject": "false"}}),
        json!({"hostNetwork": true}),
        json!({"podAnnotations": {"proxy.istio.io/config": "- a"}}),
        json!({"autoscaleEnabled": true, "maxReplicas": 2, "resources": {"limits": {"memory": "1Gi"}}}),
        json!({"secretVolumes": [{"name": "istio-token", "secretName": "s", "mountPath": "/s"}]}),
        json!({"serviceType": "ClusterIP", "compression": {"gzip": {"compression_level": "MOST"}}}),
    ];
    for fields in wrong {
        let stage = begin.copied();
        let mut bad = right.clone();
        bad["spec"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let problems = validate(&IstioGateway::read(&bad).unwrap());
        assert!(problems.iter().any(Problem::is_error), "{fields}");
        become_other(&stage, &bad);
        runtime.block_on(stage.settled("out"));
        assert_eq!(stage.gateway("out").unwrap()["status"]["Status"], "ReconcileFailed", "{fields}");
        become_other(&stage, &right);
        runtime.block_on(stage.settled("out"));
        assert_eq!(end(&stage, &right), fresh, "{fields}");
    }
}
