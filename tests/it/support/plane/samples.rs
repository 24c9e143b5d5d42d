//! Gateways as others make them: `tests/data/foreign-gateways/*.yaml`.

use super::objects::{apply_yaml, patch_status, wait_for};
use super::{Error, Result, While};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DynamicObject, ListParams, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::ApiResource;
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};
use std::path::Path;

/// Applies the sample manifests: istiod, egress gateways as the `gateway` chart, the `istio-egress` chart, istioctl and
/// Gateway API make them (the last needs [`super::Options::gateway_api`]), and one ingress gateway. Waits until their
/// Deployments are there in full.
pub async fn put_sample_gateways(client: &Client) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/foreign-gateways");
    let what = format!("reading {}", folder.display());
    let mut files = Vec::new();
    for entry in folder.read_dir().while_doing(&what)? {
        files.push(entry.while_doing(&what)?.path());
    }
    files.sort();
    let mut made = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).while_doing(format_args!("reading {}", file.display()))?;
        let applied = apply_yaml(client, &text).await;
        made.extend(applied.map_err(|why| Error(format!("{}: {why}", file.display())))?);
    }
    for object in &made {
        match kind(object) {
            "GatewayClass" => conditions(client, object, &["Accepted"], json!({})).await?,
            "Gateway" => gateway_of_gateway_api(client, object, &made).await?,
            _ => {}
        }
    }
    for object in made.iter().filter(|object| kind(object) == "Deployment") {
        let api: Api<Deployment> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
        wait_for(api, &object.name_any(), |deployment: &Deployment| {
            let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas);
            deployment.status.as_ref().and_then(|status| status.ready_replicas) == wanted
        })
        .await;
    }
    Ok(())
}

/// Makes a gateway of one pod in `istio-system`, as somebody's own manifests would, and waits until it is ready: the pod.
pub async fn put_gateway(client: &Client, name: &str) -> Result<Pod> {
    apply_yaml(client, &gateway(name)).await?;
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "istio-system");
    wait_for(deployments, name, |deployment: &Deployment| {
        deployment.status.as_ref().is_some_and(|status| status.ready_replicas == Some(1))
    })
    .await;
    let pods: Api<Pod> = Api::namespaced(client.clone(), "istio-system");
    let pods = pods.list(&ListParams::default().labels(&format!("istio={name}"))).await;
    let pods = pods.while_doing(format_args!("listing the pods of {name}"))?;
    pods.items.into_iter().next().ok_or_else(|| Error(format!("{name} is ready and has no pod")))
}

fn gateway(name: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: istio-system, labels: {{app: {name}, istio: {name}}}}}
spec:
  selector: {{matchLabels: {{app: {name}, istio: {name}}}}}
  template:
    metadata:
      labels: {{app: {name}, istio: {name}, sidecar.istio.io/inject: 'true'}}
      annotations: {{inject.istio.io/templates: gateway}}
    spec:
      serviceAccountName: default
      containers:
      - name: istio-proxy
        image: docker.io/istio/proxyv2:1.28.0
        ports: [{{containerPort: 15090, name: http-envoy-prom}}]
        readinessProbe: {{httpGet: {{path: /healthz/ready, port: 15021}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: istio-system, labels: {{app: {name}, istio: {name}}}}}
spec:
  selector: {{app: {name}, istio: {name}}}
  ports: [{{name: http, port: 80, targetPort: 8080}}]
"
    )
}

/// Does what istiod does for its Gateways: owns what it made of them, and says that they are programmed.
async fn gateway_of_gateway_api(
    client: &Client,
    gateway: &DynamicObject,
    made: &[DynamicObject],
) -> Result<()> {
    let name = gateway.name_any();
    let label = "gateway.networking.k8s.io/gateway-name";
    for part in made.iter().filter(|object| object.labels().get(label) == Some(&name)) {
        let owner = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": name, "uid": gateway.uid(),
        });
        let patch = Patch::Merge(json!({"metadata": {"ownerReferences": [owner]}}));
        let patched = api(client, part)?.patch(&part.name_any(), &PatchParams::default(), &patch).await;
        patched.while_doing(format_args!("owning {}", part.name_any()))?;
    }
    let host = format!("{name}-istio.{}.svc.cluster.local", gateway.namespace().unwrap_or_default());
    let more = json!({"addresses": [{"type": "Hostname", "value": host}]});
    conditions(client, gateway, &["Accepted", "Programmed"], more).await
}

async fn conditions(
    client: &Client,
    object: &DynamicObject,
    true_ones: &[&str],
    mut status: Value,
) -> Result<()> {
    let conditions = true_ones.iter().map(|kind| {
        json!({
            "type": kind, "status": "True", "reason": kind, "message": "",
            "lastTransitionTime": object.creation_timestamp(), "observedGeneration": object.metadata.generation,
        })
    });
    status["conditions"] = conditions.collect();
    patch_status(&api(client, object)?, &object.name_any(), &status).await;
    Ok(())
}

fn kind(object: &DynamicObject) -> &str {
    object.types.as_ref().map_or("", |types| types.kind.as_str())
}

fn api(client: &Client, object: &DynamicObject) -> Result<Api<DynamicObject>> {
    let types = object.types.as_ref().ok_or_else(|| Error("an object without a kind".to_owned()))?;
    let resource = ApiResource::from_gvk(&GroupVersionKind::try_from(types).while_doing("reading a kind")?);
    Ok(match object.namespace() {
        Some(namespace) => Api::namespaced_with(client.clone(), &namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    })
}
