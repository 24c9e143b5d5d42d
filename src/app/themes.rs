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
        self.overlay =
            Some(Overlay::Choose(Choose { title: "theme", command: Command::Theme, options, cursor }));
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
