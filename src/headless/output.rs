//! The forms of the output of `get`: one function a form, all over the same [`Lines`].

mod fields;
mod json;
mod name;
pub(super) mod table;
mod yaml;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use jiff::Timestamp;

use crate::cli::Output;
use crate::model::table::{Column, Item, TableKind};

/// What is to be printed.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'a> {
    /// Which table the lines are of.
    pub table: TableKind,
    /// The lines, filtered and sorted.
    pub items: &'a [Item],
    /// The columns, for the forms that have some.
    pub columns: &'a [&'static Column],
    /// The moment that ages are read at.
    pub now: Timestamp,
}

/// Prints lines in a form.
pub fn print(form: Output, lines: &Lines<'_>, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Output::Table | Output::Wide => table::print(lines, out),
        Output::Json => json::print(lines, out),
        Output::Yaml => yaml::print(lines, out),
        Output::Name => name::print(lines, out),
    }
}

/// Whether a terminal would act on a character instead of showing it: delete, the C1 controls (U+009B begins
/// an escape sequence) and what turns the direction of text around. The C0 controls below U+0020 are escaped
/// by both JSON and YAML anyway.
pub(super) fn obeyed(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
