//! What is recorded.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use egret::demo::store::Key;
use egret::demo::story;
use egret::headless::Outcome;
use egret::metrics::Scraped;
use egret::model::name::Kind;
use egret::recording::What;
use serde_json::{Value, json};

use super::support::{metrics, recorded};
use crate::support::demo::run;

#[test]
fn a_recording_holds_what_makes_the_gateway_and_what_its_proxies_said() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("incident.jsonl");
    let (past, end) = run(async {
        recorded(&story::world(1, 1.0), "egress-payments --context frankfurt", 40, &file).await
    });
    assert_eq!(end.outcome, Outcome::Done, "{}", end.err);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((past.broken, past.header.clusters.len()), (0, 1));
    assert!(past.header.clusters[0].uid.is_some());
    let scrapes = past.entries.iter().filter(|e| matches!(past.scraped(e), Some(Scraped::Scrape(_)))).count();
    assert!(scrapes >= 12, "two pods at least, every 5 s: {scrapes}");
    assert!(past.entries.iter().any(|e| matches!(e.what, What::Seen(_))), "the admin interface too");
    let objects = past.objects(past.entries.len());
    let names = |kind: Kind| -> Vec<&str> {
        objects.keys().filter(|key| key.kind == kind).map(|key| &*key.name).collect()
    };
    assert_eq!(names(Kind::IstioGateway), ["egress-payments"]);
    assert_eq!(names(Kind::Service).len(), 1, "of no other gateway");
    assert!(names(Kind::Deployment).contains(&"istiod"), "which says which Istio there is");
    for kind in [Kind::Pod, Kind::ReplicaSet, Kind::EndpointSlice] {
        assert!(names(kind).iter().all(|name| name.contains("egress-payments")), "{:?}", names(kind));
        assert!(!names(kind).is_empty(), "{kind}");
    }
    let spans = past.end().duration_since(past.start()).as_secs();
    assert!((30..=41).contains(&spans), "{spans}");
}

#[test]
fn no_value_of_an_environment_is_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("r");
    let (past, _) = run(async {
        let world = story::world(1, 1.0);
        let key = Key::new("deployments.apps", "istio-system", "istio-egress-payments");
        let with = |deployment: &mut Value| {
            let container = &mut deployment["spec"]["template"]["spec"]["containers"][0];
            container["env"] = json!([{"name": "TOKEN", "value": "hunter2"}]);
            container["args"] = json!(["--password=hunter2"]);
        };
        world.cluster("frankfurt").unwrap().with(|state| state.change(&key, "kubectl", with)).unwrap();
        recorded(&world, "--context frankfurt", 6, &file).await
    });
    assert!(!std::fs::read_to_string(&file).unwrap().contains("hunter2"));
    let mut seen = 0;
    for object in past.objects(past.entries.len()).values() {
        for at in ["/spec/containers", "/spec/template/spec/containers"] {
            for container in object.pointer(at).and_then(|c| c.as_array()).into_iter().flatten() {
                assert!(container.get("args").is_none(), "{container}");
                let env = container["env"].as_array().into_iter().flatten();
                env.for_each(|variable| {
                    seen += u32::from(variable["name"] == "TOKEN");
                    assert!(variable.get("value").is_none(), "{variable}");
                });
            }
        }
    }
    assert!(seen > 0, "names of variables are there");
}

#[test]
fn a_file_that_is_there_is_written_over_only_by_force() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("r");
    std::fs::write(&file, "mine").unwrap();
    run(async {
        let world = story::world(1, 1.0);
        let line = format!("egress-payments --context frankfurt --record {} --for 6s", file.display());
        let end = metrics(&world, &line, false, Duration::from_secs(100)).await;
        assert_eq!(end.outcome, Outcome::Usage);
        assert!(end.err.contains("is there already; --force writes over it"), "{}", end.err);
        assert_eq!(std::fs::read(&file).unwrap(), b"mine");
        let end = metrics(&world, &format!("{line} --force"), false, Duration::from_secs(100)).await;
        assert_eq!(end.outcome, Outcome::Done, "{}", end.err);
    });
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600,
        "it was open to others"
    );
    assert!(std::fs::read(&file).unwrap().starts_with(b"{\"is\":\"recording\""));
}

#[test]
fn an_interrupt_leaves_a_recording_that_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("r");
    let line = format!("egress-payments --context frankfurt --record {}", file.display());
    let end = run(async { metrics(&story::world(1, 1.0), &line, false, Duration::from_secs(20)).await });
    assert_eq!(end.outcome, Outcome::Done, "{}", end.err);
    let past = egret::recording::Past::read(&std::fs::read(&file).unwrap()).unwrap();
    assert!(past.broken == 0 && past.entries.len() > 10, "{}", past.entries.len());
    assert!(end.err.contains("egret replay "), "{}", end.err);
}

#[test]
fn of_a_cluster_where_proxies_may_not_be_read_the_refusals_are_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("r");
    let (past, end) = run(async { recorded(&story::world(1, 1.0), "--context audit", 20, &file).await });
    assert_eq!(end.outcome, Outcome::Failed, "no proxy could be read: {}", end.err);
    let missed = past.entries.iter().filter(|e| matches!(e.what, What::Missed(_))).count();
    let refused: Vec<Kind> = past
        .entries
        .iter()
        .filter_map(|e| match &e.what {
            What::Refused(_, kind, _) => *kind,
            _ => None,
        })
        .collect();
    assert!(missed > 0 && refused.contains(&Kind::HorizontalPodAutoscaler), "{missed} {refused:?}");
}
