//! What of an object may stand in a file that is handed on.

use serde_json::Value;

use crate::model::private::{CONTAINERS, OF_CONTAINERS, PODS, VARIABLES};
use crate::model::yaml::LAST_APPLIED;

/// The object without what nobody may find in a recording (R27): values of environment variables, arguments and commands of
/// containers, `managedFields` of all but gateways, the copy that `kubectl apply` leaves, and the schemas of a CRD, which only make it long.
/// Names stay, so that one still sees which variables there are.
#[must_use]
pub fn lean(mut object: Value) -> Value {
    let is_gateway = object["kind"] == "IstioGateway";
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        // Who changed a gateway, and when, is told from them; of all else they only make it long.
        if !is_gateway {
            metadata.shift_remove("managedFields");
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.shift_remove(LAST_APPLIED);
        }
    }
    for pointer in PODS {
        let Some(pod) = object.pointer_mut(pointer).and_then(Value::as_object_mut) else { continue };
        for field in CONTAINERS {
            let all = pod.get_mut(*field).and_then(Value::as_array_mut);
            all.into_iter().flatten().for_each(container);
        }
    }
    environment(object.get_mut("spec"), VARIABLES);
    if let Some(versions) = object.pointer_mut("/spec/versions").and_then(Value::as_array_mut) {
        versions.iter_mut().filter_map(Value::as_object_mut).for_each(|version| {
            version.shift_remove("schema");
        });
    }
    object
}

fn container(container: &mut Value) {
    if let Some(fields) = container.as_object_mut() {
        OF_CONTAINERS.iter().for_each(|field| drop(fields.shift_remove(*field)));
    }
    environment(Some(container), &["env"]);
}

/// Variables as a list of names and values, or as a map of them.
fn environment(of: Option<&mut Value>, fields: &[&str]) {
    let Some(of) = of.and_then(Value::as_object_mut) else { return };
    for field in fields {
        match of.get_mut(*field) {
            Some(Value::Array(all)) => all.iter_mut().filter_map(Value::as_object_mut).for_each(|variable| {
                variable.shift_remove("value");
            }),
            Some(Value::Object(all)) => all.values_mut().for_each(|value| *value = Value::from("")),
            _ => {}
        }
    }
}
