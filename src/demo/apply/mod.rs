//! Server-side apply and managed fields. (Being written: signatures that the server calls.)
use jiff::Timestamp;
use serde_json::Value;

use super::schema::Schema;

/// Who applies. The `apiVersion` of the entry is the object's.
#[derive(Clone, Copy, Debug)]
pub struct Applier<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// Takes over what others own.
    pub force: bool,
    /// Now.
    pub time: Timestamp,
    /// `status`, or empty.
    pub subresource: &'a str,
}

/// Who writes without applying.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// Now.
    pub time: Timestamp,
    /// `status`, `scale`, or empty.
    pub subresource: &'a str,
}

/// A field that somebody else owns with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// `conflict with "mgr" using apps/v1`.
    pub message: String,
    /// `.spec.replicas`.
    pub field: String,
}

/// The object after an apply, with its managed fields.
///
/// # Errors
/// Fields that others own.
pub fn apply(
    _: &Schema,
    _live: Option<&Value>,
    config: &Value,
    _: &Applier<'_>,
) -> Result<Value, Vec<Conflict>> {
    Ok(config.clone())
}

/// The message of a refused apply as a whole.
pub fn conflicts_message(conflicts: &[Conflict]) -> String {
    format!("Apply failed with {} conflicts", conflicts.len())
}

/// Rewrites the managed fields of an object that is created, replaced or patched.
pub fn updated(_: &Schema, _old: Option<&Value>, _new: &mut Value, _: &Writer<'_>) {}
