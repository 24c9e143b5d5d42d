//! What does not fit into a schema.

use serde_json::{Map, Value};

use super::{Schema, Type};
use crate::model::closest::closest;
use crate::model::edit::diff::{is_server_made, short};
use crate::model::edit::path::Path;

/// Most choices that a sentence names.
const MOST_NAMED: usize = 12;

pub(super) fn check(schema: &Schema, value: &Value) -> Vec<(Path, String)> {
    let mut out = Vec::new();
    walk(schema, value, &Path::default(), &mut out);
    out
}

fn walk(schema: &Schema, value: &Value, at: &Path, out: &mut Vec<(Path, String)>) {
    // A null is a field that is not there, but where the server says otherwise: it is asked.
    if value.is_null() || is_server_made(at) {
        return;
    }
    if let Some(wrong) = wrong_type(schema, value) {
        out.push((at.clone(), wrong));
        return;
    }
    match value {
        Value::Object(fields) => object(schema, fields, at, out),
        Value::Array(items) => {
            if let Some(schema) = &schema.items {
                items.iter().enumerate().for_each(|(n, item)| walk(schema, item, &at.index(n), out));
            }
        }
        scalar => out.extend(out_of_bounds(schema, scalar).map(|wrong| (at.clone(), wrong))),
    }
}

fn object(schema: &Schema, fields: &Map<String, Value>, at: &Path, out: &mut Vec<(Path, String)>) {
    // Where no field is known, nothing is known.
    let is_open = schema.fields.is_empty() || schema.preserves;
    for (name, field) in fields {
        match schema.fields.get(name).or(schema.extra.as_ref()) {
            Some(inner) => walk(inner, field, &at.field(name), out),
            None if is_open || is_server_made(&at.field(name)) => {}
            None => out.push((at.field(name), unknown(schema, name))),
        }
    }
    for name in schema.required.iter().filter(|name| fields.get(*name).is_none_or(Value::is_null)) {
        let has_default = schema.fields.get(name).is_some_and(|field| field.default.is_some());
        if !has_default && !is_server_made(&at.field(name)) {
            out.push((at.clone(), format!("`{}` is missing", short(&Value::from(name.as_str())))));
        }
    }
}

fn unknown(schema: &Schema, name: &str) -> String {
    let named = short(&Value::from(name));
    match closest(name, schema.fields.keys().map(String::as_str)) {
        Some(meant) => format!("unknown field `{named}`; did you mean `{meant}`?"),
        None => format!("unknown field `{named}`"),
    }
}

fn wrong_type(schema: &Schema, value: &Value) -> Option<String> {
    if schema.int_or_string {
        let fits = value.is_string() || value.is_number();
        return (!fits).then(|| format!("must be a number or a text, and is {}", what(value)));
    }
    let fits = match schema.kind {
        Type::Any => true,
        Type::Object => value.is_object(),
        Type::List => value.is_array(),
        Type::Text => value.is_string(),
        Type::Integer => value.as_f64().is_some_and(|number| number.trunc() == number),
        Type::Number => value.is_number(),
        Type::Bool => value.is_boolean(),
    };
    (!fits).then(|| format!("must be {}, and is {}", schema.kind, what(value)))
}

fn what(value: &Value) -> Type {
    match value {
        Value::Null => Type::Any,
        Value::Bool(_) => Type::Bool,
        Value::Number(number) if number.is_f64() => Type::Number,
        Value::Number(_) => Type::Integer,
        Value::String(_) => Type::Text,
        Value::Array(_) => Type::List,
        Value::Object(_) => Type::Object,
    }
}

fn out_of_bounds(schema: &Schema, value: &Value) -> Option<String> {
    if !schema.one_of.is_empty() && !schema.one_of.contains(value) {
        let mut named: Vec<String> = schema.one_of.iter().take(MOST_NAMED).map(short).collect();
        if schema.one_of.len() > MOST_NAMED {
            named.push("…".to_owned());
        }
        return Some(format!("must be one of {}", named.join(", ")));
    }
    let number = value.as_f64()?;
    if let Some(least) = schema.minimum.filter(|least| number < *least) {
        return Some(format!("must be at least {least}"));
    }
    let most = schema.maximum.filter(|most| number > *most)?;
    Some(format!("must be at most {most}"))
}
