//! The port-forwards that are open, and what a command says.

use super::canvas::{Canvas, Cut, width};
use super::edges::Keys;
use super::overlay::{frame, more};
use super::theme::Role;
use crate::app::App;
use crate::app::geometry::{self, Area};
use crate::app::screen::facts;
use crate::app::tools::forwards::ForwardList;
use crate::app::tools::output::{Output, OutputPage};
use crate::model::age::age;

const FORWARD_KEYS: Keys =
    &[("enter", "copy"), ("d", "stop"), ("up", ""), ("down", "move"), ("esc", "close")];
const NO_KEYS: Keys = &[("esc", "close")];
const RUNNING_KEYS: Keys = &[("esc", "end it"), ("up", ""), ("down", "scroll"), ("c", "copy")];
const OVER_KEYS: Keys = &[("esc", "close"), ("up", ""), ("down", "scroll"), ("c", "copy")];

/// Lines for what there is to say of the chosen one.
const WORDS: u16 = 4;

/// Draws the list of port-forwards.
pub(super) fn forwards(app: &App, list: &ForwardList, canvas: &mut Canvas<'_>, size: (u16, u16)) {
    let all = &app.forwards;
    let rows = u16::try_from(all.len()).unwrap_or(u16::MAX).max(1);
    let area = geometry::centred(size, (110, rows.saturating_add(WORDS + 3)));
    let keys = if all.is_empty() { NO_KEYS } else { FORWARD_KEYS };
    let inside = frame(canvas, area, "port-forwards", keys);
    let [plain, muted, selected] =
        [Role::Overlay, Role::ToneMuted, Role::OverlaySelected].map(|role| canvas.style(role));
    if all.is_empty() {
        let text = "No port-forward is open. On a gateway, a Service or a pod f opens one.";
        for (row, y) in facts::wrap(text, usize::from(inside.width)).iter().zip(inside.y..) {
            canvas.text(inside.x, y, inside.width, row, plain, Cut::End);
        }
        return;
    }
    let cursor = list.cursor.min(all.len() - 1);
    let shown = inside.height.saturating_sub(WORDS + 1).max(1);
    let offset = (cursor + 1).saturating_sub(usize::from(shown));
    let addresses: Vec<String> = all.iter().map(|forward| forward.address()).collect();
    let first = addresses.iter().map(|address| width(address)).max().unwrap_or(0);
    let end = inside.x + inside.width;
    let lines = all.iter().zip(&addresses).enumerate().skip(offset);
    for ((n, (forward, address)), y) in lines.zip(inside.y..inside.y + shown) {
        let over = |style: ratatui::style::Style| if n == cursor { style.patch(selected) } else { style };
        if n == cursor {
            canvas.tint(Area { y, height: 1, ..inside }, over(plain));
            canvas.char(inside.x, y, canvas.glyphs.cursor(), over(plain));
        }
        let (state, tone) = app.forward_state(forward);
        let counts =
            format!("{}/{} {:>4} ", forward.counts.now, forward.counts.all, age(forward.since, app.now));
        // The widest word that there is: nothing jumps when one becomes another.
        let right = width("no ready pod");
        let at = end.saturating_sub(right);
        canvas.text(at, y, right, state, over(canvas.style(tone.into())), Cut::End);
        let at = at.saturating_sub(width(&counts));
        canvas.text(at, y, width(&counts), &counts, over(muted), Cut::End);
        let x = canvas.text(inside.x + 2, y, first, address, over(plain), Cut::End);
        let x = (inside.x + 2 + first).max(x);
        let leads = format!(" → {}", forward.short());
        canvas.text(x, y, at.saturating_sub(x + 1), &leads, over(plain), Cut::Middle);
    }
    let Some(forward) = all.get(cursor) else { return };
    let words = app.forward_words(forward);
    let rows = words.iter().filter(|text| !text.is_empty());
    let rows = rows.flat_map(|text| facts::wrap(text, usize::from(inside.width)));
    let top = inside.y + (inside.height).saturating_sub(WORDS);
    for (row, y) in rows.take(usize::from(WORDS)).zip(top..) {
        canvas.text(inside.x, y, inside.width, &row, muted, Cut::End);
    }
}

/// Draws what a command says.
pub(super) fn output(output: &Output, canvas: &mut Canvas<'_>, size: (u16, u16)) {
    let page = OutputPage::new(output, size);
    let keys = if output.runs() { RUNNING_KEYS } else { OVER_KEYS };
    let inside = frame(canvas, page.area, &crate::model::clean::clean(&output.run.line()), keys);
    let end = inside.y + inside.height;
    let mut y = inside.y;
    for (tone, row) in &page.head {
        if y >= end {
            return;
        }
        canvas.text(inside.x, y, inside.width, row, canvas.style((*tone).into()), Cut::End);
        y += 1;
    }
    let last = page.last_offset();
    let offset = output.offset.unwrap_or(last).min(last);
    let plain = canvas.style(Role::Overlay);
    for (row, y) in page.rows.iter().skip(offset).zip(y + 1..end) {
        canvas.text(inside.x, y, inside.width, row, plain, Cut::End);
    }
    more(canvas, page.area, offset, last);
}
