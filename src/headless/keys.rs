//! `egret keys`: the commands of the screens and their keys.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::Outcome;
use crate::app::command::{COMMANDS, Scope, Spec};
use crate::app::keymap::Keymap;

/// One command with the keys in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Heading it stands under.
    pub group: String,
    /// Name, as in `[keys]` of the config file.
    pub name: String,
    /// Its keys; none when it has none.
    pub keys: Vec<String>,
    /// Where it works, as scopes; empty: everywhere.
    pub scopes: String,
    /// What it does.
    pub about: String,
}

/// All commands with their keys, group by group.
pub fn rows(keymap: &Keymap) -> Vec<Row> {
    let mut specs: Vec<_> = COMMANDS.iter().collect();
    specs.sort_by_key(|spec| spec.group);
    let row = |spec: &Spec| Row {
        group: spec.group.to_string(),
        name: spec.command.to_string(),
        keys: keymap.keys(spec.command).iter().map(ToString::to_string).collect(),
        scopes: scopes(spec),
        about: spec.about.to_string(),
    };
    specs.into_iter().map(row).collect()
}

fn scopes(spec: &Spec) -> String {
    if spec.scopes.contains(&Scope::Global) {
        return String::new();
    }
    spec.scopes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Prints commands under the headings of their groups, in the order given.
pub fn print(rows: impl IntoIterator<Item = Row>, out: &mut dyn Write) -> io::Result<Outcome> {
    let rows: Vec<Row> = rows.into_iter().collect();
    let keys = |row: &Row| row.keys.join(", ");
    let widest = |text: &dyn Fn(&Row) -> usize| rows.iter().map(text).max().unwrap_or(0);
    let (names, keys_width) = (widest(&|r| r.name.width()), widest(&|r| keys(r).width()));
    let mut group = None;
    for row in &rows {
        if group != Some(&row.group) {
            writeln!(out, "{}{}", if group.is_some() { "\n" } else { "" }, row.group)?;
            group = Some(&row.group);
        }
        let keys = keys(row);
        // Padding by display width: keys may be arrows.
        let pad = keys_width - keys.width();
        let place = if row.scopes.is_empty() { String::new() } else { format!(" ({})", row.scopes) };
        writeln!(out, "  {keys}{:pad$}  {:names$}  {}{place}", "", row.name, row.about)?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &str, keys: &[&str], name: &str, scopes: &str, about: &str) -> Row {
        let [group, name, scopes, about] = [group, name, scopes, about].map(String::from);
        Row { group, name, keys: keys.iter().map(|k| String::from(*k)).collect(), scopes, about }
    }

    #[test]
    fn commands_stand_in_columns_under_their_groups() {
        let rows = [
            row("Moving", &["↑", "k"], "up", "", "One line up"),
            row("Moving", &["page-down"], "page-down", "", "One page down"),
            row("Text", &[], "wrap", "document, logs", "Wrap long lines"),
        ];
        let mut out = Vec::new();
        print(rows, &mut out).unwrap();
        let wanted = "\
Moving
  ↑, k       up         One line up
  page-down  page-down  One page down

Text
             wrap       Wrap long lines (document, logs)
";
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }

    #[test]
    fn every_command_is_printed_once_with_its_keys() {
        let all = rows(&Keymap::default());
        assert_eq!(all.len(), COMMANDS.len());
        let quit = all.iter().find(|r| r.name == "quit").unwrap();
        assert_eq!((quit.keys.first().map(String::as_str), quit.scopes.as_str()), (Some("q"), ""));
    }
}
