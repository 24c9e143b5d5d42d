//! Where a port-forward to a pod leads: KWOK's pods have no ports of their own.

use super::objects::apply;
use super::{Cluster, Error, Result, While};
use kube::Client;
use kube::api::{Api, DeleteParams, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use serde_json::json;
use std::time::Duration;

impl Cluster {
    /// Makes port-forwards to these ports of a pod lead to a port of this machine, and waits until KWOK knows it: until
    /// something that listens there is reached.
    pub async fn forward(
        &self,
        client: &Client,
        ns: &str,
        pod: &str,
        ports: &[u16],
        target: u16,
    ) -> Result<()> {
        let told = json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "PortForward",
            "metadata": {"name": pod, "namespace": ns},
            "spec": {"forwards": [{"ports": ports, "target": {"address": "127.0.0.1", "port": target}}]},
        });
        apply(client, told).await?;
        let Some(port) = ports.first() else { return Ok(()) };
        let reached = async {
            while !is_reached(client, ns, pod, *port).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(60), reached).await;
        reached.map_err(|_| Error(format!("port {port} of {pod} does not lead to {target}")))
    }

    /// Undoes it, and waits until KWOK knows that.
    pub async fn cut_forward(&self, client: &Client, ns: &str, pod: &str, port: u16) -> Result<()> {
        let kind = GroupVersionKind::gvk("kwok.x-k8s.io", "v1alpha1", "PortForward");
        let kind = ApiResource::from_gvk(&kind);
        let api = Api::<DynamicObject>::namespaced_with(client.clone(), ns, &kind);
        api.delete(pod, &DeleteParams::default()).await.while_doing("cutting a port-forward")?;
        let cut = async {
            while is_reached(client, ns, pod, port).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let cut = tokio::time::timeout(Duration::from_secs(60), cut).await;
        cut.map_err(|_| Error(format!("port {port} of {pod} still leads somewhere")))
    }
}

/// Whether an HTTP server answers behind a port of a pod.
async fn is_reached(client: &Client, ns: &str, pod: &str, port: u16) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let asked = async {
        let api = Api::<k8s_openapi::api::core::v1::Pod>::namespaced(client.clone(), ns);
        let mut forwarded = api.portforward(pod, &[port]).await.ok()?;
        let mut stream = forwarded.take_stream(port)?;
        stream.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.ok()?;
        let mut start = [0; 8];
        stream.read_exact(&mut start).await.ok()?;
        Some(start.starts_with(b"HTTP/1.1"))
    };
    tokio::time::timeout(Duration::from_secs(5), asked).await.ok().flatten().unwrap_or_default()
}
