//! What requests carry: objects and options.

use serde_json::Value;

use super::request::Ask;
use crate::demo::resources::Resource;
use crate::demo::state::write::Check;
use crate::demo::status::{Cause, Status};

/// The options of a write.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) dry_run: bool,
    pub(super) force: bool,
    pub(super) check: Check,
}

/// Reads the options of a write from the query.
///
/// # Errors
/// A value that an option cannot have.
pub(super) fn read_options(ask: &Ask, kind: &str) -> Result<Options, Status> {
    let dry: Vec<&str> = ask.query.all("dryRun").collect();
    if let Some(wrong) = dry.iter().find(|v| **v != "All") {
        let message = format!("Unsupported value: [{wrong:?}]: supported values: \"All\"");
        return Err(wrong_option(kind, "dryRun", "FieldValueNotSupported", &message));
    }
    let check = match ask.query.get("fieldValidation") {
        None | Some("" | "Warn") => Check::Warn,
        Some("Ignore") => Check::Ignore,
        Some("Strict") => Check::Strict,
        Some(other) => {
            let message = format!(
                "Unsupported value: {other:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
            );
            return Err(wrong_option(kind, "fieldValidation", "FieldValueNotSupported", &message));
        }
    };
    if let Some(manager) = ask.query.get("fieldManager") {
        check_manager(kind, manager)?;
    }
    let applies = ask.content_type == "application/apply-patch+yaml";
    let named = ask.query.get("fieldManager").is_some_and(|m| !m.is_empty());
    if applies && !named {
        let message = "Required value: is required for apply patch";
        return Err(wrong_option(kind, "fieldManager", "FieldValueRequired", message));
    }
    let force = ask.query.get("force").is_some();
    if kind == "PatchOptions" && force && !applies {
        let message = "Forbidden: may not be specified for non-apply patch";
        return Err(wrong_option(kind, "force", "FieldValueForbidden", message));
    }
    // Go reads what is no truth value as true here.
    let force =
        force && !matches!(ask.query.get("force"), Some("false" | "0" | "False" | "FALSE" | "f" | "F"));
    Ok(Options { dry_run: !dry.is_empty(), force, check })
}

/// A manager's name is short, and can be printed.
fn check_manager(kind: &str, manager: &str) -> Result<(), Status> {
    if manager.len() > 128 {
        let message = "Too long: may not be more than 128 bytes";
        return Err(wrong_option(kind, "fieldManager", "FieldValueTooLong", message));
    }
    if manager.chars().any(char::is_control) {
        let at = manager.chars().position(char::is_control).unwrap_or_default();
        let c = manager.chars().nth(at).unwrap_or_default();
        let shown = format!("{manager:?}").replace("\\u{7}", "\\a");
        let message =
            format!("Invalid value: {shown}: invalid character U+{:04X} (at position {at})", u32::from(c));
        return Err(wrong_option(kind, "fieldManager", "FieldValueInvalid", &message));
    }
    Ok(())
}

fn wrong_option(kind: &str, field: &str, reason: &str, message: &str) -> Status {
    let mut status =
        Status::new(422, "Invalid", format!("{kind}.meta.k8s.io \"\" is invalid: {field}: {message}"));
    status.details = serde_json::json!({"group": "meta.k8s.io", "kind": kind,
        "causes": [{"reason": reason, "message": message, "field": field}]});
    status
}

/// Versions of a group that are known and no longer served.
const KNOWN_OLD: &[&str] = &["apps/v1beta1", "apps/v1beta2", "autoscaling/v1", "policy/v1beta1"];

/// Kinds of the core group that are known by name.
const KNOWN_CORE: &[&str] =
    &["ConfigMap", "Event", "Namespace", "Node", "Pod", "Secret", "Service", "ServiceAccount", "Endpoints"];

