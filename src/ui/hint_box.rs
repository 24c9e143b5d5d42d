//! What a beginning of keys may go on with.

use super::canvas::{Canvas, Cut, width};
use super::overlay;
use super::theme::Role;
use crate::app::App;
use crate::app::command::Spec;
use crate::app::geometry::{Area, Areas};

/// Its frame says it: no other key means anything until the sequence is whole.
const KEYS: super::edges::Keys = &[("esc", "back")];

/// Most columns it takes.
const WIDEST: u16 = 70;

/// Draws it in the corner above the hint bar, where keys have begun a sequence.
pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>, areas: &Areas) {
    let Some((keys, on)) = app.begun() else { return };
    let below = areas.hints;
    let longest = on.iter().map(|line| said(app, line).len()).max().unwrap_or(0);
    let wide = u16::try_from(longest).unwrap_or(WIDEST).saturating_add(keys_width(&on) + 6);
    let wide = wide.clamp(24, WIDEST).min(below.width);
    let high = u16::try_from(on.len()).unwrap_or(u16::MAX).saturating_add(2).min(below.y);
    let area = Area { x: below.width - wide, y: below.y - high, width: wide, height: high };
    let inside = overlay::frame(canvas, area, &format!("{keys} …"), KEYS);
    let first = keys_width(&on);
    for (line, y) in on.iter().zip(inside.y..inside.y + inside.height) {
        let applies = app.applies(line.1.command).is_ok();
        let [key, plain, muted] = [Role::HintKey, Role::Overlay, Role::ToneMuted].map(|r| canvas.style(r));
        canvas.text(inside.x, y, first, &line.0, if applies { key } else { muted }, Cut::End);
        let at = inside.x + first + 2;
        let room = (inside.x + inside.width).saturating_sub(at);
        canvas.text(at, y, room, &said(app, line), if applies { plain } else { muted }, Cut::End);
    }
}

fn keys_width(on: &[(String, &'static Spec)]) -> u16 {
    on.iter().map(|(keys, _)| width(keys)).max().unwrap_or(0)
}

/// What it does; or why it can do nothing now.
fn said(app: &App, (_, spec): &(String, &'static Spec)) -> String {
    match app.applies(spec.command) {
        Ok(()) => spec.about.to_owned(),
        Err(why) => format!("{}: {why}", spec.command),
    }
}
