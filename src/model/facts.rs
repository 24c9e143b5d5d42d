//! What a details screen says: sections of facts, ready to be wrapped to any width.

use std::borrow::Cow;

use super::table::Tone;

/// Facts that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Heading; may be empty.
    pub title: Cow<'static, str>,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// One fact: a name, its value, and what there is to say about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is; may be empty: then the value stands alone.
    pub label: Cow<'static, str>,
    /// The value, in words.
    pub value: String,
    /// What the value means.
    pub tone: Tone,
    /// A remark behind the value, muted: `default`, `set by override c-1`.
    pub note: String,
}

impl Fact {
    /// A fact with nothing special about it.
    pub fn new(label: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), tone: Tone::Plain, note: String::new() }
    }

    /// The fact with a tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }

    /// The fact with a remark.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

impl Section {
    /// A section.
    pub fn new(title: impl Into<Cow<'static, str>>, facts: Vec<Fact>) -> Self {
        Self { title: title.into(), facts }
    }
}
