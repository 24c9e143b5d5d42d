//! Defaults that a schema states, and nulls.

use serde_json::{Map, Value, json};

use super::Schema;
use super::types::{Arena, Id, Object, Scalar, Shape};

/// Fills in the defaults that the schema states, where a field is missing or is a null that may not be.
///
/// Of built-in kinds these are the parts that Go always writes (`strategy: {}`, `name: ""`) and the defaults that
/// OpenAPI knows of; all other defaults are the business of the kind's strategy.
pub fn default(schema: &Schema, object: &mut Value) {
    let arena = &schema.arena;
    let Shape::Object(root) = arena.shape(schema.root) else { return };
    if !schema.custom {
        fill(arena, schema.root, object);
    } else if let Value::Object(map) = object {
        // The metadata of a custom resource has no defaults, and may not be missing either.
        fill_fields(arena, root, map);
    }
}

fn fill(arena: &Arena, id: Id, value: &mut Value) {
    match (arena.shape(id), value) {
        (Shape::Object(object), Value::Object(map)) => fill_fields(arena, object, map),
        (Shape::List(item, _), Value::Array(list)) => {
            list.iter_mut().for_each(|value| fill(arena, *item, value));
        }
        _ => {}
    }
}

fn fill_fields(arena: &Arena, object: &Object, map: &mut Map<String, Value>) {
    for (name, field) in &object.fields {
        let Some(default) = &field.default else { continue };
        let missing = match map.get(name) {
            None => true,
            Some(value) => value.is_null() && (!arena.types[field.of].nullable || field.of_go(arena)),
        };
        if missing {
            map.insert(name.clone(), default.clone());
        }
    }
    for (name, value) in map {
        if let Some(of) = object.field(name) {
            fill(arena, of, value);
        }
    }
}

impl super::types::Field {
    /// Whether the type is one of Go's, where null is as good as nothing.
    fn of_go(&self, arena: &Arena) -> bool {
        arena.source.is_null() || arena.types[self.of].go.is_some()
    }
}

/// Drops what a decoder does not keep: of custom kinds, nulls where the schema does not allow them; of built-in ones
/// (and of all metadata) what Go does not write, which is nulls, empty lists and maps, and zeros of fields that are
/// no pointers. What somebody applies to a custom kind keeps its nulls.
pub fn settle(schema: &Schema, object: &mut Value) {
    settle_below(&schema.arena, schema.root, !schema.custom, object);
}

/// `go`: Go has read it, as it does all of a built-in kind, and the metadata of a custom one.
fn settle_below(arena: &Arena, id: Id, go: bool, value: &mut Value) {
    let go = go || arena.types[id].go.is_some();
    match (arena.shape(id), value) {
        (Shape::Object(object), Value::Object(map)) => {
            map.retain(|name, value| !value.is_null() || keeps_null(arena, object, name, go));
            for (name, value) in map.iter_mut() {
                let Some(of) = object.field(name) else { continue };
                match value {
                    Value::Null if go => *value = zero(arena, of),
                    _ => settle_below(arena, of, go, value),
                }
            }
            if go {
                map.retain(|name, value| !left_out(arena, object, name, value));
            }
        }
        (Shape::List(item, _), Value::Array(list)) => {
            for value in list {
                match value {
                    Value::Null if go => *value = zero(arena, *item),
                    _ => settle_below(arena, *item, go, value),
                }
            }
        }
        _ => {}
    }
}

/// Whether Go does not write a field with such a value.
fn left_out(arena: &Arena, object: &Object, name: &str, value: &Value) -> bool {
    let Some(field) = object.fields.get(name) else { return false };
    match (arena.shape(field.of), value) {
        (Shape::Object(of), Value::Object(map)) => {
            of.rest.is_some() && map.is_empty() && !object.required.iter().any(|required| required == name)
        }
        (Shape::List(..), Value::Array(list)) => {
            list.is_empty() && !object.required.iter().any(|required| required == name)
        }
        _ => field.omitted && super::is_zero(value),
    }
}

/// Whether a null stays: in maps of Go it becomes the value that Go starts with.
fn keeps_null(arena: &Arena, object: &Object, name: &str, go: bool) -> bool {
    match (object.fields.get(name), object.rest) {
        (Some(_), _) if go => false,
        (Some(field), _) => arena.types[field.of].nullable || matches!(arena.shape(field.of), Shape::Opaque),
        (None, Some(rest)) => go || arena.types[rest].nullable || matches!(arena.shape(rest), Shape::Free),
        (None, None) => true,
    }
}

/// What Go starts a value of a type with.
fn zero(arena: &Arena, id: Id) -> Value {
    match arena.shape(id) {
        Shape::Scalar(Scalar::Text | Scalar::Bytes) => json!(""),
        Shape::Scalar(Scalar::Int32 | Scalar::Int64 | Scalar::Integer | Scalar::Number) => json!(0),
        Shape::Scalar(Scalar::Bool) => json!(false),
        Shape::Scalar(Scalar::Quantity) => json!("0"),
        Shape::Scalar(Scalar::IntOrString) => json!(0),
        Shape::Object(object) if object.rest.is_none() => json!({}),
        _ => Value::Null,
    }
}
