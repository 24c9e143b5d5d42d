//! The real API server: its pod proxy leads nowhere, and its port-forwards into KWOK's pods lead to the test.

use egret::model::way::Way;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, PostParams};
use serde_json::json;
use tokio::sync::OnceCell;

use super::support::envoy::{Answer, Envoy, quiet};
use super::support::{SECOND, Stage};
use crate::support::plane::{Cluster, shared, unique, wait_for};

/// Of these tests alone: others count the pods of theirs.
pub(super) const NAMESPACE: &str = "proxies";

/// The ports of a proxy.
const PORTS: &[u16] = &[15000, 15020, 15090];

/// A running pod whose ports lead to a server of the test.
pub(super) async fn pod(cluster: &Cluster, name: &str, envoy: &Envoy) {
    static MADE: OnceCell<()> = OnceCell::const_new();
    let client = cluster.admin().await;
    MADE.get_or_init(async || cluster.namespace(&client, NAMESPACE).await.unwrap()).await;
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
    let pod = json!({"metadata": {"name": name}, "spec": {"containers": [{"name": "istio-proxy", "image": "none"}]}});
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let running = |pod: &Pod| pod.status.as_ref().is_some_and(|s| s.phase.as_deref() == Some("Running"));
    wait_for(pods, name, running).await;
    cluster.forward(&client, NAMESPACE, name, PORTS, envoy.port).await.unwrap();
    envoy.left().await;
}

#[tokio::test]
async fn a_way_that_leads_nowhere_costs_its_two_seconds_once() {
    let (cluster, envoy) = (shared().await, Envoy::start(quiet).await);
    let names = [unique("reached"), unique("reached")];
    for name in &names {
        pod(cluster, name, &envoy).await;
    }
    let mut stage = Stage::new(cluster.kubeconfig()).await;
    let wants = names.clone().map(|name| stage.want(NAMESPACE, &name, 5 * SECOND));
    let mark = cluster.mark().await.unwrap();
    let began = std::time::Instant::now();
    stage.proxies.read(wants[..1].to_vec());
    let first = stage.tried().await.unwrap();
    assert_eq!(first.way, Way::PortForward(15090));
    assert!(began.elapsed() < 20 * SECOND, "{:?}", began.elapsed());
    for _ in 0..3 {
        stage.later(10 * SECOND, &wants);
        for _ in 0..2 {
            assert_eq!(stage.tried().await.unwrap().way, Way::PortForward(15090));
        }
    }
    let entries = cluster.audit_since(mark).await.unwrap();
    let of = |part: &str| -> Vec<&str> {
        let ended = entries.iter().filter(|e| e.stage == "ResponseComplete");
        let ours = ended.filter(|e| names.iter().any(|name| e.uri.contains(name.as_str())));
        ours.map(|e| e.uri.as_str()).filter(|uri| uri.contains(part)).collect()
    };
    // It hung: the log has it when the client gives it up, or not at all.
    assert!(of("/proxy/").len() <= 1, "{entries:#?}");
    assert!(of("/proxy/").iter().all(|uri| uri.contains(&names[0])), "{entries:#?}");
    assert_eq!(envoy.reads(), 7);
    assert_eq!(envoy.connections().0, 2, "one port-forward for each pod, kept");
}

#[tokio::test]
async fn a_port_forward_that_is_cut_is_opened_anew() {
    let (cluster, envoy) = (shared().await, Envoy::start(quiet).await);
    let name = unique("cut");
    pod(cluster, &name, &envoy).await;
    let mut stage = Stage::new(cluster.kubeconfig()).await;
    let want = stage.want(NAMESPACE, &name, SECOND);
    stage.proxies.read(vec![want.clone()]);
    stage.tried().await.unwrap();
    let before = envoy.connections().1;
    envoy.cut().await;
    stage.later(10 * SECOND, std::slice::from_ref(&want));
    assert_eq!(stage.tried().await.unwrap().way, Way::PortForward(15090));
    assert_eq!(envoy.connections(), (1, before + 1));
    // In the middle of an answer it is a gap, and the next try is whole.
    envoy.now(|_| Answer::Cut("envoy_server_uptime{} 7\nenvoy".to_owned()));
    stage.later(10 * SECOND, std::slice::from_ref(&want));
    let (summary, hint) = stage.missed().await;
    // KWOK does not pass on that the other side closed: then it is the silence that is told.
    let about = format!("shared: read the proxy of pod {NAMESPACE}/{name}: the answer ");
    let why = summary.strip_prefix(&about).unwrap_or(&summary);
    assert!(["was cut off", "did not end in time"].contains(&why), "{summary}");
    assert_eq!(hint, "egret tries again.");
    envoy.now(quiet);
    stage.later(10 * SECOND, &[want]);
    stage.tried().await.unwrap();
}

#[tokio::test]
async fn read_only_mode_lets_proxies_be_read() {
    let (cluster, envoy) = (shared().await, Envoy::start(quiet).await);
    let name = unique("guarded");
    pod(cluster, &name, &envoy).await;
    let mut stage = Stage::at_speed(cluster.kubeconfig(), 0.0, true).await;
    let mut want = stage.want(NAMESPACE, &name, SECOND);
    (want.clusters, want.certs) = (true, true);
    stage.proxies.read(vec![want]);
    assert_eq!(stage.tried().await.unwrap().way, Way::PortForward(15090));
    envoy.asked_for(4).await;
    assert!(envoy.asked().iter().all(|line| line.starts_with("GET /")), "{:?}", envoy.asked());
}

#[tokio::test]
async fn a_pod_that_goes_is_told_as_gone() {
    let (cluster, envoy) = (shared().await, Envoy::start(quiet).await);
    let name = unique("going");
    pod(cluster, &name, &envoy).await;
    let mut stage = Stage::new(cluster.kubeconfig()).await;
    let want = stage.want(NAMESPACE, &name, SECOND);
    stage.proxies.read(vec![want.clone()]);
    stage.tried().await.unwrap();
    let pods: Api<Pod> = Api::namespaced(cluster.admin().await, NAMESPACE);
    crate::support::plane::delete_now(&pods, &name).await;
    envoy.cut().await;
    stage.later(10 * SECOND, &[want]);
    let (summary, _) = stage.missed().await;
    assert_eq!(summary, format!("shared: read the proxy of pod {NAMESPACE}/{name}: it does not exist"));
}
