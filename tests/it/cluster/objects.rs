//! One object, its events and its logs, followed over everything that happens to it and to its server.

use std::sync::{Arc, Mutex};

use egret::cluster::connect::Connection;
use egret::cluster::logs::{self, LogOf, Said};
use egret::cluster::{events, object};
use egret::model::fault::Fault;
use egret::model::name::{Kind, ObjectKey};
use egret::model::row::EventRow;
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::support::{SOON, connection};
use crate::support::plane::{
    Cluster, Options, PodLogs, UNMANAGED, apply_yaml, delete_now, shared, shared_with_crds, unique, wait_for,
};

fn key(c: &Connection, kind: Kind, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey { cluster: c.cluster.clone(), kind, namespace: namespace.into(), name: name.into() }
}

type State = Result<Option<Arc<Value>>, Fault>;

/// Follows an object: each state it is said to have, and what ends that.
fn followed(c: &Connection, key: &ObjectKey) -> (UnboundedReceiver<State>, JoinHandle<()>) {
    let (tell, told) = unbounded_channel();
    let (c, key) = (c.clone(), key.clone());
    let task = tokio::spawn(async move {
        object::follow(&c, &key, |state| drop(tell.send(state))).await;
    });
    (told, task)
}

async fn next<T>(told: &mut UnboundedReceiver<T>) -> T {
    tokio::time::timeout(SOON, told.recv()).await.expect("something is told").expect("following goes on")
}

fn label(state: State) -> Option<String> {
    state.unwrap().map(|o| o["metadata"]["labels"]["n"].as_str().unwrap_or_default().to_owned())
}

/// A pod that stays as it is made.
async fn make(client: &Client, namespace: &str, name: &str, n: &str) {
    let pod = json!({
        "metadata": {"name": name, "labels": {"n": n}, "annotations": {UNMANAGED.0: UNMANAGED.1}},
        "spec": {"nodeName": "node-0", "containers": [{"name": "a", "image": "none"}]},
    });
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    api.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
}

async fn relabel(client: &Client, namespace: &str, name: &str, n: &str) {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let patch = Patch::Merge(json!({"metadata": {"labels": {"n": n}}}));
    api.patch(name, &PatchParams::default(), &patch).await.unwrap();
}

#[tokio::test]
async fn an_object_is_followed_from_its_making_to_its_end_and_when_it_is_made_again() {
    let cluster = shared().await;
    let client = cluster.admin().await;
    let ns = unique("followed");
    cluster.namespace(&client, &ns).await.unwrap();
    let pods: Api<Pod> = Api::namespaced(client.clone(), &ns);
    make(&client, &ns, "one", "1").await;
    make(&client, &ns, "two", "other").await;
    let c = connection(cluster.kubeconfig(), true).await;
    let (mut told, task) = followed(&c, &key(&c, Kind::Pod, &ns, "one"));
    let first = next(&mut told).await.unwrap().unwrap();
    assert_eq!(first["metadata"]["labels"]["n"], "1");
    assert_eq!(first["spec"]["containers"][0]["name"], "a", "whole");
    assert!(first["metadata"]["managedFields"].is_array(), "R16: who manages what is kept");
    relabel(&client, &ns, "two", "not-told").await;
    relabel(&client, &ns, "one", "2").await;
    assert_eq!(label(next(&mut told).await), Some("2".to_owned()));
    delete_now(&pods, "one").await;
    // On its way it may be seen being deleted.
    while label(next(&mut told).await).is_some() {}
    make(&client, &ns, "one", "3").await;
    assert_eq!(label(next(&mut told).await), Some("3".to_owned()));
    task.abort();
}

