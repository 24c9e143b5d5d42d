//! The form as rows, ready to be painted.

use super::Form;
use super::field::{Kind, Step};
use super::table::FIELDS;
use super::value::{self, Spot};
use crate::app::paint::Line;
use crate::app::screen::facts::wrap;
use crate::model::clean::clean;
use crate::model::table::Tone;

/// Columns from which on the manifest stands beside the form.
const BESIDE: u16 = 120;
/// Column of the values.
pub(super) const VALUES: u16 = 26;

/// A value, or the room for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// First column, from the left of the form.
    pub x: u16,
    /// Cells it may take.
    pub width: u16,
    /// The text.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
    /// Whether the cursor is on it.
    pub here: bool,
    /// Characters before the cursor, where something is typed.
    pub cursor: Option<usize>,
    /// What is told while nothing is typed yet.
    pub instead: String,
}

/// A line of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Its name; of a list, that of all of it.
    pub label: String,
    /// A heading of columns.
    pub heading: bool,
    /// Whether the cursor is on it.
    pub here: bool,
    /// Its values.
    pub cells: Vec<Cell>,
    /// A line of the manifest instead.
    pub line: Option<Line>,
    /// What is wrong with it: its first cell begins with the symbol of that.
    pub problem: Option<Tone>,
}

/// What is drawn.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The steps, the open one told; none: there is one field only.
    pub steps: Vec<(String, bool)>,
    /// Cells for the form.
    pub width: u16,
    /// The rows that are in sight.
    pub rows: Vec<Row>,
    /// Rows above and below those.
    pub hidden: (usize, usize),
    /// Lines of the manifest that are in sight; `None`: it is not shown.
    pub manifest: Option<Vec<Line>>,
    /// Whether the manifest stands in place of the form.
    pub full: bool,
    /// First line of the manifest, or of the review.
    pub scroll: usize,
    /// The furthest that it makes sense to scroll.
    pub scroll_last: usize,
}

impl Form {
    /// Makes what is drawn.
    pub fn settle(&mut self, width: u16, height: u16) {
        let beside = width >= BESIDE && !self.toggled;
        let full = width < BESIDE && self.toggled;
        let steps = self.steps();
        let head = u16::from(!steps.is_empty());
        let lines = usize::from(height.saturating_sub(head));
        let form_width = if beside { (width / 5).saturating_mul(3).clamp(76, 110) } else { width };
        let mut rows = self.rows(form_width, beside);
        let at = rows.iter().rposition(|row| row.here).unwrap_or(0);
        let is_review = self.step == Step::Review && self.has_steps();
        let last = rows.len().saturating_sub(lines);
        let seen = rows.iter().position(|row| row.here).unwrap_or(0);
        let mut first = (at + 2).saturating_sub(lines).min(seen).min(last);
        let mut page = Page { steps, width: form_width, full, ..Page::default() };
        if is_review && !beside && !full {
            first = self.scrolled.unwrap_or(first).min(last);
            (page.scroll, page.scroll_last) = (first, last);
        }
        let end = rows.len().min(first + lines);
        page.hidden = (first, rows.len() - end);
        page.rows = rows.drain(first..end).collect();
        if beside || full {
            let manifest = self.manifest();
            // Its heading takes a line.
            let room = if beside { usize::from(height).saturating_sub(1) } else { lines };
            let last = manifest.len().saturating_sub(room);
            let follow = self.line_of_cursor().saturating_sub(room / 3);
            let from = self.scrolled.unwrap_or(follow).min(last);
            (page.scroll, page.scroll_last) = (from, last);
            page.manifest = Some(manifest.into_iter().skip(from).take(room).collect());
        }
        self.page = page;
    }

    /// Scrolls the manifest, or the review, where the wheel is turned over it; tells whether it is there.
    pub(in crate::app) fn turn_wheel(&mut self, x: u16, by: isize) -> bool {
        let page = &self.page;
        let is_over = page.full || page.manifest.is_none() || x >= page.width;
        if page.scroll_last == 0 || !is_over {
            return false;
        }
        let at = self.scrolled.unwrap_or(page.scroll);
        self.scrolled = Some(at.saturating_add_signed(by).min(page.scroll_last));
        true
    }

    fn steps(&self) -> Vec<(String, bool)> {
        if !self.has_steps() {
            return Vec::new();
        }
        use strum::IntoEnumIterator;
        let named = |(n, step): (usize, Step)| (format!("{} {step}", n + 1), step == self.step);
        Step::iter().enumerate().map(named).collect()
    }

    /// Which line of the manifest the cursor is about.
    fn line_of_cursor(&self) -> usize {
        if self.step == Step::Review {
            return 0;
        }
        line_of(&self.draft.text, &self.spot.path(&self.object))
    }

    fn rows(&self, width: u16, beside: bool) -> Vec<Row> {
        if self.step == Step::Review && self.has_steps() {
            return self.review_rows(width, beside);
        }
        let mut rows = Vec::new();
        if self.step == Step::Basics || !self.has_steps() {
            self.acts(width, &mut rows);
        }
        let places = self.places(self.step);
        let mut fields: Vec<usize> = places.iter().map(|spot| spot.field).collect();
        fields.dedup();
        for at in fields {
            match FIELDS[at].kind {
                Kind::Pairs | Kind::Items(_) => self.list_rows(at, width, &mut rows),
                Kind::Yaml => self.yaml_rows(at, width, &mut rows),
                _ => rows.push(self.field_row(at, width)),
            }
            for (tone, text) in self.says(at) {
                rows.extend(sentence(&text, tone, 4, width));
            }
        }
        rows
    }

