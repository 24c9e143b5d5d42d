//! The golden manifests on the real API server and through the real injector, and beside Istio's own chart.

use std::collections::BTreeMap;
use std::fs;

use egret::materialize::compare::differences;
use egret::materialize::{Site, build};
use egret::model::istio_gateway::IstioGateway;
use http::Request;
use kube::Client;
use serde_json::Value;

use super::golden::{folder, gateways};
use crate::support::plane::{rendered_gateway_chart, shared_with_istio};

fn documents(text: &str) -> Vec<Value> {
    serde_yaml::from_multiple(text).unwrap()
}

/// Where an object is applied.
fn path(object: &Value) -> String {
    let api = object["apiVersion"].as_str().unwrap();
    let plural = match object["kind"].as_str().unwrap() {
        "ServiceAccount" => "serviceaccounts",
        "Role" => "roles",
        "RoleBinding" => "rolebindings",
        "Service" => "services",
        "Deployment" => "deployments",
        "HorizontalPodAutoscaler" => "horizontalpodautoscalers",
        "PodDisruptionBudget" => "poddisruptionbudgets",
        "EnvoyFilter" => "envoyfilters",
        "Gateway" => "gateways",
        kind => panic!("{kind}"),
    };
    let base = if api.contains('/') { format!("/apis/{api}") } else { format!("/api/{api}") };
    format!("{base}/namespaces/istio-system/{plural}")
}

/// What the server would make of an object, and what it warns of.
async fn dry_run(client: &Client, request: http::request::Builder, object: &Value) -> Result<Value, String> {
    let request = request.body(object.to_string().into_bytes()).unwrap();
    client.request(request).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn every_golden_object_is_taken_by_the_real_server_and_every_pod_is_made_whole() {
    let client = shared_with_istio().await.admin().await;
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(folder().join("golden")).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        for object in documents(&fs::read_to_string(&file).unwrap()) {
            let at = format!(
                "{}/{}?dryRun=All&fieldManager=egret&fieldValidation=Strict",
                path(&object),
                object["metadata"]["name"].as_str().unwrap()
            );
            let apply = Request::patch(at).header("content-type", "application/apply-patch+yaml");
            count += 1;
            if let Err(why) = dry_run(&client, apply, &object).await {
                wrong.push(format!("{name} {}: {why}", object["kind"]));
            }
            if object["kind"] != "Deployment" {
                continue;
            }
            let mut pod = object["spec"]["template"].clone();
            pod["apiVersion"] = "v1".into();
            pod["kind"] = "Pod".into();
            pod["metadata"]["name"] = "whole".into();
            let create = Request::post("/api/v1/namespaces/istio-system/pods?dryRun=All")
                .header("content-type", "application/json");
            match dry_run(&client, create, &pod).await {
                Ok(made) => wrong.extend(incomplete(&made).map(|why| format!("{name}: {why}"))),
                Err(why) => wrong.push(format!("{name}: the pod: {why}")),
            }
        }
    }
    // That of the revision canary, which this mesh does not have: nothing would be rolled out (R7).
    let expected = ["environment: the image of istio-proxy is auto".to_owned()];
    assert_eq!(wrong, expected);
    assert!(count > 150, "{count}");
}

/// What a pod lacks to be a gateway.
fn incomplete(pod: &Value) -> Option<String> {
    let spec = &pod["spec"];
    let all = || {
        let of = |field: &str| spec[field].as_array().cloned().unwrap_or_default();
        of("initContainers").into_iter().chain(of("containers"))
    };
    if let Some(auto) = all().find(|container| container["image"] == "auto") {
        return Some(format!("the image of {} is auto", auto["name"].as_str().unwrap()));
    }
    let proxy = all().find(|container| container["name"] == "istio-proxy")?;
    if proxy["readinessProbe"]["httpGet"]["path"] != "/healthz/ready" {
        return Some("there is no readiness probe".to_owned());
    }
    let mounted =
        |name: &str| proxy["volumeMounts"].as_array().unwrap().iter().any(|mount| mount["name"] == name);
    let lacks = ["istio-token", "istiod-ca-cert", "istio-envoy"].into_iter().find(|name| !mounted(name));
    lacks.map(|name| format!("there is no volume {name}"))
}

