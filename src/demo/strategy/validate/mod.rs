//! What is wrong with objects of the built-in kinds. (Being written: metadata and the errors that editing gateways provokes.)

use serde_json::Value;

use super::NameRule;
use crate::demo::status::Cause;

/// What is wrong with a new object of a built-in kind.
pub fn validate_create(_group: &str, _kind: &str, _object: &Value) -> Vec<Cause> {
    Vec::new()
}
/// What is wrong with a change of one.
pub fn validate_update(
    _group: &str,
    _kind: &str,
    _new: &Value,
    _old: &Value,
    _status_only: bool,
) -> Vec<Cause> {
    Vec::new()
}
/// What is wrong with the metadata of any new object.
pub fn validate_metadata(_object: &Value, _namespaced: bool, _rule: NameRule) -> Vec<Cause> {
    Vec::new()
}
/// What is wrong with a change of metadata.
pub fn validate_metadata_update(_new: &Value, _old: &Value) -> Vec<Cause> {
    Vec::new()
}
