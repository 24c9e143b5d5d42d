//! What of an object a person does not edit: it is kept out of sight, and put back.

use serde_json::Value;

use super::path::{Path, Step};
use crate::model::yaml::LAST_APPLIED;

/// Fields of `metadata` that the server makes.
const METADATA: &[&str] = &[
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// Whether a field is the server's, or leads into one that is; the copy that `kubectl apply` leaves counts as such.
pub fn is_server_made(path: &Path) -> bool {
    let field = |at: usize| match path.0.get(at) {
        Some(Step::Field(name)) => Some(name.as_str()),
        _ => None,
    };
    match (field(0), field(1)) {
        (Some("status"), _) => true,
        (Some("metadata"), Some("annotations")) => field(2) == Some(LAST_APPLIED),
        (Some("metadata"), Some(name)) => METADATA.contains(&name),
        _ => false,
    }
}

/// Where the fields are that [`visible`] hides.
fn hidden() -> impl Iterator<Item = Path> {
    let top = Path::default();
    let metadata = top.field("metadata");
    let applied = metadata.field("annotations").field(LAST_APPLIED);
    let made = METADATA.iter().map(move |name| metadata.field(name));
    made.chain([top.field("status"), applied])
}

/// The object as a person edits it: without what the server makes, and without the copy of itself that `kubectl apply`
/// leaves in it.
pub fn visible(object: &Value) -> Value {
    let mut object = object.clone();
    // Taking a field away takes what it leaves empty along; without the field, nothing is to be taken.
    for path in hidden().filter(|path| path.get(&object).is_some()).collect::<Vec<_>>() {
        let keeps_metadata = object["metadata"].as_object().is_some_and(|fields| fields.len() == 1);
        path.set(&mut object, None);
        if keeps_metadata && path.0.len() > 1 && object.get("metadata").is_none() {
            object["metadata"] = Value::Object(serde_json::Map::new());
        }
    }
    object
}

/// Puts back what [`visible`] hid of `before`: there, what was edited does not count. What is not of an object with
/// metadata stays as it is.
pub fn restore(before: &Value, edited: &Value) -> Value {
    let mut edited = edited.clone();
    if !edited.get("metadata").is_some_and(Value::is_object) {
        return edited;
    }
    for path in hidden() {
        if let Some(value) = path.get(before) {
            path.set(&mut edited, Some(value.clone()));
        }
    }
    edited
}
