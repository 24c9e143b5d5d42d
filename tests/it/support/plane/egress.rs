//! An egress gateway of istiod for one host: the objects that its proxy is configured from.

use super::cluster::free_ports;
use super::{Error, Result, While, apply_yaml, web};
use k8s_openapi::api::core::v1::Pod;
use kube::Client;
use kube::api::Api;
use serde_json::json;
use std::time::Duration;

/// A gateway whose proxy is yet to be started.
pub struct Gateway {
    /// Its pod.
    pub pod: String,
    /// Where its proxy listens.
    pub port: u16,
    host: String,
}

/// Makes a pod of a gateway with Service, Gateway, ServiceEntry and VirtualService for one host, which is a server of this
/// machine; waits until the pod has an address and the Service has its endpoint.
pub async fn gateway_pod(
    client: &Client,
    ns: &str,
    name: &str,
    host: &str,
    upstream: u16,
) -> Result<Gateway> {
    let [port, mutual, simple] = free_ports()?;
    let labels = json!({"app": name, "istio": name});
    let istio = "networking.istio.io/v1";
    for object in [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": ns}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": ns},
            "spec": {"selector": labels, "ports": [
                {"name": "http", "port": 80, "targetPort": port},
                {"name": "https-mutual", "port": 443, "targetPort": mutual},
                {"name": "https-simple", "port": 8443, "targetPort": simple}]}}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": ns, "labels": labels},
            "spec": {"serviceAccountName": name, "containers": [{"name": "istio-proxy", "image": "istio/proxyv2"}]}}),
        json!({"apiVersion": istio, "kind": "ServiceEntry", "metadata": {"name": name, "namespace": ns},
            "spec": {"hosts": [host], "location": "MESH_EXTERNAL", "resolution": "STATIC",
                "ports": [{"number": 80, "name": "http", "protocol": "HTTP", "targetPort": upstream}],
                "endpoints": [{"address": "127.0.0.1"}]}}),
        json!({"apiVersion": istio, "kind": "Gateway", "metadata": {"name": name, "namespace": ns},
            "spec": {"selector": labels, "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": [host]}]}}),
        json!({"apiVersion": istio, "kind": "VirtualService", "metadata": {"name": name, "namespace": ns},
            "spec": {"hosts": [host], "gateways": [name], "http": [{"route": [{"destination": {"host": host, "port": {"number": 80}}}]}]}}),
    ] {
        apply_yaml(client, &object.to_string()).await?;
    }
    let pods = Api::<Pod>::namespaced(client.clone(), ns);
    let has_address = |pod: Option<&Pod>| {
        pod.and_then(|pod| pod.status.as_ref()).is_some_and(|status| status.pod_ip.is_some())
    };
    let waiting = kube::runtime::wait::await_condition(pods, name, has_address);
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    waited.map_err(|_| Error(format!("{name} gets no address")))?.while_doing("waiting for a pod")?;
    Ok(Gateway { pod: name.to_owned(), port, host: host.to_owned() })
}

impl Gateway {
    /// Waits until its proxy serves the host. istiod tells nobody when it has sent everything: it is asked again and again.
    pub async fn until_served(&self) -> Result<()> {
        let served = async {
            while !web::answers(self.port, &self.host).await {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let served = tokio::time::timeout(Duration::from_secs(60), served).await;
        served.map_err(|_| Error(format!("{} does not serve {}", self.pod, self.host)))
    }
}
