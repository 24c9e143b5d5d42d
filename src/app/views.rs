//! Views that are kept, and the screen as it stands: hold, dump, print.

mod go;
mod keep;
mod list;
#[cfg(test)]
mod tests;

use crossterm::event::KeyEvent;

use super::command::Command;
use super::effect::{Dump, Effect};
use super::model::App;
use super::screen::Screen;
use crate::model::clean::clean;
use crate::model::table::Tone;
use crate::model::view::{View, Views};

pub use list::{Front, List, NAME_LENGTH, Naming};

/// What is kept, as far as the app knows.
#[derive(Debug, Default)]
pub struct Kept {
    /// What is kept now.
    pub views: Views,
    /// What was in front when egret ended before this run.
    pub before: Option<View>,
    /// It was read.
    is_read: bool,
    /// The last view is gone to once it was read.
    wants_last: bool,
    /// What is gone to as soon as its object is told of, unless a key is pressed before.
    heading: Option<Heading>,
}

/// A view that is waited for.
#[derive(Debug)]
struct Heading {
    view: View,
    /// What it is called.
    name: String,
}

/// How the last screen is left on the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Print {
    /// As text.
    Text,
    /// As an SVG picture.
    Svg,
}

impl App {
    /// A command about the screen as a whole.
    pub(super) fn view_command(&mut self, command: Command, argument: &str) -> Vec<Effect> {
        let argument = argument.trim();
        match command {
            Command::Hold => self.hold(),
            Command::ScreenDump => self.dump(argument),
            Command::PrintAndQuit => self.print_and_quit(argument),
            Command::Bookmark => self.bookmark(argument),
            Command::Bookmarks => self.bookmarks(argument),
            _ => self.go_back_to_last(),
        }
    }

    /// Quits; what the person wished for every end is done too.
    pub(super) fn quit(&mut self) -> Vec<Effect> {
        self.print = self.print.or(self.settings.print_on_exit);
        vec![Effect::Quit]
    }

    fn print_and_quit(&mut self, form: &str) -> Vec<Effect> {
        let form = if form.is_empty() { "text" } else { form };
        let Ok(print) = form.parse() else {
            self.say(Tone::Warn, format!("print-and-quit: `{}` is no form: text or svg", clean(form)));
            return Vec::new();
        };
        self.print = Some(print);
        vec![Effect::Quit]
    }

    fn dump(&mut self, file: &str) -> Vec<Effect> {
        if file.is_empty() && (self.demo.is_some() || self.replay.is_some()) {
            let text = "screen-dump: the demo and a replay leave nothing behind unasked; \
                        `:screen-dump FILE` writes the screen to that file.";
            self.answer(Tone::Warn, text.to_owned());
            return Vec::new();
        }
        // Of which screen it is tells more than which number it has.
        let of = match (self.acting_on(), self.stack.first()) {
            (Some(s), _) => s.cluster.to_string(),
            (None, Some(Screen::Fleet(_))) => "fleet".to_owned(),
            (None, _) => self.root_kind().to_string(),
        };
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
        let of: String = of.chars().map(plain).take(60).collect();
        let at = self.now.strftime("%Y%m%dT%H%M%SZ");
        let file = (!file.is_empty()).then(|| file.to_owned());
        vec![Effect::Dump(Dump { file, name: format!("egret-{of}-{at}") })]
    }

    /// What is to be done at the end, however it came.
    pub fn leaving(&self) -> Vec<Effect> {
        if self.demo.is_some() || self.replay.is_some() {
            return Vec::new();
        }
        vec![Effect::KeepView(crate::model::view::ViewChange::Last(self.view_here()))]
    }

    /// Whether what is kept is still to be read from disk.
    pub(super) fn reads_views(&self) -> bool {
        !self.kept.is_read && self.demo.is_none() && self.replay.is_none()
    }

    /// A key while a view is being named, or one is chosen.
    pub(super) fn front_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        // Nobody sees what it would be about.
        if super::geometry::too_small(self.size) {
            return Vec::new();
        }
        match self.overlay {
            Some(super::overlay::Overlay::Views(Front::Naming(_))) => self.naming_key(key),
            Some(super::overlay::Overlay::Views(Front::List(_))) => self.list_key(key),
            Some(super::overlay::Overlay::Views(Front::NotOpen(_, _))) => self.not_open_key(key),
            _ => Vec::new(),
        }
    }
}
