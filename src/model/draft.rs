//! What was typed and not applied yet: kept on disk until it is applied or discarded, and offered again after a crash.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a draft was being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Means {
    /// As YAML.
    Yaml,
    /// In the form.
    Form,
}

/// A draft. Never of a Secret (R27).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Tells drafts apart: when it was begun, and a number.
    pub id: String,
    /// The context it is meant for.
    pub cluster: String,
    /// What it is of, for people: `IstioGateway istio-system/out`.
    pub of: String,
    /// The object as it was when the edit was begun; none: it is to be made.
    pub before: Option<Value>,
    /// The text as it is typed: one or several documents.
    pub text: String,
    /// How it was being written.
    pub means: Means,
    /// When it was last changed.
    pub changed: Timestamp,
}
