//! A table: items, filtered and sorted; the window of it that is on the screen.
//!
//! All work that grows with the number of rows happens when rows, filter or sort change. A frame costs the rows it
//! shows: [`Table::settle`] makes them, drawing only paints them.

mod chosen;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::app::text::Input;
use crate::model::beside::Beside;
use crate::model::brief::Brief;
use crate::model::columns::{self, Choice, Symbol};
use crate::model::filter::Filter;
use crate::model::gateway::GatewayRow;
use crate::model::layout;
use crate::model::name::ClusterName;
use crate::model::table::{Cell, Column, Item, ItemId, SortKey, Subject, TableKind};

/// Cells before the first column: the mark of the cursor.
pub const MARGIN: u16 = 1;

/// Cells between two columns.
pub const GAP: u16 = layout::GAP;

/// Cells before the text of the state column: its symbol.
const SYMBOL: u16 = 2;

/// Cells for the word that tells a stale row.
const STALE: u16 = 6;

/// Cells at the right end of the heading that tell how many columns found no room.
const HIDDEN: u16 = 4;

/// How long a changed cell is marked at least. Its mark goes with the first frame after that: no frame is drawn for it.
const SEEN: SignedDuration = SignedDuration::from_secs(2);

/// How long rows that are sorted by their traffic keep their order.
const ORDERED: SignedDuration = SignedDuration::from_secs(5);

/// The column that tells the state of a line; its symbol stands before it.
pub fn state_column(columns: &[Column]) -> Option<usize> {
    columns.iter().position(is_state)
}

fn is_state(column: &Column) -> bool {
    matches!(column.id, "status" | "state")
}

/// State of one table.
#[derive(Debug)]
pub struct Table {
    /// Which table.
    pub kind: TableKind,
    /// Every row, in the order of clusters, namespaces and names.
    pub items: Vec<Item>,
    /// Rows that pass the filter, sorted: indices into `items`.
    pub visible: Vec<u32>,
    /// Where the cursor is in `visible`.
    pub cursor: usize,
    /// What the cursor is on; it stays there while rows come and go.
    pub selected: Option<ItemId>,
    /// What is marked; a mark stays while rows come and go.
    pub marked: BTreeSet<ItemId>,
    /// First row of `visible` on the screen.
    pub offset: usize,
    /// What rows are sorted by: column id, and whether backwards. `None`: as they come.
    pub sort: Option<(&'static str, bool)>,
    /// The filter.
    pub filter: FilterLine,
    /// Show wide columns.
    pub wide: bool,
    /// Columns asked for, in their order; none: the usual ones.
    pub chosen: Option<Vec<Choice>>,
    /// Its columns, those of a person's own among them.
    columns: &'static [Column],
    /// Steps to the right: 0 shows the most needed columns, each further one begins with a later column.
    pub skip: usize,
    /// What to paint.
    pub window: Window,
    natural: Vec<u16>,
    stale_order: bool,
    /// What the cursor was on when it went away, until the next frame.
    displaced: Option<ItemId>,
    /// When rows were put in their order.
    ordered: Timestamp,
    filling: Vec<ClusterName>,
    /// Its pods have what is known beside them.
    has_beside: bool,
}

/// The filter of a table: the line, and what of it is in force.
#[derive(Debug, Default)]
pub struct FilterLine {
    /// The typed text.
    pub input: Input,
    /// Whether keys go to the line.
    pub editing: bool,
    /// The last text that could be read, in force.
    pub applied: Option<Filter>,
    /// Why the text cannot be read: shown, and the last good filter stays.
    pub error: Option<String>,
}

/// The part of a table that is on the screen.
#[derive(Debug, Default)]
pub struct Window {
    /// Shown columns: index into the table's columns, width.
    pub columns: Vec<(usize, u16)>,
    /// Columns that found no room.
    pub hidden: usize,
    /// Rows.
    pub rows: Vec<WindowRow>,
}

/// One row on the screen.
#[derive(Debug)]
pub struct WindowRow {
    /// Which.
    pub id: ItemId,
    /// Its cluster no longer answers.
    pub stale: bool,
    /// Its cluster was still filling: it may not have been all there.
    pub filling: bool,
    /// The cursor is on it.
    pub selected: bool,
    /// It is marked.
    pub marked: bool,
    /// Symbol of its state.
    pub symbol: Option<Symbol>,
    /// Cells of the shown columns.
    pub cells: Vec<WindowCell>,
}

/// One cell on the screen.
#[derive(Debug)]
pub struct WindowCell {
    /// The cell.
    pub cell: Cell,
    /// It changed since the last frame, or so shortly before that nobody could have seen the mark.
    pub changed: bool,
    /// When it changed last.
    pub changed_at: Option<Timestamp>,
    /// What the filter matched in it, in bytes.
    pub matches: Vec<Range<usize>>,
}

impl Table {
    /// An empty table.
    pub fn new(kind: TableKind) -> Self {
        Self {
            kind,
            items: Vec::new(),
            visible: Vec::new(),
            cursor: 0,
            selected: None,
            marked: BTreeSet::new(),
            offset: 0,
            sort: None,
            filter: FilterLine::default(),
            wide: false,
            chosen: None,
            columns: columns::columns(kind),
            skip: 0,
            window: Window::default(),
            natural: vec![0; columns::columns(kind).len()],
            stale_order: true,
            displaced: None,
            ordered: Timestamp::UNIX_EPOCH,
            filling: Vec::new(),
            has_beside: false,
        }
    }

