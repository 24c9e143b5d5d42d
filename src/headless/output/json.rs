//! A JSON list of records (see [`super::fields`]).

use std::fmt::Write as _;
use std::io::{self, Write};

use super::fields::records;
use super::{Lines, obeyed};

/// Prints the records of the lines.
pub(super) fn print(lines: &Lines<'_>, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(&records(lines))?;
    writeln!(out, "{}", escape(&text))
}

/// Escapes what JSON lets through and a terminal would obey. Outside of its strings JSON is ASCII, so such a
/// character is always inside one, where an escape means the same.
fn escape(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if obeyed(c) {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}
