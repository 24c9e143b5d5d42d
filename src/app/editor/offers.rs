//! A schema as a person who writes is told of it.

use super::schemas::Choice;
use super::stub::Schema;
use crate::model::edit::Path;

/// The fields that may stand in an object.
pub(super) fn fields(_schema: &Schema, _of: &Path) -> Vec<Choice> {
    Vec::new()
}

/// The values that may stand in a field, where they can be counted.
pub(super) fn values(_schema: &Schema, _of: &Path) -> Vec<Choice> {
    Vec::new()
}

/// What a field is, and what it means.
pub(super) fn help(_schema: &Schema, _of: &Path) -> Option<[String; 2]> {
    None
}
