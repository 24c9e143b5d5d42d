//! Installing egret on simulated clusters (R4, R12): what is refused, what is made, and whether the rights are enough.

use std::path::Path;
use std::time::Duration;

use egret::cluster::connect::{Connection, Patience, connect};
use egret::cluster::kubeconfig::Contexts;
use egret::cluster::read_only::ReadOnly;
use egret::cluster::{discovery, write};
use egret::demo::rights::{Deed, User, allowed};
use egret::demo::store::Key;
use egret::materialize::install::{CRD_NAME, manifests};
use egret::materialize::{Part, Report};
use egret::model::fault::{Fault, Reason};
use egret::model::name::{ClusterName, Resource};
use egret::model::snapshot;
use egret::reconcile::install::{Plan, What, Wish, install, plan};
use egret::reconcile::lease::{Keeping, Me, Standing};
use egret::reconcile::{Clusters, Keeper, pass};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::Trouble;

const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// Who the controller is.
const ACCOUNT: &str = "system:serviceaccount:istio-system:egret-controller";

pub(super) fn wish() -> Wish {
    Wish { namespace: NAMESPACE.to_owned(), image: Some("example/egret:1".to_owned()), cluster_id: None }
}

/// Clusters without egret.
fn empty(others: &[&str]) -> Stage {
    let stage = Stage::new(others);
    stage.with(HOME, |state| state.remove(&Key::new(DEFINITIONS, "", CRD_NAME)).map(drop)).unwrap();
    stage.advance();
    stage
}

/// A connection of somebody else than the administrator.
async fn connection_of(stage: &Stage, cluster: &str, user: &'static str) -> Connection {
    let (world, name) = (stage.world.clone(), ClusterName::from(cluster));
    let clock = egret::cluster::clock::Clock::new(std::sync::Arc::new(world.clock().clone()));
    let contexts = Contexts::handed(vec![name.clone()], clock, move |cluster| {
        let service = world.service(cluster.as_str())?;
        let as_user = move |mut request: http::Request<kube::client::Body>| {
            request.headers_mut().insert("impersonate-user", http::HeaderValue::from_static(user));
            request
        };
        Some(BoxCloneSyncService::new(service.map_request(as_user)))
    });
    connect(&contexts, &name, None, ReadOnly::new(false), Patience::default()).await.unwrap()
}

/// Installs while the cluster's own controllers work.
pub(super) async fn put_in(stage: &Stage, c: &Connection, plan: &Plan) -> Result<(), Fault> {
    tokio::select! {
        done = install(c, plan) => done,
        () = time_passes(stage) => unreachable!(),
    }
}

