//! What people do with gateways every day, from a cluster that knows nothing of them on.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, ListParams};
use serde_json::{Value, json};

use super::stage::{NAMESPACE, applies, gateways, journal, plain, spec};
use super::wizard;
use crate::support::plane::{Cluster, Options, apply_yaml, wait_for, wait_until_gone};
use crate::support::session::{Session, egret};

/// Leads traffic of the mesh through a gateway.
const ROUTE: &str = "
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: out, namespace: istio-system}
spec:
  selector: {istio: full}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [bank.example.com]}]
";

/// Texts that were typed into fields: no journal tells them.
const TYPED: [&str; 5] =
    ["payments", "client-certs", "/etc/rules", "ISTIO_META_IDLE", "owner.example/team: "];

#[tokio::test]
async fn on_a_plain_cluster_everything_is_done_with_keys_alone_and_the_journal_tells_it() {
    let cluster = Cluster::start(Options { name: "plain".to_owned(), ..Options::default() }).await.unwrap();
    cluster.start_istio().await.unwrap();
    let client = cluster.admin().await;
    let session = egret(cluster.kubeconfig(), "--view clusters").size(80, 24).go();
    session.sees("1/1 clusters").sees("nobody keeps");
    wizard::installs_keeps_and_makes(&session, &client).await;
    looks_at_service_and_pods(&session);
    wizard::fills_in_everything(&session, &client).await;
    session.keys("esc").sees_not("On its way").sees("egret › gateways");
    edits_both_ways(&session, &client).await;
    makes_of_yaml(&session, &client).await;
    clones(&session, &client).await;
    scales_and_restarts(&session, &client).await;
    changes_those_that_are_marked(&session, &client).await;
    apply_yaml(&client, ROUTE).await.unwrap();
    deletes_and_undoes(&session, &client).await;
    let (mut told, text) = journal(session.home());
    // Where the keeper wrote its status meanwhile, the server refuses: that is told too, and it is tried again.
    told.retain(|line| !line.ends_with("] refused"));
    let (first, rest) = told.split_first().unwrap();
    assert!(first.starts_with("apply CustomResourceDefinition istiogateways.istio"), "{first}");
    assert_eq!(rest, WRITES);
    TYPED.iter().for_each(|typed| assert!(!text.contains(typed), "{typed} in {text}"));
}

/// What was written by hand once the CRD was there, in its order.
const WRITES: [&str; 16] = [
    "create IstioGateway early [*] ok",
    "create IstioGateway full [*] ok",
    "change IstioGateway full [spec.resources.limits.memory] ok",
    "change IstioGateway full [spec.podAnnotations[\"example.com/note\"]] ok",
    "change IstioGateway full [spec.resources.limits.memory] ok",
    "create IstioGateway file-a [*] ok",
    "create IstioGateway file-b [*] ok",
    "create IstioGateway pasted [*] ok",
    "create IstioGateway twin [*] ok",
    "change IstioGateway early [spec.replicaCount] ok",
    "change IstioGateway full [spec.maxReplicas] ok",
    "change Deployment istio-early [spec.template.metadata.annotations[\"kubectl.kubernetes.io/restartedAt\"]] ok",
    "change IstioGateway file-a [spec.replicaCount] ok",
    "change IstioGateway file-b [spec.replicaCount] ok",
    "delete IstioGateway full [] ok",
    "create IstioGateway full [*] ok",
];

fn looks_at_service_and_pods(session: &Session) {
    session.keys("enter").sees("▸1 overview◂").keys("v").sees("Service istio-early").sees("ClusterIP");
    session.keys("2").sees("▸2 pods◂").selects("istio-early-").keys("esc").sees("egret › clusters");
    session.keys("2").selects("early").keys("v").sees("Service istio-early").keys("esc");
    session.selects("early").keys("p").sees("▸2 pods◂").selects("istio-early-").keys("esc").selects("early");
}

async fn edits_both_ways(session: &Session, client: &Client) {
    session.command("gateways name:full").selects("full").keys("enter").sees("▸1 overview◂");
    session.keys("e down down down down down").sees("Set by spec.resources.limits.memory.");
    session.keys("e").sees("edit full: Memory limit").fills("ctrl-u | 3Gi | ctrl-s");
    applies(session, "2Gi → 3Gi", "IstioGateway istio-system/full is changed");
    session.sees("Running: 2 of 2 ready").keys("enter").sees("3Gi  set");
    assert_eq!(spec(client, "full").await["resources"]["limits"], json!({"cpu": "1", "memory": "3Gi"}));
    session.keys("E").sees("edit IstioGateway istio-system/full").fills("ctrl-f | hello | enter").keys("esc");
    session.keys("end").fills(" again | ctrl-s");
    applies(session, "hello → hello again", "IstioGateway istio-system/full is changed");
    session.sees("Running: 2 of 2 ready").keys("esc").sees("▸1 overview◂");
    assert_eq!(spec(client, "full").await["podAnnotations"], json!({"example.com/note": "hello again"}));
    // The one before the last is taken back; the last stays.
    session.keys("U").sees("undo which").keys("down enter");
    applies(session, "3Gi → 2Gi", "IstioGateway istio-system/full is changed");
    session.sees("Running: 2 of 2 ready").keys("esc").sees("▸1 overview◂");
    session.command("gateways name:full").selects("full");
    let now = spec(client, "full").await;
    assert_eq!(now["resources"]["limits"], json!({"cpu": "1", "memory": "2Gi"}));
    assert_eq!(now["podAnnotations"], json!({"example.com/note": "hello again"}));
}

