//! `egret config`: the configuration in force, as a config file with comments.

use std::io::{self, Write};

use super::Outcome;
use crate::config::load::Place;
use crate::config::{SAMPLE, Settings, show};

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
