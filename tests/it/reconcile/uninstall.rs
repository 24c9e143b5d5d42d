//! Taking egret out of simulated clusters (R12): the traffic stays, or nothing does.

use std::time::Duration;

use egret::demo::store::Key;
use egret::materialize::Part;
use egret::materialize::install::CRD_NAME;
use egret::model::fault::{Fault, Reason};
use egret::reconcile::install::plan as plan_install;
use egret::reconcile::lease::{Keeping, Me};
use egret::reconcile::uninstall::{Fate, plan, uninstall};
use egret::reconcile::{Keeper, pass};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::install::{put_in, time_passes, wish};
use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::{Trouble, What};

const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

fn me(name: &str) -> Me {
    Me { identity: name.to_owned(), version: "1".to_owned(), embedded: false }
}

/// Two clusters, egret in the first, and gateways in both.
async fn installed() -> Stage {
    let stage = Stage::new(&["far"]);
    let c = stage.connection(HOME, &Trouble::none()).await;
    put_in(&stage, &c, &plan_install(&c, &wish()).await.unwrap()).await.unwrap();
    stage.put("both", &json!({"ports": ports(), "replicaCount": 2, "clusterIds": [HOME, "far"]}));
    let all = json!({"ports": ports(), "autoscaleEnabled": true, "minReplicas": 2, "maxReplicas": 3,
        "compression": {"enabled": true}, "autoCreateGatewayYaml": true});
    stage.put("home-alone", &all);
    for name in ["both", "home-alone"] {
        stage.settled(name).await;
    }
    stage
}

/// Uninstalls while the clusters' own controllers work.
async fn run(stage: &Stage, keeper: &Keeper, fate: Fate) -> Result<Vec<String>, Fault> {
    let removal = plan(keeper, NAMESPACE, fate).await?;
    let work = uninstall(keeper, &removal, me("uninstalling"), &|_| ());
    tokio::select! {
        done = work => done,
        () = time_passes(stage) => unreachable!(),
    }
}

/// Kind, name and uid of what runs for gateways, in a cluster.
fn running(stage: &Stage, cluster: &str) -> Vec<String> {
    let mut found: Vec<String> = ["istio-both", "istio-home-alone", "istio-home-alone-compression"]
        .iter()
        .flat_map(|name| Part::iter().filter_map(|part| stage.object(cluster, part, name)))
        .map(|object| {
            format!("{} {} {}", object["kind"], object["metadata"]["name"], object["metadata"]["uid"])
        })
        .collect();
    found.extend(stage.pods(cluster, "istio=both"));
    found.extend(stage.pods(cluster, "istio=home-alone"));
    found
}

fn delete_crd(stage: &Stage) {
    stage.with(HOME, |state| state.remove(&Key::new(DEFINITIONS, "", CRD_NAME)).map(drop)).unwrap();
    stage.advance();
    stage.advance();
}

/// Objects of the controller's own, lease included.
fn controllers(stage: &Stage) -> Vec<String> {
    let kinds = [
        "deployments.apps",
        "pods",
        "services",
        "serviceaccounts",
        "poddisruptionbudgets.policy",
        "leases.coordination.k8s.io",
        "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
    ];
    let all = kinds.iter().flat_map(|kind| stage.with(HOME, |state| state.list(kind, None)));
    let names = all.map(|object| format!("{} {}", object["kind"], object["metadata"]["name"]));
    names.filter(|name| name.contains("egret-controller")).collect()
}

#[tokio::test(start_paused = true)]
async fn the_traffic_stays_even_when_the_crd_is_deleted_afterwards() {
    let stage = installed().await;
    assert!(controllers(&stage).len() > 8);
    let before = [HOME, "far"].map(|cluster| running(&stage, cluster));
    assert!(before[0].len() > 15 && before[1].len() > 7, "{before:#?}");
    let keeper = stage.keeper(&Trouble::none()).await;
    let left = run(&stage, &keeper, Fate::Kept).await.unwrap();
    assert!(left[0].contains("2 IstioGateways and all that runs for them"), "{left:?}");
    assert_eq!(controllers(&stage), Vec::<String>::new());
    for name in ["both", "home-alone"] {
        let metadata = &stage.gateway(name).unwrap()["metadata"];
        assert!(metadata["finalizers"].as_array().is_none_or(Vec::is_empty), "{metadata:#}");
        assert_eq!(metadata["annotations"]["egret/clusters"], Value::Null);
    }
    let labels = &stage.object("far", Part::Service, "istio-both").unwrap()["metadata"]["labels"];
    assert_eq!((&labels["egret/home-uid"], &labels["egret/gateway-uid"]), (&Value::Null, &Value::Null));
    delete_crd(&stage);
    assert!(stage.with(HOME, |state| state.get(DEFINITIONS, "", CRD_NAME).is_none()));
    assert_eq!([HOME, "far"].map(|cluster| running(&stage, cluster)), before);
}

