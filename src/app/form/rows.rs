//! Fields of more than one line: lists, and YAML.

use super::Form;
use super::field::{Column, Field, Kind};
use super::judge::spots_of;
use super::page::{Cell, Row, VALUES, trouble};
use super::table::FIELDS;
use super::value::{self, Spot};
use crate::model::clean::clean;
use crate::model::parameters;
use crate::model::table::Tone;

/// Lines of a YAML field that are shown.
const YAML_LINES: usize = 10;
/// Column of the rows of a list.
const INDENT: u16 = 2;

impl Form {
    pub(super) fn list_rows(&self, at: usize, width: u16, rows: &mut Vec<Row>) {
        let field = &FIELDS[at];
        let count = value::count(field, &self.object);
        rows.push(self.list_head(at, field, count, width));
        let columns = layout(field, width);
        if count > 0 {
            let heading = |(column, (x, width)): (&Column, &(u16, u16))| Cell {
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
            ..Cell::default()
        };
        rows.push(Row { here, cells: vec![cell], ..Row::default() });
    }

    fn list_head(&self, at: usize, field: &Field, count: usize, width: u16) -> Row {
        let default = self.default_of(Spot::of(at));
        let default = match (field.kind, &self.gateway) {
            (Kind::Items(_), Some(gateway)) => parameters::default_of(field.parameter, gateway)
                .map_or_else(String::new, |(value, whence)| format!("{value} – {whence}")),
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

    pub(super) fn yaml_rows(&self, at: usize, width: u16, rows: &mut Vec<Row>) {
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
        let gateway = self.gateway.as_ref()?;
        let told = parameters::parameters(gateway, None).into_iter().find(|p| p.name == field.parameter);
        let set = told.filter(|p| field.named.is_empty() && p.source == parameters::Source::Set);
        let text = set.map_or_else(|| value.to_string(), |p| p.value);
        Some(text)
    }
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
