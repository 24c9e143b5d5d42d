//! Draws `app::editor`: numbers, marks, lines, and the line that tells how things are.

use ratatui::layout::Position;

use super::canvas::{Canvas, Cut, width};
use super::overlay;
use super::theme::Role;
use crate::app::App;
use crate::app::editor::Editor;
use crate::app::editor::complete::Completion;
use crate::app::editor::window::Row;
use crate::app::geometry::Area;
use crate::app::screen::facts;
use crate::model::table::Tone;

/// Draws it; tells where the cursor is.
pub(super) fn draw(_app: &App, editor: &Editor, canvas: &mut Canvas<'_>, area: Area) -> Option<Position> {
    if area.height == 0 || area.width == 0 {
        return None;
    }
    let text = Area { height: area.height - 1, ..area };
    let status = Area { y: area.y + text.height, height: 1, ..area };
    draw_status(editor, canvas, status);
    if editor.is_outside() {
        draw_outside(editor, canvas, text);
        return None;
    }
    let window = &editor.window;
    for (row, y) in window.rows.iter().zip(text.y..text.y + text.height) {
        draw_row(row, window.digits, canvas, Area { y, height: 1, ..text });
    }
    let (row, cell) = window.cursor;
    let at = Position::new(area.x + window.gutter + cell, text.y + row);
    let at = (at.x < area.x + area.width && at.y < text.y + text.height).then_some(at)?;
    if let Some(completion) = &editor.completion {
        draw_choices(completion, canvas, text, at);
    }
    Some(at)
}

/// Most choices in sight.
const CHOICES: usize = 8;

/// What may stand at the cursor, below it, or above where there is no room.
fn draw_choices(completion: &Completion, canvas: &mut Canvas<'_>, text: Area, at: Position) {
    let below = (text.y + text.height).saturating_sub(at.y + 1);
    let above = at.y.saturating_sub(text.y);
    let wanted = u16::try_from(completion.choices.len().min(CHOICES) + 2).unwrap_or(u16::MAX);
    let is_below = below >= wanted || below >= above;
    let height = wanted.min(if is_below { below } else { above });
    if height < 3 {
        return;
    }
    let lines: Vec<(&str, &str, &str)> =
        completion.choices.iter().map(|c| (c.text.as_str(), c.kind.as_str(), "")).collect();
    // The list gives names no more than half of its room.
    let wide = |(a, b, _): &(&str, &str, &str)| (width(a) + width(b) + 8).max(width(a).saturating_mul(2) + 4);
    let wide = lines.iter().map(wide).max().unwrap_or(0).clamp(16, 72).min(text.width);
    let x = at.x.saturating_sub(2).min((text.x + text.width).saturating_sub(wide)).max(text.x);
    let y = if is_below { at.y + 1 } else { at.y - height };
    let inside = overlay::frame(canvas, Area { x, y, width: wide, height }, "", &[]);
    overlay::draw_list(canvas, inside, lines, completion.cursor);
}

/// Mark, number, fold, text.
fn draw_row(row: &Row, digits: u16, canvas: &mut Canvas<'_>, area: Area) {
    let end = area.x + area.width;
    if let Some(tone) = row.mark {
        let glyph = if tone == Tone::Bad { canvas.glyphs.bad() } else { '!' };
        let style = canvas.style(tone.into());
        canvas.char(area.x, area.y, glyph, style);
    }
    let number = canvas.style(if row.is_current { Role::TextTitle } else { Role::ToneMuted });
    let digits = usize::from(digits);
    let x =
        canvas.text(area.x + 1, area.y, area.width, &format!("{:>digits$}", row.number), number, Cut::End);
    if row.folded > 0 {
        canvas.char(x, area.y, canvas.glyphs.folded(), number);
    } else if row.is_current {
        canvas.char(x, area.y, canvas.glyphs.cursor(), number);
    }
    let mut x = x + 2;
    for piece in &row.text {
        let style = canvas.style(piece.look.into());
        x = canvas.text(x, area.y, end.saturating_sub(x), &piece.text, style, Cut::End);
    }
}

/// Place, state and problems on the left; what does not fit is left out.
fn draw_status(editor: &Editor, canvas: &mut Canvas<'_>, area: Area) {
    let mut x = area.x + 1;
    let end = area.x + area.width;
    for (tone, text) in &editor.window.status {
        if x + width(text) >= end {
            // Of a path, its end tells where one is.
            let style = canvas.style((*tone).into());
            canvas.text(x, area.y, end.saturating_sub(x + 1), text, style, Cut::Middle);
            return;
        }
        x = canvas.text(x, area.y, end - x, text, canvas.style((*tone).into()), Cut::End) + 2;
    }
}

/// What stands in the place of a text that is too long.
fn draw_outside(editor: &Editor, canvas: &mut Canvas<'_>, area: Area) {
    let style = canvas.style(Role::Text);
    let room = area.width.saturating_sub(4);
    let words = editor.outside_words();
    let rows = words.iter().flat_map(|text| facts::wrap(text, usize::from(room)));
    for (row, y) in rows.zip(area.y + 1..area.y + area.height) {
        canvas.text(area.x + 2, y, room, &row, style, Cut::End);
    }
}
