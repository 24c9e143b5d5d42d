//! Keys: what they are called, and which command one means in a focus.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::command::{COMMANDS, Command, FOCI, Scope};

/// One key with its modifiers, in one spelling only: `G`, not `shift-g`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
];

/// Glyphs that stand for keys in the hint bar.
const GLYPHS: &[(&str, &str)] = &[("enter", "↵"), ("tab", "⇥"), ("up", "↑"), ("down", "↓")];

impl From<KeyEvent> for Chord {
    fn from(key: KeyEvent) -> Self {
        // A terminal says `G` or `shift-G`; a character already tells its case.
        let mut modifiers = key.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        if matches!(key.code, KeyCode::Char(_) | KeyCode::BackTab) {
            modifiers -= KeyModifiers::SHIFT;
        }
        Self { code: key.code, modifiers }
    }
}

impl From<Chord> for KeyEvent {
    fn from(chord: Chord) -> Self {
        Self::new(chord.code, chord.modifiers)
    }
}

impl FromStr for Chord {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        for (prefix, modifier) in
            [("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT), ("shift-", KeyModifiers::SHIFT)]
        {
            if let Some(after) = rest.strip_prefix(prefix).filter(|after| !after.is_empty()) {
                modifiers |= modifier;
                rest = after;
            }
        }
        let named = NAMED.iter().find(|(name, _)| *name == rest).map(|(_, code)| *code);
        let function = || {
            let n = rest.strip_prefix('f')?.parse::<u8>().ok()?;
            (1..=12).contains(&n).then_some(KeyCode::F(n))
        };
        let single = || {
            let mut chars = rest.chars();
            chars.next().filter(|_| chars.next().is_none()).map(KeyCode::Char)
        };
        let code = named.or_else(function).or_else(single).ok_or_else(|| {
            format!("`{text}` is not a key: write a character, or ctrl-c, alt-x, f1, {}", names().join(", "))
        })?;
        Ok(Self::from(KeyEvent::new(code, modifiers)))
    }
}

fn names() -> Vec<&'static str> {
    NAMED.iter().map(|(name, _)| *name).collect()
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (modifier, prefix) in
            [(KeyModifiers::CONTROL, "ctrl-"), (KeyModifiers::ALT, "alt-"), (KeyModifiers::SHIFT, "shift-")]
        {
            if self.modifiers.contains(modifier) {
                f.write_str(prefix)?;
            }
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::F(n)) => write!(f, "f{n}"),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

impl Chord {
    /// Whether it is typed where letters are.
    pub fn is_letter(&self) -> bool {
        matches!(self.code, KeyCode::Char(_))
            && !self.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
    }

    /// How the hint bar writes it: a glyph where there is one.
    pub fn hint(&self, ascii: bool) -> String {
        let name = self.to_string();
        match GLYPHS.iter().find(|(n, _)| *n == name) {
            Some((_, glyph)) if !ascii => (*glyph).to_owned(),
            _ => name,
        }
    }
}

/// Which keys mean which commands: the defaults of the table, changed by `[keys]` of the config.
#[derive(Clone, Debug)]
pub struct Keymap {
    keys: Vec<(Command, Vec<Chord>)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = COMMANDS.iter().map(|spec| {
            let chords = spec.keys.iter().filter_map(|k| k.parse().ok()).collect();
            (spec.command, chords)
        });
        Self { keys: keys.collect() }
    }
}

impl Keymap {
    /// The defaults with `overrides` (command name to keys). An unknown name, a key that is none, and a key that
    /// would mean two things in one place are errors.
    pub fn with(overrides: &BTreeMap<String, Vec<String>>) -> Result<Self, String> {
        let mut map = Self::default();
        for (name, keys) in overrides {
            let command = Command::from_str(name)
                .map_err(|_| format!("keys.{name}: no command has this name; `egret keys` lists them"))?;
            let chords: Vec<Chord> = keys
                .iter()
                .map(|k| k.parse().map_err(|e| format!("keys.{name}: {e}")))
                .collect::<Result<_, _>>()?;
            if let Some(entry) = map.keys.iter_mut().find(|(c, _)| *c == command) {
                entry.1 = chords;
            }
        }
        map.conflict().map_or(Ok(map), Err)
    }

    fn conflict(&self) -> Option<String> {
        for focus in FOCI {
            let mut seen: Vec<(Chord, Command)> = Vec::new();
            for (command, chords) in self.in_focus(focus) {
                for chord in chords {
                    if let Some((_, other)) = seen.iter().find(|(c, _)| c == chord) {
                        return Some(format!("keys: `{chord}` would mean both `{other}` and `{command}`"));
                    }
                    seen.push((*chord, command));
                }
            }
        }
        None
    }

    fn in_focus(&self, focus: &[Scope]) -> impl Iterator<Item = (Command, &[Chord])> {
        self.keys
            .iter()
            .filter(move |(command, _)| command.spec().scopes.iter().any(|s| focus.contains(s)))
            .map(|(command, chords)| (*command, chords.as_slice()))
    }

    /// The command that `key` means where `focus` is active.
    pub fn resolve(&self, focus: &[Scope], key: KeyEvent) -> Option<Command> {
        let chord = Chord::from(key);
        self.in_focus(focus).find(|(_, chords)| chords.contains(&chord)).map(|(command, _)| command)
    }

    /// The keys of a command, the first is the one shown.
    pub fn keys(&self, command: Command) -> &[Chord] {
        self.keys.iter().find(|(c, _)| *c == command).map_or(&[], |(_, chords)| chords)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_as_it_is_written() {
        for text in ["a", "G", "ctrl-c", "alt-x", "esc", "page-down", "f5", "space", "/", "?", "-", "ctrl--"]
        {
            assert_eq!(text.parse::<Chord>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_would_be() {
        let said = "control-c".parse::<Chord>().unwrap_err();
        assert!(said.contains("`control-c` is not a key") && said.contains("page-up"), "{said}");
    }

    #[test]
    fn shift_is_folded_into_the_character() {
        let shifted = Chord::from(KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT));
        assert_eq!(shifted, "G".parse().unwrap());
    }

    #[test]
    fn the_same_key_means_what_its_focus_says() {
        let map = Keymap::default();
        let w = KeyEvent::from(KeyCode::Char('w'));
        assert_eq!(map.resolve(&[Scope::Pods, Scope::Table], w), Some(Command::Wide));
        assert_eq!(map.resolve(&[Scope::Logs], w), Some(Command::Wrap));
        assert_eq!(map.resolve(&[Scope::Clusters], KeyEvent::from(KeyCode::Char('Z'))), None);
    }

    #[test]
    fn an_override_that_makes_a_key_mean_two_things_names_both_owners() {
        let clash = BTreeMap::from([("wide".to_owned(), vec!["y".to_owned()])]);
        let said = Keymap::with(&clash).unwrap_err();
        assert!(said.contains("`wide`") && said.contains("`yaml`"), "{said}");
    }
}
