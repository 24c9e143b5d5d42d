//! Fields that a kind does not have.

use serde_json::Value;

use super::types::{Arena, Id, Shape};
use super::{Schema, join};

/// Fields that the kind does not have, as the server lists them: `unknown field "spec.foo"`.
///
/// Built-in kinds tell them in the order of the text, what is below a field before the field's neighbours; custom
/// ones those of the metadata first, and then all others sorted.
pub fn unknown_fields(schema: &Schema, object: &Value) -> Vec<String> {
    let (mut metadata, mut others) = (Vec::new(), Vec::new());
    let mut path = Path::default();
    if schema.custom {
        for (name, value) in object.as_object().into_iter().flatten() {
            let found = if name == "metadata" { &mut metadata } else { &mut others };
            field(schema, schema.root, name, value, &mut path, found);
        }
        others.sort();
    } else {
        look(&schema.arena, schema.root, object, &mut path, &mut others);
    }
    metadata.extend(others);
    metadata.into_iter().map(|path| format!("unknown field {path:?}")).collect()
}

/// Where one is; pieces are only put together where something is wrong.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn text(&self) -> String {
        self.0.iter().fold(String::new(), |path, step| match step.starts_with('[') {
            true => path + step,
            false => join(&path, step),
        })
    }
}

fn field(schema: &Schema, root: Id, name: &str, value: &Value, path: &mut Path, found: &mut Vec<String>) {
    if let Shape::Object(object) = schema.arena.shape(root) {
        path.0.push(name.to_owned());
        match object.field(name) {
            Some(of) => look(&schema.arena, of, value, path, found),
            None => found.push(path.text()),
        }
        path.0.pop();
    }
}

fn look(arena: &Arena, id: Id, value: &Value, path: &mut Path, found: &mut Vec<String>) {
    match (arena.shape(id), value) {
        (Shape::Object(object), Value::Object(map)) => {
            for (name, value) in map {
                path.0.push(name.clone());
                match object.field(name) {
                    Some(of) => look(arena, of, value, path, found),
                    None => found.push(path.text()),
                }
                path.0.pop();
            }
        }
        (Shape::List(item, _), Value::Array(list)) => {
            for (at, value) in list.iter().enumerate() {
                path.0.push(format!("[{at}]"));
                look(arena, *item, value, path, found);
                path.0.pop();
            }
        }
        _ => {}
    }
}

/// Drops fields that the kind does not have.
pub fn prune(schema: &Schema, object: &mut Value) {
    drop_unknown(&schema.arena, schema.root, object);
}

fn drop_unknown(arena: &Arena, id: Id, value: &mut Value) {
    match (arena.shape(id), value) {
        (Shape::Object(object), Value::Object(map)) => {
            if object.rest.is_none() {
                map.retain(|name, _| object.fields.contains_key(name));
            }
            for (name, value) in map {
                if let Some(of) = object.field(name) {
                    drop_unknown(arena, of, value);
                }
            }
        }
        (Shape::List(item, _), Value::Array(list)) => {
            list.iter_mut().for_each(|value| drop_unknown(arena, *item, value));
        }
        _ => {}
    }
}
