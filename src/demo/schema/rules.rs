//! Rules of CEL (`x-kubernetes-validations`).

use std::sync::Arc;

use kube::core::cel::cel::objects::{Key, Map, OptionalValue};
use kube::core::cel::{
    CompilationResult, CompiledSchema, ErrorKind, KubeCelExt as _, Validator, cel, compile_schema,
};
use serde_json::Value;

use super::types::{Arena, Id, Shape, Type};
use super::{join, lists, validate};
use crate::demo::status::Cause;

const RULES: &str = "x-kubernetes-validations";
/// The one failure of a rule that its author can hardly rule out; others are worded by the library.
const ZERO: &str = "division by zero";

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
                    ask(
                        arena,
                        of,
                        &lists::below(object, path, name),
                        &map[name],
                        old.and_then(|old| old.get(name)),
                        causes,
                    );
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
    let compiled = rules.compiled.get_or_init(|| Compiled::new(&arena.source, &rules.at));
    // What has not changed is let pass, but not by rules on changes.
    let unchanged = old == Some(new);
    let found = VALIDATOR.with(|validator| validator.validate_compiled(&compiled.plain, new, old));
    for error in found.err().into_iter().flatten() {
        if !unchanged || error.rule.contains("oldSelf") {
            let rules = compiled.plain.validations.iter().flatten();
            let rule = rules.into_iter().find(|compiled| compiled.rule.rule == error.rule);
            causes.push(cause(rule, error.kind == ErrorKind::ValidationFailure, &error.message, path, new));
        }
    }
    for one in &compiled.optional {
        if let Err((failed, message)) = ask_optional(one, new, old) {
            causes.push(cause(Some(one), failed, &message, path, new));
        }
    }
}

/// Rules that are ready to be asked.
pub(super) struct Compiled {
    plain: CompiledSchema,
    /// Those whose `oldSelf` may be nothing, which the validator does not know.
    optional: Vec<CompilationResult>,
}

impl Compiled {
    /// The rules of one type alone: those below are asked where they stand.
    fn new(source: &Value, at: &str) -> Self {
        let mut schema = source.pointer(at).cloned().unwrap_or_default();
        let own = schema[RULES].as_array().cloned().unwrap_or_default();
        without_rules(&mut schema);
        let (optional, plain): (Vec<Value>, Vec<Value>) =
            own.into_iter().partition(|rule| rule["optionalOldSelf"] == true);
        let optional = compile_schema(&serde_json::json!({ RULES: optional })).validations;
        schema[RULES] = plain.into();
        Self { plain: compile_schema(&schema), optional: optional.into_iter().flatten().collect() }
    }
}

/// Whether a rule failed (or could not be asked), and why.
fn ask_optional(one: &CompilationResult, new: &Value, old: Option<&Value>) -> Result<(), (bool, String)> {
    let mut context = cel::Context::default().with_all();
    let old = old.map_or_else(OptionalValue::none, |old| OptionalValue::of(cel_value(old)));
    context.add_variable_from_value("self", cel_value(new));
    context.add_variable_from_value("oldSelf", cel::Value::Opaque(Arc::new(old)));
    match one.program.execute(&context) {
        Ok(cel::Value::Bool(true)) => Ok(()),
        Ok(_) => {
            let told = one.message_program.as_ref().and_then(|message| message.execute(&context).ok());
            let message = match told {
                Some(cel::Value::String(message)) => message.to_string(),
                _ => one.rule.message.clone().unwrap_or_else(|| format!("failed rule: {}", one.rule.rule)),
            };
            Err((true, message))
        }
        Err(why) => Err((false, why.to_string())),
    }
}

fn cel_value(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(is) => cel::Value::Bool(*is),
        Value::Number(number) => match number.as_i64() {
            Some(number) => cel::Value::Int(number),
            None => cel::Value::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        Value::Array(list) => cel::Value::List(Arc::new(list.iter().map(cel_value).collect())),
        Value::Object(map) => {
            let each = map.iter().map(|(name, value)| (Key::from(name.clone()), cel_value(value)));
            cel::Value::Map(Map { map: Arc::new(each.collect()) })
        }
    }
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

fn cause(asked: Option<&CompilationResult>, failed: bool, message: &str, path: &str, value: &Value) -> Cause {
    let rule = asked.map(|asked| &asked.rule);
    if !failed {
        let what = rule.map_or("", |rule| rule.message.as_deref().unwrap_or(&rule.rule));
        let is = Value::from(match value {
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            Value::String(_) => "string",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::Null => "null",
        });
        let why = message.trim_start_matches("rule evaluation error: ").to_lowercase();
        let why = if why.starts_with(ZERO) { ZERO } else { &why };
        return Cause::invalid(path, &is, &format!("{why} evaluating rule: {what}"));
    }
    // Only values without parts are shown.
    let shown = match value {
        Value::Object(_) | Value::Array(_) | Value::Null => String::new(),
        value => format!("{value}: "),
    };
    let below = rule.and_then(|rule| rule.field_path.as_deref()).unwrap_or_default();
    let field = match below.strip_prefix('.') {
        Some(below) => join(path, below),
        None => format!("{path}{below}"),
    };
    let (reason, words) = match rule.and_then(|rule| rule.reason.as_deref()) {
        Some("FieldValueForbidden") => ("FieldValueForbidden", "Forbidden"),
        Some("FieldValueRequired") => ("FieldValueRequired", "Required value"),
        Some("FieldValueDuplicate") => ("FieldValueDuplicate", "Duplicate value"),
        _ => ("FieldValueInvalid", "Invalid value"),
    };
    let shown = if reason == "FieldValueInvalid" { &*shown } else { "" };
    let field = if field.is_empty() { "<nil>".to_owned() } else { field };
    Cause { reason, message: format!("{words}: {shown}{}", message.trim()), field }
}
