//! Small ways to fill in what is not set.

use serde_json::{Map, Value};

/// Sets a field that is not set.
pub(super) fn fill(object: &mut Value, field: &str, value: impl Into<Value>) {
    if !object.is_object() {
        return;
    }
    if object.get(field).is_none_or(Value::is_null) {
        object[field] = value.into();
    }
}

/// Items of a list.
pub(super) fn each<'a>(object: &'a mut Value, field: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}

/// A map that is there, to look into.
pub(super) fn inside<'a>(object: &'a mut Value, field: &str) -> Option<&'a mut Value> {
    object.get_mut(field).filter(|v| v.is_object())
}

/// Drops what Go does not write: nulls, empty texts and empty lists, but those of `kept`.
pub(super) fn trim(object: &mut Value, kept: &[&str]) {
    match object {
        Value::Object(map) => {
            map.retain(|name, value| kept.contains(&name.as_str()) || !is_nothing(value));
            map.values_mut().for_each(|value| trim(value, kept));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| trim(item, kept)),
        _ => {}
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// A map without entries that stands in a field is taken out.
pub(super) fn drop_empty_map(object: &mut Value, field: &str) {
    if object.get(field).and_then(Value::as_object).is_some_and(Map::is_empty)
        && let Some(map) = object.as_object_mut()
    {
        map.shift_remove(field);
    }
}
