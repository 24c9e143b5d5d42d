//! Adopting what somebody else made, and letting it go again (R11, R12).

use std::path::Path;

use egret::materialize::Part;
use egret::materialize::adopt::Plan;
use egret::materialize::report::PartState;
use egret::reconcile::{adopt, pass};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

/// The objects of a gateway as somebody else makes them, by file.
pub(super) fn foreign(file: &str) -> Vec<Value> {
    foreign_as(file, "", "")
}

/// The same under another name.
pub(super) fn foreign_as(file: &str, called: &str, name: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/foreign-gateways");
    let mut text = std::fs::read_to_string(folder.join(file)).unwrap();
    if !called.is_empty() {
        text = text.replace(called, name);
    }
    let mut objects: Vec<Value> = serde_yaml::from_multiple(&text).unwrap();
    for object in &mut objects {
        object["metadata"]["namespace"] = NAMESPACE.into();
    }
    objects
}

/// Puts them on a stage, with pods.
pub(super) fn install(stage: &Stage, objects: &[Value], by: &str) {
    for object in objects {
        let part = Part::iter().find(|part| object["kind"] == part.to_string()).unwrap();
        stage.install(HOME, part, object, by);
    }
    // The autoscaler looks first, and what it says has its effect then.
    stage.advance();
    stage.advance();
}

async fn plan(stage: &Stage, name: &str) -> Result<Plan, egret::model::fault::Fault> {
    let c = stage.connection(HOME, &Trouble::none()).await;
    adopt::plan(&c, NAMESPACE, name, Some(name), "egress").await
}

/// What a plan would change, a line each.
fn lines(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for (part, name, changes) in &plan.changes {
        match changes {
            None => lines.push(format!("{part} {name}: made")),
            Some(fields) => lines.extend(fields.iter().map(|f| format!("{part} {name}: {}", f.in_words()))),
        }
    }
    lines
}

#[tokio::test]
async fn a_gateway_of_istios_chart_is_adopted_without_a_restart_and_what_would_change_is_told_before() {
    let stage = Stage::new(&[]);
    install(&stage, &foreign("chart-gateway.yaml"), "helm");
    let pods = stage.pods(HOME, "istio=payments-egress");
    assert_eq!(pods.len(), 3);
    let service = stage.object(HOME, Part::Service, "payments-egress").unwrap();
    let plan = plan(&stage, "payments-egress").await.unwrap();
    assert!(!plan.restarts, "{:#?}", plan.changes);
    assert!(
        plan.draft.notes[0]
            .contains("kubectl -n istio-egress delete secret -l owner=helm,name=payments-egress")
    );
    assert_eq!(plan.managers[&Part::Deployment], ["helm", "kube-controller-manager"]);
    let told = lines(&plan);
    assert!(told.contains(&"Role payments-egress: made".to_owned()), "{told:#?}");
    assert!(
        told.contains(
            &"PodDisruptionBudget payments-egress: spec.minAvailable: 2, should be 1 (by helm)".to_owned()
        ),
        "{told:#?}"
    );
    assert!(
        told.iter().all(|line| !line.contains("template") && !line.contains("Service payments-egress: spec")),
        "{told:#?}"
    );
    // What a plan shows is what becomes of it.
    assert!(stage.gateway("payments-egress").is_none(), "a plan writes nothing");
    let c = stage.connection(HOME, &Trouble::none()).await;
    adopt::adopt(&c, &plan.draft).await.unwrap();
    stage.settled("payments-egress").await;
    let gateway = stage.gateway("payments-egress").unwrap();
    assert_eq!(gateway["status"]["Status"], "Running", "{:#}", gateway["status"]);
    assert_eq!(stage.pods(HOME, "istio=payments-egress"), pods, "no pod was restarted");
    let now = stage.object(HOME, Part::Service, "payments-egress").unwrap();
    assert_eq!(now["spec"]["clusterIP"], service["spec"]["clusterIP"]);
    let deployment = stage.object(HOME, Part::Deployment, "payments-egress").unwrap();
    assert_eq!(deployment["metadata"]["ownerReferences"][0]["name"], "payments-egress");
    let managers = deployment["metadata"]["managedFields"].as_array().unwrap();
    assert!(managers.iter().all(|entry| entry["manager"] != "helm"), "{managers:#?}");
    assert_eq!(deployment["metadata"]["annotations"].get("meta.helm.sh/release-name"), None);
    assert_eq!(deployment["spec"]["replicas"], 3, "the autoscaler's number stays");
    // It follows its gateway from now on, and rolls when asked.
    let pending = stage.settled("payments-egress").await.places[0].pending.len();
    assert_eq!(pending, plan.pending.len());
    assert!(pending > 0, "the chart's pods are not egret's");
    stage.edit("payments-egress", |gateway| gateway["metadata"]["annotations"]["egret/roll"] = "1".into());
    let rolled = stage.settled("payments-egress").await;
    assert_eq!(rolled.places[0].pending, []);
    let rolled = stage.pods(HOME, "istio=payments-egress");
    assert!(rolled.iter().all(|pod| !pods.contains(pod)) && rolled.len() == 3);
}

