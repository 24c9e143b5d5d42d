//! A table: heading, rows, what is wrong with clusters; or why there is no row.

use ratatui::style::Style;

use super::canvas::{Canvas, Cut, width};
use super::theme::Role;
use crate::app::App;
use crate::app::geometry::Area;
use crate::app::screen::Table;
use crate::app::screen::table::{GAP, MARGIN, WindowCell, WindowRow, state_column};
use crate::model::columns::Symbol;
use crate::model::table::{Align, Column, Tone};

/// Lines for clusters in trouble, at most.
const TROUBLES: usize = 3;

/// Draws a table with the troubles that its kind has.
pub(super) fn draw(
    app: &App,
    table: &Table,
    troubles: &[(Tone, String)],
    canvas: &mut Canvas<'_>,
    area: Area,
) {
    heading(table, canvas, area);
    let mut y = area.y + 1;
    let end = area.y + area.height;
    for row in &table.window.rows {
        if y >= end {
            break;
        }
        draw_row(table, row, canvas, Area { y, height: 1, ..area });
        y += 1;
    }
    let mut said = String::new();
    if let Some((tone, text, hint)) = app.why_empty(table) {
        let (style, muted) = (canvas.style(tone.into()), canvas.style(Role::ToneMuted));
        let room = area.width.saturating_sub(4);
        if y + 2 < end {
            canvas.text(area.x + 2, y + 1, room, &text, style, Cut::End);
            canvas.text(area.x + 2, y + 2, room, &hint, muted, Cut::End);
        }
        y += 4;
        said = text;
    }
    // What the sentence says already is not said again.
    let is_new = |(_, text): &&(Tone, String)| said.is_empty() || !text.contains(&said);
    let troubles: Vec<_> = troubles.iter().filter(is_new).collect();
    draw_troubles(&troubles, canvas, Area { y, height: end.saturating_sub(y), ..area });
}

fn draw_troubles(troubles: &[&(Tone, String)], canvas: &mut Canvas<'_>, area: Area) {
    let shown = if troubles.len() > TROUBLES { TROUBLES - 1 } else { troubles.len() };
    let room = area.width.saturating_sub(2);
    let rows = area.y..area.y + area.height;
    for ((tone, text), y) in troubles[..shown].iter().zip(rows.clone()) {
        let style = canvas.style((*tone).into());
        let symbol = if *tone == Tone::Bad { Symbol::Error } else { Symbol::Degraded };
        let x = canvas.text(area.x + 1, y, room, canvas.glyphs.symbol(symbol), style, Cut::End);
        // Its end tells when egret tries again.
        canvas.text(x + 1, y, room.saturating_sub(2), text, style, Cut::Middle);
    }
    if let (Some(y), true) = (rows.clone().nth(shown), troubles.len() > shown) {
        let more =
            format!("and {} more clusters have troubles: see the clusters table", troubles.len() - shown);
        let style = canvas.style(Role::ToneWarn);
        canvas.text(area.x + 1, y, room, &more, style, Cut::End);
    }
}

fn heading(table: &Table, canvas: &mut Canvas<'_>, area: Area) {
    let (plain, sorted) = (canvas.style(Role::TableHeading), canvas.style(Role::TableHeadingSorted));
    canvas.tint(Area { height: 1, ..area }, plain);
    let columns = table.columns();
    let state = state_column(columns);
    let end = area.x + area.width;
    let mut x = area.x + MARGIN;
    for (at, cells) in &table.window.columns {
        let column = &columns[*at];
        let mark = table.sort.filter(|(id, _)| *id == column.id).map(|(_, reverse)| reverse);
        let style = if mark.is_some() { sorted } else { plain };
        // The mark stands in the gap behind the column; the last one has none.
        let room = if mark.is_some() && x + cells >= end { cells.saturating_sub(1) } else { *cells };
        let indent = if state == Some(*at) && room > 2 && width(column.title) + 2 <= room { 2 } else { 0 };
        let lead = match column.align {
            Align::Right => room.saturating_sub(width(column.title)),
            Align::Left => indent,
        };
        let behind = canvas.text(x + lead, area.y, room - lead, column.title, style, Cut::End);
        if let Some(reverse) = mark {
            canvas.char(behind, area.y, canvas.glyphs.sorted(reverse), style);
        }
        x += cells + GAP;
    }
    if table.window.hidden > 0 {
        let text = format!("+{}", table.window.hidden);
        let at = end.saturating_sub(width(&text));
        canvas.text(at, area.y, width(&text), &text, sorted, Cut::End);
    }
}

