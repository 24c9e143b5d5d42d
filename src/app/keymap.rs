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

/// Keys that are pressed one after the other and mean something together: `g g`. Most are one key long.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sequence(Box<[Chord]>);

impl FromStr for Sequence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let chords: Vec<Chord> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        if chords.is_empty() {
            return Err("a key is needed; the space bar is `space`".to_owned());
        }
        Ok(Self(chords.into()))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_words(ToString::to_string))
    }
}

impl Sequence {
    fn in_words(&self, word: impl Fn(&Chord) -> String) -> String {
        self.0.iter().map(word).collect::<Vec<_>>().join(" ")
    }

    /// Whether it begins with what is typed where letters are.
    pub fn is_letter(&self) -> bool {
        self.0.first().is_some_and(Chord::is_letter)
    }

    /// How the hint bar writes it: a glyph where there is one.
    pub fn hint(&self, ascii: bool) -> String {
        self.in_words(|chord| chord.hint(ascii))
    }

    /// The keys that follow `begun`; none where it does not begin so, or is no longer than that.
    pub fn after(&self, begun: &[Chord]) -> Option<Self> {
        let rest = self.0.strip_prefix(begun).filter(|rest| !rest.is_empty())?;
        Some(Self(rest.into()))
    }

    /// Whether nobody could tell which of the two is pressed: one begins with the other.
    fn clashes(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

/// What keys that were pressed mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This command.
    Command(Command),
    /// They begin a sequence.
    Begun,
    /// Nothing.
    Nothing,
}

/// One key that would mean two things in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The first owner, with its keys.
    pub one: (Command, Sequence),
    /// The second owner, with its keys.
    pub other: (Command, Sequence),
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((one, key), (other, longer)) = (&self.one, &self.other);
        if key == longer {
            return write!(f, "keys: `{key}` would mean both `{one}` and `{other}`");
        }
        let (one, key, other, longer) =
            if key.0.len() < longer.0.len() { (one, key, other, longer) } else { (other, longer, one, key) };
        write!(f, "keys: `{key}` of `{one}` is the beginning of `{longer}` of `{other}`")
    }
}

/// Which keys mean which commands: the defaults of the table, changed by `[keys]` of the config.
#[derive(Clone, Debug, PartialEq)]
pub struct Keymap {
    keys: Vec<(Command, Vec<Sequence>)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = COMMANDS.iter().map(|spec| {
            let sequences = spec.keys.iter().filter_map(|k| k.parse().ok()).collect();
            (spec.command, sequences)
        });
        Self { keys: keys.collect() }
    }
}

/// Why keys cannot be changed so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// An entry is none: what is wrong with it.
    Entry {
        /// Its name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// A key would mean two things in one place.
    Conflict(Box<Conflict>),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { name, why } => write!(f, "keys.{name}: {why}"),
            Self::Conflict(conflict) => conflict.fmt(f),
        }
    }
}

impl Keymap {
    /// The defaults with `overrides` (command name to keys).
    ///
    /// # Errors
    /// An unknown name, a key that is none, and a key that would mean two things in one place.
    pub fn with(overrides: &BTreeMap<String, Vec<String>>) -> Result<Self, Refused> {
        let mut map = Self::default();
        for (name, keys) in overrides {
            let wrong = |why: String| Refused::Entry { name: name.clone(), why };
            let command = Command::from_str(name)
                .map_err(|_| wrong("no command has this name; `egret keys` lists them".to_owned()))?;
            let sequences: Vec<Sequence> =
                keys.iter().map(|k| k.parse().map_err(wrong)).collect::<Result<_, _>>()?;
            if let Some(entry) = map.keys.iter_mut().find(|(c, _)| *c == command) {
                entry.1 = sequences;
            }
        }
        map.conflict().map_or(Ok(map), |conflict| Err(Refused::Conflict(Box::new(conflict))))
    }

    fn conflict(&self) -> Option<Conflict> {
        for focus in FOCI {
            let mut seen: Vec<(&Sequence, Command)> = Vec::new();
            for (command, sequences) in self.in_focus(focus) {
                for keys in sequences {
                    if let Some((with, other)) = seen.iter().find(|(k, c)| k.clashes(keys) && *c != command) {
                        let one = (*other, (*with).clone());
                        return Some(Conflict { one, other: (command, keys.clone()) });
                    }
                    seen.push((keys, command));
                }
            }
        }
        None
    }

