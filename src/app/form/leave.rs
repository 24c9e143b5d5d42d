//! What comes of a form outside it: the look at its cluster, the review, the draft.

use super::field::Step;
use crate::app::command::Command;
use crate::app::editor::Editor;
use crate::app::effect::{Effect, Ticket};
use crate::app::model::App;
use crate::app::review::Wish;
use crate::app::screen::Screen;
use crate::model::clean::clean;
use crate::model::edit::{Change, Target};
use crate::model::knowledge::Knowledge;
use crate::model::snapshot::Link;
use crate::model::table::Tone;

impl App {
    /// Looks at the cluster of the form in front, where that was not done yet: not while its namespace is being typed.
    pub(in crate::app) fn learn(&mut self) -> Vec<Effect> {
        let Some(form) = self.form() else { return Vec::new() };
        let namespace = form.object["metadata"]["namespace"].as_str().unwrap_or_default().to_owned();
        let wanted = Some((form.cluster.clone(), namespace));
        let typed = form.spot.row().path_text() == "metadata.namespace" && form.typing;
        let answers = self.cluster(&form.cluster).is_some_and(|s| matches!(s.link, Link::Ready));
        if !answers || typed || form.learned == wanted && form.learning != Ticket::NONE {
            return Vec::new();
        }
        let ticket = self.ticket();
        let Some(form) = self.form_mut() else { return Vec::new() };
        let before = std::mem::replace(&mut form.learning, ticket);
        if form.learned.as_ref().map(|(cluster, _)| cluster) != wanted.as_ref().map(|(cluster, _)| cluster) {
            form.knowledge = None;
        }
        form.learned = wanted.clone();
        let closed = (before != Ticket::NONE).then_some(Effect::Close(before));
        let asked = wanted.map(|(cluster, namespace)| Effect::Learn(ticket, cluster, namespace));
        closed.into_iter().chain(asked).collect()
    }

    /// What a cluster has to choose from is there.
    pub(in crate::app) fn on_learned(&mut self, ticket: Ticket, knowledge: Knowledge) {
        let forms = self.stack.iter_mut().filter_map(|screen| match screen {
            Screen::Form(form) => Some(form),
            _ => None,
        });
        for form in forms.filter(|form| form.learning == ticket) {
            form.knowledge = Some(knowledge.clone());
            form.judge();
        }
    }

    /// Has what is filled in reviewed: what the server would make of it is shown before anything is.
    pub(super) fn accept_form(&mut self) -> Vec<Effect> {
        let Some(form) = self.form_mut() else { return Vec::new() };
        let blocks: Vec<_> = form.blocks().into_iter().cloned().collect();
        if let Some(first) = blocks.first() {
            let more = match blocks.len() {
                1 => String::new(),
                n => format!(" {} more on the last step.", n - 1),
            };
            let text = format!("First: {}: {}{more}", first.problem.path, first.sentence());
            match first.spot {
                Some(spot) if blocks.len() == 1 || !form.has_steps() => form.go_to(spot),
                _ => form.show_step(Step::Review, false),
            }
            self.say(Tone::Bad, text);
            return Vec::new();
        }
        let holding = form.known.of(&form.cluster);
        if form.draft.before.is_none() && holding.is_some_and(|h| h.absent) {
            let text = format!(
                "{} does not know IstioGateway: nothing can be made there before its CRD is installed. esc keeps this as a \
                 draft.",
                form.cluster
            );
            self.say(Tone::Bad, text);
            return Vec::new();
        }
        let target = Target::of(&form.cluster, form.draft.before.as_ref().unwrap_or(&form.object));
        let object = form.object.clone();
        let change = match form.draft.before.clone() {
            Some(before) if before == object => {
                self.say(Tone::Muted, "Nothing is changed yet.");
                return Vec::new();
            }
            Some(before) => Change::Edit { before, after: object },
            None => Change::Create { object },
        };
        let id = form.draft.id.clone();
        self.review(vec![Wish { target, change }], Some(id))
    }

    /// Goes on as YAML. What is typed and no value would be lost there, so it is mended first.
    pub(super) fn form_as_yaml(&mut self) -> Vec<Effect> {
        let Some(form) = self.form_mut() else { return Vec::new() };
        if let Some((spot, pending)) = form.pending.first_key_value() {
            let text = format!(
                "{}: {}. The manifest does not have it: mend it first.",
                spot.row().label(),
                pending.why
            );
            let spot = *spot;
            form.go_to(spot);
            self.say(Tone::Warn, text);
            return Vec::new();
        }
        // The form stays below, and takes what is written when the editor is left.
        let draft = form.draft.clone();
        self.open_editor(Editor::of_draft(draft))
    }

    /// What was written in the editor above a form of the same draft; why the form cannot take it.
    pub(in crate::app) fn back_to_form(&mut self) -> Option<Result<(), String>> {
        let [.., Screen::Form(form), Screen::Editor(editor)] = self.stack.as_mut_slice() else { return None };
        if form.draft.id != editor.draft.id {
            return None;
        }
        Some(form.take_text(&editor.text()))
    }

    /// Leaves the form; the draft stays.
    pub(super) fn leave_form(&mut self) -> Vec<Effect> {
        let Some(form) = self.form() else { return Vec::new() };
        let kept = form.touched.then(|| form.draft.of.clone());
        let lost = form.pending.len();
        let effects = self.pop();
        if let Some(of) = kept {
            let lost = match lost {
                0 => String::new(),
                n => format!(" But for {n} texts that were no values of their fields."),
            };
            let of = clean(of.trim_end_matches('/')).into_owned();
            self.say(Tone::Plain, format!("What was typed is kept as a draft: {of}.{lost}"));
        }
        effects
    }

    /// Leaves the form and the draft goes, once that is said twice.
    pub(super) fn discard_form(&mut self) -> Vec<Effect> {
        let key = self.key_of(Command::DiscardForm);
        let Some(form) = self.form_mut() else { return Vec::new() };
        if form.touched && !form.discarding {
            form.discarding = true;
            self.say(Tone::Warn, format!("{key} again discards what was typed here. Any other key goes on."));
            return Vec::new();
        }
        let dropped = form.touched.then(|| form.draft.id.clone());
        let mut effects = self.pop();
        if let Some(id) = dropped {
            self.drafts.retain(|draft| draft.id != id);
            effects.push(Effect::DropDraft(id));
            self.say(Tone::Plain, "Discarded.");
        }
        effects
    }
}