fn draw_row(table: &Table, row: &WindowRow, canvas: &mut Canvas<'_>, area: Area) {
    let columns = table.columns();
    let base = canvas.style(Role::TableRow);
    let looks = Looks {
        base,
        stale: row.stale.then(|| canvas.style(Role::TableRowStale)),
        changed: canvas.style(Role::TableCellChanged),
        found: canvas.style(Role::TextMatch),
        selected: row.selected.then(|| canvas.style(Role::TableRowSelected)),
    };
    canvas.tint(area, looks.over(base));
    if row.selected {
        canvas.char(area.x, area.y, canvas.glyphs.cursor(), looks.over(base));
    }
    if row.marked {
        // Over the cursor's sign: that row is told by its style too.
        let style = looks.over(canvas.style(Role::HintKey));
        canvas.char(area.x, area.y, canvas.glyphs.marked(), style);
    }
    let state = state_column(columns);
    let mut x = area.x + MARGIN;
    let mut told = !row.stale;
    for ((at, cells), cell) in table.window.columns.iter().zip(&row.cells) {
        let mut place = (x, *cells);
        if state == Some(*at) {
            let style = looks.cell(canvas.style(cell.cell.tone.into()), false);
            if let Some(symbol) = row.symbol {
                canvas.text(x, area.y, *cells, canvas.glyphs.symbol(symbol), style, Cut::End);
                place = (x + 2, cells.saturating_sub(2));
            }
            if row.stale {
                let behind = canvas.text(place.0, area.y, place.1, "stale ", style, Cut::End);
                place = (behind, (x + cells).saturating_sub(behind));
                told = true;
            }
        }
        draw_cell(&columns[*at], cell, &looks, canvas, Area { x: place.0, width: place.1, ..area });
        x += cells + GAP;
    }
    if !told {
        // No column tells states: the word stands at the end, over what is there.
        let at = (area.x + area.width).saturating_sub(6);
        canvas.text(at, area.y, 6, " stale", looks.over(base), Cut::End);
    }
}

fn draw_cell(column: &Column, cell: &WindowCell, looks: &Looks, canvas: &mut Canvas<'_>, area: Area) {
    let text = &*cell.cell.text;
    let lead = match column.align {
        Align::Right => area.width.saturating_sub(width(text)),
        Align::Left => 0,
    };
    let style = looks.cell(canvas.style(cell.cell.tone.into()), cell.changed);
    let found = looks.over(style.patch(looks.found));
    // A name is cut in its middle, because names of pods differ at their end.
    let is_name = text.contains('-') && !text.contains([' ', ',']);
    let cut = if is_name { Cut::Middle } else { Cut::End };
    canvas.marked(area.x + lead, area.y, area.width - lead, text, style, cut, &cell.matches, found);
}

/// What the cells of a row look like, each on top of the one before.
struct Looks {
    base: Style,
    stale: Option<Style>,
    changed: Style,
    found: Style,
    selected: Option<Style>,
}

impl Looks {
    fn cell(&self, tone: Style, changed: bool) -> Style {
        let style = self.base.patch(tone);
        self.over(if changed { style.patch(self.changed) } else { style })
    }

    /// What lies over the whole row: it no longer answers, the cursor is on it.
    fn over(&self, style: Style) -> Style {
        let style = self.stale.map_or(style, |s| style.patch(s));
        self.selected.map_or(style, |s| style.patch(s))
    }
}
