//! What a person does with egret, key by key, on a real control plane.
#![allow(clippy::disallowed_methods, reason = "tests measure time")]

mod browse;
mod clusters;
mod copy;
mod logs;
mod palette;
mod tables;
mod users;

use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

use crate::support::plane::{self, Cluster, unique};

/// A namespace of the shared cluster that nobody else writes to.
struct Place {
    cluster: &'static Cluster,
    client: Client,
    name: String,
}

impl Place {
    async fn new() -> Self {
        let cluster = plane::shared().await;
        let client = cluster.admin().await;
        let name = unique("flow");
        cluster.namespace(&client, &name).await.unwrap();
        Self { cluster, client, name }
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// Makes a pod with these containers.
    async fn pod(&self, name: &str, containers: &[&str]) {
        let containers: Vec<Value> = containers
            .iter()
            .map(|c| json!({"name": c, "image": "docker.io/istio/proxyv2:1.28.0"}))
            .collect();
        let pod = json!({"metadata": {"name": name}, "spec": {"containers": containers}});
        self.pods().create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    }

    /// The arguments that show this namespace and no other.
    fn view(&self, kind: &str) -> String {
        format!("--view {kind} -n {}", self.name)
    }
}
