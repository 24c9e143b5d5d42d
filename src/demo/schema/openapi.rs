//! What the kinds look like, told as OpenAPI v3: as far as somebody who writes objects asks.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{ASSET, named};
use crate::demo::resources::{Resource, Resources};

const REF: &str = "#/components/schemas/";
/// What the names of built-in types begin with.
const OWN: &str = "io.k8s.";

/// The documents that there are.
pub(in crate::demo) fn index(resources: &Resources) -> Value {
    let paths: BTreeMap<String, Value> = resources
        .iter()
        .map(|resource| {
            let api = if resource.group.is_empty() { "api" } else { "apis" };
            let path = format!("{api}/{}", resource.api_version());
            let url = json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash=demo")});
            (path, url)
        })
        .collect();
    json!({"paths": paths})
}

/// The kinds of a group and version; `None` when it is not served.
pub(in crate::demo) fn document(resources: &Resources, group: &str, version: &str) -> Option<Value> {
    let served: Vec<&Resource> = resources
        .iter()
        .map(AsRef::as_ref)
        .filter(|r| *r.group == *group && *r.version == *version)
        .collect();
    if served.is_empty() {
        return None;
    }
    let mut schemas = Map::new();
    for (name, schema) in named() {
        schemas.insert(format!("{OWN}{name}"), own(name, schema));
    }
    for resource in &served {
        let Some((name, mut schema)) = root(resource) else { continue };
        schema["x-kubernetes-group-version-kind"] =
            json!([{"group": group, "kind": *resource.kind, "version": version}]);
        schemas.insert(name, schema);
    }
    let info = json!({"title": "Kubernetes", "version": "demo"});
    Some(json!({"openapi": "3.0.0", "info": info, "paths": {}, "components": {"schemas": schemas}}))
}

/// The schema of a kind, with its name.
fn root(resource: &Resource) -> Option<(String, Value)> {
    let Some(schema) = resource.schema.as_ref().filter(|_| resource.custom) else {
        let kind = format!("{}/{}", resource.api_version(), resource.kind);
        let name = ASSET["kinds"][kind.as_str()].as_str()?;
        return Some((format!("{OWN}{name}"), own(name, named().get(name)?)));
    };
    let mut schema = schema.arena.source.clone();
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    let text = json!({"type": "string"});
    let metadata = json!({"allOf": [{"$ref": format!("{REF}{OWN}meta.v1.ObjectMeta")}]});
    for (name, field) in [("apiVersion", &text), ("kind", &text), ("metadata", &metadata)] {
        schema["properties"][name] = field.clone();
    }
    let group: Vec<&str> = resource.group.rsplit('.').collect();
    Some((format!("{}.{}.{}", group.join("."), resource.version, resource.kind), schema))
}

/// A built-in type as OpenAPI tells it: what is kept here of references is their name.
fn own(name: &str, schema: &Value) -> Value {
    match name {
        "api.resource.Quantity" => json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        "util.intstr.IntOrString" => {
            json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]})
        }
        _ => referring(schema),
    }
}

fn referring(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut told = Map::new();
            for (name, field) in fields {
                match (name.as_str(), field.as_str()) {
                    ("$ref", Some(of)) => {
                        told.insert("allOf".to_owned(), json!([{"$ref": format!("{REF}{OWN}{of}")}]));
                    }
                    _ => {
                        told.insert(name.clone(), referring(field));
                    }
                }
            }
            Value::Object(told)
        }
        Value::Array(items) => items.iter().map(referring).collect(),
        other => other.clone(),
    }
}
