//! YAML that is being changed: one object, or several documents that are to be made.

use crossterm::event::KeyEvent;

use super::effect::Effect;
use super::model::App;
use crate::model::draft::Draft;
use crate::model::name::ClusterName;

/// State of the editor.
#[derive(Debug)]
pub struct Editor {
    /// Whose text it is, and what it was before.
    pub draft: Draft,
    /// The cluster that it is meant for.
    pub cluster: ClusterName,
}

impl Editor {
    /// An editor with the text of a draft.
    pub fn new(draft: Draft) -> Self {
        Self { cluster: draft.cluster.as_str().into(), draft }
    }

    /// What the server complained of, at its fields.
    pub fn server_problems(
        &mut self,
        _target: &crate::model::edit::Target,
        _fields: Vec<(crate::model::edit::Path, String)>,
    ) {
    }

    /// Goes on from what the object is now, with what was merged.
    pub fn rebase(&mut self, _before: &serde_json::Value, _after: &serde_json::Value) {}

    /// What is edited, for the crumbs.
    pub fn title(&self) -> String {
        format!("edit {}", self.draft.of)
    }

    /// The lines below the text.
    pub fn explain(&self) -> [String; 2] {
        Default::default()
    }

    /// Makes what is drawn.
    pub fn settle(&mut self, _width: u16, _height: u16) {}
}

impl App {
    /// A key in the editor.
    pub(super) fn editor_key(&mut self, _key: KeyEvent) -> Vec<Effect> {
        Vec::new()
    }

    /// Text that was pasted into the editor.
    pub(super) fn editor_paste(&mut self, _text: &str) {}
}
