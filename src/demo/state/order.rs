//! The order of fields, as the real server writes them: Go's in built-in kinds, by name in custom ones. Nothing
//! depends on it, but people read it.

use serde_json::{Map, Value};

const OBJECT: &[&str] = &["kind", "apiVersion", "metadata", "spec", "data", "status"];

const METADATA: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// Puts the fields of an object in order.
pub(super) fn tidy(object: &mut Value, custom: bool) {
    if custom {
        object.sort_all_objects();
        return;
    }
    first(object, OBJECT);
    if let Some(metadata) = object.get_mut("metadata") {
        first(metadata, METADATA);
    }
}

/// Some fields first, in this order; the others after them, as they are.
fn first(object: &mut Value, names: &[&str]) {
    let Value::Object(map) = object else { return };
    let place = |name: &String| names.iter().position(|n| n == name).unwrap_or(names.len());
    if map.keys().map(place).is_sorted() {
        return;
    }
    let mut fields: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
    fields.sort_by_key(|(name, _)| place(name));
    *map = Map::from_iter(fields);
}

#[test]
fn metadata_begins_with_the_name_and_the_rest_keeps_its_order() {
    let mut object = serde_json::json!({"status": {}, "spec": {"b": 1, "a": 2}, "metadata": {"labels": {}, "uid": "u", "name": "n"}, "kind": "Pod"});
    tidy(&mut object, false);
    let text =
        r#"{"kind":"Pod","metadata":{"name":"n","uid":"u","labels":{}},"spec":{"b":1,"a":2},"status":{}}"#;
    assert_eq!(object.to_string(), text);
    tidy(&mut object, true);
    assert!(object.to_string().starts_with(r#"{"kind":"Pod","metadata":{"labels":{},"name":"n""#));
}
