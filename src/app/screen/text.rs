//! A scrolling text: facts or YAML, with search and wrapping.

use crate::app::paint::{self, Line, Look};
use crate::app::text::Input;
use crate::model::search::Search;

/// A text and the part of it that is on the screen.
#[derive(Debug, Default)]
pub struct TextView {
    /// All lines.
    pub lines: Vec<Line>,
    /// First shown row.
    pub offset: usize,
    /// First shown column, when lines are not wrapped.
    pub x: usize,
    /// Long lines go on in the next row.
    pub wrap: bool,
    /// The search.
    pub find: Find,
    /// The line that is picked, where one can be.
    pub picked: Option<usize>,
    /// What to paint.
    pub window: Vec<Line>,
    rows: Vec<Row>,
    laid_out: Option<(usize, bool)>,
    height: usize,
}

/// The search of a text.
#[derive(Debug, Default)]
pub struct Find {
    /// The typed text.
    pub input: Input,
    /// Whether keys go to the line.
    pub editing: bool,
    /// What is searched.
    pub search: Option<Search>,
    /// Why it cannot be searched.
    pub error: Option<String>,
    /// Line of the current match.
    pub at: Option<usize>,
    /// Lines with a match.
    pub hits: usize,
}

impl Find {
    /// Reads what is typed.
    pub fn apply(&mut self) {
        let text = self.input.text();
        (self.search, self.error) = match Search::new(text) {
            _ if text.is_empty() => (None, None),
            Ok(search) => (Some(search), None),
            Err(error) => (None, Some(error.to_string())),
        };
    }
}

/// One row of the screen: a line from a column on.
#[derive(Clone, Copy, Debug)]
struct Row {
    line: usize,
    from: usize,
}

impl TextView {
    /// Replaces the text; the place in it stays.
    pub fn set(&mut self, lines: Vec<Line>) {
        self.lines = lines;
        self.laid_out = None;
        self.count();
    }

    /// Moves by rows.
    pub fn scroll(&mut self, by: isize) {
        self.offset = self.offset.saturating_add_signed(by);
    }

    /// Moves by pages.
    pub fn page(&mut self, by: isize) {
        self.scroll(by * self.height.saturating_sub(1).max(1) as isize);
    }

    /// To one of the ends.
    pub fn jump(&mut self, to_end: bool) {
        self.offset = if to_end { usize::MAX } else { 0 };
    }

    /// Moves sideways by columns.
    pub fn pan(&mut self, by: isize) {
        let widest = self.lines.iter().map(paint::width).max().unwrap_or(0);
        self.x = if self.wrap { 0 } else { self.x.saturating_add_signed(by).min(widest.saturating_sub(1)) };
    }

    /// Searches what is typed and goes to the first match at or below the top of the screen.
    pub fn find(&mut self) {
        self.find.apply();
        self.find.at = None;
        self.count();
        let top = self.rows.get(self.offset).map_or(0, |r| r.line);
        self.seek(top, 1);
    }

    /// Goes to the next or the previous match, round the ends.
    pub fn find_step(&mut self, by: isize) {
        let count = self.lines.len();
        if count == 0 {
            return;
        }
        let from = self.find.at.map_or(0, |at| (at as isize + by).rem_euclid(count as isize).unsigned_abs());
        self.seek(from, by);
    }

    fn seek(&mut self, from: usize, by: isize) {
        let Some(search) = &self.find.search else { return };
        let count = self.lines.len() as isize;
        let hit = (0..count)
            .map(|n| (from as isize + n * by).rem_euclid(count).unsigned_abs())
            .find(|line| !search.matches(&paint::text(&self.lines[*line])).is_empty());
        self.find.at = hit;
        if let Some(line) = hit
            && let Some(row) = self.rows.iter().position(|r| r.line == line)
            && !(self.offset..self.offset + self.height.max(1)).contains(&row)
        {
            self.offset = row.saturating_sub(self.height / 3);
        }
    }

    fn count(&mut self) {
        let search = self.find.search.as_ref();
        let hit = |l: &&Line| search.is_some_and(|s| !s.matches(&paint::text(l)).is_empty());
        self.find.hits = self.lines.iter().filter(hit).count();
    }

    /// How far through the text the screen is, as `first–last of all` rows.
    pub fn place(&self) -> (usize, usize, usize) {
        (self.offset + 1, (self.offset + self.window.len()).min(self.rows.len()), self.rows.len())
    }

    /// Makes the window of `width` by `height` cells.
    pub fn settle(&mut self, width: u16, height: u16) {
        let (width, height) = (usize::from(width).max(1), usize::from(height).max(1));
        self.height = height;
        if self.laid_out != Some((width, self.wrap)) {
            self.laid_out = Some((width, self.wrap));
            let wrap = self.wrap;
            let rows = self.lines.iter().enumerate().flat_map(|(line, text)| {
                let count = if wrap { paint::width(text).div_ceil(width).max(1) } else { 1 };
                (0..count).map(move |n| Row { line, from: n * width })
            });
            self.rows = rows.collect();
        }
        self.offset = self.offset.min(self.rows.len().saturating_sub(height));
        self.window =
            self.rows.iter().skip(self.offset).take(height).map(|row| self.row(*row, width)).collect();
    }

    /// First line on the screen.
    pub fn top(&self) -> usize {
        self.rows.get(self.offset).map_or(0, |row| row.line)
    }

    /// Picks a line, and brings it onto the screen.
    pub fn pick(&mut self, line: Option<usize>) {
        self.picked = line;
        let at = line.and_then(|line| self.rows.iter().position(|row| row.line == line));
        if let Some(row) = at
            && !(self.offset..self.offset + self.height.max(1)).contains(&row)
        {
            self.offset = row.saturating_sub(self.height / 3);
        }
    }

    fn row(&self, row: Row, width: usize) -> Line {
        let line = &self.lines[row.line];
        if self.picked == Some(row.line) {
            let whole = [0..paint::text(line).len()];
            let from = if self.wrap { row.from } else { self.x };
            return paint::slice(&paint::mark(line, &whole, Look::CurrentMatch), from, width);
        }
        let from = if self.wrap { row.from } else { self.x };
        let Some(search) = &self.find.search else { return paint::slice(line, from, width) };
        let look = if self.find.at == Some(row.line) { Look::CurrentMatch } else { Look::Match };
        paint::slice(&paint::mark(line, &search.matches(&paint::text(line)), look), from, width)
    }
}
