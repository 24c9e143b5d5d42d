//! What fields a value has.

use serde_json::Value;

use super::fields::{Fields, Step};
use crate::demo::schema::{Id, Order, Schema, Shape, View};

/// All fields of an object, as its applier comes to own them.
pub(super) fn fields_of(schema: &Schema, object: &Value) -> Fields {
    below(schema, schema.root, object).unwrap_or_default()
}

/// The fields below a value; nothing: it is one value.
fn below(schema: &Schema, id: Id, value: &Value) -> Option<Fields> {
    let mut fields = Fields::default();
    match (schema.arena.view(id, value), value) {
        (View::Object(object), Value::Object(map)) if !object.atomic => {
            for (name, value) in map {
                let Some(of) = object.field(name) else { continue };
                let empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
                let inner = below(schema, of, value);
                let member = inner.is_none() || empty || !object.fields.contains_key(name);
                fields.put(Step::field(name), member, inner.unwrap_or_default());
            }
        }
        (View::List(item, order), Value::Array(list)) if *order != Order::Atomic => {
            for value in list {
                let inner = below(schema, item, value).unwrap_or_default();
                fields.put(step(schema, item, order, value), true, inner);
            }
        }
        (View::Object(object), Value::Null) if !object.atomic => {}
        (View::List(_, order), Value::Null) if *order != Order::Atomic => {}
        _ => return None,
    }
    Some(fields)
}

/// What an item of a list is known by.
pub(super) fn step(schema: &Schema, item: Id, order: &Order, value: &Value) -> Step {
    let Order::Map(keys) = order else { return Step::Value(value.clone()) };
    let default = |name: &str| match schema.arena.shape(item) {
        Shape::Object(object) => object.fields.get(name)?.default.as_ref(),
        _ => None,
    };
    let mut found: Vec<(String, Value)> = keys
        .iter()
        .filter_map(|name| Some((name.clone(), value.get(name).or_else(|| default(name))?.clone())))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Step::Key(found)
}

/// A set with the named fields on the way to its paths, which are otherwise in no set.
pub(super) fn with_named(schema: &Schema, id: Id, fields: &Fields) -> Fields {
    let mut all = Fields::default();
    for (step, node) in &fields.0 {
        let (named, of) = match (schema.arena.shape(id), step) {
            (Shape::Object(object), Step::Field(name)) => {
                (object.fields.contains_key(name), object.field(name))
            }
            (Shape::List(item, _), _) => (false, Some(*item)),
            (Shape::Free, _) => (false, Some(id)),
            _ => (false, None),
        };
        let below = match of {
            Some(of) => with_named(schema, of, &node.below),
            None => node.below.clone(),
        };
        all.put(step.clone(), node.member || named && !node.below.is_empty(), below);
    }
    all
}
