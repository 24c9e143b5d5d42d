//! The `spec` that says what is there.

use serde_json::{Map, Value, json};

use super::Found;
use crate::materialize::Part;
use crate::materialize::build::{LABELS, TEMPLATES};
use crate::model::istio_gateway::names::SELECTOR_LABELS;

/// Container of the proxy.
const PROXY: &str = "istio-proxy";

/// Annotations that are not the person's: those of tools.
const TOOLS: [&str; 6] = [
    "kubectl.kubernetes.io/",
    "meta.helm.sh/",
    "egret/",
    "deployment.kubernetes.io/",
    "sidecar.istio.io/inject",
    "checksum/",
];

/// The `spec` of a gateway that asks for what is there, as far as it can say it.
pub(super) fn spec(found: &Found, direction: &str) -> Value {
    let mut spec = Map::new();
    spec.insert("gatewayType".to_owned(), direction.into());
    if let Some(deployment) = found.get(&Part::Deployment) {
        workload(deployment, found.get(&Part::HorizontalPodAutoscaler), &mut spec);
        pods(&deployment["spec"]["template"], &deployment["spec"]["selector"]["matchLabels"], &mut spec);
    }
    if let Some(service) = found.get(&Part::Service) {
        self::service(service, &mut spec);
    }
    spec.retain(|_, value| !is_empty(value));
    Value::Object(spec)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn workload(deployment: &Value, autoscaler: Option<&Value>, spec: &mut Map<String, Value>) {
    match autoscaler {
        None => drop(spec.insert("replicaCount".to_owned(), deployment["spec"]["replicas"].clone())),
        Some(autoscaler) => {
            let scaling = &autoscaler["spec"];
            spec.insert("autoscaleEnabled".to_owned(), true.into());
            spec.insert("minReplicas".to_owned(), scaling["minReplicas"].clone());
            spec.insert("maxReplicas".to_owned(), scaling["maxReplicas"].clone());
            for metric in scaling["metrics"].as_array().into_iter().flatten() {
                let resource = &metric["resource"];
                let target = json!({"targetAverageUtilization": resource["target"]["averageUtilization"]});
                spec.insert(resource["name"].as_str().unwrap_or_default().to_owned(), target);
            }
        }
    }
    let rolling = &deployment["spec"]["strategy"]["rollingUpdate"];
    for (field, name) in [("rollingMaxSurge", "maxSurge"), ("rollingMaxUnavailable", "maxUnavailable")] {
        let amount = match &rolling[name] {
            Value::Number(number) => number.to_string(),
            // What the API server fills in.
            Value::String(text) if text != "25%" => text.clone(),
            _ => continue,
        };
        spec.insert(field.to_owned(), amount.into());
    }
}

fn pods(template: &Value, selector: &Value, spec: &mut Map<String, Value>) {
    let own = |key: &str| {
        LABELS.iter().any(|(label, _)| *label == key)
            || SELECTOR_LABELS.contains(&key)
            || selector.get(key).is_some()
            || key.starts_with("helm.sh/")
    };
    spec.insert("podLabels".to_owned(), without(&template["metadata"]["labels"], own));
    let tools = |key: &str| key == TEMPLATES.0 || is_of_tools(key);
    spec.insert("podAnnotations".to_owned(), without(&template["metadata"]["annotations"], tools));
    let pod = &template["spec"];
    for field in ["nodeSelector", "affinity", "tolerations"] {
        spec.insert(field.to_owned(), pod[field].clone());
    }
    if pod["hostNetwork"] == true {
        spec.insert("hostNetwork".to_owned(), true.into());
    }
    let containers = pod["containers"].as_array().into_iter().flatten();
    let Some(proxy) = containers.into_iter().find(|container| container["name"] == PROXY) else { return };
    spec.insert("resources".to_owned(), proxy["resources"].clone());
    spec.insert("env".to_owned(), proxy["env"].clone());
    if proxy["lifecycle"].is_object() {
        spec.insert("lifecycle".to_owned(), proxy["lifecycle"].clone());
    }
    let volumes = |kind: &str, source: &str, named: &str| -> Vec<Value> {
        let all = pod["volumes"].as_array().into_iter().flatten();
        let of_kind = all.filter_map(|volume| {
            let name = &volume["name"];
            let mounts = proxy["volumeMounts"].as_array()?;
            let path = &mounts.iter().find(|mount| mount["name"] == *name)?["mountPath"];
            Some(json!({"name": name, named: volume.get(kind)?.get(source)?, "mountPath": path}))
        });
        of_kind.collect()
    };
    spec.insert("secretVolumes".to_owned(), volumes("secret", "secretName", "secretName").into());
    spec.insert("configVolumes".to_owned(), volumes("configMap", "name", "configMapName").into());
}

fn service(service: &Value, spec: &mut Map<String, Value>) {
    let live = &service["spec"];
    let kind = live["type"].as_str().unwrap_or("ClusterIP");
    spec.insert("serviceType".to_owned(), kind.into());
    for field in ["loadBalancerClass", "loadBalancerIP"] {
        spec.insert(field.to_owned(), live[field].clone());
    }
    if kind != "ClusterIP" {
        spec.insert("externalTrafficPolicy".to_owned(), live["externalTrafficPolicy"].clone());
    }
    spec.insert("serviceAnnotations".to_owned(), without(&service["metadata"]["annotations"], is_of_tools));
    let ports = live["ports"].as_array().into_iter().flatten();
    let ports: Vec<Value> =
        ports.filter(|port| !is_status(port)).map(|p| port(p, kind == "NodePort")).collect();
    spec.insert("ports".to_owned(), ports.into());
}

/// The port that egret adds by itself.
fn is_status(port: &Value) -> bool {
    port["name"] == "status-port" && port["port"] == 15021 && port["targetPort"] == 15021
}

fn port(live: &Value, on_nodes: bool) -> Value {
    let mut port = json!({"name": live["name"], "port": live["port"], "targetPort": live["targetPort"]});
    port["protocol"] = live["protocol"].as_str().unwrap_or("TCP").into();
    if live["appProtocol"].is_string() {
        port["appProtocol"] = live["appProtocol"].clone();
    }
    if on_nodes {
        port["nodePort"] = live["nodePort"].clone();
    }
    if let Value::Object(fields) = &mut port {
        fields.retain(|_, value| !value.is_null());
    }
    port
}

fn is_of_tools(key: &str) -> bool {
    TOOLS.iter().any(|tool| key.starts_with(tool))
}

/// Pairs but for some.
fn without(pairs: &Value, but: impl Fn(&str) -> bool) -> Value {
    let pairs = pairs.as_object().into_iter().flatten();
    Value::Object(
        pairs.filter(|(key, _)| !but(key)).map(|(key, value)| (key.clone(), value.clone())).collect(),
    )
}
