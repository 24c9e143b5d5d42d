//! Names that a report may not hold: each gets a letter, the same everywhere in it.

use std::collections::BTreeMap;

use crate::model::fault::Fault;

/// Places that say nothing of a person.
const USUAL: &[&str] = &["~/.config/egret/config.toml", "~/.local/state/egret", "~/.kube/config"];

/// What stands for names.
#[derive(Debug)]
pub(super) struct Names {
    anonymous: bool,
    known: BTreeMap<String, String>,
    home: Option<String>,
}

impl Names {
    pub(super) fn new(anonymous: bool) -> Self {
        let home = std::env::var("HOME").ok().filter(|home| home.len() > 1);
        Self { anonymous, known: BTreeMap::new(), home }
    }

    /// A name of this kind, or what stands for it.
    pub(super) fn of(&mut self, kind: &str, name: &str) -> String {
        if !self.anonymous || name.is_empty() {
            return name.to_owned();
        }
        let next = self.known.values().filter(|letter| letter.starts_with(kind)).count();
        self.known.entry(name.to_owned()).or_insert_with(|| format!("{kind}-{}", letters(next))).clone()
    }

    /// A path: the home directory is `~`, and where names are kept back only usual places are told.
    pub(super) fn path(&self, path: &str) -> String {
        let short = match &self.home {
            Some(home) => path.replace(home.as_str(), "~"),
            None => path.to_owned(),
        };
        if self.anonymous && !USUAL.contains(&short.as_str()) { "elsewhere".to_owned() } else { short }
    }

    /// What went wrong. Where names are kept back only of which kind it is: the words are others', with names of theirs.
    pub(super) fn fault(&self, fault: &Fault) -> String {
        match (self.anonymous, fault.hint.as_str()) {
            (true, _) => format!("{} (its words are told without --anonymous)", fault.reason),
            (false, "") => fault.summary.clone(),
            (false, hint) => format!("{}. {hint}", fault.summary),
        }
    }

    /// A line that says what is wrong with a file.
    pub(super) fn wrong(&self, line: &str) -> String {
        if self.anonymous { "something (told without --anonymous)".to_owned() } else { line.to_owned() }
    }
}

/// a … z, then aa.
fn letters(n: usize) -> String {
    let letter = char::from(b'a' + (n % 26) as u8);
    if n < 26 { letter.to_string() } else { format!("{}{letter}", letters(n / 26 - 1)) }
}
