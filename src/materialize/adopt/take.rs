//! The one write by which an object becomes a gateway's own.

use serde_json::{Map, Value, json};

use crate::materialize::names::{MANAGER, REPLICAS_MANAGER, TEMPLATE};

/// What says that an object is of a Helm release: with it, the next `helm upgrade` would take it back.
pub fn helm_marks(object: &Value) -> impl Iterator<Item = &String> {
    let annotations = object["metadata"]["annotations"].as_object().into_iter().flatten();
    annotations.map(|(key, _)| key).filter(|key| key.starts_with("meta.helm.sh/"))
}

/// Controllers that write to the objects of a gateway beside whoever made them: they keep their fields.
const CONTROLLERS: [&str; 1] = ["kube-controller-manager"];

/// The patch (JSON merge) that makes a live object a gateway's own: owner, no fields of those who had it before, and for
/// the Deployment the record of its template. All in one write, so that nothing ever comes between: without the record
/// the next pass would roll the pods.
///
/// It holds only for the object as it was read.
pub fn take_over(live: &Value, owner: &Value, record: Option<String>) -> Value {
    let metadata = &live["metadata"];
    let mut owners: Vec<Value> = metadata["ownerReferences"].as_array().cloned().unwrap_or_default();
    owners.push(owner.clone());
    let mut annotations: Map<String, Value> =
        helm_marks(live).map(|key| (key.clone(), Value::Null)).collect();
    if let Some(record) = record {
        annotations.insert(TEMPLATE.to_owned(), record.into());
    }
    let mut patch = json!({"metadata": {
        "resourceVersion": metadata["resourceVersion"],
        "ownerReferences": owners,
        "managedFields": kept(metadata["managedFields"].as_array().map_or(&[], Vec::as_slice)),
    }});
    if !annotations.is_empty() {
        patch["metadata"]["annotations"] = Value::Object(annotations);
    }
    patch
}

/// The managers that stay.
fn kept(entries: &[Value]) -> Vec<Value> {
    let stays = |entry: &&Value| {
        let manager = entry["manager"].as_str().unwrap_or_default();
        let own = [MANAGER, REPLICAS_MANAGER].contains(&manager);
        own || CONTROLLERS.contains(&manager) || entry["subresource"].as_str().is_some_and(|s| !s.is_empty())
    };
    let kept: Vec<Value> = entries.iter().filter(stays).cloned().collect();
    // An empty list means "as before" to the API server; a list of nothing means nobody.
    if kept.is_empty() { vec![json!({})] } else { kept }
}