async fn makes_of_yaml(session: &Session, client: &Client) {
    let file = session.home().join("two.yaml");
    std::fs::write(&file, format!("{}---\n{}", plain("file-a"), plain("file-b"))).unwrap();
    session.keys(":").sees("⇥ complete");
    session.fills(&format!("new-from-yaml {} | enter", file.display()));
    session.sees("file-a and 1 more").keys("ctrl-s").sees("1 of 2 changes");
    session
        .sees("file-a  ready")
        .sees("file-b  ready")
        .sees("y to do all 2")
        .keys("y")
        .sees("2 changes are made");
    session.keys("N").sees("istio-system/NAME").keys("ctrl-a delete").sees("create new objects");
    session.pastes(&plain("pasted")).sees("create IstioGateway istio-system/pasted").keys("ctrl-s");
    applies(session, "Create IstioGateway istio-system/pasted", "IstioGateway istio-system/pasted is made");
    session.sees("Running: 1 of 1 ready").keys("esc").sees_not("On its way").sees("egret › gateways");
    let wanted = json!({"gatewayType": "egress", "replicaCount": 1,
        "ports": [{"name": "http-0", "port": 80, "targetPort": 80, "protocol": "HTTP"}]});
    for name in ["file-a", "file-b", "pasted"] {
        assert_eq!(spec(client, name).await, wanted, "{name}");
    }
}

async fn clones(session: &Session, client: &Client) {
    session.command("gateways name:full").selects("full").keys("ctrl-n").sees("new gateway").sees("2Gi");
    session.fills("twin | ctrl-s");
    applies(session, "Create IstioGateway istio-system/twin", "IstioGateway istio-system/twin is made");
    session.sees("Running: 2 of 2 ready").keys("esc").sees_not("On its way").sees("egret › gateways");
    let (mut twin, mut full) = (spec(client, "twin").await, spec(client, "full").await);
    // Each keeps its own pods apart.
    let apart = |spec: &mut Value| spec.as_object_mut().unwrap().remove("affinity").unwrap().to_string();
    assert_eq!(apart(&mut twin), apart(&mut full).replace("full", "twin"));
    assert_eq!(twin, full);
}

async fn pods(client: &Client, name: &str) -> BTreeSet<String> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
    let all = pods.list(&ListParams::default().labels(&format!("istio={name}"))).await.unwrap();
    all.items.into_iter().filter_map(|pod| pod.metadata.uid).collect()
}

async fn scales_and_restarts(session: &Session, client: &Client) {
    session.command("gateways name:early").selects("early").keys("s").sees(":scale 1");
    session.fills("backspace | 2 | enter");
    applies(session, "1 → 2 pods", "IstioGateway istio-system/early is changed");
    session.sees("Running: 2 of 2 ready").keys("esc").sees_not("On its way").sees("egret › gateways");
    session.command("gateways name:full").selects("full").keys("s").sees(":scale 2-4");
    session.fills("backspace | 5 | enter");
    applies(session, "spec.maxReplicas  4 → 5", "IstioGateway istio-system/full is changed");
    session.sees("Running: 2 of 2 ready").keys("esc").sees_not("On its way").sees("egret › gateways");
    assert_eq!(spec(client, "early").await["replicaCount"], 2);
    assert_eq!(spec(client, "full").await["maxReplicas"], 5);

    let before = pods(client, "early").await;
    session.command("gateways name:early").selects("early").keys("S");
    applies(session, "2 pods are replaced", "Deployment istio-system/istio-early is changed");
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    let is_new = |d: &Deployment| {
        let template = d.spec.as_ref().and_then(|spec| spec.template.metadata.as_ref());
        let marks = template.and_then(|meta| meta.annotations.as_ref());
        let status = d.status.as_ref();
        marks.is_some_and(|marks| marks.contains_key("kubectl.kubernetes.io/restartedAt"))
            && status.and_then(|s| s.observed_generation) == d.metadata.generation
            && status.and_then(|s| s.updated_replicas) == Some(2)
            && status.and_then(|s| s.replicas) == Some(2)
    };
    wait_for(deployments, "istio-early", is_new).await;
    let after = pods(client, "early").await;
    assert!(after.len() >= 2 && !before.is_subset(&after), "{before:?} {after:?}");
}

async fn changes_those_that_are_marked(session: &Session, client: &Client) {
    session.command("gateways name:file-").selects("file-a").keys("*").sees("2 marked");
    session
        .command("set spec.replicaCount=2")
        .sees("1 of 2 changes")
        .sees("file-a  ready: spec.replicaCount: 1 → 2");
    session
        .sees("file-b  ready: spec.replicaCount: 1 → 2")
        .sees("y to do all 2")
        .keys("y")
        .sees("2 changes are made");
    for name in ["file-a", "file-b"] {
        assert_eq!(spec(client, name).await["replicaCount"], 2, "{name}");
    }
    session.keys("-").sees_not("2 marked");
}

async fn deletes_and_undoes(session: &Session, client: &Client) {
    let before = spec(client, "full").await;
    session
        .command("gateways name:full")
        .selects("full")
        .keys("d")
        .sees("DELETE IstioGateway istio-system/full");
    session.sees("Deployment istio-full with 2 pods goes").says("bank.example.com are not served");
    session.sees("Type full to do it in plain (traffic is led through it):").fills("fool | enter");
    session
        .sees("DELETE IstioGateway istio-system/full")
        .fills("backspace backspace backspace | ull | enter");
    session.sees("IstioGateway istio-system/full is deleted");
    wait_until_gone(gateways(client), "full").await;
    session.keys("U").sees("undo which").keys("enter");
    applies(session, "Create IstioGateway istio-system/full", "IstioGateway istio-system/full is made");
    session.sees("Running: 2 of 2 ready").keys("esc").sees_not("On its way").sees("egret › gateways");
    assert_eq!(spec(client, "full").await, before);
}