    /// Who would act (R4), before everything else.
    fn acts(&self, width: u16, rows: &mut Vec<Row>) {
        let Some(holding) = self.known.of(&self.cluster) else { return };
        let (tone, text) = &holding.acts;
        if self.has_steps() || *tone == Tone::Warn {
            rows.extend(sentence(text, *tone, 1, width));
            rows.push(Row::default());
        }
    }

    pub(super) fn field_row(&self, at: usize, width: u16) -> Row {
        let spot = Spot::of(at);
        let here = self.is_here(spot);
        let problem = self.problem_at(spot);
        let room = width.saturating_sub(VALUES);
        let value = if problem.is_some() { (room / 2).max(16) } else { room };
        let mut cells = vec![self.cell(spot, VALUES, value.saturating_sub(1))];
        if let Some(placed) = problem {
            let tone = if placed.problem.is_error() { Tone::Bad } else { Tone::Warn };
            let text = clean(&placed.sentence()).into_owned();
            let x = VALUES + value;
            cells.push(Cell { x, width: width.saturating_sub(x), text, tone, ..Cell::default() });
        }
        let problem = problem.map(|p| if p.problem.is_error() { Tone::Bad } else { Tone::Warn });
        Row { label: FIELDS[at].label().to_owned(), here, cells, problem, ..Row::default() }
    }

    pub(super) fn is_here(&self, spot: Spot) -> bool {
        self.spot == spot && self.step != Step::Review
    }

    /// What stands at a place: what is typed there, what is set, or what holds instead.
    pub(super) fn cell(&self, spot: Spot, x: u16, width: u16) -> Cell {
        let here = self.is_here(spot);
        let typed = here && spot.kind().is_typed() && self.fixed(spot).is_none() && !spot.adds(&self.object);
        let bad = self.problem_at(spot).is_some_and(|p| p.problem.is_error());
        let tone = if bad { Tone::Bad } else { Tone::Plain };
        let cell = Cell { x, width, here, tone, ..Cell::default() };
        if typed {
            let (text, cursor) = (self.buffer.text(), Some(self.buffer.cursor().1));
            // What holds without a value is told until the first letter.
            let instead = if text.is_empty() { self.instead(spot) } else { String::new() };
            return Cell { text, cursor, instead, ..cell };
        }
        if matches!(spot.kind(), Kind::Home) {
            return Cell { text: turned(&clean(self.cluster.as_str()), here), ..cell };
        }
        let text = match self.pending.get(&spot) {
            Some(pending) => pending.text.clone(),
            None => value::read(spot, &self.object),
        };
        let text = clean(&text).into_owned();
        match text.is_empty() {
            true => {
                let text = match self.instead(spot) {
                    text if text.is_empty() => "–".to_owned(),
                    text => text,
                };
                Cell {
                    text: self.shown(spot, &text, here),
                    tone: if bad { Tone::Bad } else { Tone::Muted },
                    ..cell
                }
            }
            false => Cell { text: self.shown(spot, &text, here), ..cell },
        }
    }

    /// What holds where nothing is typed.
    fn instead(&self, spot: Spot) -> String {
        match spot.row().kind {
            Kind::Pairs => String::new(),
            _ => clean(&self.default_of(spot)).into_owned(),
        }
    }

    /// A switch or choice under the cursor shows that it can be turned.
    fn shown(&self, spot: Spot, text: &str, here: bool) -> String {
        let turns = !spot.kind().is_typed() && self.fixed(spot).is_none();
        turned(text, here && turns)
    }
}

fn turned(text: &str, here: bool) -> String {
    if here { format!("‹ {text} ›") } else { text.to_owned() }
}

/// A sentence in as many rows as it needs.
pub(super) fn sentence(text: &str, tone: Tone, x: u16, width: u16) -> Vec<Row> {
    let room = width.saturating_sub(x + 1);
    let rows = wrap(&clean(text), usize::from(room).max(10));
    let row =
        |text| Row { cells: vec![Cell { x, width: room, text, tone, ..Cell::default() }], ..Row::default() };
    rows.into_iter().map(row).collect()
}

/// What is wrong, with its symbol.
pub(super) fn trouble(text: &str, tone: Tone, x: u16, width: u16) -> Vec<Row> {
    let mut rows = sentence(text, tone, x + 2, width);
    if let Some(first) = rows.first_mut() {
        first.problem = Some(tone);
    }
    rows
}

/// The line of a YAML text that a path is at, or as far as it leads there.
fn line_of(text: &str, path: &crate::model::edit::Path) -> usize {
    use crate::model::edit::path::Step as S;
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (mut at, mut found, mut depth) = (0, 0, 0);
    for step in &path.0 {
        let mut items = 0;
        let hit = (at..lines.len()).find(|n| {
            let line = lines[*n];
            let body = line.trim_start();
            match step {
                S::Field(name) => {
                    let body = if *n == at && indent(line) + 2 == depth {
                        body.strip_prefix("- ").unwrap_or(body)
                    } else {
                        body
                    };
                    let level = lines[*n].len() - body.len();
                    level == depth
                        && body.split(':').next().is_some_and(|key| key.trim_matches(['"', '\'']) == name)
                }
                S::Index(wanted) => {
                    let is_item =
                        body.starts_with("- ") && (indent(line) == depth || indent(line) + 2 == depth);
                    items += usize::from(is_item);
                    is_item && items == wanted + 1
                }
            }
        });
        let Some(hit) = hit else { return found };
        found = hit;
        match step {
            S::Field(_) => {
                at = hit + 1;
                // What is below a key is further in; the items of a list may stand right below it.
                depth += 2;
            }
            S::Index(_) => {
                at = hit;
                depth = indent(lines[hit]) + 2;
            }
        }
    }
    found
}
