//! A gateway of Istio's chart on the real control plane: adopted without a restart, and released again.

use std::collections::BTreeSet;

use egret::cluster::connect::{Patience, connect};
use egret::cluster::kubeconfig;
use egret::cluster::read_only::ReadOnly;
use egret::materialize::Part;
use egret::model::name::ClusterName;
use egret::reconcile::adopt;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::adopt::foreign_as;
use super::real::{Controller, cluster, gateways, is_running};
use crate::support::plane::{wait_for, wait_until_gone};

const NAME: &str = "kept-egress";

fn api(client: &Client, object: &Value) -> Api<DynamicObject> {
    let part = Part::iter().find(|part| object["kind"] == part.to_string()).unwrap();
    let resource = part.resource();
    let kind = GroupVersionKind::gvk(resource.group, resource.version, &part.to_string());
    let resource = ApiResource::from_gvk_with_plural(&kind, resource.plural);
    Api::namespaced_with(client.clone(), "istio-system", &resource)
}

/// Uids of its pods.
async fn pods(client: &Client) -> BTreeSet<String> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "istio-system");
    let all = pods.list(&ListParams::default().labels(&format!("istio={NAME}"))).await.unwrap();
    all.items.into_iter().map(|pod| pod.metadata.uid.unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_of_istios_chart_is_adopted_and_released_and_no_pod_is_restarted() {
    let (cluster, client, _turn) = cluster().await;
    let objects = foreign_as("chart-gateway.yaml", "payments-egress", NAME);
    for object in &objects {
        let name = object["metadata"]["name"].as_str().unwrap();
        let by = PatchParams::apply("helm").force();
        api(&client, object).patch(name, &by, &Patch::Apply(object)).await.unwrap();
    }
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "istio-system");
    let three = |deployment: &Deployment| {
        deployment.status.as_ref().and_then(|status| status.ready_replicas) == Some(3)
    };
    wait_for(deployments.clone(), NAME, three).await;
    let before = pods(&client).await;
    assert_eq!(before.len(), 3);
    let services: Api<Service> = Api::namespaced(client.clone(), "istio-system");
    let address = services.get(NAME).await.unwrap().spec.unwrap().cluster_ip.unwrap();

    let contexts = kubeconfig::read(Some(cluster.kubeconfig())).unwrap();
    let own = ClusterName::from(cluster.name());
    let c = connect(&contexts, &own, None, ReadOnly::new(false), Patience::default()).await.unwrap();
    let plan = adopt::plan(&c, "istio-system", NAME, Some(NAME), "egress").await.unwrap();
    assert!(!plan.restarts, "{:#?}", plan.changes);
    assert!(plan.managers[&Part::Deployment].contains(&"helm".to_owned()), "{:?}", plan.managers);
    adopt::adopt(&c, &plan.draft).await.unwrap();
    let controller = Controller::start(cluster.kubeconfig(), &[]);
    controller.says("the lease is ours");
    let gateway = wait_for(gateways(&client), NAME, is_running).await;
    assert_eq!(serde_json::to_value(gateway.status.unwrap()).unwrap()["GatewayAddress"], json!([address]));
    assert_eq!(pods(&client).await, before, "no pod was restarted");
    let deployment = deployments.get(NAME).await.unwrap();
    let owner = &deployment.metadata.owner_references.unwrap()[0];
    assert_eq!((owner.kind.as_str(), owner.name.as_str()), ("IstioGateway", NAME));
    let managers = deployment.metadata.managed_fields.unwrap();
    assert!(managers.iter().all(|entry| entry.manager.as_deref() != Some("helm")), "{managers:#?}");

    // And away again: the gateway goes, and everything it had stays.
    let patch = json!({"metadata": {"annotations": {"egret/release": "true"}}});
    gateways(&client).patch(NAME, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    wait_until_gone(gateways(&client), NAME).await;
    assert_eq!(controller.stop(), Some(0));
    let deployment = deployments.get(NAME).await.unwrap();
    assert!(deployment.metadata.owner_references.is_none_or(|all| all.is_empty()));
    assert!(deployment.metadata.deletion_timestamp.is_none());
    assert_eq!(pods(&client).await, before, "nor was one when it was released");
    assert_eq!(services.get(NAME).await.unwrap().spec.unwrap().cluster_ip.unwrap(), address);
    for object in &objects {
        let name = object["metadata"]["name"].as_str().unwrap();
        let left = api(&client, object).get(name).await.unwrap();
        assert!(left.metadata.deletion_timestamp.is_none(), "{} {name}", object["kind"]);
        api(&client, object).delete(name, &DeleteParams::background()).await.unwrap();
    }
}
