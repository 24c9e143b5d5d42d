//! What is wrong with a custom resource, in the server's words.

use serde_json::{Value, json};

use super::check;
use super::types::{Arena, Id, Object, Order, Scalar, Shape};
use super::{Schema, join, lists, rules};
use crate::demo::status::Cause;

/// Reasons after which rules of CEL are not asked: their types would not fit.
const BLOCKING: &[&str] = &[
    "FieldValueNotSupported",
    "FieldValueRequired",
    "FieldValueTooLong",
    "FieldValueTooMany",
    "FieldValueTypeInvalid",
];

/// What is wrong with a custom resource. What was wrong in the same place before, and is unchanged, is let pass.
///
/// The real server tells fields in an order of its own making, another each time; here it is that of their names.
pub fn validate(schema: &Schema, new: &Value, old: Option<&Value>) -> Vec<Cause> {
    if !schema.custom {
        return Vec::new();
    }
    let mut causes = Vec::new();
    let arena = &schema.arena;
    if let (Shape::Object(root), Some(_)) = (arena.shape(schema.root), new.as_object()) {
        look_into(arena, root, "", new, old, &mut causes);
    }
    lists::duplicates(arena, schema.root, "", new, &mut causes);
    let has_rules = arena.types.iter().any(|one| one.rules.is_some());
    if has_rules && causes.iter().any(|cause| BLOCKING.contains(&cause.reason)) {
        let why = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
        causes.push(Cause::invalid("<nil>", &Value::Null, why));
    } else {
        rules::ask(arena, schema.root, "", new, old, &mut causes);
    }
    causes
}

fn look(arena: &Arena, id: Id, path: &str, new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let before = causes.len();
    look_at(arena, id, path, new, old, causes);
    if causes.len() > before && old == Some(new) {
        causes.truncate(before);
    }
}

fn look_at(arena: &Arena, id: Id, path: &str, new: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
    let one = &arena.types[id];
    // Metadata is what Go reads, and is looked at elsewhere.
    if one.go.is_some() || (new.is_null() && one.nullable) {
        return;
    }
    let fits = type_fits(&one.shape, path, new, causes);
    let checks = one.checks.as_deref();
    if let Some(checks) = checks {
        check::text(checks, path, new, causes);
    }
    check::number(&one.shape, checks, path, new, causes);
    if fits && let (Shape::List(item, order), Value::Array(list)) = (&one.shape, new) {
        for (at, new) in list.iter().enumerate() {
            let old = old.and_then(|old| same_item(arena, *item, order, new, old));
            look(arena, *item, &format!("{path}[{at}]"), new, old, causes);
        }
    }
    if let Some(checks) = checks {
        check::size(checks, path, new, causes);
        check::option(checks, path, new, causes);
    }
    if fits && let Shape::Object(object) = &one.shape {
        look_into(arena, object, path, new, old, causes);
    }
}

/// The fields of an object.
fn look_into(
    arena: &Arena,
    object: &Object,
    path: &str,
    new: &Value,
    old: Option<&Value>,
    causes: &mut Vec<Cause>,
) {
    let Some(map) = new.as_object() else { return };
    for name in object.required.iter().filter(|name| !map.contains_key(*name)) {
        causes.push(Cause::required(join(path, name), ""));
    }
    let mut names: Vec<&String> = map.keys().collect();
    names.sort();
    for name in names {
        if let Some(of) = object.field(name) {
            look(arena, of, &join(path, name), &map[name], old.and_then(|old| old.get(name)), causes);
        }
    }
}

/// The item that an item of a list was before: only items with keys are known again.
pub(super) fn same_item<'a>(
    arena: &Arena,
    item: Id,
    order: &Order,
    new: &Value,
    old: &'a Value,
) -> Option<&'a Value> {
    let Order::Map(keys) = order else { return None };
    let key = lists::key(arena, item, keys, new);
    old.as_array()?.iter().find(|old| lists::key(arena, item, keys, old) == key)
}

fn type_fits(shape: &Shape, path: &str, value: &Value, causes: &mut Vec<Cause>) -> bool {
    let whole = |n: &serde_json::Number| n.as_f64().is_some_and(|n| n.fract() == 0.0);
    let (fits, wanted) = match shape {
        Shape::Opaque | Shape::Free => (true, ""),
        Shape::List(..) => (value.is_array(), "array"),
        Shape::Object(_) => (value.is_object(), "object"),
        Shape::Scalar(scalar) => match scalar {
            Scalar::Integer | Scalar::Int32 | Scalar::Int64 => {
                (value.as_number().is_some_and(whole), "integer")
            }
            Scalar::Number => (value.is_number(), "number"),
            Scalar::Bool => (value.is_boolean(), "boolean"),
            Scalar::IntOrString => {
                (value.is_string() || value.as_number().is_some_and(whole), "integer,string")
            }
            Scalar::Time if value.is_number() => {
                wrong_type(path, if value.is_f64() { "float64" } else { "int64" }, "date-time", causes);
                return false;
            }
            _ => (value.is_string(), "string"),
        },
    };
    if !fits {
        wrong_type(path, type_name(value), wanted, causes);
    }
    fits
}

fn wrong_type(path: &str, is: &str, wanted: &str, causes: &mut Vec<Cause>) {
    let why = format!("{path} in body must be of type {wanted}: {is:?}");
    causes.push(Cause::wrong_type(path, &json!(is), &why));
}

/// A type as JSON schemas name it.
fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
