//! What a structure is made of.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use regex::Regex;
use serde_json::Value;

/// A type within its [`Arena`].
pub(in crate::demo) type Id = usize;

/// All types of one source. They refer to one another, also in circles.
#[derive(Debug)]
pub(in crate::demo) struct Arena {
    pub(super) types: Vec<Type>,
    /// What rules of CEL are compiled from; built-in kinds have none.
    pub(super) source: Value,
    /// Of what no schema describes.
    pub(super) free: Object,
}

/// A type: its shape, and what else is asked of its values.
#[derive(Debug, Default)]
pub(in crate::demo) struct Type {
    pub(in crate::demo) shape: Shape,
    /// As Go's messages name it: `v1.PodSpec`.
    pub(super) go: Option<Arc<str>>,
    pub(super) nullable: bool,
    pub(super) checks: Option<Box<Checks>>,
    /// Rules of CEL, of itself or of what is below it.
    pub(super) ruled: bool,
    pub(super) rules: Option<Box<Rules>>,
    /// How Go writes a new value of the type.
    pub(super) empty: OnceLock<Value>,
}

/// The shape of values.
#[derive(Debug, Default)]
pub(in crate::demo) enum Shape {
    /// Anything; the managed fields see one value, or (free) as far into it as its own structure goes.
    #[default]
    Opaque,
    /// Anything; fields of its objects are owned one by one.
    Free,
    Scalar(Scalar),
    List(Id, Order),
    Object(Object),
}

/// A value without parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Scalar {
    Text,
    Integer,
    Int32,
    Int64,
    Number,
    Bool,
    IntOrString,
    Quantity,
    Time,
    MicroTime,
    Bytes,
}

/// What the items of a list are told apart by.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::demo) enum Order {
    /// Not at all: the list is one value.
    Atomic,
    /// By themselves.
    Set,
    /// By these fields.
    Map(Vec<String>),
}

/// An object: fields by name, others by any.
#[derive(Debug, Default)]
pub(in crate::demo) struct Object {
    pub(in crate::demo) fields: BTreeMap<String, Field>,
    /// The type of fields that are not named.
    pub(in crate::demo) rest: Option<Id>,
    /// The object is one value.
    pub(in crate::demo) atomic: bool,
    pub(in crate::demo) required: Vec<String>,
}

/// A named field.
#[derive(Debug)]
pub(in crate::demo) struct Field {
    pub(in crate::demo) of: Id,
    pub(in crate::demo) default: Option<Value>,
    /// What Go calls the type, where that is not what the type itself says: `v1.Protocol`.
    pub(super) go: Option<Arc<str>>,
    /// The struct within the struct that Go has it in.
    pub(super) inline: Option<&'static str>,
    /// Left out when it is what Go starts a value with.
    pub(super) omitted: bool,
}

impl Field {
    pub(super) fn new(of: Id, default: Option<&Value>) -> Self {
        Self { of, default: default.cloned(), go: None, inline: None, omitted: false }
    }
}

/// What a CRD asks of values beside their shape.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) options: Vec<Value>,
    pub(super) pattern: Option<Pattern>,
    pub(super) length: Bounds,
    pub(super) items: Bounds,
    pub(super) properties: Bounds,
    pub(super) minimum: Option<Value>,
    pub(super) maximum: Option<Value>,
    pub(super) exclusive: (bool, bool),
    pub(super) multiple_of: Option<f64>,
    pub(super) date_time: bool,
}

/// The least and the most of something.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub(super) least: Option<u64>,
    pub(super) most: Option<u64>,
}

/// A pattern, compiled when it is first asked.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceLock::new() }
    }

    /// Whether a text matches; one that is no pattern asks nothing.
    pub(super) fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(&self.text).ok());
        compiled.as_ref().is_none_or(|pattern| pattern.is_match(text))
    }
}

/// Rules of CEL at one type: where they stand in the source, and what came of compiling them.
pub(super) struct Rules {
    pub(super) at: String,
    pub(super) compiled: OnceLock<super::rules::Compiled>,
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("at", &self.at).finish_non_exhaustive()
    }
}

/// How a value is looked at, as its type and it itself say.
#[derive(Clone, Copy)]
pub(in crate::demo) enum View<'a> {
    /// As one.
    Leaf,
    /// Item by item.
    List(Id, &'a Order),
    /// Field by field.
    Object(&'a Object),
}

impl Arena {
    pub(in crate::demo) fn shape(&self, id: Id) -> &Shape {
        &self.types[id].shape
    }

    /// How a value of a type is looked at; `value` decides where the type does not.
    pub(in crate::demo) fn view(&self, id: Id, value: &Value) -> View<'_> {
        match self.shape(id) {
            Shape::Opaque | Shape::Scalar(_) => View::Leaf,
            Shape::Free if value.is_object() => View::Object(&self.free),
            Shape::Free => View::Leaf,
            Shape::List(item, order) => View::List(*item, order),
            Shape::Object(object) => View::Object(object),
        }
    }
}

impl Object {
    /// The type of a field.
    pub(in crate::demo) fn field(&self, name: &str) -> Option<Id> {
        self.fields.get(name).map(|field| field.of).or(self.rest)
    }
}
