//! Draws `app::form`: what `Form::settle` laid out.

use ratatui::layout::Position;
use ratatui::style::Style;

use super::canvas::{Canvas, Cut, width};
use super::theme::Role;
use super::{edges, lines};
use crate::app::App;
use crate::app::form::{Cell, Form, Page, Popup, Row};
use crate::app::geometry::Area;
use crate::model::clean::clean;
use crate::model::table::Tone;

/// Letters of a step's name where not all names find room.
const SHORT: usize = 4;

/// Draws it; tells where the cursor is.
pub(super) fn draw(_app: &App, form: &Form, canvas: &mut Canvas<'_>, area: Area) -> Option<Position> {
    let page = form.page();
    let left = Area { width: page.width.min(area.width), ..area };
    let head = u16::from(!page.steps.is_empty()).min(area.height);
    if head > 0 {
        steps(page, canvas, left);
    }
    let body = Area { y: left.y + head, height: left.height - head, ..left };
    if page.full {
        lines::draw(
            page.manifest.as_deref().unwrap_or_default(),
            canvas,
            Area { x: body.x + 1, width: body.width.saturating_sub(1), ..body },
        );
        return None;
    }
    if let Some(manifest) = &page.manifest {
        let x = left.x + left.width;
        beside(manifest, canvas, Area { x, width: (area.x + area.width).saturating_sub(x), ..area });
    }
    let mut typed = None;
    for (row, y) in page.rows.iter().zip(body.y..body.y + body.height) {
        let at = draw_row(row, canvas, Area { y, height: 1, ..body });
        typed = typed.or(at);
    }
    if let Some((popup, (x, y))) = form.popup().zip(here(page, body)) {
        draw_popup(popup, canvas, body, x, y);
    }
    typed
}

/// The steps, the open one marked; their names are cut short where there is little room.
fn steps(page: &Page, canvas: &mut Canvas<'_>, area: Area) {
    let (plain, open) = (canvas.style(Role::Tabs), canvas.style(Role::TabsCurrent));
    let (left, right) = canvas.glyphs.open_tab();
    let needed: u16 = page.steps.iter().map(|(name, _)| width(name) + 2).sum();
    let more = match page.hidden {
        (0, 0) => "",
        (0, _) => "more below",
        (_, 0) => "more above",
        _ => "more",
    };
    let room = area.width.saturating_sub(if more.is_empty() { 0 } else { width(more) + 2 });
    let mut x = area.x;
    for (name, is_open) in &page.steps {
        let style = if *is_open { open } else { plain };
        let short: String = match needed > room && !is_open {
            true => name.chars().take(SHORT + 2).collect(),
            false => name.clone(),
        };
        x = canvas.char(x, area.y, if *is_open { left } else { ' ' }, style);
        x = canvas.text(x, area.y, (area.x + area.width).saturating_sub(x), &short, style, Cut::End);
        x = canvas.char(x, area.y, if *is_open { right } else { ' ' }, style);
    }
    let at = (area.x + area.width).saturating_sub(width(more) + 1);
    if at > x {
        canvas.text(at, area.y, area.width, more, plain, Cut::End);
    }
}

/// The manifest at the right of the form.
fn beside(manifest: &[crate::app::paint::Line], canvas: &mut Canvas<'_>, area: Area) {
    let edge = canvas.style(Role::OverlayBorder);
    let [_, _, _, _, _, down] = canvas.glyphs.frame();
    for y in area.y..area.y + area.height {
        canvas.char(area.x, y, down, edge);
    }
    let title = canvas.style(Role::TextTitle);
    let inside = Area { x: area.x + 2, width: area.width.saturating_sub(2), ..area };
    canvas.text(inside.x, inside.y, inside.width, "manifest", title, Cut::End);
    let below = Area { y: inside.y + 1, height: inside.height.saturating_sub(1), ..inside };
    lines::draw(manifest, canvas, below);
}

