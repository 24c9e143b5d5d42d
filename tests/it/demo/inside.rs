//! The insides of simulated pods, as clients reach them: through the pod proxy, a port-forward and the metrics API.

use std::time::Duration;

use egret::demo::envoy::GatewayPod;
use egret::demo::fault::Rule;
use egret::demo::story;
use egret::demo::world::{World, begin};
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, Error};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const STATS: &str = "/stats/prometheus?usedonly&filter=istio_requests%7Cserver";

/// A world of one cluster of the story, whose time stands.
fn world(name: &str) -> World {
    World::new(vec![story::place(1, name).unwrap()], begin(), 0.0)
}

async fn get(client: &Client, path: &str) -> Result<String, Error> {
    client.request_text(http::Request::get(path).body(Vec::new()).unwrap()).await
}

/// The first pod of a gateway in istio-system.
fn first(world: &World) -> GatewayPod {
    let all = world.gateway_pods().into_iter().map(|(_, pod)| pod);
    all.into_iter().find(|pod| pod.namespace == "istio-system").unwrap()
}

fn proxied(pod: &str, port: u16, path: &str) -> String {
    format!("/api/v1/namespaces/istio-system/pods/{pod}:{port}/proxy{path}")
}

fn code(error: Result<String, Error>) -> u16 {
    match error {
        Err(Error::Api(status)) => status.code,
        other => panic!("no refusal: {other:?}"),
    }
}

/// What a port answers over a port-forward.
async fn forwarded(client: &Client, pod: &str, port: u16, path: &str) -> String {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "istio-system");
    let mut forward = pods.portforward(pod, &[port]).await.unwrap();
    let mut stream = forward.take_stream(port).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test]
async fn the_pod_proxy_and_a_port_forward_give_the_same_bytes_and_so_does_the_world() {
    let world = world("singapore");
    let client = world.client("singapore").unwrap();
    let all = world.gateway_pods();
    let (_, pod) = all.iter().find(|(_, pod)| pod.name.starts_with("egress-logistics-")).unwrap();
    for (port, path) in [(15_090, STATS), (15_020, "/stats/prometheus"), (15_090, "/healthz/ready")] {
        let near = forwarded(&client, &pod.name, port, path).await;
        let told =
            world.cluster("singapore").unwrap().stats_at((&pod.namespace, &pod.name), port, path, begin());
        assert_eq!(told.as_ref().map(|t| &t.text), Some(&near), "{port}{path}");
        match get(&client, &proxied(&pod.name, port, path)).await {
            Ok(far) => assert_eq!(far, near, "{port}{path}"),
            Err(Error::Api(status)) => assert_eq!((status.code, told.unwrap().code), (404, 404)),
            Err(other) => panic!("{other}"),
        }
    }
    let text = forwarded(&client, &pod.name, 15_000, "/clusters").await;
    assert!(text.contains("outbound|443||api.parcel.example::default_priority::max_connections::"), "{text}");
}

