//! Istio's sidecar injector, as it makes gateway pods whole: by its webhook configuration, when there is one (R7).

use serde_json::{Value, json};

use crate::demo::state::State;
use crate::demo::status::Status;

const CONFIGURATIONS: &str = "mutatingwebhookconfigurations.admissionregistration.k8s.io";

/// Makes a gateway pod whole, when its label asks for it and a webhook of its revision is there. Without one the pod
/// stays as it is, with the image `auto`.
///
/// # Errors
/// When the injector is down: the webhook fails closed.
pub(super) fn inject(state: &State, pod: &mut Value) -> Result<(), Status> {
    let metadata = &pod["metadata"];
    let wanted = metadata["labels"]["sidecar.istio.io/inject"] == "true";
    let gateway = metadata["annotations"]["inject.istio.io/templates"] == "gateway";
    if !wanted || !gateway || pod["spec"]["hostNetwork"] == true {
        return Ok(());
    }
    let revision = metadata["labels"]["istio.io/rev"].as_str().unwrap_or("default");
    let all = state.list(CONFIGURATIONS, None);
    let Some(configuration) = all.iter().find(|c| c["metadata"]["labels"]["istio.io/rev"] == revision) else {
        return Ok(());
    };
    let is_up = state
        .list("pods", Some("istio-system"))
        .iter()
        .any(|p| p["metadata"]["labels"]["app"] == "istiod" && super::pods::is_ready(p));
    if !is_up {
        let name = configuration["webhooks"][0]["name"]
            .as_str()
            .unwrap_or("rev.namespace.sidecar-injector.istio.io");
        let message = format!(
            "Internal error occurred: failed calling webhook \"{name}\": failed to call webhook: Post \
             \"https://istiod.istio-system.svc:443/inject?timeout=10s\": no endpoints available for service \"istiod\""
        );
        return Err(Status::new(500, "InternalError", message));
    }
    complete(pod, configuration);
    Ok(())
}

fn complete(pod: &mut Value, configuration: &Value) {
    let version = configuration["metadata"]["annotations"]["demo.egret/version"].as_str().unwrap_or("1.28.0");
    let app = pod["metadata"]["labels"]["app"].as_str().unwrap_or_default().to_owned();
    if !pod["metadata"]["annotations"].is_object() {
        pod["metadata"]["annotations"] = json!({});
    }
    pod["metadata"]["annotations"]["istio.io/rev"] =
        pod["metadata"]["labels"].get("istio.io/rev").cloned().unwrap_or_else(|| "default".into());
    pod["metadata"]["labels"]["service.istio.io/canonical-name"] = app.into();
    pod["metadata"]["labels"]["service.istio.io/canonical-revision"] = "latest".into();
    let Some(containers) = pod["spec"].get_mut("containers").and_then(serde_json::Value::as_array_mut) else {
        return;
    };
    for container in containers.iter_mut().filter(|c| c["image"] == "auto") {
        container["image"] = format!("docker.io/istio/proxyv2:{version}").into();
        let ports = container["ports"].as_array().cloned().unwrap_or_default();
        let own = json!({"containerPort": 15090, "name": "http-envoy-prom", "protocol": "TCP"});
        container["ports"] = ports.into_iter().chain([own]).collect();
        if !container["readinessProbe"].is_object() {
            container["readinessProbe"] = json!({"httpGet": {"path": "/healthz/ready", "port": 15021},
                "periodSeconds": 15, "timeoutSeconds": 3, "failureThreshold": 4});
        }
        if !container["args"].is_array() {
            container["args"] = json!([
                "proxy",
                "router",
                "--domain",
                "$(POD_NAMESPACE).svc.cluster.local",
                "--proxyLogLevel=warning",
                "--proxyComponentLogLevel=misc:error",
                "--log_output_level=default:info"
            ]);
        }
    }
}