fn draw_row(row: &Row, canvas: &mut Canvas<'_>, area: Area) -> Option<Position> {
    let end = area.x + area.width;
    if let Some(line) = &row.line {
        lines::draw(
            std::slice::from_ref(line),
            canvas,
            Area { x: area.x + 1, width: area.width.saturating_sub(1), ..area },
        );
        return None;
    }
    let label = canvas.style(Role::TextLabel);
    if row.here {
        let cursor = canvas.glyphs.cursor();
        canvas.char(area.x, area.y, cursor, canvas.style(Role::PromptLabel));
    }
    let before = row.cells.first().map_or(area.width, |cell| cell.x).saturating_sub(2);
    canvas.text(area.x + 1, area.y, before, &row.label, label, Cut::End);
    let mut typed = None;
    for (n, cell) in row.cells.iter().enumerate() {
        let x = area.x + cell.x;
        let room = cell.width.min(end.saturating_sub(x));
        if room == 0 {
            continue;
        }
        // A problem beside a field, or below a row: its symbol goes before it.
        let mark = row.problem.filter(|_| n + 1 == row.cells.len());
        let style = look(row, cell, canvas);
        let (x, room) = match mark {
            Some(tone) => {
                let sign = canvas.glyphs.symbol(sign(tone));
                let style = canvas.style(tone.into());
                if n == 0 {
                    canvas.text(x.saturating_sub(2), area.y, 2, sign, style, Cut::End);
                    (x, room)
                } else {
                    canvas.text(x, area.y, 2, sign, style, Cut::End);
                    (x + 2, room.saturating_sub(2))
                }
            }
            None => (x, room),
        };
        match cell.cursor {
            Some(cursor) => {
                canvas.tint(Area { x, y: area.y, width: room, height: 1 }, style);
                typed = edges::input(canvas, (x, area.y), room, &cell.text, Some(cursor));
                if cell.text.is_empty() {
                    let muted = canvas.style(Role::ToneMuted);
                    canvas.text(x + 1, area.y, room.saturating_sub(1), &cell.instead, muted, Cut::End);
                }
            }
            None => {
                canvas.text(x, area.y, room, &cell.text, style, Cut::End);
            }
        }
    }
    typed
}

/// What a cell looks like: under the cursor it is told from all others in every theme.
fn look(row: &Row, cell: &Cell, canvas: &Canvas<'_>) -> Style {
    match (row.heading, cell.here && cell.cursor.is_none(), cell.here) {
        (true, ..) => canvas.style(Role::TableHeading),
        (_, true, _) => canvas.style(Role::TableRowSelected),
        (_, _, true) => canvas.style(Role::Prompt),
        _ => canvas.style(cell.tone.into()),
    }
}

fn sign(tone: Tone) -> crate::model::columns::Symbol {
    use crate::model::columns::Symbol;
    if tone == Tone::Bad { Symbol::Error } else { Symbol::Degraded }
}

/// Where what is offered goes: below the cell of the cursor.
fn here(page: &Page, area: Area) -> Option<(u16, u16)> {
    let rows = page.rows.iter().zip(area.y..area.y + area.height);
    rows.filter_map(|(row, y)| row.cells.iter().find(|c| c.cursor.is_some()).map(|c| (c.x, y))).next_back()
}

fn draw_popup(popup: &Popup, canvas: &mut Canvas<'_>, area: Area, x: u16, y: u16) {
    let (first, shown) = popup.window();
    let height = u16::try_from(shown.len()).unwrap_or(u16::MAX);
    let wide = shown.iter().map(|item| width(item)).max().unwrap_or(0) + 4;
    let x = (area.x + x).min((area.x + area.width).saturating_sub(wide.min(area.width)));
    let room = wide.min((area.x + area.width).saturating_sub(x));
    let below = y + 1 + height <= area.y + area.height;
    let top = if below { y + 1 } else { y.saturating_sub(height).max(area.y) };
    let (plain, edge) = (canvas.style(Role::Overlay), canvas.style(Role::OverlayBorder));
    let [_, _, _, _, _, down] = canvas.glyphs.frame();
    let shown = shown.iter().enumerate();
    for ((n, item), y) in shown.zip(top..area.y + area.height) {
        let style = match popup.chosen == Some(first + n) {
            true => canvas.style(Role::OverlaySelected),
            false => plain,
        };
        canvas.clear(Area { x, y, width: room, height: 1 }, style);
        canvas.text(x + 2, y, room.saturating_sub(4), &clean(item), style, Cut::Middle);
        // Without colours it is told from what is behind it by its edges.
        canvas.char(x, y, down, edge);
        canvas.char(x + room.saturating_sub(1), y, down, edge);
    }
}