/// How the minimal gateway differs from what Istio's own chart makes of the same values: the end of each line, and why.
const REASONS: &[(&str, &str)] = &[
    ("labels[app.kubernetes.io/managed-by]: Helm, should be egret", "who made it"),
    ("labels[app.kubernetes.io/managed-by]: only theirs", "pods do not say who made their Deployment"),
    ("labels[app.kubernetes.io/name]: only theirs", "Helm's own"),
    ("labels[app.kubernetes.io/instance]: only theirs", "Helm's own"),
    ("labels[app.kubernetes.io/part-of]: only theirs", "Helm's own"),
    (
        "labels[app.kubernetes.io/version]: only theirs",
        "Helm's own: on pods it would restart them with each chart",
    ),
    ("labels[helm.sh/chart]: only theirs", "Helm's own: on pods it would restart them with each chart"),
    ("metadata.annotations: only theirs", "empty in the chart"),
    (
        " metadata.labels[istio.io/dataplane-mode]: only theirs",
        "pods need it, and have it; other objects do not",
    ),
    (
        "annotations[sidecar.istio.io/inject]: only theirs",
        "the label decides; the annotation alone does nothing (R7)",
    ),
    (
        "\"namespace\":\"istio-system\"}]",
        "the API server wants the account's namespace; helm leaves it to kubectl",
    ),
    ("Service spec.ports[80/TCP]: only theirs", "a default of the chart; the CR names none"),
    ("Service spec.ports[443/TCP]: only theirs", "a default of the chart; the CR names none"),
    ("containers[istio-proxy].ports: only theirs", "15090, which the injector adds too"),
    ("terminationGracePeriodSeconds: only theirs", "30, which Kubernetes fills in too"),
];

#[tokio::test]
async fn the_minimal_gateway_is_what_istios_own_chart_makes_but_for_what_is_listed() {
    let (_, document) = gateways().into_iter().find(|(name, _)| name == "minimal").unwrap();
    let gateway = IstioGateway::read(&document).unwrap();
    let ours = build(&gateway, &Site::of(&gateway)).unwrap();
    let values =
        ["service.type=ClusterIP", "autoscaling.enabled=false", "replicaCount=1", "name=istio-minimal"];
    let chart =
        tokio::task::spawn_blocking(move || rendered_gateway_chart("istio-minimal", &values)).await.unwrap();
    let chart: BTreeMap<String, Value> = chart
        .unwrap()
        .into_iter()
        .map(|object| (object["kind"].as_str().unwrap().to_owned(), object))
        .collect();
    let mut found = Vec::new();
    for (part, object) in ours.parts() {
        let Some(object) = object else { continue };
        let Some(theirs) = chart.get(&part.to_string()) else {
            found.push(format!("{part}: only ours"));
            continue;
        };
        found.extend(differences(&object.0, theirs).iter().map(|d| format!("{part} {}", d.in_words())));
        let only = differences(theirs, &object.0).into_iter().filter(|d| d.live.is_none());
        found.extend(only.map(|d| format!("{part} {}: only theirs", d.path)));
    }
    let told = |line: &String| REASONS.iter().any(|(end, _)| line.ends_with(end));
    let untold: Vec<&String> = found.iter().filter(|line| !told(line)).collect();
    assert_eq!(untold, Vec::<&String>::new());
    let unmet: Vec<_> =
        REASONS.iter().filter(|(end, _)| !found.iter().any(|line| line.ends_with(end))).collect();
    assert_eq!(unmet, Vec::<&(&str, &str)>::new());
}
