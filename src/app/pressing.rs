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

#[cfg(test)]
mod tests {
    use super::super::{Msg, Settings, update};
    use super::*;
    use crate::app::keymap::Keymap;
    use crate::app::overlay::Overlay;
    use crate::model::table::TableKind;

    fn app() -> App {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        App::new(Settings::default(), Keymap::default(), vec!["prod-eu".into()], TableKind::Gateways, now)
    }

    fn press(app: &mut App, keys: &str) {
        for key in keys.split(' ') {
            let chord: Chord = key.parse().unwrap();
            drop(update(app, Msg::Key(chord.into())));
        }
    }

    fn said(app: &App) -> &str {
        app.notice.as_ref().map_or("", |notice| &notice.text)
    }

    #[test]
    fn the_first_key_tells_how_it_may_go_on_and_the_last_carries_it_out() {
        let mut app = app();
        press(&mut app, "z");
        let (begun, on) = app.begun().unwrap();
        let on: Vec<String> = on.iter().map(|(keys, spec)| format!("{keys} {}", spec.command)).collect();
        assert_eq!(begun, "z");
        assert!(on.contains(&"t theme".to_owned()) && on.contains(&"c contexts".to_owned()), "{on:?}");
        press(&mut app, "c");
        assert!(app.begun().is_none() && matches!(app.overlay, Some(Overlay::Contexts(_))));
    }

    #[test]
    fn a_beginning_is_taken_back_by_esc_and_what_means_nothing_is_told() {
        let mut app = app();
        press(&mut app, "z esc");
        assert!(app.begun().is_none() && app.overlay.is_none());
        assert_eq!(said(&app), "");
        press(&mut app, "z !");
        assert!(app.begun().is_none());
        assert_eq!(said(&app), "`z !` means nothing here.");
        // The key after it is a key of its own again.
        press(&mut app, "?");
        assert!(matches!(app.overlay, Some(Overlay::Help(_))));
    }

    #[test]
    fn where_letters_are_typed_they_begin_nothing() {
        let mut app = app();
        press(&mut app, "/ z g");
        assert!(app.begun().is_none());
        assert_eq!(app.active_table().unwrap().filter.input.text(), "zg");
    }

    #[test]
    fn the_help_is_read_with_sequences_too() {
        let mut app = app();
        app.size = (80, 24);
        press(&mut app, "? G");
        let Some(Overlay::Help(help)) = &app.overlay else { panic!("no help") };
        assert!(help.offset > 0);
        press(&mut app, "g g");
        let Some(Overlay::Help(help)) = &app.overlay else { panic!("no help") };
        assert_eq!(help.offset, 0);
    }
}
