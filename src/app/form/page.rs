//! The form as rows, ready to be painted.

use super::field::{Field, Kind, Step};
use super::judge::spots_of;
use super::table::FIELDS;
use super::value::{self, Spot};
use super::{Form, Purpose};
use crate::app::paint::Line;
use crate::app::screen::facts::wrap;
use crate::model::clean::clean;
use crate::model::istio_gateway::IstioGateway;
use crate::model::parameters;
use crate::model::table::Tone;

/// Columns from which on the manifest stands beside the form.
const BESIDE: u16 = 120;
/// Column of the values.
const VALUES: u16 = 26;
/// Lines of a YAML field that are shown.
const YAML_LINES: usize = 10;
/// Column of the rows of a list.
const INDENT: u16 = 2;

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
        let form_width = if beside { (width * 3 / 5).clamp(72, 110) } else { width };
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

    fn field_row(&self, at: usize, width: u16) -> Row {
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

    fn is_here(&self, spot: Spot) -> bool {
        self.spot == spot && self.step != Step::Review
    }

    /// What stands at a place: what is typed there, what is set, or what holds instead.
    fn cell(&self, spot: Spot, x: u16, width: u16) -> Cell {
        let here = self.is_here(spot);
        let typed = here && spot.kind().is_typed() && self.fixed(spot).is_none() && !spot.adds(&self.object);
        let bad = self.problem_at(spot).is_some_and(|p| p.problem.is_error());
        let tone = if bad { Tone::Bad } else { Tone::Plain };
        let cell = Cell { x, width, here, tone, ..Cell::default() };
        if typed {
            let text = self.buffer.text();
            if !text.is_empty() || !matches!(spot.row().kind, Kind::Text | Kind::Number | Kind::Words) {
                return Cell { text, cursor: Some(self.buffer.cursor().1), ..cell };
            }
            // What holds without a value is told until the first letter.
            return Cell { text: String::new(), cursor: Some(0), ..cell };
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
                let otherwise = self.default_of(spot);
                let text = if otherwise.is_empty() { "–".into() } else { clean(&otherwise).into_owned() };
                Cell {
                    text: self.shown(spot, &text, here),
                    tone: if bad { Tone::Bad } else { Tone::Muted },
                    ..cell
                }
            }
            false => Cell { text: self.shown(spot, &text, here), ..cell },
        }
    }

    /// A switch or choice under the cursor shows that it can be turned.
    fn shown(&self, spot: Spot, text: &str, here: bool) -> String {
        let turns = !spot.kind().is_typed() && self.fixed(spot).is_none();
        turned(text, here && turns)
    }

    fn list_rows(&self, at: usize, width: u16, rows: &mut Vec<Row>) {
        let field = &FIELDS[at];
        let count = value::count(field, &self.object);
        rows.push(self.list_head(at, field, count, width));
        let columns = layout(field, width);
        if count > 0 {
            let heading = |(column, (x, width)): (&super::field::Column, &(u16, u16))| Cell {
                x: *x,
                width: *width,
                text: column.title.to_owned(),
                ..Cell::default()
            };
            let cells = field.kind.columns().iter().zip(&columns).map(heading).collect();
            rows.push(Row { heading: true, cells, ..Row::default() });
        }
        let spots = spots_of(at, &self.object);
        for item in 0..count {
            let of_row = spots.iter().filter(|spot| spot.item == item);
            let cells: Vec<Cell> =
                of_row.clone().zip(&columns).map(|(spot, (x, width))| self.cell(*spot, *x, *width)).collect();
            let here = cells.iter().any(|cell| cell.here);
            rows.push(Row { here, cells, ..Row::default() });
            for spot in of_row {
                if let Some(placed) = self.problem_at(*spot) {
                    let tone = if placed.problem.is_error() { Tone::Bad } else { Tone::Warn };
                    rows.extend(trouble(&placed.sentence(), tone, 4, width));
                }
            }
        }
        let add = Spot { field: at, item: count, column: 0 };
        let here = self.is_here(add);
        let cell = Cell {
            x: INDENT,
            width: width.saturating_sub(INDENT),
            text: "+ add".into(),
            tone: Tone::Muted,
            here,
            cursor: None,
        };
        rows.push(Row { here, cells: vec![cell], ..Row::default() });
    }

    fn list_head(&self, at: usize, field: &Field, count: usize, width: u16) -> Row {
        let default = self.default_of(Spot::of(at));
        let default = match (field.kind, IstioGateway::read(&self.object)) {
            (Kind::Items(_), Ok(gateway)) => parameters::default_of(field.parameter, &gateway)
                .map_or_else(String::new, |(value, whence)| format!("{value} ({whence})")),
            _ => default.into_owned(),
        };
        let text = if count == 0 { default } else { count.to_string() };
        let cell = Cell {
            x: VALUES,
            width: width.saturating_sub(VALUES),
            text,
            tone: Tone::Muted,
            ..Cell::default()
        };
        Row { label: field.label().to_owned(), cells: vec![cell], ..Row::default() }
    }

    fn yaml_rows(&self, at: usize, width: u16, rows: &mut Vec<Row>) {
        let spot = Spot::of(at);
        if !self.is_here(spot) {
            let text = match self.summary(at) {
                Some(text) => text,
                None => self.default_of(spot).into_owned(),
            };
            let mut row = self.field_row(at, width);
            if let Some(cell) = row.cells.first_mut()
                && !self.pending.contains_key(&spot)
            {
                cell.text = clean(&text).into_owned();
            }
            return rows.push(row);
        }
        let lines: Vec<&str> = self.buffer.lines().collect();
        let (line, column) = self.buffer.cursor();
        let first = (line + 1).saturating_sub(YAML_LINES);
        for (n, text) in lines.iter().enumerate().skip(first).take(YAML_LINES) {
            let label = if n == first { FIELDS[at].label().to_owned() } else { String::new() };
            let cursor = (n == line).then_some(column);
            let cell = Cell {
                x: VALUES,
                width: width.saturating_sub(VALUES + 1),
                text: clean(text).into_owned(),
                here: true,
                cursor,
                ..Cell::default()
            };
            rows.push(Row { label, here: n == line, cells: vec![cell], ..Row::default() });
        }
        if let Some(placed) = self.problem_at(spot) {
            let tone = if placed.problem.is_error() { Tone::Bad } else { Tone::Warn };
            rows.extend(trouble(&placed.sentence(), tone, VALUES, width));
        }
    }

    /// What a YAML field holds, in words.
    fn summary(&self, at: usize) -> Option<String> {
        let field = &FIELDS[at];
        let value = field.path().get(&self.object)?.clone();
        let gateway = IstioGateway::read(&self.object).ok()?;
        let told = parameters::parameters(&gateway, None).into_iter().find(|p| p.name == field.parameter);
        let set = told.filter(|p| field.named.is_empty() && p.source == parameters::Source::Set);
        let text = set.map_or_else(|| value.to_string(), |p| p.value);
        Some(text)
    }

    fn review_rows(&self, width: u16, beside: bool) -> Vec<Row> {
        let name = clean(self.object["metadata"]["name"].as_str().unwrap_or_default()).into_owned();
        let namespace = clean(self.object["metadata"]["namespace"].as_str().unwrap_or_default()).into_owned();
        let mut rows = Vec::new();
        let verb = match self.purpose {
            Purpose::New => "Makes",
            _ => "Changes",
        };
        let what = if name.is_empty() {
            "a gateway without a name".to_owned()
        } else {
            format!("IstioGateway {namespace}/{name}")
        };
        rows.extend(sentence(
            &format!("{verb} {what} in {}.", clean(self.cluster.as_str())),
            Tone::Plain,
            1,
            width,
        ));
        let ids =
            self.at("spec.clusterIds").and_then(|v| v.as_array()).map(Vec::as_slice).unwrap_or_default();
        let ids: Vec<String> =
            ids.iter().filter_map(|id| id.as_str()).map(|id| clean(id).into_owned()).collect();
        let runs = match ids.as_slice() {
            [] => format!("It runs there: {} pods behind Service istio-{name}.", self.pods()),
            ids => format!("It runs in {}: {} pods in each.", ids.join(", "), self.pods()),
        };
        rows.extend(sentence(&runs, Tone::Plain, 1, width));
        if let Some(holding) = self.known.of(&self.cluster) {
            rows.extend(sentence(&holding.acts.1, holding.acts.0, 1, width));
            if holding.read_only {
                rows.extend(sentence(
                    "egret is read-only here: nothing can be written.",
                    Tone::Warn,
                    1,
                    width,
                ));
            }
        }
        rows.push(Row::default());
        for (n, placed) in self.problems.iter().enumerate() {
            let tone = if placed.problem.is_error() { Tone::Bad } else { Tone::Warn };
            let text = format!("{}: {}", placed.problem.path, placed.sentence());
            let mut lines = trouble(&text, tone, 2, width);
            for row in &mut lines {
                row.here = n == self.line;
            }
            rows.extend(lines);
        }
        let done = self.line >= self.problems.len();
        let text = if self.blocks().is_empty() {
            "Nothing keeps it from being written: enter shows what the server would make of it."
        } else {
            "These come first: enter leads to the field."
        };
        let mut last = sentence(text, Tone::Good, 2, width);
        if !self.blocks().is_empty() {
            last.iter_mut().flat_map(|row| &mut row.cells).for_each(|cell| cell.tone = Tone::Muted);
        }
        for row in &mut last {
            row.here = done;
        }
        rows.extend(last);
        if !beside {
            rows.push(Row::default());
            rows.extend(self.manifest().into_iter().map(|line| Row { line: Some(line), ..Row::default() }));
        }
        rows
    }

    fn pods(&self) -> String {
        let Ok(gateway) = IstioGateway::read(&self.object) else { return "?".to_owned() };
        let c = &gateway.spec.configuration;
        if c.autoscales() {
            let most = c.max_replicas.map_or_else(|| "?".to_owned(), |most| most.to_string());
            return format!("{} to {most}", c.min_replicas.unwrap_or(1));
        }
        c.replica_count.unwrap_or(1).to_string()
    }

    pub(super) fn explain_review(&self) -> [String; 2] {
        let errors = self.blocks().len();
        let notes = self.problems.iter().filter(|p| !p.problem.is_error()).count();
        let said = match (errors, notes) {
            (0, 0) => "Nothing is wrong with it.".to_owned(),
            (0, notes) => format!("{notes} to know, nothing wrong."),
            (errors, notes) => format!("{errors} wrong, {notes} to know."),
        };
        [said, "Nothing is written before the difference was shown and said yes to.".to_owned()]
    }
}

