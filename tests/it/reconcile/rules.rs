//! Rules that keep production safe, on the simulated server: what egret does not do.

use egret::materialize::Part;
use egret::reconcile::pass;
use serde_json::{Value, json};

use super::rounds::ports;
use super::stage::{HOME, NAMESPACE, Stage};
use super::trouble::{Trouble, What};

fn message(gateway: &Value, condition: usize) -> String {
    gateway["status"]["conditions"][condition]["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_newer_mesh_restarts_no_gateway_until_somebody_rolls_it() {
    let stage = Stage::new(&[]);
    // On the host network egret names the proxy's image itself, so a new one is a new template.
    stage.put(
        "out",
        &json!({"hostNetwork": true, "ports": [{"name": "http-0", "port": 80, "targetPort": 8080}]}),
    );
    stage.settled("out").await;
    let image = || {
        let deployment = stage.object(HOME, Part::Deployment, "istio-out").unwrap();
        deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
    };
    let before = image();
    let key = egret::demo::store::Key::new("configmaps", NAMESPACE, "istio-sidecar-injector");
    let upgrade = |map: &mut Value| {
        let values = map["data"]["values"].as_str().unwrap().replace("1.28.0", "1.30.0");
        map["data"]["values"] = values.into();
    };
    stage.with(HOME, |state| state.change(&key, "helm", upgrade).map(drop)).unwrap();
    let report = stage.settled("out").await;
    assert_eq!(image(), before);
    let pending: Vec<String> = report.places[0].pending.iter().map(|d| d.in_words()).collect();
    assert_eq!(pending.len(), 1, "{pending:?}");
    assert!(
        pending[0].contains("containers[istio-proxy].image") && pending[0].contains("1.30.0"),
        "{pending:?}"
    );
    let gateway = stage.gateway("out").unwrap();
    assert_eq!(gateway["status"]["conditions"][1]["reason"], "Pending");
    assert_eq!(gateway["status"]["Status"], "Running");
    stage.edit("out", |gateway| gateway["metadata"]["annotations"] = json!({"egret/roll": "1"}));
    stage.settled("out").await;
    assert!(image().ends_with("1.30.0"), "{}", image());
    assert_eq!(stage.gateway("out").unwrap()["status"]["conditions"][1]["reason"], "Programmed");
}

#[tokio::test]
async fn a_revision_that_nobody_injects_is_not_rolled_out_and_is_named() {
    let stage = Stage::new(&[]);
    let unknown = json!({"istio.io/rev": "nobody"});
    stage.put("new", &json!({"ports": ports(), "podLabels": unknown}));
    stage.put("old", &json!({"ports": ports()}));
    stage.settled("old").await;
    let before = stage.object(HOME, Part::Deployment, "istio-old").unwrap();
    stage.edit("old", |gateway| gateway["spec"]["podLabels"] = unknown.clone());
    for name in ["new", "old"] {
        // It is tried again for ever: the mesh may come.
        let keeper = stage.keeper(&Trouble::none()).await;
        pass(&keeper, NAMESPACE, name).await;
        stage.advance();
        let told = message(&stage.gateway(name).unwrap(), 1);
        assert!(told.contains("no webhook of Istio would inject a gateway of revision nobody"), "{told}");
    }
    assert!(stage.object(HOME, Part::Deployment, "istio-new").is_none());
    let after = stage.object(HOME, Part::Deployment, "istio-old").unwrap();
    assert_eq!(after["spec"]["template"], before["spec"]["template"]);
}

#[tokio::test]
async fn replicas_never_jump_when_an_autoscaler_takes_over_or_leaves() {
    let stage = Stage::new(&[]);
    let replicas = || stage.object(HOME, Part::Deployment, "istio-out").unwrap()["spec"]["replicas"].clone();
    stage.put("out", &json!({"replicaCount": 5, "ports": ports()}));
    stage.settled("out").await;
    stage.edit("out", |gateway| {
        gateway["spec"] =
            json!({"autoscaleEnabled": true, "minReplicas": 2, "maxReplicas": 9, "ports": ports()});
    });
    // Before the autoscaler has looked.
    pass(&stage.keeper(&Trouble::none()).await, NAMESPACE, "out").await;
    assert_eq!(replicas(), 5);
    // What scales later is left alone.
    stage.meddle(HOME, Part::Deployment, "istio-out", "autoscaler", |d| d["spec"]["replicas"] = 7.into());
    pass(&stage.keeper(&Trouble::none()).await, NAMESPACE, "out").await;
    assert_eq!(replicas(), 7);
    stage.edit("out", |gateway| gateway["spec"] = json!({"replicaCount": 3, "ports": ports()}));
    stage.settled("out").await;
    assert_eq!(replicas(), 3);
    // A new one begins with as many as the autoscaler must keep.
    stage
        .put("two", &json!({"autoscaleEnabled": true, "minReplicas": 4, "maxReplicas": 9, "ports": ports()}));
    let way = Trouble::none();
    pass(&stage.keeper(&way).await, NAMESPACE, "two").await;
    assert!(!way.replicas().is_empty() && way.replicas().iter().all(|n| *n == 4), "{:?}", way.replicas());
}

#[tokio::test]
async fn a_cluster_that_is_not_the_one_it_was_is_not_touched() {
    let stage = Stage::new(&["far"]);
    stage.put("out", &json!({"ports": ports(), "clusterIds": ["far"]}));
    stage.settled("out").await;
    assert!(stage.object("far", Part::Deployment, "istio-out").is_some());
    stage.edit("out", |gateway| {
        gateway["metadata"]["annotations"]["egret/clusters"] = json!({"far": "another"}).to_string().into();
        gateway["spec"]["replicaCount"] = 3.into();
    });
    pass(&stage.keeper(&Trouble::none()).await, NAMESPACE, "out").await;
    let told = message(&stage.gateway("out").unwrap(), 1);
    assert!(told.contains("cluster far is not the one it was"), "{told}");
    assert_eq!(stage.object("far", Part::Deployment, "istio-out").unwrap()["spec"]["replicas"], 1);
    // Nor is it taken for clean when the gateway goes: its finalizer keeps it.
    stage.delete("out");
    pass(&stage.keeper(&Trouble::none()).await, NAMESPACE, "out").await;
    assert!(stage.gateway("out").is_some() && stage.object("far", Part::Service, "istio-out").is_some());
}

#[tokio::test]
async fn a_cluster_that_nobody_knows_is_told_and_holds_no_other_up() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports(), "clusterIds": ["nobody", HOME]}));
    stage.settled("out").await;
    let gateway = stage.gateway("out").unwrap();
    assert!(message(&gateway, 1).contains("cluster nobody is not known: nothing in it is touched"));
    assert!(stage.object(HOME, Part::Deployment, "istio-out").is_some());
    let by_cluster = gateway["status"]["ClusterIdGatewayAddressMap"].as_array().unwrap();
    let known: Vec<bool> = by_cluster.iter().map(|at| at["ipAddress"] != "").collect();
    assert_eq!(known, [false, true]);
}

