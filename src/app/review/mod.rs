//! What changes would do, before and while they are made.

use crossterm::event::KeyEvent;

use super::effect::Effect;
use super::model::App;
use super::screen::Screen;
use crate::model::edit::{Change, Target};
use crate::model::name::ClusterName;

/// One change that is wished.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    /// Of what, and in which cluster.
    pub target: Target,
    /// What is wished of it.
    pub change: Change,
}

/// State of a review.
#[derive(Debug)]
pub struct Review {
    /// What is wished, never empty.
    pub wishes: Vec<Wish>,
}

impl Review {
    /// What is reviewed, for the crumbs.
    pub fn title(&self) -> String {
        "apply?".to_owned()
    }

    /// The cluster of the wish in front.
    pub fn cluster(&self) -> Option<&ClusterName> {
        self.wishes.first().map(|wish| &wish.target.cluster)
    }

    /// The lines below the review.
    pub fn explain(&self) -> [String; 2] {
        Default::default()
    }

    /// Makes what is drawn.
    pub fn settle(&mut self, _width: u16, _height: u16) {}
}

impl App {
    /// Shows what changes would do, on top of the screen they were made on: that stays below, with all that is typed,
    /// until the changes are made. `draft` is discarded then.
    pub(super) fn review(&mut self, wishes: Vec<Wish>, _draft: Option<String>) -> Vec<Effect> {
        self.stack.push(Screen::Review(Review { wishes }));
        Vec::new()
    }

    /// A key in a review.
    pub(super) fn review_key(&mut self, _key: KeyEvent) -> Vec<Effect> {
        Vec::new()
    }
}