pub(super) async fn time_passes(stage: &Stage) {
    loop {
        stage.advance();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn refused(stage: &Stage, wish: &Wish) -> Fault {
    let way = Trouble::none();
    let c = stage.connection(HOME, &way).await;
    let fault = plan(&c, wish).await.unwrap_err();
    assert_eq!(way.writes(), Vec::<String>::new());
    fault
}

#[tokio::test(start_paused = true)]
async fn installing_makes_egret_the_keeper_and_a_second_time_there_is_nothing_to_do() {
    let stage = empty(&[]);
    let way = Trouble::none();
    let c = stage.connection(HOME, &way).await;
    let first = plan(&c, &wish()).await.unwrap();
    assert_eq!(way.writes(), Vec::<String>::new(), "a plan writes nothing");
    assert!(first.objects.iter().all(|object| object.what == What::Create));
    assert!(first.notes[0].contains("Istio's CA key"), "{:?}", first.notes);
    put_in(&stage, &c, &first).await.unwrap();
    assert_eq!(discovery::gateway_keeper(&c).await, Some(snapshot::Keeper::Egret));
    let again = plan(&c, &wish()).await.unwrap();
    assert!(again.is_done(), "{:#?}", again.objects.iter().map(|o| &o.what).collect::<Vec<_>>());
    // Another image is a change of that, and of nothing else.
    let newer = Wish { image: Some("example/egret:2".to_owned()), ..wish() };
    let newer = plan(&c, &newer).await.unwrap();
    let changed: Vec<_> = newer.objects.iter().filter(|object| object.what != What::Same).collect();
    let What::Change(fields) = &changed[0].what else { panic!("{changed:?}") };
    assert_eq!(
        fields.iter().map(|field| field.in_words()).collect::<Vec<_>>(),
        ["spec.template.spec.containers[controller].image: example/egret:1, should be example/egret:2"]
    );
    assert_eq!(changed.len(), 1);
    put_in(&stage, &c, &newer).await.unwrap();
    let deployment = stage.object(HOME, Part::Deployment, "egret-controller").unwrap();
    assert_eq!(deployment["spec"]["template"]["spec"]["containers"][0]["image"], "example/egret:2");
}

#[tokio::test(start_paused = true)]
async fn the_crd_alone_is_installed_for_an_embedded_reconciler() {
    let stage = empty(&[]);
    let c = stage.connection(HOME, &Trouble::none()).await;
    let alone = plan(&c, &Wish { image: None, ..wish() }).await.unwrap();
    put_in(&stage, &c, &alone).await.unwrap();
    assert_eq!(alone.objects.len(), 1);
    assert_eq!(discovery::gateway_keeper(&c).await, Some(snapshot::Keeper::Egret));
    assert!(stage.object(HOME, Part::Deployment, "egret-controller").is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_installed_where_somebody_else_keeps_gateways_or_that_cannot_be_told() {
    // A CRD of somebody else's.
    let stage = Stage::new(&[]);
    let crd = Key::new(DEFINITIONS, "", CRD_NAME);
    stage.with(HOME, |state| {
        state.change(&crd, "kubectl", |crd| crd["metadata"]["labels"] = json!({})).map(drop).unwrap();
    });
    let fault = refused(&stage, &wish()).await;
    assert!(fault.summary.contains("by a CRD that is not egret's"), "{}", fault.summary);

    // A Deployment that ASM made.
    let stage = empty(&[]);
    let marked = super::adopt::foreign("chart-gateway.yaml").into_iter().find(|o| o["kind"] == "Deployment");
    let mut marked = marked.unwrap();
    marked["metadata"]["annotations"]["asm.alibabacloud.com/managed-by-asm"] = "true".into();
    stage.install(HOME, Part::Deployment, &marked, "asm");
    let fault = refused(&stage, &wish()).await;
    assert!(fault.summary.contains("Deployment istio-system/payments-egress is ASM's"), "{}", fault.summary);

    // Objects of the same name.
    let stage = empty(&[]);
    let account = |name: &str, labels: Value| json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": NAMESPACE, "labels": labels}});
    let helm = account("egret-controller", json!({"app.kubernetes.io/managed-by": "Helm"}));
    stage.install(HOME, Part::ServiceAccount, &helm, "helm");
    let fault = refused(&stage, &wish()).await;
    assert_eq!(fault.reason, Reason::Conflict);
    assert!(fault.summary.contains("ServiceAccount egret-controller belongs to Helm"), "{}", fault.summary);

    // Nowhere to install it.
    let fault = refused(&empty(&[]), &Wish { namespace: "nowhere".to_owned(), ..wish() }).await;
    assert!(fault.summary.contains("there is no namespace nowhere"), "{}", fault.summary);

    // Nobody who could be asked, and nobody who may be.
    let stage = empty(&[]);
    let outage = "outage=home".parse().unwrap();
    stage.world.faults().add(outage);
    let c = stage.connection(HOME, &Trouble::none()).await;
    let fault = plan(&c, &wish()).await.unwrap_err();
    assert!(fault.summary.contains("it cannot be asked who keeps"), "{}", fault.summary);
    let stage = Stage::new(&[]);
    let c = connection_of(&stage, HOME, "nobody").await;
    let fault = plan(&c, &wish()).await.unwrap_err();
    assert!(fault.summary.contains("the CRD may not be read"), "{}", fault.summary);
}

#[tokio::test(start_paused = true)]
async fn a_group_of_which_only_egrets_own_kinds_are_served_is_nobody_elses() {
    let stage = empty(&[]);
    let text = include_str!("../../../assets/crds/asmegresstrafficpolicies.yaml");
    let crd: Value = serde_yaml::from_str(text).unwrap();
    stage.with(HOME, |state| state.make(DEFINITIONS, crd.clone(), "kubectl").map(drop)).unwrap();
    stage.advance();
    let c = stage.connection(HOME, &Trouble::none()).await;
    assert_eq!(discovery::gateway_keeper(&c).await, Some(snapshot::Keeper::Asm));
    assert!(plan(&c, &wish()).await.is_ok());
    let key = Key::new(DEFINITIONS, "", crd["metadata"]["name"].as_str().unwrap());
    stage.with(HOME, |state| {
        state.change(&key, "kubectl", |crd| crd["metadata"]["labels"] = json!({})).map(drop).unwrap();
    });
    let fault = refused(&stage, &wish()).await;
    assert!(fault.summary.contains("without a CRD, as ASM does"), "{}", fault.summary);
}

#[tokio::test(start_paused = true)]
async fn who_lacks_a_right_cannot_install_and_is_told_why() {
    let stage = empty(&[]);
    let rules = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch", "create"]},
        {"apiGroups": ["*"], "resources": ["clusterroles", "clusterrolebindings", "roles", "rolebindings", "customresourcedefinitions", "serviceaccounts"], "verbs": ["patch"]},
    ]);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "some"}, "rules": rules});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "some"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "some"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "anna"}]});
    stage.with(HOME, |state| {
        state.make("clusterroles.rbac.authorization.k8s.io", role, "kubectl").map(drop).unwrap();
        state.make("clusterrolebindings.rbac.authorization.k8s.io", binding, "kubectl").map(drop).unwrap();
    });
    let c = connection_of(&stage, HOME, "anna").await;
    let wanted = plan(&c, &wish()).await.unwrap();
    let fault = put_in(&stage, &c, &wanted).await.unwrap_err();
    assert!(
        fault.summary.contains("it grants rights that the user of this context does not hold"),
        "{fault:?}"
    );
    assert!(fault.hint.contains("cluster-admin"), "{}", fault.hint);
}

