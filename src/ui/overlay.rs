//! What stands in front of a screen: help, palette, choice.

use ratatui::layout::Position;
use ratatui::style::Style;

use super::canvas::{Canvas, Cut, width};
use super::edges::{self, Keys};
use super::theme::Role;
use crate::app::App;
use crate::app::command::Command;
use crate::app::geometry::{self, Area};
use crate::app::overlay::{self, Choose, Help, HelpPage, Overlay, Palette};
use crate::app::screen::Screen;
use crate::app::tools::Meant;

/// Draws it; tells where the cursor is, while something is typed.
pub(super) fn draw(app: &App, front: &Overlay, canvas: &mut Canvas<'_>, screen: Area) -> Option<Position> {
    let size = (screen.width, screen.height);
    match front {
        Overlay::Help(help) => {
            draw_help(app, help, canvas, size);
            None
        }
        Overlay::Palette(palette) => draw_palette(palette, canvas, size),
        Overlay::Choose(choose) => {
            draw_choose(choose, canvas, size);
            None
        }
        Overlay::Contexts(list) => super::contexts::draw(app, list, canvas),
        Overlay::Columns(chooser) => super::columns::draw(app, chooser, canvas),
        Overlay::Forwards(list) => {
            super::tools::forwards(app, list, canvas, size);
            None
        }
        Overlay::Output(output) => {
            super::tools::output(output, canvas, size);
            None
        }
        Overlay::Confirm(confirm) => super::confirm::draw(app, confirm, canvas),
        Overlay::Views(front) => super::kept::views(app, front, canvas, size),
        Overlay::Notices(list) => super::kept::notices(app, list, canvas, size),
    }
}

/// Draws an empty box; tells where its inside is, a column of air on each side left out.
pub(super) fn frame(canvas: &mut Canvas<'_>, area: Area, title: &str, keys: Keys) -> Area {
    let (plain, edge) = (canvas.style(Role::Overlay), canvas.style(Role::OverlayBorder));
    canvas.clear(area, plain);
    if area.width < 4 || area.height < 2 {
        return Area { width: 0, height: 0, ..area };
    }
    let [top_left, top_right, bottom_left, bottom_right, across, down] = canvas.glyphs.frame();
    let (right, bottom) = (area.x + area.width - 1, area.y + area.height - 1);
    for x in area.x + 1..right {
        canvas.char(x, area.y, across, edge);
        canvas.char(x, bottom, across, edge);
    }
    for y in area.y + 1..bottom {
        canvas.char(area.x, y, down, edge);
        canvas.char(right, y, down, edge);
    }
    let corners = [(area.x, area.y, top_left), (right, area.y, top_right), (area.x, bottom, bottom_left)];
    for (x, y, c) in corners.into_iter().chain([(right, bottom, bottom_right)]) {
        canvas.char(x, y, c, edge);
    }
    let strong = canvas.style(Role::OverlayTitle);
    canvas.text(area.x + 2, area.y, area.width - 4, &title_in(title), strong, Cut::End);
    let keys = edges::in_hints(keys, canvas.glyphs);
    let inside = geometry::inside(area);
    if keys.is_empty() {
        return inside;
    }
    let cells = edges::cells(&keys).min(area.width - 4);
    let line = Area { x: area.x + 2, y: bottom, width: cells, height: 1 };
    canvas.clear(line, plain);
    edges::draw_hints(canvas, Area { x: line.x + 1, width: cells - 1, ..line }, &keys);
    inside
}

/// A title with air around it.
fn title_in(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(" {title} ") }
}

/// The title of a box that is about one object. Of a long name the middle gives way: the cluster is always told.
fn about(canvas: &Canvas<'_>, lead: &str, meant: &Meant, area: Area) -> String {
    let (name, cluster) = meant.place();
    let rest = format!("{lead}  in {cluster}");
    let room = area.width.saturating_sub(6).saturating_sub(width(&rest));
    format!("{lead} {} in {cluster}", canvas.shortened(&name, room, Cut::Middle))
}

/// Cells for keys in the help.
const KEYS: u16 = 15;

const HELP_KEYS: Keys = &[("up", ""), ("down", "scroll"), ("esc", "close")];

