//! What a form offers to choose from, as a server tells it: names, and nodes; each by itself.

use egret::cluster::connect::{Connection, Patience, connect};
use egret::cluster::knowledge::learn;
use egret::cluster::read_only::ReadOnly;
use egret::cluster::write::{Address, create};
use egret::demo::rights::User;
use egret::demo::story;
use egret::demo::world::{Place, World};
use egret::model::clock::Time as _;
use egret::model::knowledge::{Knowledge, Sort};
use egret::model::name::{ClusterName, Resource};
use egret::runtime::demo;
use serde_json::{Value, json};

use super::support::connection;
use crate::support::demo::run;
use crate::support::plane::{shared, unique};

/// What no knowledge may hold.
const PLANTED: &str = "aHVudGVyMi1uZXZlci10by1iZS1zZWVu";

async fn made(c: &Connection, plural: &'static str, namespace: &str, object: Value) {
    let resource = Resource { group: "", version: "v1", plural, namespaced: !namespace.is_empty() };
    let kind = object["kind"].as_str().unwrap().to_owned();
    let at = Address { kind, resource, namespace: namespace.to_owned(), name: String::new() };
    create(c, &at, &object, "egret-test").await.unwrap();
}

/// A Secret and a ConfigMap.
async fn planted(c: &Connection, namespace: &str) {
    let secret =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "certs"}, "data": {"k": PLANTED}});
    made(c, "secrets", namespace, secret).await;
    let map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "lua"}, "data": {"k": PLANTED}});
    made(c, "configmaps", namespace, map).await;
}

fn holds(known: &Knowledge, namespace: &str) {
    let pair = |name: &str| (namespace.to_owned(), name.to_owned());
    assert_eq!(known.denied, []);
    assert!(known.namespaces.iter().any(|n| n == namespace), "{:?}", known.namespaces);
    assert!(known.secrets.contains(&pair("certs")), "{:?}", known.secrets);
    assert!(known.config_maps.contains(&pair("lua")), "{:?}", known.config_maps);
    assert!(!format!("{known:?}").contains(PLANTED));
}

#[test]
fn a_simulated_cluster_tells_names_and_nodes_and_what_is_denied_is_only_not_told() {
    run(async {
        let state = story::bare(1, &["home"]).cluster("home").unwrap().with(|state| state.clone());
        let place = Place { name: "home".to_owned(), state, user: User::admin("egret-test:admin") };
        let world = World::new(vec![place], story::bare(1, &["home"]).clock().now(), 1.0);
        let name = ClusterName::from("home");
        let contexts = demo::contexts(&world);
        let c = connect(&contexts, &name, None, ReadOnly::new(false), Patience::default()).await.unwrap();
        planted(&c, "istio-system").await;
        let tainted = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "tainted", "labels": {"zone": "a"}},
            "spec": {"taints": [{"key": "dedicated", "value": "gateway", "effect": "NoSchedule"}], "unschedulable": true}});
        made(&c, "nodes", "", tainted).await;
        let known = learn(&c, "istio-system").await;
        holds(&known, "istio-system");
        let node = known.nodes.iter().find(|node| node.name == "tainted").unwrap();
        assert_eq!((node.labels["zone"].as_str(), node.unschedulable, node.ready), ("a", true, false));
        assert!(node.taints.iter().any(|taint| taint.key == "dedicated" && taint.effect == "NoSchedule"));

        world.faults().add("deny=list:secrets".parse().unwrap());
        let without = learn(&c, "istio-system").await;
        assert!(without.fault(Sort::Secrets).is_some(), "{:?}", without.denied);
        assert_eq!((without.secrets.len(), without.denied.len()), (0, 1));
        assert_eq!(without.nodes, known.nodes, "what else there is is told");
    });
}

#[tokio::test]
async fn a_real_server_tells_the_same_and_hands_out_no_secret() {
    let cluster = shared().await;
    let ns = unique("knowledge");
    cluster.namespace(&cluster.admin().await, &ns).await.unwrap();
    let c = connection(cluster.kubeconfig(), false).await;
    planted(&c, &ns).await;
    let known = learn(&c, &ns).await;
    holds(&known, &ns);
    assert!(known.nodes.iter().any(|node| node.ready && !node.labels.is_empty()), "{:?}", known.nodes);
    // Read-only allows it: it only reads.
    let c = connection(cluster.kubeconfig(), true).await;
    assert!(learn(&c, &ns).await.denied.is_empty());
}
