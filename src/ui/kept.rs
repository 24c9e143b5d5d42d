//! Lists that stand in front: views that are kept, and what happened.

use ratatui::layout::Position;

use super::canvas::{Canvas, Cut, width};
use super::edges::{self, Keys};
use super::overlay::{Choice, draw_list, frame, more};
use super::theme::Role;
use crate::app::App;
use crate::app::geometry::{self, Area};
use crate::app::notices::{Happened, NoticeList, tone_word};
use crate::app::screen::facts;
use crate::app::views::{Front, List, Naming};
use crate::model::age;
use crate::model::clock::zone;
use crate::model::columns::clock;

const NAMING: Keys = &[("enter", "keep"), ("esc", "leave")];
const REPLACING: Keys = &[("enter", "replace it"), ("esc", "leave")];
const LISTED: Keys = &[("enter", "go"), ("d", "delete"), ("up", ""), ("down", "move"), ("esc", "close")];
const NOT_OPEN: Keys = &[("enter", "open it and go"), ("esc", "stay")];
const NOTICES: Keys = &[("enter", "go to it"), ("up", ""), ("down", "move"), ("esc", "close")];

/// Draws what is in front of views; tells where the cursor is, while something is typed.
pub(super) fn views(app: &App, front: &Front, canvas: &mut Canvas<'_>, size: (u16, u16)) -> Option<Position> {
    match front {
        Front::Naming(naming) => Some(draw_naming(naming, canvas, size)).flatten(),
        Front::List(list) => {
            draw_views(app, list, canvas, size);
            None
        }
        Front::NotOpen(name, view) => {
            let cluster = view.object.as_ref().map(|object| object.cluster.to_string()).unwrap_or_default();
            let text = format!("{name} is of {cluster}, which is not open: {}.", view.in_words());
            let rows = facts::wrap(&text, 68);
            let height = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(2);
            let inside = frame(canvas, geometry::centred(size, (72, height)), "not open", NOT_OPEN);
            lines(canvas, inside, &rows, Role::Overlay);
            None
        }
    }
}

/// Draws rows of text from the top.
fn lines(canvas: &mut Canvas<'_>, area: Area, rows: &[String], role: Role) {
    let style = canvas.style(role);
    for (row, y) in rows.iter().zip(area.y..area.y + area.height) {
        canvas.text(area.x, y, area.width, row, style, Cut::End);
    }
}

fn draw_naming(naming: &Naming, canvas: &mut Canvas<'_>, size: (u16, u16)) -> Option<Position> {
    let keys = if naming.replaces { REPLACING } else { NAMING };
    let inside = frame(canvas, geometry::centred(size, (72, 6)), "keep this view", keys);
    let label = canvas.style(Role::PromptLabel);
    let x = canvas.text(inside.x, inside.y, inside.width, "name: ", label, Cut::End);
    let room = (inside.x + inside.width).saturating_sub(x);
    let input = &naming.input;
    let cursor = edges::input(canvas, (x, inside.y), room, input.text(), Some(input.cursor()));
    let below = geometry::below(inside, 1);
    if naming.replaces {
        let text = format!("`{}` is there already: enter again replaces it.", input.text().trim());
        lines(canvas, below, &facts::wrap(&text, usize::from(below.width)), Role::ToneWarn);
    } else {
        let rows = facts::wrap(&naming.view.in_words(), usize::from(below.width));
        lines(canvas, below, &rows, Role::ToneMuted);
    }
    cursor
}

fn draw_views(app: &App, list: &List, canvas: &mut Canvas<'_>, size: (u16, u16)) {
    let told: Vec<(&String, String)> =
        app.kept.views.bookmarks.iter().map(|(name, view)| (name, view.in_words())).collect();
    let choices: Vec<Choice<'_>> =
        told.iter().map(|(name, about)| (name.as_str(), about.as_str(), "", false)).collect();
    let height = u16::try_from(choices.len()).unwrap_or(u16::MAX).saturating_add(2).max(3);
    let chosen = app.kept.views.bookmarks.keys().nth(list.cursor).filter(|_| list.deletes);
    let title = chosen.map_or("kept views".to_owned(), |name| format!("d again deletes {name}"));
    let inside = frame(canvas, geometry::centred(size, (110, height)), &title, LISTED);
    draw_list(canvas, inside, choices, list.cursor);
}

