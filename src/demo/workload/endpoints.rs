//! EndpointSlices of Services.

use serde_json::{Value, json};

use super::{is_controlled, owner_reference, pods, uid};
use crate::demo::select::map_fits;
use crate::demo::state::State;
use crate::demo::store::{Key, Object};

const SLICES: &str = "endpointslices.discovery.k8s.io";
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const SERVICE: &str = "kubernetes.io/service-name";

/// A pod changed: the Services that select it look.
pub(super) fn of_pod(state: &mut State, key: &Key, pod: Option<&Object>) {
    let Some(pod) = pod else { return };
    let all = state.store.list("services", Some(&key.namespace));
    let selecting: Vec<Key> =
        all.filter(|(_, s)| map_fits(&s["spec"]["selector"], pod)).map(|(k, _)| k.clone()).collect();
    selecting.iter().for_each(|service| sync(state, service));
}

/// Looks at the slices of a Service.
pub(super) fn sync(state: &mut State, key: &Key) {
    let Some(service) = state.store.get(key).cloned() else { return };
    let selector = &service["spec"]["selector"];
    if selector.as_object().is_none_or(serde_json::Map::is_empty)
        || service["spec"]["type"] == "ExternalName"
        || pods::is_going(&service)
    {
        return;
    }
    let publishes = service["spec"]["publishNotReadyAddresses"] == true;
    let here: Vec<Object> = state
        .store
        .list("pods", Some(&key.namespace))
        .filter(|(_, p)| map_fits(selector, p))
        .map(|(_, p)| p.clone())
        .collect();
    let endpoints: Vec<Value> = here.iter().filter_map(|pod| endpoint(state, pod, publishes)).collect();
    let ports = if endpoints.is_empty() { Value::Null } else { ports(&service, &here) };
    let slice = slices(state, key, &service);
    match slice {
        Some(slice) => {
            let now = crate::demo::state::write::time(state.now);
            let _ = state.change(&slice, "kube-controller-manager", |slice| {
                let new = if endpoints.is_empty() { Value::Null } else { endpoints.into() };
                if slice["endpoints"] != new || slice["ports"] != ports {
                    slice["metadata"]["annotations"][TRIGGER] = now.into();
                }
                slice["endpoints"] = new;
                slice["ports"] = ports;
            });
        }
        None => {
            let slice = json!({
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {
                    "generateName": format!("{}-", key.name), "namespace": &*key.namespace,
                    "labels": {
                        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io", SERVICE: &*key.name,
                    },
                    "annotations": {TRIGGER: crate::demo::state::write::time(state.now)},
                    "ownerReferences": [owner_reference(&service)],
                },
                "addressType": "IPv4", "endpoints": if endpoints.is_empty() { Value::Null } else { endpoints.into() },
                "ports": ports,
            });
            // A namespace that is going takes none.
            let _ = state.make(SLICES, slice, "kube-controller-manager");
        }
    }
}

fn slices(state: &State, key: &Key, service: &Value) -> Option<Key> {
    let of = |slice: &Value| {
        slice["metadata"]["labels"][SERVICE] == *key.name && is_controlled(slice, uid(service))
    };
    state.store.list(SLICES, Some(&key.namespace)).find(|(_, s)| of(s)).map(|(k, _)| k.clone())
}

fn endpoint(state: &State, pod: &Value, publishes: bool) -> Option<Value> {
    let ip = pod["status"]["podIP"].as_str()?;
    if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        return None;
    }
    let (serving, going) = (pods::is_ready(pod), pods::is_going(pod));
    let metadata = &pod["metadata"];
    let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
    let mut endpoint = json!({
        "addresses": [ip],
        "conditions": {"ready": publishes || (serving && !going), "serving": serving, "terminating": going},
        "targetRef": {"kind": "Pod", "namespace": metadata["namespace"], "name": metadata["name"], "uid": metadata["uid"]},
        "nodeName": node,
    });
    let zone =
        state.get("nodes", "", node).map(|n| n["metadata"]["labels"]["topology.kubernetes.io/zone"].clone());
    if let Some(zone) = zone.filter(Value::is_string) {
        endpoint["zone"] = zone;
    }
    Some(endpoint)
}

/// Ports of the pods: numbers as they are, names as the pods' containers have them.
fn ports(service: &Value, pods: &[Object]) -> Value {
    let number = |target: &Value, port: &Value| match target {
        Value::Number(_) => Some(target.clone()),
        Value::String(name) => pods
            .iter()
            .flat_map(|p| p["spec"]["containers"].as_array().into_iter().flatten())
            .flat_map(|c| c["ports"].as_array().into_iter().flatten())
            .find(|p| p["name"] == **name)
            .map(|p| p["containerPort"].clone()),
        _ => Some(port.clone()),
    };
    let shown = |port: &Value| {
        let target = number(&port["targetPort"], &port["port"])?;
        let name = port["name"].as_str().unwrap_or_default();
        let mut shown = json!({"name": name, "protocol": port["protocol"], "port": target});
        if port["appProtocol"].is_string() {
            shown["appProtocol"] = port["appProtocol"].clone();
        }
        Some(shown)
    };
    service["spec"]["ports"].as_array().into_iter().flatten().filter_map(shown).collect()
}
