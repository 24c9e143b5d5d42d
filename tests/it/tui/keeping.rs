//! Gateways kept from a screen, on a real cluster.

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::Client;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::json;

use crate::support::plane::wait_for;
use crate::support::session::{Session, egret, own_with_gateways};

/// Verbs that change something.
const WRITES: [&str; 4] = ["create", "update", "patch", "delete"];

const NAMESPACE: &str = "istio-system";

/// Asks for something, sees in which cluster it would be done, and says yes.
#[track_caller]
fn yes(session: &Session, key: &str, asked: &str) {
    session.keys(key).sees(asked).sees("y to do it in keeping").keys("y").sees_not("In keeping (");
}

fn holder(lease: &Lease) -> String {
    lease.spec.as_ref().and_then(|spec| spec.holder_identity.clone()).unwrap_or_default()
}

async fn pods(client: &Client) -> BTreeSet<String> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), NAMESPACE);
    let all = pods.list(&ListParams::default().labels("istio=egressgateway")).await.unwrap();
    all.items.into_iter().filter_map(|pod| pod.metadata.uid).collect()
}

async fn tamper(budgets: &Api<PodDisruptionBudget>) {
    let patch = Patch::Merge(json!({"spec": {"minAvailable": 2}}));
    let params = PatchParams { field_manager: Some("somebody".to_owned()), ..PatchParams::default() };
    budgets.patch("istio-egressgateway", &params, &patch).await.unwrap();
}

fn least(budget: &PodDisruptionBudget) -> Option<i32> {
    use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
    match budget.spec.as_ref()?.min_available.as_ref()? {
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(_) => None,
    }
}

#[tokio::test]
async fn a_screen_installs_keeps_adopts_pauses_repairs_releases_and_gives_the_lease_back() {
    let cluster = own_with_gateways("keeping").await;
    let client = cluster.admin().await;
    let leases: Api<Lease> = Api::namespaced(client.clone(), NAMESPACE);
    let budgets: Api<PodDisruptionBudget> = Api::namespaced(client.clone(), NAMESPACE);
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), NAMESPACE);
    // Its autoscaler wants two.
    let ready = |d: &Deployment| d.status.as_ref().and_then(|status| status.ready_replicas) == Some(2);
    wait_for(deployments, "istio-egressgateway", ready).await;
    let before = pods(&client).await;
    assert_eq!(before.len(), 2);

    let session = egret(cluster.kubeconfig(), "--view clusters").go();
    session.sees("1/1 clusters").sees("nobody keeps").keys("K").sees("serves no IstioGateway; I installs it");
    yes(&session, "I", "CustomResourceDefinition istiogateways.istio.alibabacloud.com: create");
    session.sees("egret, nobody running");
    yes(&session, "K", "There is no IstioGateway in istio-system yet.");
    session.sees("this screen keeps");
    wait_for(leases.clone(), "egret-controller", |lease| !holder(lease).is_empty()).await;

    // What somebody else made becomes an IstioGateway; a wrong name does nothing.
    session.keys("2").sees("istioctl").keys("A").sees("They stay: the server would keep their template");
    session.sees("Type istio-egressgateway to do it in keeping:");
    session.type_in("egress");
    session.keys("enter").sees("do it in keeping: egress");
    session.keys("ctrl-u");
    session.type_in("istio-egressgateway");
    session.keys("enter").sees("IstioGateway egressgateway is made").sees("IstioGateway ● Running");
    session.keys("r").sees("in sync, and something is pending").sees("this screen");

    // Somebody else's change is put back; while the gateway is paused it is told, with who it was.
    tamper(&budgets).await;
    wait_for(budgets.clone(), "istio-egressgateway", |budget| least(budget) == Some(1)).await;
    yes(&session, "P", "pause egressgateway?");
    session.sees("nothing is written until it goes on");
    tamper(&budgets).await;
    session.sees("spec.minAvailable: 2, should be 1 (by somebody)");
    assert_eq!(least(&budgets.get("istio-egressgateway").await.unwrap()), Some(2));
    session.keys("P").sees("go on with egressgateway?").sees("spec.minAvailable: 2, should be 1").keys("y");
    wait_for(budgets.clone(), "istio-egressgateway", |budget| least(budget) == Some(1)).await;
    session.sees_not("should be 1 (by somebody)");
    assert_eq!(pods(&client).await, before, "no pod was restarted by any of it");

    // The IstioGateway goes, what it had stays.
    session.command("release").sees("Type egressgateway to do it in keeping:");
    session.type_in("egressgateway");
    session
        .keys("enter")
        .sees("egressgateway is being released: its objects stay.")
        .sees("The IstioGateway is gone.");
    session.keys("up").sees("It was deleted: this is how it was last seen").keys("esc").sees("istioctl");
    assert_eq!(pods(&client).await, before);

    session.keys("q");
    wait_for(leases, "egret-controller", |lease| holder(lease).is_empty()).await;
}

#[tokio::test]
async fn a_screen_that_is_killed_is_followed_by_the_next_and_read_only_ends_keeping() {
    let cluster = own_with_gateways("keeping").await;
    let leases: Api<Lease> = Api::namespaced(cluster.admin().await, NAMESPACE);
    cluster.install_egret().await.unwrap();
    let first = egret(cluster.kubeconfig(), "--view clusters --reconcile").go();
    // Nothing would be changed, so nobody is asked.
    first.sees("this screen keeps");
    let second = egret(cluster.kubeconfig(), "--view clusters").go();
    second
        .sees("egret 0.1.0")
        .keys("K")
        .sees("y to do it in keeping")
        .keys("y")
        .sees("this screen waits: egret");
    let held = holder(&leases.get("egret-controller").await.unwrap());
    first.signal(rustix::process::Signal::KILL);
    second.sees("this screen keeps");
    let lease = wait_for(leases.clone(), "egret-controller", |lease| holder(lease) != held).await;
    assert!(!holder(&lease).is_empty());

    let mark = cluster.mark().await.unwrap();
    second.command("read-only").sees("RO").sees_not("this screen keeps").keys("K").sees("is read-only here");
    second.sees("silent since");
    let asked = cluster.audit_since(mark).await.unwrap();
    let writes: Vec<_> = asked
        .iter()
        .filter(|entry| entry.user_agent.contains("egret") && WRITES.contains(&entry.verb.as_str()))
        .collect();
    assert!(writes.len() <= 1, "a renewal may have been under way: {writes:#?}");
}
