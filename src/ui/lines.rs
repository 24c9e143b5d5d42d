//! Lines of pieces: facts, YAML, logs.

use super::canvas::{Canvas, Cut};
use super::theme::Role;
use crate::app::geometry::Area;
use crate::app::paint::Line;
use crate::app::screen::Logs;

/// Draws the lines of a window, each a row.
pub(super) fn draw(window: &[Line], canvas: &mut Canvas<'_>, area: Area) {
    let end = area.x + area.width;
    for (line, y) in window.iter().zip(area.y..area.y + area.height) {
        let mut x = area.x;
        for piece in line {
            let style = canvas.style(piece.look.into());
            x = canvas.text(x, y, end.saturating_sub(x), &piece.text, style, Cut::End);
        }
    }
}

/// Draws a log, or a sentence where it has no line.
pub(super) fn logs(logs: &Logs, canvas: &mut Canvas<'_>, area: Area) {
    if !logs.window.is_empty() {
        return draw(&logs.window, canvas, area);
    }
    let (role, text) = match (&logs.note, logs.loading) {
        (Some(note), _) => (Role::ToneWarn, note.as_str()),
        (None, true) => (Role::ToneBusy, "Loading the log …"),
        (None, false) => (Role::Text, "The log has no line yet; new ones appear here."),
    };
    let style = canvas.style(role);
    canvas.text(area.x + 2, area.y + 1, area.width.saturating_sub(3), text, style, Cut::End);
}
