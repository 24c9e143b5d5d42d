//! What becomes of what is typed: a draft that is kept, a review, or nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Editor;
use super::problems::refusal;
use crate::app::command::Command;
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::review::Wish;
use crate::app::screen::Screen;
use crate::app::text::buffer::Place;
use crate::model::edit::{Change, Target, diff};
use crate::model::fault::Fault;
use crate::model::table::Tone;
use crate::model::yaml;
use crate::model::yaml::outline::Outline;
use crate::model::yaml::read::read_documents;

/// Why nothing can be reviewed: what to say, and where.
type Refusal = (String, Option<Place>);

impl Editor {
    /// What is wished, document by document.
    ///
    /// # Errors
    /// Why that cannot be told, and where it is wrong.
    pub(super) fn wishes(&self) -> Result<Vec<Wish>, Refusal> {
        let text = self.text();
        let before = self.draft.before.as_ref();
        let mut wishes = Vec::new();
        let mut seen = BTreeSet::new();
        for (document, read) in read_documents(&text).into_iter().enumerate() {
            let value = match read {
                Ok(Value::Null) => continue,
                Ok(value) => value,
                Err(spot) => {
                    let at = Place::new(spot.line - 1, spot.column - 1);
                    return Err((
                        format!("Line {}, column {}: {}.", spot.line, spot.column, spot.why),
                        Some(at),
                    ));
                }
            };
            let place = |path| {
                let span = Outline::of(&text).span_of(document, &path);
                span.map(|(line, key, _)| Place::new(line, key.start))
            };
            if let Some((path, why)) = refusal(&value, &self.cluster, before) {
                return Err((sentence(&why), place(path)));
            }
            let target = Target::of(&self.cluster, &value);
            if !seen.insert(target.clone()) {
                let why = format!("{} is there twice.", target.short());
                return Err((why, place("metadata.name".parse().unwrap_or_default())));
            }
            let change = match before {
                None => Change::Create { object: value },
                Some(_) if !wishes.is_empty() => {
                    let why =
                        "One object is edited, these are several: what is to be made needs its own editor.";
                    return Err((why.to_owned(), place("kind".parse().unwrap_or_default())));
                }
                Some(before) => Change::Edit { before: before.clone(), after: diff::restore(before, &value) },
            };
            if matches!(&change, Change::Edit { before, after } if before == after) {
                return Err(("Nothing is changed: there is nothing to apply.".to_owned(), None));
            }
            wishes.push(Wish { target, change });
        }
        match wishes.is_empty() {
            true => Err(("There is no object in the text.".to_owned(), None)),
            false => Ok(wishes),
        }
    }

    /// What another state of the object means: the edit goes on from there, with what was merged as its text. That is
    /// one step.
    pub fn rebase(&mut self, before: Value, text: &str) {
        self.start = yaml::to_yaml(&diff::visible(&before), false).unwrap_or_default();
        self.draft.before = Some(before);
        self.set_text(text);
        self.check();
    }

    /// The draft as it is now; none when it must not be kept, or nothing was changed.
    fn draft_now(&mut self, now: jiff::Timestamp) -> Option<crate::model::draft::Draft> {
        self.is_secret = self.holds_secret();
        if self.is_secret || !self.is_changed() {
            return None;
        }
        self.draft.text = self.text();
        self.draft.changed = now;
        Some(self.draft.clone())
    }

    /// What the documents are, for people.
    pub(super) fn names(&self) -> String {
        let written = self.problems.documents.iter().flatten().filter(|value| value.is_object());
        let mut names = written.map(|value| Target::of(&self.cluster, value).short());
        match (names.next(), names.count()) {
            (None, _) => "new objects".to_owned(),
            (Some(first), 0) => first,
            (Some(first), more) => format!("{first} and {more} more"),
        }
    }

    /// Whether a Secret is in the text, or may be: of what cannot be read, a line that says so is enough.
    fn holds_secret(&self) -> bool {
        let is_word = |line: &str| {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.any(|word| word == "Secret")
        };
        let lines = || -> Box<dyn Iterator<Item = &str> + '_> {
            match &self.outside {
                Some(text) => Box::new(text.lines()),
                None => Box::new(self.buffer.lines().iter().map(String::as_str)),
            }
        };
        if !lines().any(is_word) {
            return false;
        }
        read_documents(&self.text()).iter().any(|read| match read {
            Ok(value) => is_secret(value),
            // A kind at the beginning of a line is an object's own; further in it may be a reference to one.
            Err(_) => {
                let depth = |line: &str| line.len() - line.trim_start_matches([' ', '-']).len();
                let own = lines().filter(|l| !l.trim().is_empty()).map(depth).min().unwrap_or(0);
                let is_list = lines().any(|line| line.contains("List") && line.contains("kind"));
                lines()
                    .any(|line| is_word(line) && (is_list || depth(line) <= own || !line.contains("kind: ")))
            }
        })
    }
}

