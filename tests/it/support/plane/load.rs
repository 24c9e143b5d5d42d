//! Many pods.

use super::{Cluster, Error, Result, While};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{Api, PostParams};
use kube::runtime::watcher::{self, Event, watcher};
use serde_json::json;
use std::collections::HashMap;

/// So many Deployments of so many pods each: `500x10`.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    deployments: usize,
    pods_of_each: usize,
}

impl std::str::FromStr for Load {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('x').and_then(|(deployments, pods)| {
            Some(Self { deployments: deployments.parse().ok()?, pods_of_each: pods.parse().ok()? })
        });
        numbers.ok_or_else(|| format!("not DEPLOYMENTSxPODS, such as 500x10: {text}"))
    }
}

impl Load {
    /// How many pods in all.
    pub fn pods(self) -> usize {
        self.deployments * self.pods_of_each
    }

    /// Makes the Deployments `load-0` and on in `istio-system` and waits until all their pods run; `tell` hears of it.
    /// The cluster's nodes need room for them: [`super::NodeSize`].
    pub async fn put(self, cluster: &Cluster, tell: impl Fn(&str)) -> Result<()> {
        let api: Api<Deployment> = Api::namespaced(cluster.admin().await, "istio-system");
        let what = "putting load on a cluster";
        stream::iter(0..self.deployments)
            .map(|number| {
                let api = api.clone();
                async move {
                    let made =
                        serde_json::from_value(deployment(number, self.pods_of_each)).while_doing(what)?;
                    api.create(&PostParams::default(), &made).await.map(drop).while_doing(what)
                }
            })
            .buffer_unordered(16)
            .try_collect::<()>()
            .await?;
        tell(&format!("{} Deployments of {} pods made", self.deployments, self.pods_of_each));
        let mut ready = HashMap::new();
        let mut told = 0;
        let config = watcher::Config::default().labels("egret.test/load=yes");
        let mut events = std::pin::pin!(watcher(api, config));
        while let Some(event) = events.try_next().await.while_doing(what)? {
            if let Event::Apply(made) | Event::InitApply(made) = event {
                let pods = made.status.and_then(|status| status.ready_replicas).unwrap_or_default();
                ready.insert(made.metadata.name, usize::try_from(pods).unwrap_or_default());
            }
            let sum: usize = ready.values().sum();
            if sum == self.pods() {
                return Ok(());
            }
            if sum >= told + 500 {
                told = sum;
                tell(&format!("{sum} of {} pods run", self.pods()));
            }
        }
        Err(Error(format!("{what}: the watch ended")))
    }
}

fn deployment(number: usize, pods: usize) -> serde_json::Value {
    let name = format!("load-{number}");
    let labels = json!({"app": name, "istio": "egressgateway", "egret.test/load": "yes"});
    json!({
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": pods,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": [{
                        "name": "istio-proxy",
                        "image": "docker.io/istio/proxyv2:1.28.0",
                        "ports": [{"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"}],
                        "resources": {
                            "requests": {"cpu": "100m", "memory": "128Mi"},
                            "limits": {"cpu": "2", "memory": "1Gi"},
                        },
                    }],
                },
            },
        },
    })
}
