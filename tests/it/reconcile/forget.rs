//! Forgetting a cluster that is gone for good (R2).

use egret::materialize::Part;
use egret::materialize::forgetting::Answers;
use egret::model::fault::Reason;
use egret::reconcile::forget::{forget, plan};
use egret::reconcile::pass;
use serde_json::json;

use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

/// A gateway in two other clusters and at home.
async fn spread() -> Stage {
    let stage = Stage::new(&["far", "gone"]);
    stage.put("out", &json!({"ports": ports(), "clusterIds": [HOME, "far", "gone"]}));
    stage.settled("out").await;
    stage
}

#[tokio::test]
async fn a_cluster_that_is_still_asked_for_is_not_forgotten_nor_one_that_is_not_on_record() {
    let stage = spread().await;
    let keeper = stage.keeper(&Trouble::none()).await;
    let fault = plan(&keeper, NAMESPACE, "out", "gone").await.unwrap_err();
    assert!(fault.summary.contains("still asks for cluster gone"), "{}", fault.summary);
    let fault = plan(&keeper, NAMESPACE, "out", "elsewhere").await.unwrap_err();
    assert!(fault.summary.ends_with("far, gone is"), "{}", fault.summary);
    let fault = plan(&keeper, NAMESPACE, "nobody", "gone").await.unwrap_err();
    assert_eq!(fault.reason, Reason::Missing);
}

#[tokio::test]
async fn what_is_left_is_told_and_the_rest_of_the_record_stays() {
    let stage = spread().await;
    let way = Trouble::none();
    let keeper = stage.keeper(&way).await;
    keeper.clusters.remove("gone");
    stage.edit("out", |gateway| gateway["spec"]["clusterIds"] = json!([HOME, "far"]));
    // Nothing is cleaned up where nobody answers.
    let report = pass(&keeper, NAMESPACE, "out").await;
    assert!(report.all_faults()[0].summary.contains("cluster gone is not known"));
    let (writes, plan) = (way.writes().len(), plan(&keeper, NAMESPACE, "out", "gone").await.unwrap());
    assert_eq!(way.writes().len(), writes, "a plan writes nothing");
    assert!(matches!(plan.answers, Answers::No(_)) && !plan.is_last);
    let kinds: Vec<Part> = plan.left.iter().map(|(part, _)| *part).collect();
    assert_eq!(
        kinds,
        [Part::ServiceAccount, Part::Role, Part::RoleBinding, Part::Service, Part::Deployment],
        "as the gateway says"
    );
    assert!(plan.in_words()[1].ends_with("ServiceAccount istio-system/istio-out"), "{:?}", plan.in_words());
    forget(&keeper, &plan).await.unwrap();
    let metadata = stage.gateway("out").unwrap()["metadata"].clone();
    let record = metadata["annotations"]["egret/clusters"].as_str().unwrap().to_owned();
    assert!(record.contains("far") && !record.contains("gone"), "{record}");
    assert_eq!(metadata["finalizers"], json!(["egret/cleanup"]));
    assert!(stage.object("gone", Part::Deployment, "istio-out").is_some(), "nothing in it is touched");
    // From here on all is well.
    let report = stage.settle(&keeper, "out").await;
    assert!(report.all_faults().is_empty());
    let fault = forget(&keeper, &plan).await.unwrap_err();
    assert!(fault.summary.contains("is not on the record"), "{}", fault.summary);
}

#[tokio::test]
async fn a_gateway_that_is_being_deleted_goes_when_the_last_of_its_clusters_is_forgotten() {
    let stage = spread().await;
    let keeper = stage.keeper(&Trouble::none()).await;
    keeper.clusters.remove("gone");
    stage.delete("out");
    pass(&keeper, NAMESPACE, "out").await;
    stage.advance();
    pass(&keeper, NAMESPACE, "out").await;
    assert!(stage.gateway("out").is_some(), "it waits for the cluster that does not answer");
    let plan = plan(&keeper, NAMESPACE, "out", "gone").await.unwrap();
    assert!(plan.is_last);
    forget(&keeper, &plan).await.unwrap();
    assert!(stage.gateway("out").is_none());
    assert!(stage.object("far", Part::Deployment, "istio-out").is_none());
}

#[tokio::test]
async fn a_cluster_that_answers_shows_what_is_really_in_it_and_another_one_is_told_apart() {
    let stage = spread().await;
    let keeper = stage.keeper(&Trouble::none()).await;
    stage.edit("out", |gateway| gateway["spec"]["clusterIds"] = json!([HOME, "far"]));
    let there = plan(&keeper, NAMESPACE, "out", "gone").await.unwrap();
    assert_eq!((there.answers.clone(), there.left.len()), (Answers::Yes, 5));
    assert!(there.in_words()[0].contains("Taking it out of spec.clusterIds cleans it up"));
    // Somebody maps the id to another cluster.
    let other = stage.connection("far", &Trouble::none()).await;
    keeper.clusters.put("gone", Ok(other));
    let another = plan(&keeper, NAMESPACE, "out", "gone").await.unwrap();
    assert!(matches!(another.answers, Answers::Another { .. }), "{another:?}");
    // A gateway of that name which came later forgets nothing.
    stage.edit("out", |gateway| gateway["metadata"]["annotations"] = json!({}));
    assert!(forget(&keeper, &another).await.is_err());
}
