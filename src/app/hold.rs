//! The screen that stands still while data goes on behind it. No key acts on rows that are not what is shown: one that
//! would lets the screen go on, and does nothing else.

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::command::Command;
use super::effect::Effect;
use super::model::{App, Notice};
use super::screen::{Screen, Tab};
use crate::model::columns::clock;
use crate::model::table::Tone;

/// A screen that stands.
#[derive(Clone, Debug)]
pub struct Held {
    /// Since when.
    pub since: Timestamp,
    /// The answer to a key that works while it stands.
    pub said: Option<Notice>,
    /// What the name of the selected row is, as it is shown.
    name: Option<String>,
    /// How often clusters told of changes since.
    news: u32,
}

/// What works on a screen that stands: it is about what is shown, or ends it.
fn works(command: Command) -> bool {
    use Command as C;
    matches!(command, C::Hold | C::ScreenDump | C::PrintAndQuit | C::Quit | C::Redraw | C::CopyName)
}

impl App {
    /// Lets the screen stand.
    pub(super) fn hold(&mut self) -> Vec<Effect> {
        let name = match self.screen() {
            Screen::Details(details) if details.tab != Tab::Pods => Some(details.of.name().to_owned()),
            _ => self.active_table().and_then(|t| t.item()).map(|item| item.id().name.to_string()),
        };
        self.held = Some(Held { since: self.now, said: None, name, news: 0 });
        Vec::new()
    }

    /// What the header says of a screen that stands.
    pub fn held_words(&self) -> Option<String> {
        self.held.as_ref().map(|held| format!("HELD since {}", clock(held.since)))
    }

    /// A cluster told of a change: nobody sees it yet.
    pub(super) fn behind(&mut self) {
        if let Some(held) = &mut self.held {
            held.news += 1;
        }
    }

    /// Shows everything as it is now.
    pub(super) fn thaw(&mut self, why: &str) {
        let Some(held) = self.held.take() else { return };
        let news = match held.news {
            0 => "no cluster told of a change".to_owned(),
            1 => "clusters told of a change once".to_owned(),
            n => format!("clusters told of changes {n} times"),
        };
        self.say(Tone::Plain, format!("{why} It stood since {}; {news} meanwhile.", clock(held.since)));
    }

    /// A key while the screen stands.
    pub(super) fn held_key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if let Some(held) = &mut self.held {
            held.said = None;
        }
        let command = self.press(self.focus(), key);
        if command.is_none() && self.is_begun() {
            let on = self.keymap.continuations(self.focus(), &self.pressed);
            if !on.iter().any(|(_, command)| works(*command)) {
                // What follows belongs to it, and must not be a key of its own.
                self.thaw("The screen goes on.");
            }
            return Vec::new();
        }
        self.pressed.clear();
        let name = self.held.as_ref().and_then(|held| held.name.clone());
        match (command, name) {
            (Some(Command::Hold), _) => self.thaw("The screen goes on."),
            (Some(Command::CopyName), Some(name)) => return vec![Effect::Copy(name)],
            (Some(command), _) if works(command) && command != Command::CopyName => {
                return self.run(command, "");
            }
            _ => self.thaw("The screen goes on; the key did nothing else."),
        }
        Vec::new()
    }

    /// The answer to a key: said on a screen that stands too.
    pub(super) fn answer(&mut self, tone: Tone, text: String) {
        self.say(tone, text);
        if let Some(held) = &mut self.held {
            held.said.clone_from(&self.notice);
        }
    }
}
