//! Lines of a chart, and what is least and greatest in them.

use std::collections::HashMap;
use std::sync::Arc;

use super::grid::{Drawn, Grid, draw};
use super::kept::Kept;
use super::pod::timestamp;
use super::quantile::Buckets;
use super::slice::Slices;
use super::tally::{Cell, cells};
use super::totals::active_metric;
use crate::metrics::series::Metric;
use crate::metrics::view::{Line, Of, Quantity, Totals};
use crate::model::reading::Reading;

/// How a quantity is drawn.
enum How {
    /// The rate of these cells together.
    Rate(&'static [Cell]),
    /// Part of the requests that did not fail.
    Success,
    /// A quantile of the durations.
    Quantile(f64),
    /// The mean of a gauge.
    Gauge,
}

fn how(quantity: Quantity) -> How {
    match quantity {
        Quantity::Requests => How::Rate(&[Cell::Requests]),
        Quantity::ClientErrors => How::Rate(&[Cell::Client]),
        Quantity::ServerErrors => How::Rate(&[Cell::Server]),
        Quantity::BytesOut => How::Rate(&[Cell::Out]),
        Quantity::BytesIn => How::Rate(&[Cell::In]),
        Quantity::Connections => How::Rate(&[Cell::Opened]),
        Quantity::Success => How::Success,
        Quantity::P50 => How::Quantile(0.5),
        Quantity::P90 => How::Quantile(0.9),
        Quantity::P99 => How::Quantile(0.99),
        Quantity::Active | Quantity::Memory => How::Gauge,
    }
}

/// The reading of a quantity among totals: tells why there is none. What failed on the host's side is not among them, and is
/// known where success is; memory is read of any proxy.
fn reading(totals: &Totals, quantity: Quantity) -> Reading {
    match quantity {
        Quantity::Requests => totals.requests,
        Quantity::Success => totals.success,
        Quantity::ClientErrors => totals.client_errors,
        Quantity::ServerErrors => match totals.success {
            Reading::Nothing => totals.requests,
            other => other,
        },
        Quantity::P50 => totals.p50,
        Quantity::P90 => totals.p90,
        Quantity::P99 => totals.p99,
        Quantity::Active => totals.active,
        Quantity::BytesOut => totals.bytes_out,
        Quantity::BytesIn => totals.bytes_in,
        Quantity::Connections => totals.connections,
        Quantity::Memory => Reading::Nothing,
    }
}

/// Why there is no number of a quantity: not collected, nothing happened, or nothing is known.
pub(super) fn reason(totals: &Totals, quantity: Quantity) -> Reading {
    match reading(totals, quantity) {
        reason @ (Reading::NotCollected | Reading::Nothing) => reason,
        _ => Reading::Unknown,
    }
}

/// Draws a quantity; `totals` are those of the same window.
pub(super) fn line(slices: &Slices<'_>, grid: Grid, of: &Of, quantity: Quantity, totals: &Totals) -> Line {
    let untold = matches!(reading(totals, quantity), Reading::Unknown | Reading::NotCollected);
    let values = if untold {
        vec![None; grid.cells]
    } else {
        match how(quantity) {
            How::Rate(wanted) => rate(slices, grid, of, wanted),
            How::Success => success(slices, grid, of),
            How::Quantile(q) => quantile(slices, grid, of, q),
            How::Gauge => gauge(slices, grid, of, quantity),
        }
    };
    let values = values.into_iter().map(|value| value.map(|value| value as f32)).collect();
    Line { from: timestamp(grid.from), step: grid.step, values }
}

fn rate(slices: &Slices<'_>, grid: Grid, of: &Of, wanted: &[Cell]) -> Vec<Option<f64>> {
    let drawn = draw(slices, grid, 1, false, |at, kept, into| {
        into.extend(lines_of(slices, at, kept, of, |cell| wanted.contains(&cell).then_some(0)));
    });
    drawn.known_line(0).collect()
}

fn lines_of<'k>(
    slices: &'k Slices<'_>,
    at: usize,
    kept: &'k Kept,
    of: &Of,
    line: impl Fn(Cell) -> Option<usize> + 'k,
) -> impl Iterator<Item = usize> + 'k {
    let slice = slices.of.get(at).filter(|_| of.includes(kept.key.host.as_ref()));
    slice.into_iter().flat_map(|slice| cells(slice.pod, &kept.key)).flatten().filter_map(line)
}

/// Requests in line 0, those that failed in line 1; where there are none, connections that were tried and not made.
pub(super) fn failing(cell: Cell) -> Option<usize> {
    match cell {
        Cell::Requests => Some(0),
        Cell::Server | Cell::Grpc => Some(1),
        Cell::Tried => Some(2),
        Cell::Unmade => Some(3),
        _ => None,
    }
}

