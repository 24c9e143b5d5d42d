//! Definitions of custom resources.

use serde_json::{Value, json};

use crate::demo::status::Cause;

/// What is wrong with one.
pub(super) fn check(definition: &Value) -> Vec<Cause> {
    let spec = &definition["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut causes = Vec::new();
    let name = &definition["metadata"]["name"];
    if text(name) != format!("{}.{}", text(&spec["names"]["plural"]), text(&spec["group"])) {
        let why = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", name, why));
    }
    let versions: Vec<&Value> = spec["versions"].as_array().into_iter().flatten().collect();
    causes.extend(storage(&versions));
    causes.extend(schemas(&versions));
    causes
}

/// One version is the stored one.
fn storage(versions: &[&Value]) -> Vec<Cause> {
    let stored: Vec<&&Value> = versions.iter().filter(|v| v["storage"] == true).collect();
    if stored.len() == 1 {
        return Vec::new();
    }
    let shown = |version: &&Value| {
        json!({"Name": version["name"], "Served": version["served"], "Storage": version["storage"], "Deprecated": false,
            "DeprecationWarning": null, "Schema": null, "Subresources": null, "AdditionalPrinterColumns": null,
            "SelectableFields": null})
    };
    let why = "must have exactly one version marked as storage version";
    let shown: Value = versions.iter().map(shown).collect();
    let mut causes = vec![Cause::invalid("spec.versions", &shown, why)];
    // Of several the first counts as stored, and the last as the one to store.
    let (known, why) = match &*stored {
        [first, .., last] => {
            let name = last["name"].as_str().unwrap_or_default();
            (json!([first["name"]]), format!("must have the storage version {name}"))
        }
        _ => (Value::Null, "must have at least one stored version".to_owned()),
    };
    causes.push(Cause::invalid("status.storedVersions", &known, &why));
    causes
}

fn schemas(versions: &[&Value]) -> Vec<Cause> {
    let of = |version: &Value| version["schema"]["openAPIV3Schema"].clone();
    let mut causes = Vec::new();
    for (n, version) in versions.iter().enumerate() {
        if !of(version).is_object() {
            causes.push(Cause::required(format!("spec.versions[{n}].schema.openAPIV3Schema"), ""));
        }
    }
    // Schemas that are the same are one, and are looked at once.
    if versions.iter().all(|version| of(version) == of(versions[0])) {
        causes.extend(
            versions
                .first()
                .iter()
                .flat_map(|v| shape("spec.validation.openAPIV3Schema", &of(v), "at the root")),
        );
        return causes;
    }
    for (n, version) in versions.iter().enumerate() {
        causes.extend(shape(
            &format!("spec.versions[{n}].schema.openAPIV3Schema"),
            &of(version),
            "at the root",
        ));
    }
    causes
}

/// Every part says of which type it is.
fn shape(at: &str, schema: &Value, part: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    if !schema.is_object() {
        return causes;
    }
    let untyped = schema["x-kubernetes-int-or-string"] == true
        || schema["x-kubernetes-preserve-unknown-fields"] == true;
    if schema["type"].as_str().unwrap_or_default().is_empty() && !untyped {
        causes.push(Cause::required(format!("{at}.type"), &format!("must not be empty {part}")));
    }
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        causes.extend(shape(&format!("{at}.properties[{name}]"), of, "for specified object fields"));
    }
    causes.extend(shape(&format!("{at}.items"), &schema["items"], "for specified array items"));
    let rest = &schema["additionalProperties"];
    causes.extend(shape(&format!("{at}.additionalProperties"), rest, "for specified object fields"));
    causes
}
