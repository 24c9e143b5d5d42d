//! The list of contexts: what is typed, what fits, what is behind the row of the cursor.

use ratatui::layout::Position;

use super::canvas::{Canvas, Cut, width};
use super::edges::{self, Keys};
use super::overlay::{begin_row, frame};
use super::theme::Role;
use crate::app::App;
use crate::app::contexts::{List, ListPage, Row};
use crate::app::geometry::Area;
use crate::model::age::age;

const KEYS: Keys = &[("enter", "open"), ("space", "mark"), ("delete", "close"), ("esc", "leave")];

/// Cells before a name: the cursor or a mark, and the symbol.
const LEAD: u16 = 4;

/// Cells of a state's word, of the marks, and of when it was used.
const CELLS: [u16; 3] = [14, 7, 9];

/// Cells that groups are left, if there are such.
const GROUPS: u16 = 12;

/// Draws it; tells where the cursor of the typed line is.
pub(super) fn draw(app: &App, list: &List, canvas: &mut Canvas<'_>) -> Option<Position> {
    let page = ListPage::new(app.size);
    let title = match list.marks_in_words() {
        Some(marks) => format!("contexts: {marks}"),
        None => "contexts".to_owned(),
    };
    frame(canvas, page.area, &title, KEYS);
    let label = canvas.style(Role::PromptLabel);
    let x = canvas.text(page.input.x, page.input.y, page.input.width, "find: ", label, Cut::End);
    let room = (page.input.x + page.input.width).saturating_sub(x);
    let typed = edges::input(canvas, (x, page.input.y), room, list.input.text(), Some(list.input.cursor()));
    // Where there is little room the box covers the line that a notice stands in.
    let said = list.said.as_deref().map(|said| (said, Role::ToneWarn));
    if let Some((said, role)) = said.or(app.notice.as_ref().map(|n| (n.text.as_str(), n.tone.into()))) {
        canvas.text(page.said.x, page.said.y, page.said.width, said, canvas.style(role), Cut::End);
    }
    let muted = canvas.style(Role::ToneMuted);
    if list.rows.is_empty() {
        let text = if list.input.text().is_empty() {
            "The kubeconfig has no context."
        } else {
            "No context or group fits what is typed."
        };
        canvas.text(page.list.x, page.list.y, page.list.width, text, muted, Cut::End);
    }
    let widest = list.rows.iter().map(|row| width(&row.name)).max().unwrap_or(0);
    let groups = list.rows.iter().map(|row| width(&row.groups)).max().unwrap_or(0).min(GROUPS);
    let others: u16 = LEAD + CELLS.iter().map(|cells| cells + 1).sum::<u16>() + groups + 1;
    let name = widest.min(page.list.width.saturating_sub(others)).max(8);
    let rows = page.list.y..page.list.y + page.list.height;
    for ((at, row), y) in list.rows.iter().enumerate().skip(list.offset).zip(rows) {
        let looks = (at == list.cursor, list.is_marked(row));
        draw_row(app, row, looks, name, canvas, Area { y, height: 1, ..page.list });
    }
    if page.explain.height > 0 {
        canvas.text(page.explain.x, page.explain.y, page.explain.width, &list.explained, muted, Cut::End);
    }
    typed
}

fn draw_row(
    app: &App,
    row: &Row,
    (is_selected, is_marked): (bool, bool),
    name: u16,
    canvas: &mut Canvas<'_>,
    area: Area,
) {
    let look = begin_row(canvas, area, (is_selected, is_marked));
    let (plain, muted) = (look.plain, look.muted);
    let over = |style| look.over(style);
    let tone = over(canvas.style(row.tone.into()));
    if let Some(symbol) = row.symbol {
        canvas.text(area.x + 2, area.y, 1, canvas.glyphs.symbol(symbol), tone, Cut::End);
    }
    let mut x = area.x + LEAD;
    canvas.text(x, area.y, name, &row.name, over(plain), Cut::Middle);
    x += name + 1;
    canvas.text(x, area.y, CELLS[0], &row.state, tone, Cut::End);
    x += CELLS[0] + 1;
    let production = over(canvas.style(Role::HeaderRightsProduction));
    let read_only = over(canvas.style(Role::HeaderRightsReadOnly));
    let mut at = x;
    for (is_it, word, style) in [(row.is_production, "PROD", production), (row.is_read_only, "RO", read_only)]
    {
        if is_it {
            at = canvas.text(at, area.y, CELLS[1], word, style, Cut::End) + 1;
        }
    }
    x += CELLS[1] + 1;
    let end = area.x + area.width;
    let used = row.used.map(|used| format!("{} ago", age(used, app.now))).unwrap_or_default();
    let from = end.saturating_sub(width(&used));
    canvas.text(x, area.y, from.saturating_sub(x + 1), &row.groups, over(muted), Cut::End);
    canvas.text(from, area.y, CELLS[2], &used, over(muted), Cut::End);
}
