//! `egret config`: the configuration in force, as a config file with comments.

use std::io::{self, Write};

use std::path::Path;

use super::{Outcome, Streams};
use crate::config::load::store::{Unsaved, bring_up_to_date};
use crate::config::load::{self, Place};
use crate::config::migrate::VERSION;
use crate::config::{SAMPLE, Settings, show};
use crate::setup::VOCABULARY;

/// Prints the settings and where each came from.
pub fn print(settings: &Settings, place: &Place, out: &mut dyn Write) -> io::Result<Outcome> {
    let file = match (&place.path, place.found) {
        (Some(path), true) => path.display().to_string(),
        (Some(path), false) => format!("{} (does not exist)", path.display()),
        (None, _) => "none (no home directory to look in)".into(),
    };
    writeln!(out, "# file: {file}\n\n{}", show(settings).trim_end())?;
    Ok(Outcome::Done)
}

/// Prints the sample, in which every setting has its default.
pub fn print_default(out: &mut dyn Write) -> io::Result<Outcome> {
    out.write_all(SAMPLE.as_bytes())?;
    Ok(Outcome::Done)
}

/// Brings the config file up to the version of now, and prints what was changed.
pub fn migrate(chosen: Option<&Path>, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let Some(path) = load::place(chosen).0 else {
        streams.complain("there is no home directory to look for a config file in; --config names one")?;
        return Ok(Outcome::Usage);
    };
    let file = path.display();
    match bring_up_to_date(&path, &VOCABULARY) {
        Ok(told) if told.is_empty() => {
            writeln!(streams.out, "{file}: is of version {VERSION} already; nothing was changed")?;
        }
        Ok(told) => {
            for line in told {
                writeln!(streams.out, "{file}: {line}")?;
            }
        }
        Err(Unsaved::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            writeln!(streams.out, "{file}: there is no such file, so nothing has to be changed")?;
        }
        Err(why @ Unsaved::Invalid(_)) => {
            streams.complain(why.to_string())?;
            return Ok(Outcome::Usage);
        }
        Err(why) => {
            streams.complain(format!("the config file was not changed: {why}"))?;
            return Ok(Outcome::Failed);
        }
    }
    Ok(Outcome::Done)
}