#[tokio::test]
async fn time_adds_to_what_is_counted() {
    let world = world("singapore");
    let client = world.client("singapore").unwrap();
    let pod = first(&world);
    let path = proxied(&pod.name, 15_090, STATS);
    let count = |text: &str| -> u64 {
        let lines = text.lines().filter(|l| l.starts_with("istio_requests_total{"));
        lines.map(|l| l.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
    };
    let before = get(&client, &path).await.unwrap();
    assert_eq!(before, get(&client, &path).await.unwrap(), "time stands");
    world.advance(Duration::from_secs(60));
    let after = get(&client, &path).await.unwrap();
    assert!(count(&after) > count(&before), "{} after {}", count(&after), count(&before));
    let (past, at) = (world.cluster("singapore").unwrap(), begin());
    let told = past.stats_at((&pod.namespace, &pod.name), 15_090, STATS, at).unwrap();
    assert_eq!(told.text, before, "the past stays what it was");
}

#[tokio::test]
async fn who_may_only_look_at_objects_comes_into_no_pod() {
    let world = world("audit");
    let client = world.client("audit").unwrap();
    let pod = first(&world);
    let pods: Api<Pod> = Api::namespaced(client.clone(), "istio-system");
    assert!(pods.get(&pod.name).await.is_ok(), "the pod itself may be seen");
    assert_eq!(code(get(&client, &proxied(&pod.name, 15_090, STATS)).await), 403);
    let refused = pods.portforward(&pod.name, &[15_000]).await.err().unwrap();
    assert!(format!("{refused:?}").contains("403"), "{refused:?}");
}

#[tokio::test]
async fn faults_meet_what_goes_into_pods_as_well() {
    let world = world("singapore");
    let client = world.client("singapore").unwrap();
    let pod = first(&world);
    let path = proxied(&pod.name, 15_090, STATS);
    let add = |text: &str| world.faults().add(text.parse::<Rule>().unwrap());
    add("deny=get:pods/proxy");
    assert_eq!(code(get(&client, &path).await), 403);
    let pods: Api<Pod> = Api::namespaced(client.clone(), "istio-system");
    assert!(pods.get(&pod.name).await.is_ok(), "pods themselves are another matter");
    assert!(!forwarded(&client, &pod.name, 15_090, STATS).await.is_empty(), "and so is a port-forward");
    add("deny=get:pods/portforward");
    assert!(pods.portforward(&pod.name, &[15_090]).await.is_err());
    world.faults().clear();
    assert!(get(&client, &path).await.is_ok());
    add("outage=singapore");
    assert!(get(&client, &path).await.is_err());
}

#[tokio::test]
async fn usage_is_told_where_somebody_measures_and_is_what_the_autoscaler_goes_by() {
    let world = world("frankfurt");
    let client = world.client("frankfurt").unwrap();
    world.advance(Duration::from_secs(20));
    let read =
        async |path: &str| -> Value { serde_json::from_str(&get(&client, path).await.unwrap()).unwrap() };
    let groups = read("/apis").await["groups"].to_string();
    assert!(groups.contains("metrics.k8s.io"), "{groups}");
    let all = read("/apis/metrics.k8s.io/v1beta1/namespaces/istio-system/pods").await;
    let items = all["items"].as_array().unwrap();
    let of = |item: &Value| item["metadata"]["name"].as_str().unwrap().starts_with("istio-egress-invoices-");
    let milli = |item: &Value| -> f64 {
        let text = item["containers"][0]["usage"]["cpu"].as_str().unwrap();
        text.strip_suffix('n').unwrap().parse::<f64>().unwrap() / 1e6
    };
    let used: Vec<f64> = items.iter().filter(|i| of(i)).map(milli).collect();
    let mean = used.iter().sum::<f64>() / used.len() as f64;
    let scaler =
        "/apis/autoscaling/v2/namespaces/istio-system/horizontalpodautoscalers/istio-egress-invoices";
    let told =
        read(scaler).await["status"]["currentMetrics"][0]["resource"]["current"]["averageValue"].clone();
    let told: f64 = told.as_str().unwrap().strip_suffix('m').unwrap().parse().unwrap();
    assert!((mean - told).abs() <= 3.0, "{used:?} are {mean}, not {told}");
    let one = items.iter().find(|i| of(i)).unwrap();
    let name = one["metadata"]["name"].as_str().unwrap();
    let alone = read(&format!("/apis/metrics.k8s.io/v1beta1/namespaces/istio-system/pods/{name}")).await;
    assert_eq!(alone["containers"], one["containers"]);
    assert_eq!(
        code(get(&client, "/apis/metrics.k8s.io/v1beta1/namespaces/istio-system/pods/none").await),
        404
    );
}

#[tokio::test]
async fn where_nobody_measures_the_group_is_not_served() {
    let world = world("singapore");
    let client = world.client("singapore").unwrap();
    let asked = get(&client, "/apis/metrics.k8s.io/v1beta1/namespaces/istio-system/pods").await;
    assert!(asked.is_err(), "{asked:?}");
}

#[tokio::test]
async fn access_logs_tell_of_the_hosts_that_fail_and_of_no_other() {
    let world = world("frankfurt");
    let client = world.client("frankfurt").unwrap();
    let pods: Api<Pod> = Api::namespaced(client.clone(), "istio-system");
    let all = world.gateway_pods();
    let log = async |workload: &str| -> Vec<String> {
        let mut lines = Vec::new();
        for (_, pod) in all.iter().filter(|(_, pod)| pod.name.starts_with(&format!("{workload}-"))) {
            let text = pods.logs(&pod.name, &Default::default()).await.unwrap();
            lines.extend(text.lines().filter(|l| l.starts_with('[')).map(str::to_owned));
        }
        lines
    };
    let lines = log("istio-egress-payments").await;
    let failed: Vec<&String> = lines.iter().filter(|l| l.contains(" 503 UF ")).collect();
    assert!(failed.len() > 10, "{} of {}", failed.len(), lines.len());
    assert!(failed.iter().all(|l| l.contains("outbound|443||api.cardpay.example")), "{failed:?}");
    assert!(failed.iter().all(|l| ***l >= *"[2026-06-15T08:53:00"), "none before it began: {failed:?}");
    let lines = log("istio-egress-crm").await;
    assert!(lines.len() > 100 && lines.iter().all(|l| l.contains("outbound|443||api.crm.example")));
    assert!(!lines.iter().any(|l| l.contains(" UF ") || l.contains(" UO ")));
    assert!(log("istio-egress-webhooks").await.iter().any(|l| l.contains(" 503 UO ")));
    assert_eq!(log("istio-egress-loyalty").await, Vec::<String>::new());
    let passed = log("egress-legacy-erp").await;
    assert!(
        passed.len() > 100 && passed.iter().all(|l| l.contains("\"- - -\" 0 - ")),
        "{:?}",
        passed.first()
    );
}