/// A controller that may do what is installed for it.
async fn keeper_of_the_account(stage: &Stage) -> Keeper {
    let clock = egret::cluster::clock::Clock::new(std::sync::Arc::new(stage.world.clock().clone()));
    Keeper::new(Clusters::only(connection_of(stage, HOME, ACCOUNT).await, HOME), clock)
}

fn faults(report: &Report) -> Vec<&str> {
    report.all_faults().into_iter().map(|fault| fault.summary.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_rights_are_enough_for_every_gateway_from_its_making_to_its_end() {
    let stage = empty(&[]);
    let c = stage.connection(HOME, &Trouble::none()).await;
    put_in(&stage, &c, &plan(&c, &wish()).await.unwrap()).await.unwrap();
    let keeper = keeper_of_the_account(&stage).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gateways");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let mut gateway: Value = serde_yaml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        gateway["metadata"]["name"] = name.as_str().into();
        gateway["metadata"]["namespace"] = NAMESPACE.into();
        // Where they run is not what this is about.
        gateway["spec"].as_object_mut().unwrap().shift_remove("clusterIds");
        stage.put_document(&gateway);
        names.push(name);
    }
    assert!(names.len() >= 25);
    for name in &names {
        let report = pass(&keeper, NAMESPACE, name).await;
        assert_eq!(faults(&report), Vec::<&str>::new(), "{name}");
    }
    // Changed by hand, no longer wanted, released, deleted.
    stage.advance();
    stage
        .meddle(HOME, Part::Service, "istio-canonical", "kubectl", |s| s["spec"]["type"] = "NodePort".into());
    stage.edit("compression", |gateway| gateway["spec"] = json!({"ports": ports()}));
    stage.edit("minimal", |gateway| gateway["metadata"]["annotations"] = json!({"egret/release": "true"}));
    for name in ["canonical", "compression", "minimal", "minimal"] {
        // What is orphaned is let go by the collector.
        stage.advance();
        let report = pass(&keeper, NAMESPACE, name).await;
        assert_eq!(faults(&report), Vec::<&str>::new(), "{name}");
    }
    stage.advance();
    assert!(stage.gateway("minimal").is_none());
    assert!(stage.object(HOME, Part::EnvoyFilter, "istio-compression-compression").is_none());
    let account = &keeper.clusters.home;
    let me = Me { identity: "me".to_owned(), version: "1".to_owned(), embedded: false };
    let mut keeping = Keeping::new(account, NAMESPACE, me);
    for _ in 0..2 {
        let held = keeping.tend(keeper.clock.now()).await.unwrap();
        assert!(matches!(held, Standing::Ours(_)));
    }
    keeping.give_back().await.unwrap();
    assert_eq!(discovery::gateway_keeper(account).await, Some(snapshot::Keeper::Egret));
    egret::reconcile::clusters::uid(account).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_rights_are_no_wider_than_that() {
    let stage = empty(&[]);
    let c = stage.connection(HOME, &Trouble::none()).await;
    put_in(&stage, &c, &plan(&c, &wish()).await.unwrap()).await.unwrap();
    let user = User {
        name: ACCOUNT.to_owned(),
        groups: vec!["system:serviceaccounts".into(), "system:authenticated".into()],
    };
    let may = |verb, group, resource, namespace, name| {
        let deed = Deed::Resource { verb, group, resource, namespace, name };
        stage.with(HOME, |state| allowed(state, &user, &deed).is_some())
    };
    for (verb, group, resource, namespace, name, is_allowed) in [
        ("list", "", "secrets", NAMESPACE, "", true),
        ("list", "", "secrets", "default", "", false),
        ("list", "", "secrets", "", "", false),
        ("create", "", "secrets", NAMESPACE, "", false),
        ("delete", "", "pods", NAMESPACE, "a", false),
        ("get", "", "pods", NAMESPACE, "a", false),
        ("get", "", "configmaps", NAMESPACE, "istio-sidecar-injector", true),
        ("list", "", "configmaps", NAMESPACE, "", false),
        ("get", "", "namespaces", "kube-system", "kube-system", true),
        ("get", "", "namespaces", "default", "default", false),
        ("patch", "apiextensions.k8s.io", "customresourcedefinitions", "", CRD_NAME, false),
        ("create", "istio.alibabacloud.com", "istiogateways", NAMESPACE, "", false),
        ("patch", "istio.alibabacloud.com", "istiogateways", "default", "a", false),
        ("update", "coordination.k8s.io", "leases", NAMESPACE, "egret-controller", true),
        ("update", "coordination.k8s.io", "leases", NAMESPACE, "istio-leader", false),
        ("create", "rbac.authorization.k8s.io", "clusterroles", "", "", false),
        ("escalate", "rbac.authorization.k8s.io", "roles", NAMESPACE, "a", false),
        ("bind", "rbac.authorization.k8s.io", "roles", NAMESPACE, "a", false),
    ] {
        assert_eq!(
            may(verb, group, resource, namespace, name),
            is_allowed,
            "{verb} {resource} {name} in {namespace}"
        );
    }
    // Not even by way of a gateway's Role.
    let account = connection_of(&stage, HOME, ACCOUNT).await;
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "wide", "namespace": NAMESPACE},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["*"]}]});
    let resource =
        Resource { group: "rbac.authorization.k8s.io", version: "v1", plural: "roles", namespaced: true };
    let all =
        write::Address { kind: "Role".into(), resource, namespace: NAMESPACE.into(), name: String::new() };
    let fault = write::create(&account, &all, &role, "egret").await.unwrap_err();
    assert_eq!(fault.reason, Reason::Denied);
}

#[test]
fn what_is_installed_is_what_was_reviewed() {
    let text: Vec<String> =
        manifests(&wish()).iter().skip(1).map(|object| serde_yaml::to_string(object).unwrap()).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("install-manifests", text.join("---\n")));
}
