//! Controllers in trouble on the real control plane: the leader dies, or may not.

use std::time::{Duration, Instant};

use egret::reconcile::lease;
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::DeleteParams;

use super::real::{Controller, canonical, cluster, gateways, is_running};
use crate::support::plane::{self, wait_for, wait_until_gone};

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_dies_without_a_word_is_followed_when_its_lease_has_ended_and_not_before() {
    let (cluster, client, _turn) = cluster().await;
    let first = Controller::start(cluster.kubeconfig(), &[]);
    first.says("the lease is ours");
    let second = Controller::start(cluster.kubeconfig(), &[]);
    second.says("waits: somebody else keeps the gateways");
    first.kill();
    let died = Instant::now();
    second.says("the lease is ours");
    let took = died.elapsed();
    // It was renewed at most so long before, and is looked at so often.
    assert!(took > lease::HOLDS - lease::RENEWED - Duration::from_secs(1), "{took:?}");
    assert!(took < lease::HOLDS + lease::RENEWED + Duration::from_secs(8), "{took:?}");
    plane::apply_yaml(&client, &canonical("followed", &[]).to_string()).await.unwrap();
    wait_for(gateways(&client), "followed", is_running).await;
    gateways(&client).delete("followed", &DeleteParams::default()).await.unwrap();
    wait_until_gone(gateways(&client), "followed").await;
    assert_eq!(second.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_forbids_is_told_with_the_verb_and_the_rest_is_done() {
    let (cluster, client, _turn) = cluster().await;
    let rule = |groups: &[&str], resources: &[&str], verbs: &[&str]| {
        let all = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect());
        PolicyRule {
            api_groups: all(groups),
            resources: all(resources),
            verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
            ..PolicyRule::default()
        }
    };
    let everything = ["get", "list", "watch", "create", "update", "patch", "delete"];
    // Everything but to write Services.
    let rules = [
        rule(&["*"], &["*"], &["get", "list", "watch"]),
        rule(
            &["istio.alibabacloud.com", "coordination.k8s.io", "apps", "policy", "autoscaling"],
            &["*"],
            &everything,
        ),
        rule(&["rbac.authorization.k8s.io"], &["*"], &["create", "patch", "delete", "bind", "escalate"]),
        rule(&[""], &["serviceaccounts", "events"], &everything),
    ];
    let narrow = cluster.user("reconciler-without-services", None, &rules).await.unwrap();
    let controller = Controller::start(&narrow, &[]);
    controller.says("the lease is ours");
    plane::apply_yaml(&client, &canonical("forbidden", &[]).to_string()).await.unwrap();
    let told = wait_for(gateways(&client), "forbidden", |gateway| {
        let status = gateway.status.clone().unwrap_or_default();
        status.error_message.as_ref().is_some_and(|why| why.contains("Service istio-system/istio-forbidden"))
    });
    let told = serde_json::to_value(told.await.status.unwrap()).unwrap();
    let why = told["ErrorMessage"].as_str().unwrap();
    assert!(why.contains("apply Service") && why.contains("reconciler-without-services"), "{why}");
    assert_eq!(told["Status"], "ReconcileFailed");
    let deployments: kube::Api<k8s_openapi::api::apps::v1::Deployment> =
        kube::Api::namespaced(client.clone(), "istio-system");
    wait_for(deployments, "istio-forbidden", |_| true).await;
    assert_eq!(controller.stop(), Some(0));
    // Whoever may ends it.
    let controller = Controller::start(cluster.kubeconfig(), &[]);
    wait_for(gateways(&client), "forbidden", is_running).await;
    gateways(&client).delete("forbidden", &DeleteParams::default()).await.unwrap();
    wait_until_gone(gateways(&client), "forbidden").await;
    assert_eq!(controller.stop(), Some(0));
}
