//! PATCH: merge patches, JSON patches, and the way to server-side apply.

use serde_json::{Value, json};

use super::Answer;
use super::body::read_options;
use super::request::Ask;
use super::scale::{scale_of, scaled};
use super::write::{answered, applied, by, current, fits_path, key};
use crate::demo::resources::Resource;
use crate::demo::schema;
use crate::demo::state::State;
use crate::demo::state::write::Check;
use crate::demo::status::{Cause, Status};

/// Kinds of patch that are understood, of those that a real server understands too.
const PATCHES: &[&str] =
    &["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];

/// PATCH of an object.
pub(super) fn patch(state: &mut State, ask: &Ask, body: &[u8]) -> Result<Answer, Status> {
    let kind = ask.content_type.as_str();
    if ask.resource.custom && kind == "application/strategic-merge-patch+json" {
        return Err(Status::unsupported_media(PATCHES));
    }
    if !PATCHES.contains(&kind) {
        let mut refused = Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type");
        refused.details = json!({});
        return Err(refused);
    }
    let options = read_options(ask, "PatchOptions")?;
    if kind == "application/apply-patch+yaml" {
        return applied(state, ask, body, &options);
    }
    let stored = current(state, ask)?;
    let shown = if ask.sub == "scale" { scale_of(&ask.resource, &stored) } else { Value::clone(&stored) };
    let patched =
        if kind == "application/merge-patch+json" { merged(shown, body) } else { edited(shown, body) }?;
    if ask.sub == "scale" {
        return scaled(state, ask, &stored, &patched, &options);
    }
    fits_path(ask, &patched, true)?;
    fits_kind(ask, &patched, options.check)?;
    let mut written = state.update(&ask.resource, &key(ask), patched, &by(ask, &options))?;
    written.warnings.sort();
    Ok(answered(ask, &written))
}

/// Refuses what a patch made of an object when it is none of its kind any more.
fn fits_kind(ask: &Ask, patched: &Value, check: Check) -> Result<(), Status> {
    let (resource, schema) = (&ask.resource, ask.resource.schema());
    let other = patched["kind"] != *resource.kind || patched["apiVersion"] != *resource.api_version();
    let strict = check == Check::Strict;
    let unknown = if strict { schema::unknown_fields(&schema, patched) } else { Vec::new() };
    let why = if other {
        let said = |field: &str| patched[field].as_str().unwrap_or_default().to_owned();
        let (kind, version) = (said("kind"), said("apiVersion"));
        format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        )
    } else if let Err(why) = schema::decode(&schema, patched) {
        why
    } else if !unknown.is_empty() {
        format!("strict decoding error: {}", unknown.join(", "))
    } else {
        return Ok(());
    };
    let cause = Cause::invalid("patch", &json!(patched.to_string()), &why);
    let unnamed = Resource { kind: "".into(), group: "".into(), ..Resource::clone(resource) };
    Err(Status::invalid(&unnamed, "", &[cause]))
}

/// A body that is no patch; `type_name` is what Go would read it into.
pub(super) fn unreadable(body: &[u8], type_name: &str) -> Status {
    let why = match serde_json::from_slice::<Value>(body) {
        Err(error) if error.is_eof() => "unexpected end of JSON input".to_owned(),
        Err(_) => {
            let first = String::from_utf8_lossy(body).trim_start().chars().next().unwrap_or(' ');
            format!("invalid character {first:?} looking for beginning of value").replace('"', "'")
        }
        Ok(value) => {
            let kind = match value {
                Value::Array(_) => "array",
                Value::String(_) => "string",
                Value::Number(_) => "number",
                Value::Bool(_) => "bool",
                _ => "object",
            };
            format!("json: cannot unmarshal {kind} into Go value of type {type_name}")
        }
    };
    Status::bad_request(format!("error decoding patch: {why}"))
}

fn merged(mut object: Value, body: &[u8]) -> Result<Value, Status> {
    let unread = || unreadable(body, "map[string]interface {}");
    let patch: Value = serde_json::from_slice(body).map_err(|_| unread())?;
    if !patch.is_object() {
        return Err(unread());
    }
    json_patch::merge(&mut object, &patch);
    Ok(object)
}

/// A JSON patch, one operation after the other. Where the server is more lenient than the standard, so are we.
fn edited(mut object: Value, body: &[u8]) -> Result<Value, Status> {
    let unread = || unreadable(body, "[]handlers.jsonPatchOp");
    let patch: Value = serde_json::from_slice(body).map_err(|_| unread())?;
    let Value::Array(operations) = patch else { return Err(unread()) };
    let failed = || {
        let message = "the server rejected our request due to an error in our request";
        Status { details: json!({}), ..Status::new(422, "Invalid", message) }
    };
    for mut operation in operations {
        for field in ["path", "from"] {
            if let Some(path) = operation[field].as_str().filter(|p| !p.starts_with('/') && !p.is_empty()) {
                let rest = path.split_once('/').map_or("", |(_, rest)| rest);
                operation[field] = format!("/{rest}").into();
            }
        }
        let from_nothing = operation["from"].as_str().is_some_and(|p| object.pointer(p).is_none());
        if operation["op"] == "copy" && from_nothing {
            operation["op"] = "add".into();
        }
        let missing = operation["path"].as_str().is_some_and(|p| object.pointer(p).is_none());
        if operation["op"] == "replace" && missing {
            operation["op"] = "add".into();
        }
        if operation["op"] == "add" && operation.get("value").is_none() {
            operation["value"] = Value::Null;
        }
        let one: json_patch::PatchOperation = serde_json::from_value(operation).map_err(|_| failed())?;
        json_patch::patch(&mut object, &[one]).map_err(|_| failed())?;
    }
    Ok(object)
}
