//! Names, labels, annotations, finalizers, owners.

use serde_json::{Value, json};

use super::words;
use crate::demo::status::Cause;
use crate::demo::strategy::NameRule;

/// Most bytes that all annotations together may have.
const ANNOTATIONS: usize = 256 << 10;

/// Finalizers that need no prefix.
const STANDARD: &[&str] = &["kubernetes", "orphan", "foregroundDeletion"];

/// What is wrong with the metadata of any new object.
pub fn validate_metadata(object: &Value, namespaced: bool, rule: NameRule) -> Vec<Cause> {
    let metadata = &object["metadata"];
    let name = metadata["name"].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else {
        let why = match rule {
            NameRule::Subdomain => words::subdomain(name),
            NameRule::Label | NameRule::Label1035 => words::label(name),
            NameRule::Path => path_segment(name),
        };
        causes.extend(why.iter().map(|w| Cause::invalid("metadata.name", &json!(name), w)));
    }
    if !namespaced && metadata["namespace"].as_str().is_some_and(|n| !n.is_empty()) {
        causes.push(Cause::forbidden("metadata.namespace", "not allowed on this type"));
    }
    causes.extend(common(object));
    causes
}

fn path_segment(name: &str) -> Vec<String> {
    match name {
        "." | ".." => vec![format!("may not be '{name}'")],
        _ => ['/', '%']
            .into_iter()
            .filter(|c| name.contains(*c))
            .map(|c| format!("may not contain '{c}'"))
            .collect(),
    }
}

/// What holds for new metadata and for changed.
fn common(object: &Value) -> Vec<Cause> {
    let metadata = &object["metadata"];
    // Kinds that came later than the first ones are less strict about the names of finalizers.
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let strict =
        !version.contains('.') || (version.contains(".k8s.io/") && !version.starts_with("apiextensions"));
    let mut causes = labels("metadata.labels", &metadata["labels"]);
    let annotations = metadata["annotations"].as_object();
    for (key, _) in annotations.into_iter().flatten() {
        let wrong = words::key(&key.to_lowercase());
        causes.extend(wrong.iter().map(|w| Cause::invalid("metadata.annotations", &json!(key), w)));
    }
    let size: usize =
        annotations.into_iter().flatten().map(|(k, v)| k.len() + v.as_str().map_or(0, str::len)).sum();
    if size > ANNOTATIONS {
        causes.push(Cause::too_long("metadata.annotations", ANNOTATIONS));
    }
    causes.extend(owners(&metadata["ownerReferences"]));
    causes.extend(finalizers(&metadata["finalizers"], strict));
    causes
}

/// What is wrong with labels.
pub(super) fn labels(field: &str, labels: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (key, value) in labels.as_object().into_iter().flatten() {
        causes.extend(words::key(key).iter().map(|w| Cause::invalid(field, &json!(key), w)));
        let text = value.as_str().unwrap_or_default();
        causes.extend(words::value(text).iter().map(|w| Cause::invalid(field, value, w)));
    }
    causes
}

fn finalizers(all: &Value, strict: bool) -> Vec<Cause> {
    let texts: Vec<&str> = all.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut causes = Vec::new();
    for text in &texts {
        let wrong = words::key(text);
        causes.extend(wrong.iter().map(|w| Cause::invalid("metadata.finalizers", &json!(text), w)));
    }
    for (n, text) in texts.iter().enumerate() {
        if strict && !text.contains('/') && !STANDARD.contains(text) {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(format!("metadata.finalizers[{n}]"), &json!(text), why));
        }
    }
    if texts.contains(&"orphan") && texts.contains(&"foregroundDeletion") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        causes.push(Cause::invalid("metadata.finalizers", all, why));
    }
    causes
}

fn owners(all: &Value) -> Vec<Cause> {
    const FIELD: &str = "metadata.ownerReferences";
    let mut causes = Vec::new();
    let mut controllers: Vec<String> = Vec::new();
    for owner in all.as_array().into_iter().flatten() {
        let text = |field: &str| owner[field].as_str().unwrap_or_default();
        let mut missing = |field: &str, why: &str| {
            if text(field).is_empty() {
                causes.push(Cause::invalid(format!("{FIELD}.{field}"), &json!(""), why));
            }
        };
        missing("apiVersion", "version must not be empty");
        missing("kind", "must not be empty");
        missing("name", "must not be empty");
        missing("uid", "must not be empty");
        if owner["controller"] == true {
            controllers.push(format!("{}/{}", text("kind"), text("name")));
        }
    }
    if let [first, second, ..] = &*controllers {
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
        );
        causes.push(Cause::invalid(FIELD, all, &why));
    }
    causes
}

/// Metadata that never changes.
const IMMUTABLE: &[&str] = &["name", "namespace", "uid", "creationTimestamp"];

/// What is wrong with a change of metadata. That of built-in kinds is looked at by the server and by the kind: what
/// changed that may not is found twice.
pub fn validate_metadata_update(changed: &Value, old: &Value, twice: bool) -> Vec<Cause> {
    let object = changed;
    let (new, old) = (&changed["metadata"], &old["metadata"]);
    let mut causes = Vec::new();
    if old["deletionTimestamp"].is_string() {
        let had: Vec<&Value> = old["finalizers"].as_array().into_iter().flatten().collect();
        let more: Vec<String> = new["finalizers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|f| !had.contains(f))
            .filter_map(|f| f.as_str().map(|t| format!("{t:?}")))
            .collect();
        if !more.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                more.join(", ")
            );
            causes.push(Cause::forbidden("metadata.finalizers", &why));
        }
    }
    for field in IMMUTABLE
        .iter()
        .filter(|f| new.get(**f) != old.get(**f) && new.get(**f).is_some_and(|v| !v.is_null()))
    {
        causes.push(Cause::invalid(format!("metadata.{field}"), &new[*field], "field is immutable"));
    }
    if twice {
        causes.extend(causes.clone());
    }
    causes.extend(common(object));
    causes
}
