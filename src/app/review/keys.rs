//! Keys of a review, and what comes of a yes.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Review, Stage, Wish};
use crate::app::command::{Command, Scope};
use crate::app::effect::Effect;
use crate::app::geometry;
use crate::app::model::App;
use crate::app::screen::Screen;
use crate::materialize::change::Checked;
use crate::model::edit::Change;
use crate::model::edit::merge::Side;

impl App {
    fn front(&mut self) -> Option<&mut Review> {
        match self.screen_mut() {
            Screen::Review(review) => Some(review),
            _ => None,
        }
    }

    /// What has to be typed to have the changes of a review made; `None`: `y` is enough.
    pub fn typed_for(&self, review: &Review) -> Option<String> {
        let grave = review.open().any(|item| {
            let checked = item.stage.checked();
            checked.is_some_and(|checked| !checked.grave.is_empty())
                || self.is_production(&item.wish.target.cluster)
                || (review.restarts && self.restart_is_grave(&item.wish.target))
        });
        match review.open().count() {
            _ if !grave => None,
            1 => review.open().next().map(|item| item.wish.target.name.clone()),
            many => Some(many.to_string()),
        }
    }

    /// A key in a review.
    pub(in crate::app) fn review_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Screen::Review(review) = self.screen() else { return Vec::new() };
        let types = review.waits() && self.typed_for(review).is_some();
        let focus = &[Scope::Review, Scope::Motion, Scope::Global];
        // What follows a beginning is a part of it, and no answer.
        let was_begun = self.is_begun();
        // Letters that are typed begin nothing.
        let command = if types { self.keymap.resolve(focus, key) } else { self.press(focus, key) };
        let Screen::Review(review) = self.screen() else { return Vec::new() };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let letter = matches!(key.code, KeyCode::Char(_)) && !control;
        // A wrong word is taken away as in a shell.
        let erases =
            key.code == KeyCode::Backspace || control && matches!(key.code, KeyCode::Char('u' | 'w'));
        match key.code {
            _ if was_begun => {}
            KeyCode::Enter if types => return self.say_yes_to_review(),
            _ if types && (letter || erases) => {
                if let Some(review) = self.front() {
                    review.mistyped = false;
                    review.input.key(key);
                }
                return Vec::new();
            }
            KeyCode::Char('y') if letter && review.waits() => return self.say_yes_to_review(),
            KeyCode::Char('n') if letter && review.waits() => return self.leave_review(),
            KeyCode::Enter => return self.enter_in_review(),
            _ => {}
        }
        match command {
            Some(Command::Back) => self.leave_review(),
            Some(command) if stands_apart(command) => self.run(command, ""),
            Some(command) => {
                self.in_review(command);
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// Text that was pasted where a word is asked for.
    pub(in crate::app) fn review_paste(&mut self, text: &str) {
        let Screen::Review(review) = self.screen() else { return };
        if review.waits()
            && self.typed_for(review).is_some()
            && let Some(review) = self.front()
        {
            review.input.paste(text);
        }
    }

    pub(in crate::app) fn in_review(&mut self, command: Command) {
        use Command as C;
        let Some(review) = self.front() else { return };
        let (last, page, count) = (review.last_offset(), review.height.max(1), review.items.len());
        let at = review.at;
        if let Stage::Choosing(checked, chosen, cursor) = &mut review.items[at].stage {
            let clashes = checked.clashing.as_ref().map_or(0, |merged| merged.clashes.len());
            match command {
                C::Up => *cursor = cursor.saturating_sub(1),
                C::Down => *cursor = (*cursor + 1).min(clashes.saturating_sub(1)),
                C::Mine | C::Left => choose(chosen, cursor, Side::Mine),
                C::Theirs | C::Right => choose(chosen, cursor, Side::Theirs),
                _ => {}
            }
            if matches!(command, C::Up | C::Down | C::Mine | C::Theirs | C::Left | C::Right) {
                return;
            }
        }
        match command {
            C::Up => review.offset = review.offset.saturating_sub(1),
            C::Down => review.offset = (review.offset + 1).min(last),
            C::PageUp => review.offset = review.offset.saturating_sub(page),
            C::PageDown => review.offset = (review.offset + page).min(last),
            C::Top => review.offset = 0,
            C::Bottom => review.offset = last,
            C::NextChange => (review.at, review.offset) = ((review.at + 1) % count, 0),
            C::PreviousChange => (review.at, review.offset) = ((review.at + count - 1) % count, 0),
            C::StopAtFailure => review.stops = !review.stops,
            _ => {}
        }
    }

    /// Enter: what was chosen counts; what is over is left towards what was made.
    fn enter_in_review(&mut self) -> Vec<Effect> {
        let Some(review) = self.front() else { return Vec::new() };
        if review.is_over() {
            return self.go_to_made();
        }
        let at = review.at;
        let item = &mut review.items[at];
        let Stage::Choosing(checked, chosen, _) = &item.stage else { return Vec::new() };
        let (Some(merged), Some(sides)) =
            (&checked.clashing, chosen.iter().copied().collect::<Option<Vec<Side>>>())
        else {
            return Vec::new();
        };
        let mut merged = (**merged).clone();
        sides.into_iter().enumerate().for_each(|(clash, side)| merged.choose(clash, side));
        let Change::Edit { before, .. } = &checked.change else { return Vec::new() };
        let change = Change::Edit { before: before.clone(), after: merged.value };
        let wish = Wish { target: item.wish.target.clone(), change };
        // The text that is being edited follows: an edit that goes on begins from what the object is now.
        item.wish = wish.clone();
        item.stage = Stage::Checking;
        let ticket = item.ticket;
        self.rebase_below(&wish);
        vec![Effect::Check(ticket, wish)]
    }

    /// A yes: nobody says it to what they cannot read, nor to what became read-only meanwhile.
    fn say_yes_to_review(&mut self) -> Vec<Effect> {
        let Screen::Review(review) = self.screen() else { return Vec::new() };
        if geometry::too_small(self.size) || !review.waits() {
            return Vec::new();
        }
        let word = self.typed_for(review);
        if word.is_some_and(|word| review.input.text().trim() != word) {
            if let Some(review) = self.front() {
                review.mistyped = true;
            }
            return Vec::new();
        }
        let clusters: Vec<_> = review.open().map(|item| item.wish.target.cluster.clone()).collect();
        if let Some(why) = clusters.iter().find_map(|cluster| self.may_not_write(cluster)) {
            self.say(crate::model::table::Tone::Warn, why);
            return Vec::new();
        }
        let Some(review) = self.front() else { return Vec::new() };
        for item in &mut review.items {
            item.stage = match std::mem::replace(&mut item.stage, Stage::Checking) {
                Stage::Asking(checked) if !checked.is_idle() => Stage::Queued(checked),
                Stage::Failed(checked, _) => Stage::Queued(checked),
                other => other,
            };
        }
        review.input = Default::default();
        review.offset = 0;
        self.make_next()
    }

    /// Has the next change of the review in front made: one after the other.
    pub(super) fn make_next(&mut self) -> Vec<Effect> {
        let Some(review) = self.front() else { return Vec::new() };
        make_next(review)
    }

    /// Leaves a review: what is being made goes on and is told; nothing typed is lost.
    fn leave_review(&mut self) -> Vec<Effect> {
        let Screen::Review(review) = self.screen() else { return Vec::new() };
        if review.is_making() {
            self.say(crate::model::table::Tone::Warn, "It is being made: wait for what becomes of it.");
            return Vec::new();
        }
        if review.is_over() && review.items.iter().any(|item| matches!(item.stage, Stage::Made(_))) {
            return self.leave_made();
        }
        self.stack.pop();
        self.refresh();
        self.open_what_is_needed()
    }
}

/// Chooses a side, and goes on to the next that is not chosen.
fn choose(chosen: &mut [Option<Side>], cursor: &mut usize, side: Side) {
    if let Some(choice) = chosen.get_mut(*cursor) {
        *choice = Some(side);
    }
    let rest = (0..chosen.len()).map(|n| (*cursor + n) % chosen.len());
    let open = rest.into_iter().find(|at| chosen[*at].is_none());
    *cursor = open.unwrap_or(*cursor);
}

/// Begins the first that is queued, unless one is being made.
pub(super) fn make_next(review: &mut Review) -> Vec<Effect> {
    if review.items.iter().any(|item| matches!(item.stage, Stage::Making(_))) {
        return Vec::new();
    }
    let next = review.items.iter_mut().enumerate().find(|(_, item)| matches!(item.stage, Stage::Queued(_)));
    let Some((at, item)) = next else { return Vec::new() };
    let Some(checked): Option<Arc<Checked>> = item.stage.checked().cloned() else { return Vec::new() };
    item.stage = Stage::Making(checked.clone());
    let ticket = item.ticket;
    review.at = at;
    vec![Effect::Make(ticket, checked)]
}

/// What can be done in front of a review without leaving it: it changes nothing there.
fn stands_apart(command: Command) -> bool {
    use Command as C;
    matches!(
        command,
        C::Quit
            | C::Help
            | C::Redraw
            | C::Retry
            | C::Hold
            | C::ScreenDump
            | C::PrintAndQuit
            | C::Notices
            | C::PortForwards
            | C::Mouse
            | C::Theme
    )
}
