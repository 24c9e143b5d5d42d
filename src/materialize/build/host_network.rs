//! A pod on the host network is complete as built: istiod injects nothing into it (R7).
//!
//! What it holds is what the gateway template would have added, in the shape of Istio's legacy chart (asm-api.md §5.2).

use serde_json::{Value, json};

use super::{Plan, pod};
use crate::materialize::validate::Problem;

/// The user that Istio's proxy runs as.
const PROXY_USER: u32 = 1337;

/// Makes a pod spec whole.
///
/// # Errors
/// When the image of the proxy is not known.
pub(super) fn complete(plan: &Plan<'_>, spec: &mut Value) -> Result<(), Problem> {
    let Some(image) = &plan.site.proxy_image else {
        return Err(Problem::error(
            "spec.hostNetwork",
            "a pod on the host network is not injected, so egret must name the proxy's image, and the injector's values, which hold it, cannot be read",
            "let egret read the ConfigMap istio-sidecar-injector, or set hostNetwork: false",
        ));
    };
    let root = plan.configuration.run_as_root == Some(true);
    if !root {
        spec["securityContext"] =
            json!({"runAsUser": PROXY_USER, "runAsGroup": PROXY_USER, "fsGroup": PROXY_USER});
    }
    let own_volumes = spec["volumes"].as_array().cloned().unwrap_or_default();
    spec["volumes"] = volumes().into_iter().chain(own_volumes).collect();
    let proxy = &mut spec["containers"][0];
    proxy["image"] = json!(image);
    // Said, for what the server once chose for `auto` would stay.
    proxy["imagePullPolicy"] = json!("IfNotPresent");
    proxy["args"] = json!([
        "proxy",
        "router",
        "--domain",
        "$(POD_NAMESPACE).svc.cluster.local",
        "--proxyLogLevel=warning",
        "--proxyComponentLogLevel=misc:error",
        "--log_output_level=default:info"
    ]);
    // The server would fill these in, and they would stay when the gateway leaves the host network.
    for port in proxy["ports"].as_array_mut().into_iter().flatten() {
        port["hostPort"] = port["containerPort"].clone();
    }
    if proxy["readinessProbe"].is_null() {
        proxy["readinessProbe"] = pod::usual_probe();
    }
    let own_env = proxy["env"].as_array().cloned().unwrap_or_default();
    let is_own = |variable: &Value| own_env.iter().any(|own| own["name"] == variable["name"]);
    let usual: Vec<Value> = environment(plan).into_iter().filter(|variable| !is_own(variable)).collect();
    proxy["env"] = usual.into_iter().chain(own_env).collect();
    let own_mounts = proxy["volumeMounts"].as_array().cloned().unwrap_or_default();
    proxy["volumeMounts"] = mounts().into_iter().chain(own_mounts).collect();
    Ok(())
}

fn environment(plan: &Plan<'_>) -> Vec<Value> {
    let field = |name: &str, path: &str| json!({"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}});
    let value = |name: &str, value: &str| json!({"name": name, "value": value});
    let namespace = plan.gateway.metadata.namespace.as_deref().unwrap_or("default");
    let name = &plan.site.names.deployment;
    let istiod = match plan.revision() {
        None | Some("default") => "istiod.istio-system.svc:15012".to_owned(),
        Some(revision) => format!("istiod-{revision}.istio-system.svc:15012"),
    };
    vec![
        value("PILOT_CERT_PROVIDER", "istiod"),
        value("CA_ADDR", &istiod),
        value("PROXY_CONFIG", &format!("{{\"discoveryAddress\":\"{istiod}\"}}")),
        field("NODE_NAME", "spec.nodeName"),
        field("POD_NAME", "metadata.name"),
        field("POD_NAMESPACE", "metadata.namespace"),
        field("INSTANCE_IP", "status.podIP"),
        field("HOST_IP", "status.hostIP"),
        field("SERVICE_ACCOUNT", "spec.serviceAccountName"),
        value("ISTIO_META_WORKLOAD_NAME", name),
        value(
            "ISTIO_META_OWNER",
            &format!("kubernetes://apis/apps/v1/namespaces/{namespace}/deployments/{name}"),
        ),
        value("ISTIO_META_CLUSTER_ID", plan.site.cluster_id.as_deref().unwrap_or("Kubernetes")),
        field("ISTIO_META_NODE_NAME", "spec.nodeName"),
    ]
}

/// Directories of the proxy: name, mount, and what is in it.
fn directories() -> [(&'static str, &'static str, Value); 9] {
    let empty = || json!({"emptyDir": {}});
    [
        ("workload-socket", "/var/run/secrets/workload-spiffe-uds", empty()),
        ("credential-socket", "/var/run/secrets/credential-uds", empty()),
        ("workload-certs", "/var/run/secrets/workload-spiffe-credentials", empty()),
        ("istio-envoy", "/etc/istio/proxy", empty()),
        ("istio-data", "/var/lib/istio/data", empty()),
        ("istiod-ca-cert", "/var/run/secrets/istio", json!({"configMap": {"name": "istio-ca-root-cert"}})),
        (
            "istio-token",
            "/var/run/secrets/tokens",
            json!({"projected": {"sources": [{"serviceAccountToken": {
                "path": "istio-token", "audience": "istio-ca", "expirationSeconds": 43200,
            }}]}}),
        ),
        (
            "podinfo",
            "/etc/istio/pod",
            json!({"downwardAPI": {"items": [
                {"path": "labels", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels"}},
                {"path": "annotations", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.annotations"}},
            ]}}),
        ),
        ("config-volume", "/etc/istio/config", json!({"configMap": {"name": "istio", "optional": true}})),
    ]
}

fn volumes() -> Vec<Value> {
    let volume = |(name, _, mut source): (&str, &str, Value)| {
        source["name"] = json!(name);
        source
    };
    directories().into_iter().map(volume).collect()
}

fn mounts() -> Vec<Value> {
    directories().into_iter().map(|(name, path, _)| json!({"name": name, "mountPath": path})).collect()
}
