//! The structure of kinds. (Being written: signatures that the server calls.)
use serde_json::Value;

use super::status::Cause;

/// The structure of a kind.
#[derive(Clone, Debug)]
pub struct Schema;

impl Schema {
    /// That of a built-in kind.
    pub fn builtin(_group: &str, _version: &str, _kind: &str) -> Option<Self> {
        Some(Self)
    }
    /// That of a CRD's version.
    pub fn of_crd(_schema: &Value) -> Self {
        Self
    }
    /// That of anything.
    pub fn untyped() -> Self {
        Self
    }
}

/// Paths of fields that the kind does not have, as `unknown field "spec.foo"`.
pub fn unknown_fields(_: &Schema, _: &Value) -> Vec<String> {
    Vec::new()
}
/// Drops them.
pub fn prune(_: &Schema, _: &mut Value) {}
/// Fills in defaults that the schema states.
pub fn default(_: &Schema, _: &mut Value) {}
/// # Errors
/// A value of a wrong type, in Go's words.
pub fn decode(_: &Schema, _: &Value) -> Result<(), String> {
    Ok(())
}
/// What is wrong with a custom resource.
pub fn validate(_: &Schema, _new: &Value, _old: Option<&Value>) -> Vec<Cause> {
    Vec::new()
}
