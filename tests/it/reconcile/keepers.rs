//! The controller as a whole, on the simulated server: where it may work, and where it may not (R4).

use std::sync::Arc;
use std::time::Duration;

use egret::demo::store::Key;
use egret::materialize::{Part, Report};
use egret::reconcile::controller::{self, News, Observer, Settings};
use egret::reconcile::lease::Me;
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

/// Hands on what it hears: news, and the names of gateways that were passed over.
struct Heard(UnboundedSender<Result<String, News>>);

impl Observer for Heard {
    fn news(&self, news: &News) {
        let _ = self.0.send(Err(news.clone()));
    }

    fn passed(&self, _: &str, name: &str, report: &Report, _: Duration) {
        let _ = self.0.send(Ok(format!("{name} {}", report.all_writes())));
    }
}

async fn settings(stage: &Stage, way: &Trouble) -> (Settings, UnboundedReceiver<Result<String, News>>) {
    let (tell, told) = unbounded_channel();
    let settings = Settings {
        keeper: stage.keeper(way).await,
        namespace: NAMESPACE.to_owned(),
        me: Me { identity: "me".into(), version: "1".into(), embedded: false },
        observer: Arc::new(Heard(tell)),
    };
    (settings, told)
}

/// Makes the kind somebody else's.
fn unmark(stage: &Stage) {
    let kind = Key::new(
        "customresourcedefinitions.apiextensions.k8s.io",
        "",
        "istiogateways.istio.alibabacloud.com",
    );
    let unmark = |crd: &mut serde_json::Value| {
        crd["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "ASM"})
    };
    stage.with(HOME, |state| state.change(&kind, "kubectl", unmark).map(drop)).unwrap();
}

#[tokio::test]
async fn where_the_kind_is_not_egrets_nothing_is_written_not_even_a_lease() {
    let stage = Stage::new(&[]);
    unmark(&stage);
    stage.put("out", &json!({"ports": ports()}));
    let way = Trouble::none();
    let (settings, mut told) = settings(&stage, &way).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let heard = async {
        let first = told.recv().await.unwrap();
        stop.send(()).unwrap();
        first
    };
    let ((), first) = tokio::join!(controller::run(settings, async { drop(stopped.await) }), heard);
    let Err(News::Failed(fault)) = first else { panic!("{first:?}") };
    assert!(
        fault.summary.contains("somebody else keeps its gateways: nothing is written"),
        "{}",
        fault.summary
    );
    assert_eq!(way.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn where_the_kind_stops_being_egrets_the_next_changes_are_not_acted_on() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports()}));
    let way = Trouble::none();
    let (settings, mut told) = settings(&stage, &way).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let heard = async {
        while told.recv().await.unwrap() != Err(News::Leading { transitions: 0 }) {}
        unmark(&stage);
        // Whoever changes it all the time sees an end of it soon, not with the lease's next round but one.
        let mut replicas = 0;
        loop {
            match told.recv().await.unwrap() {
                Ok(_) => {
                    replicas = 3 - replicas.max(1);
                    stage.edit("out", |gateway| gateway["spec"]["replicaCount"] = replicas.into());
                }
                Err(News::Stopped(why)) => break why,
                Err(_) => {}
            }
        }
    };
    let heard = async {
        let why = tokio::time::timeout(Duration::from_secs(20), heard).await;
        stop.send(()).unwrap();
        why.expect("it goes on")
    };
    let ((), why) = tokio::join!(controller::run(settings, async { drop(stopped.await) }), heard);
    assert!(why.contains("somebody else keeps its gateways: nothing is written"), "{why}");
}

#[tokio::test]
async fn a_controller_makes_many_gateways_and_gives_its_lease_back() {
    let stage = Stage::new(&[]);
    for number in 0..60 {
        stage.put(&format!("gate-{number}"), &json!({"ports": ports()}));
    }
    // Two that claim the same objects: one of them gets all, and not each a half.
    stage.put("x", &json!({"ports": ports()}));
    stage.put("istio-x", &json!({"ports": ports()}));
    let way = Trouble::none();
    let (settings, mut told) = settings(&stage, &way).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let heard = async {
        let mut made = std::collections::BTreeSet::new();
        while made.len() < 62 {
            if let Ok(passed) = told.recv().await.unwrap() {
                made.insert(passed.split(' ').next().unwrap().to_owned());
            }
        }
        stop.send(()).unwrap();
    };
    tokio::join!(controller::run(settings, async { drop(stopped.await) }), heard);
    for number in 0..60 {
        assert!(stage.object(HOME, Part::Deployment, &format!("istio-gate-{number}")).is_some(), "{number}");
    }
    let owners: std::collections::BTreeSet<String> =
        [Part::ServiceAccount, Part::Role, Part::RoleBinding, Part::Service, Part::Deployment]
            .into_iter()
            .map(|part| {
                let object = stage.object(HOME, part, "istio-x").unwrap();
                object["metadata"]["ownerReferences"][0]["name"].as_str().unwrap().to_owned()
            })
            .collect();
    assert_eq!(owners.len(), 1, "{owners:?}");
    let leases = stage.with(HOME, |state| state.list("leases.coordination.k8s.io", Some(NAMESPACE)));
    assert_eq!(leases[0]["spec"]["holderIdentity"], "");
}
