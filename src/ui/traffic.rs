//! The Traffic tab: how far back, numbers, chart, rows.

use strum::IntoEnumIterator as _;

use super::canvas::{Canvas, Cut, width};
use super::chart;
use super::theme::Role;
use crate::app::App;
use crate::app::geometry::Area;
use crate::app::traffic::View;
use crate::app::traffic::parts::{ABOVE, AROUND};
use crate::app::traffic::view::{Card, ShownRow, Trend};
use crate::metrics::view::Window;
use crate::model::table::{Align, Tone};

/// Cells before a row: the cursor, or the letter of its line, and air.
const LEAD: u16 = 2;

/// Most cells of a number.
const CARD: u16 = 14;

/// Draws the tab.
pub(super) fn draw(app: &App, view: &View, canvas: &mut Canvas<'_>, area: Area) {
    let shown = &view.shown;
    first_line(app, view, canvas, Area { height: 1, ..area });
    if let Some((tone, text, next)) = &shown.saying {
        let room = area.width.saturating_sub(3);
        let (style, muted) = (canvas.style((*tone).into()), canvas.style(Role::ToneMuted));
        let mut y = area.y + 2;
        for (text, style) in [(text, style), (next, muted)] {
            for row in crate::app::screen::facts::wrap(text, usize::from(room)) {
                if y < area.y + area.height {
                    canvas.text(area.x + 2, y, room, &row, style, Cut::End);
                }
                y += 1;
            }
        }
        return;
    }
    cards(&shown.cards, canvas, Area { y: area.y + 1, height: 2, ..area });
    let mut y = area.y + ABOVE;
    if let Some((tone, text)) = &shown.note {
        let style = canvas.style((*tone).into());
        canvas.text(area.x + 1, y, area.width.saturating_sub(2), text, style, Cut::End);
        y += 1;
    }
    if let Some(picture) = shown.chart.as_ref().filter(|_| shown.parts.chart > 0) {
        let height = shown.parts.chart + AROUND;
        chart::draw(picture, canvas, Area { y, height, ..area });
        y += height;
    }
    let height = (area.y + area.height).saturating_sub(y);
    rows(view, canvas, Area { y, height, ..area });
}

/// How far back, what the rows are, where the numbers come from; at the right how current it is.
fn first_line(app: &App, view: &View, canvas: &mut Canvas<'_>, area: Area) {
    let shown = &view.shown;
    let (plain, open) = (canvas.style(Role::Tabs), canvas.style(Role::TabsCurrent));
    let (left, right) = canvas.glyphs.open_tab();
    let (tone, pace) = &shown.pace;
    let end = (area.x + area.width).saturating_sub(width(pace) + 1);
    let style = canvas.style((*tone).into());
    canvas.text(end, area.y, area.width, pace, style, Cut::End);
    let mut x = area.x;
    for window in Window::iter() {
        let is_open = window == app.traffic.window;
        let style = if is_open { open } else { plain };
        x = canvas.char(x, area.y, if is_open { left } else { ' ' }, style);
        x = canvas.text(x, area.y, area.width, &window.to_string(), style, Cut::End);
        if is_open {
            x = canvas.char(x, area.y, right, style);
        }
    }
    let what = match &view.host {
        Some(host) => format!("{host} by pod"),
        None => format!("by {}", view.by),
    };
    let parts = [(what, plain), (shown.source.clone(), canvas.style(Role::ToneWarn))];
    for (text, style) in parts.iter().filter(|(text, _)| !text.is_empty()) {
        let room = end.saturating_sub(x + 4);
        if room < 6 {
            break;
        }
        x = canvas.text(x + 2, area.y, room, text, *style, Cut::End);
    }
}

/// The numbers, each below its title, with how it differs from before.
fn cards(cards: &[Card], canvas: &mut Canvas<'_>, area: Area) {
    let count = u16::try_from(cards.len()).unwrap_or(1).max(1);
    let each = (area.width.saturating_sub(1) / count).min(CARD);
    let title = canvas.style(Role::TableHeading);
    canvas.tint(Area { height: 1, ..area }, title);
    for (card, x) in cards.iter().zip((area.x + 1..).step_by(usize::from(each.max(1)))) {
        canvas.text(x, area.y, each.saturating_sub(1), card.title, title, Cut::End);
        let style = canvas.style(card.tone.into());
        let behind = canvas.text(x, area.y + 1, each.saturating_sub(1), &card.value, style, Cut::End);
        if let Some(trend) = card.trend {
            let glyph = canvas.glyphs.sorted(trend == Trend::Down);
            canvas.char(behind, area.y + 1, glyph, style);
        }
    }
}

fn rows(view: &View, canvas: &mut Canvas<'_>, area: Area) {
    let shown = &view.shown;
    if area.height == 0 {
        return;
    }
    let heading = canvas.style(Role::TableHeading);
    canvas.tint(Area { height: 1, ..area }, heading);
    let mut x = area.x + LEAD;
    for column in &shown.headings {
        let lead = match column.align {
            Align::Right => column.width.saturating_sub(width(column.title)),
            Align::Left => 0,
        };
        canvas.text(x + lead, area.y, column.width.saturating_sub(lead), column.title, heading, Cut::End);
        x += column.width + 1;
    }
    let more = shown.all.saturating_sub(shown.rows.len());
    if more > 0 {
        let text = format!("+{more}");
        let at = (area.x + area.width).saturating_sub(width(&text));
        canvas.text(at, area.y, width(&text), &text, canvas.style(Role::TableHeadingSorted), Cut::End);
    }
    for (row, y) in shown.rows.iter().zip(area.y + 1..area.y + area.height) {
        draw_row(view, row, canvas, Area { y, height: 1, ..area });
    }
}

fn draw_row(view: &View, row: &ShownRow, canvas: &mut Canvas<'_>, area: Area) {
    let base = canvas.style(Role::TableRow);
    let selected = row.selected.then(|| canvas.style(Role::TableRowSelected));
    let over = |style: ratatui::style::Style| selected.map_or(style, |s| style.patch(s));
    canvas.tint(area, over(base));
    let mark = row.letter.or_else(|| row.selected.then(|| canvas.glyphs.cursor()));
    if let Some(mark) = mark {
        canvas.char(area.x, area.y, mark, over(base));
    }
    let mut x = area.x + LEAD;
    for (column, (text, tone)) in view.shown.headings.iter().zip(&row.cells) {
        let tone: Tone = *tone;
        let style = over(base.patch(canvas.style(tone.into())));
        let lead = match column.align {
            Align::Right => column.width.saturating_sub(width(text)),
            Align::Left => 0,
        };
        canvas.text(x + lead, area.y, column.width - lead, text, style, Cut::Middle);
        x += column.width + 1;
    }
}
