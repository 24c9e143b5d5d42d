//! The version of the config file, and what became of what older ones said.
//!
//! A file of an older version, or of none, is read as it is. `egret config --migrate` writes it anew, and with it what is
//! changed from the screens.

use toml_edit::{Document, DocumentMut};

use super::edit::{At, Change, New, first_that_means, one, place};
use super::{Problem, Settings, Vocabulary, parse};

/// The version of the files that this egret writes.
pub const VERSION: i64 = 2;

/// A setting that stands elsewhere since a version.
pub(super) struct Move {
    /// The first version that has it there.
    pub(super) since: i64,
    /// The table and the key where it was.
    pub(super) from: (&'static str, &'static str),
    /// The plain setting that it is.
    pub(super) to: &'static str,
}

/// All that moved, in the order of the versions.
pub(super) const MOVES: &[Move] = &[
    // The bell is no longer of traffic alone.
    Move { since: 2, from: ("thresholds", "bell"), to: "bell" },
];

/// A file brought up to [`VERSION`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// Its text.
    pub text: String,
    /// What was changed; empty: nothing had to be.
    pub told: Vec<String>,
}

/// Brings the text of a config file up to [`VERSION`]; comments and order stay.
///
/// # Errors
/// What is wrong with it.
pub fn migrate(text: &str, known: &Vocabulary) -> Result<Migrated, Vec<Problem>> {
    let settings = parse(text, known, Settings::default())?;
    let mut migrated = Migrated { text: text.to_owned(), told: Vec::new() };
    for entry in MOVES {
        if let Some(moved) = entry.carried_out(&migrated.text) {
            let (table, key) = entry.from;
            migrated.told.push(format!("`{table}.{key}` is `{}` now", entry.to));
            migrated.text = moved;
        }
    }
    if settings.version.value != Some(VERSION) {
        let change = Change { at: At::Key("version".to_owned()), value: Some(New::Number(VERSION)) };
        let line = format!("version = {VERSION}{}", place::end_of_lines(&migrated.text));
        if let Some(plain) = one(&migrated.text, &change) {
            let top =
                place::on_top(&migrated.text, &line).into_iter().filter(|_| settings.version.value.is_none());
            migrated.text = first_that_means(&plain, top.chain([plain.clone()]), text);
            migrated.told.push(format!("`version` is {VERSION} now"));
        }
    }
    parse(&migrated.text, known, Settings::default())?;
    Ok(migrated)
}

/// The text with the setting in its new place; `None`: it is in no old one.
pub(super) fn moved_to(key: &str, text: &str) -> Option<String> {
    MOVES.iter().find(|entry| entry.to == key)?.carried_out(text)
}

impl Move {
    fn carried_out(&self, text: &str) -> Option<String> {
        let (table, old) = self.from;
        let mut doc: DocumentMut = text.parse().ok()?;
        let holder = doc.get_mut(table)?;
        let is_inline = holder.is_inline_table();
        let from = holder.as_table_like_mut()?;
        let mut key = from.key(old)?.clone();
        let mut item = from.remove(old)?;
        if is_inline {
            from.fmt();
            item.as_value_mut()?.decor_mut().clear();
        }
        if is_inline || self.to != old {
            key = toml_edit::Key::new(self.to);
        }
        doc.as_table_mut().insert_formatted(&key, item);
        let spans = Document::parse(text).ok().and_then(|doc| {
            let (key, value) = doc.get(table)?.as_table_like()?.get_key_value(old)?;
            Some((key.span()?, value.span()?))
        });
        let written = spans.into_iter().flat_map(|(key, value)| {
            let lines = place::block(text, key.start, value.end);
            let renamed = text[lines.start..key.start].to_owned() + self.to + &text[key.end..lines.end];
            let end = if renamed.ends_with('\n') { "" } else { place::end_of_lines(text) };
            place::in_root(&place::with(text, lines, ""), &format!("{renamed}{end}"))
        });
        Some(first_that_means(&doc.to_string(), written, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migrated(text: &str) -> Migrated {
        migrate(text, &Vocabulary::ANY).unwrap()
    }

    #[test]
    fn a_file_of_before_is_brought_up_to_date_with_its_comments_and_order() {
        let cases = [
            (
                "# Mine.\n\ntheme = 'nord' # at night\n\n[thresholds]\np99 = [1, 2]\n# Loud.\nbell = true # yes\n\n[keys]\n",
                "# Mine.\n\nversion = 2\n\ntheme = 'nord' # at night\n# Loud.\nbell = true # yes\n\n[thresholds]\np99 = [1, 2]\n\n[keys]\n",
            ),
            (
                "version = 1 # first\n[thresholds]\nbell = false",
                "version = 2 # first\nbell = false\n[thresholds]\n",
            ),
            ("thresholds.bell = true\n", "version = 2\nbell = true\n"),
            (
                "thresholds = { p99 = [1, 2], bell = true }\n",
                "version = 2\nthresholds = { p99 = [1, 2] }\nbell = true\n",
            ),
        ];
        for (text, wanted) in cases {
            let after = migrated(text);
            assert_eq!(after.text, wanted, "{text}");
            assert_eq!(after.told, ["`thresholds.bell` is `bell` now", "`version` is 2 now"], "{text}");
            let meaning = |text: &str| {
                let settings = parse(text, &Vocabulary::ANY, Settings::default()).unwrap().without_sources();
                Settings { version: Settings::default().version, ..settings }
            };
            assert_eq!(meaning(text), meaning(wanted), "{text}");
        }
    }

    #[test]
    fn a_file_that_is_up_to_date_stays_as_it_is() {
        let text = "version = 2\nbell = true\n";
        assert_eq!(migrated(text), Migrated { text: text.to_owned(), told: Vec::new() });
    }

    #[test]
    fn a_file_of_a_version_to_come_and_one_that_says_a_thing_twice_are_refused_with_their_lines() {
        let cases = [
            ("# a\nversion = 3\nnew-thing = 1\n", 2, "`version`: this file is of version 3"),
            ("version = 'one'\n", 1, "`version`: expected a whole number"),
            ("version = 0\n", 1, "`version`: there is no version 0"),
            ("version = 2\n[thresholds]\nbell = true\n", 3, "`thresholds.bell`: it is `bell`"),
            ("bell = true\n[thresholds]\nbell = true\n", 3, "`thresholds.bell`: `bell` says it"),
        ];
        for (text, line, start) in cases {
            let problems = migrate(text, &Vocabulary::ANY).unwrap_err();
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            assert_eq!(problems[0].line, Some(line), "{text}");
            assert!(problems[0].message.starts_with(start), "{text}: {problems:?}");
        }
    }
}
