//! The tables of the README, made from what they describe.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::{env, fs};

use clap::CommandFactory as _;
use egret::app::keymap::Keymap;
use egret::cli::Cli;
use egret::headless::keys;

/// Holds a part of the README, between `<!-- NAME:begin -->` and `<!-- NAME:end -->`, against what it should
/// be. With `EGRET_BLESS=1` it is written instead.
pub(crate) fn section(name: &str, wanted: &str) {
    // Two tests that write one file at once would undo each other.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let from = text.find(&begin).unwrap_or_else(|| panic!("README.md has no {begin}")) + begin.len();
    let to = from + text[from..].find(&end).unwrap_or_else(|| panic!("README.md has no {end}"));
    if env::var_os("EGRET_BLESS").is_some_and(|v| v == "1") {
        fs::write(&path, format!("{}{wanted}{}", &text[..from], &text[to..])).unwrap();
    } else {
        assert_eq!(&text[from..to], wanted, "README.md is behind: run this test again with EGRET_BLESS=1");
    }
}

/// A table of Markdown.
pub(crate) fn table<const N: usize>(
    headings: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut text = format!("| {} |\n|{}\n", headings.join(" | "), "---|".repeat(N));
    for row in rows {
        // A bar would end the cell.
        let _ = writeln!(text, "| {} |", row.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    text
}

/// The verbs as clap knows them.
fn verbs() -> String {
    let mut egret = Cli::command();
    egret.build();
    let rows = egret.get_subcommands().filter(|verb| !verb.is_hide_set()).map(|verb| {
        let arguments = verb.get_positionals().map(|a| {
            let name = a.get_value_names().map_or_else(|| a.get_id().to_string(), |names| names.join(" "));
            if a.is_required_set() { format!(" {name}") } else { format!(" [{name}]") }
        });
        let line = format!("`egret {}{}`", verb.get_name(), arguments.collect::<String>());
        [line, verb.get_about().map(ToString::to_string).unwrap_or_default()]
    });
    table(["Verb", "What it does"], rows.collect::<Vec<_>>())
}

#[test]
fn the_verbs_in_the_readme_are_those_of_the_program() {
    section("verbs", &verbs());
}

#[test]
fn the_keys_in_the_readme_are_those_of_the_program() {
    let rows = keys::rows(&Keymap::default()).into_iter().map(|row| {
        let keys: Vec<_> = row.keys.iter().map(|key| format!("`{key}`")).collect();
        [keys.join(" "), format!("`{}`", row.name), row.scopes, row.about]
    });
    section("keys", &table(["Key", "Command", "Where", "What it does"], rows));
}

/// The rows of a table of the README, cell by cell.
fn rows(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(path).unwrap();
    let (begin, end) = (format!("<!-- {name}:begin -->\n"), format!("<!-- {name}:end -->"));
    let from = text.find(&begin).unwrap() + begin.len();
    let to = from + text[from..].find(&end).unwrap();
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    text[from..to].lines().skip(2).map(cells).collect()
}

/// What stands between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn whoever_knows_k9s_finds_thirty_habits_under_keys_that_are_those_of_the_commands() {
    let keymap = Keymap::default();
    let rows = rows("k9s");
    assert!(rows.len() >= 30, "{}", rows.len());
    for row in rows {
        let [_, _, keys, commands] = row.as_slice() else { panic!("{row:?}") };
        let of_commands: Vec<String> = quoted(commands)
            .iter()
            .flat_map(|name| {
                let command = name.parse().unwrap_or_else(|_| panic!("no command `{name}`"));
                keymap.keys(command).iter().map(ToString::to_string).collect::<Vec<_>>()
            })
            .collect();
        let mut keys = quoted(keys).into_iter();
        // What is typed after it is no key.
        let typed = |key: &str| key.contains(':') && key.len() > 1 || key.starts_with('!') && key.len() > 1;
        assert!(keys.clone().count() > 0 && !quoted(commands).is_empty(), "{row:?}");
        let wrong = keys.find(|key| !typed(key) && !of_commands.iter().any(|k| k == key));
        assert_eq!(wrong, None, "{row:?}: {of_commands:?}");
    }
}
