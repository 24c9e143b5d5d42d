//! What of an object is nobody's business: it stands in no recording (R27), and no column shows it.

use serde_json::{Map, Value};

use super::yaml::LAST_APPLIED;

/// Fields of a container that often hold what is nobody's business.
pub const OF_CONTAINERS: &[&str] = &["args", "command"];

/// Where pods and templates keep their containers.
pub const CONTAINERS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];

/// Where objects keep pods.
pub const PODS: &[&str] = &["/spec", "/spec/template/spec"];

/// Fields of gateways that hold variables.
pub const VARIABLES: &[&str] = &["env", "podEnv"];

/// What stands where something is not shown.
pub const HIDDEN: &str = "(hidden)";

/// Puts [`HIDDEN`] in the place of values of environment variables, of arguments and commands of containers, and of the
/// copy that `kubectl apply` leaves of all that. Names stay. `managedFields` go: they repeat values of lists.
pub fn hide(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
        if let Some(copy) = metadata.get_mut("annotations").and_then(|all| all.get_mut(LAST_APPLIED)) {
            *copy = HIDDEN.into();
        }
    }
    for pointer in PODS {
        let Some(pod) = object.pointer_mut(pointer).and_then(Value::as_object_mut) else { continue };
        for field in CONTAINERS {
            let all = pod.get_mut(*field).and_then(Value::as_array_mut);
            for container in all.into_iter().flatten().filter_map(Value::as_object_mut) {
                for field in OF_CONTAINERS {
                    container.get_mut(*field).into_iter().for_each(scalars);
                }
                variables(container, &["env"]);
            }
        }
    }
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        variables(spec, VARIABLES);
    }
}

/// Variables as a list of names and values, or as a map of them.
fn variables(of: &mut Map<String, Value>, fields: &[&str]) {
    for field in fields {
        match of.get_mut(*field) {
            Some(Value::Array(all)) => {
                all.iter_mut().filter_map(|variable| variable.get_mut("value")).for_each(scalars);
            }
            Some(all) => scalars(all),
            None => {}
        }
    }
}

fn scalars(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(scalars),
        Value::Object(all) => all.values_mut().for_each(scalars),
        value => *value = HIDDEN.into(),
    }
}
