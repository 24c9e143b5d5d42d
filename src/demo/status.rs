//! Answers that are not the object: `kind: Status`, with the API server's own reasons, codes and words.

use serde_json::{Value, json};

use super::resources::Resource;

/// One wrong field of an object, as `details.causes` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// `FieldValueInvalid` and its kin.
    pub reason: &'static str,
    /// What is wrong, without the path.
    pub message: String,
    /// Path of the field.
    pub field: String,
}

impl Cause {
    fn new(reason: &'static str, field: impl Into<String>, message: String) -> Self {
        Self { reason, message, field: field.into() }
    }

    /// A value that is not allowed; `why` ends the sentence.
    pub fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self::new("FieldValueInvalid", field, format!("Invalid value: {}: {why}", shown(value)))
    }

    /// A value of the wrong type.
    pub fn wrong_type(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self::new("FieldValueTypeInvalid", field, format!("Invalid value: {}: {why}", shown(value)))
    }

    /// A field that must be there; `why` may be empty.
    pub fn required(field: impl Into<String>, why: &str) -> Self {
        let tail = if why.is_empty() { String::new() } else { format!(": {why}") };
        Self::new("FieldValueRequired", field, format!("Required value{tail}"))
    }

    /// A value that is not among those there are.
    pub fn unsupported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let list: Vec<String> = supported.iter().map(|s| format!("\"{s}\"")).collect();
        let message = format!("Unsupported value: {}: supported values: {}", shown(value), list.join(", "));
        Self::new("FieldValueNotSupported", field, message)
    }

    /// A field that must not be set, or not be changed.
    pub fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self::new("FieldValueForbidden", field, format!("Forbidden: {why}"))
    }

    /// A value that is there already.
    pub fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        Self::new("FieldValueDuplicate", field, format!("Duplicate value: {}", shown(value)))
    }

    /// A text of more than `most` bytes.
    pub fn too_long(field: impl Into<String>, most: usize) -> Self {
        let message = format!("Too long: may not be more than {most} bytes");
        Self::new("FieldValueTooLong", field, message)
    }

    /// A list or map of more than `most` entries.
    pub fn too_many(field: impl Into<String>, is: usize, most: usize) -> Self {
        let items = if most == 1 { "item" } else { "items" };
        let message = format!("Too many: {is}: must have at most {most} {items}");
        Self::new("FieldValueTooMany", field, message)
    }
}

/// A value as messages of the server show it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

/// An answer that is not the object.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// One word, for programs.
    pub reason: &'static str,
    /// For people.
    pub message: String,
    /// `details`; null: none.
    pub details: Value,
}

impl Status {
    /// An answer without details.
    pub fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Value::Null }
    }

    fn of(resource: &Resource, name: &str, code: u16, reason: &'static str, message: String) -> Self {
        Self { details: details(resource, name, &resource.plural), ..Self::new(code, reason, message) }
    }

    /// 404.
    pub fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self::of(resource, name, 404, "NotFound", message)
    }

    /// 404 for a path that leads nowhere.
    pub fn nowhere() -> Self {
        let message = "the server could not find the requested resource";
        Self { details: json!({}), ..Self::new(404, "NotFound", message) }
    }

    /// 409: it is there.
    pub fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self::of(resource, name, 409, "AlreadyExists", message)
    }

    /// 409; `why` ends the sentence.
    pub fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Self::of(resource, name, 409, "Conflict", message)
    }

    /// 409: somebody else changed it.
    pub fn modified(resource: &Resource, name: &str) -> Self {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, why)
    }

    /// 409: fields that others applied.
    pub fn apply_conflicts(message: String, causes: &[(String, String)]) -> Self {
        let causes: Vec<Value> = causes
            .iter()
            .map(|(message, field)| json!({"reason": "FieldManagerConflict", "message": message, "field": field}))
            .collect();
        Self { details: json!({ "causes": causes }), ..Self::new(409, "Conflict", message) }
    }

    /// 422, with every wrong field.
    pub fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        let mut each: Vec<String> = Vec::new();
        for cause in causes {
            let text = format!("{}: {}", cause.field, cause.message);
            // Told once, however often it was found.
            if !each.contains(&text) {
                each.push(text);
            }
        }
        let all = match &*each {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{} \"{name}\" is invalid: {all}", resource.qualified_kind());
        let mut details = details(resource, name, &resource.kind);
        details["causes"] = causes
            .iter()
            .map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field}))
            .collect();
        Self { details, ..Self::new(422, "Invalid", message) }
    }

    /// 422 for options that cannot be: of a kind of options, for an object of a name or none.
    pub fn wrong_options(kind: &str, name: &str, causes: &[Cause]) -> Self {
        let each: Vec<String> = causes.iter().map(|c| format!("{}: {}", c.field, c.message)).collect();
        let all = match &*each {
            [one] => one.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let shown: Vec<Value> = causes
            .iter()
            .map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field}))
            .collect();
        let (what, mut details) = match kind.ends_with("LogOptions") {
            true => (kind.to_owned(), json!({})),
            false => (format!("{kind}.meta.k8s.io"), json!({"group": "meta.k8s.io"})),
        };
        if !name.is_empty() {
            details["name"] = name.into();
        }
        details["kind"] = kind.into();
        details["causes"] = shown.into();
        Self { details, ..Self::new(422, "Invalid", format!("{what} {name:?} is invalid: {all}")) }
    }

    /// 400.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 403; `who`, `what` and `where_` make the sentence.
    pub fn forbidden(resource: &Resource, name: &str, message: String) -> Self {
        Self::of(resource, name, 403, "Forbidden", message)
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: json!({}), ..Self::new(405, "MethodNotAllowed", message) }
    }

    /// 406.
    pub fn not_acceptable() -> Self {
        let forms = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
        let streams = "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch";
        let message = format!("406: Not Acceptable\n\nAvailable representations: {forms}, {streams}");
        Self { details: json!({}), ..Self::new(406, "NotAcceptable", message) }
    }

    /// 410: the history does not go back so far.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 415.
    pub fn unsupported_media(supported: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            supported.join(", ")
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    /// The object that is sent.
    pub fn to_value(&self) -> Value {
        let mut value = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message,
        });
        if !self.reason.is_empty() {
            value["reason"] = self.reason.into();
        }
        if !self.details.is_null() {
            value["details"] = self.details.clone();
        }
        value["code"] = self.code.into();
        value
    }
}

fn details(resource: &Resource, name: &str, kind: &str) -> Value {
    let mut details = json!({});
    if !name.is_empty() {
        details["name"] = name.into();
    }
    if !resource.group.is_empty() {
        details["group"] = (*resource.group).into();
    }
    if !kind.is_empty() {
        details["kind"] = kind.into();
    }
    details
}
