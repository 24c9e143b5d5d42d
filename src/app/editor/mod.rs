//! YAML that is being changed: one object, or several documents that are to be made.
//!
//! The text area's engine holds the text (`app::text::buffer`); lines, marks, folds and what is wrong are made here, and
//! drawn by `ui::editor`.

pub mod complete;
mod find;
mod folds;
mod glyph;
mod keys;
mod leave;
mod lexer;
mod motion;
mod offers;
mod problems;
pub mod schemas;
#[cfg(test)]
mod tests;
mod typing;
pub mod window;

use crate::app::text::buffer::{Buffer, MOST, Place, Run, length};
use crate::model::draft::{Draft, Means};
use crate::model::edit::{Target, diff};
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
use crate::model::table::Tone;
use crate::model::yaml;
use complete::Completion;
use find::Finding;
use folds::Folds;
use lexer::Lexer;
use problems::Problems;
use schemas::Schemas;
use serde_json::Value;
use window::{View, Window};

/// Most lines of a text that is edited here; longer ones are for `$EDITOR`.
const MOST_LINES: usize = 20_000;

/// State of the editor.
#[derive(Debug)]
pub struct Editor {
    /// Whose text it is, and what it was before.
    pub draft: Draft,
    /// The cluster that it is meant for.
    pub cluster: ClusterName,
    /// What is drawn.
    pub window: Window,
    buffer: Buffer,
    /// The text as it was when nothing was typed yet.
    start: String,
    /// A text that is too long to be edited here.
    outside: Option<String>,
    folds: Folds,
    lexer: Lexer,
    view: View,
    find: Finding,
    /// The cell that the cursor goes up and down at.
    wanted: Option<usize>,
    /// What was cut or copied.
    register: String,
    /// What there is to say after a key.
    said: Option<(Tone, String)>,
    problems: Problems,
    schemas: Schemas,
    /// What is offered at the cursor.
    pub completion: Option<Completion>,
    /// Whether a kind may have been written that no schema was asked of.
    asks_for_schemas: bool,
    /// Whether a Secret is in the text: then no draft is kept.
    is_secret: bool,
    /// Whether a draft of it is kept.
    is_kept: bool,
    /// Whether it was asked already if the draft is to be discarded.
    discards: bool,
    /// The text that a draft was kept of, or none for.
    seen: Option<u64>,
    /// How often a text that is too long was put in the place of another.
    outside_revision: u64,
    /// The line that the cursor was on.
    line: usize,
}

impl Editor {
    /// An editor of an object as it was read. What people do not edit is not shown, and put back.
    ///
    /// # Errors
    /// A Secret, and what cannot be written as YAML.
    pub fn edit(id: impl Into<String>, cluster: &ClusterName, object: &Value) -> Result<Self, Fault> {
        let text = yaml::to_yaml(&diff::visible(object), false)?;
        let of = Target::of(cluster, object).short();
        let draft = draft(id, cluster, of, Some(object.clone()), text.clone());
        Ok(Self::new(draft, text))
    }

    /// An editor of documents that are to be made.
    pub fn create(id: impl Into<String>, cluster: &ClusterName, text: &str) -> Self {
        Self::new(draft(id, cluster, "new objects".to_owned(), None, text.to_owned()), text.to_owned())
    }

    /// An editor that goes on with a draft.
    pub fn of_draft(draft: Draft) -> Self {
        let start = match &draft.before {
            Some(object) => yaml::to_yaml(&diff::visible(object), false).unwrap_or_default(),
            None => String::new(),
        };
        Self { is_kept: true, ..Self::new(draft, start) }
    }

    fn new(draft: Draft, start: String) -> Self {
        let outside = is_too_long(&draft.text).then(|| draft.text.clone());
        let buffer = Buffer::new(if outside.is_some() { "" } else { &draft.text });
        Self {
            cluster: draft.cluster.as_str().into(),
            window: Window::default(),
            buffer,
            start,
            outside,
            folds: Folds::default(),
            lexer: Lexer::default(),
            view: View::default(),
            find: Finding::default(),
            wanted: None,
            register: String::new(),
            said: None,
            problems: Problems::default(),
            schemas: Schemas::default(),
            completion: None,
            asks_for_schemas: true,
            is_secret: false,
            is_kept: false,
            discards: false,
            seen: Some(0),
            outside_revision: 0,
            line: 0,
            draft,
        }
    }

    /// What is edited, for the crumbs.
    pub fn title(&self) -> String {
        let verb = if self.draft.before.is_some() { "edit" } else { "create" };
        format!("{verb} {}", self.draft.of)
    }

