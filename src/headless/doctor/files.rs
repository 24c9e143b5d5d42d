//! The files of a person: config, state.

use std::fs;
use std::path::Path;

use super::Part;
use super::names::Names;
use crate::app::command::COMMANDS;
use crate::config::Source;
use crate::setup::{self, Setup};

pub(super) fn config(setup: &Setup, names: &Names) -> Part {
    let mut part = Part::new("Config");
    let path = setup.place.path.as_ref().map(|path| names.path(&path.display().to_string()));
    let found = if setup.place.found { "read" } else { "not there" };
    part.say("file", path.map_or("no home directory".to_owned(), |path| format!("{path}: {found}")));
    let settings = &setup.settings;
    let is_default = |source: &Source| matches!(source, Source::Default);
    part.say("read-only", format!("{} ({})", settings.read_only.value, settings.read_only.source));
    part.say("reconcile", format!("{} ({})", settings.reconcile.value, settings.reconcile.source));
    let keys: Vec<&str> = settings.keys.keys().map(String::as_str).collect();
    let keys = if keys.is_empty() { String::new() } else { format!(": {}", keys.join(", ")) };
    part.say("keys changed", format!("{} of {} commands{keys}", settings.keys.len(), COMMANDS.len()));
    part.say("columns changed", settings.columns.len().to_string());
    part.say("rules of contexts", settings.rules.len().to_string());
    let namespaces = if is_default(&settings.namespaces.source) { "the usual one" } else { "chosen" };
    part.say("namespaces", format!("{namespaces} ({})", settings.namespaces.source));
    part
}

pub(super) fn broken(wrong: &str, names: &Names) -> Part {
    let mut part = Part::new("Config");
    for line in wrong.lines() {
        part.say("wrong", names.wrong(line));
    }
    part
}

pub(super) fn state(names: &Names) -> Part {
    let mut part = Part::new("State");
    let Some(dir) = setup::state_dir() else {
        part.say("directory", "none: there is no home directory");
        return part;
    };
    let shown = names.path(&dir.display().to_string());
    if !dir.exists() {
        part.say("directory", format!("{shown}: not there yet"));
        return part;
    }
    part.say(
        "directory",
        format!("{shown}{}", if is_writable(&dir) { "" } else { ": cannot be written to" }),
    );
    let Ok(entries) = fs::read_dir(&dir) else {
        part.say("entries", "cannot be read");
        return part;
    };
    let mut lines: Vec<(String, String)> = entries
        .flatten()
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let told = match entry.metadata() {
                Ok(data) if data.is_dir() => {
                    format!("{} entries", fs::read_dir(entry.path()).map_or(0, Iterator::count))
                }
                Ok(data) => format!("{} bytes", data.len()),
                Err(error) => error.to_string(),
            };
            (name, told)
        })
        .collect();
    lines.sort();
    part.lines.extend(lines);
    part
}

fn is_writable(dir: &Path) -> bool {
    rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok()
}
