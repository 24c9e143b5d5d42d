//! What leads traffic is followed: made, changed and deleted, and what may not be read is told once.

use std::collections::BTreeSet;

use egret::cluster::connect::Connection;
use egret::cluster::routes::follow;
use egret::model::fault::{Fault, Reason};
use egret::model::name::Kind;
use egret::model::route::{KINDS, RouteChange, RouteNews, Routes};
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::support::{SOON, connection};
use crate::support::plane::{apply_yaml, shared_with_istio, unique};

type Told = Result<RouteNews, Fault>;

fn followed(c: Connection, place: &str) -> (UnboundedReceiver<Told>, JoinHandle<()>) {
    let (tell, told) = unbounded_channel();
    let places = [place.into()];
    let task = tokio::spawn(async move {
        follow(&c, &places, |news| {
            let _ = tell.send(news);
        })
        .await;
    });
    (told, task)
}

async fn next(told: &mut UnboundedReceiver<Told>) -> Told {
    tokio::time::timeout(SOON, told.recv()).await.expect("something is told").expect("it goes on")
}

/// The next change of an object of this name.
async fn change(told: &mut UnboundedReceiver<Told>, routes: &mut Routes, name: &str) -> RouteChange {
    loop {
        if let Some(change) = routes.take(next(told).await.unwrap())
            && &*change.row.meta.name == name
        {
            return change;
        }
    }
}

fn virtual_service(namespace: &str, name: &str, timeout: &str, label: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}, labels: {{step: {label}}}}}
spec:
  hosts: [api.example.com]
  gateways: [istio-system/out]
  http:
  - timeout: {timeout}
    route: [{{destination: {{host: api.example.com}}}}]
"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_is_made_changed_and_deleted_is_told_and_a_label_of_it_is_not() {
    let cluster = shared_with_istio().await;
    let client = cluster.admin().await;
    let (namespace, name) = (unique("routes"), unique("route"));
    cluster.namespace(&client, &namespace).await.unwrap();
    let (mut told, task) = followed(connection(cluster.kubeconfig(), true).await, &namespace);
    let mut routes = Routes::default();
    let mut kinds = BTreeSet::from(KINDS);
    while !kinds.is_empty() {
        let news = next(&mut told).await.unwrap();
        if let RouteNews::Known(kind, ..) = news {
            kinds.remove(&kind);
        }
        routes.take(news);
    }
    for (timeout, label, what) in [("1s", "a", Some("made")), ("1s", "b", None), ("2s", "b", Some("changed"))]
    {
        apply_yaml(&client, &virtual_service(&namespace, &name, timeout, label)).await.unwrap();
        // What is not told shows in that the next one is what comes after it.
        let Some(what) = what else { continue };
        let change = change(&mut told, &mut routes, &name).await;
        assert_eq!((change.what, change.kind.0), (what, Kind::VirtualService));
        assert!(
            change.row.gateways.contains("istio-system/out") && change.row.hosts.contains("api.example.com")
        );
    }
    let resource =
        ApiResource::from_gvk(&GroupVersionKind::gvk("networking.istio.io", "v1", "VirtualService"));
    let services: Api<DynamicObject> = Api::namespaced_with(client, &namespace, &resource);
    services.delete(&name, &DeleteParams::default()).await.unwrap();
    assert_eq!(change(&mut told, &mut routes, &name).await.what, "deleted");
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_that_may_not_be_read_is_told_once_and_not_asked_for_again() {
    let cluster = shared_with_istio().await;
    let (mut told, task) = followed(connection(&cluster.narrow_kubeconfig(), true).await, "istio-system");
    // It ends by itself: nothing is left that could be followed.
    tokio::time::timeout(SOON, task).await.expect("it ends").unwrap();
    let mut faults = Vec::new();
    while let Some(news) = told.recv().await {
        faults.push(news.expect_err("nothing may be read"));
    }
    assert!(faults.iter().all(|fault| fault.reason == Reason::Denied), "{faults:?}");
    let summaries: BTreeSet<&str> = faults.iter().map(|fault| &*fault.summary).collect();
    assert_eq!((summaries.len(), faults.len()), (KINDS.len(), KINDS.len()), "{summaries:?}");
    assert!(summaries.iter().any(|s| s.contains("no right to list virtualservices")), "{summaries:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_read_one_namespace_is_told_of_its_changes_and_that_others_are_not() {
    let cluster = shared_with_istio().await;
    let client = cluster.admin().await;
    let (namespace, name) = (unique("routes"), unique("route"));
    cluster.namespace(&client, &namespace).await.unwrap();
    let rule = PolicyRule {
        api_groups: Some(vec!["networking.istio.io".to_owned()]),
        resources: Some(vec!["virtualservices".to_owned()]),
        verbs: ["list", "watch"].map(str::to_owned).to_vec(),
        ..PolicyRule::default()
    };
    let kubeconfig = cluster.user(&unique("local"), Some(&namespace), &[rule]).await.unwrap();
    let (mut told, task) = followed(connection(&kubeconfig, true).await, &namespace);
    let (mut routes, mut refused, mut known) = (Routes::default(), BTreeSet::new(), None);
    while refused.len() < KINDS.len() || known.is_none() {
        match next(&mut told).await {
            Ok(RouteNews::Known(Kind::VirtualService, place, _)) => known = place,
            Ok(news) => panic!("{news:?}"),
            Err(fault) => assert!(refused.insert(fault.summary)),
        }
    }
    assert_eq!(known.as_deref(), Some(&*namespace));
    apply_yaml(&client, &virtual_service(&namespace, &name, "1s", "a")).await.unwrap();
    assert_eq!(change(&mut told, &mut routes, &name).await.what, "made");
    task.abort();
}
