//! `egret man`: the manual, made from the command line's own definition and the table of commands.

use std::fs;
use std::io;
use std::path::Path;

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::keys::Row;
use super::{Outcome, Streams};
use crate::config;

/// Where things are kept.
const FILES: &[(&str, &str)] = &[
    ("~/.config/egret/config.toml", "the config file; `egret config --default` prints one"),
    ("~/.config/egret/themes/NAME.toml", "your own themes"),
    ("~/.local/state/egret/", "drafts, the journal of changes, kept views, contexts used last, the log"),
    ("~/.kube/config", "the kubeconfig, unless KUBECONFIG or --kubeconfig names others"),
];

/// Other variables than those of settings.
const VARIABLES: &[(&str, &str)] = &[
    ("KUBECONFIG", "files of contexts, parted by colons"),
    ("EGRET_CONFIG", "the config file"),
    ("EGRET_LOG_FILE", "the file to write the log to"),
    ("NO_COLOR", "no colours, where it is not empty and nobody asks for some"),
    ("COLORTERM, TERM, LC_ALL, LC_CTYPE, LANG", "which colours and characters the terminal shows"),
    ("VISUAL, EDITOR", "your own editor"),
];

/// Prints the manual of egret, or of one verb, or writes all of them into a directory.
pub fn run(
    command: clap::Command,
    verb: Option<&str>,
    dir: Option<&Path>,
    rows: &[Row],
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let mut command = command;
    command.build();
    if let Some(dir) = dir {
        return written(&command, dir, rows, streams);
    }
    let page = match verb {
        None => page(&command, rows)?,
        Some(verb) => {
            let Some(of_verb) = command.get_subcommands().find(|c| c.get_name() == verb) else {
                let all: Vec<&str> = command.get_subcommands().map(|c| c.get_name()).collect();
                streams.complain(format!("man: no verb `{verb}`; there are {}", all.join(", ")))?;
                return Ok(Outcome::Usage);
            };
            page_of_verb(of_verb)?
        }
    };
    streams.out.write_all(&page)?;
    Ok(Outcome::Done)
}

/// Writes `egret.1` and a page for each verb.
fn written(
    command: &clap::Command,
    dir: &Path,
    rows: &[Row],
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    let mut pages = vec![("egret.1".to_owned(), page(command, rows)?)];
    for verb in command.get_subcommands().filter(|c| c.get_name() != "help") {
        pages.push((format!("egret-{}.1", verb.get_name()), page_of_verb(verb)?));
    }
    let write = || {
        fs::create_dir_all(dir)?;
        pages.iter().try_for_each(|(name, page)| fs::write(dir.join(name), page))
    };
    match write() {
        Ok(()) => {
            writeln!(streams.out, "{} pages in {}", pages.len(), dir.display())?;
            Ok(Outcome::Done)
        }
        Err(error) => streams.wrong(dir, &error.to_string()),
    }
}

fn page(command: &clap::Command, rows: &[Row]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    Man::new(command.clone()).render(&mut out)?;
    let mut more = Roff::new();
    more.control("SH", ["KEYS"]);
    more.text([roman("Of the screens, as they are in force. [keys] of the config file changes them.")]);
    let mut group = "";
    for row in rows.iter().filter(|row| !row.keys.is_empty()) {
        if row.group != group {
            group = &row.group;
            more.control("SS", [group]);
        }
        more.control("TP", []);
        more.text([bold(row.keys.join(", "))]);
        let place = if row.scopes.is_empty() { String::new() } else { format!(" ({})", row.scopes) };
        more.text([roman(format!("{}{place}", row.about))]);
    }
    let of_settings = config::variables().map(|(name, key)| (name, format!("the setting {key}")));
    let others = VARIABLES.iter().map(|(name, about)| (*name, (*about).to_owned()));
    let files = FILES.iter().map(|(name, about)| (*name, (*about).to_owned()));
    list(&mut more, "FILES", files);
    list(&mut more, "ENVIRONMENT", of_settings.chain(others));
    more.to_writer(&mut out)?;
    Ok(out)
}

fn list<'a>(roff: &mut Roff, title: &str, lines: impl Iterator<Item = (&'a str, String)>) {
    roff.control("SH", [title]);
    for (name, about) in lines {
        roff.control("TP", []);
        roff.text([bold(name)]);
        roff.text([roman(about)]);
    }
}

/// Its name is `egret-VERB`, as git's are: building the command line gave it that.
fn page_of_verb(verb: &clap::Command) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    Man::new(verb.clone()).render(&mut out)?;
    Ok(out)
}
