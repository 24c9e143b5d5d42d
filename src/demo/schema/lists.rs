//! Lists whose items must differ.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::join;
use super::types::{Arena, Id, Object, Order, Shape};
use crate::demo::status::Cause;

/// Items that are there twice, everywhere in a value.
pub(super) fn duplicates(arena: &Arena, id: Id, path: &str, value: &Value, causes: &mut Vec<Cause>) {
    match (arena.shape(id), value) {
        (Shape::List(item, order), Value::Array(list)) => {
            let key = |value: &Value| match order {
                Order::Atomic => None,
                Order::Set => Some(value.clone()),
                Order::Map(keys) => value.is_object().then(|| key(arena, *item, keys, value)),
            };
            let mut seen = BTreeSet::new();
            for (at, value) in list.iter().enumerate() {
                if let Some(key) = key(value)
                    && !seen.insert(key.to_string())
                {
                    causes.push(Cause::duplicate(format!("{path}[{at}]"), &key));
                }
            }
            for (at, value) in list.iter().enumerate() {
                duplicates(arena, *item, &format!("{path}[{at}]"), value, causes);
            }
        }
        // Metadata is what Go reads, and is looked at elsewhere.
        (Shape::Object(object), Value::Object(map)) if arena.types[id].go.is_none() => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort();
            for name in names {
                if let Some(of) = object.field(name) {
                    duplicates(arena, of, &below(object, path, name), &map[name], causes);
                }
            }
        }
        _ => {}
    }
}

/// What tells an item from its neighbours: its keys, by name, with their defaults.
pub(super) fn key(arena: &Arena, item: Id, keys: &[String], value: &Value) -> Value {
    let mut names: Vec<&String> = keys.iter().collect();
    names.sort();
    let mut key = Map::new();
    for name in names {
        let given = value.get(name).filter(|value| !value.is_null());
        let default = || match arena.shape(item) {
            Shape::Object(object) => object.fields.get(name)?.default.as_ref(),
            _ => None,
        };
        if let Some(value) = given.or_else(default) {
            key.insert(name.clone(), value.clone());
        }
    }
    Value::Object(key)
}

/// The path of a field; keys of maps are told in brackets (which other messages do not).
pub(super) fn below(object: &Object, path: &str, name: &str) -> String {
    if object.fields.contains_key(name) { join(path, name) } else { format!("{path}[{name}]") }
}
