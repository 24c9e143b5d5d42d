//! Walking through the form: places, rows, steps; and what is typed going into the manifest.

use serde_json::Value;

use super::buffer::Buffer;
use super::field::{Kind, Step};
use super::judge::{spots_of, step_of};
use super::table::FIELDS;
use super::value::{self, Spot};
use super::{Form, Past, Pending, Purpose, template};

/// Steps back that are kept.
const MOST: usize = 500;

impl Form {
    /// The places of a step, in the order they are walked.
    pub(super) fn places(&self, step: Step) -> Vec<Spot> {
        let fields: Vec<usize> = match &self.purpose {
            Purpose::Single(fields) => fields.clone(),
            _ => (0..FIELDS.len()).filter(|at| FIELDS[*at].step == step).collect(),
        };
        let there = self.draft.before.is_some();
        fields
            .into_iter()
            .filter(|at| !(there && matches!(FIELDS[*at].kind, Kind::Home)))
            .flat_map(|at| spots_of(at, &self.object))
            .collect()
    }

    /// Whether it has steps to walk.
    pub(super) fn has_steps(&self) -> bool {
        !matches!(self.purpose, Purpose::Single(_))
    }

    /// Goes to a place, which may be in another step.
    pub(super) fn go_to(&mut self, spot: Spot) {
        self.step = step_of(Some(spot));
        self.enter(spot);
    }

    /// The place of the cursor, with what is typed there.
    pub(super) fn enter(&mut self, mut spot: Spot) {
        // The row may be gone: the manifest changes by other ways too.
        let rows = value::count(spot.row(), &self.object);
        if spot.row().kind.is_list() && spot.item >= rows {
            spot = Spot { item: rows, column: 0, ..spot };
        }
        self.spot = spot;
        self.popup = None;
        self.typing = false;
        self.scrolled = None;
        let text = match self.pending.get(&spot) {
            Some(pending) => pending.text.clone(),
            None => value::read(spot, &self.object),
        };
        self.buffer = Buffer::of(&text, matches!(spot.kind(), Kind::Yaml));
    }

    /// Goes so many places on; behind the last one and before the first into the next step.
    pub(super) fn step_places(&mut self, by: isize) {
        if self.step == Step::Review {
            return self.step_lines(by);
        }
        let places = self.places(self.step);
        let at = places.iter().position(|spot| *spot == self.spot).unwrap_or(0);
        match at.checked_add_signed(by).and_then(|to| places.get(to)) {
            Some(spot) => self.enter(*spot),
            None => self.step_steps(by, by < 0),
        }
    }

    /// Goes a row up or down, in the same column.
    pub(super) fn step_rows(&mut self, by: isize) {
        if self.step == Step::Review {
            return self.step_lines(by);
        }
        let places = self.places(self.step);
        let mut rows: Vec<(usize, usize)> = places.iter().map(|spot| (spot.field, spot.item)).collect();
        rows.dedup();
        let own = (self.spot.field, self.spot.item);
        let at = rows.iter().position(|row| *row == own).unwrap_or(0);
        let Some(row) = at.checked_add_signed(by).and_then(|to| rows.get(to)) else { return };
        let within = places.iter().filter(|spot| (spot.field, spot.item) == *row);
        let column = if row.0 == self.spot.field { self.spot.column } else { 0 };
        let spot = within.clone().find(|spot| spot.column == column).or(within.clone().next());
        if let Some(spot) = spot.copied() {
            self.enter(spot);
        }
    }

    fn step_lines(&mut self, by: isize) {
        let last = self.problems.len();
        self.scrolled = None;
        self.line = match self.line.checked_add_signed(by) {
            None if by < 0 => return self.step_steps(-1, true),
            to => to.unwrap_or(last).min(last),
        };
    }

    /// Goes to the next step or the one before, to its first or last place.
    pub(super) fn step_steps(&mut self, by: isize, at_end: bool) {
        if self.has_steps() {
            self.show_step(self.step.moved(by), at_end && self.step.moved(by) != self.step);
        }
    }

    /// Shows a step.
    pub(super) fn show_step(&mut self, step: Step, at_end: bool) {
        if !self.has_steps() {
            return;
        }
        let places = self.places(step);
        let spot = if at_end { places.last() } else { places.first() };
        match spot {
            Some(spot) => self.go_to(*spot),
            None => {
                self.step = step;
                self.line = 0;
                self.popup = None;
                self.scrolled = None;
            }
        }
    }

