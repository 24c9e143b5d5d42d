//! A form that is being filled in: the wizard, or one parameter of a gateway.

use crossterm::event::KeyEvent;

use super::effect::Effect;
use super::model::App;
use crate::model::draft::Draft;
use crate::model::name::ClusterName;

/// State of a form.
#[derive(Debug)]
pub struct Form {
    /// Whose object it fills in, and what it was before.
    pub draft: Draft,
    /// The cluster that it is meant for.
    pub cluster: ClusterName,
}

impl Form {
    /// What the server complained of, at its fields.
    pub fn server_problems(&mut self, _fields: Vec<(crate::model::edit::Path, String)>) {}

    /// Goes on from what the object is now, with what was merged.
    pub fn rebase(&mut self, _before: &serde_json::Value, _after: &serde_json::Value) {}

    /// What is filled in, for the crumbs.
    pub fn title(&self) -> String {
        format!("edit {}", self.draft.of)
    }

    /// The lines below the form.
    pub fn explain(&self) -> [String; 2] {
        Default::default()
    }

    /// Makes what is drawn.
    pub fn settle(&mut self, _width: u16, _height: u16) {}
}

impl App {
    /// A key in a form.
    pub(super) fn form_key(&mut self, _key: KeyEvent) -> Vec<Effect> {
        Vec::new()
    }

    /// Text that was pasted into a form.
    pub(super) fn form_paste(&mut self, _text: &str) {}
}
