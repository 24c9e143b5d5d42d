//! The box where the columns of a table are chosen.

use ratatui::layout::Position;

use super::canvas::{Canvas, Cut, width};
use super::edges::{self, Keys};
use super::overlay::{begin_row, frame, more};
use super::theme::Role;
use crate::app::App;
use crate::app::choosing::{Chooser, ChooserPage, Line};
use crate::app::geometry::Area;
use crate::model::clean::clean;

const KEYS: Keys = &[
    ("space", "show"),
    ("K", ""),
    ("J", "move"),
    ("+", ""),
    ("-", ""),
    ("=", "wide"),
    ("a", "add"),
    ("d", "del"),
    ("r", "usual"),
    ("s", "save"),
    ("esc", "end"),
];

const ADDING: Keys = &[("enter", "take"), ("esc", "back")];

/// Cells of the word that tells whether it is shown, and of its width.
const CELLS: [u16; 2] = [6, 4];

/// Most cells of a heading.
const TITLE: u16 = 20;

/// Draws it; tells where the cursor is, while something is typed.
pub(super) fn draw(app: &App, chooser: &Chooser, canvas: &mut Canvas<'_>) -> Option<Position> {
    let page = ChooserPage::new(app.size);
    let keys = if chooser.adding.is_some() { ADDING } else { KEYS };
    frame(canvas, page.area, &format!("columns of {}", chooser.table), keys);
    let mut typed = None;
    let muted = canvas.style(Role::ToneMuted);
    let line = |canvas: &mut Canvas<'_>, area: Area, text: &str, style| {
        canvas.text(area.x, area.y, area.width, &clean(text), style, Cut::End);
    };
    if let Some(adding) = &chooser.adding {
        let label = canvas.style(Role::PromptLabel);
        let Area { x, y, width, .. } = page.head;
        let at = canvas.text(x, y, width, adding.label(), label, Cut::End);
        let room = (x + width).saturating_sub(at);
        typed = edges::input(canvas, (at, y), room, adding.input.text(), Some(adding.input.cursor()));
        let (text, style) = match &adding.error {
            Some(why) => (why.clone(), canvas.style(Role::ToneBad)),
            None => (adding.hint(), muted),
        };
        line(canvas, page.said, &text, style);
    } else {
        line(canvas, page.head, &chooser.target, muted);
        // The box covers the line that a notice stands in.
        let said = chooser.said.as_ref().map(|(tone, text)| (*tone, text.as_str()));
        if let Some((tone, text)) = said.or(app.notice.as_ref().map(|n| (n.tone, n.text.as_str()))) {
            line(canvas, page.said, text, canvas.style(tone.into()));
        }
    }
    let title = chooser.lines.iter().map(|line| width(&line.title)).max().unwrap_or(0).min(TITLE);
    let rows = page.list.y..page.list.y + page.list.height;
    for ((at, line), y) in chooser.lines.iter().enumerate().skip(chooser.offset).zip(rows) {
        let is_selected = at == chooser.cursor && chooser.adding.is_none();
        draw_line(line, is_selected, title, canvas, Area { y, height: 1, ..page.list });
    }
    let last = chooser.lines.len().saturating_sub(usize::from(page.list.height));
    more(canvas, page.area, chooser.offset, last);
    typed
}

fn draw_line(line: &Line, is_selected: bool, title: u16, canvas: &mut Canvas<'_>, area: Area) {
    let look = begin_row(canvas, area, (is_selected, line.is_shown));
    let (plain, muted) = (look.plain, look.muted);
    let over = |style| look.over(style);
    let mut x = area.x + 3;
    let word = if line.is_shown { "shown" } else { "hidden" };
    let look = if line.is_shown { plain } else { muted };
    canvas.text(x, area.y, CELLS[0], word, over(look), Cut::End);
    x += CELLS[0] + 2;
    let cells = line.choice.width.map_or_else(|| "auto".to_owned(), |cells| cells.to_string());
    let lead = CELLS[1].saturating_sub(width(&cells));
    canvas.text(x + lead, area.y, CELLS[1], &cells, over(muted), Cut::End);
    x += CELLS[1] + 2;
    canvas.text(x, area.y, title, &clean(&line.title), over(look), Cut::End);
    x += title + 2;
    let room = (area.x + area.width).saturating_sub(x);
    canvas.text(x, area.y, room, &clean(&line.about), over(muted), Cut::End);
}