#[tokio::test]
async fn a_cluster_that_is_silent_holds_no_other_up() {
    let stage = Stage::new(&["far", "silent"]);
    stage.put("out", &json!({"ports": ports(), "clusterIds": ["silent", "far", HOME]}));
    stage.settled("out").await;
    stage.edit("out", |gateway| gateway["spec"]["replicaCount"] = 3.into());
    // What follows the opening of a connection is never answered: the pass still waits when the others have all.
    let (keeper, opening) = (stage.keeper(&Trouble::none()).await, Trouble::none());
    stage.connection("silent", &opening).await;
    let silent = Trouble::at(opening.requests() + 1, What::DeathBefore, &opening);
    keeper.clusters.put("silent", Ok(stage.connection("silent", &silent).await));
    let passing = tokio::spawn(async move { pass(&keeper, NAMESPACE, "out").await });
    let has_three = || {
        [HOME, "far"].iter().all(|cluster| {
            stage.object(cluster, Part::Deployment, "istio-out").unwrap()["spec"]["replicas"] == 3
        })
    };
    let waits = async {
        while !has_three() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), waits).await.expect("the others wait");
    assert!(!passing.is_finished());
    passing.abort();
}

#[tokio::test]
async fn read_only_refuses_every_write_of_a_pass() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports()}));
    let way = Trouble::none();
    let keeper = stage.keeper(&way).await;
    keeper.clusters.home.read_only.set(true);
    let report = pass(&keeper, NAMESPACE, "out").await;
    assert_eq!(way.writes(), Vec::<String>::new());
    assert!(report.all_faults().iter().any(|fault| fault.summary.contains("read-only")));
    assert!(stage.object(HOME, Part::ServiceAccount, "istio-out").is_none());
}

