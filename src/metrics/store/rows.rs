//! Rows of a traffic table.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use super::grid::{Grid, draw};
use super::kept::{Kept, Key};
use super::lines::{failing, shares};
use super::pod::timestamp;
use super::slice::{Slice, Slices};
use super::tally::{Cell, Tally, cells, durations, split};
use super::totals::{Known, totals};
use crate::metrics::series::Metric;
use crate::metrics::view::{By, Row, Totals};
use crate::model::reading::{Reading, Source};

/// Values of a sparkline.
pub(super) const SPARK: usize = 16;

/// Lines that are drawn for each row: see [`failing`]. The fifth is TCP connections that were opened.
const LINES: usize = 5;

/// A cell of which more failed than this is one in which a host fails.
const FAILS: f64 = 0.01;

/// What a row is of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Group {
    Text(Arc<str>),
    /// A pod, by its place among the slices.
    Pod(usize),
    Code(u16),
}

/// The rows under way.
struct Table<'s> {
    by: By,
    slices: &'s Slices<'s>,
    places: HashMap<Group, usize>,
    tallies: Vec<Tally>,
}

/// Rows, the worst first. `history` reaches far enough back for the sparks; `names` are those of the pods of `slices`.
pub(super) fn rows(
    by: By,
    slices: &Slices<'_>,
    history: (&Slices<'_>, Grid),
    names: &[Arc<str>],
) -> Vec<Row> {
    let mut table = Table { by, slices, places: HashMap::new(), tallies: Vec::new() };
    for (at, slice) in slices.of.iter().enumerate() {
        table.add(at, slice);
    }
    let mut rows = table.rows(history, names);
    rows.sort_by(|(a, row_a), (b, row_b)| worse(a, row_a, b, row_b));
    rows.into_iter().map(|(_, row)| row).collect()
}

impl Table<'_> {
    /// The rows that a series belongs to.
    fn groups(&self, at: usize, key: &Key) -> Vec<Group> {
        match self.by {
            By::Host => key.host.clone().map(Group::Text).into_iter().collect(),
            By::Pod => vec![Group::Pod(at)],
            // `/clusters` tells no codes.
            By::Code if key.metric == Metric::Requests && self.source(at) != Some(Source::Admin) => {
                vec![Group::Code(key.code)]
            }
            By::Flag if matches!(key.metric, Metric::Requests | Metric::TcpClosed) => {
                split(key.flags.as_deref()).map(|flag| Group::Text(flag.into())).collect()
            }
            By::Code | By::Flag => Vec::new(),
        }
    }

    fn source(&self, at: usize) -> Option<Source> {
        self.slices.of.get(at).and_then(|slice| slice.pod.source)
    }

    fn tally(&mut self, group: Group) -> Option<&mut Tally> {
        let next = self.tallies.len();
        let place = *self.places.entry(group).or_insert(next);
        if place == next {
            self.tallies.push(Tally::default());
        }
        self.tallies.get_mut(place)
    }

    fn add(&mut self, at: usize, slice: &Slice<'_>) {
        if self.by == By::Pod {
            // A pod has a row even if it does nothing.
            self.tally(Group::Pod(at));
        }
        let active =
            if self.by == By::Host { Metric::UpstreamConnectionsActive } else { Metric::DownstreamActive };
        for kept in &slice.pod.series {
            let is_active = kept.key.metric == active;
            if kept.key.metric.is_gauge() && !is_active {
                continue;
            }
            let more = if is_active { 0.0 } else { slice.sum(kept).unwrap_or_default() };
            // What did not move makes no row, and changes none but by being there.
            for group in self.groups(at, &kept.key) {
                let Some(tally) = self.tally(group) else { continue };
                tally.note_port(kept.key.port);
                if is_active {
                    tally.stand(slice.standing(kept));
                } else if slice.sum(kept).is_some() {
                    tally.add(slice, kept, more);
                    tally.flag(slice, kept, more);
                }
            }
        }
        if matches!(self.by, By::Host | By::Pod) {
            for (host, buckets) in durations(slice) {
                let group = match self.by {
                    By::Host => host.cloned().map(Group::Text),
                    _ => Some(Group::Pod(at)),
                };
                if let Some(tally) = group.and_then(|group| self.tally(group)) {
                    tally.buckets.add(&buckets);
                }
            }
        }
    }

    fn rows(&self, (history, grid): (&Slices<'_>, Grid), names: &[Arc<str>]) -> Vec<(f64, Row)> {
        let lines = |at: usize, kept: &Kept, into: &mut Vec<usize>| {
            let Some(slice) = history.of.get(at) else { return };
            for cell in cells(slice.pod, &kept.key).into_iter().flatten() {
                let Some(line) = failing(cell).or((cell == Cell::Opened).then_some(LINES - 1)) else {
                    continue;
                };
                let groups = self.groups(at, &kept.key);
                into.extend(
                    groups.iter().filter_map(|g| self.places.get(g)).map(|place| place * LINES + line),
                );
            }
        };
        let drawn = draw(history, grid, self.tallies.len() * LINES, false, lines);
        let row = |(group, place): (&Group, &usize)| {
            let tally = self.tallies.get(*place)?;
            if !matches!(group, Group::Pod(_)) && !has_traffic(tally) {
                return None;
            }
            let first = place * LINES;
            let line = if tally.has(Cell::Requests) { first } else { first + LINES - 1 };
            let cells = drawn.known_line(line).len();
            let skip = cells.saturating_sub(SPARK);
            let spark =
                drawn.known_line(line).skip(skip).map(|value| value.map(|value| value as f32)).collect();
            let begun = failing_since(&shares(&drawn, first));
            let row = Row {
                key: name(group, names)?,
                port: tally.port.filter(|_| self.by == By::Host).unwrap_or(0),
                totals: self.totals(group, tally),
                flags: flags(tally),
                spark,
                failing_since: begun.map(|cell| timestamp(grid.begin(cell))),
            };
            Some((failures(tally), row))
        };
        self.places.iter().filter_map(row).collect()
    }

    fn totals(&self, group: &Group, tally: &Tally) -> Totals {
        let known = match group {
            Group::Pod(at) => self.slices.of.get(*at).map_or(self.slices.known(), |slice| Known {
                is_read: true,
                is_paired: slice.covered > 0.0,
                source: slice.pod.source,
            }),
            _ => self.slices.known(),
        };
        let mut totals = totals(known, tally);
        if matches!(self.by, By::Code | By::Flag) {
            // Durations and connections are not told by code or by flag.
            let nothing = Reading::Nothing;
            [totals.p50, totals.p90, totals.p99, totals.active] = [nothing; 4];
        }
        totals
    }
}

fn name(group: &Group, names: &[Arc<str>]) -> Option<Arc<str>> {
    match group {
        Group::Text(text) => Some(text.clone()),
        Group::Pod(at) => names.get(*at).cloned(),
        Group::Code(code @ 1..=5) => Some(format!("{code}xx").into()),
        Group::Code(code) => Some(code.to_string().into()),
    }
}

fn has_traffic(tally: &Tally) -> bool {
    let moved = [Cell::Requests, Cell::Opened, Cell::Tried, Cell::Unmade, Cell::Out, Cell::In];
    moved.into_iter().any(|cell| tally.count(cell) > 1e-6) || is_open(tally)
}

fn is_open(tally: &Tally) -> bool {
    tally.active.is_some_and(Reading::is_positive)
}

fn flags(tally: &Tally) -> Vec<(Arc<str>, f64)> {
    let mut flags: Vec<_> = tally.flags.iter().map(|(flag, rate)| (flag.clone(), *rate)).collect();
    flags.sort_by(|(a, rate_a), (b, rate_b)| rate_b.total_cmp(rate_a).then_with(|| a.cmp(b)));
    flags
}

/// Failures a second.
fn failures(tally: &Tally) -> f64 {
    let of = |cells: &[Cell]| cells.iter().map(|cell| tally.rate(*cell)).sum::<f64>();
    if tally.has(Cell::Requests) { of(&[Cell::Server, Cell::Grpc]) } else { of(&[Cell::Unmade]) }
}

/// The first of the cells from which on something failed wherever anything was asked; `None`: the last did not fail.
pub(super) fn failing_since(shares: &[Option<f64>]) -> Option<usize> {
    let told = shares.iter().enumerate().rev().filter_map(|(cell, share)| Some((cell, (*share)?)));
    told.take_while(|(_, share)| 1.0 - share > FAILS).last().map(|(cell, _)| cell)
}

/// More failures, then less success, then longer, then more requests.
fn worse(failures_a: &f64, a: &Row, failures_b: &f64, b: &Row) -> Ordering {
    let success = |row: &Row| row.totals.success.number().unwrap_or(1.0);
    let more = |row: &Row, of: fn(&Totals) -> Reading| of(&row.totals).number().unwrap_or_default();
    failures_b
        .total_cmp(failures_a)
        .then_with(|| success(a).total_cmp(&success(b)))
        .then_with(|| more(b, |t| t.p99).total_cmp(&more(a, |t| t.p99)))
        .then_with(|| more(b, |t| t.requests).total_cmp(&more(a, |t| t.requests)))
        .then_with(|| more(b, |t| t.connections).total_cmp(&more(a, |t| t.connections)))
        .then_with(|| a.key.cmp(&b.key))
}