    fn in_focus(&self, focus: &[Scope]) -> impl Iterator<Item = (Command, &[Sequence])> {
        self.keys
            .iter()
            .filter(move |(command, _)| command.spec().scopes.iter().any(|s| focus.contains(s)))
            .map(|(command, sequences)| (*command, sequences.as_slice()))
    }

    /// The command that `key` alone means where `focus` is active.
    pub fn resolve(&self, focus: &[Scope], key: KeyEvent) -> Option<Command> {
        match self.meaning(focus, &[Chord::from(key)]) {
            Meaning::Command(command) => Some(command),
            _ => None,
        }
    }

    /// What keys that were pressed one after the other mean where `focus` is active.
    pub fn meaning(&self, focus: &[Scope], pressed: &[Chord]) -> Meaning {
        let mut begun = Meaning::Nothing;
        for (command, sequences) in self.in_focus(focus) {
            for keys in sequences {
                if *keys.0 == *pressed {
                    return Meaning::Command(command);
                }
                if keys.after(pressed).is_some() {
                    begun = Meaning::Begun;
                }
            }
        }
        begun
    }

    /// How the sequences go on that begin with these keys: what is to be pressed, and the command it then means.
    pub fn continuations(&self, focus: &[Scope], pressed: &[Chord]) -> Vec<(Sequence, Command)> {
        let of = |(command, all): (Command, &[Sequence])| {
            let after = all.iter().find_map(|keys| keys.after(pressed));
            after.map(|keys| (keys, command))
        };
        self.in_focus(focus).filter_map(of).collect()
    }

    /// The keys of a command, the first is the one shown.
    pub fn keys(&self, command: Command) -> &[Sequence] {
        self.keys.iter().find(|(c, _)| *c == command).map_or(&[], |(_, keys)| keys)
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
        assert_eq!(map.resolve(&[Scope::Clusters], KeyEvent::from(KeyCode::Char('J'))), None);
    }

    #[test]
    fn an_override_that_makes_a_key_mean_two_things_names_both_owners() {
        let clash = BTreeMap::from([("wide".to_owned(), vec!["y".to_owned()])]);
        let said = Keymap::with(&clash).unwrap_err().to_string();
        assert_eq!(said, "keys: `y` would mean both `yaml` and `wide`");
    }

    #[test]
    fn a_key_that_begins_a_sequence_of_somebody_else_is_a_conflict_too() {
        for (name, key) in [("wide", "g"), ("wide", "g g g")] {
            let clash = BTreeMap::from([(name.to_owned(), vec![key.to_owned()])]);
            let said = Keymap::with(&clash).unwrap_err().to_string();
            assert!(said.contains("`wide`") && said.contains("`g "), "{said}");
            assert!(said.contains("is the beginning of"), "{said}");
        }
    }

    #[test]
    fn a_sequence_is_begun_by_its_first_key_and_means_its_command_when_it_is_whole() {
        let map = Keymap::default();
        let keys = |text: &str| text.split(' ').map(|k| k.parse().unwrap()).collect::<Vec<Chord>>();
        let focus = &[Scope::Motion, Scope::Global];
        assert_eq!(map.meaning(focus, &keys("g")), Meaning::Begun);
        assert_eq!(map.meaning(focus, &keys("g g")), Meaning::Command(Command::Top));
        assert_eq!(map.meaning(focus, &keys("g x")), Meaning::Nothing);
        let on: Vec<String> =
            map.continuations(focus, &keys("g")).iter().map(|(k, c)| format!("{k} {c}")).collect();
        assert!(on.contains(&"g top".to_owned()) && on.contains(&"e bottom".to_owned()), "{on:?}");
    }

    #[test]
    fn a_sequence_reads_back_as_it_is_written() {
        for text in ["g g", "ctrl-x ctrl-s", "space w", "z t"] {
            assert_eq!(text.parse::<Sequence>().unwrap().to_string(), text);
        }
        let said = " ".parse::<Sequence>().unwrap_err();
        assert!(said.contains("`space`"), "{said}");
        let said = "g gg".parse::<Sequence>().unwrap_err();
        assert!(said.contains("`gg` is not a key"), "{said}");
    }
}