#[tokio::test]
async fn a_cluster_that_is_taken_out_while_it_does_not_answer_is_cleaned_when_it_does() {
    let stage = Stage::new(&["far"]);
    stage.put("out", &json!({"ports": ports(), "clusterIds": [HOME, "far"]}));
    stage.settled("out").await;
    stage.edit("out", |gateway| gateway["spec"]["clusterIds"] = json!([HOME]));
    let keeper = stage.keeper(&Trouble::none()).await;
    let far = keeper.clusters.connections().remove("far").unwrap();
    keeper.clusters.remove("far");
    pass(&keeper, NAMESPACE, "out").await;
    let gateway = stage.gateway("out").unwrap();
    assert!(message(&gateway, 1).contains("cluster far is not known"), "{}", message(&gateway, 1));
    assert!(gateway["metadata"]["annotations"]["egret/clusters"].as_str().unwrap().contains("far"));
    assert!(stage.object("far", Part::Deployment, "istio-out").is_some(), "untouched, and told");
    keeper.clusters.put("far", Ok(far));
    stage.settle(&keeper, "out").await;
    assert!(stage.object("far", Part::Deployment, "istio-out").is_none());
    let metadata = stage.gateway("out").unwrap()["metadata"].clone();
    assert!(metadata["finalizers"].as_array().is_none_or(Vec::is_empty), "{metadata:#}");
}

#[tokio::test]
async fn a_record_of_clusters_that_cannot_be_read_stops_everything_and_is_told() {
    let stage = Stage::new(&["far"]);
    stage.put("out", &json!({"ports": ports(), "clusterIds": ["far"]}));
    stage.settled("out").await;
    stage.edit("out", |gateway| {
        gateway["metadata"]["annotations"]["egret/clusters"] = "far".into();
        gateway["spec"]["clusterIds"] = json!([HOME]);
    });
    let way = Trouble::none();
    pass(&stage.keeper(&way).await, NAMESPACE, "out").await;
    let told = message(&stage.gateway("out").unwrap(), 1);
    assert!(told.contains("\"far\" is no record of clusters"), "{told}");
    assert!(stage.object("far", Part::Deployment, "istio-out").is_some());
    // Nor does a deletion let it go, and leave what is there behind.
    stage.delete("out");
    pass(&stage.keeper(&way).await, NAMESPACE, "out").await;
    assert!(stage.gateway("out").is_some() && stage.object("far", Part::Deployment, "istio-out").is_some());
}

