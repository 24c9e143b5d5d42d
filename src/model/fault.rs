//! An error as data for the screen.

use serde::{Deserialize, Serialize};

/// What went wrong, to what, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What happened, to which object in which cluster: one sentence, no trailing stop.
    pub summary: String,
    /// What to do next; empty when there is nothing a person can do.
    pub hint: String,
    /// Why, for code that must choose.
    pub reason: Reason,
    /// The fields that were refused, as the server names them, each with its words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<(String, String)>,
}

/// The class of a [`Fault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Reason {
    /// The server refused: no right to do it (401, 403).
    Denied,
    /// The kind or the object does not exist (404).
    Missing,
    /// The server cannot be reached, or did not answer in time.
    Unreachable,
    /// The server answered with an error of its own (5xx, 429).
    Server,
    /// What was sent or configured is wrong.
    Invalid,
    /// The object changed meanwhile (409).
    Conflict,
    /// egret itself refused: read-only mode.
    ReadOnly,
    /// A credential plugin failed.
    Credentials,
    /// A credential plugin asks for a terminal.
    NeedsTerminal,
}

impl Fault {
    /// A fault with its hint.
    pub fn new(reason: Reason, summary: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { summary: summary.into(), hint: hint.into(), reason, causes: Vec::new() }
    }

    /// Whether trying again later may help without anyone changing anything.
    pub fn transient(&self) -> bool {
        matches!(self.reason, Reason::Unreachable | Reason::Server | Reason::Conflict)
    }
}
