//! The mouse, where it is asked for: a click selects, the same click again opens, the wheel scrolls what is under it.
//!
//! Nothing is confirmed, run or changed by the mouse: questions know the wheel alone, and what is opened is what `enter`
//! would open.

use crossterm::event::{KeyCode, KeyModifiers};

use super::command::Command;
use super::confirm::ConfirmPage;
use super::effect::Effect;
use super::geometry::{self, Area};
use super::model::App;
use super::overlay::{self, Overlay};
use super::screen::table::{GAP, MARGIN};
use super::screen::{Screen, Tab};
use super::tabs;
use super::tools::output::OutputPage;
use super::views::Front;
use crate::model::gateway::GatewayId;
use crate::model::table::{ItemId, Tone};

/// Something that the mouse did at a cell, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pointed {
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
    /// What.
    pub what: Gesture,
}

/// What the mouse does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gesture {
    /// The left button was pressed.
    Click,
    /// The wheel was turned by so many rows; downwards is positive.
    Wheel(isize),
}

/// What was clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A row of a table.
    Row(ItemId),
    /// A row of a pane.
    Line(Tab, usize),
    /// A tile.
    Tile(GatewayId),
}

impl App {
    /// Takes the mouse, or leaves it to the terminal.
    pub(super) fn toggle_mouse(&mut self) -> Vec<Effect> {
        self.settings.mouse = !self.settings.mouse;
        let key = self.key_of(Command::Mouse);
        let text = if self.settings.mouse {
            format!(
                "The mouse is egret's: click selects, again opens; the wheel scrolls. Text: shift-drag, or {key}."
            )
        } else {
            format!("The mouse is the terminal's again; {key} takes it.")
        };
        self.say(Tone::Plain, text);
        Vec::new()
    }

    /// The mouse did something.
    pub(super) fn on_mouse(&mut self, at: Pointed) -> Vec<Effect> {
        // A sentence has nothing to point at.
        if geometry::too_small(self.size) {
            return Vec::new();
        }
        self.stay_here();
        if self.held.is_some() {
            // What would be pointed at is not what is there now.
            self.thaw("The screen goes on.");
            return Vec::new();
        }
        match at.what {
            Gesture::Wheel(by) => {
                self.turn_wheel((at.x, at.y), by);
                Vec::new()
            }
            Gesture::Click => {
                self.notice = None;
                self.pressed.clear();
                let before = self.clicked.take();
                match self.overlay {
                    Some(_) => {
                        self.click_in_front((at.x, at.y));
                        Vec::new()
                    }
                    None => self.click((at.x, at.y), before),
                }
            }
        }
    }

    fn turn_wheel(&mut self, (x, y): (u16, u16), by: isize) {
        if self.overlay.is_some() {
            return self.turn_in_front(by);
        }
        let body = self.areas().body;
        if !body.holds((x, y)) {
            return;
        }
        let times = by.unsigned_abs();
        let step = if by < 0 { Command::Up } else { Command::Down };
        if let Some(table) = self.active_table_mut() {
            return table.turn(by);
        }
        if self.looks_at_traffic() {
            for _ in 0..times {
                self.traffic_motion(step);
            }
            return;
        }
        if let Some(pane) = self.pane_mut() {
            return pane.step(by);
        }
        match self.screen_mut() {
            Screen::Details(details) => details.text.scroll(by),
            Screen::Logs(logs) => logs.scroll(by),
            Screen::Fleet(fleet) => (0..times.div_ceil(3)).for_each(|_| fleet.step_row(by.signum())),
            Screen::Form(form) => {
                if form.turn_wheel(x, by) {
                    return;
                }
                let step = if by < 0 { Command::FieldUp } else { Command::FieldDown };
                for _ in 0..times.div_ceil(3) {
                    self.form_command(step);
                }
            }
            // What is asked there takes the keys.
            Screen::Editor(editor) if !editor.front_keys().is_empty() => {}
            Screen::Editor(_) => {
                let code = if by < 0 { KeyCode::Up } else { KeyCode::Down };
                for _ in 0..times {
                    self.editor_key(crossterm::event::KeyEvent::new(code, KeyModifiers::NONE));
                }
            }
            Screen::Review(_) => (0..times).for_each(|_| self.in_review(step)),
            Screen::Table(_) => {}
        }
    }

    fn turn_in_front(&mut self, by: isize) {
        let last = match &self.overlay {
            Some(Overlay::Confirm(confirm)) => ConfirmPage::new(confirm, self).last_offset(),
            Some(Overlay::Help(_)) => self.help_rows().len(),
            Some(Overlay::Output(output)) => OutputPage::new(output, self.size).last_offset(),
            Some(Overlay::Forwards(_)) => self.forwards.len().saturating_sub(1),
            Some(Overlay::Notices(list)) => self.listed_notices(list).len().saturating_sub(1),
            Some(Overlay::Views(Front::List(_))) => self.kept.views.bookmarks.len().saturating_sub(1),
            _ => 0,
        };
        let moved = |at: usize, last: usize| at.min(last).saturating_add_signed(by).min(last);
        match &mut self.overlay {
            Some(Overlay::Help(help)) => help.offset = moved(help.offset, last),
            Some(Overlay::Confirm(confirm)) => confirm.offset = moved(confirm.offset, last),
            Some(Overlay::Palette(palette)) => {
                palette.cursor = moved(palette.cursor, palette.entries.len().saturating_sub(1));
            }
            Some(Overlay::Choose(choose)) => {
                choose.cursor = moved(choose.cursor, choose.options.len().saturating_sub(1));
            }
            Some(Overlay::Contexts(list)) => list.step(by),
            Some(Overlay::Columns(chooser)) => chooser.step(by),
            Some(Overlay::Output(output)) => {
                let to = moved(output.offset.unwrap_or(last), last);
                output.offset = (to < last).then_some(to);
            }
            Some(Overlay::Forwards(list)) => list.cursor = moved(list.cursor, last),
            Some(Overlay::Notices(list)) => list.cursor = moved(list.cursor, last),
            Some(Overlay::Views(Front::List(list))) => list.cursor = moved(list.cursor, last),
            Some(Overlay::Views(_)) | None => {}
        }
    }

