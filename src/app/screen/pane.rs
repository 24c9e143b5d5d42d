//! A list of groups that unfold into their parts, with a line above that sums them up and lines below that tell what
//! is missing. Rows are made when they come onto the screen.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::table::{GAP, MARGIN};
use crate::app::paint::{Line, Piece};
use crate::model::columns::Symbol;
use crate::model::layout::{self, text_width};
use crate::model::table::{Align, Cell, Column, SortKey, Told, Tone};

/// Groups whose cells decide how wide columns are: the first.
const MEASURED: usize = 200;

/// What a pane lists.
pub trait Listing: std::fmt::Debug + Send {
    /// The columns; the first holds the symbol and the name.
    fn columns(&self) -> &'static [Column];
    /// How many groups.
    fn len(&self) -> usize;
    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// What tells a group from all others.
    fn key(&self, group: usize) -> &str;
    /// How many parts a group has.
    fn parts(&self, group: usize) -> usize;
    /// What tells a part from the others of its group.
    fn part_key(&self, group: usize, part: usize) -> &str;
    /// The symbol before a group's name.
    fn symbol(&self, group: usize) -> (Symbol, Tone);
    /// A group's cells, one a column.
    fn cells(&self, group: usize) -> Vec<PaneText>;
    /// The line of a part.
    fn part(&self, group: usize, part: usize) -> Part;
    /// What a group or a part is like, and what to do next.
    fn explain(&self, group: usize, part: Option<usize>) -> [String; 2];
}

/// A text and what it means.
pub type PaneText = (Cow<'static, str>, Tone);

/// The line of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The symbol before its name; none: it has no state.
    pub symbol: Option<(Symbol, Tone)>,
    /// Its name.
    pub name: String,
    /// What there is to say, behind the name.
    pub said: Vec<Piece>,
}

/// Something in place of the list.
pub type Instead = (Tone, String, String);

/// What a pane shows, as it is made anew.
#[derive(Debug, Default)]
pub struct Made {
    /// What stands in place of the list.
    pub instead: Option<Instead>,
    /// What is listed.
    pub listing: Option<Box<dyn Listing>>,
    /// The line above.
    pub head: Line,
    /// Lines below.
    pub foot: Vec<Line>,
}

/// State of a pane.
#[derive(Debug, Default)]
pub struct Pane {
    /// What it shows.
    pub made: Made,
    /// What it shows must be made anew.
    pub stale: bool,
    /// What to paint.
    pub window: PaneWindow,
    /// Row of the cursor.
    pub cursor: usize,
    unfolded: BTreeSet<String>,
    rows: Vec<(usize, Option<usize>)>,
    selected: Option<(String, Option<String>)>,
    offset: usize,
    height: usize,
    natural: Vec<u16>,
}

/// The part of a pane that is on the screen.
#[derive(Debug, Default)]
pub struct PaneWindow {
    /// Headings of the columns.
    pub heading: Vec<PaneCell>,
    /// Columns that found no room.
    pub hidden: usize,
    /// Rows.
    pub rows: Vec<PaneRow>,
}

/// A row on the screen.
#[derive(Debug)]
pub struct PaneRow {
    /// The cursor is on it.
    pub selected: bool,
    /// Cells before its symbol.
    pub indent: u16,
    /// Symbol before its first cell; none: there is none, and no room for it.
    pub symbol: Option<(Symbol, Tone)>,
    /// Its cells.
    pub cells: Vec<PaneCell>,
    /// What stands behind the cells.
    pub said: Vec<Piece>,
}

/// A cell on the screen.
#[derive(Debug)]
pub struct PaneCell {
    /// Its text.
    pub text: Cow<'static, str>,
    /// What it means.
    pub tone: Tone,
    /// Its width.
    pub width: u16,
    /// Side that the text leans to.
    pub align: Align,
}

/// Cells of a symbol and the space behind it.
pub const SYMBOL: u16 = 2;

/// Cells before the symbol of a part.
const INDENT: u16 = 2;

/// Least and most cells of a part's name.
const NAME: (u16, u16) = (22, 48);

/// A column of a pane: its cells come from the listing.
pub(crate) const fn column(
    id: &'static str,
    title: &'static str,
    about: &'static str,
    align: Align,
    (min, max): (u16, u16),
    keep: u8,
) -> Column {
    let cell = |_: &_, _| Cell { text: Cow::Borrowed(""), tone: Tone::Plain, sort: SortKey::Missing };
    Column { id, title, about, align, min, max, keep, wide: false, live: false, cell: Told::Known(cell) }
}

impl Pane {
    /// Takes what is made anew. The cursor stays on what it is on, wherever that is now.
    pub fn set(&mut self, made: Made) {
        self.made = made;
        self.stale = false;
        self.flatten();
        self.find();
    }

    fn flatten(&mut self) {
        self.rows.clear();
        let Some(listing) = &self.made.listing else { return };
        for group in 0..listing.len() {
            self.rows.push((group, None));
            if self.unfolded.contains(listing.key(group)) {
                self.rows.extend((0..listing.parts(group)).map(|part| (group, Some(part))));
            }
        }
    }

