//! What passes over gateways do, on the simulated server.

use egret::materialize::Part;
use egret::materialize::report::PartState;
use egret::reconcile::pass;
use serde_json::{Value, json};

use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

/// A port, since a gateway without one draws a note.
pub(super) fn ports() -> Value {
    json!([{"name": "http-0", "port": 80, "protocol": "HTTP"}])
}

fn conditions(gateway: &Value) -> Vec<String> {
    let conditions = gateway["status"]["conditions"].as_array().unwrap().iter();
    conditions.map(|c| format!("{}={} {}", c["type"], c["status"], c["reason"]).replace('"', "")).collect()
}

#[tokio::test]
async fn a_gateway_comes_to_run_and_a_second_pass_sends_no_write() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"replicaCount": 2, "ports": ports()}));
    stage.settled("out").await;
    let gateway = stage.gateway("out").unwrap();
    assert_eq!(gateway["status"]["Status"], "Running", "{:#}", gateway["status"]);
    let service = stage.object(HOME, Part::Service, "istio-out").unwrap();
    assert_eq!(gateway["status"]["GatewayAddress"], json!([service["spec"]["clusterIP"]]));
    assert_eq!(
        conditions(&gateway),
        ["Accepted=True Accepted", "Programmed=True Programmed", "Ready=True Running"]
    );
    let way = Trouble::none();
    pass(&stage.keeper(&way).await, NAMESPACE, "out").await;
    assert_eq!((way.writes(), way.requests() > 0), (vec![], true));
}

#[tokio::test]
async fn what_is_no_longer_asked_for_is_removed_and_what_egret_did_not_make_is_not() {
    let stage = Stage::new(&[]);
    let spec = json!({"autoscaleEnabled": true, "minReplicas": 2, "maxReplicas": 4, "compression": {"enabled": true},
        "autoCreateGatewayYaml": true, "ports": ports()});
    stage.put("out", &spec);
    stage.settled("out").await;
    let there = |part, name| stage.object(HOME, part, name).is_some();
    assert!(
        there(Part::HorizontalPodAutoscaler, "istio-out") && there(Part::PodDisruptionBudget, "istio-out")
    );
    assert!(there(Part::EnvoyFilter, "istio-out-compression") && there(Part::Gateway, "istio-out"));
    // The budget becomes somebody else's.
    stage.meddle(HOME, Part::PodDisruptionBudget, "istio-out", "kubectl", |budget| {
        budget["metadata"]["ownerReferences"] = json!([]);
    });
    stage.edit("out", |gateway| gateway["spec"] = json!({"ports": ports()}));
    stage.settled("out").await;
    assert!(
        !there(Part::HorizontalPodAutoscaler, "istio-out") && there(Part::PodDisruptionBudget, "istio-out")
    );
    assert!(!there(Part::EnvoyFilter, "istio-out-compression") && !there(Part::Gateway, "istio-out"));
}

#[tokio::test]
async fn an_object_of_somebody_else_stops_all_writes_and_is_named() {
    let stage = Stage::new(&[]);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "istio-out", "namespace": NAMESPACE,
        "annotations": {"meta.helm.sh/release-name": "out"}}, "spec": {"ports": [{"port": 80}]}});
    stage.with(HOME, |state| state.make("services", service, "helm").map(drop)).unwrap();
    stage.put("out", &json!({"ports": ports()}));
    stage.settled("out").await;
    let gateway = stage.gateway("out").unwrap();
    assert_eq!(gateway["status"]["ErrorMessage"], "Service istio-out belongs to the Helm release out");
    assert_eq!(conditions(&gateway)[1], "Programmed=False Conflict");
    assert!(stage.object(HOME, Part::Deployment, "istio-out").is_none());
    let service = stage.object(HOME, Part::Service, "istio-out").unwrap();
    assert_eq!(service["metadata"]["ownerReferences"], Value::Null);
}

#[tokio::test]
async fn of_two_gateways_with_one_name_for_their_objects_the_younger_is_told() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports()}));
    stage.settled("out").await;
    stage.put("istio-out", &json!({"ports": ports()}));
    stage.settled("istio-out").await;
    let younger = stage.gateway("istio-out").unwrap();
    let told = younger["status"]["ErrorMessage"].as_str().unwrap();
    assert!(told.contains("Deployment istio-out belongs to IstioGateway out"), "{told}");
    stage.settled("out").await;
    assert_eq!(stage.gateway("out").unwrap()["status"]["Status"], "Running");
}

