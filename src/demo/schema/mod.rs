//! The structure of kinds: what fields they have, and what the server makes of objects that do not fit.
//!
//! Built-in kinds are those of a real server's OpenAPI (`assets/demo/schema.json`, written by
//! `cargo run --example schema`; the names that Go has for types, which only its messages tell, are in
//! `assets/demo/go.json`); custom ones are what their CRD says.

mod build;
mod check;
mod decode;
mod fill;
mod lists;
pub(super) mod openapi;
mod rules;
mod scalar;
mod strict;
mod types;
mod validate;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Map, Value, json};

use build::{Builder, Go};
use types::Arena;

pub use decode::decode;
pub use fill::{default, settle};
pub use strict::{prune, unknown_fields};
pub(super) use types::{Id, Object, Order, Scalar, Shape, View};
pub use validate::validate;

/// The structure of a kind.
#[derive(Clone, Debug)]
pub struct Schema {
    pub(super) arena: Arc<Arena>,
    pub(super) root: Id,
    pub(super) custom: bool,
    /// What each way of writing leaves alone, by kind.
    pub(super) kind: Option<Arc<str>>,
    pub(super) status_apart: bool,
}

/// The built-in kinds, read when the first is asked for.
struct Builtin {
    arena: Arc<Arena>,
    kinds: HashMap<String, Id>,
}

static ASSET: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../assets/demo/schema.json");
    serde_json::from_str(text).unwrap_or_default()
});

static GO: LazyLock<Go> = LazyLock::new(|| {
    let text = include_str!("../../../assets/demo/go.json");
    serde_json::from_str(text).unwrap_or_default()
});

static BUILTIN: LazyLock<Builtin> = LazyLock::new(|| {
    let mut builder = Builder::new(named(), &GO);
    let kinds = ASSET["kinds"].as_object().into_iter().flatten();
    let kinds =
        kinds.filter_map(|(kind, name)| Some((kind.clone(), builder.reference(name.as_str()?)))).collect();
    Builtin { arena: Arc::new(builder.finish(Value::Null)), kinds }
});

/// The types of the built-in kinds.
fn named() -> &'static Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    ASSET["types"].as_object().unwrap_or(&NONE)
}

impl Schema {
    /// That of a built-in kind.
    pub fn builtin(group: &str, version: &str, kind: &str) -> Option<Self> {
        let slash = if group.is_empty() { "" } else { "/" };
        let root = *BUILTIN.kinds.get(&format!("{group}{slash}{version}/{kind}"))?;
        let mut schema = Self {
            arena: BUILTIN.arena.clone(),
            root,
            custom: false,
            kind: Some(kind.into()),
            status_apart: false,
        };
        schema.status_apart = schema.has_field("status");
        Some(schema)
    }

    /// That of a CRD's version: its `openAPIV3Schema`.
    pub fn of_crd(schema: &Value) -> Self {
        let mut builder = Builder::new(named(), &GO);
        let root = builder.custom_root(schema);
        let arena = Arc::new(builder.finish(schema.clone()));
        let mut schema = Self { arena, root, custom: true, kind: None, status_apart: false };
        schema.status_apart = schema.has_field("status");
        schema
    }

    /// That of anything.
    pub fn untyped() -> Self {
        static ANY: LazyLock<Schema> = LazyLock::new(|| {
            Schema::of_crd(&json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}))
        });
        ANY.clone()
    }

    /// The same kind, whose status is (or is not) written through `/status` alone; without this, it is where there
    /// is a status.
    #[must_use]
    pub fn with_status_apart(self, status_apart: bool) -> Self {
        Self { status_apart, ..self }
    }

    fn has_field(&self, name: &str) -> bool {
        matches!(self.arena.shape(self.root), Shape::Object(object) if object.fields.contains_key(name))
    }

    /// How Go writes a new object: its parts that are not pointers, and null for lists that it never leaves out.
    pub(super) fn empty(&self) -> &Value {
        static NOTHING: LazyLock<Value> = LazyLock::new(|| json!({}));
        if self.custom { &NOTHING } else { self.arena.empty(self.root) }
    }
}

impl Arena {
    pub(super) fn empty(&self, id: Id) -> &Value {
        self.types[id].empty.get_or_init(|| {
            let Shape::Object(object) = self.shape(id) else { return Value::Null };
            let mut empty = Map::new();
            for (name, field) in &object.fields {
                let value = match (self.shape(field.of), &field.default) {
                    (Shape::Object(_), Some(default)) if default.is_object() => self.empty(field.of).clone(),
                    (Shape::Scalar(_), Some(default)) if is_zero(default) => default.clone(),
                    (Shape::List(..), None) if object.required.contains(name) => Value::Null,
                    _ => continue,
                };
                empty.insert(name.clone(), value);
            }
            Value::Object(empty)
        })
    }
}

/// Whether it is what Go starts a value with.
fn is_zero(value: &Value) -> bool {
    matches!(value, Value::Bool(false)) || *value == json!("") || *value == json!(0)
}

/// A path as the server writes it.
pub(super) fn join(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_owned() } else { format!("{path}.{field}") }
}

#[cfg(test)]
mod tests;