    /// Puts the cursor back on what was selected: a part that is gone leaves it on its group.
    fn find(&mut self) {
        let last = self.rows.len().saturating_sub(1);
        if let (Some(listing), Some((key, part))) = (&self.made.listing, &self.selected) {
            let of_group = |row: &&(usize, (usize, Option<usize>))| listing.key(row.1.0) == key;
            let mut all = self.rows.iter().copied().enumerate().filter(|row| of_group(&row));
            let first = all.next();
            let same =
                |group: usize, at: Option<usize>| at.map(|at| listing.part_key(group, at)) == part.as_deref();
            let exact = first.into_iter().chain(all).find(|(_, (group, at))| same(*group, *at));
            if let Some((at, _)) = exact.or(first) {
                self.cursor = at;
            }
        }
        self.cursor = self.cursor.min(last);
    }

    fn select(&mut self) {
        let (Some(listing), Some((group, part))) = (&self.made.listing, self.row()) else { return };
        let part = part.map(|part| listing.part_key(group, part).to_owned());
        self.selected = Some((listing.key(group).to_owned(), part));
    }

    fn row(&self) -> Option<(usize, Option<usize>)> {
        self.rows.get(self.cursor).copied()
    }

    /// Moves the cursor by rows.
    pub fn step(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.rows.len().saturating_sub(1));
        self.select();
    }

    /// Moves the cursor by pages.
    pub fn page(&mut self, by: isize) {
        self.step(by * self.height.saturating_sub(1).max(1) as isize);
    }

    /// To one of the ends.
    pub fn jump(&mut self, to_end: bool) {
        self.cursor = if to_end { self.rows.len().saturating_sub(1) } else { 0 };
        self.select();
    }

    /// Puts the cursor on a row of the window; tells which row of all that is, if there is one.
    pub fn point(&mut self, row: usize) -> Option<usize> {
        if row >= self.window.rows.len() || self.offset + row >= self.rows.len() {
            return None;
        }
        self.cursor = self.offset + row;
        self.select();
        Some(self.cursor)
    }

    /// Unfolds the group of the cursor, or folds it again.
    pub fn toggle(&mut self) {
        let (Some(listing), Some((group, part))) = (&self.made.listing, self.row()) else { return };
        let key = listing.key(group).to_owned();
        if !self.unfolded.remove(&key) {
            self.unfolded.insert(key.clone());
        }
        self.flatten();
        if part.is_some() {
            self.selected = Some((key, None));
            self.find();
        }
        self.select();
    }

    /// Whether the group of the cursor is unfolded; none: nothing is listed.
    pub fn is_unfolded(&self) -> Option<bool> {
        let (listing, (group, _)) = (self.made.listing.as_ref()?, self.row()?);
        Some(self.unfolded.contains(listing.key(group)))
    }

    /// What the row of the cursor is like, and what to do next.
    pub fn explain(&self) -> Option<[String; 2]> {
        let (group, part) = self.row()?;
        Some(self.made.listing.as_ref()?.explain(group, part))
    }

    /// Row of the cursor and how many there are, counted from 1.
    pub fn place(&self) -> Option<(usize, usize)> {
        (!self.rows.is_empty()).then_some((self.cursor + 1, self.rows.len()))
    }

    /// Makes the window of `width` by `height` cells.
    pub fn settle(&mut self, width: u16, height: u16) {
        let Some(listing) = &self.made.listing else {
            self.window = PaneWindow::default();
            return;
        };
        let around = 2 + self.made.foot.len();
        let height = usize::from(height).saturating_sub(around).max(1);
        self.height = height;
        self.offset = self.offset.min(self.rows.len().saturating_sub(height)).min(self.cursor);
        if self.cursor >= self.offset + height {
            self.offset = self.cursor + 1 - height;
        }
        let columns = listing.columns();
        self.natural.resize(columns.len(), 0);
        for group in 0..listing.len().min(MEASURED) {
            for (widest, (text, _)) in self.natural.iter_mut().zip(listing.cells(group)) {
                *widest = (*widest).max(text_width(&text));
            }
        }
        let mut natural = self.natural.clone();
        if let Some(first) = natural.first_mut() {
            *first += SYMBOL;
        }
        let fitted = layout::fit(columns, false, None, width.saturating_sub(MARGIN + 1), &natural);
        let heading = fitted.shown.iter().filter_map(|(at, width)| {
            let column = columns.get(*at)?;
            let cell =
                PaneCell { text: column.title.into(), tone: Tone::Plain, width: *width, align: column.align };
            Some(cell)
        });
        let rows = self.rows.iter().enumerate().skip(self.offset).take(height).map(|(at, (group, part))| {
            let selected = at == self.cursor;
            match part {
                None => group_row(&**listing, *group, &fitted.shown, selected),
                Some(part) => part_row(&**listing, (*group, *part), width, selected),
            }
        });
        self.window = PaneWindow { heading: heading.collect(), hidden: fitted.hidden, rows: rows.collect() };
    }
}

