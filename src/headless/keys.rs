//! `egret keys`: the commands of the screens and their keys.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::Outcome;

/// One command with the keys in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Heading it stands under.
    pub group: String,
    /// Name, as in `[keys]` of the config file.
    pub name: String,
    /// Its keys; none when it has none.
    pub keys: Vec<String>,
    /// What it does.
    pub about: String,
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
        writeln!(out, "  {keys}{:pad$}  {:names$}  {}", "", row.name, row.about)?;
    }
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &str, name: &str, keys: &[&str], about: &str) -> Row {
        let own = |s: &str| s.to_string();
        Row {
            group: own(group),
            name: own(name),
            keys: keys.iter().map(|k| own(k)).collect(),
            about: own(about),
        }
    }

    #[test]
    fn commands_stand_in_columns_under_their_groups() {
        let rows = [
            row("Move", "up", &["↑", "k"], "One line up"),
            row("Move", "page-down", &["pgdn"], "One page down"),
            row("Other", "quit", &[], "Leave"),
        ];
        let mut out = Vec::new();
        print(rows, &mut out).unwrap();
        let wanted = "\
Move
  ↑, k  up         One line up
  pgdn  page-down  One page down

Other
        quit       Leave
";
        assert_eq!(String::from_utf8(out).unwrap(), wanted);
    }
}
