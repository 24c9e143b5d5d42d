//! What may stand at the cursor: fields, values, and what they mean.

use super::Editor;
use super::offers;
use super::schemas::Choice;
use super::typing::dashes;
use crate::app::text::buffer::{Place, Run, byte, column, length};
use crate::model::edit::Path;
use crate::model::edit::path::Step;
use crate::model::yaml::outline::Outline;

/// What is offered.
#[derive(Debug, Default)]
pub struct Completion {
    /// What fits what is typed.
    pub choices: Vec<Choice>,
    /// The chosen one.
    pub cursor: usize,
    /// Where what it takes the place of begins.
    from: Place,
}

/// What a place is for.
struct Slot {
    /// The document it is in.
    document: usize,
    /// What a key there is put into, or what a value there is of.
    path: Path,
    /// Whether it is a key's.
    is_key: bool,
    /// Where the word begins that is typed.
    from: Place,
    /// The word up to the cursor.
    word: String,
}

impl Editor {
    /// Where the cursor is, found by indentation: the text may not parse.
    fn slot(&self, outline: &Outline) -> Slot {
        let at = self.buffer.cursor();
        let line = self.buffer.line(at.line);
        let head = &line[..byte(line, at.column)];
        let begin = dashes(head).min(head.len());
        let value = head[begin..].find(": ").map(|colon| begin + colon + 2);
        let from = value.map_or(begin, |at| at + head[at..].len() - head[at..].trim_start_matches(' ').len());
        let word = head[from..].to_owned();
        let from = Place::new(at.line, column(line, from));
        let (document, mut path) = outline.path_at(at.line, from.column);
        let is_key = value.is_none();
        if is_key && let Some(Step::Field(name)) = path.0.last() {
            // On a key that is there: its neighbours may stand in its place.
            let rest = line[begin..].trim_start_matches(['"', '\'']);
            let is_here = rest
                .strip_prefix(name.as_str())
                .is_some_and(|r| r.trim_start_matches(['"', '\'']).starts_with(':'));
            if is_here {
                path.0.pop();
            }
        }
        Slot { document, path, is_key, from, word }
    }

    /// Offers what may stand here. Tells whether there is anything.
    pub(super) fn complete(&mut self) -> bool {
        let outline = Outline::of(&self.buffer.text());
        let slot = self.slot(&outline);
        let line = self.buffer.line(slot.from.line);
        let rest = &line[byte(line, self.buffer.cursor().column)..];
        let Some(schema) = self.schema_at(slot.from.line).cloned() else {
            self.completion = None;
            return false;
        };
        let mut all = if slot.is_key { offers::fields(&schema, &slot.path) } else { Vec::new() };
        all.retain(|choice| {
            !outline.has(slot.document, &slot.path.field(&choice.text)) || rest.contains(':')
        });
        if !slot.is_key || all.is_empty() {
            all.extend(offers::values(&schema, &slot.path));
        }
        let typed = slot.word.to_lowercase();
        let rank = |choice: &Choice| match choice.text.to_lowercase() {
            text if text == typed => 0,
            text if text.starts_with(&typed) => 1,
            text if text.contains(&typed) => 2,
            _ => 3,
        };
        all.retain(|choice| rank(choice) < 3);
        all.sort_by_key(rank);
        let is_there = !all.is_empty();
        self.completion = is_there.then_some(Completion { choices: all, cursor: 0, from: slot.from });
        is_there
    }

    /// What is offered changes with what is typed.
    pub(super) fn complete_again(&mut self) {
        let Some(before) = self.completion.take() else { return };
        let at = self.buffer.cursor();
        let line = self.buffer.line(at.line);
        let is_same = at.line == before.from.line && at.column >= before.from.column;
        let word = if is_same { &line[byte(line, before.from.column)..byte(line, at.column)] } else { "" };
        if is_same && !word.contains([' ', ':']) {
            self.complete();
        }
    }

    /// Tab where the beginning of a key stands: it is completed. Tells whether it could be.
    pub(super) fn complete_key(&mut self) -> bool {
        if !self.complete() {
            return false;
        }
        if self.completion.as_ref().is_some_and(|c| c.choices.len() == 1) {
            self.take_choice();
        }
        true
    }

    /// What the field at the cursor is, or the one that is chosen.
    pub(super) fn help_here(&self) -> Option<[String; 2]> {
        if let Some(completion) = &self.completion {
            let choice = completion.choices.get(completion.cursor)?;
            let kind = if choice.kind.is_empty() { String::new() } else { format!(": {}", choice.kind) };
            return Some(offers::said(&format!("{}{kind}", choice.text), &choice.about));
        }
        let at = self.buffer.cursor();
        let (_, path) = self.problems.outline.path_at(at.line, at.column);
        offers::help(self.schema_at(at.line)?, &path)
    }

    /// Chooses another.
    pub(super) fn choose(&mut self, by: isize) {
        if let Some(completion) = &mut self.completion {
            let count = completion.choices.len().max(1) as isize;
            completion.cursor = (completion.cursor as isize + by).rem_euclid(count).unsigned_abs();
        }
    }

    /// Puts the chosen one into the text: one step.
    pub(super) fn take_choice(&mut self) {
        let Some(completion) = self.completion.take() else { return };
        let Some(choice) = completion.choices.get(completion.cursor) else { return };
        let at = self.buffer.cursor();
        let line = self.buffer.line(at.line);
        let rest = &line[byte(line, at.column)..];
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        let word = rest.len() - rest.trim_start_matches(is_part).len();
        let end = Place::new(at.line, at.column + length(&rest[..word]));
        let has_colon = rest[word..].starts_with(':');
        let text = format!("{}{}", choice.text, if has_colon { "" } else { choice.behind });
        self.buffer.replace((completion.from, end), &text, Run::Alone);
    }
}