fn group_row(listing: &dyn Listing, group: usize, shown: &[(usize, u16)], selected: bool) -> PaneRow {
    let texts = listing.cells(group);
    let cells = shown.iter().filter_map(|(at, width)| {
        let (text, tone) = texts.get(*at)?.clone();
        let align = listing.columns().get(*at)?.align;
        // The symbol stands within the first column.
        let width = if *at == 0 { width.saturating_sub(SYMBOL) } else { *width };
        Some(PaneCell { text, tone, width, align })
    });
    PaneRow {
        selected,
        indent: 0,
        symbol: Some(listing.symbol(group)),
        cells: cells.collect(),
        said: Vec::new(),
    }
}

fn part_row(listing: &dyn Listing, (group, part): (usize, usize), width: u16, selected: bool) -> PaneRow {
    let Part { symbol, name, said } = listing.part(group, part);
    let cells = text_width(&name).clamp(NAME.0, NAME.1.min(width / 2).max(NAME.0));
    let cell = PaneCell { text: name.into(), tone: Tone::Plain, width: cells, align: Align::Left };
    PaneRow { selected, indent: INDENT, symbol, cells: vec![cell], said }
}

/// Cells that a row's cells need, with the gaps behind them.
pub fn needs(cells: &[PaneCell]) -> u16 {
    cells.iter().map(|cell| cell.width + GAP).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        column("name", "NAME", "", Align::Left, (6, 30), 255),
        column("size", "SIZE", "", Align::Right, (4, 8), 100),
    ];

    /// Groups by name, each with parts by name.
    #[derive(Debug)]
    struct Named(Vec<(&'static str, Vec<&'static str>)>);

    impl Listing for Named {
        fn columns(&self) -> &'static [Column] {
            COLUMNS
        }
        fn len(&self) -> usize {
            self.0.len()
        }
        fn key(&self, group: usize) -> &str {
            self.0[group].0
        }
        fn parts(&self, group: usize) -> usize {
            self.0[group].1.len()
        }
        fn part_key(&self, group: usize, part: usize) -> &str {
            self.0[group].1[part]
        }
        fn symbol(&self, _: usize) -> (Symbol, Tone) {
            (Symbol::Good, Tone::Good)
        }
        fn cells(&self, group: usize) -> Vec<PaneText> {
            vec![(self.0[group].0.into(), Tone::Plain), ("1".into(), Tone::Plain)]
        }
        fn part(&self, group: usize, part: usize) -> Part {
            Part { symbol: None, name: self.0[group].1[part].into(), said: Vec::new() }
        }
        fn explain(&self, group: usize, part: Option<usize>) -> [String; 2] {
            [format!("{group} {part:?}"), String::new()]
        }
    }

    fn made(groups: Vec<(&'static str, Vec<&'static str>)>) -> Made {
        Made { listing: Some(Box::new(Named(groups))), ..Made::default() }
    }

    fn shown(pane: &mut Pane) -> Vec<String> {
        pane.settle(40, 6);
        let name = |row: &PaneRow| format!("{}{}", if row.selected { ">" } else { "" }, row.cells[0].text);
        pane.window.rows.iter().map(name).collect()
    }

    #[test]
    fn a_group_unfolds_and_folds_and_from_a_part_too() {
        let mut pane = Pane::default();
        pane.set(made(vec![("a", vec!["a1", "a2"]), ("b", vec![])]));
        assert_eq!(shown(&mut pane), [">a", "b"]);
        pane.toggle();
        assert_eq!(shown(&mut pane), [">a", "a1", "a2", "b"]);
        pane.step(2);
        assert_eq!(pane.explain().unwrap()[0], "0 Some(1)");
        pane.toggle();
        assert_eq!(shown(&mut pane), [">a", "b"]);
    }

    #[test]
    fn the_cursor_stays_on_what_it_is_on_while_the_order_changes() {
        let mut pane = Pane::default();
        pane.set(made(vec![("a", vec!["a1", "a2"]), ("b", vec!["b1"])]));
        pane.toggle();
        pane.step(2);
        pane.set(made(vec![("b", vec!["b1"]), ("a", vec!["a2", "a1"])]));
        assert_eq!(shown(&mut pane), ["b", "a", ">a2", "a1"]);
        pane.set(made(vec![("b", vec!["b1"]), ("a", vec!["a1"])]));
        assert_eq!(shown(&mut pane), ["b", ">a", "a1"], "a part that is gone leaves its group");
        pane.set(made(vec![("b", vec![])]));
        assert_eq!(shown(&mut pane), [">b"]);
        pane.set(Made::default());
        assert_eq!((shown(&mut pane).len(), pane.place(), pane.explain()), (0, None, None));
    }

    #[test]
    fn the_window_follows_the_cursor_and_holds_only_what_is_seen() {
        let mut pane = Pane::default();
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        pane.set(made(names.iter().map(|name| (*name, vec![])).collect()));
        pane.jump(true);
        assert_eq!(shown(&mut pane), ["e", "f", "g", ">h"]);
        pane.page(-1);
        assert_eq!(shown(&mut pane), [">e", "f", "g", "h"]);
        pane.jump(false);
        assert_eq!(shown(&mut pane), [">a", "b", "c", "d"]);
    }
}
