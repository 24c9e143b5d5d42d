//! What stands on the screen for the characters of a line, and how wide it is: a place of the text and a cell of the
//! screen lead to each other.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use crate::model::clean::{MARK, clean};
use crate::model::layout::text_width;

/// Stands for a tab, which YAML does not indent by: it must be seen.
const TAB: &str = "→";

/// What is shown for what a person sees as one character.
pub(super) struct Glyph<'t> {
    /// What reaches the screen.
    pub text: Cow<'t, str>,
    /// Its cells, at least one: the cursor must find room on it.
    pub width: usize,
    /// Whether it stands for something that a terminal would obey, or not show.
    pub stands_for: bool,
}

impl<'t> Glyph<'t> {
    fn of(cluster: &'t str) -> Self {
        if cluster == "\t" {
            return Self { text: TAB.into(), width: 1, stands_for: true };
        }
        let text = clean(cluster);
        let (width, stands_for) = (usize::from(text_width(&text)), text != cluster);
        match width {
            0 => Self { text: MARK.to_string().into(), width: 1, stands_for: true },
            _ => Self { text, width, stands_for },
        }
    }
}

/// The characters of a line as they are shown, each with its first byte.
pub(super) fn glyphs(line: &str) -> impl Iterator<Item = (usize, Glyph<'_>)> {
    line.grapheme_indices(true).map(|(at, cluster)| (at, Glyph::of(cluster)))
}

fn is_plain(line: &str) -> bool {
    line.bytes().all(|b| matches!(b, b' '..=b'~'))
}

/// The cell at which a column of a line stands.
pub(super) fn cell(line: &str, column: usize) -> usize {
    if is_plain(line) {
        return column.min(line.len());
    }
    let byte = crate::app::text::buffer::byte(line, column);
    glyphs(line).take_while(|(at, _)| *at < byte).map(|(_, glyph)| glyph.width).sum()
}

/// The column of a line that stands at a cell, or before it.
pub(super) fn column(line: &str, cell: usize) -> usize {
    if is_plain(line) {
        return cell.min(line.len());
    }
    let mut used = 0;
    for (at, glyph) in glyphs(line) {
        used += glyph.width;
        if used > cell {
            return crate::app::text::buffer::column(line, at);
        }
    }
    crate::app::text::buffer::length(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_and_its_cell_lead_to_each_other() {
        let line = "a日e\u{301}\tx\u{1b}b";
        let cells = [0, 1, 3, 3, 4, 5, 6, 7, 8];
        for (at, expected) in cells.iter().enumerate() {
            // Within a character that two make up, the place is behind it on the screen.
            let expected = if at == 3 { 4 } else { *expected };
            assert_eq!(cell(line, at), expected, "column {at}");
        }
        for at in [0, 1, 2, 4, 5, 6, 7] {
            assert_eq!(column(line, cell(line, at)), at);
        }
        assert_eq!((column(line, 2), column(line, 100)), (1, 8));
    }

    #[test]
    fn what_a_terminal_would_obey_is_one_visible_cell() {
        let shown: String = glyphs("\u{1b}[2J\u{202e}\t\u{301}").map(|(_, g)| g.text.into_owned()).collect();
        assert_eq!(shown, "·[2J·→·");
    }
}