    /// The columns of this table.
    pub fn columns(&self) -> &'static [Column] {
        self.columns
    }

    /// Replaces the rows. What comes from clusters that are still filling is no change of them.
    pub fn set_items(&mut self, items: Vec<Item>, filling: Vec<ClusterName>) {
        self.items = items;
        self.has_beside = false;
        if self.filling != filling {
            // What was seen while a cluster filled may have been pushed out by what came: it needs no room for ever.
            self.natural.fill(0);
            self.filling = filling;
        }
        self.stale_order = true;
    }

    /// The item under the cursor.
    pub fn item(&self) -> Option<&Item> {
        // Rows that went away are still in `visible` until it is made anew.
        self.visible.get(self.cursor).and_then(|at| self.items.get(*at as usize))
    }

    /// Brings the order of rows up to date with the rows there are, before a key is about one of them. Told is the row that
    /// the cursor was on, where it went away and no frame has shown yet what the cursor is on now.
    pub fn catch_up(&mut self, now: Timestamp) -> Option<ItemId> {
        if std::mem::take(&mut self.stale_order) {
            self.ordered = now;
            self.order(now);
            self.find_selected();
        }
        self.displaced.clone()
    }

    /// Moves the cursor by rows.
    pub fn step(&mut self, by: isize) {
        let last = self.visible.len().saturating_sub(1);
        self.select_at(self.cursor.saturating_add_signed(by).min(last));
    }

    /// Moves the cursor to the first or the last row.
    pub fn jump(&mut self, to_end: bool) {
        self.select_at(if to_end { self.visible.len().saturating_sub(1) } else { 0 });
    }

    fn select_at(&mut self, cursor: usize) {
        self.cursor = cursor;
        self.selected = self.item().map(Item::id);
    }

    /// Marks the row under the cursor, or takes its mark away, and goes on to the next.
    pub fn mark(&mut self) {
        let Some(id) = self.item().map(Item::id) else { return };
        if !self.marked.remove(&id) {
            self.marked.insert(id);
        }
        self.step(1);
    }

    /// Marks all rows that the filter shows.
    pub fn mark_all(&mut self) {
        let shown = self.visible.iter().filter_map(|at| self.items.get(*at as usize)).map(Item::id);
        self.marked.extend(shown);
    }

    /// Puts the cursor on a row, now or as soon as it is there.
    pub fn select(&mut self, id: ItemId) {
        self.selected = Some(id);
        self.stale_order = true;
    }

    /// Reads the typed filter. What cannot be read yet leaves the last good filter in force.
    pub fn apply_filter(&mut self) {
        let text = self.filter.input.text().trim();
        if text.is_empty() {
            self.filter.applied = None;
            self.filter.error = None;
        } else {
            match Filter::parse(text, self.columns()) {
                Ok(filter) => {
                    self.filter.applied = Some(filter);
                    self.filter.error = None;
                }
                Err(error) => self.filter.error = Some(error.to_string()),
            }
        }
        self.stale_order = true;
    }

    /// Sets the filter to a text.
    pub fn filter_by(&mut self, text: &str) {
        self.filter.input.set(text);
        self.apply_filter();
    }

    /// Whether a filter hides rows.
    pub fn is_filtered(&self) -> bool {
        self.filter.applied.is_some() || !self.filter.input.text().is_empty()
    }