fn draw_help(app: &App, help: &Help, canvas: &mut Canvas<'_>, size: (u16, u16)) {
    let rows = app.help_rows();
    let page = HelpPage::new(&rows, size);
    let title = match app.screen() {
        Screen::Table(table) => format!("keys in the {} table", table.kind),
        Screen::Details(details) => format!("keys in {}, {}", details.of.name(), details.tab),
        Screen::Fleet(_) => "keys of the tiles".to_owned(),
        Screen::Logs(_) => "keys in logs".to_owned(),
        Screen::Editor(_) => "keys in the editor".to_owned(),
        Screen::Form(_) => "keys in the form".to_owned(),
        Screen::Review(_) => "keys in the review".to_owned(),
    };
    let inside = frame(canvas, page.area, &title, HELP_KEYS);
    let count = u16::try_from(page.columns.len()).unwrap_or(1).max(1);
    let room = (inside.width / count).saturating_sub(if count > 1 { 2 } else { 0 });
    let styles = [Role::OverlayTitle, Role::HintKey, Role::Overlay].map(|r| canvas.style(r));
    let offset = help.offset.min(page.last_offset());
    for (n, column) in (0..count).zip(&page.columns) {
        let x = inside.x + n * (inside.width / count);
        let shown = rows[column.clone()].iter().skip(offset);
        for ((text, spec), y) in shown.zip(inside.y..inside.y + inside.height) {
            match spec {
                None => canvas.text(x, y, room, text, styles[0], Cut::End),
                Some(spec) => {
                    let name = format!(":{}", spec.command);
                    let missing = app.missing_right(spec.command);
                    let muted = canvas.style(Role::ToneMuted);
                    let [key, about] = if missing.is_some() { [muted; 2] } else { [styles[1], styles[2]] };
                    let keys = if text.is_empty() { &name } else { text };
                    // Few commands have so many keys that they push what they do aside.
                    let behind = canvas.text(x + 1, y, room, keys, key, Cut::End);
                    let at = behind.max(x + KEYS) + 2;
                    let text = missing.as_deref().unwrap_or(spec.about);
                    canvas.text(at, y, (x + room).saturating_sub(at), text, about, Cut::End)
                }
            };
        }
    }
    more(canvas, page.area, offset, page.last_offset());
}

/// Says in the upper edge of a box that there is more above or below.
pub(super) fn more(canvas: &mut Canvas<'_>, area: Area, offset: usize, last: usize) {
    let text = match (offset, last) {
        (_, 0) => return,
        (0, _) => " more below ",
        (at, last) if at >= last => " more above ",
        _ => " more above and below ",
    };
    let style = canvas.style(Role::Hint);
    let x = (area.x + area.width).saturating_sub(width(text) + 2);
    canvas.text(x, area.y, area.width, text, style, Cut::End);
}

const PALETTE_KEYS: Keys =
    &[("enter", "run"), ("tab", "complete"), ("up", ""), ("down", "choose"), ("esc", "close")];

fn draw_palette(palette: &Palette, canvas: &mut Canvas<'_>, size: (u16, u16)) -> Option<Position> {
    let area = overlay::palette_box(size);
    let title = match palette.held() {
        Some((command, meant)) => about(canvas, &format!("{command}:"), meant, area),
        None => "command".to_owned(),
    };
    let inside = frame(canvas, area, &title, PALETTE_KEYS);
    let end = inside.x + inside.width;
    let strong = canvas.style(Role::PromptLabel);
    let x = canvas.text(inside.x, inside.y, inside.width, ":", strong, Cut::End);
    let (text, cursor) = (palette.input.text(), palette.input.cursor());
    let typed = edges::input(canvas, (x, inside.y), end.saturating_sub(x), text, Some(cursor));
    let list = overlay::palette_list(size);
    if let Some(error) = &palette.error {
        let style = canvas.style(Role::ToneBad);
        canvas.text(inside.x, inside.y + 1, inside.width, error, style, Cut::End);
    } else if palette.entries.is_empty() {
        let style = canvas.style(Role::ToneMuted);
        canvas.text(list.x, list.y, list.width, "Nothing fits what is typed.", style, Cut::End);
    }
    let lines =
        palette.entries.iter().map(|e| (e.line.as_str(), e.about.as_str(), e.key.as_str(), e.is_denied));
    draw_list(canvas, list, lines.collect(), palette.cursor);
    typed
}