#[tokio::test]
async fn an_object_that_is_not_there_yet_is_told_so_and_shown_when_it_is_made() {
    let cluster = shared().await;
    let client = cluster.admin().await;
    let ns = unique("followed");
    cluster.namespace(&client, &ns).await.unwrap();
    let c = connection(cluster.kubeconfig(), true).await;
    let (mut told, task) = followed(&c, &key(&c, Kind::Pod, &ns, "later"));
    assert_eq!(label(next(&mut told).await), None);
    make(&client, &ns, "later", "1").await;
    assert_eq!(label(next(&mut told).await), Some("1".to_owned()));
    task.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_to_an_object_while_its_server_was_away_is_told_afterwards() {
    let cluster =
        Cluster::start(Options { name: unique("away"), nodes: 1, ..Options::default() }).await.unwrap();
    let client = cluster.admin().await;
    for (name, n) in [("changed", "1"), ("deleted", "1"), ("same", "1")] {
        make(&client, "istio-egress", name, n).await;
    }
    let c = connection(cluster.kubeconfig(), true).await;
    let follow = |name: &str| followed(&c, &key(&c, Kind::Pod, "istio-egress", name));
    let [mut changed, mut deleted, mut same] = ["changed", "deleted", "same"].map(follow);
    for told in [&mut changed.0, &mut deleted.0, &mut same.0] {
        assert_eq!(label(next(told).await), Some("1".to_owned()));
    }
    cluster.stop_api().await.unwrap();
    cluster.start_api().await.unwrap();
    relabel(&client, "istio-egress", "changed", "2").await;
    delete_now(&Api::<Pod>::namespaced(client.clone(), "istio-egress"), "deleted").await;
    assert_eq!(label(next(&mut changed.0).await), Some("2".to_owned()));
    while label(next(&mut deleted.0).await).is_some() {}
    // Its version is older than all that the restarted server remembers, which must not be asked for without end.
    let mark = cluster.mark().await.unwrap();
    let (mut late, late_task) = follow("same");
    assert_eq!(label(next(&mut late).await), Some("1".to_owned()));
    for n in ["3", "4", "5", "6"] {
        relabel(&client, "istio-egress", "changed", n).await;
        assert_eq!(label(next(&mut changed.0).await), Some(n.to_owned()));
    }
    let asked = cluster.audit_since(mark).await.unwrap();
    let asked: Vec<_> = asked.iter().filter(|e| e.verb != "watch" && e.uri.contains("same")).collect();
    assert!(asked.len() <= 3, "{} requests: {:?}…", asked.len(), &asked[..3]);
    late_task.abort();
    // What did not change is not told again: the next news is the next change.
    relabel(&client, "istio-egress", "same", "2").await;
    assert_eq!(label(next(&mut same.0).await), Some("2".to_owned()));
    // Nobody was told of the outage: the cluster's own row is.
    for told in [&mut changed.0, &mut deleted.0, &mut same.0] {
        assert!(told.try_recv().is_err());
    }
    for task in [changed.1, deleted.1, same.1] {
        task.abort();
    }
}

async fn say(client: &Client, ns: &str, name: &str, about: &str, reason: &str, count: u32) {
    let event = format!(
        "apiVersion: v1\nkind: Event\nmetadata: {{name: {name}, namespace: {ns}}}\n\
         involvedObject: {{apiVersion: v1, kind: Pod, name: {about}, namespace: {ns}}}\n\
         reason: {reason}\nmessage: said of {about}\ntype: Warning\ncount: {count}\n\
         lastTimestamp: '2026-01-01T00:00:0{count}Z'\nsource: {{component: test}}\n"
    );
    apply_yaml(client, &event).await.unwrap();
}

#[tokio::test]
async fn the_events_of_the_open_objects_are_followed_oldest_first() {
    let cluster = shared().await;
    let client = cluster.admin().await;
    let ns = unique("events");
    cluster.namespace(&client, &ns).await.unwrap();
    say(&client, &ns, "e1", "one", "Second", 2).await;
    say(&client, &ns, "e2", "two", "First", 1).await;
    say(&client, &ns, "e3", "three", "Foreign", 1).await;
    let c = connection(cluster.kubeconfig(), true).await;
    let keys = [key(&c, Kind::Pod, &ns, "one"), key(&c, Kind::Pod, &ns, "two")];
    let (tell, mut told) = unbounded_channel();
    let task = tokio::spawn(async move {
        events::follow(&c, &keys, |events| drop(tell.send(events))).await;
    });
    let mut until = async |wanted: &[(&str, u32)]| loop {
        let rows: Result<Arc<[EventRow]>, Fault> = next(&mut told).await;
        let seen: Vec<(String, u32)> =
            rows.unwrap().iter().map(|e| (e.reason.to_string(), e.count)).collect();
        let wanted: Vec<(String, u32)> = wanted.iter().map(|(r, n)| ((*r).to_owned(), *n)).collect();
        if seen == wanted {
            return;
        }
        assert!(!seen.iter().any(|(reason, _)| reason == "Foreign"), "{seen:?}");
    };
    until(&[("First", 1), ("Second", 2)]).await;
    say(&client, &ns, "e4", "two", "Third", 3).await;
    until(&[("First", 1), ("Second", 2), ("Third", 3)]).await;
    // One that is said again is one event still.
    say(&client, &ns, "e2", "two", "First", 4).await;
    until(&[("Second", 2), ("Third", 3), ("First", 4)]).await;
    delete_now(&Api::<k8s_openapi::api::core::v1::Event>::namespaced(client.clone(), &ns), "e4").await;
    until(&[("Second", 2), ("First", 4)]).await;
    task.abort();
}

/// A running pod with two containers, and the log of each.
async fn logging(cluster: &Cluster, client: &Client) -> (String, Vec<PodLogs>) {
    let ns = unique("logs");
    cluster.namespace(client, &ns).await.unwrap();
    let pods: Api<Pod> = Api::namespaced(client.clone(), &ns);
    let container = |name: &str| json!({"name": name, "image": "none"});
    let pod =
        json!({"metadata": {"name": "pod"}, "spec": {"containers": [container("main"), container("side")]}});
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let running = |pod: &Pod| pod.status.as_ref().is_some_and(|s| s.phase.as_deref() == Some("Running"));
    wait_for(pods, "pod", running).await;
    let logs = cluster.logs_of(client, &ns, "pod", &["main", "side"]).await.unwrap();
    (ns, logs)
}

fn log_of(ns: &str, container: &str) -> LogOf {
    let (namespace, pod) = (ns.to_owned(), "pod".to_owned());
    LogOf { namespace, pod, container: container.to_owned(), previous: false, tail: 100 }
}

/// Reads a log: its lines, and what is said of it.
struct Reader {
    told: UnboundedReceiver<Said>,
    lines: Vec<String>,
    notes: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Reader {
    fn of(c: &Connection, log: LogOf) -> Self {
        let (tell, told) = unbounded_channel();
        let c = c.clone();
        let task = tokio::spawn(async move {
            logs::follow(&c, &log, |said| drop(tell.send(said))).await;
        });
        Self { told, lines: Vec::new(), notes: Arc::default(), task }
    }

    /// Waits for a line; returns all until then.
    async fn until(&mut self, line: &str) -> &[String] {
        while self.lines.last().map(String::as_str) != Some(line) {
            match next(&mut self.told).await {
                Said::Lines(lines) => {
                    assert!(lines.iter().all(|(time, _)| time.is_some()), "{lines:?}");
                    self.lines.extend(lines.into_iter().map(|(_, text)| text));
                }
                Said::Note(note) => self.notes.lock().unwrap().push(note),
            }
        }
        &self.lines
    }

    /// Waits until the log says its last.
    async fn ended(mut self) -> (Vec<String>, Vec<String>) {
        tokio::time::timeout(SOON, &mut self.task).await.expect("it ends").unwrap();
        while let Some(said) = self.told.recv().await {
            match said {
                Said::Lines(lines) => self.lines.extend(lines.into_iter().map(|(_, text)| text)),
                Said::Note(note) => self.notes.lock().unwrap().push(note),
            }
        }
        let notes = self.notes.lock().unwrap().iter().filter(|n| !n.is_empty()).cloned().collect();
        (std::mem::take(&mut self.lines), notes)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn the_log_of_each_container_is_read_and_followed_and_that_before_its_restart_ends() {
    let cluster = shared().await;
    let client = cluster.admin().await;
    let (ns, logs) = logging(cluster, &client).await;
    let [main, side] = &logs[..] else { panic!("two logs") };
    let c = connection(cluster.kubeconfig(), true).await;
    for n in 0..5 {
        main.line(&format!("line {n}")).unwrap();
    }
    let mut reader = Reader::of(&c, LogOf { tail: 2, ..log_of(&ns, "main") });
    assert_eq!(reader.until("line 4").await, ["line 3", "line 4"]);
    main.line("line 5").unwrap();
    assert_eq!(reader.until("line 5").await.len(), 3);
    // A log that has no line yet is open, and its first line comes.
    let mut silent = Reader::of(&c, log_of(&ns, "side"));
    side.line("beside").unwrap();
    assert_eq!(silent.until("beside").await, ["beside"]);
    assert_eq!(reader.until("line 5").await.len(), 3, "each has its own");

    main.previous("the end of the last run").unwrap();
    let previous = Reader::of(&c, LogOf { previous: true, ..log_of(&ns, "main") });
    let (lines, notes) = previous.ended().await;
    assert_eq!(lines, ["the end of the last run"]);
    assert_eq!(notes, ["This log has ended: it is that of the container before its last restart."]);
}

#[tokio::test]
async fn a_log_that_cannot_be_read_says_why_and_is_not_asked_for_again() {
    let cluster = shared().await;
    let client = cluster.admin().await;
    let (ns, _logs) = logging(cluster, &client).await;
    let c = connection(cluster.kubeconfig(), true).await;
    let (_, notes) = Reader::of(&c, log_of(&ns, "nope")).ended().await;
    assert_eq!(
        notes,
        [format!("shared: read the log of nope in pod {ns}/pod: container nope is not valid for pod pod")]
    );
    let gone = LogOf { pod: "gone".into(), ..log_of(&ns, "main") };
    let (_, notes) = Reader::of(&c, gone).ended().await;
    assert_eq!(notes, [format!("shared: read the log of main in pod {ns}/gone: it does not exist")]);
    let narrow = connection(&cluster.narrow_kubeconfig(), true).await;
    let (_, notes) = Reader::of(&narrow, log_of(&ns, "main")).ended().await;
    assert_eq!(notes, [format!("shared: no right to read the log of main in pod {ns}/pod (as narrow)")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_line_of_a_log_is_lost_or_repeated_when_the_server_is_started_again() {
    let cluster =
        Cluster::start(Options { name: unique("logging"), nodes: 1, ..Options::default() }).await.unwrap();
    let client = cluster.admin().await;
    let (ns, logs) = logging(&cluster, &client).await;
    let c = connection(cluster.kubeconfig(), true).await;
    let mut reader = Reader::of(&c, log_of(&ns, "main"));
    for n in 0..10 {
        logs[0].line(&format!("{n}")).unwrap();
    }
    // Several of one moment, of which one is written while nobody can read it.
    let moment = jiff::Timestamp::now().to_string();
    for n in 10..13 {
        logs[0].line_at(&moment, &format!("{n}")).unwrap();
    }
    reader.until("12").await;
    cluster.stop_api().await.unwrap();
    logs[0].line_at(&moment, "13").unwrap();
    for n in 14..20 {
        logs[0].line(&format!("{n}")).unwrap();
    }
    cluster.start_api().await.unwrap();
    logs[0].line("20").unwrap();
    let lines = reader.until("20").await.to_vec();
    let wanted: Vec<String> = (0..=20).map(|n| n.to_string()).collect();
    assert_eq!(lines, wanted);
    let notes = reader.notes.lock().unwrap().clone();
    assert!(notes.iter().any(|n| !n.is_empty()), "that it stopped is said: {notes:?}");
    assert_eq!(notes.last().map(String::as_str), Some(""), "and that it goes on: {notes:?}");
}

#[tokio::test]
async fn an_object_of_a_kind_with_a_definition_is_opened_in_the_version_that_is_served() {
    let cluster = shared_with_crds().await;
    let client = cluster.admin().await;
    for (_, generate) in egret::model::crd::all() {
        apply_yaml(&client, &generate().unwrap()).await.unwrap();
    }
    let name = unique("opened");
    let gateway = format!(
        "apiVersion: istio.alibabacloud.com/v1beta1\nkind: IstioGateway\n\
         metadata: {{name: {name}, namespace: istio-egress}}\nspec: {{gatewayType: egress}}\n"
    );
    apply_yaml(&client, &gateway).await.unwrap();
    let c = connection(cluster.kubeconfig(), true).await;
    let found = object::fetch(&c, &key(&c, Kind::IstioGateway, "istio-egress", &name)).await.unwrap();
    assert_eq!(found["apiVersion"], "istio.alibabacloud.com/v1beta1");
    let node = object::fetch(&c, &key(&c, Kind::Node, "", "node-0")).await.unwrap();
    assert_eq!(node["kind"], "Node");
    let missing = object::fetch(&c, &key(&c, Kind::Node, "", "nope")).await.unwrap_err();
    assert_eq!(missing.summary, "crds: get Node nope: it does not exist");
}