#[tokio::test]
async fn a_gateway_of_istioctl_is_adopted_under_its_own_names() {
    let stage = Stage::new(&[]);
    install(&stage, &foreign("istioctl.yaml"), "istioctl");
    let pods = stage.pods(HOME, "istio=egressgateway");
    let plan = plan(&stage, "istio-egressgateway").await.unwrap();
    assert!(!plan.restarts, "{:#?}", plan.changes);
    let c = stage.connection(HOME, &Trouble::none()).await;
    adopt::adopt(&c, &plan.draft).await.unwrap();
    stage.settled("egressgateway").await;
    assert_eq!(stage.gateway("egressgateway").unwrap()["status"]["Status"], "Running");
    assert_eq!(stage.pods(HOME, "istio=egressgateway"), pods);
    let account = stage.object(HOME, Part::ServiceAccount, "istio-egressgateway-service-account").unwrap();
    assert_eq!(account["metadata"]["ownerReferences"][0]["kind"], "IstioGateway");
    assert!(stage.object(HOME, Part::ServiceAccount, "istio-egressgateway").is_none());
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_with_every_reason() {
    let stage = Stage::new(&[]);
    let mut objects = foreign("chart-gateway.yaml");
    for object in &mut objects {
        if object["kind"] == "Service" {
            object["metadata"]["labels"]["argocd.argoproj.io/instance"] = "mesh".into();
            object["spec"]["selector"] = json!({"istio": "payments-egress"});
        }
        if object["kind"] == "HorizontalPodAutoscaler" {
            object["spec"]["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu",
                "target": {"type": "AverageValue", "averageValue": "1"}}}]);
        }
        if object["kind"] == "Deployment" {
            object["metadata"]["labels"]["asm.alibabacloud.com/managed-by-asm"] = "true".into();
        }
    }
    install(&stage, &objects, "helm");
    let before = stage.picture();
    let why = plan(&stage, "payments-egress").await.unwrap_err().summary;
    for part in [
        "home: istio-system/payments-egress cannot be adopted: ",
        "Service payments-egress is kept by Argo CD",
        "Deployment payments-egress is ASM's: it carries asm.alibabacloud.com/managed-by-asm",
        "its Service selects other pods than its Deployment",
        "its autoscaler goes by more than shares of CPU and memory",
    ] {
        assert!(why.contains(part), "{part} is not in {why}");
    }
    assert_eq!(stage.picture(), before);
}

#[tokio::test]
async fn an_account_that_others_run_as_is_not_taken_over() {
    let stage = Stage::new(&[]);
    let objects = foreign("chart-gateway.yaml");
    install(&stage, &objects, "helm");
    let mut other = objects.iter().find(|o| o["kind"] == "Deployment").unwrap().clone();
    other["metadata"]["name"] = "beside".into();
    install(&stage, &[other], "helm");
    let why = plan(&stage, "payments-egress").await.unwrap_err().summary;
    assert!(why.contains("Deployment beside runs as its ServiceAccount payments-egress too"), "{why}");
}

