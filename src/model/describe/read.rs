//! Reading untyped objects. Paths are JSON pointers; what is absent, `null` or of another type reads as missing.

use jiff::Timestamp;
use serde_json::Value;

use super::words::entry;
use crate::model::row::Condition;
use crate::model::yaml::LAST_APPLIED;

/// A text that is not empty.
pub(super) fn text<'v>(object: &'v Value, path: &str) -> Option<&'v str> {
    object.pointer(path)?.as_str().filter(|text| !text.is_empty())
}

/// A text, number or truth value, as it is written.
pub(super) fn scalar(object: &Value, path: &str) -> Option<String> {
    as_written(object.pointer(path)?)
}

/// A value that is neither a list nor an object, as it is written.
pub(super) fn as_written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number.
pub(super) fn number(object: &Value, path: &str) -> Option<i64> {
    object.pointer(path)?.as_i64()
}

/// Whether a field is `true`.
pub(super) fn is_true(object: &Value, path: &str) -> bool {
    object.pointer(path).and_then(Value::as_bool) == Some(true)
}

/// A moment.
pub(super) fn time(object: &Value, path: &str) -> Option<Timestamp> {
    text(object, path)?.parse().ok()
}

/// The entries of a list.
pub(super) fn list<'v>(object: &'v Value, path: &str) -> &'v [Value] {
    object.pointer(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of a list.
pub(super) fn texts<'v>(object: &'v Value, path: &str) -> Vec<&'v str> {
    list(object, path).iter().filter_map(Value::as_str).collect()
}

/// A map as lines `key=value`, without what must not be shown.
pub(super) fn pairs(object: &Value, path: &str) -> Vec<String> {
    let map = object.pointer(path).and_then(Value::as_object);
    let shown = map.into_iter().flatten().filter(|(key, _)| *key != LAST_APPLIED);
    shown.map(|(key, value)| entry(key, &as_written(value).unwrap_or_default())).collect()
}

/// The conditions of a list.
pub(super) fn conditions(object: &Value, path: &str) -> Vec<Condition> {
    let word = |condition: &Value, path: &str| Box::from(text(condition, path).unwrap_or_default());
    let read = |condition: &Value| Condition {
        kind: word(condition, "/type"),
        status: word(condition, "/status"),
        reason: word(condition, "/reason"),
        message: word(condition, "/message"),
        since: time(condition, "/lastTransitionTime"),
    };
    list(object, path).iter().map(read).collect()
}
