//! What is applied, but is not of the kind.

use std::collections::BTreeSet;

use serde_json::Value;

use super::claim::step;
use crate::demo::schema::{Id, Order, Scalar, Schema, Shape, View};

/// Why something cannot be applied to a kind, as `failed to create typed patch object (…): ` goes on (the server
/// answers 500).
///
/// # Errors
/// All that is wrong.
pub fn misfit(schema: &Schema, config: &Value) -> Result<(), String> {
    let mut found = Vec::new();
    look(schema, schema.root, config, "", &mut found);
    match &*found {
        [] => Ok(()),
        [one] => Err(one.clone()),
        several => Err(several.iter().fold("errors:".to_owned(), |all, one| format!("{all}\n  {one}"))),
    }
}

fn look(schema: &Schema, id: Id, value: &Value, path: &str, found: &mut Vec<String>) {
    let wrong = match (schema.arena.shape(id), value) {
        (_, Value::Null) | (Shape::Opaque | Shape::Free, _) => None,
        (Shape::Scalar(scalar), value) => scalar_misfit(*scalar, value),
        (Shape::List(item, order), Value::Array(list)) => {
            items(schema, *item, order, list, path, found);
            None
        }
        (Shape::List(..), value) => Some(format!("expected list, got &{{{}}}", shown(value))),
        (Shape::Object(_), Value::Object(map)) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort();
            for name in names {
                let View::Object(object) = schema.arena.view(id, value) else { break };
                let path = format!("{path}.{name}");
                let Some(of) = object.field(name) else {
                    // Nothing behind it is looked at any more.
                    found.push(format!("{path}: field not declared in schema"));
                    break;
                };
                look(schema, of, &map[name], &path, found);
            }
            None
        }
        (Shape::Object(_), value) => Some(format!("expected map, got &{{{}}}", shown(value))),
    };
    found.extend(wrong.map(|why| format!("{path}: {why}")));
}

fn items(schema: &Schema, item: Id, order: &Order, list: &[Value], path: &str, found: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for (at, value) in list.iter().enumerate() {
        if let Some(why) = no_item(order, value) {
            found.push(format!("{path}: element {at}: {why}"));
            continue;
        }
        let here = match order {
            Order::Atomic => format!("[{at}]"),
            _ => {
                let step = step(schema, item, order, value);
                let here = step.to_string();
                if !seen.insert(step) {
                    found.push(format!("{path}: duplicate entries for key {here}"));
                }
                here
            }
        };
        look(schema, item, value, &format!("{path}{here}"), found);
    }
}

/// Why a value cannot be told from its neighbours.
fn no_item(order: &Order, value: &Value) -> Option<&'static str> {
    match (order, value) {
        (Order::Map(_), Value::Null) => Some("associative list with keys may not have a null element"),
        (Order::Map(_), Value::Object(_)) | (Order::Atomic, _) => None,
        (Order::Map(_), _) => Some("associative list with keys may not have non-map elements"),
        (Order::Set, Value::Null) => {
            Some("associative list without keys has an element that's an explicit null")
        }
        (Order::Set, Value::Object(_)) => {
            Some("associative list without keys has an element that's a map type")
        }
        (Order::Set, Value::Array(_)) => Some("not supported: associative list with lists as elements"),
        (Order::Set, _) => None,
    }
}

fn scalar_misfit(scalar: Scalar, value: &Value) -> Option<String> {
    match scalar {
        Scalar::Integer | Scalar::Int32 | Scalar::Int64 | Scalar::Number if !value.is_number() => {
            Some(format!("expected numeric (int or float), got {}", go_type(value)))
        }
        Scalar::Bool if !value.is_boolean() => Some(format!("expected boolean, got &{{{}}}", shown(value))),
        Scalar::Text | Scalar::Bytes if !value.is_string() => {
            Some(format!("expected string, got &value.valueUnstructured{{Value:{}}}", go_syntax(value)))
        }
        _ => None,
    }
}

/// A type as Go names it.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// A value as Go prints it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(shown).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let mut each: Vec<String> = map.iter().map(|(name, v)| format!("{name}:{}", shown(v))).collect();
            each.sort();
            format!("map[{}]", each.join(" "))
        }
        other => other.to_string(),
    }
}

/// A value as Go's own syntax has it.
fn go_syntax(value: &Value) -> String {
    let within = |each: Vec<String>| format!("{}{{{}}}", go_type(value), each.join(", "));
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::Array(list) => within(list.iter().map(go_syntax).collect()),
        Value::Object(map) => {
            let mut each: Vec<String> =
                map.iter().map(|(name, v)| format!("{name:?}:{}", go_syntax(v))).collect();
            each.sort();
            within(each)
        }
        other => other.to_string(),
    }
}
