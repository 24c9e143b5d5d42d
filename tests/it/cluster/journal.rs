//! The journal: what leaves is told, what does not is not, and no value ever is.

use std::fs;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use egret::cluster::connect::{Connection, Patience, connect};
use egret::cluster::journal::{Entry, Journal, Told, UNANSWERED};
use egret::cluster::kubeconfig;
use egret::cluster::read_only::ReadOnly;
use egret::cluster::write::{self, Address, Conflicts, Meant};
use egret::demo::story;
use egret::demo::world::World;
use egret::model::clock::Time as _;
use egret::model::name::{ClusterName, Kind};
use egret::reconcile::clusters::gateway;
use egret::reconcile::lease::{Keeping, Me};
use egret::runtime::demo;
use serde_json::{Value, json};

use crate::support::demo::run;

const NAMESPACE: &str = "istio-system";
const PLANTED: &str = "hunter2-never-to-be-told";

struct Stage {
    world: World,
    c: Connection,
    told: Receiver<Told>,
}

impl Stage {
    async fn new(read_only: bool) -> Self {
        let world = story::bare(1, &["home"]);
        let (journal, told) = Journal::new("jane", "screen");
        let contexts = demo::contexts(&world).with_journal(journal);
        let name = ClusterName::from("home");
        let patience = Patience { answer: Duration::from_secs(5), ..Patience::default() };
        let c = connect(&contexts, &name, None, ReadOnly::new(read_only), patience).await.unwrap();
        Self { world, c, told }
    }

    fn told(&self) -> Vec<Entry> {
        let entry = |told| match told {
            Told::Wrote(entry) => *entry,
            Told::Flush(_) => panic!("nobody flushes here"),
        };
        self.told.try_iter().map(entry).collect()
    }

    fn fault(&self, rule: &str) {
        self.world.faults().add(rule.parse().unwrap());
    }
}

fn collection(kind: Kind) -> Address {
    let namespace = NAMESPACE.to_owned();
    Address { kind: kind.to_string(), resource: kind.resource(), namespace, name: String::new() }
}

fn out() -> Value {
    json!({
        "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
        "metadata": {"name": "out", "namespace": NAMESPACE, "annotations": {"note": PLANTED}},
        "spec": {"replicaCount": 2, "ports": [{"name": "http-0", "port": 80, "protocol": "HTTP"}]},
    })
}

/// What of an entry tells it from others.
fn short(entry: &Entry) -> String {
    let status = entry.status.map(|s| format!(" {s}")).unwrap_or_default();
    let sub = if entry.subresource.is_empty() { String::new() } else { format!("/{}", entry.subresource) };
    format!(
        "{} {}/{}{sub} [{}] {}{status}",
        entry.verb,
        entry.kind,
        entry.name,
        entry.fields.join(" "),
        entry.result
    )
}

#[test]
fn every_write_is_told_with_its_fields_and_what_came_of_it_and_with_no_value() {
    run(async {
        let stage = Stage::new(false).await;
        let c = &stage.c;
        let at = gateway(NAMESPACE, "out");
        let made = write::create(c, &collection(Kind::IstioGateway), &out(), "egret").await.unwrap();
        let patch = json!({"spec": {"replicaCount": 3, "podAnnotations": {"a.b/c": PLANTED}}});
        let changed = write::merge(c, &at, "", &patch, "egret").await.unwrap();
        write::apply(c, &at, &out(), "other", Conflicts::Force, Meant::Earnest).await.unwrap();
        write::merge(c, &at, "/status", &json!({"status": {"Status": "Running"}}), "egret").await.unwrap();
        // None of these is told: they store nothing.
        write::get(c, &at).await.unwrap();
        write::list(c, &collection(Kind::IstioGateway), "").await.unwrap();
        write::merge_as(c, &at, "", &patch, "egret", Meant::DryRun).await.unwrap();
        write::apply(c, &at, &out(), "other", Conflicts::Force, Meant::DryRun).await.unwrap();
        // Each of these is refused.
        write::create(c, &collection(Kind::IstioGateway), &out(), "egret").await.unwrap_err();
        let stale = json!({"metadata": {"resourceVersion": "1"}, "spec": {"replicaCount": 4}});
        write::merge(c, &at, "", &stale, "egret").await.unwrap_err();
        write::delete(c, &at, "another-uid").await.unwrap_err();
        write::delete(&stage.c.clone().by("delete"), &at, made["metadata"]["uid"].as_str().unwrap())
            .await
            .unwrap();
        let told = stage.told();
        let lines: Vec<String> = told.iter().map(short).collect();
        assert_eq!(
            lines,
            [
                "create IstioGateway/out [*] ok",
                r#"change IstioGateway/out [spec.replicaCount spec.podAnnotations["a.b/c"]] ok"#,
                "apply IstioGateway/out [metadata.annotations.note spec.replicaCount spec.ports] ok",
                "change IstioGateway/out/status [status.Status] ok",
                "create IstioGateway/out [*] refused 409",
                "change IstioGateway/out [spec.replicaCount] refused 409",
                "delete IstioGateway/out [] refused 409",
                "delete IstioGateway/out [] ok",
            ]
        );
        let first = &told[0];
        assert_eq!(
            (first.context.as_str(), first.user.as_str(), first.by.as_str(), first.namespace.as_str()),
            ("home", "jane", "screen", NAMESPACE)
        );
        assert_eq!(first.api_version, "istio.alibabacloud.com/v1beta1");
        assert_eq!(told[1].resource_version.as_deref(), changed["metadata"]["resourceVersion"].as_str());
        assert_eq!(told[7].by, "delete");
        let text = serde_json::to_string(&told).unwrap();
        assert!(!text.contains(PLANTED) && !text.contains("http-0"), "{text}");
    });
}

