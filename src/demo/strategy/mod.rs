//! What the built-in kinds do when they are written, beyond what a schema can say.

mod fill;
mod kinds;
mod quantity;
mod service;
mod template;
mod validate;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::write::{remove, set, time};
use super::status::Cause;
pub use validate::{validate_create, validate_metadata, validate_metadata_update, validate_update, warnings};

/// What a strategy may ask of the cluster.
pub trait Surroundings {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Gives a cluster IP.
    ///
    /// # Errors
    /// In the server's words.
    fn allocate_cluster_ip(&mut self, wanted: Option<&str>) -> Result<String, String>;
    /// Takes one back.
    fn release_cluster_ip(&mut self, ip: &str);
    /// Gives a node port.
    ///
    /// # Errors
    /// In the server's words.
    fn allocate_node_port(&mut self, wanted: Option<u16>) -> Result<u16, String>;
    /// Takes one back.
    fn release_node_port(&mut self, port: u16);
    /// Whether an object is there.
    fn exists(&self, resource: &str, namespace: &str, name: &str) -> bool;
}

/// What names of a kind may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameRule {
    /// DNS-1123 subdomain.
    Subdomain,
    /// DNS-1123 label.
    Label,
    /// DNS-1035 label.
    Label1035,
    /// A segment of a path (RBAC).
    Path,
}

/// The rule for names of a kind.
pub fn name_rule(group: &str, kind: &str) -> NameRule {
    match (group, kind) {
        ("rbac.authorization.k8s.io", _) => NameRule::Path,
        ("", "Namespace") => NameRule::Label,
        ("", "Service") => NameRule::Label1035,
        _ => NameRule::Subdomain,
    }
}

/// Kinds whose objects have a generation.
const GENERATIONS: &[&str] = &[
    "Deployment",
    "ReplicaSet",
    "DaemonSet",
    "Pod",
    "PodDisruptionBudget",
    "EndpointSlice",
    "CustomResourceDefinition",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Whether objects of a kind have a generation.
pub fn has_generation(_group: &str, kind: &str) -> bool {
    GENERATIONS.contains(&kind)
}

/// Fills in the API's defaults.
pub fn default(_group: &str, kind: &str, object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata") {
        tidy_metadata(metadata);
    }
    match kind {
        "Deployment" | "ReplicaSet" | "DaemonSet" => {
            kinds::workload(object);
            let also: &[&str] = if kind == "Deployment" { &["lastUpdateTime"] } else { &[] };
            kinds::conditions(object, also);
        }
        "Pod" => {
            template::spec(&mut object["spec"], true);
            fill::trim(&mut object["spec"], &["securityContext", "emptyDir", "type"]);
        }
        "Service" => service::default(object),
        "HorizontalPodAutoscaler" => kinds::autoscaler(object),
        "RoleBinding" | "ClusterRoleBinding" => kinds::binding(object),
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => kinds::webhooks(object),
        "CustomResourceDefinition" => kinds::definition(object),
        kind => kinds::small(kind, object),
    }
}

