//! Whether two values mean the same to the API server, which writes many things in its own way (R9).

use serde_json::{Map, Value};

use super::fields::{FieldPath, Step};
use crate::model::amount::Amount;

/// Lists whose items are known by keys, by the field that holds them. All other lists are compared as wholes.
const KEYED: [(&str, &[&str]); 8] = [
    ("containers", &["name"]),
    ("initContainers", &["name"]),
    ("volumes", &["name"]),
    ("env", &["name"]),
    ("volumeMounts", &["mountPath"]),
    ("ownerReferences", &["uid"]),
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
];

/// The step to an item of a keyed list; `None` where the list is compared as a whole.
pub(super) fn item(path: &FieldPath, item: &Value) -> Option<Step> {
    let field = path.field_names().next_back()?;
    if !matches!(path.0.last(), Some(Step::Field(_))) {
        return None;
    }
    let keys = KEYED.iter().filter(|(name, _)| *name == field).map(|(_, keys)| keys);
    keys.into_iter().find_map(|keys| {
        let pairs = keys.iter().map(|key| Some(((*key).to_owned(), item.get(key)?.clone())));
        pairs.collect::<Option<Map<String, Value>>>().map(Step::Item)
    })
}

/// Whether two values that are no objects mean the same at a path.
pub(super) fn same(path: &FieldPath, desired: &Value, live: &Value) -> bool {
    if desired == live {
        return true;
    }
    is_quantity(path) && amount(desired).zip(amount(live)).is_some_and(|(a, b)| a == b)
}

/// Whether a value and its absence are the same: Go leaves out what is empty.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        // An empty object says something: `emptyDir: {}`.
        _ => false,
    }
}

/// Whether two values are the same as wholes: in lists that have one owner.
pub(super) fn whole(path: &FieldPath, desired: &Value, live: &Value) -> bool {
    match (desired, live) {
        (Value::Object(a), Value::Object(b)) => {
            let below = |key: &str| path.then(Step::Field(key.to_owned()));
            let has = |key: &str, value: &Value, other: &Map<String, Value>| match other.get(key) {
                Some(other) => whole(&below(key), value, other),
                None => is_nothing(value),
            };
            a.iter().all(|(key, value)| has(key, value, b))
                && b.iter().filter(|(key, _)| !a.contains_key(*key)).all(|(_, value)| is_nothing(value))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| whole(path, a, b))
        }
        _ => same(path, desired, live),
    }
}

fn is_quantity(path: &FieldPath) -> bool {
    let names: Vec<&str> = path.field_names().collect();
    matches!(names.as_slice(), [.., "resources", "limits" | "requests", _] | [.., "divisor"])
}

fn amount(value: &Value) -> Option<Amount> {
    match value {
        Value::Number(number) => number.to_string().parse().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