#[test]
fn a_write_that_nobody_heard_the_answer_to_is_told_as_what_may_have_been_done() {
    run(async {
        let stage = Stage::new(false).await;
        stage.fault("latency=20s");
        let all = collection(Kind::IstioGateway);
        // It takes too long.
        write::create(&stage.c, &all, &out(), "egret").await.unwrap_err();
        // Whoever asked goes away.
        let (at, patch) = (gateway(NAMESPACE, "out"), json!({"spec": {"replicaCount": 3}}));
        {
            let writing = Box::pin(write::merge(&stage.c, &at, "", &patch, "egret"));
            tokio::time::timeout(Duration::from_millis(10), writing).await.unwrap_err();
        }
        let lines: Vec<String> = stage.told().iter().map(short).collect();
        let wanted = [
            format!("create IstioGateway/out [*] {UNANSWERED}"),
            format!("change IstioGateway/out [spec.replicaCount] {UNANSWERED}"),
        ];
        assert_eq!(lines, wanted);
    });
}

#[test]
fn what_never_left_is_not_told() {
    run(async {
        let stage = Stage::new(true).await;
        write::create(&stage.c, &collection(Kind::IstioGateway), &out(), "egret").await.unwrap_err();
        assert!(stage.told().is_empty());
    });
}

#[tokio::test]
async fn what_found_no_connection_is_not_told_and_the_user_of_the_context_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: k, cluster: {server: 'http://127.0.0.1:1'}}]\n\
        users: [{name: jane-admin, user: {}}]\ncontexts: [{name: c, context: {cluster: k, user: jane-admin}}]\n";
    fs::write(&file, text).unwrap();
    let (journal, told) = Journal::new("jane", "screen");
    let contexts = kubeconfig::read(Some(&file)).unwrap().with_journal(journal);
    let patience = Patience::default();
    let c = connect(&contexts, &"c".into(), None, ReadOnly::new(false), patience).await.unwrap();
    write::create(&c, &collection(Kind::IstioGateway), &out(), "egret").await.unwrap_err();
    assert!(told.try_recv().is_err(), "nothing listens there");
    // One that listens and says nothing may have heard it.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    fs::write(&file, text.replace("127.0.0.1:1", &format!("127.0.0.1:{port}"))).unwrap();
    let contexts = contexts.read_again().unwrap();
    let c = connect(&contexts, &"c".into(), None, ReadOnly::new(false), patience).await.unwrap();
    let (all, gateway) = (collection(Kind::IstioGateway), out());
    let serving = async {
        let (stream, _) = listener.accept().await.unwrap();
        drop(stream);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = serving => {}
        done = write::create(&c, &all, &gateway, "egret") => drop(done.unwrap_err()),
    }
    let Ok(Told::Wrote(entry)) = told.try_recv() else {
        panic!("it is told, by contexts that were read again")
    };
    assert_eq!((entry.result.as_str(), entry.account.as_str()), (UNANSWERED, "jane-admin"));
}

#[test]
fn taking_a_lease_is_told_and_renewing_it_is_not() {
    run(async {
        let stage = Stage::new(false).await;
        let me = Me { identity: "here_1_2".into(), version: "0.1.0".into(), embedded: true };
        let mut keeping = Keeping::new(&stage.c, NAMESPACE, me);
        for _ in 0..3 {
            keeping.tend(stage.world.clock().now()).await.unwrap();
        }
        assert!(keeping.is_ours());
        let lines: Vec<String> = stage.told().iter().map(short).collect();
        assert_eq!(lines, ["create Lease/egret-controller [*] ok"]);
    });
}
