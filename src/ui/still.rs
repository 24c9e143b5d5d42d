//! A frame as text: what a person without colours sees.

use ratatui::buffer::{Buffer, Cell};

use super::Look;
use super::canvas::{Canvas, Cut, width};
use super::theme::Role;
use crate::app::App;
use crate::app::geometry;
use crate::app::screen::facts;

/// The cells of each row, from the left to the last that is not blank. What a wide character covers is left out.
pub fn rows(buffer: &Buffer) -> Vec<Vec<&Cell>> {
    let columns = usize::from(buffer.area.width).max(1);
    let row =
        |cells: &'_ [Cell]| -> usize { cells.iter().rposition(|c| c.symbol() != " ").map_or(0, |at| at + 1) };
    let rows = buffer.content.chunks(columns).map(|all| {
        let mut shown = Vec::new();
        let mut hidden = 0;
        for cell in &all[..row(all)] {
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            shown.push(cell);
            hidden = width(cell.symbol()).saturating_sub(1);
        }
        shown
    });
    rows.collect()
}

/// The rows as text, without blanks at their ends; each ends with a line end.
pub fn text(buffer: &Buffer) -> String {
    let line = |row: Vec<&Cell>| row.into_iter().map(Cell::symbol).collect::<String>() + "\n";
    rows(buffer).into_iter().map(line).collect()
}

/// Draws what is to be said over a screen that stands still.
pub fn say_over(app: &App, look: &Look, buffer: &mut Buffer) {
    let Some(said) = app.held.as_ref().and_then(|held| held.said.as_ref()) else { return };
    let size = (buffer.area.width, buffer.area.height);
    if geometry::too_small(size) {
        return;
    }
    let (width, height) = size;
    let mut canvas = Canvas::new(buffer, &look.theme, look.glyphs);
    let (style, plain) = (canvas.style(said.tone.into()), canvas.style(Role::Text));
    let rows = facts::wrap(&said.text, usize::from(width.saturating_sub(2)));
    let count = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(height / 2);
    // Above the line of keys, as on a screen that moves.
    let top = height.saturating_sub(1 + count.max(1));
    canvas.clear(geometry::Area { x: 0, y: top, width, height: count }, plain);
    for (row, y) in rows.iter().zip(top..top + count) {
        canvas.text(1, y, width.saturating_sub(2), row, style, Cut::End);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_no_blanks_at_the_ends_of_lines_and_no_gap_behind_wide_characters() {
        let mut buffer = Buffer::with_lines(["ab   ", "     ", "c    "]);
        buffer.set_string(0, 2, "漢字x", ratatui::style::Style::new());
        assert_eq!(text(&buffer), "ab\n\n漢字x\n");
    }
}