#[tokio::test(start_paused = true)]
async fn what_was_uninstalled_is_taken_up_again_by_the_next_installation_without_a_restart() {
    let stage = installed().await;
    stage.delete("both");
    stage.settled("both").await;
    let before = running(&stage, HOME);
    let keeper = stage.keeper(&Trouble::none()).await;
    run(&stage, &keeper, Fate::Kept).await.unwrap();
    let c = &keeper.clusters.home;
    put_in(&stage, c, &plan_install(c, &wish()).await.unwrap()).await.unwrap();
    stage.settled("home-alone").await;
    assert_eq!(running(&stage, HOME), before);
    let gateway = stage.gateway("home-alone").unwrap();
    assert_eq!(gateway["status"]["Status"], "Running", "{:#}", gateway["status"]);
    for part in [Part::Deployment, Part::Service, Part::HorizontalPodAutoscaler] {
        let object = stage.object(HOME, part, "istio-home-alone").unwrap();
        assert_eq!(object["metadata"]["ownerReferences"][0]["uid"], gateway["metadata"]["uid"], "{part}");
    }
    // And it goes without a trace as before.
    stage.delete("home-alone");
    stage.advance();
    stage.advance();
    assert_eq!(running(&stage, HOME), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn gateways_are_deleted_with_all_that_runs_for_them_where_that_is_asked_for() {
    let stage = installed().await;
    let keeper = stage.keeper(&Trouble::none()).await;
    let left = run(&stage, &keeper, Fate::Deleted).await.unwrap();
    assert_eq!(left, Vec::<String>::new());
    stage.advance();
    assert_eq!([HOME, "far"].map(|cluster| running(&stage, cluster)), [Vec::<String>::new(), Vec::new()]);
    assert_eq!(controllers(&stage), Vec::<String>::new());
    assert!(stage.with(HOME, |state| state.get(DEFINITIONS, "", CRD_NAME).is_none()));
}

#[tokio::test(start_paused = true)]
async fn the_crd_stays_where_another_namespace_has_gateways() {
    let stage = installed().await;
    stage.with(HOME, |state| {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "edge"}});
        state.make("namespaces", namespace, "kubectl").map(drop).unwrap();
    });
    let other = json!({"metadata": {"name": "other", "namespace": "edge"}, "spec": {"ports": ports()}});
    stage.put_document(&other);
    let keeper = stage.keeper(&Trouble::none()).await;
    let removal = plan(&keeper, NAMESPACE, Fate::Deleted).await.unwrap();
    assert_eq!(removal.crd, None);
    assert!(removal.notes[0].contains("there are gateways in edge too"), "{:?}", removal.notes);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_let_go_while_somebody_else_keeps_the_gateways() {
    let stage = installed().await;
    let keeper = stage.keeper(&Trouble::none()).await;
    let c = stage.connection(HOME, &Trouble::none()).await;
    let mut other = Keeping::new(&c, NAMESPACE, me("a screen"));
    let clock = keeper.clock.clone();
    let renewing = async {
        loop {
            other.tend(clock.now()).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let owners =
        || stage.object(HOME, Part::Service, "istio-both").unwrap()["metadata"]["ownerReferences"].clone();
    let before = owners();
    let fault = tokio::select! {
        biased;
        () = renewing => unreachable!(),
        done = run(&stage, &keeper, Fate::Kept) => done.unwrap_err(),
    };
    assert!(fault.summary.contains("a screen still keeps the gateways"), "{}", fault.summary);
    assert_eq!(owners(), before);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_on_its_way_out_is_waited_for() {
    let stage = installed().await;
    stage.delete("both");
    let keeper = stage.keeper(&Trouble::none()).await;
    let fault = plan(&keeper, NAMESPACE, Fate::Kept).await.unwrap_err();
    assert_eq!(fault.reason, Reason::Conflict);
    assert!(fault.summary.contains("both is being deleted"), "{}", fault.summary);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_is_not_known_is_told_and_stays_on_the_record() {
    let stage = installed().await;
    let keeper = stage.keeper(&Trouble::none()).await;
    keeper.clusters.remove("far");
    let left = run(&stage, &keeper, Fate::Kept).await.unwrap();
    assert!(
        left[0].starts_with("In cluster far: labels of egret's on the objects of istio-system/both"),
        "{left:?}"
    );
    let metadata = &stage.gateway("both").unwrap()["metadata"];
    assert!(metadata["annotations"]["egret/clusters"].as_str().is_some_and(|record| record.contains("far")));
    assert!(metadata["finalizers"].as_array().is_none_or(Vec::is_empty));
}

#[tokio::test(start_paused = true)]
async fn it_can_die_at_any_request_and_is_ended_by_the_next() {
    let start = installed().await;
    let before = [HOME, "far"].map(|cluster| running(&start, cluster));
    let way = Trouble::none();
    let stage = start.copied();
    run(&stage, &stage.keeper(&way).await, Fate::Kept).await.unwrap();
    let (end, requests) = (stage.picture(), way.requests());
    let reads = way.reads();
    let mut tried = 0;
    for number in 1..=requests {
        for what in [What::DeathBefore, What::DeathAfter] {
            if !what.can_happen_to(reads.contains(&number)) {
                continue;
            }
            let stage = start.copied();
            let trouble = Trouble::at(number, what, &way);
            let keeper = stage.keeper(&trouble).await;
            tokio::select! {
                _ = run(&stage, &keeper, Fate::Kept) => {}
                () = trouble.death() => {}
            }
            run(&stage, &stage.keeper(&Trouble::none()).await, Fate::Kept).await.unwrap();
            assert_eq!(stage.picture(), end, "{what:?} at request {number} of {requests}");
            assert_eq!([HOME, "far"].map(|cluster| running(&stage, cluster)), before);
            assert_eq!(controllers(&stage), Vec::<String>::new());
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

/// The pass that a controller of the old installation would do, had it not ended.
#[tokio::test(start_paused = true)]
async fn a_controller_that_comes_late_writes_to_nothing_that_was_let_go() {
    let stage = installed().await;
    let keeper = stage.keeper(&Trouble::none()).await;
    run(&stage, &keeper, Fate::Kept).await.unwrap();
    delete_crd(&stage);
    let before = running(&stage, HOME);
    let report = pass(&keeper, NAMESPACE, "both").await;
    assert!(report.gone);
    assert_eq!(running(&stage, HOME), before);
}
