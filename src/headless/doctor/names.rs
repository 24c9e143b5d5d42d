//! Names that a report may not hold: each gets a letter, the same everywhere in it.

use std::collections::BTreeMap;

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

    /// A path: the home directory is `~`, and where names are kept back only its last part is told.
    pub(super) fn path(&self, path: &str) -> String {
        let short = match &self.home {
            Some(home) => path.replace(home.as_str(), "~"),
            None => path.to_owned(),
        };
        match (self.anonymous && !short.starts_with('~'), short.rsplit_once('/')) {
            (true, Some((_, last))) => format!("…/{last}"),
            _ => short,
        }
    }

    /// A text in which the names that are known so far are replaced.
    pub(super) fn hidden(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // The longest first: one name may be a part of another.
        let mut known: Vec<_> = self.known.iter().collect();
        known.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, letter) in known {
            text = text.replace(name.as_str(), letter);
        }
        match &self.home {
            Some(home) => text.replace(home.as_str(), "~"),
            None => text,
        }
    }
}

/// a … z, then aa.
fn letters(n: usize) -> String {
    let letter = char::from(b'a' + (n % 26) as u8);
    if n < 26 { letter.to_string() } else { format!("{}{letter}", letters(n / 26 - 1)) }
}
