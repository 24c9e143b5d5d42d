//! A namespace of the shared cluster that nobody else writes to.

use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

use super::plane::{self, Cluster, unique, wait_for};

/// A namespace of the shared cluster that nobody else writes to.
pub struct Place {
    /// The shared cluster.
    pub cluster: &'static Cluster,
    /// Its administrator.
    pub client: Client,
    /// The namespace.
    pub name: String,
}

impl Place {
    /// A new one.
    pub async fn new() -> Self {
        let cluster = plane::shared().await;
        let client = cluster.admin().await;
        let name = unique("place");
        cluster.namespace(&client, &name).await.unwrap();
        Self { cluster, client, name }
    }

    /// Its pods.
    pub fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// Makes a pod with these containers.
    pub async fn pod(&self, name: &str, containers: &[&str]) {
        let containers: Vec<Value> = containers
            .iter()
            .map(|c| json!({"name": c, "image": "docker.io/istio/proxyv2:1.28.0"}))
            .collect();
        let pod = json!({"metadata": {"name": name}, "spec": {"containers": containers}});
        self.pods().create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    }

    /// Makes such a pod and waits until it runs.
    pub async fn running_pod(&self, name: &str, containers: &[&str]) {
        self.pod(name, containers).await;
        let phase = |pod: &Pod| pod.status.as_ref().and_then(|s| s.phase.clone());
        wait_for(self.pods(), name, |pod: &Pod| phase(pod).as_deref() == Some("Running")).await;
    }

    /// The arguments that show one table of this namespace and of no other.
    pub fn view(&self, kind: &str) -> String {
        format!("--view {kind} -n {}", self.name)
    }
}