/// Draws what happened; tells where the cursor of the line that filters is.
pub(super) fn notices(
    app: &App,
    list: &NoticeList,
    canvas: &mut Canvas<'_>,
    size: (u16, u16),
) -> Option<Position> {
    let all = app.listed_notices(list);
    let area = geometry::centred(size, (130, 40));
    let inside = frame(canvas, area, "notices", NOTICES);
    let label = canvas.style(Role::PromptLabel);
    let x = canvas.text(inside.x, inside.y, inside.width, "filter: ", label, Cut::End);
    let dropped = match app.notices.dropped {
        0 => String::new(),
        n => format!("{n} older ones dropped"),
    };
    let end = (inside.x + inside.width).saturating_sub(width(&dropped));
    canvas.text(end, inside.y, inside.width, &dropped, canvas.style(Role::ToneMuted), Cut::End);
    let input = &list.input;
    let cursor =
        edges::input(canvas, (x, inside.y), end.saturating_sub(x + 1), input.text(), Some(input.cursor()));
    // The chosen one is told in full below.
    let told = 3.min(inside.height.saturating_sub(3));
    let body = Area { y: inside.y + 2, height: inside.height.saturating_sub(3 + told), ..inside };
    if all.is_empty() {
        let none = "No notice holds what is typed.".to_owned();
        lines(canvas, body, &[none], Role::ToneMuted);
        return cursor;
    }
    let rows = usize::from(body.height).max(1);
    let offset = (list.cursor + 1).saturating_sub(rows);
    for ((n, happened), y) in all.iter().enumerate().skip(offset).zip(body.y..body.y + body.height) {
        draw_notice(app, happened, n == list.cursor, canvas, Area { y, height: 1, ..body });
    }
    more(canvas, area, offset, all.len().saturating_sub(rows));
    let below = Area { y: inside.y + inside.height.saturating_sub(told), height: told, ..inside };
    let (text, role) = match (&list.error, all.get(list.cursor)) {
        (Some(error), _) => (error.clone(), Role::ToneWarn),
        (None, Some(happened)) => (in_full(app, happened), Role::Overlay),
        (None, None) => return cursor,
    };
    lines(canvas, below, &facts::wrap(&text, usize::from(below.width)), role);
    cursor
}

fn draw_notice(app: &App, happened: &Happened, selected: bool, canvas: &mut Canvas<'_>, area: Area) {
    let over = canvas.style(Role::OverlaySelected);
    let pick = |style: ratatui::style::Style| if selected { style.patch(over) } else { style };
    let [plain, muted, toned] =
        [Role::Overlay, Role::ToneMuted, happened.tone.into()].map(|r| canvas.style(r));
    if selected {
        canvas.tint(area, pick(plain));
        canvas.char(area.x, area.y, canvas.glyphs.cursor(), pick(plain));
    }
    let times = if happened.times > 1 {
        format!(" {}{}", canvas.glyphs.times(), happened.times)
    } else {
        String::new()
    };
    let end = area.x + area.width;
    // Of another day, the day tells more than the second.
    let is_today = app.now.to_zoned(zone()).date() == happened.at.to_zoned(zone()).date();
    let at = if is_today {
        clock(happened.at)
    } else {
        happened.at.to_zoned(zone()).strftime("%d %b %H").to_string()
    };
    let x = canvas.text(area.x + 2, area.y, 9, &at, pick(muted), Cut::End).max(area.x + 11) + 1;
    let x = canvas.text(x, area.y, 4, tone_word(happened.tone), pick(toned), Cut::End).max(x + 4) + 1;
    let room = end.saturating_sub(x + width(&times));
    let x = canvas.text(x, area.y, room, &happened.text, pick(plain), Cut::End);
    canvas.text(x, area.y, end.saturating_sub(x), &times, pick(muted), Cut::End);
}

/// A notice with how long ago it was, and how often.
fn in_full(app: &App, happened: &Happened) -> String {
    let times = if happened.times > 1 { format!(", {} times", happened.times) } else { String::new() };
    let ago = age::age(happened.at, app.now);
    format!("{} ({ago} ago{times})", happened.text)
}