/// The share of each cell that succeeded, from four lines that begin with this one.
pub(super) fn shares(drawn: &Drawn, first: usize) -> Vec<Option<f64>> {
    let [all, failed, tried, unmade] = [0, 1, 2, 3].map(|line| drawn.line(first + line));
    let at = |line: &[f64], cell| line.get(cell).copied().unwrap_or_default();
    let share = |cell: usize| {
        let (all, failed) = match at(all, cell) {
            all if all > 1e-9 => (all, at(failed, cell)),
            _ => (at(tried, cell).max(at(unmade, cell)), at(unmade, cell)),
        };
        (all > 1e-9).then(|| (1.0 - failed / all).clamp(0.0, 1.0))
    };
    drawn.known.iter().enumerate().map(|(cell, known)| known.then(|| share(cell)).flatten()).collect()
}

fn success(slices: &Slices<'_>, grid: Grid, of: &Of) -> Vec<Option<f64>> {
    let drawn =
        draw(slices, grid, 4, false, |at, kept, into| into.extend(lines_of(slices, at, kept, of, failing)));
    shares(&drawn, 0)
}

fn gauge(slices: &Slices<'_>, grid: Grid, of: &Of, quantity: Quantity) -> Vec<Option<f64>> {
    let metric = if quantity == Quantity::Memory { Metric::MemoryAllocated } else { active_metric(of) };
    let mut any = false;
    let drawn = draw(slices, grid, 1, true, |_, kept, into| {
        if kept.key.metric == metric && (quantity == Quantity::Memory || of.includes(kept.key.host.as_ref()))
        {
            any = true;
            into.push(0);
        }
    });
    drawn.known_line(0).map(|value| value.filter(|_| any)).collect()
}

/// The bounds of histograms that have the same ones, with the line of the first.
struct Layout {
    first: usize,
    bounds: Vec<f64>,
}

/// Increases of each bucket are summed over pods with the same bounds; where there are several sets of bounds they meet cell
/// by cell.
fn quantile(slices: &Slices<'_>, grid: Grid, of: &Of, q: f64) -> Vec<Option<f64>> {
    let mut layouts: Vec<Layout> = Vec::new();
    let mut layout_of: HashMap<(usize, Option<Arc<str>>, u16), usize> = HashMap::new();
    for (at, slice) in slices.of.iter().enumerate() {
        for (key, histogram) in
            slice.pod.histograms.iter().filter(|((host, _), _)| of.includes(host.as_ref()))
        {
            let kept = histogram.bounds.iter().filter_map(|place| slice.pod.series.get(*place));
            let bounds: Vec<f64> = kept.filter_map(|kept| kept.key.le()).collect();
            let number = layouts.iter().position(|layout| layout.bounds == bounds).unwrap_or_else(|| {
                let first = layouts.last().map_or(0, |layout| layout.first + layout.bounds.len());
                layouts.push(Layout { first, bounds });
                layouts.len() - 1
            });
            layout_of.insert((at, key.0.clone(), key.1), number);
        }
    }
    let lines = layouts.iter().map(|layout| layout.bounds.len()).sum();
    let drawn = draw(slices, grid, lines, false, |at, kept, into| {
        let Some(le) = kept.key.le() else { return };
        let layout = layout_of.get(&(at, kept.key.host.clone(), kept.key.port)).and_then(|n| layouts.get(*n));
        let line = layout.and_then(|l| Some(l.first + l.bounds.iter().position(|bound| *bound == le)?));
        into.extend(line);
    });
    let cell = |cell: usize| {
        let mut all = Buckets::default();
        for layout in &layouts {
            let mut buckets = Buckets::default();
            for (n, le) in layout.bounds.iter().enumerate() {
                let rate = drawn.line(layout.first + n).get(cell).copied().unwrap_or_default();
                buckets.count(*le, rate * grid.step);
            }
            all.add(&buckets);
        }
        all.quantile(q).number()
    };
    drawn.known.iter().enumerate().map(|(n, known)| known.then(|| cell(n)).flatten()).collect()
}

/// Least, mean and greatest of a line; where it has no values, why.
pub(super) fn range(line: &Line, reason: Reading) -> [Reading; 3] {
    let values = || line.values.iter().flatten().map(|value| f64::from(*value));
    let count = values().count();
    if count == 0 {
        return [reason; 3];
    }
    let mean = values().sum::<f64>() / count as f64;
    [values().fold(f64::INFINITY, f64::min), mean, values().fold(f64::NEG_INFINITY, f64::max)]
        .map(Reading::Value)
}
