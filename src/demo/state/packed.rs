//! Managed fields as they are stored: each set of fields as one text, for as maps of maps they would be most of what
//! a cluster weighs.

use serde_json::Value;

fn entries(object: &mut Value) -> impl Iterator<Item = &mut Value> {
    let entries = object["metadata"].get_mut("managedFields").and_then(Value::as_array_mut);
    entries.into_iter().flatten().filter_map(|entry| entry.get_mut("fieldsV1"))
}

/// Makes each set a text.
pub(super) fn pack(object: &mut Value) {
    if object["metadata"].get("managedFields").is_some() {
        entries(object)
            .filter(|fields| fields.is_object())
            .for_each(|fields| *fields = fields.to_string().into());
    }
}

/// Whether an object has sets that are texts.
pub(super) fn is_packed(object: &Value) -> bool {
    object["metadata"]["managedFields"].as_array().into_iter().flatten().any(|e| e["fieldsV1"].is_string())
}

/// Makes each text a set again.
pub(super) fn unpack(object: &mut Value) {
    for fields in entries(object) {
        // A text that is none of ours cannot be here: nothing else is stored.
        if let Some(set) = fields.as_str().and_then(|text| serde_json::from_str(text).ok()) {
            *fields = set;
        }
    }
}

#[test]
fn what_is_unpacked_is_what_was_packed() {
    let object = serde_json::json!({"metadata": {"managedFields": [
        {"manager": "a", "fieldsV1": {"f:spec": {"f:replicas": {}, "k:{\"name\":\"x\"}": {".": {}}}}}, {"manager": "b"}]}});
    let mut packed = object.clone();
    pack(&mut packed);
    assert!(is_packed(&packed) && packed != object);
    unpack(&mut packed);
    assert_eq!(packed, object);
    let mut none = serde_json::json!({"kind": "Pod"});
    pack(&mut none);
    assert_eq!(none, serde_json::json!({"kind": "Pod"}));
}
