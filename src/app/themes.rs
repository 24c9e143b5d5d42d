//! The theme, tried as one goes.

use super::command::Command;
use super::effect::Effect;
use super::model::App;
use super::overlay::{Choose, Overlay};
use crate::config::edit::Change;
use crate::model::table::Tone;

/// What is said where no theme can be seen.
const NO_COLOURS: &str = "this terminal shows no colours (NO_COLOR, --color or TERM says so)";

impl App {
    /// Another theme, or the list of them.
    pub(super) fn theme_command(&mut self, argument: &str) -> Vec<Effect> {
        let before = self.theme_before.take();
        if argument.trim().is_empty() {
            self.open_themes();
            return Vec::new();
        }
        self.set_theme(argument);
        let name = self.settings.theme.clone();
        if name != argument.trim() {
            return Vec::new();
        }
        if !self.settings.shows_colours {
            self.say(Tone::Warn, format!("theme: {name} is chosen, but {NO_COLOURS}."));
        } else if before.is_some() {
            self.say(Tone::Good, format!("theme: {name}, until egret ends. In the list `s` saves it too."));
        }
        Vec::new()
    }

    fn open_themes(&mut self) {
        let current = self.settings.theme.clone();
        let options: Vec<(String, String)> =
            self.settings.themes.iter().map(|name| (name.clone(), self.about_theme(name))).collect();
        let cursor = options.iter().position(|(name, _)| *name == current).unwrap_or(0);
        self.theme_before = Some(current);
        self.overlay = Some(Overlay::Choose(Choose {
            title: "theme",
            command: Command::Theme,
            options,
            cursor,
            meant: None,
        }));
        if !self.settings.shows_colours {
            self.say(Tone::Warn, format!("theme: {NO_COLOURS}: all themes look the same here."));
        }
    }

    /// What the list says beside a theme.
    fn about_theme(&self, name: &str) -> String {
        let current =
            if self.theme_before.as_deref().unwrap_or(&self.settings.theme) == name { "now" } else { "" };
        let about = ABOUT.iter().find(|(n, _)| *n == name).map_or("", |(_, about)| about);
        let own = self.settings.theme_faults.get(name).map_or(about, String::as_str);
        [current, own].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join(": ")
    }

    /// Whether the list of themes is in front.
    pub(super) fn tries_themes(&self) -> bool {
        matches!(&self.overlay, Some(Overlay::Choose(choose)) if choose.command == Command::Theme)
    }

    /// The theme under the cursor is that of the whole screen.
    pub(super) fn try_theme(&mut self) {
        let Some(Overlay::Choose(choose)) = &self.overlay else { return };
        if let Some((name, _)) = choose.options.get(choose.cursor) {
            self.settings.theme.clone_from(name);
        }
    }

    /// The list goes, and the theme of before is back.
    pub(super) fn leave_themes(&mut self) {
        if let Some(before) = self.theme_before.take() {
            self.settings.theme = before;
        }
    }

    /// The theme under the cursor stays, for the next runs too.
    pub(super) fn save_theme(&mut self) -> Vec<Effect> {
        self.try_theme();
        self.theme_before = None;
        self.overlay = None;
        vec![Effect::SaveConfig(vec![Change::set("theme", self.settings.theme.as_str())])]
    }

    /// The person's own themes changed, and were taken over.
    pub(super) fn on_themes(&mut self) {
        if self.tries_themes() {
            let options: Vec<(String, String)> =
                self.settings.themes.iter().map(|name| (name.clone(), self.about_theme(name))).collect();
            let theme = self.settings.theme.clone();
            if let Some(Overlay::Choose(choose)) = &mut self.overlay {
                choose.cursor = options.iter().position(|(name, _)| *name == theme).unwrap_or(0);
                choose.options = options;
            }
        }
        match self.settings.theme_faults.values().next() {
            Some(fault) => self.say(Tone::Warn, format!("theme: {fault}. The default stands in for it.")),
            None => self.say(Tone::Good, "Your themes were read again."),
        }
    }
}

