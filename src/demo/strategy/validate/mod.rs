//! What is wrong with objects of the built-in kinds, in the server's words and order.

mod container;
mod definition;
mod metadata;
mod scaling;
mod service;
mod small;
mod template;
mod words;
mod workload;

use serde_json::Value;

use crate::demo::status::Cause;
pub use metadata::{validate_metadata, validate_metadata_update};

/// What is wrong with a new object of a built-in kind.
pub fn validate_create(_group: &str, kind: &str, object: &Value) -> Vec<Cause> {
    match kind {
        "Deployment" | "ReplicaSet" | "DaemonSet" => workload::check(kind, object),
        "Pod" => template::spec("spec", &object["spec"], template::Of::Pod),
        "Service" => service::check(object),
        "HorizontalPodAutoscaler" => scaling::autoscaler(object),
        "PodDisruptionBudget" => scaling::budget(object),
        "CustomResourceDefinition" => definition::check(object),
        kind => small::check(kind, object),
    }
}

/// What is wrong with a change of one.
pub fn validate_update(_group: &str, kind: &str, new: &Value, old: &Value, status_only: bool) -> Vec<Cause> {
    if status_only {
        return Vec::new();
    }
    let mut causes = match kind {
        // A pod that runs is what it is.
        "Pod" => template::changed(new, old).into_iter().collect(),
        kind => validate_create("", kind, new),
    };
    causes.extend(match kind {
        "Deployment" | "ReplicaSet" | "DaemonSet" => workload::unchanged(new, old),
        "Service" => service::unchanged(new, old),
        "RoleBinding" | "ClusterRoleBinding" if new["roleRef"] != old["roleRef"] => {
            let role = &new["roleRef"];
            let shown =
                serde_json::json!({"APIGroup": role["apiGroup"], "Kind": role["kind"], "Name": role["name"]});
            vec![Cause::invalid("roleRef", &shown, "cannot change roleRef")]
        }
        "Secret" | "ConfigMap" => small::unchanged(kind, new, old),
        _ => Vec::new(),
    });
    causes
}

/// What is strange about an object of a built-in kind, and let pass.
pub fn warnings(kind: &str, object: &Value) -> Vec<String> {
    match kind {
        "Deployment" | "ReplicaSet" | "DaemonSet" => {
            template::warnings("spec.template.spec", &object["spec"]["template"]["spec"])
        }
        "Pod" => template::warnings("spec", &object["spec"]),
        _ => Vec::new(),
    }
}

/// A field that never changes.
fn immutable(field: &str, new: &Value, old: &Value, why: &str) -> Vec<Cause> {
    let at = |object: &Value| field.split('.').fold(object.clone(), |v, step| v[step].clone());
    let (now, before) = (at(new), at(old));
    if now == before { Vec::new() } else { vec![Cause::invalid(field, &now, why)] }
}

/// A number that must not be below 0.
fn not_negative(field: &str, value: &Value) -> Vec<Cause> {
    let wrong = value.as_i64().filter(|n| *n < 0);
    wrong.map(|_| Cause::invalid(field, value, "must be greater than or equal to 0")).into_iter().collect()
}
