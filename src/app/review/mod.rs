//! What changes would do, before and while they are made: on top of the screen they were made on, which stays below with
//! all that is typed until they are.
//!
//! One review holds one change, or the same change of several objects: each is checked, shown and made for itself.

mod after;
mod clashes;
mod keys;
#[cfg(test)]
mod tests;
mod text;
pub(in crate::app) mod traffic;

use std::sync::Arc;

use super::effect::{Effect, Ticket};
use super::model::App;
use super::paint::Line;
use super::screen::Screen;
use super::text::Input;
use crate::materialize::change::{Checked, Made, Refusal};
use crate::model::edit::merge::Side;
use crate::model::edit::{Change, Target};
use crate::model::fault::Fault;
use crate::model::name::ClusterName;

/// One change that is wished.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Of what, and in which cluster.
    pub target: Target,
    /// What is wished of it.
    pub change: Change,
}

/// One change under review.
#[derive(Debug)]
pub struct Item {
    /// Joins what was asked with its answers.
    pub ticket: Ticket,
    /// What is wished.
    pub wish: Wish,
    /// How far it is.
    pub stage: Stage,
}

/// How far a change is.
#[derive(Clone, Debug)]
pub enum Stage {
    /// What it would do is being found out.
    Checking,
    /// It cannot be made as it is, or what it would do cannot be found out.
    Refused(Refusal),
    /// Others changed the same: each clash is to be chosen.
    Choosing(Arc<Checked>, Vec<Option<Side>>, usize),
    /// It waits for a yes.
    Asking(Arc<Checked>),
    /// The yes is there, and others come first.
    Queued(Arc<Checked>),
    /// It is being made.
    Making(Arc<Checked>),
    /// It was tried, and failed: it may be tried again.
    Failed(Arc<Checked>, Fault),
    /// It is made.
    Made(Box<Made>),
}

impl Stage {
    /// In a word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Checking => "being checked",
            Self::Refused(_) => "refused",
            Self::Choosing(..) => "to be chosen",
            Self::Asking(checked) if checked.is_idle() => "changes nothing",
            Self::Asking(_) => "ready",
            Self::Queued(_) => "next",
            Self::Making(_) => "being made",
            Self::Failed(..) => "failed",
            Self::Made(_) => "done",
        }
    }

    fn checked(&self) -> Option<&Arc<Checked>> {
        match self {
            Self::Choosing(checked, ..)
            | Self::Asking(checked)
            | Self::Queued(checked)
            | Self::Making(checked)
            | Self::Failed(checked, _) => Some(checked),
            Self::Checking | Self::Refused(_) | Self::Made(_) => None,
        }
    }
}

/// State of a review.
#[derive(Debug)]
pub struct Review {
    /// The changes, never none.
    pub items: Vec<Item>,
    /// The one in front.
    pub at: usize,
    /// The draft that is discarded once all is made.
    pub draft: Option<String>,
    /// Whether the others are left alone once one has failed.
    pub stops: bool,
    /// Pods are deleted to be made again by whoever owns them.
    pub restarts: bool,
    /// What is being typed, where something must be.
    pub input: Input,
    /// What was typed is another word than the one asked for.
    pub mistyped: bool,
    /// First shown line.
    pub offset: usize,
    /// What to paint.
    pub lines: Vec<Line>,
    /// Lines that fit.
    pub height: usize,
}

impl Review {
    /// What is reviewed, for the crumbs.
    pub fn title(&self) -> String {
        let verb = match self.items.first().map(|item| &item.wish.change) {
            Some(Change::Create { .. }) => "create",
            Some(Change::Delete { .. }) if self.restarts => "restart",
            Some(Change::Delete { .. }) => "delete",
            _ => "apply",
        };
        match self.items.as_slice() {
            [one] => format!("{verb} {}?", one.wish.target.name),
            many => format!("{verb} {}?", many.len()),
        }
    }

    /// The cluster of the change in front.
    pub fn cluster(&self) -> Option<&ClusterName> {
        self.item().map(|item| &item.wish.target.cluster)
    }

    /// What is wished.
    pub fn wishes(&self) -> Vec<Wish> {
        self.items.iter().map(|item| item.wish.clone()).collect()
    }

    /// The change in front.
    pub fn item(&self) -> Option<&Item> {
        self.items.get(self.at)
    }

    /// Whether both sides of something are to be chosen from.
    pub fn chooses(&self) -> bool {
        self.item().is_some_and(|item| matches!(item.stage, Stage::Choosing(..)))
    }