    /// Sorts by a column; the same column again turns the order round.
    pub fn sort_by(&mut self, column: &'static str) {
        self.sort = match self.sort {
            Some((current, reverse)) if current == column => Some((column, !reverse)),
            _ => Some((column, false)),
        };
        self.stale_order = true;
    }

    /// Sorts by the next (or previous) shown column.
    pub fn sort_step(&mut self, by: isize) {
        let shown: Vec<&'static str> =
            self.window.columns.iter().map(|(at, _)| self.columns()[*at].id).collect();
        let Some(count) = isize::try_from(shown.len()).ok().filter(|n| *n > 0) else { return };
        let next = match self.sort.and_then(|(id, _)| shown.iter().position(|s| *s == id)) {
            Some(at) => (at as isize + by).rem_euclid(count),
            None if by > 0 => 0,
            None => count - 1,
        };
        self.sort = Some((shown[next.unsigned_abs()], false));
        self.stale_order = true;
    }

    /// Turns the order round.
    pub fn sort_reverse(&mut self) {
        let first = self.columns()[0].id;
        let (column, reverse) = self.sort.unwrap_or((first, false));
        self.sort = Some((column, !reverse));
        self.stale_order = true;
    }

    /// Sorts by nothing: rows stand as they come.
    pub fn unsort(&mut self) {
        self.sort = None;
        self.stale_order = true;
    }

    /// Whether it is known which rows are on the screen.
    pub fn is_settled(&self) -> bool {
        !self.stale_order
    }

    /// Gives gateways their traffic of now. Rows that are sorted by it stay where they are for a while: they must not
    /// jump while somebody reads them.
    pub fn set_live(&mut self, now: Timestamp, live: impl Fn(&GatewayRow) -> Option<Arc<Brief>>) {
        for item in &mut self.items {
            if let Subject::Gateway(row) = &item.subject {
                item.live = live(row);
            }
        }
        let is_live = |id: &str| self.columns().iter().any(|c| c.live && c.id == id);
        let by_live = self.sort.is_some_and(|(id, _)| is_live(id));
        self.stale_order |= by_live && now.duration_since(self.ordered) >= ORDERED;
    }

    /// Whether columns may be shown that tell what is known beside pods.
    pub fn shows_beside(&self) -> bool {
        let told = |id: &str| self.columns().iter().any(|column| column.live && column.id == id);
        self.kind == TableKind::Pods
            && (self.wide
                || self.sort.is_some_and(|(id, _)| told(id))
                || self.filter.input.text().split([' ', ':', '!']).any(told)
                || self.chosen.iter().flatten().any(|one| told(&one.id)))
    }

    /// Whether what is known beside pods is to be looked up anew.
    pub fn wants_beside(&self) -> bool {
        !self.has_beside && self.shows_beside()
    }

    /// What is known beside pods is no longer what the rows say.
    pub fn forget_beside(&mut self) {
        self.has_beside = false;
    }

    /// Gives the items what is known beside each, in their order.
    pub fn set_beside(&mut self, all: Vec<Option<Arc<Beside>>>) {
        for (item, beside) in self.items.iter_mut().zip(all) {
            item.beside = beside;
        }
        self.has_beside = true;
        // Filter and sort may be about it.
        self.stale_order = true;
    }

    /// Brings everything that is shown up to date for a window of `width` by `height` cells, heading included.
    pub fn settle(&mut self, now: Timestamp, width: u16, height: u16) {
        self.catch_up(now);
        self.displaced = None;
        let rows = usize::from(height.saturating_sub(1)).max(1);
        self.scroll(rows);
        self.lay_out(now, width, rows);
        self.fill(now, rows);
    }

    fn order(&mut self, now: Timestamp) {
        let columns = self.columns();
        let passes = |item: &Item| self.filter.applied.as_ref().is_none_or(|f| f.matches(item, columns, now));
        let mut visible: Vec<u32> =
            (0..self.items.len() as u32).filter(|at| passes(&self.items[*at as usize])).collect();
        if let Some((id, reverse)) = self.sort
            && let Some(column) = columns.iter().find(|c| c.id == id)
        {
            let mut keyed: Vec<(SortKey, u32)> =
                visible.iter().map(|at| (column.cell(&self.items[*at as usize], now).sort, *at)).collect();
            keyed.sort_by(|a, b| match columns::compare(&a.0, &b.0, reverse) {
                Ordering::Equal => a.1.cmp(&b.1),
                other => other,
            });
            visible = keyed.into_iter().map(|(_, at)| at).collect();
        }
        self.visible = visible;
    }