    /// A click in a list that stands in front moves its cursor; nothing there is run by it.
    fn click_in_front(&mut self, at: (u16, u16)) {
        let size = self.size;
        let (area, cursor, count) = match &mut self.overlay {
            Some(Overlay::Palette(palette)) => {
                (overlay::palette_list(size), &mut palette.cursor, palette.entries.len())
            }
            Some(Overlay::Choose(choose)) => {
                (overlay::choose_list(choose.options.len(), size), &mut choose.cursor, choose.options.len())
            }
            Some(Overlay::Contexts(list)) => return list.click(at, size),
            Some(Overlay::Columns(chooser)) => return chooser.click(at, size),
            _ => return,
        };
        if !area.holds(at) {
            return;
        }
        let first = (*cursor + 1).saturating_sub(usize::from(area.height));
        let clicked = first + usize::from(at.1 - area.y);
        if clicked < count {
            *cursor = clicked;
        }
    }

    fn click(&mut self, at: (u16, u16), before: Option<Spot>) -> Vec<Effect> {
        let areas = self.areas();
        if areas.tabs.holds(at) {
            return self.click_tab(at.0 - areas.tabs.x, areas.tabs.width);
        }
        if !areas.body.holds(at) {
            return Vec::new();
        }
        let (x, y) = (at.0 - areas.body.x, at.1 - areas.body.y);
        if self.active_table().is_some() {
            return self.click_table((x, y), before);
        }
        let spot = if let Some(pane) = self.pane_mut() {
            // Above the rows are the line that sums them up and the heading.
            let row = y.checked_sub(2).and_then(|row| pane.point(row.into()));
            let tab = match self.screen() {
                Screen::Details(details) => details.tab,
                _ => return Vec::new(),
            };
            row.map(|row| Spot::Line(tab, row))
        } else if let Screen::Fleet(fleet) = self.screen_mut() {
            y.checked_sub(1).and_then(|y| fleet.point(x, y)).map(Spot::Tile)
        } else {
            None
        };
        let is_again = spot.is_some() && spot == before;
        match &spot {
            Some(Spot::Line(..)) if is_again => {
                if let Some(pane) = self.pane_mut() {
                    pane.toggle();
                }
            }
            Some(Spot::Tile(_)) if is_again => return self.run(Command::Open, ""),
            _ => self.clicked = spot,
        }
        Vec::new()
    }

    fn click_tab(&mut self, x: u16, width: u16) -> Vec<Effect> {
        let Screen::Details(details) = self.screen() else { return Vec::new() };
        match tabs::Tabs::of(details, width).at(x) {
            Some(tab) => self.open_tab(tab),
            None => Vec::new(),
        }
    }

    /// On the heading: sorts by the column. On a row: selects what the person saw there, whatever came meanwhile; once
    /// more, it is opened.
    fn click_table(&mut self, (x, y): (u16, u16), before: Option<Spot>) -> Vec<Effect> {
        let Some(table) = self.active_table_mut() else { return Vec::new() };
        let Some(row) = y.checked_sub(1) else {
            if let Some(id) = table.column_at(x) {
                table.sort_by(id);
            }
            return Vec::new();
        };
        let Some(id) = table.window.rows.get(usize::from(row)).map(|row| row.id.clone()) else {
            return Vec::new();
        };
        let is_there = table.is_settled() && table.item().is_some_and(|item| item.id() == id);
        let spot = Spot::Row(id.clone());
        if is_there && before.as_ref() == Some(&spot) {
            self.stop_typing(false);
            return self.run(Command::Open, "");
        }
        table.select(id);
        self.clicked = Some(spot);
        Vec::new()
    }
}

impl Area {
    /// Whether a cell, by its column and row, is in it.
    pub fn holds(&self, (x, y): (u16, u16)) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }
}

impl super::screen::Table {
    /// Scrolls by rows. The cursor stays on its row as long as that is in sight.
    pub fn turn(&mut self, by: isize) {
        let rows = self.window.rows.len();
        // Rows that came meanwhile are in no order yet: they are scrolled when they were seen.
        if !self.is_settled() || rows == 0 {
            return;
        }
        let last = self.visible.len().saturating_sub(rows);
        self.offset = self.offset.saturating_add_signed(by).min(last);
        let at = self.cursor.clamp(self.offset, self.offset + rows - 1);
        self.step(at.cast_signed() - self.cursor.cast_signed());
    }

    /// The column whose heading is at a column of the screen.
    pub fn column_at(&self, x: u16) -> Option<&'static str> {
        let mut from = MARGIN;
        let mut shown = self.window.columns.iter();
        let (column, _) = shown.find(|(_, cells)| {
            // The gap behind a column is its own: the mark of the order stands there.
            let is_here = (from..from + cells + GAP).contains(&x);
            from += cells + GAP;
            is_here
        })?;
        self.columns().get(*column).map(|column| column.id)
    }
}
