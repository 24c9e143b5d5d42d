//! One answer.

use serde_json::{Value, json};

/// What a server answered.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) code: u16,
    /// Without parameters.
    pub(super) content_type: String,
    pub(super) warnings: Vec<String>,
    /// Text is a string; nothing is null.
    pub(super) body: Value,
}

impl Answer {
    /// How a transcript shows it.
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({"code": self.code, "type": self.content_type, "body": self.body});
        if !self.warnings.is_empty() {
            shown["warnings"] = json!(self.warnings);
        }
        shown
    }

    /// Asserts the code.
    #[track_caller]
    pub(super) fn is(self, code: u16) -> Self {
        assert_eq!(self.code, code, "{}", self.body);
        self
    }

    /// Asserts a part of the message, or of the text.
    #[track_caller]
    pub(super) fn says(self, part: &str) -> Self {
        let message = self.body["message"].as_str().or(self.body.as_str()).unwrap_or_default();
        assert!(message.contains(part), "{part:?} is not in {message:?}");
        self
    }

    /// A part of the body.
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// `reason` of a status.
    pub(super) fn reason(&self) -> &str {
        self.body["reason"].as_str().unwrap_or_default()
    }

    /// `metadata.resourceVersion`.
    #[track_caller]
    pub(super) fn version(&self) -> String {
        self.text("/metadata/resourceVersion")
    }

    /// `metadata.uid`.
    #[track_caller]
    pub(super) fn uid(&self) -> String {
        self.text("/metadata/uid")
    }

    /// A text in the body.
    #[track_caller]
    pub(super) fn text(&self, pointer: &str) -> String {
        let Some(text) = self.at(pointer).as_str() else { panic!("no {pointer} in {}", self.body) };
        text.to_owned()
    }

    /// The items of a list.
    pub(super) fn items(&self) -> &[Value] {
        self.body["items"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The names of the items of a list.
    pub(super) fn names(&self) -> Vec<&str> {
        self.items().iter().filter_map(|item| item["metadata"]["name"].as_str()).collect()
    }
}
