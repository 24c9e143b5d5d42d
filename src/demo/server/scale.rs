//! The `scale` subresource.

use serde_json::{Value, json};

use super::Answer;
use super::body::Options;
use super::request::Ask;
use super::write::{by, fits_path, key};
use crate::demo::resources::Resource;
use crate::demo::state::State;
use crate::demo::state::write::{By, Sub};
use crate::demo::status::{Cause, Status};

/// What `/scale` shows.
pub(super) fn scale_of(resource: &Resource, object: &Value) -> Value {
    let Some(paths) = &resource.scale else { return Value::Null };
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64).unwrap_or_default();
    let metadata = &object["metadata"];
    let mut shown = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = metadata.get(field) {
            shown[field] = value.clone();
        }
    }
    let mut status = json!({"replicas": number(&paths.status)});
    let selector = if paths.selector.is_empty() {
        selector_text(&object["spec"]["selector"])
    } else {
        object.pointer(&paths.selector).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    if !selector.is_empty() {
        status["selector"] = selector.into();
    }
    let mut spec = json!({});
    if number(&paths.spec) != 0 {
        spec["replicas"] = number(&paths.spec).into();
    }
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": shown, "spec": spec, "status": status})
}

/// A selector as one line.
fn selector_text(selector: &Value) -> String {
    let map = selector["matchLabels"].as_object().into_iter().flatten();
    let mut parts: Vec<String> =
        map.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = expression["key"].as_str().unwrap_or_default();
        let values: Vec<&str> =
            expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        parts.push(match expression["operator"].as_str().unwrap_or_default() {
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            _ => format!("{key} in ({})", values.join(",")),
        });
    }
    parts.sort();
    parts.join(",")
}

/// Writes replicas through `/scale`.
pub(super) fn scaled(
    state: &mut State,
    ask: &Ask,
    stored: &Value,
    scale: &Value,
    options: &Options,
) -> Result<Answer, Status> {
    let Some(paths) = ask.resource.scale.clone() else { return Err(Status::nowhere()) };
    fits_path(ask, scale, true)?;
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or_default();
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &json!(replicas), "must be greater than or equal to 0");
        let scale =
            Resource { kind: "Scale".into(), group: "autoscaling".into(), ..Resource::clone(&ask.resource) };
        return Err(Status::invalid(&scale, &ask.name, &[cause]));
    }
    let mut new = stored.clone();
    if let Some(version) = scale["metadata"]["resourceVersion"].as_str().filter(|v| !v.is_empty()) {
        new["metadata"]["resourceVersion"] = version.into();
    }
    put(&mut new, &paths.spec, replicas.into());
    let by = By { sub: Sub::Scale, ..by(ask, options) };
    let written = state.update(&ask.resource, &key(ask), new, &by)?;
    Ok(Answer::value(200, scale_of(&ask.resource, &written.object)))
}

/// Sets the value at a JSON pointer, making the maps on the way.
fn put(object: &mut Value, pointer: &str, value: Value) {
    let mut at = object;
    for step in pointer.split('/').filter(|s| !s.is_empty()) {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[step];
    }
    *at = value;
}