    /// Whether a yes would count now: all are ready, or failed and may be tried again.
    pub fn waits(&self) -> bool {
        let ready = |item: &Item| match &item.stage {
            Stage::Asking(_) | Stage::Failed(..) | Stage::Made(_) => true,
            // What cannot be made is left out where a failure stops nothing.
            Stage::Refused(_) => !self.stops,
            _ => false,
        };
        self.items.iter().all(ready) && self.open().next().is_some()
    }

    /// Those that a yes would make.
    pub fn open(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| match &item.stage {
            Stage::Asking(checked) => !checked.is_idle(),
            Stage::Failed(..) => true,
            _ => false,
        })
    }

    /// Whether nothing is left to be done.
    pub fn is_over(&self) -> bool {
        self.items.iter().all(|item| match &item.stage {
            Stage::Made(_) => true,
            Stage::Asking(checked) => checked.is_idle(),
            _ => false,
        })
    }

    /// Whether something is being made: it is not broken off.
    pub fn is_making(&self) -> bool {
        self.items.iter().any(|item| matches!(item.stage, Stage::Making(_) | Stage::Queued(_)))
    }

    /// Makes what is drawn fit.
    pub fn settle(&mut self, _width: u16, height: u16) {
        // The last line is for the answer.
        self.height = usize::from(height.saturating_sub(2)).max(1);
        self.offset = self.offset.min(self.last_offset());
    }

    /// The furthest that it makes sense to scroll.
    pub fn last_offset(&self) -> usize {
        self.lines.len().saturating_sub(self.height)
    }
}

impl App {
    /// Shows what changes would do, on top of the screen they were made on: that stays below, with all that is typed,
    /// until the changes are made. `draft` is discarded then.
    pub(super) fn review(&mut self, wishes: Vec<Wish>, draft: Option<String>) -> Vec<Effect> {
        if let Some(why) = wishes.iter().find_map(|wish| self.may_not_write(&wish.target.cluster)) {
            self.say(crate::model::table::Tone::Warn, why);
            return Vec::new();
        }
        if wishes.is_empty() {
            return Vec::new();
        }
        let items =
            wishes.into_iter().map(|wish| Item { ticket: self.ticket(), wish, stage: Stage::Checking });
        let items: Vec<Item> = items.collect();
        let effects = items.iter().map(|item| Effect::Check(item.ticket, item.wish.clone())).collect();
        self.stack.push(Screen::Review(Review {
            items,
            at: 0,
            draft,
            stops: true,
            restarts: false,
            input: Input::default(),
            mistyped: false,
            offset: 0,
            lines: Vec::new(),
            height: 1,
        }));
        effects
    }

    fn may_not_write(&self, cluster: &ClusterName) -> Option<String> {
        self.is_read_only(cluster).then(|| format!("{cluster} is read-only here: nothing can be applied."))
    }

    fn review_of(&mut self, ticket: Ticket) -> Option<(&mut Review, usize)> {
        self.stack.iter_mut().rev().find_map(|screen| match screen {
            Screen::Review(review) => {
                let at = review.items.iter().position(|item| item.ticket == ticket)?;
                Some((review, at))
            }
            _ => None,
        })
    }

    /// What a change would do, or why it cannot be made.
    pub(super) fn on_checked(
        &mut self,
        ticket: Ticket,
        checked: Result<Arc<Checked>, Refusal>,
    ) -> Vec<Effect> {
        let restarts = self.review_of(ticket).is_some_and(|(review, _)| review.restarts);
        let checked = match checked {
            Ok(checked) if restarts => Ok(Arc::new(self.as_restart((*checked).clone()))),
            checked => checked,
        };
        let Some((review, at)) = self.review_of(ticket) else { return Vec::new() };
        let stage = &mut review.items[at].stage;
        if !matches!(stage, Stage::Checking) {
            return Vec::new();
        }
        *stage = match checked {
            Err(refusal) => Stage::Refused(refusal),
            Ok(checked) => match checked.clashing.as_ref().map(|merged| merged.clashes.len()) {
                Some(clashes) => Stage::Choosing(checked, vec![None; clashes], 0),
                None => Stage::Asking(checked),
            },
        };
        let refused = match stage {
            Stage::Refused(refusal) => refusal.fields.clone(),
            _ => Vec::new(),
        };
        review.offset = 0;
        // The first that needs a person comes to the front.
        let needs = |item: &Item| matches!(item.stage, Stage::Refused(_) | Stage::Choosing(..));
        if let Some(first) = review.items.iter().position(needs) {
            review.at = first;
        }
        if !refused.is_empty() {
            self.refused_below(ticket, refused);
        }
        Vec::new()
    }
}