/// Metadata as Go writes it: what is empty is not there.
fn tidy_metadata(metadata: &mut Value) {
    for field in ["labels", "annotations"] {
        fill::drop_empty_map(metadata, field);
    }
    for field in [
        "finalizers",
        "ownerReferences",
        "managedFields",
        "generateName",
        "labels",
        "annotations",
        "creationTimestamp",
    ] {
        let nothing = match &metadata[field] {
            Value::Null => metadata.get(field).is_some(),
            Value::Array(items) => items.is_empty() && field != "managedFields",
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if nothing {
            remove(metadata, field);
        }
    }
}

/// Kinds whose status is apart from the rest, with the first one.
fn first_status(kind: &str, object: &Value) -> Option<Option<Value>> {
    Some(match kind {
        "Deployment" => Some(json!({})),
        "ReplicaSet" => Some(json!({"replicas": 0})),
        "DaemonSet" => Some(json!({
            "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
        })),
        "HorizontalPodAutoscaler" => Some(json!({"desiredReplicas": 0, "currentMetrics": null})),
        "PodDisruptionBudget" => Some(
            json!({"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}),
        ),
        "Pod" => Some(json!({"phase": "Pending", "qosClass": template::quality(object)})),
        "Namespace" => Some(json!({"phase": "Active"})),
        _ => return None,
    })
}

/// What a kind does to a new object: drops a status, sets the first one, allocates addresses.
///
/// # Errors
/// What cannot be allocated.
pub fn prepare_create(
    _group: &str,
    kind: &str,
    object: &mut Value,
    around: &mut dyn Surroundings,
) -> Result<(), Vec<Cause>> {
    if let Some(status) = first_status(kind, object) {
        set(object, "status", status);
    }
    match kind {
        "Namespace" => {
            if !object["spec"].is_object() {
                object["spec"] = json!({});
            }
            object["spec"]["finalizers"] = json!(["kubernetes"]);
        }
        "Service" => return service::create(object, around),
        _ => {}
    }
    Ok(())
}

/// What a kind does to another state of an object.
///
/// # Errors
/// What cannot be allocated.
pub fn prepare_update(
    _group: &str,
    kind: &str,
    new: &mut Value,
    old: &Value,
    status_only: bool,
    around: &mut dyn Surroundings,
) -> Result<(), Vec<Cause>> {
    let apart =
        first_status(kind, old).is_some() || matches!(kind, "Service" | "Node" | "CustomResourceDefinition");
    if status_only {
        let (status, managed) = (new.get("status").cloned(), new["metadata"].get("managedFields").cloned());
        let version = new["metadata"].get("resourceVersion").cloned();
        *new = old.clone();
        set(new, "status", status);
        set(&mut new["metadata"], "managedFields", managed);
        set(&mut new["metadata"], "resourceVersion", version);
        return Ok(());
    }
    if apart {
        set(new, "status", old.get("status").cloned());
    }
    if kind == "Service" {
        return service::update(new, old, around);
    }
    Ok(())
}

/// Whether the generation grows.
pub fn bumps_generation(_group: &str, kind: &str, old: &Value, new: &Value) -> bool {
    match kind {
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => {
            old["webhooks"] != new["webhooks"]
        }
        "EndpointSlice" => {
            ["endpoints", "ports", "addressType"].iter().any(|f| old[*f] != new[*f])
                || old["metadata"]["labels"] != new["metadata"]["labels"]
        }
        // A node that is given to a pod is not a change of what is wanted.
        "Pod" => {
            let none = serde_json::Map::new();
            let (a, b) = (old["spec"].as_object().unwrap_or(&none), new["spec"].as_object().unwrap_or(&none));
            a.keys().chain(b.keys()).any(|field| field != "nodeName" && a.get(field) != b.get(field))
        }
        "Deployment" => {
            old["spec"] != new["spec"] || old["metadata"]["annotations"] != new["metadata"]["annotations"]
        }
        kind if has_generation("", kind) => old["spec"] != new["spec"],
        _ => false,
    }
}

/// The status that a CRD begins with.
pub fn begin_definition(crd: &mut Value) {
    if crd["status"]["storedVersions"].as_array().is_some_and(|v| !v.is_empty()) {
        return;
    }
    let versions = crd["spec"]["versions"].as_array().into_iter().flatten();
    let stored: Vec<Value> = versions.filter(|v| v["storage"] == true).map(|v| v["name"].clone()).collect();
    crd["status"] =
        json!({"conditions": null, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored});
}

/// Whether a CRD is served.
pub fn is_established(crd: &Value) -> bool {
    let conditions = crd["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|c| c["type"] == "Established" && c["status"] == "True")
}

/// Sets the status of a CRD as the server does: names accepted, established.
pub fn establish(crd: &mut Value, now: Timestamp) {
    let names = crd["spec"]["names"].clone();
    let stored: Vec<Value> = crd["spec"]["versions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|v| v["storage"] == true)
        .map(|v| v["name"].clone())
        .collect();
    let known: Vec<Value> = crd["status"]["storedVersions"].as_array().cloned().unwrap_or_default();
    let mut versions = known;
    versions.extend(stored.into_iter().filter(|v| !versions.contains(v)).collect::<Vec<_>>());
    if !crd["status"]["conditions"].is_array() {
        let at = time(now);
        crd["status"]["conditions"] = json!([
            {"type": "NamesAccepted", "status": "True", "lastTransitionTime": at, "reason": "NoConflicts", "message": "no conflicts found"},
            {"type": "Established", "status": "True", "lastTransitionTime": at, "reason": "InitialNamesAccepted", "message": "the initial names have been accepted"},
        ]);
    }
    crd["status"]["acceptedNames"] = names;
    crd["status"]["storedVersions"] = versions.into();
}

/// Gives back what a deleted Service had.
pub fn release(object: &Value, around: &mut dyn Surroundings) {
    service::release(object, around);
}