#[tokio::test]
async fn a_record_that_was_carried_to_other_objects_takes_nothing() {
    let stage = Stage::new(&[]);
    install(&stage, &foreign("chart-gateway.yaml"), "helm");
    let mut draft = plan(&stage, "payments-egress").await.unwrap().draft;
    let record = draft.gateway["metadata"]["annotations"]["egret/adopted"].as_str().unwrap();
    let mut record: Value = serde_json::from_str(record).unwrap();
    record["objects"]["Deployment"] = "another".into();
    draft.gateway["metadata"]["annotations"]["egret/adopted"] = record.to_string().into();
    stage.put_document(&draft.gateway);
    let way = Trouble::none();
    let report = pass(&stage.keeper(&way).await, NAMESPACE, "payments-egress").await;
    let state = |part| report.places[0].parts.iter().find(|p| p.part == part).unwrap().state.clone();
    assert_eq!(state(Part::Deployment), PartState::Conflict("the Helm release payments-egress".to_owned()));
    assert_eq!(state(Part::Service), PartState::ToTake, "nor is the rest: half a gateway serves nobody");
    assert!(
        way.writes().iter().all(|w| !w.contains("services") && !w.contains("deployments")),
        "{:?}",
        way.writes()
    );
}

#[tokio::test]
async fn a_gateway_that_is_released_goes_and_everything_it_had_stays() {
    let stage = Stage::new(&["far"]);
    let spec = json!({"replicaCount": 2, "ports": super::rounds::ports(), "clusterIds": [HOME, "far"]});
    stage.put("out", &spec);
    stage.settled("out").await;
    let uids = |stage: &Stage| -> Vec<Value> {
        let objects = [HOME, "far"]
            .iter()
            .flat_map(|cluster| Part::iter().filter_map(|part| stage.object(cluster, part, "istio-out")));
        objects.map(|object| object["metadata"]["uid"].clone()).collect()
    };
    let (before, pods) = (uids(&stage), stage.pods("far", "istio=out"));
    assert_eq!(before.len(), 12);
    stage.edit("out", |gateway| gateway["metadata"]["annotations"]["egret/release"] = "true".into());
    stage.settled("out").await;
    assert_eq!(stage.gateway("out"), None);
    stage.advance();
    assert_eq!((uids(&stage), stage.pods("far", "istio=out")), (before, pods));
    for cluster in [HOME, "far"] {
        let service = stage.object(cluster, Part::Service, "istio-out").unwrap();
        let metadata = &service["metadata"];
        assert!(metadata["ownerReferences"].as_array().is_none_or(Vec::is_empty), "{metadata:#}");
        assert_eq!(
            (&metadata["labels"]["egret/gateway-uid"], &metadata["labels"]["egret/home-uid"]),
            (&Value::Null, &Value::Null)
        );
    }
}

#[tokio::test]
async fn a_gateway_is_not_released_while_one_of_its_clusters_does_not_answer() {
    let stage = Stage::new(&["far"]);
    let spec = json!({"ports": super::rounds::ports(), "clusterIds": ["far"]});
    stage.put("out", &spec);
    stage.settled("out").await;
    stage.edit("out", |gateway| gateway["metadata"]["annotations"]["egret/release"] = "true".into());
    let keeper = stage.keeper(&Trouble::none()).await;
    keeper.clusters.remove("far");
    let report = pass(&keeper, NAMESPACE, "out").await;
    assert!(report.all_faults()[0].summary.contains("cluster far is not known"));
    assert!(stage.gateway("out").unwrap()["metadata"]["deletionTimestamp"].is_null());
    stage.settled("out").await;
    assert!(stage.gateway("out").is_none() && stage.object("far", Part::Deployment, "istio-out").is_some());
}