#[tokio::test]
async fn a_wrong_gateway_is_told_everything_and_nothing_is_written_for_it() {
    let stage = Stage::new(&[]);
    // The kind's own schema would refuse it; another keeper's would not.
    stage.put("out", &json!({"ports": ports(), "tolerations": [{"operator": "Equal"}], "dnsPolicy": "None"}));
    let report = stage.settled("out").await;
    assert_eq!(report.problems.iter().filter(|p| p.is_error()).count(), 2);
    let gateway = stage.gateway("out").unwrap();
    let told = gateway["status"]["ErrorMessage"].as_str().unwrap();
    assert!(told.contains("spec.tolerations[0].key") && told.contains("spec.dnsPolicy"), "{told}");
    assert!(stage.object(HOME, Part::ServiceAccount, "istio-out").is_none());
    let events = stage.with(HOME, |state| state.list("events", Some(NAMESPACE)));
    assert!(events.iter().any(|e| e["reason"] == "Invalid" && e["involvedObject"]["name"] == "out"));
}

#[tokio::test]
async fn what_was_changed_by_hand_is_put_back_and_left_alone_while_paused() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports(), "replicaCount": 2}));
    stage.settled("out").await;
    let image = |deployment: &mut Value| {
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "mine:1".into();
    };
    stage.meddle(HOME, Part::Deployment, "istio-out", "kubectl-edit", image);
    stage.edit("out", |gateway| gateway["metadata"]["annotations"] = json!({"egret/paused": "true"}));
    let report = stage.settled("out").await;
    let part = report.places[0].parts.iter().find(|p| p.part == Part::Deployment).unwrap();
    let PartState::Drifted(drift) = &part.state else { panic!("{:?}", part.state) };
    assert_eq!(
        drift.iter().map(|d| d.in_words()).collect::<Vec<_>>(),
        ["spec.template.spec.containers[istio-proxy].image: mine:1, should be auto (by kubectl-edit)"]
    );
    assert_eq!(conditions(&stage.gateway("out").unwrap())[1], "Programmed=False Paused");
    stage.edit("out", |gateway| gateway["metadata"]["annotations"] = json!({}));
    stage.settled("out").await;
    let deployment = stage.object(HOME, Part::Deployment, "istio-out").unwrap();
    assert_eq!(deployment["spec"]["template"]["spec"]["containers"][0]["image"], "auto");
    assert_eq!(stage.gateway("out").unwrap()["status"]["Status"], "Running");
}

#[tokio::test]
async fn a_field_that_somebody_changes_back_each_time_is_left_to_them_and_told() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports()}));
    let keeper = stage.keeper(&Trouble::none()).await;
    stage.settle(&keeper, "out").await;
    let back = || {
        stage.meddle(HOME, Part::Service, "istio-out", "argocd", |service| {
            service["spec"]["type"] = "NodePort".into()
        });
    };
    for _ in 0..2 {
        back();
        stage.settle(&keeper, "out").await;
        assert_eq!(stage.object(HOME, Part::Service, "istio-out").unwrap()["spec"]["type"], "ClusterIP");
    }
    back();
    stage.settle(&keeper, "out").await;
    assert_eq!(stage.object(HOME, Part::Service, "istio-out").unwrap()["spec"]["type"], "NodePort");
    let told = &stage.gateway("out").unwrap()["status"]["ErrorMessage"];
    assert_eq!(*told, "Service istio-out: spec.type: NodePort, should be ClusterIP (by argocd)");
}

#[tokio::test]
async fn annotations_that_nobody_desires_are_no_drift() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports()}));
    stage.settled("out").await;
    stage.meddle(HOME, Part::Deployment, "istio-out", "kubectl-rollout", |deployment| {
        deployment["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
            "now".into();
    });
    stage.advance();
    let way = Trouble::none();
    let keeper = stage.keeper(&way).await;
    pass(&keeper, NAMESPACE, "out").await;
    assert!(
        way.writes().iter().all(|write| write.contains("istiogateways") || write.contains("events")),
        "{:?}",
        way.writes()
    );
    let deployment = stage.object(HOME, Part::Deployment, "istio-out").unwrap();
    let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(annotations["kubectl.kubernetes.io/restartedAt"], "now");
}