    /// The text as it is now.
    pub fn text(&self) -> String {
        self.outside.clone().unwrap_or_else(|| self.buffer.text())
    }

    /// Whether it is another text than it was.
    pub fn is_changed(&self) -> bool {
        match &self.outside {
            Some(text) => *text != self.start,
            None => !self.start.split('\n').eq(self.buffer.lines().iter().map(String::as_str)),
        }
    }

    /// Whether it is too long to be edited here.
    pub fn is_outside(&self) -> bool {
        self.outside.is_some()
    }

    /// What there is to say of a text that is too long.
    pub fn outside_words(&self) -> Vec<String> {
        let Some(text) = &self.outside else { return Vec::new() };
        let lines = text.lines().count();
        vec![
            format!("This text has {lines} lines, or very long ones: it is too long to be edited here."),
            "ctrl-o opens it in $EDITOR and takes it up again. ctrl-s shows what it would change.".to_owned(),
        ]
    }

    /// Makes what is drawn.
    pub fn settle(&mut self, width: u16, height: u16) {
        self.absorb();
        self.check_if_due(false);
        self.make_window(width, height);
    }

    /// What edits mean for what is known of lines.
    fn absorb(&mut self) {
        for touched in self.buffer.take_touched() {
            self.folds.touched(touched);
            self.lexer.touched(touched);
        }
        self.folds.reveal(self.buffer.cursor().line);
    }

    /// Whether the text is another one than at the last time that this was asked, or the cursor left a line meanwhile.
    fn is_new(&mut self) -> bool {
        let line = self.buffer.cursor().line;
        if std::mem::replace(&mut self.line, line) != line {
            self.asks_for_schemas = true;
            self.check_if_due(true);
        }
        let now = self.buffer.revision() + self.outside_revision;
        self.seen.replace(now) != Some(now)
    }

    /// Puts another text in the place of all of it, as one step: of the lines that are the same nothing is touched.
    pub fn set_text(&mut self, text: &str) {
        self.outside_revision += 1;
        if is_too_long(text) {
            self.outside = Some(text.to_owned());
            return;
        }
        if self.outside.take().is_some() && !self.buffer.can_undo() && self.buffer.lines() == [""] {
            // It is short enough to be edited here now.
            self.buffer = Buffer::new(text);
            return;
        }
        let text = text.replace("\r\n", "\n");
        let new: Vec<&str> = text.split('\n').collect();
        let old = self.buffer.lines();
        let same = |(a, b): &(&String, &&str)| a.as_str() == **b;
        let head = old.iter().zip(&new).take_while(same).count();
        if head == old.len() && head == new.len() {
            return;
        }
        let least = old.len().min(new.len());
        let tail = old.iter().rev().zip(new.iter().rev()).take(least - head).take_while(same).count();
        // Lines that are only gone or only come need one beside them, whose end goes or comes along.
        let (head, tail) = match head + tail < least {
            true => (head, tail),
            false if head > 0 => (head - 1, tail),
            false => (head, tail - 1),
        };
        let (from, to) = (Place::new(head, 0), Place::new(old.len() - 1 - tail, usize::MAX));
        let cursor = self.buffer.cursor();
        if !self.buffer.replace((from, to), &new[head..new.len() - tail].join("\n"), Run::Alone) {
            return self.too_long();
        }
        self.buffer.select_after(cursor, cursor);
        self.absorb();
    }

    fn say(&mut self, text: &str) {
        self.said = Some((Tone::Muted, text.to_owned()));
    }

    fn too_long(&mut self) {
        let text =
            "The text would be too long to be edited here: nothing was changed. ctrl-o opens it in $EDITOR.";
        self.said = Some((Tone::Bad, text.to_owned()));
    }
}

fn draft(
    id: impl Into<String>,
    cluster: &ClusterName,
    of: String,
    before: Option<Value>,
    text: String,
) -> Draft {
    Draft {
        id: id.into(),
        cluster: cluster.to_string(),
        of,
        before,
        text,
        means: Means::Yaml,
        changed: jiff::Timestamp::UNIX_EPOCH,
    }
}

/// Whether a text is for `$EDITOR`.
fn is_too_long(text: &str) -> bool {
    let lines = text.as_bytes().iter().filter(|b| **b == b'\n').count() + 1;
    lines > MOST_LINES || text.split('\n').any(|line| line.len() > MOST / 2 && length(line) > MOST / 2)
}