    fn find_selected(&mut self) {
        if let Some(id) = &self.selected
            && let Some(at) = self.visible.iter().position(|at| self.items[*at as usize].is(id))
        {
            self.cursor = at;
            return;
        }
        // The row went away: the cursor stays where it was, on what took its place.
        let last = self.visible.len().saturating_sub(1);
        self.cursor = self.cursor.min(last);
        if self.selected.is_some() {
            self.displaced = self.displaced.take().or_else(|| self.selected.clone());
            if !self.visible.is_empty() {
                self.selected = self.item().map(Item::id);
            }
        }
    }

    /// From the first key on, the cursor stays on its row; before, on the top of a table that is still filling.
    pub fn pin(&mut self) {
        if self.selected.is_none() {
            self.selected = self.item().map(Item::id);
        }
    }

    fn scroll(&mut self, rows: usize) {
        let last_offset = self.visible.len().saturating_sub(rows);
        self.offset =
            self.offset.min(last_offset).min(self.cursor).max((self.cursor + 1).saturating_sub(rows));
    }

    fn lay_out(&mut self, now: Timestamp, width: u16, rows: usize) {
        let columns = self.columns();
        for at in self.visible.iter().skip(self.offset).take(rows) {
            let item = &self.items[*at as usize];
            for (column, natural) in columns.iter().zip(&mut self.natural) {
                // A symbol stands before the text of the state.
                let symbol = if is_state(column) { SYMBOL } else { 0 };
                let cells = layout::text_width(&column.cell(item, now).text) + symbol;
                *natural = (*natural).max(cells);
            }
        }
        // The mark of the cursor and the word for stale rows are no text of a cell, and need their cells.
        let state = state_column(columns);
        let stale = self.visible.iter().skip(self.offset).take(rows).any(|at| self.items[*at as usize].stale);
        let beside = if stale && state.is_some() { STALE } else { 0 };
        let room = width.saturating_sub(MARGIN + beside);
        let fit = |room| layout::fit(columns, self.wide, self.chosen.as_deref(), room, &self.natural);
        let mut fitted = fit(room);
        if fitted.hidden > 0 {
            let room = room.saturating_sub(HIDDEN);
            fitted = fit(room);
            if let Some(from) = self.skip.checked_sub(1) {
                let chosen = self.chosen.as_deref();
                let (moved, from) = layout::pan(columns, self.wide, chosen, room, &self.natural, from);
                (fitted, self.skip) = (moved, from + 1);
            }
        } else {
            self.skip = 0;
        }
        if let Some((_, cells)) = fitted.shown.iter_mut().find(|(at, _)| Some(*at) == state) {
            *cells += beside;
        }
        self.window.columns = fitted.shown;
        self.window.hidden = fitted.hidden;
    }

    fn fill(&mut self, now: Timestamp, rows: usize) {
        let columns = self.columns();
        let before = std::mem::take(&mut self.window.rows);
        let shown = &self.window.columns;
        let row = |at: usize, index: u32| {
            let item = &self.items[index as usize];
            let id = item.id();
            let old = before.iter().find(|r| r.id == id && !r.filling);
            let cells = shown.iter().enumerate().map(|(n, (column, _))| {
                let cell = columns[*column].cell(item, now);
                let old = old.filter(|r| r.cells.len() == shown.len()).and_then(|r| r.cells.get(n));
                let is_new = columns[*column].id != "age"
                    && !columns[*column].live
                    && old.is_some_and(|o| o.cell.text != cell.text);
                let changed_at = if is_new { Some(now) } else { old.and_then(|o| o.changed_at) };
                let changed = changed_at.is_some_and(|at| is_new || now.duration_since(at) < SEEN);
                let matches =
                    self.filter.applied.as_ref().map(|f| f.highlights(&cell.text)).unwrap_or_default();
                WindowCell { cell, changed, changed_at, matches }
            });
            WindowRow {
                stale: item.stale,
                filling: self.filling.contains(&item.cluster),
                selected: at == self.cursor,
                marked: self.marked.contains(&id),
                symbol: columns::symbol(item),
                cells: cells.collect(),
                id,
            }
        };
        self.window.rows = self
            .visible
            .iter()
            .enumerate()
            .skip(self.offset)
            .take(rows)
            .map(|(at, index)| row(at, *index))
            .collect();
    }
}