/// Formats of objects that are understood.
const FORMATS: &[&str] = &["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];

/// Reads the object of a request.
///
/// # Errors
/// What is no object, or one of another kind.
pub(super) fn read_object(ask: &Ask, body: &[u8]) -> Result<Value, Status> {
    let kind = if ask.sub == "scale" { "Scale" } else { &ask.resource.kind };
    let applies = ask.content_type == "application/apply-patch+yaml";
    let format = ask.content_type.as_str();
    // Protobuf is not spoken here.
    if !applies && !matches!(format, "" | "application/json" | "application/yaml") {
        return Err(Status::unsupported_media(FORMATS));
    }
    let text = String::from_utf8_lossy(body);
    let unread = |why: String| {
        if applies {
            Status::bad_request(format!("error decoding YAML: {why}"))
        } else {
            let what = format!("the object provided is unrecognized (must be of type {kind})");
            let shown: String =
                if text.is_empty() { "<empty>".to_owned() } else { text.chars().take(1000).collect() };
            Status::bad_request(format!(
                "{what}: couldn't get version/kind; json parse error: {why} ({shown})"
            ))
        }
    };
    let object: Value = if applies || format == "application/yaml" {
        serde_yaml::from_str(&text).map_err(|e| unread(yaml_words(&e.to_string())))?
    } else {
        serde_json::from_slice(body).map_err(|e| unread(go_words(&e, &text)))?
    };
    // Nothing at all is an object without a kind.
    if applies && !object.is_object() && !object.is_null() {
        return Err(unread(no_map(&object)));
    }
    if applies
        && (object["kind"] != *kind || object["apiVersion"] != *ask.resource.api_version())
        && ask.sub != "scale"
    {
        let said = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let version = said("apiVersion");
        let version = if version.contains('/') { version } else { format!("/{version}") };
        return Err(Status::bad_request(format!("invalid object type: {version}, Kind={}", said("kind"))));
    }
    if !object.is_object() {
        return Err(unread("the text is no object".to_owned()));
    }
    of_kind(ask, object, kind)
}

/// An error of reading YAML in Go's words: what is wrong, without the text around it; the line, if it is not the first.
fn yaml_words(error: &str) -> String {
    let first = error.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let parts = first.strip_prefix("line ").and_then(|rest| rest.split_once(" column "));
    let (line, what) = match parts {
        Some((line, rest)) => (line, rest.split_once(": ").map_or(rest, |(_, what)| what)),
        None => ("1", first),
    };
    let at = if line == "1" { String::new() } else { format!("line {line}: ") };
    format!("error converting YAML to JSON: yaml: {at}{what}")
}

/// Why what was read as YAML is no object.
fn no_map(value: &Value) -> String {
    let is = match value {
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
        _ => "bool",
    };
    let why = format!("json: cannot unmarshal {is} into Go value of type map[string]interface {{}}");
    format!("error unmarshaling JSON: while decoding JSON: {why}")
}

/// An error of reading JSON in Go's words.
fn go_words(error: &serde_json::Error, text: &str) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let at = text
        .lines()
        .nth(error.line().saturating_sub(1))
        .and_then(|l| l.chars().nth(error.column().saturating_sub(1)));
    let what = if error.to_string().contains("key must be") { "object key string" } else { "value" };
    format!("invalid character {:?} looking for beginning of {what}", at.unwrap_or(' '))
}

/// An object of the kind and version that the path names.
fn of_kind(ask: &Ask, mut object: Value, kind: &str) -> Result<Value, Status> {
    let resource = &ask.resource;
    let version = if ask.sub == "scale" { "autoscaling/v1".to_owned() } else { resource.api_version() };
    let said = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    let (said_version, said_kind) = (said("apiVersion"), said("kind"));
    let is_empty = said_version.is_empty() || said_kind.is_empty();
    if resource.custom {
        if said_kind.is_empty() {
            let text = object.to_string();
            let what = format!("the object provided is unrecognized (must be of type {kind})");
            return Err(Status::bad_request(format!(
                "{what}: Object 'Kind' is missing in '{text}' ({text})"
            )));
        }
        if said_version != version {
            let why = format!(
                "the API version in the data ({said_version}) does not match the expected API version ({version})"
            );
            return Err(Status::bad_request(why));
        }
        if said_kind != kind {
            let cause = Cause::invalid("kind", &said_kind.clone().into(), &format!("must be {kind}"));
            let said = Resource { kind: said_kind.as_str().into(), ..Resource::clone(resource) };
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            return Err(Status::invalid(&said, name, &[cause]));
        }
    } else if !is_empty && (said_version != version || said_kind != kind) {
        let short = said_version.rsplit('/').next().unwrap_or_default();
        let internal = resource.group.split('.').next().filter(|g| !g.is_empty()).unwrap_or("core");
        let known = said_version == version && KNOWN_CORE.contains(&&*said_kind) && resource.group.is_empty();
        let what = if known {
            format!("converting ({short}.{said_kind}) to ({internal}.{kind}): unknown conversion")
        } else if KNOWN_OLD.contains(&&*said_version) {
            let why = format!(
                "the API version in the data ({said_version}) does not match the expected API version ({version})"
            );
            return Err(Status::bad_request(why));
        } else {
            format!(
                "no kind {said_kind:?} is registered for version {said_version:?} in scheme \"pkg/runtime/scheme.go:111\""
            )
        };
        let why = format!("{said_kind} in version {short:?} cannot be handled as a {kind}: {what}");
        return Err(Status::bad_request(why));
    }
    object["apiVersion"] = version.into();
    object["kind"] = kind.into();
    Ok(object)
}
