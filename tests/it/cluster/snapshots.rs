//! How often snapshots leave, and what is asked of the API server while nothing happens.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::time::Instant;

use super::support::view::View;
use super::support::{SOON, is_ours};
use crate::support::plane::{AuditEntry, Cluster, Options, UNMANAGED, shared, unique};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nothing_happens_only_watches_are_asked_for_and_no_snapshot_leaves() {
    // KWOK renews what it says of nodes, and those are not watched.
    let cluster =
        Cluster::start(Options { name: unique("idle"), nodes: 1, ..Options::default() }).await.unwrap();
    let client = cluster.admin().await;
    for (_, generate) in egret::model::crd::all() {
        crate::support::plane::apply_yaml(&client, &generate().unwrap()).await.unwrap();
    }
    let mut view = View::open(cluster.kubeconfig(), &["istio-system"]);
    view.complete(0).await;
    view.until(0, "facts", SOON, |s| s.facts.uid.is_some() && s.facts.kubernetes.is_some()).await;
    // What was under way when it became complete has left by then.
    while tokio::time::timeout(Duration::from_secs(2), view.next()).await.is_ok() {}
    let mark = cluster.mark().await.unwrap();
    // That nothing comes can only be seen by waiting: longer than a watch lasts, so that each is begun again.
    let quiet = tokio::time::timeout(Duration::from_secs(70), view.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    let ours: Vec<AuditEntry> =
        cluster.audit_since(mark).await.unwrap().into_iter().filter(is_ours).collect();
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &ours {
        *asked.entry(&entry.verb).or_default() += 1;
    }
    println!(
        "in 70 s of quiet: {asked:?} (entries of the audit log; a watch has one when it opens and one at its end)"
    );
    assert_eq!(asked.keys().copied().collect::<Vec<_>>(), ["watch"], "{ours:#?}");
    // Each place is watched by one request a minute: eleven kinds, the lease and three definitions at most.
    let opened = ours.iter().filter(|e| e.stage == "ResponseStarted").count();
    assert!((9..=30).contains(&opened), "{opened} watches");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_changes_leaves_as_ten_snapshots_a_second_and_its_last_state_arrives() {
    let cluster = shared().await;
    let client = cluster.admin().await;
    let ns = unique("burst");
    cluster.namespace(&client, &ns).await.unwrap();
    let api: Api<Pod> = Api::namespaced(client.clone(), &ns);
    let pod = json!({
        "metadata": {"name": "busy", "annotations": {UNMANAGED.0: UNMANAGED.1}},
        "spec": {"nodeName": "node-0", "containers": [{"name": "a", "image": "none"}]},
    });
    api.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let mut view = View::open(cluster.kubeconfig(), &[&ns]);
    view.complete(0).await;
    let began = Instant::now();
    let writer = tokio::spawn(async move {
        let mut every = tokio::time::interval(Duration::from_millis(20));
        for number in 0..150 {
            every.tick().await;
            let patch = Patch::Merge(json!({"metadata": {"labels": {"n": number.to_string()}}}));
            api.patch("busy", &PatchParams::default(), &patch).await.unwrap();
        }
        (Instant::now(), 150)
    });
    let mut left = 0;
    view.until(0, "the last state", SOON, |s| {
        left += 1;
        s.pods.iter().any(|p| p.meta.labels.get("n") == Some("149"))
    })
    .await;
    let took = began.elapsed();
    let (written, changes) = writer.await.unwrap();
    println!("{left} snapshots of {changes} changes in {took:?}; the last after {:?}", written.elapsed());
    let most = took.as_secs_f64() * 10.0 + 4.0;
    assert!(f64::from(left) <= most, "{left} snapshots in {took:?}");
    assert!(left > 3, "changes show while more come: {left}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_change_leaves_at_once() {
    let cluster = shared().await;
    let client = cluster.admin().await;
    let ns = unique("single");
    cluster.namespace(&client, &ns).await.unwrap();
    let api: Api<Pod> = Api::namespaced(client.clone(), &ns);
    let mut view = View::open(cluster.kubeconfig(), &[&ns]);
    view.complete(0).await;
    let mut worst = Duration::ZERO;
    for number in 0..10 {
        let name = format!("p{number}");
        let pod = json!({
            "metadata": {"name": name, "annotations": {UNMANAGED.0: UNMANAGED.1}},
            "spec": {"nodeName": "node-0", "containers": [{"name": "a", "image": "none"}]},
        });
        api.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
        let made = Instant::now();
        view.until(0, "the pod", SOON, |s| s.pods.iter().any(|p| *p.meta.name == *name)).await;
        worst = worst.max(made.elapsed());
    }
    println!("worst of ten changes, from the server's answer to the snapshot: {worst:?}");
    // The machine is shared; a poll of seconds, or a lost wake-up, would show.
    assert!(worst < Duration::from_secs(1), "{worst:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_namespaces_are_watched_on_request_and_snapshots_go_on_counting() {
    let cluster = shared().await;
    let client = cluster.admin().await;
    let (one, two) = (unique("one"), unique("two"));
    for ns in [&one, &two] {
        cluster.namespace(&client, ns).await.unwrap();
        let pod = json!({
            "metadata": {"name": "of", "annotations": {UNMANAGED.0: UNMANAGED.1}},
            "spec": {"nodeName": "node-0", "containers": [{"name": "a", "image": "none"}]},
        });
        let api: Api<Pod> = Api::namespaced(client.clone(), ns);
        api.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    }
    let mut view = View::open(cluster.kubeconfig(), &[&one]);
    view.complete(0).await;
    let namespaces = |s: &egret::model::snapshot::Snapshot| {
        s.pods.iter().map(|p| p.meta.namespace.to_string()).collect::<Vec<_>>()
    };
    let both = vec![one.as_str().into(), two.as_str().into()];
    for wanted in [both, vec![two.as_str().into()], Vec::new()] {
        let names: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        view.sources.set_namespaces(wanted.clone());
        // The numbers are compared by `next`.
        let got =
            view.until(0, "other namespaces", SOON, |s| *s.facts.namespaces == *wanted && s.complete()).await;
        if names.is_empty() {
            assert!([&one, &two].iter().all(|n| namespaces(&got).contains(n)));
        } else {
            assert_eq!(namespaces(&got), names);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_is_closed_is_asked_nothing_more() {
    let fake = super::support::fake::Fake::start(|_| None).await;
    let mut view = View::open(&fake.kubeconfig("{}"), &["istio-system"]);
    view.complete(0).await;
    let name = view.chosen[0].clone();
    view.sources.close(&name);
    // Connections close with their tasks: the server sees each go.
    tokio::time::timeout(SOON, fake.left()).await.unwrap();
    assert!(view.sources.connection(&name).is_none());
}
