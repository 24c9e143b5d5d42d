//! Rules of CEL (`x-kubernetes-validations`).

use kube::core::cel::{CompiledSchema, ErrorKind, ValidationError, Validator, compile_schema};
use serde_json::Value;

use super::types::{Arena, Id, Shape, Type};
use super::{join, validate};
use crate::demo::status::Cause;

const RULES: &str = "x-kubernetes-validations";

thread_local! {
    // A validator is not shared: it holds the functions of CEL, which take a moment to set up.
    static VALIDATOR: Validator = Validator::new();
}

/// Asks all rules at and below a type.
pub(super) fn ask(
    arena: &Arena,
    id: Id,
    path: &str,
    new: &Value,
    old: Option<&Value>,
    causes: &mut Vec<Cause>,
) {
    let one = &arena.types[id];
    if !one.ruled || (new.is_null() && one.nullable) {
        return;
    }
    ask_here(arena, one, path, new, old, causes);
    match (&one.shape, new) {
        (Shape::Object(object), Value::Object(map)) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort();
            for name in names {
                if let Some(of) = object.field(name) {
                    ask(arena, of, &join(path, name), &map[name], old.and_then(|old| old.get(name)), causes);
                }
            }
        }
        (Shape::List(item, order), Value::Array(list)) => {
            for (at, new) in list.iter().enumerate() {
                let old = old.and_then(|old| validate::same_item(arena, *item, order, new, old));
                ask(arena, *item, &format!("{path}[{at}]"), new, old, causes);
            }
        }
        _ => {}
    }
}

fn ask_here(
    arena: &Arena,
    one: &Type,
    path: &str,
    new: &Value,
    old: Option<&Value>,
    causes: &mut Vec<Cause>,
) {
    let Some(rules) = &one.rules else { return };
    let compiled = rules.compiled.get_or_init(|| compile(&arena.source, &rules.at));
    // What has not changed is let pass, but not by rules on changes.
    let unchanged = old == Some(new);
    let found = VALIDATOR.with(|validator| validator.validate_compiled(compiled, new, old));
    for error in found.err().into_iter().flatten() {
        let transition = error.rule.contains("oldSelf");
        if !unchanged || transition {
            causes.push(cause(&error, path, new, compiled));
        }
    }
}

/// The rules of one type alone: those below are asked where they stand.
fn compile(source: &Value, at: &str) -> CompiledSchema {
    let mut schema = source.pointer(at).cloned().unwrap_or_default();
    let own = schema.get(RULES).cloned().unwrap_or_default();
    without_rules(&mut schema);
    schema[RULES] = own;
    compile_schema(&schema)
}

fn without_rules(schema: &mut Value) {
    let Value::Object(map) = schema else { return };
    map.shift_remove(RULES);
    // Defaults are filled in already.
    map.shift_remove("default");
    for (key, value) in map {
        match key.as_str() {
            "properties" => value.as_object_mut().into_iter().flatten().for_each(|(_, p)| without_rules(p)),
            "items" | "additionalProperties" => without_rules(value),
            _ => {}
        }
    }
}

fn cause(error: &ValidationError, path: &str, value: &Value, compiled: &CompiledSchema) -> Cause {
    let rule = compiled
        .validations
        .iter()
        .filter_map(|compiled| compiled.as_ref().ok())
        .find(|compiled| compiled.rule.rule == error.rule)
        .map(|compiled| &compiled.rule);
    if error.kind != ErrorKind::ValidationFailure {
        let what = rule.and_then(|rule| rule.message.clone()).unwrap_or_else(|| error.rule.clone());
        let is = Value::from(match value {
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::Null => "null",
        });
        let why = error.message.trim_start_matches("rule evaluation error: ").to_lowercase();
        return Cause::invalid(path, &is, &format!("{why} evaluating rule: {what}"));
    }
    let below = rule.and_then(|rule| rule.field_path.as_deref()).unwrap_or_default();
    let field = match below.strip_prefix('.') {
        Some(below) => join(path, below),
        None => format!("{path}{below}"),
    };
    let message = error.message.trim();
    let (reason, words) = match error.reason.as_deref() {
        Some("FieldValueForbidden") => ("FieldValueForbidden", "Forbidden"),
        Some("FieldValueRequired") => ("FieldValueRequired", "Required value"),
        Some("FieldValueDuplicate") => ("FieldValueDuplicate", "Duplicate value"),
        _ => ("FieldValueInvalid", "Invalid value"),
    };
    Cause { reason, message: format!("{words}: {message}"), field }
}