fn turned(text: &str, here: bool) -> String {
    if here { format!("‹ {text} ›") } else { text.to_owned() }
}

/// Columns and cells of a list's row, in so much room.
fn layout(field: &Field, width: u16) -> Vec<(u16, u16)> {
    let columns = field.kind.columns();
    let wanted: u16 = columns.iter().map(|column| column.width + 1).sum();
    let room = width.saturating_sub(INDENT);
    let share = |cells: u16| match room < wanted {
        true => (u32::from(cells) * u32::from(room) / u32::from(wanted.max(1))) as u16,
        false => cells,
    };
    let spare = room.saturating_sub(wanted);
    let mut x = INDENT;
    let mut out = Vec::new();
    for (n, column) in columns.iter().enumerate() {
        let last = n + 1 == columns.len();
        let cells = share(column.width).max(3) + if last { spare.min(60) } else { 0 };
        out.push((x, cells));
        x += cells + 1;
    }
    out
}

/// A sentence in as many rows as it needs.
fn sentence(text: &str, tone: Tone, x: u16, width: u16) -> Vec<Row> {
    let room = width.saturating_sub(x + 1);
    let rows = wrap(&clean(text), usize::from(room).max(10));
    let row =
        |text| Row { cells: vec![Cell { x, width: room, text, tone, ..Cell::default() }], ..Row::default() };
    rows.into_iter().map(row).collect()
}

/// What is wrong, with its symbol.
fn trouble(text: &str, tone: Tone, x: u16, width: u16) -> Vec<Row> {
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
