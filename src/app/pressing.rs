//! Keys that are pressed one after the other, and what they may go on with.

use crossterm::event::KeyEvent;

use super::command::{Command, Scope, Spec};
use super::keymap::{Chord, Meaning};
use super::model::App;
use crate::model::table::Tone;

impl App {
    /// The command that a key means where `focus` is active, with the keys before it that were the beginning of something.
    /// `None`: nothing, or not yet.
    pub(super) fn press(&mut self, focus: &[Scope], key: KeyEvent) -> Option<Command> {
        let chord = Chord::from(key);
        let is_first = self.pressed.is_empty();
        self.pressed.push(chord);
        match self.keymap.meaning(focus, &self.pressed) {
            Meaning::Command(command) => {
                self.pressed.clear();
                Some(command)
            }
            Meaning::Begun => None,
            Meaning::Nothing => {
                let pressed = std::mem::take(&mut self.pressed);
                // `esc` takes the beginning back, and nothing else.
                if !is_first && chord.to_string() != "esc" {
                    let keys: Vec<String> = pressed.iter().map(ToString::to_string).collect();
                    self.say(Tone::Muted, format!("`{}` means nothing here.", keys.join(" ")));
                }
                None
            }
        }
    }

    /// The same where letters are typed: there a letter begins nothing.
    pub(super) fn press_among_letters(&mut self, focus: &[Scope], key: KeyEvent) -> Option<Command> {
        if self.pressed.is_empty() && Chord::from(key).is_letter() {
            return self.keymap.resolve(focus, key);
        }
        self.press(focus, key)
    }

    /// Whether keys were pressed that begin something.
    pub(super) fn is_begun(&self) -> bool {
        !self.pressed.is_empty()
    }

    /// What was pressed, and how it may go on here; `None` when nothing is begun.
    pub fn begun(&self) -> Option<(String, Vec<(String, &'static Spec)>)> {
        if self.pressed.is_empty() {
            return None;
        }
        let keys: Vec<String> = self.pressed.iter().map(ToString::to_string).collect();
        let here = |command: &Command| {
            (self.demo.is_some() || !command.is_for_demo())
                && (self.replay.is_some() || !command.is_for_replay())
        };
        let mut on: Vec<(String, &'static Spec)> = self
            .keymap
            .continuations(self.focus(), &self.pressed)
            .into_iter()
            .filter(|(_, command)| here(command))
            .map(|(keys, command)| (keys.to_string(), command.spec()))
            .collect();
        on.sort_by_key(|(keys, _)| (keys.to_lowercase(), keys.clone()));
        Some((keys.join(" "), on))
    }
}
