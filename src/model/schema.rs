//! What fields a kind has: of an API server's OpenAPI, the part that helps a person write.

mod check;
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::edit::path::{Path, Step};

pub use read::{of_crd, read};

/// What a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, strum::Display)]
pub enum Type {
    /// Anything, or more than one of the others.
    #[default]
    #[strum(serialize = "anything")]
    Any,
    /// Fields.
    #[strum(serialize = "a mapping")]
    Object,
    /// Items.
    #[strum(serialize = "a list")]
    List,
    /// A text.
    #[strum(serialize = "a text")]
    Text,
    /// A whole number.
    #[strum(serialize = "a whole number")]
    Integer,
    /// A number.
    #[strum(serialize = "a number")]
    Number,
    /// `true` or `false`.
    #[strum(serialize = "true or false")]
    Bool,
}

/// What a field may hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// What it is for, in the words of whoever made it: cleaned, and cut.
    pub description: String,
    /// What its value is.
    pub kind: Type,
    /// The fields of an object that are known by name.
    pub fields: BTreeMap<String, Arc<Schema>>,
    /// Those of them that must be there.
    pub required: Vec<String>,
    /// The items of a list.
    pub items: Option<Arc<Schema>>,
    /// What fields of any other name hold.
    pub extra: Option<Arc<Schema>>,
    /// The only values there are; empty: any.
    pub one_of: Vec<Value>,
    /// What the server takes when the field is not there.
    pub default: Option<Value>,
    /// The least number.
    pub minimum: Option<f64>,
    /// The greatest number.
    pub maximum: Option<f64>,
    /// What a text must look like.
    pub pattern: Option<String>,
    /// A number or a text: a port, a share, a quantity.
    pub int_or_string: bool,
    /// Whether fields that are not known here are kept.
    pub preserves: bool,
}

impl Schema {
    /// The schema of a field; `None` where nothing is known, or where there is no such field.
    pub fn at(&self, path: &Path) -> Option<Arc<Self>> {
        let mut at: Option<&Arc<Self>> = None;
        for step in &path.0 {
            let here = at.map_or(self, AsRef::as_ref);
            at = Some(match step {
                Step::Field(name) => here.fields.get(name).or(here.extra.as_ref())?,
                Step::Index(_) => here.items.as_ref()?,
            });
        }
        Some(at.map_or_else(|| Arc::new(self.clone()), Arc::clone))
    }

    /// What an API server would refuse of a value, as far as it can be told from here: where, and a sentence. Never
    /// of what the server made itself.
    pub fn check(&self, value: &Value) -> Vec<(Path, String)> {
        check::check(self, value)
    }
}

#[cfg(test)]
mod tests;