#[tokio::test]
async fn what_egret_does_not_know_survives_every_pass() {
    let stage = Stage::new(&["far"]);
    stage.put("out", &json!({"ports": ports(), "clusterIds": [HOME, "far"]}));
    stage.edit("out", |gateway| {
        gateway["metadata"]["annotations"] = json!({"example.com/mine": "1"});
        gateway["metadata"]["finalizers"] = json!(["example.com/mine"]);
    });
    stage.edit_status("out", |gateway| {
        gateway["status"] = json!({"conditions": [{"type": "Audited", "status": "True", "reason": "Seen",
            "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]});
    });
    stage.settled("out").await;
    stage.edit("out", |gateway| gateway["spec"]["clusterIds"] = json!([HOME]));
    stage.settled("out").await;
    let gateway = stage.gateway("out").unwrap();
    assert_eq!(gateway["metadata"]["annotations"]["example.com/mine"], "1");
    assert_eq!(gateway["metadata"]["finalizers"], json!(["example.com/mine"]));
    let conditions = gateway["status"]["conditions"].as_array().unwrap();
    let kinds: Vec<&Value> = conditions.iter().map(|condition| &condition["type"]).collect();
    assert_eq!(kinds, ["Accepted", "Programmed", "Ready", "Audited"]);
}

#[tokio::test]
async fn every_write_asks_for_strict_validation_and_is_egrets() {
    let stage = Stage::new(&["far"]);
    let way = Trouble::none();
    let keeper = stage.keeper(&way).await;
    stage.put("out", &json!({"replicaCount": 2, "ports": ports(), "clusterIds": [HOME, "far"]}));
    stage.settle(&keeper, "out").await;
    stage.edit("out", |gateway| {
        gateway["spec"]["autoscaleEnabled"] = true.into();
        gateway["spec"]["maxReplicas"] = 4.into();
    });
    stage.settle(&keeper, "out").await;
    stage.edit("out", |gateway| gateway["spec"]["clusterIds"] = json!([HOME]));
    stage.settle(&keeper, "out").await;
    let queries = way.queries();
    assert!(queries.len() > 20, "{}", queries.len());
    for query in queries.iter().filter(|query| !query.starts_with("DELETE")) {
        assert!(query.contains("fieldValidation=Strict"), "{query}");
        assert!(
            query.contains("fieldManager=egret&") || query.contains("fieldManager=egret-replicas&"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn affinity_is_copied_and_none_is_made_up() {
    let stage = Stage::new(&[]);
    stage.put("plain", &json!({"replicaCount": 3, "ports": ports()}));
    let affinity = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 7,
        "podAffinityTerm": {"labelSelector": {"matchLabels": {"a": "b"}}, "topologyKey": "zone"}}]}});
    stage.put("spread", &json!({"replicaCount": 3, "ports": ports(), "affinity": affinity}));
    for (name, expected) in [("plain", None), ("spread", Some(&affinity))] {
        stage.settled(name).await;
        let deployment = stage.object(HOME, Part::Deployment, &format!("istio-{name}")).unwrap();
        let spec = &deployment["spec"]["template"]["spec"];
        assert_eq!(spec.get("affinity"), expected, "{name}");
        assert_eq!(spec.get("topologySpreadConstraints"), None, "{name}");
    }
}

#[tokio::test]
async fn a_port_that_was_given_another_number_by_hand_is_put_back() {
    let stage = Stage::new(&[]);
    stage.put("out", &json!({"ports": ports()}));
    stage.settled("out").await;
    let before = stage.object(HOME, Part::Service, "istio-out").unwrap()["spec"].clone();
    stage.meddle(HOME, Part::Service, "istio-out", "kubectl-edit", |service| {
        let ports = service["spec"]["ports"].as_array_mut().unwrap();
        ports.iter_mut().find(|port| port["port"] == 80).unwrap()["port"] = 81.into();
    });
    stage.settled("out").await;
    assert_eq!(stage.gateway("out").unwrap()["status"]["ErrorMessage"], "");
    let mut after = stage.object(HOME, Part::Service, "istio-out").unwrap()["spec"].clone();
    after["ports"].as_array_mut().unwrap().sort_by_key(|port| std::cmp::Reverse(port["port"].as_u64()));
    assert_eq!(after, before);
    // What nobody desires and nothing collides with is left alone.
    stage.meddle(HOME, Part::Service, "istio-out", "kubectl-edit", |service| {
        let port = json!({"name": "debug", "port": 9000, "protocol": "TCP", "targetPort": 9000});
        service["spec"]["ports"].as_array_mut().unwrap().push(port);
    });
    stage.settled("out").await;
    let service = stage.object(HOME, Part::Service, "istio-out").unwrap();
    assert!(service["spec"]["ports"].as_array().unwrap().iter().any(|port| port["name"] == "debug"));
}
