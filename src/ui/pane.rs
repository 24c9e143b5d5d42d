//! A list of groups that unfold into parts: a line above, headings, rows, lines below; or why there is nothing.

use ratatui::style::Style;

use super::canvas::{Canvas, Cut, width};
use super::theme::Role;
use crate::app::geometry::Area;
use crate::app::paint::Line;
use crate::app::screen::facts;
use crate::app::screen::pane::{Pane, PaneCell, PaneRow, SYMBOL};
use crate::app::screen::table::{GAP, MARGIN};
use crate::model::table::{Align, Tone};

/// Draws a pane.
pub(super) fn draw(pane: &Pane, canvas: &mut Canvas<'_>, area: Area) {
    if let Some((tone, text, next)) = &pane.made.instead {
        instead(*tone, text, next, canvas, area);
        return;
    }
    let end = area.y + area.height;
    line(&pane.made.head, canvas, Area { height: area.height.min(1), ..area });
    heading(pane, canvas, Area { y: area.y + 1, height: 1, ..area });
    let mut y = area.y + 2;
    for one in &pane.window.rows {
        if y >= end {
            return;
        }
        row(one, canvas, Area { y, height: 1, ..area });
        y += 1;
    }
    for (foot, y) in pane.made.foot.iter().zip(y..end) {
        line(foot, canvas, Area { y, height: 1, ..area });
    }
}

fn instead(tone: Tone, text: &str, next: &str, canvas: &mut Canvas<'_>, area: Area) {
    let room = area.width.saturating_sub(4);
    let (style, muted) = (canvas.style(tone.into()), canvas.style(Role::ToneMuted));
    let rows = |text: &str, style| facts::wrap(text, room.into()).into_iter().map(move |row| (row, style));
    for ((row, style), y) in rows(text, style).chain(rows(next, muted)).zip(area.y + 1..area.y + area.height)
    {
        canvas.text(area.x + 2, y, room, &row, style, Cut::End);
    }
}

fn line(line: &Line, canvas: &mut Canvas<'_>, area: Area) {
    if area.height == 0 {
        return;
    }
    let end = area.x + area.width;
    let mut x = area.x;
    for piece in line {
        let style = canvas.style(piece.look.into());
        x = canvas.text(x, area.y, end.saturating_sub(x), &piece.text, style, Cut::End);
    }
}

fn heading(pane: &Pane, canvas: &mut Canvas<'_>, area: Area) {
    let style = canvas.style(Role::TableHeading);
    canvas.tint(area, style);
    let mut x = area.x + MARGIN;
    for (n, cell) in pane.window.heading.iter().enumerate() {
        let indent = if n == 0 { SYMBOL } else { 0 };
        text(cell, style, canvas, (x + indent, area.y), cell.width.saturating_sub(indent));
        x += cell.width + GAP;
    }
    if pane.window.hidden > 0 {
        let more = format!("+{}", pane.window.hidden);
        let at = (area.x + area.width).saturating_sub(width(&more));
        if at >= x {
            canvas.text(at, area.y, width(&more), &more, style, Cut::End);
        }
    }
}

fn row(row: &PaneRow, canvas: &mut Canvas<'_>, area: Area) {
    let base = canvas.style(Role::TableRow);
    let over = row.selected.then(|| canvas.style(Role::TableRowSelected));
    let look = |style: Style| {
        let style = base.patch(style);
        over.map_or(style, |over| style.patch(over))
    };
    canvas.tint(area, look(base));
    if row.selected {
        canvas.char(area.x, area.y, canvas.glyphs.cursor(), look(base));
    }
    let mut x = area.x + MARGIN + row.indent;
    if let Some((symbol, tone)) = row.symbol {
        let style = look(canvas.style(tone.into()));
        canvas.text(x, area.y, 1, canvas.glyphs.symbol(symbol), style, Cut::End);
        x += SYMBOL;
    }
    for cell in &row.cells {
        let style = look(canvas.style(cell.tone.into()));
        text(cell, style, canvas, (x, area.y), cell.width);
        x += cell.width + GAP;
    }
    let end = area.x + area.width;
    for piece in &row.said {
        let style = look(canvas.style(piece.look.into()));
        x = canvas.text(x, area.y, end.saturating_sub(x), &piece.text, style, Cut::End);
    }
}

fn text(cell: &PaneCell, style: Style, canvas: &mut Canvas<'_>, (x, y): (u16, u16), room: u16) {
    let lead = match cell.align {
        Align::Right => room.saturating_sub(width(&cell.text)),
        Align::Left => 0,
    };
    // A host and an address are told by both of their ends.
    let cut = if cell.text.contains(' ') { Cut::End } else { Cut::Middle };
    canvas.text(x + lead, y, room - lead, &cell.text, style, cut);
}
