//! Many gateways judged at once: those that nothing is to be done for, and no others.

use egret::materialize::Part;
use egret::reconcile::{pass, round};
use serde_json::{Value, json};

use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

/// The gateways of these that a round finds to be as they should be, and how many requests that took.
async fn settled(stage: &Stage, names: &[&str]) -> (Vec<String>, u64) {
    let way = Trouble::none();
    let keeper = stage.keeper(&way).await;
    let before = way.requests();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let found = round::settled(&keeper, NAMESPACE, &names).await.unwrap();
    assert_eq!(way.writes(), Vec::<String>::new());
    assert!(found.values().all(|report| report.all_writes() == 0 && !report.again()));
    (found.into_keys().collect(), way.requests() - before)
}

#[tokio::test]
async fn gateways_that_are_as_they_should_be_need_no_pass_of_their_own() {
    let stage = Stage::new(&[]);
    let names: Vec<String> = (0..20).map(|number| format!("gate-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for name in &names {
        stage.put(name, &json!({"replicaCount": 2, "ports": ports(), "compression": {"enabled": true}}));
    }
    for name in &names {
        stage.settled(name).await;
    }
    let (found, requests) = settled(&stage, &names).await;
    assert_eq!(found.len(), 20);
    assert_eq!(requests, 11, "one list of each kind");
    assert_eq!(settled(&stage, &["nobody"]).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn a_gateway_that_anything_is_to_be_done_for_gets_a_pass() {
    let begin = Stage::new(&["far"]);
    for name in ["out", "beside"] {
        begin.put(name, &json!({"replicaCount": 2, "ports": ports()}));
        begin.settled(name).await;
    }
    assert_eq!(settled(&begin, &["out", "beside"]).await.0, ["beside", "out"]);
    fn service(stage: &Stage, change: impl FnOnce(&mut Value)) {
        stage.meddle(HOME, Part::Service, "istio-out", "kubectl", change);
    }
    fn remove(stage: &Stage, kind: &str, name: &str) {
        let key = egret::demo::store::Key::new(kind, NAMESPACE, name);
        stage.with(HOME, |state| state.remove(&key).map(drop)).unwrap();
    }
    fn annotate(stage: &Stage, key: &str) {
        stage.edit("out", |gateway| gateway["metadata"]["annotations"] = json!({key: "true"}));
    }
    type Change = fn(&Stage);
    let changes: [(&str, Change); 13] = [
        ("edited", |s| s.edit("out", |g| g["spec"]["replicaCount"] = 3.into())),
        ("wrong", |s| s.edit("out", |g| g["spec"]["dnsPolicy"] = "None".into())),
        ("drift", |s| service(s, |service| service["spec"]["type"] = "NodePort".into())),
        ("no longer ours", |s| service(s, |service| service["metadata"]["ownerReferences"] = json!([]))),
        ("an object is gone", |s| remove(s, "services", "istio-out")),
        ("the Deployment is gone", |s| remove(s, "deployments.apps", "istio-out")),
        ("one that is not wanted", |s| s.edit("out", |g| g["spec"]["replicaCount"] = 1.into())),
        ("a status that is old", |s| s.edit_status("out", |g| g["status"]["Status"] = "Reconciling".into())),
        ("paused", |s| annotate(s, "egret/paused")),
        ("released", |s| annotate(s, "egret/release")),
        ("deleted", |s| s.delete("out")),
        ("another cluster", |s| s.edit("out", |g| g["spec"]["clusterIds"] = json!([HOME, "far"]))),
        ("scaled by hand", |s| {
            s.meddle(HOME, Part::Deployment, "istio-out", "kubectl", |d| d["spec"]["replicas"] = 5.into());
        }),
    ];
    for (what, change) in changes {
        let stage = begin.copied();
        change(&stage);
        assert_eq!(settled(&stage, &["out", "beside"]).await.0, ["beside"], "{what}");
        // And it is right: a pass has something to do, or is about a gateway that goes by itself.
        let report = pass(&stage.keeper(&Trouble::none()).await, NAMESPACE, "out").await;
        assert!(report.gone || report.all_writes() > 0, "{what}");
    }
}

#[tokio::test]
async fn a_pod_that_was_not_injected_is_found_among_many() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports()}));
    stage.settled("out").await;
    let pods = stage.with(HOME, |state| state.list("pods", Some(NAMESPACE)));
    let pod = pods.iter().find(|pod| pod["metadata"]["labels"]["istio"] == "out").unwrap();
    let key = egret::demo::store::Key::new("pods", NAMESPACE, pod["metadata"]["name"].as_str().unwrap());
    let auto = |pod: &mut Value| pod["spec"]["containers"][0]["image"] = "auto".into();
    assert_eq!(settled(&stage, &["out"]).await.0, ["out"]);
    stage.with(HOME, |state| state.change(&key, "test", auto).map(drop)).unwrap();
    assert_eq!(settled(&stage, &["out"]).await.0, Vec::<String>::new());
    pass(&stage.keeper(&Trouble::none()).await, NAMESPACE, "out").await;
    let told = &stage.gateway("out").unwrap()["status"]["ErrorMessage"];
    assert!(told.as_str().unwrap().contains("was not injected: its image is still auto"), "{told}");
}
