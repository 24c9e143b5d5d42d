//! Reads the schema of a kind out of an OpenAPI v3 document, or out of a CRD.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Schema, Type};
use crate::model::clean::clean_text;

/// Longest description, in characters.
const LONGEST: usize = 500;
/// Deepest nesting of a schema: deeper, anything goes.
const DEEPEST: usize = 64;
const REF: &str = "#/components/schemas/";

/// The schema of a kind in the document of its group and version; `None` when it is not in it.
pub fn read(document: &Value, group: &str, version: &str, kind: &str) -> Option<Arc<Schema>> {
    let named = document["components"]["schemas"].as_object()?;
    let wanted = json!({"group": group, "kind": kind, "version": version});
    let says = |schema: &Value| {
        let says = schema["x-kubernetes-group-version-kind"].as_array();
        // What every kind has (its options, its list) says that it is of all of them.
        says.is_some_and(|says| says.len() == 1 && says.contains(&wanted))
    };
    let (name, _) = named.iter().find(|(_, schema)| says(schema))?;
    let mut reader = Reader { named, done: HashMap::new(), open: Vec::new() };
    Some(reader.reference(name))
}

/// The schema of a kind in a version of its CRD.
pub fn of_crd(crd: &Value, version: &str) -> Option<Arc<Schema>> {
    let mut versions = crd["spec"]["versions"].as_array()?.iter();
    let schema = &versions.find(|v| v["name"] == version)?["schema"]["openAPIV3Schema"];
    let none = Map::new();
    let mut reader = Reader { named: &none, done: HashMap::new(), open: Vec::new() };
    let mut root = reader.schema(schema, false, 0);
    let text = Arc::new(Schema { kind: Type::Text, ..Schema::default() });
    for name in ["apiVersion", "kind"] {
        root.fields.entry(name.to_owned()).or_insert_with(|| text.clone());
    }
    let free = Schema { kind: Type::Object, preserves: true, ..Schema::default() };
    root.fields.insert("metadata".to_owned(), Arc::new(free));
    Some(Arc::new(root))
}

struct Reader<'a> {
    named: &'a Map<String, Value>,
    done: HashMap<&'a str, Arc<Schema>>,
    /// Names that are being read: a type that holds itself ends there.
    open: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn reference(&mut self, name: &'a str) -> Arc<Schema> {
        if let Some(done) = self.done.get(name) {
            return done.clone();
        }
        let Some(schema) = self.named.get(name).filter(|_| !self.open.contains(&name)) else {
            return Arc::new(Schema { preserves: true, ..Schema::default() });
        };
        self.open.push(name);
        let schema = Arc::new(self.schema(schema, name.starts_with("io.k8s."), self.open.len()));
        self.open.pop();
        self.done.insert(name, schema.clone());
        schema
    }

    /// A schema; `go`: of a type of Kubernetes' own, where the default of a field is what Go begins it with.
    fn schema(&mut self, schema: &'a Value, go: bool, depth: usize) -> Schema {
        if depth > DEEPEST {
            return Schema { preserves: true, ..Schema::default() };
        }
        let mut read = self.referred(schema);
        let text = |key: &str| schema[key].as_str();
        let says = |key: &str| schema[key] == true;
        if let Some(description) = text("description") {
            read.description = cut(description);
        }
        if let Some(kind) = text("type").and_then(kind) {
            read.kind = kind;
        }
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let field = self.shared(field, go, depth);
            read.fields.insert(name.clone(), field);
        }
        read.required.extend(
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
        );
        if let Some(items) = schema.get("items").filter(|items| items.is_object()) {
            read.items = Some(self.shared(items, go, depth));
        }
        match schema.get("additionalProperties") {
            Some(extra @ Value::Object(_)) => read.extra = Some(self.shared(extra, go, depth)),
            Some(Value::Bool(true)) => read.preserves = true,
            _ => {}
        }
        if let Some(values) = schema["enum"].as_array() {
            read.one_of.clone_from(values);
        }
        if let Some(default) = schema.get("default").filter(|value| !(go && is_zero(value))) {
            read.default = Some(default.clone());
        }
        read.minimum = schema["minimum"].as_f64().or(read.minimum);
        read.maximum = schema["maximum"].as_f64().or(read.maximum);
        read.pattern = text("pattern").map(str::to_owned).or(read.pattern);
        read.int_or_string |= says("x-kubernetes-int-or-string")
            || text("format") == Some("int-or-string")
            || is_either(schema);
        read.preserves |=
            says("x-kubernetes-preserve-unknown-fields") || says("x-kubernetes-embedded-resource");
        read
    }

    /// What a schema takes over from others.
    fn referred(&mut self, schema: &'a Value) -> Schema {
        let all = schema["allOf"].as_array().into_iter().flatten();
        let names = std::iter::once(schema).chain(all).filter_map(|part| part["$ref"].as_str());
        let mut read = Schema::default();
        for (at, name) in names.filter_map(|name| name.strip_prefix(REF)).enumerate() {
            let part = self.reference(name);
            if at == 0 {
                read = (*part).clone();
            } else {
                read.fields.extend(part.fields.iter().map(|(name, field)| (name.clone(), field.clone())));
                read.required.extend(part.required.iter().cloned());
                read.preserves |= part.preserves;
            }
        }
        read
    }

    /// A schema that is nothing but another is that one.
    fn shared(&mut self, schema: &'a Value, go: bool, depth: usize) -> Arc<Schema> {
        let only = schema.as_object().filter(|fields| fields.len() == 1);
        let name = only.and_then(|fields| fields.get("$ref")?.as_str()?.strip_prefix(REF));
        match name {
            Some(name) => self.reference(name),
            None => Arc::new(self.schema(schema, go, depth + 1)),
        }
    }
}

fn kind(name: &str) -> Option<Type> {
    Some(match name {
        "object" => Type::Object,
        "array" => Type::List,
        "string" => Type::Text,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Bool,
        _ => return None,
    })
}

/// Whether a schema without a type of its own is a number or a text.
fn is_either(schema: &Value) -> bool {
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    let is_scalar = |choice: &Value| matches!(choice["type"].as_str(), Some("string" | "number" | "integer"));
    schema.get("type").is_none() && choices.is_some_and(|all| all.len() > 1 && all.iter().all(is_scalar))
}

/// What Go begins a value with: it says nothing of what the server does.
fn is_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Bool(flag) => !flag,
        _ => false,
    }
}

fn cut(text: &str) -> String {
    let begin: String = text.chars().take(LONGEST + 1).collect();
    let text = clean_text(begin.trim(), 4);
    if text.chars().count() <= LONGEST {
        return text.into_owned();
    }
    let end = text.char_indices().nth(LONGEST - 1).map_or(text.len(), |(at, _)| at);
    let end = text[..end].rfind([' ', '\n']).unwrap_or(end);
    format!("{}…", &text[..end])
}