/// Whether an object is a Secret, or a list with one.
fn is_secret(value: &Value) -> bool {
    let items = value["items"].as_array();
    value["kind"] == "Secret" || items.is_some_and(|items| items.iter().any(is_secret))
}

fn sentence(why: &str) -> String {
    let mut chars = why.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

impl App {
    /// Puts an editor in front.
    pub fn open_editor(&mut self, editor: Editor) -> Vec<Effect> {
        self.stack.push(Screen::Editor(editor));
        self.editor_changed()
    }

    /// Shows what would change.
    pub(super) fn editor_review(&mut self) -> Vec<Effect> {
        let Some(editor) = self.editor_mut() else { return Vec::new() };
        editor.check();
        match editor.wishes() {
            Ok(wishes) => {
                let id = editor.draft.id.clone();
                self.review(wishes, Some(id))
            }
            Err((why, at)) => {
                if let Some(at) = at.filter(|_| !editor.is_outside()) {
                    editor.leap(at);
                }
                self.say(Tone::Bad, why);
                Vec::new()
            }
        }
    }

    /// Leaves the editor: a selection and a search first. The draft is kept.
    pub(super) fn editor_leave(&mut self) -> Vec<Effect> {
        let Some(editor) = self.editor_mut() else { return Vec::new() };
        if editor.buffer.selection().is_some() || editor.is_finding() {
            let at = editor.buffer.cursor();
            editor.buffer.move_to(at, false);
            editor.forget_search();
            return Vec::new();
        }
        let mut effects = self.editor_changed();
        match self.back_to_form() {
            Some(Ok(())) => {
                effects.extend(self.pop());
                return effects;
            }
            Some(Err(why)) => {
                self.say(
                    Tone::Bad,
                    format!("The form cannot show this: {why}. Mend it, or apply it from here."),
                );
                return effects;
            }
            None => {}
        }
        let Some(editor) = self.editor_mut() else { return effects };
        let said = match (editor.is_changed(), editor.is_secret) {
            (true, true) => Some((Tone::Warn, "Left; of a Secret no draft is kept.".to_owned())),
            (true, false) => {
                let of = &editor.draft.of;
                let text =
                    format!("Not applied; the draft of {of} is kept, and offered when it is edited again.");
                Some((Tone::Plain, text))
            }
            (false, _) => None,
        };
        effects.extend(self.pop());
        if let Some((tone, text)) = said {
            self.say(tone, text);
        }
        effects
    }

    /// Discards what is typed; asked for twice, when something is.
    pub(super) fn editor_discard(&mut self) -> Vec<Effect> {
        let key = self.key_of(Command::EditDiscard);
        let Some(editor) = self.editor_mut() else { return Vec::new() };
        if editor.is_changed() && !std::mem::replace(&mut editor.discards, true) {
            self.say(Tone::Warn, format!("{key} again discards what was typed here, for good."));
            return Vec::new();
        }
        let id = editor.draft.id.clone();
        let is_changed = editor.is_changed();
        let mut effects = self.forget_draft(&id);
        effects.extend(self.pop());
        if is_changed {
            self.say(Tone::Plain, "Discarded.");
        }
        effects
    }

    fn forget_draft(&mut self, id: &str) -> Vec<Effect> {
        self.drafts.retain(|draft| draft.id != id);
        vec![Effect::DropDraft(id.to_owned())]
    }

    /// What the person's own editor wrote.
    pub(in crate::app) fn on_edited_outside(&mut self, result: Result<String, Fault>) -> Vec<Effect> {
        let Some(editor) = self.editor_mut() else { return Vec::new() };
        match result {
            Ok(text) => editor.set_text(&text),
            Err(fault) => self.say(Tone::Bad, format!("{}. {}", fault.summary, fault.hint)),
        }
        self.editor_changed()
    }

    /// What comes of a change: something to say, a draft to keep, a schema to read.
    pub(super) fn editor_changed(&mut self) -> Vec<Effect> {
        let now = self.now;
        let Some(editor) = self.editor_mut() else { return Vec::new() };
        editor.absorb();
        let said = editor.said.take();
        let mut effects = Vec::new();
        if editor.is_new() {
            editor.check_if_due(false);
            let id = editor.draft.id.clone();
            let draft = editor.draft_now(now);
            let was_kept = std::mem::replace(&mut editor.is_kept, draft.is_some());
            match draft {
                Some(draft) => {
                    self.drafts.retain(|other| other.id != id);
                    self.drafts.insert(0, draft.clone());
                    effects.push(Effect::KeepDraft(Box::new(draft)));
                }
                None if was_kept => effects.extend(self.forget_draft(&id)),
                None => {}
            }
        }
        if let Some((tone, text)) = said {
            self.say(tone, text);
        }
        effects.extend(self.read_schemas());
        effects
    }
}