/// Keys of the list of themes: what is under the cursor is tried at once.
const THEME_KEYS: Keys = &[("up", ""), ("down", "try"), ("enter", "keep"), ("s", "save"), ("esc", "back")];

const CHOOSE_KEYS: Keys = &[("enter", "choose"), ("up", ""), ("down", "move"), ("esc", "close")];

fn draw_choose(choose: &Choose, canvas: &mut Canvas<'_>, size: (u16, u16)) {
    let lines: Vec<_> =
        choose.options.iter().map(|(value, about)| (value.as_str(), about.as_str(), "", false)).collect();
    let area = overlay::choose_box(lines.len(), size);
    let keys = if choose.command == Command::Theme { THEME_KEYS } else { CHOOSE_KEYS };
    let title = match &choose.meant {
        Some(meant) => about(canvas, choose.title, meant, area),
        None => choose.title.to_owned(),
    };
    let inside = frame(canvas, area, &title, keys);
    draw_list(canvas, inside, lines, choose.cursor);
}

/// Looks of a row of a list: plain, muted; the row under the cursor is drawn over them all.
pub(super) struct RowLook {
    /// Its text.
    pub(super) plain: Style,
    /// What is less important in it.
    pub(super) muted: Style,
    selected: Option<Style>,
}

impl RowLook {
    /// A look, as it is in this row.
    pub(super) fn over(&self, style: Style) -> Style {
        self.selected.map_or(style, |selected| style.patch(selected))
    }
}

/// Begins a row that can be marked: the cursor and the mark before it.
pub(super) fn begin_row(
    canvas: &mut Canvas<'_>,
    area: Area,
    (is_selected, is_marked): (bool, bool),
) -> RowLook {
    let [plain, muted, key, selected] =
        [Role::Overlay, Role::ToneMuted, Role::HintKey, Role::OverlaySelected].map(|role| canvas.style(role));
    let look = RowLook { plain, muted, selected: is_selected.then_some(selected) };
    if is_selected {
        canvas.tint(area, look.over(plain));
        canvas.char(area.x, area.y, canvas.glyphs.cursor(), look.over(plain));
    }
    if is_marked {
        canvas.char(area.x + 1, area.y, canvas.glyphs.marked(), look.over(key));
    }
    look
}

/// What, about, key, and whether it is grey.
pub(super) type Choice<'a> = (&'a str, &'a str, &'a str, bool);

/// A list with a cursor.
pub(super) fn draw_list(canvas: &mut Canvas<'_>, area: Area, lines: Vec<Choice<'_>>, cursor: usize) {
    let rows = usize::from(area.height);
    if rows == 0 || area.width == 0 {
        return;
    }
    let offset = (cursor + 1).saturating_sub(rows);
    let wide = |pick: fn(&Choice<'_>) -> u16| lines.iter().map(pick).max().unwrap_or(0);
    let first = wide(|l| width(l.0)).min(area.width / 2);
    let last = wide(|l| width(l.2)).min(area.width / 4);
    let [plain, muted, key, selected] =
        [Role::Overlay, Role::ToneMuted, Role::HintKey, Role::OverlaySelected].map(|r| canvas.style(r));
    let end = area.x + area.width;
    for ((n, (what, about, keys, is_grey)), y) in
        lines.iter().enumerate().skip(offset).zip(area.y..area.y + area.height)
    {
        let over = |style: ratatui::style::Style| if n == cursor { style.patch(selected) } else { style };
        if n == cursor {
            canvas.tint(Area { y, height: 1, ..area }, over(plain));
            canvas.char(area.x, y, canvas.glyphs.cursor(), over(plain));
        }
        let name = if *is_grey { muted } else { plain };
        canvas.text(area.x + 2, y, first, what, over(name), Cut::Middle);
        let at = area.x + first + 4;
        let room = end.saturating_sub(at + last + if last > 0 { 2 } else { 0 });
        canvas.text(at, y, room, about, over(muted), Cut::End);
        let at = end.saturating_sub(width(keys).min(last));
        canvas.text(at, y, last, keys, over(key), Cut::End);
    }
}
