//! Pods as controllers make them, and what is read of them.

use std::hash::{Hash, Hasher};

use serde_json::{Value, json};

use super::{injector, owner_reference};
use crate::demo::state::State;
use crate::demo::status::Status;
use crate::demo::store::Object;

/// Makes a pod of an owner's template.
///
/// # Errors
/// As the server refuses it, or the injector does.
pub(super) fn make(state: &mut State, owner: &Value, pin: Option<Value>) -> Result<Object, Status> {
    let template = &owner["spec"]["template"];
    let name = owner["metadata"]["name"].as_str().unwrap_or_default();
    let mut metadata = json!({
        "generateName": format!("{name}-"), "namespace": owner["metadata"]["namespace"],
        "ownerReferences": [owner_reference(owner)],
    });
    for field in ["labels", "annotations"] {
        if template["metadata"][field].is_object() {
            metadata[field] = template["metadata"][field].clone();
        }
    }
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]});
    if let Some(affinity) = pin {
        pod["spec"]["affinity"] = affinity;
    }
    refused(&pod)?;
    injector::inject(state, &mut pod)?;
    state.make("pods", pod, "kube-controller-manager")
}

/// A quota that is used up, where a template's behaviour says so.
fn refused(pod: &Value) -> Result<(), Status> {
    let behaviour = pod["metadata"]["annotations"]["demo.egret/behaviour"].as_str().unwrap_or_default();
    if !behaviour.split(',').any(|word| word == "quota") {
        return Ok(());
    }
    let stem = pod["metadata"]["generateName"].as_str().unwrap_or_default();
    let message = format!(
        "pods \"{stem}\" is forbidden: exceeded quota: compute, requested: requests.cpu=200m, used: requests.cpu=40, \
         limited: requests.cpu=40"
    );
    Err(Status::new(403, "Forbidden", message))
}

/// Whether a pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|c| c["status"] == "True")
}

/// A condition of an object.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|c| c["type"] == kind)
}

/// Whether a pod is neither ended nor going.
pub(super) fn is_active(pod: &Value) -> bool {
    !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) && !is_going(pod)
}

/// Whether an object is being deleted.
pub(super) fn is_going(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// Letters for the hash of a template: the same template has the same ones.
pub(super) fn template_hash(template: &Value) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut hasher = std::hash::DefaultHasher::new();
    template.to_string().hash(&mut hasher);
    let mut number = hasher.finish();
    let letter = |_| {
        let at = (number % LETTERS.len() as u64) as usize;
        number /= LETTERS.len() as u64;
        char::from(LETTERS[at])
    };
    (0..10).map(letter).collect()
}