    /// Puts down how things are, so that it can come back: once for a run of typing.
    pub(super) fn remember(&mut self, typing: bool) {
        let goes_on = typing && self.typing;
        self.typing = typing;
        if !goes_on {
            self.past.push(self.now());
            let over = self.past.len().saturating_sub(MOST);
            self.past.drain(..over);
        }
        self.future.clear();
    }

    fn now(&self) -> Past {
        Past {
            object: self.object.clone(),
            pending: self.pending.clone(),
            cluster: self.cluster.clone(),
            spot: self.spot,
            step: self.step,
        }
    }

    /// Takes the last change back, or does it again; tells whether there was one.
    pub(super) fn travel(&mut self, back: bool) -> bool {
        let now = self.now();
        let (from, to) =
            if back { (&mut self.past, &mut self.future) } else { (&mut self.future, &mut self.past) };
        let Some(then) = from.pop() else { return false };
        to.push(now);
        self.object = then.object;
        self.pending = then.pending;
        self.cluster = then.cluster;
        self.step = then.step;
        self.enter(then.spot);
        self.changed();
        true
    }

    /// Something was changed: judges it and brings the draft up to date.
    pub(super) fn changed(&mut self) {
        self.touched = true;
        self.write_draft();
        self.judge();
    }

    /// Writes what is typed at the cursor into the manifest; what is no value stays in the field.
    pub(super) fn put(&mut self) {
        let text = self.buffer.text();
        match value::write(self.spot, &mut self.object, &text) {
            Ok(()) => drop(self.pending.remove(&self.spot)),
            Err(why) => drop(self.pending.insert(self.spot, Pending { text, why })),
        }
        self.changed();
    }

    /// Turns a switch or choice.
    pub(super) fn turn(&mut self, by: isize) {
        self.remember(false);
        if matches!(self.spot.kind(), Kind::Home) {
            self.turn_home(by);
        } else {
            value::turn(self.spot, &mut self.object, by);
        }
        self.changed();
        self.enter(self.spot);
    }

    fn turn_home(&mut self, by: isize) {
        let all = &self.known.clusters;
        let at = all.iter().position(|holding| holding.cluster == self.cluster).unwrap_or(0);
        let to = (at as isize + by).rem_euclid(all.len().max(1) as isize) as usize;
        let Some(holding) = all.get(to) else { return };
        self.cluster = holding.cluster.clone();
        let version = template::version(&holding.served);
        let group = crate::model::istio_gateway::GROUP;
        self.object["apiVersion"] = format!("{group}/{version}").into();
    }

    /// Adds a row to the list of the cursor and goes there.
    pub(super) fn add_row(&mut self) {
        let field = self.spot.row();
        if !field.kind.is_list() {
            return;
        }
        self.remember(false);
        let item = value::add(field, &mut self.object);
        self.changed();
        self.enter(Spot { item, column: 0, ..self.spot });
    }

    /// Takes the row of the cursor away. What was typed into rows behind it goes with them.
    pub(super) fn remove_row(&mut self) {
        let (spot, field) = (self.spot, self.spot.row());
        if !field.kind.is_list() || spot.adds(&self.object) {
            return;
        }
        self.remember(false);
        value::remove(field, &mut self.object, spot.item);
        self.move_pending(spot.field, |item| match item {
            _ if item == spot.item => None,
            _ if item > spot.item => Some(item - 1),
            _ => Some(item),
        });
        self.changed();
        let last = value::count(field, &self.object);
        self.enter(Spot {
            item: spot.item.min(last),
            column: if spot.item >= last { 0 } else { spot.column },
            ..spot
        });
    }

    /// Moves the row of the cursor up or down.
    pub(super) fn shift_row(&mut self, by: isize) {
        let (spot, field) = (self.spot, self.spot.row());
        if !field.kind.is_list() || spot.adds(&self.object) {
            return;
        }
        let mut moved: Value = self.object.clone();
        let to = value::shift(field, &mut moved, spot.item, by);
        if to == spot.item {
            return;
        }
        self.remember(false);
        self.object = moved;
        self.move_pending(spot.field, |item| match item {
            _ if item == spot.item => Some(to),
            _ if item == to => Some(spot.item),
            _ => Some(item),
        });
        self.changed();
        self.enter(Spot { item: to, ..spot });
    }

    fn move_pending(&mut self, field: usize, to: impl Fn(usize) -> Option<usize>) {
        let all = std::mem::take(&mut self.pending);
        let moved = all.into_iter().filter_map(|(spot, pending)| {
            let item = if spot.field == field { to(spot.item)? } else { spot.item };
            Some((Spot { item, ..spot }, pending))
        });
        self.pending = moved.collect();
    }
}
