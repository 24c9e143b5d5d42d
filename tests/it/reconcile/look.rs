//! A look at gateways: what a pass would do, and nothing written.

use egret::materialize::Part;
use egret::materialize::report::PartState;
use egret::reconcile::{look, survey};
use serde_json::json;

use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

#[tokio::test]
async fn a_look_tells_what_a_pass_would_do_and_writes_nothing() {
    let stage = Stage::new(&["far"]);
    stage.put("new", &json!({"ports": ports(), "clusterIds": [HOME, "far"]}));
    stage.put("there", &json!({"ports": ports(), "replicaCount": 2}));
    stage.put("wrong", &json!({"ports": ports(), "replicaCount": 2, "rollingMaxSurge": "x"}));
    stage.settled("there").await;
    stage.with(HOME, |state| {
        let key = egret::demo::store::Key::new("deployments.apps", NAMESPACE, "istio-there");
        state
            .change(&key, "kubectl-scale", |object| object["spec"]["replicas"] = 5.into())
            .map(drop)
            .unwrap();
    });
    let before = stage.picture();
    let way = Trouble::none();
    let keeper = stage.keeper(&way).await;
    let all = survey(&keeper, NAMESPACE).await.unwrap();
    assert_eq!((way.writes(), stage.picture()), (Vec::new(), before));
    let [(a, new), (b, there), (c, wrong)] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!([a, b, c], ["new", "there", "wrong"]);
    assert_eq!(new.places.len(), 2);
    for place in &new.places {
        assert!(place.parts.iter().all(|part| part.state == PartState::Held), "{:?}", place.parts);
    }
    let of = |part| there.places[0].parts.iter().find(|p| p.part == part).unwrap().state.clone();
    let PartState::Drifted(fields) = of(Part::Deployment) else { panic!("{:?}", of(Part::Deployment)) };
    assert_eq!(fields[0].in_words(), "spec.replicas: 5, should be 2 (by kubectl-scale)");
    assert_eq!(of(Part::Service), PartState::InSync);
    assert!(wrong.problems.iter().any(|p| p.is_error()) && wrong.places.is_empty());
    let one = look(&keeper, NAMESPACE, "new", Some("far")).await;
    assert_eq!(one.places.iter().map(|p| p.cluster_id.as_deref()).collect::<Vec<_>>(), [Some("far")]);
    assert!(look(&keeper, NAMESPACE, "nobody", None).await.gone);
}
