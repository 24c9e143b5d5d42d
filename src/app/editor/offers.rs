//! A schema as a person who writes is told of it.

use serde_json::Value;

use super::schemas::Choice;
use crate::model::clean::clean;
use crate::model::edit::Path;
use crate::model::edit::path::Step;
use crate::model::schema::{Schema, Type};

/// What is written behind a key.
fn behind(schema: &Schema) -> &'static str {
    match schema.kind {
        Type::Object | Type::List => ":",
        _ => ": ",
    }
}

/// The type, whether it must be there, and what it is when it is not.
fn kind(schema: &Schema, is_required: bool) -> String {
    let all = || schema.one_of.iter().map(written).collect::<Vec<_>>().join(", ");
    let mut words = vec![match (schema.int_or_string, schema.one_of.is_empty()) {
        (true, _) => "a number or a text".to_owned(),
        (false, true) => schema.kind.to_string(),
        (false, false) => format!("one of {}", all()),
    }];
    if is_required {
        words.push("required".to_owned());
    }
    if let Some(default) = &schema.default {
        words.push(format!("default {}", written(default)));
    }
    clean(&words.join(", ")).into_owned()
}

/// A value as it stands in YAML: a text in quotes where it would be something else without.
fn written(value: &Value) -> String {
    let text = crate::model::yaml::text(value).unwrap_or_default();
    text.trim_end().to_owned()
}

/// The fields that may stand in an object: those that must be there first.
pub(super) fn fields(schema: &Schema, of: &Path) -> Vec<Choice> {
    let Some(object) = schema.at(of) else { return Vec::new() };
    let is_required = |name: &String| object.required.contains(name);
    let choice = |(name, field): (&String, &std::sync::Arc<Schema>)| Choice {
        text: name.clone(),
        behind: behind(field),
        kind: kind(field, is_required(name)),
        about: field.description.clone(),
    };
    let (first, rest): (Vec<_>, Vec<_>) = object.fields.iter().partition(|(name, _)| is_required(name));
    first.into_iter().chain(rest).map(choice).collect()
}

/// The values that may stand in a field, where they can be counted.
pub(super) fn values(schema: &Schema, of: &Path) -> Vec<Choice> {
    let Some(field) = schema.at(of) else { return Vec::new() };
    let both = [Value::Bool(true), Value::Bool(false)];
    let values = match (field.one_of.as_slice(), field.kind) {
        ([], Type::Bool) => both.as_slice(),
        (some, _) => some,
    };
    let choice = |value: &Value| Choice {
        text: written(value),
        behind: "",
        kind: if field.default.as_ref() == Some(value) { "the default".to_owned() } else { String::new() },
        about: field.description.clone(),
    };
    values.iter().map(choice).collect()
}

/// What something is and what it means, as one text for both lines: either may be long.
pub(super) fn said(what: &str, about: &str) -> [String; 2] {
    let about = if about.is_empty() { String::new() } else { format!(". {about}") };
    [clean(&format!("{what}{about}")).into_owned(), String::new()]
}

/// What a field is, and what it means.
pub(super) fn help(schema: &Schema, of: &Path) -> Option<[String; 2]> {
    let (last, parent) = of.0.split_last()?;
    let field = schema.at(of)?;
    let parent = schema.at(&Path(parent.to_vec()));
    let is_required = matches!(last, Step::Field(name) if parent.is_some_and(|p| p.required.contains(name)));
    let words = kind(&field, is_required);
    Some(said(&format!("{of}: {words}"), &field.description))
}
