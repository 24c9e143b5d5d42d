//! Users who may do little see what they may, and are told what they may not.

use egret::cluster::logs::{self, LogOf};
use egret::cluster::object;
use egret::model::fault::{Fault, Reason};
use egret::model::name::{Kind, ObjectKey};
use egret::model::snapshot::{KindState, Link, Snapshot};
use http::Request;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;

use super::support::view::View;
use super::support::{SOON, connection, is_ours};
use crate::support::plane::{AuditEntry, apply_yaml, shared, shared_with_crds, unique};

async fn with_crds() -> &'static crate::support::plane::Cluster {
    let cluster = shared_with_crds().await;
    let client = cluster.admin().await;
    for (_, generate) in egret::model::crd::all() {
        apply_yaml(&client, &generate().unwrap()).await.unwrap();
    }
    cluster
}

fn may(groups: &[&str], resources: &[&str], verbs: &[&str]) -> PolicyRule {
    let owned = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    PolicyRule {
        api_groups: Some(owned(groups)),
        resources: Some(owned(resources)),
        verbs: owned(verbs),
        ..PolicyRule::default()
    }
}

fn denied(snapshot: &Snapshot, kind: Kind) -> &Fault {
    match &snapshot.kinds[&kind] {
        KindState::Denied(fault) => fault,
        other => panic!("{kind}: {other:?}"),
    }
}

#[tokio::test]
async fn a_narrow_user_sees_gateways_and_is_told_what_else_it_may_not_see() {
    let cluster = with_crds().await;
    let mut view = View::open(&cluster.narrow_kubeconfig(), &["istio-system"]);
    let snapshot = view.complete(0).await;
    for (kind, state) in &snapshot.kinds {
        if *kind == Kind::IstioGateway {
            assert_eq!(*state, KindState::Ready);
            continue;
        }
        let fault = denied(&snapshot, *kind);
        let plural = kind.resource().plural;
        let place = if kind.resource().namespaced { " in istio-system" } else { "" };
        assert_eq!(fault.summary, format!("crds: no right to list {plural}{place} (as narrow)"));
        assert_eq!(fault.hint, format!("Ask for a Role that allows it: list {plural}{place}."));
        assert_eq!(fault.reason, Reason::Denied);
    }
    assert_eq!(snapshot.kinds.len(), 11);
    // What everyone may ask is known all the same.
    let told = view.until(0, "version", SOON, |s| s.facts.kubernetes.is_some()).await;
    assert_eq!(told.facts.uid, None);
}

#[tokio::test]
async fn a_user_without_any_right_is_denied_and_nothing_is_asked_again_until_someone_wants_it() {
    let cluster = with_crds().await;
    let name = unique("nobody");
    let kubeconfig = cluster.user(&name, None, &[]).await.unwrap();
    let mut view = View::open(&kubeconfig, &["istio-system"]);
    let snapshot =
        view.until(0, "denied", SOON, |s| matches!(s.link, Link::Denied { .. }) && s.complete()).await;
    assert!(snapshot.kinds.values().all(|s| matches!(s, KindState::Denied(_))), "{:?}", snapshot.kinds);
    // A right that is given meanwhile counts when the cluster is tried again.
    cluster.user(&name, Some("istio-system"), &[may(&[""], &["pods"], &["list", "watch"])]).await.unwrap();
    let ready = |s: &Snapshot| s.kinds[&Kind::Pod] == KindState::Ready && s.link == Link::Ready;
    let granted = async {
        loop {
            view.sources.retry(None);
            let one = std::time::Duration::from_millis(300);
            let end = tokio::time::Instant::now() + one;
            while let Ok(s) = tokio::time::timeout_at(end, view.next()).await {
                if ready(&s) {
                    return;
                }
            }
        }
    };
    // The server learns of rights a moment after they are given, and tells nobody.
    tokio::time::timeout(SOON, granted).await.unwrap();
}

