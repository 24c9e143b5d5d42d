//! What Go says when a value is not of the type it reads.

use serde_json::Value;

use super::types::{Arena, Id, Scalar, Shape};
use super::{Schema, join, scalar};

/// Whether Go could read an object of the kind.
///
/// Of custom resources only the metadata is read so.
///
/// # Errors
/// What Go says of the first value (in the order of the text) that is of the wrong type.
pub fn decode(schema: &Schema, object: &Value) -> Result<(), String> {
    let arena = &schema.arena;
    let Shape::Object(root) = arena.shape(schema.root) else { return Ok(()) };
    if schema.custom {
        let metadata = root.fields.get("metadata").map(|field| field.of);
        return match (metadata, object.get("metadata")) {
            (Some(of), Some(metadata)) => read(arena, of, metadata, &Place::default()),
            _ => Ok(()),
        };
    }
    read(arena, schema.root, object, &Place::default())
}

/// Where a value stands: the struct it is a field of, and the names that lead there.
#[derive(Default)]
struct Place<'a> {
    within: &'a str,
    path: String,
    /// What Go calls the type there, where the type itself does not say.
    go: Option<&'a str>,
}

fn read(arena: &Arena, id: Id, value: &Value, place: &Place<'_>) -> Result<(), String> {
    match (arena.shape(id), value) {
        (_, Value::Null) | (Shape::Opaque | Shape::Free, _) => Ok(()),
        (Shape::Scalar(scalar), _) => read_scalar(*scalar, value, place),
        (Shape::List(item, _), Value::Array(list)) => {
            let go = place.go.and_then(|go| go.strip_prefix("[]"));
            let place = Place { path: place.path.clone(), go, ..*place };
            list.iter().try_for_each(|value| read(arena, *item, value, &place))
        }
        (Shape::Object(object), Value::Object(map)) => {
            let name = arena.types[id].go.as_deref().unwrap_or_default();
            let name = name.rsplit('.').next().unwrap_or_default();
            for (field, value) in map {
                if let Some(known) = object.fields.get(field) {
                    let outer = known.inline.map(|inline| join(&place.path, inline));
                    let path = join(outer.as_deref().unwrap_or(&place.path), field);
                    let place = Place { within: name, path, go: known.go.as_deref() };
                    read(arena, known.of, value, &place)?;
                } else if let Some(rest) = object.rest {
                    let place = Place { path: place.path.clone(), go: None, ..*place };
                    read(arena, rest, value, &place)?;
                }
            }
            Ok(())
        }
        (_, value) => Err(wrong(value, &go_type(arena, id), place)),
    }
}

fn wrong(value: &Value, wanted: &str, place: &Place<'_>) -> String {
    let is = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "bool".to_owned(),
        // Go shows a number only where its own kind would fit.
        Value::Number(number) if wanted.starts_with("int") => format!("number {number}"),
        Value::Number(_) => "number".to_owned(),
        Value::String(_) => "string".to_owned(),
        Value::Array(_) => "array".to_owned(),
        Value::Object(_) => "object".to_owned(),
    };
    let Place { within, path, go } = place;
    let wanted = go.unwrap_or(wanted);
    format!("json: cannot unmarshal {is} into Go struct field {within}.{path} of type {wanted}")
}

fn read_scalar(scalar: Scalar, value: &Value, place: &Place<'_>) -> Result<(), String> {
    let (fits, wanted) = match scalar {
        Scalar::Text => (value.is_string(), "string"),
        Scalar::Bool => (value.is_boolean(), "bool"),
        Scalar::Number => (value.is_number(), "float64"),
        Scalar::Int32 => (value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()), "int32"),
        Scalar::Int64 | Scalar::Integer => (value.as_i64().is_some(), "int64"),
        Scalar::IntOrString => {
            (value.is_string() || value.as_i64().is_some_and(|n| i32::try_from(n).is_ok()), "int32")
        }
        Scalar::Quantity => return scalar::quantity(value).map_or(Ok(()), |why| Err(why.to_owned())),
        Scalar::Bytes => (value.is_string(), "[]uint8"),
        Scalar::Time | Scalar::MicroTime => (value.is_string(), "string"),
    };
    if !fits {
        return Err(wrong(value, wanted, place));
    }
    let text = value.as_str().unwrap_or_default();
    let why = match scalar {
        Scalar::Time | Scalar::MicroTime => scalar::time(text, scalar == Scalar::MicroTime),
        Scalar::Bytes => scalar::bytes(text),
        _ => None,
    };
    why.map_or(Ok(()), Err)
}

/// A type as Go writes it.
fn go_type(arena: &Arena, id: Id) -> String {
    if let Some(name) = &arena.types[id].go {
        return name.to_string();
    }
    match arena.shape(id) {
        Shape::List(item, _) => format!("[]{}", go_type(arena, *item)),
        Shape::Object(object) => {
            format!("map[string]{}", object.rest.map(|rest| go_type(arena, rest)).unwrap_or_default())
        }
        Shape::Scalar(scalar) => match scalar {
            Scalar::Text | Scalar::Time | Scalar::MicroTime => "string",
            Scalar::Bool => "bool",
            Scalar::Number => "float64",
            Scalar::Int32 | Scalar::IntOrString => "int32",
            Scalar::Int64 | Scalar::Integer => "int64",
            Scalar::Bytes => "[]uint8",
            Scalar::Quantity => "resource.Quantity",
        }
        .to_owned(),
        Shape::Opaque | Shape::Free => String::new(),
    }
}
