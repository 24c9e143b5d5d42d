//! The question before a cluster is changed.

use ratatui::layout::Position;

use super::canvas::{Canvas, Cut};
use super::edges::{self, Keys};
use super::theme::Role;
use super::{lines, overlay};
use crate::app::App;
use crate::app::confirm::{Confirm, ConfirmPage, Stage};
use crate::app::geometry::Area;

const LOOKING: Keys = &[("up", ""), ("down", "scroll"), ("esc", "close")];
const ASKING: Keys = &[("y", "yes"), ("n", "no"), ("up", ""), ("down", "scroll"), ("esc", "no")];
const TYPING: Keys = &[("enter", "yes"), ("up", ""), ("down", "scroll"), ("esc", "no")];

/// Draws it; tells where the cursor is, while something is typed.
pub(super) fn draw(app: &App, confirm: &Confirm, canvas: &mut Canvas<'_>) -> Option<Position> {
    let page = ConfirmPage::new(confirm, app);
    let types = confirm.waits() && confirm.typed().is_some();
    let keys = match confirm.waits() {
        false => LOOKING,
        true if types => TYPING,
        true => ASKING,
    };
    let title = format!("{}?", confirm.deed.in_words());
    let inside = overlay::frame(canvas, page.area, &title, keys);
    let offset = confirm.offset.min(page.last_offset());
    let shown = &page.lines[offset..page.lines.len().min(offset + page.height)];
    lines::draw(shown, canvas, Area { height: inside.height.saturating_sub(2), ..inside });
    overlay::more(canvas, page.area, offset, page.last_offset());
    let y = (inside.y + inside.height).saturating_sub(1);
    asked(confirm, canvas, Area { y, height: 1, ..inside }, app)
}

/// The last line: what to press, or what is being typed.
fn asked(confirm: &Confirm, canvas: &mut Canvas<'_>, area: Area, app: &App) -> Option<Position> {
    let strong = canvas.style(Role::PromptLabel);
    let again = if matches!(confirm.stage, Stage::Failed(..)) { "try again" } else { "do it" };
    if !confirm.waits() {
        return None;
    }
    match confirm.typed() {
        None => {
            let text = format!("y to {again} in {}.", confirm.deed.cluster);
            canvas.text(area.x, area.y, area.width, &text, strong, Cut::Middle);
            None
        }
        Some(word) => {
            let label = format!("Type {word} to {again} in {}: ", confirm.deed.cluster);
            let room = area.width.saturating_sub(12);
            let x = canvas.text(area.x, area.y, room, &label, strong, Cut::Middle);
            let left = (area.x + area.width).saturating_sub(x);
            let typed =
                edges::input(canvas, (x, area.y), left, confirm.input.text(), Some(confirm.input.cursor()));
            typed.filter(|_| app.overlay.is_some())
        }
    }
}
