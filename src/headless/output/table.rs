//! Aligned columns, as kubectl prints them: headings in capitals, three spaces between columns, all to the
//! left, nothing after the last one.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use super::Lines;
use crate::model::clean::clean;

/// Spaces between two columns.
const GAP: usize = 3;

/// What stands in a cell that has nothing to say, so that the words of a line can be counted.
const NOTHING: &str = "-";

/// Prints the lines under headings; nothing at all when there are none.
pub(super) fn print(lines: &Lines<'_>, out: &mut dyn Write) -> io::Result<()> {
    if lines.items.is_empty() {
        return Ok(());
    }
    let headings = lines.columns.iter().map(|c| c.title.to_uppercase()).collect();
    let cells = lines.items.iter().map(|item| {
        let texts = lines.columns.iter().map(|c| c.cell(item, lines.now).text);
        texts.map(|t| if t.is_empty() { NOTHING.into() } else { clean(&t).into_owned() }).collect()
    });
    aligned(&std::iter::once(headings).chain(cells).collect::<Vec<Vec<String>>>(), out)
}

/// Prints rows of cells in aligned columns.
pub(in crate::headless) fn aligned(rows: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::new();
        let mut owed = 0;
        for (text, width) in row.iter().zip(&widths) {
            line.extend(std::iter::repeat_n(' ', owed));
            line.push_str(text);
            owed = width - text.width() + GAP;
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}
