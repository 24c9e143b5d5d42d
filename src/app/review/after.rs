//! What comes after a change was made, or was not: the next one, the draft, the way back, undo.

use super::keys::make_next;
use super::{Stage, Wish};
use crate::app::effect::{Effect, Ticket};
use crate::app::model::App;
use crate::app::screen::{Details, DetailsOf, Screen, Tab};
use crate::materialize::change::Made;
use crate::model::edit::diff::visible;
use crate::model::edit::{Change, Path};
use crate::model::fault::{Fault, Reason};
use crate::model::table::Tone;
use crate::model::yaml;

/// Changes of this run that are remembered.
const REMEMBERED: usize = 100;

impl App {
    /// A change is made, or has failed. Whether anybody still looks at it makes no difference to it.
    pub(in crate::app) fn on_made(&mut self, ticket: Ticket, made: Result<Made, Fault>) -> Vec<Effect> {
        if let Ok(made) = made.as_ref()
            && made.can_be_undone()
        {
            self.past.push(made.clone());
            let over = self.past.len().saturating_sub(REMEMBERED);
            self.past.drain(..over);
        }
        let Some((review, at)) = self.review_of(ticket) else {
            match made {
                Ok(made) => self.say(Tone::Good, made.said),
                Err(fault) => self.say(Tone::Bad, format!("{}. {}", fault.summary, fault.hint)),
            }
            return Vec::new();
        };
        let item = &mut review.items[at];
        let Stage::Making(checked) = item.stage.clone() else { return Vec::new() };
        match made {
            Ok(made) => item.stage = Stage::Made(Box::new(made)),
            // It changed once more since it was checked: what it would do now is found out anew.
            Err(fault)
                if fault.reason == Reason::Conflict && matches!(checked.change, Change::Edit { .. }) =>
            {
                item.wish.change = checked.change.clone();
                item.stage = Stage::Checking;
                let check = Effect::Check(item.ticket, item.wish.clone());
                unqueue(review);
                return vec![check];
            }
            Err(fault) => {
                item.stage = Stage::Failed(checked, fault);
                review.at = at;
                if review.stops {
                    unqueue(review);
                }
            }
        }
        let mut effects = make_next(review);
        if review.is_over() {
            effects.extend(self.over(ticket));
        }
        effects
    }

    /// All is made: the draft has served, and the way back leads past where it was typed.
    fn over(&mut self, ticket: Ticket) -> Vec<Effect> {
        let Some((review, _)) = self.review_of(ticket) else { return Vec::new() };
        let draft = review.draft.take();
        let made: Vec<&Made> = review
            .items
            .iter()
            .filter_map(|item| match &item.stage {
                Stage::Made(made) => Some(&**made),
                _ => None,
            })
            .collect();
        let undone = made.iter().any(|made| made.can_be_undone());
        let said: Vec<String> = made.iter().map(|made| made.said.clone()).collect();
        let follows = review.items.len() == 1 && review.items[0].follows();
        let mut effects = Vec::new();
        if let Some(id) = draft {
            self.drafts.retain(|draft| draft.id != id);
            effects.push(Effect::DropDraft(id.clone()));
            self.stack.retain(|screen| match screen {
                Screen::Editor(editor) => editor.draft.id != id,
                Screen::Form(form) => form.draft.id != id,
                _ => true,
            });
        }
        let text = match said.as_slice() {
            [] => String::new(),
            [one] if !undone => one.clone(),
            many if !undone => format!("{} changes are made.", many.len()),
            [one] => format!("{one} {} undoes it.", self.key_of(crate::app::Command::Undo)),
            many => format!(
                "{} changes are made. {} undoes the last.",
                many.len(),
                self.key_of(crate::app::Command::Undo)
            ),
        };
        if said.len() > 1 {
            // They have served: the next change must not be about them unasked.
            self.clear_marks();
        }
        // One gateway is followed until it runs; of everything else there is no more to see.
        if !follows && matches!(self.screen(), Screen::Review(_)) {
            self.stack.pop();
            self.refresh();
            effects.extend(self.open_what_is_needed());
        }
        self.say(Tone::Good, text);
        effects
    }

    fn clear_marks(&mut self) {
        for screen in &mut self.stack {
            match screen {
                Screen::Table(table) => table.marked.clear(),
                Screen::Details(details) => details.pods.marked.clear(),
                _ => {}
            }
        }
    }

    /// Leaves a review whose changes are made.
    pub(super) fn leave_made(&mut self) -> Vec<Effect> {
        self.stack.pop();
        self.refresh();
        self.open_what_is_needed()
    }

    /// Goes to the gateway that was made or changed.
    pub(super) fn go_to_made(&mut self) -> Vec<Effect> {
        let Screen::Review(review) = self.screen() else { return Vec::new() };
        let target = review.item().map(|item| item.wish.target.clone());
        let id = target.and_then(|target| {
            let rows = self.made_rows(&target);
            rows.first().map(|row| row.id.clone())
        });
        self.stack.pop();
        let Some(id) = id else {
            self.refresh();
            return self.open_what_is_needed();
        };
        let is_open = matches!(self.screen(), Screen::Details(Details { of: DetailsOf::Gateway(open), .. }) if *open == id);
        if !is_open {
            self.stack.push(Screen::Details(Details::new(DetailsOf::Gateway(id), Tab::Overview)));
        }
        self.refresh();
        self.open_what_is_needed()
    }

    /// What was refused is shown at its fields, where it was typed.
    pub(super) fn refused_below(&mut self, ticket: Ticket, fields: Vec<(Path, String)>) {
        let Some((review, at)) = self.review_of(ticket) else { return };
        let draft = review.draft.clone();
        for screen in &mut self.stack {
            match screen {
                Screen::Editor(editor) if Some(&editor.draft.id) == draft.as_ref() => {
                    editor.server_problems(at, fields.clone());
                }
                Screen::Form(form) if Some(&form.draft.id) == draft.as_ref() => {
                    form.server_problems(fields.clone());
                }
                _ => {}
            }
        }
    }

    /// What was merged stands in the editor too: whoever goes back to it goes on from there.
    pub(super) fn rebase_below(&mut self, wish: &Wish) {
        let Change::Edit { before, after } = &wish.change else { return };
        let Screen::Review(review) = self.screen() else { return };
        let draft = review.draft.clone();
        for screen in &mut self.stack {
            match screen {
                Screen::Editor(editor) if Some(&editor.draft.id) == draft.as_ref() => {
                    if let Ok(text) = yaml::to_yaml(&visible(after), false) {
                        editor.rebase(before.clone(), &text);
                    }
                }
                Screen::Form(form) if Some(&form.draft.id) == draft.as_ref() => form.rebase(before, after),
                _ => {}
            }
        }
    }
}

/// What was not begun waits for another yes.
fn unqueue(review: &mut super::Review) {
    for item in &mut review.items {
        if let Stage::Queued(checked) = &item.stage {
            item.stage = Stage::Asking(checked.clone());
        }
    }
}
