//! egret as a guest of the terminal: what it says to it, how it takes it and gives it back.
#![allow(clippy::disallowed_methods, reason = "tests measure time")]

mod bytes;
mod ends;
mod hostile;
mod sizes;

use std::path::PathBuf;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::{Api, PostParams};
use serde_json::json;

use crate::support::plane::{self, Cluster, unique, wait_for};

/// A kubeconfig of a server that refuses every connection: enough for a screen.
fn nowhere() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = "apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: nobody, user: {}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
";
    std::fs::write(&file, text).unwrap();
    (dir, file)
}

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
        let name = unique("terminal");
        cluster.namespace(&client, &name).await.unwrap();
        Self { cluster, client, name }
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// Makes a pod and waits until it runs.
    async fn pod(&self, name: &str) {
        self.start_pod(name).await;
        wait_for(self.pods(), name, |pod: &Pod| {
            pod.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Running")
        })
        .await;
    }

    async fn start_pod(&self, name: &str) {
        let pod = json!({
            "metadata": {"name": name},
            "spec": {"containers": [{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.28.0"}]},
        });
        self.pods().create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    }

    /// The arguments that show the pods of this namespace and of no other.
    fn pods_view(&self) -> String {
        format!("--view pods -n {}", self.name)
    }
}

const SOON: Duration = Duration::from_secs(10);
