//! A YAML list of records (see [`super::fields`]): the same as JSON.

use std::io::{self, Write};

use super::fields::records;
use super::{Lines, obeyed};

/// Prints the records of the lines.
pub(super) fn print(lines: &Lines<'_>, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_yaml::to_string(&records(lines)).map_err(io::Error::other)?;
    // Control characters were escaped; what turns text around is not, and plain YAML has no escapes.
    let safe: String = text.chars().map(|c| if c != '\n' && obeyed(c) { '\u{fffd}' } else { c }).collect();
    writeln!(out, "{}", safe.trim_end())
}
