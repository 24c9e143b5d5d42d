//! People with few rights, on the real API server (R24).

use egret::model::way::Way;
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::json;

use super::support::envoy::{Envoy, quiet};
use super::support::{SECOND, Stage};
use super::ways::{NAMESPACE, pod};
use crate::support::plane::{shared, unique};

fn rule(resource: &str, verbs: &[&str]) -> PolicyRule {
    serde_json::from_value(json!({"apiGroups": [""], "resources": [resource], "verbs": verbs})).unwrap()
}

#[tokio::test]
async fn each_right_that_is_missing_is_named_and_one_way_is_enough() {
    let (cluster, envoy) = (shared().await, Envoy::start(quiet).await);
    let name = unique("allowed");
    pod(cluster, &name, &envoy).await;
    let pods = rule("pods", &["get"]);
    let proxy = rule("pods/proxy", &["get"]);
    let get = rule("pods/portforward", &["get"]);
    let both = rule("pods/portforward", &["get", "create"]);
    let needs = "(since Kubernetes 1.35 a port-forward needs both get and create on pods/portforward).";
    let cases = [
        // Without the pod proxy: the port-forward is enough.
        ("forwards", vec![pods.clone(), both], Ok(Way::PortForward(15090))),
        (
            "gets",
            vec![pods.clone(), get],
            Err((
                "no right to get pods/proxy; no right to create pods/portforward",
                "get pods/proxy, or create pods/portforward",
            )),
        ),
        (
            "nothing",
            vec![pods.clone()],
            Err((
                "no right to get pods/proxy; no right to get pods/portforward and to create pods/portforward",
                "get pods/proxy, or get pods/portforward and create pods/portforward",
            )),
        ),
        // The pod proxy leads nowhere here: that is said, and which right the other way needs.
        (
            "proxies",
            vec![pods, proxy],
            Err((
                "; no right to get pods/portforward and to create pods/portforward",
                "Role that allows it: get pods/portforward and create pods/portforward",
            )),
        ),
    ];
    for (user, rules, expected) in cases {
        let kubeconfig = cluster.user(&unique(user), Some(NAMESPACE), &rules).await.unwrap();
        let mut stage = Stage::new(&kubeconfig).await;
        stage.proxies.read(vec![stage.want(NAMESPACE, &name, 5 * SECOND)]);
        match (stage.tried().await, expected) {
            (Ok(scrape), Ok(way)) => assert_eq!(scrape.way, way, "{user}"),
            (Err(missed), Err((summary, hint))) => {
                let fault = missed.fault;
                assert!(fault.summary.contains(summary), "{user}: {fault:?}");
                assert!(fault.hint.contains(hint) && fault.hint.ends_with(needs), "{user}: {fault:?}");
            }
            (told, expected) => panic!("{user}: {told:?}, not {expected:?}"),
        }
    }
}
