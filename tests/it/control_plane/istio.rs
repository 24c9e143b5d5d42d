//! The mesh that tests stand on injects as a real one does (R7).

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

use crate::support::plane::{rendered_gateway_chart, shared_with_istio, unique};

/// A pod of the gateway's kind, with more labels and more of a spec.
fn pod(name: &str, labels: Value, spec: Value) -> Pod {
    let mut pod = json!({
        "metadata": {"name": name, "labels": labels, "annotations": {"inject.istio.io/templates": "gateway"}},
        "spec": {"serviceAccountName": "default", "containers": [{"name": "istio-proxy", "image": "auto"}]},
    });
    pod["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    serde_json::from_value(pod).unwrap()
}

#[tokio::test]
async fn a_pod_with_the_label_is_made_whole_and_others_stay_as_they_are() {
    let cluster = shared_with_istio().await;
    let pods: Api<Pod> = Api::namespaced(cluster.admin().await, "istio-system");
    let on = json!({"sidecar.istio.io/inject": "true"});
    let unknown = json!({"sidecar.istio.io/inject": "true", "istio.io/rev": "nobody"});
    for (labels, spec, whole) in [
        (on.clone(), json!({}), true),
        (json!({}), json!({}), false),
        (on, json!({"hostNetwork": true}), false),
        (unknown, json!({}), false),
    ] {
        let pod = pod(&unique("pod"), labels.clone(), spec.clone());
        let made = pods.create(&PostParams { dry_run: true, ..PostParams::default() }, &pod).await.unwrap();
        let proxy = &made.spec.unwrap().containers[0];
        let image = proxy.image.clone().unwrap_or_default();
        assert_eq!(image != "auto", whole, "{labels} {spec}: {image}");
        let ports: Vec<i32> = proxy.ports.iter().flatten().map(|port| port.container_port).collect();
        assert_eq!(ports.contains(&15090), whole, "{labels} {spec}");
    }
}

#[test]
fn helm_renders_the_gateway_chart() {
    let objects = rendered_gateway_chart("istio-out", &["service.type=ClusterIP"]).unwrap();
    let kinds: Vec<&str> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"Deployment") && kinds.contains(&"Service"), "{kinds:?}");
}