/// What the themes that egret brings along are.
const ABOUT: &[(&str, &str)] = &[
    ("auto", "by the colours of the terminal"),
    ("ansi", "the terminal's own 16 colours"),
    ("catppuccin-mocha", "dark, pastel"),
    ("default", "dark"),
    ("dracula", "dark, vivid"),
    ("gruvbox-dark", "dark, warm"),
    ("high-contrast", "dark, 7:1 and more"),
    ("light", "for a light background"),
    ("mono", "no colours"),
    ("nord", "dark, cool"),
    ("okabe-ito", "dark, for colour-blind eyes"),
    ("tokyo-night", "dark, blue"),
];

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent};

    use super::super::keymap::Keymap;
    use super::super::model::Settings;
    use super::super::{Msg, update};
    use super::*;
    use crate::model::table::TableKind;

    fn app() -> App {
        let themes = ["auto", "light", "nord"].map(str::to_owned).to_vec();
        let settings =
            Settings { theme: "light".to_owned(), themes, shows_colours: true, ..Settings::default() };
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        App::new(settings, Keymap::default(), vec!["a".into()], TableKind::Gateways, now)
    }

    fn press(app: &mut App, keys: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        for key in keys.split(' ') {
            let code = match key {
                "down" => KeyCode::Down,
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                letter => KeyCode::Char(letter.chars().next().unwrap()),
            };
            effects = update(app, Msg::Key(KeyEvent::from(code)));
        }
        effects
    }

    #[test]
    fn the_list_begins_at_the_theme_of_now_and_each_step_is_seen_at_once() {
        let mut app = app();
        press(&mut app, "z t");
        assert_eq!(app.settings.theme, "light", "opening it changes nothing");
        press(&mut app, "down");
        assert_eq!(app.settings.theme, "nord");
        press(&mut app, "down");
        assert_eq!(app.settings.theme, "auto", "behind the last is the first");
        press(&mut app, "esc");
        assert_eq!((app.settings.theme.as_str(), app.overlay.is_none()), ("light", true));
    }

    #[test]
    fn enter_keeps_it_for_this_run_and_s_for_the_next_ones_too() {
        let mut app = app();
        let kept = press(&mut app, "z t down enter");
        assert_eq!((app.settings.theme.as_str(), app.overlay.is_none()), ("nord", true));
        assert!(!kept.iter().any(|effect| matches!(effect, Effect::SaveConfig(_))));
        let saved = press(&mut app, "z t k s");
        assert_eq!((app.settings.theme.as_str(), app.overlay.is_none()), ("light", true));
        assert!(saved.contains(&Effect::SaveConfig(vec![Change::set("theme", "light")])), "{saved:?}");
        // Nothing is left to go back to.
        press(&mut app, "esc");
        assert_eq!(app.settings.theme, "light");
    }

    #[test]
    fn where_no_colours_are_shown_the_list_and_the_command_say_so() {
        let mut app = app();
        app.settings.shows_colours = false;
        press(&mut app, "z t");
        let said = |app: &App| app.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
        assert!(said(&app).contains("shows no colours"), "{}", said(&app));
        press(&mut app, "esc");
        app.theme_command("nord");
        assert!(said(&app).contains("nord is chosen, but this terminal shows no colours"), "{}", said(&app));
    }

    #[test]
    fn a_theme_that_is_broken_is_listed_with_what_is_wrong() {
        let mut app = app();
        let fault = "mine.toml: palette.red: nope".to_owned();
        app.settings.theme_faults.insert("nord".to_owned(), fault.clone());
        app.theme_command("");
        let Some(Overlay::Choose(choose)) = &app.overlay else { panic!("no list") };
        assert_eq!(choose.options[2], ("nord".to_owned(), fault));
    }

    #[test]
    fn a_name_that_no_theme_has_changes_nothing_and_is_told_with_those_there_are() {
        let mut app = app();
        app.theme_command("pink");
        assert_eq!(app.settings.theme, "light");
        assert_eq!(app.notice.unwrap().text, "theme: no `pink`; there are auto, light, nord");
    }
}
