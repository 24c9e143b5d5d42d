//! Clusters that fail and come back: only their rows are stale, and nothing is missing afterwards.

use std::time::Duration;

use egret::model::fault::Reason;
use egret::model::name::Kind;
use egret::model::snapshot::{Keeper, KindState, Link, Snapshot};
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::json;
use tokio::time::Instant;

use super::support::view::{View, described, fault, pods};
use super::support::{SOON, is_ours};
use crate::support::plane::{
    AuditEntry, Cluster, Mark, Options, UNMANAGED, apply_yaml, delete_now, kubeconfig_of, shared, unique,
};

/// A cluster to break.
async fn own(name: &str) -> Cluster {
    Cluster::start(Options { name: unique(name), nodes: 1, ..Options::default() }).await.unwrap()
}

/// A pod that stays as it is made.
async fn make(client: &Client, namespace: &str, name: &str) {
    let pod = json!({
        "metadata": {"name": name, "annotations": {UNMANAGED.0: UNMANAGED.1}},
        "spec": {"nodeName": "node-0", "containers": [{"name": "a", "image": "none"}]},
    });
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    api.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
}

async fn unmake(client: &Client, namespace: &str, name: &str) {
    delete_now(&Api::<Pod>::namespaced(client.clone(), namespace), name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_api_server_turns_only_its_rows_stale_and_they_come_back_with_what_changed_meanwhile() {
    let (broken, other) = (own("stopped").await, shared().await);
    let (client, others) = (broken.admin().await, other.admin().await);
    let ns = unique("healing");
    broken.namespace(&client, &ns).await.unwrap();
    other.namespace(&others, &ns).await.unwrap();
    for name in ["a", "b", "c"] {
        make(&client, &ns, name).await;
    }
    let mut view = View::open(&kubeconfig_of(&[&broken, other]).unwrap(), &[&ns]);
    view.complete(0).await;
    view.complete(1).await;
    let complete = view.complete(0).await;
    assert_eq!(pods(&complete), ["a", "b", "c"]);

    broken.stop_api().await.unwrap();
    let stopped = Instant::now();
    let stale =
        view.until(0, "stale", SOON, |s| matches!(s.link, Link::Stale { next_try: Some(_), .. })).await;
    println!("noticed a stopped API server after {:?}", stopped.elapsed());
    assert!(stopped.elapsed() < Duration::from_secs(5));
    assert_eq!(pods(&stale), ["a", "b", "c"], "rows stay");
    assert!(stale.complete(), "{}", described(Some(&stale)));
    let said = fault(&stale.link);
    assert_eq!(said.reason, Reason::Unreachable);
    assert!(said.summary.starts_with(&format!("{}: ", broken.name())), "{}", said.summary);
    assert_eq!(said.summary.matches(broken.name()).count(), 1, "{}", said.summary);
    // The other one goes on.
    make(&others, &ns, "beside").await;
    let beside = view.until(1, "beside", SOON, |s| pods(s) == ["beside"]).await;
    assert_eq!(beside.link, Link::Ready);

    broken.start_api().await.unwrap();
    unmake(&client, &ns, "b").await;
    make(&client, &ns, "d").await;
    let began = Instant::now();
    let mut flash = None;
    view.until(0, "back", SOON, |s| {
        if !pods(s).contains(&"a") {
            flash = Some(format!("{:?} {:?}", s.link, pods(s)));
        }
        s.link == Link::Ready && s.complete() && pods(s) == ["a", "c", "d"]
    })
    .await;
    println!("back after {:?}", began.elapsed());
    assert_eq!(flash, None, "what was there all the time was away for a moment");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_of_few_rights_keeps_its_rows_while_a_starting_server_still_refuses_everything() {
    let cluster = own("starting").await;
    let client = cluster.admin().await;
    apply_crds(&client).await;
    let gateway = "apiVersion: istio.alibabacloud.com/v1beta1\nkind: IstioGateway\n\
                   metadata: {name: kept, namespace: istio-system}\nspec: {gatewayType: egress}\n";
    apply_yaml(&client, gateway).await.unwrap();
    let mut view = View::open(&cluster.narrow_kubeconfig(), &["istio-system"]);
    let ready = |s: &Snapshot| {
        s.link == Link::Ready && s.complete() && s.kinds[&Kind::IstioGateway] == KindState::Ready
    };
    view.until(0, "ready", SOON, ready).await;
    for _ in 0..2 {
        cluster.stop_api().await.unwrap();
        view.until(0, "stale", SOON, |s| matches!(s.link, Link::Stale { .. })).await;
        cluster.start_api().await.unwrap();
        view.until(0, "back", SOON, |s| {
            assert_eq!(s.istio_gateways.len(), 1, "{:?} {:?}", s.link, s.kinds);
            ready(s)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_api_server_is_noticed_within_65_seconds_and_goes_on_where_it_was() {
    let cluster = own("frozen").await;
    let client = cluster.admin().await;
    make(&client, "istio-system", "a").await;
    let mark = cluster.mark().await.unwrap();
    let mut view = View::open(cluster.kubeconfig(), &["istio-system"]);
    view.complete(0).await;
    watched(&cluster, mark).await;
    cluster.pause_api().await.unwrap();
    let frozen = Instant::now();
    // A request of its own, such as that of an opened object, finds out sooner.
    let connection = view.sources.connection(&view.chosen[0]).unwrap();
    let key = egret::model::name::ObjectKey {
        cluster: view.chosen[0].clone(),
        kind: Kind::Pod,
        namespace: "istio-system".into(),
        name: "a".into(),
    };
    let sooner = tokio::spawn(async move {
        let fault = egret::cluster::object::fetch(&connection, &key).await.unwrap_err();
        (fault, frozen.elapsed())
    });
    let limit = Duration::from_secs(75);
    let stale = view.until(0, "stale", limit, |s| matches!(s.link, Link::Stale { .. })).await;
    println!("noticed a frozen API server after {:?}", frozen.elapsed());
    assert!(frozen.elapsed() < Duration::from_secs(66), "{:?}", frozen.elapsed());
    assert_eq!(fault(&stale.link).reason, Reason::Unreachable);
    assert_eq!(pods(&stale), ["a"]);
    let (fault, took) = sooner.await.unwrap();
    println!("a request of its own noticed after {took:?}");
    assert!(took < Duration::from_secs(17), "{took:?}");
    assert!(fault.summary.contains("get Pod istio-system/a: no answer in 15 s"), "{}", fault.summary);
    cluster.resume_api().await.unwrap();
    make(&client, "istio-system", "b").await;
    view.until(0, "back", SOON, |s| s.link == Link::Ready && s.complete() && pods(s) == ["a", "b"]).await;
}

/// Waits until every kind is watched: eight that are built in, and the definitions of three that are not there. The
/// log of the server tells nobody, so it is read again and again.
async fn watched(cluster: &Cluster, mark: Mark) {
    let open = async {
        loop {
            let entries = cluster.audit_since(mark).await.unwrap();
            let opened = |e: &&AuditEntry| e.verb == "watch" && e.stage == "ResponseStarted" && is_ours(e);
            if entries.iter().filter(opened).count() >= 12 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, open).await.unwrap();
}

async fn apply_crds(client: &Client) {
    for (_, generate) in egret::model::crd::all() {
        apply_yaml(client, &generate().unwrap()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_is_installed_while_egret_runs_appears_and_goes_with_its_definition() {
    let cluster = own("installed").await;
    let client = cluster.admin().await;
    let mut view = View::open(cluster.kubeconfig(), &["istio-system"]);
    let absent = view.until(0, "complete", SOON, |s| s.complete() && s.facts.keeper != Keeper::Unknown).await;
    assert_eq!(absent.kinds[&Kind::IstioGateway], KindState::Absent);
    assert_eq!(absent.facts.keeper, Keeper::Nobody);
    apply_crds(&client).await;
    let gateway = "apiVersion: istio.alibabacloud.com/v1beta1\nkind: IstioGateway\n\
                   metadata: {name: new, namespace: istio-system}\nspec: {gatewayType: egress}\n";
    apply_yaml(&client, gateway).await.unwrap();
    let there = view
        .until(0, "the kind is there", SOON, |s| {
            s.istio_gateways.len() == 1 && s.facts.keeper == Keeper::Egret && s.complete()
        })
        .await;
    assert_eq!(there.kinds[&Kind::IstioGateway], KindState::Ready);
    assert_eq!(there.facts.served_versions.iter().map(|v| &**v).collect::<Vec<_>>(), ["v1", "v1beta1"]);
    let crds: Api<
        k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
    > = Api::all(client.clone());
    delete_now(&crds, "istiogateways.istio.alibabacloud.com").await;
    view.until(0, "the kind is gone", SOON, |s| {
        s.kinds[&Kind::IstioGateway] == KindState::Absent && s.istio_gateways.is_empty()
    })
    .await;
}