#[tokio::test]
async fn who_may_not_list_everywhere_sees_the_namespace_in_which_gateways_usually_are() {
    let cluster = with_crds().await;
    let name = unique("local");
    let all = may(&["*"], &["*"], &["get", "list", "watch"]);
    let kubeconfig = cluster.user(&name, Some("istio-system"), &[all]).await.unwrap();
    let mut view = View::open(&kubeconfig, &[]);
    let snapshot = view.complete(0).await;
    assert_eq!(snapshot.kinds[&Kind::Pod], KindState::Ready);
    assert_eq!(snapshot.kinds[&Kind::IstioGateway], KindState::Ready);
    let fault = denied(&snapshot, Kind::GatewayClass);
    assert_eq!(fault.summary, format!("crds: no right to list gatewayclasses (as {name})"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_only_refuses_every_write_before_it_leaves_and_lets_reads_pass() {
    let cluster = shared().await;
    let mark = cluster.mark().await.unwrap();
    let c = connection(cluster.kubeconfig(), true).await;
    let ns = "istio-egress";
    let maps: Api<ConfigMap> = Api::namespaced(c.client.clone(), ns);
    let name = unique("refused");
    let map: ConfigMap = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let errors = [
        maps.create(&PostParams::default(), &map).await.unwrap_err(),
        maps.create(&dry, &map).await.unwrap_err(),
        maps.patch(&name, &PatchParams::default(), &Patch::Merge(json!({"data": {}}))).await.unwrap_err(),
        maps.replace(&name, &PostParams::default(), &map).await.unwrap_err(),
        maps.delete(&name, &DeleteParams::default()).await.unwrap_err(),
    ];
    let asked = egret::cluster::error::Asked::new(&c.cluster, "write");
    for error in errors {
        let fault = asked.fault(&error);
        assert_eq!(fault.reason, Reason::ReadOnly, "{error}");
        assert!(fault.summary.starts_with("shared: read-only: "), "{}", fault.summary);
        assert!(fault.summary.contains("was not sent"), "{}", fault.summary);
    }
    // Reading, asking what one may do, and logs.
    maps.get_opt(&name).await.unwrap();
    let review = json!({"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}});
    let question = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        .header("content-type", "application/json")
        .body(review.to_string().into_bytes())
        .unwrap();
    let answer: serde_json::Value = c.client.request(question).await.unwrap();
    assert_eq!(answer["status"]["allowed"], true);
    let log =
        LogOf { namespace: ns.into(), pod: "none".into(), container: "none".into(), previous: true, tail: 1 };
    logs::follow(&c, &log, |_| ()).await;

    let ours: Vec<AuditEntry> =
        cluster.audit_since(mark).await.unwrap().into_iter().filter(is_ours).collect();
    let of_test: Vec<_> = ours.iter().filter(|e| e.uri.contains(&name)).map(|e| e.verb.as_str()).collect();
    assert_eq!(of_test, ["get"]);
    let writes = ["create", "update", "patch", "delete"];
    let written: Vec<_> = ours.iter().filter(|e| writes.contains(&e.verb.as_str())).collect();
    assert!(written.iter().all(|e| e.uri.contains("selfsubjectaccessreviews")), "{written:#?}");
    assert!(ours.iter().any(|e| e.uri.contains("/pods/none/log")), "a log is asked for");
}

#[tokio::test]
async fn read_only_can_be_switched_while_a_cluster_is_open() {
    let cluster = shared().await;
    let mut view = View::open(cluster.kubeconfig(), &["istio-egress"]);
    view.complete(0).await;
    let c = view.sources.connection(&view.chosen[0]).unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(c.client.clone(), "istio-egress");
    let name = unique("switched");
    let map: ConfigMap = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
    view.sources.set_read_only(true);
    maps.create(&PostParams::default(), &map).await.unwrap_err();
    view.sources.set_read_only(false);
    maps.create(&PostParams::default(), &map).await.unwrap();
}

/// R27: the controller alone reads Secrets, those that are labelled as kubeconfigs; nothing that is opened is one.
#[tokio::test]
async fn a_secret_is_never_opened_and_not_even_asked_for() {
    use strum::IntoEnumIterator as _;
    let cluster = shared().await;
    let mark = cluster.mark().await.unwrap();
    let c = connection(cluster.kubeconfig(), false).await;
    let secrets: Vec<Kind> = Kind::iter().filter(|kind| kind.resource().plural == "secrets").collect();
    assert_eq!(secrets, [Kind::Secret]);
    let name = unique("planted");
    let key = ObjectKey {
        cluster: c.cluster.clone(),
        kind: Kind::Secret,
        namespace: "istio-system".into(),
        name: name.as_str().into(),
    };
    let mut told = Vec::new();
    object::follow(&c, &key, |state| told.push(state)).await;
    let told: Vec<_> = told.into_iter().map(|t| t.unwrap_err().summary).collect();
    assert_eq!(told, ["shared: egret never opens a Secret"]);
    let entries = cluster.audit_since(mark).await.unwrap();
    assert!(!entries.iter().any(|e| e.uri.contains(&name)), "{entries:#?}");
}

#[tokio::test]
async fn an_object_that_may_not_be_read_says_so_and_is_not_asked_for_again() {
    let cluster = shared().await;
    let mark = cluster.mark().await.unwrap();
    let c = connection(&cluster.narrow_kubeconfig(), false).await;
    let pod = unique("unreadable");
    let key = ObjectKey {
        cluster: c.cluster.clone(),
        kind: Kind::Pod,
        namespace: "istio-system".into(),
        name: pod.as_str().into(),
    };
    let mut told = Vec::new();
    tokio::time::timeout(SOON, object::follow(&c, &key, |state| told.push(state))).await.unwrap();
    let told: Vec<_> = told.into_iter().map(|t| t.unwrap_err().summary).collect();
    assert_eq!(told, [format!("shared: no right to get Pod istio-system/{pod} (as narrow)")]);
    let entries = cluster.audit_since(mark).await.unwrap();
    assert_eq!(entries.iter().filter(|e| e.uri.contains(&pod)).count(), 1);
}
