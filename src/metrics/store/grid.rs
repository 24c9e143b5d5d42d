//! Numbers at equal distances, from scrapes that came when they came.

use std::ops::Range;

use super::kept::Kept;
use super::pod::GAP;
use super::slice::{Slice, Slices};

/// Lengths of cells: the interval wavers, and a chart should not.
const LENGTHS: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0];

/// The shortest cell that is of use, seconds, where the numbers of pods have these distances: about the longest of them.
pub(super) fn finest(distances: impl Iterator<Item = f64>) -> f64 {
    let longest = distances.fold(0.0, f64::max);
    LENGTHS.into_iter().rev().find(|length| *length <= longest * 1.25).unwrap_or(1.0)
}

/// Equal distances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grid {
    /// Seconds since 1970.
    pub(super) from: f64,
    /// Seconds of a cell.
    pub(super) step: f64,
    pub(super) cells: usize,
}

impl Grid {
    /// At most so many cells over so many seconds before `now`, none finer than what was read.
    ///
    /// The last one is where all pods that still answer were read: were it later, one that is about to be read would be
    /// missing in it. Cells begin at multiples of their length, so that they stay what they are while time goes on.
    pub(super) fn of(slices: &Slices<'_>, length: f64, now: f64, most: usize) -> Self {
        let finest = finest(slices.of.iter().map(Slice::distance));
        let wanted = length / most.max(1) as f64;
        let step = (wanted / finest).ceil().max(1.0) * finest;
        let cells = (length / step).floor().clamp(1.0, most.max(1) as f64) as usize;
        let answers = slices.of.iter().filter_map(|slice| slice.answered(now));
        let end = answers.fold(f64::INFINITY, f64::min).min(now);
        let from = (end / step).ceil() * step - step * cells as f64;
        Self { from, step, cells }
    }

    /// When a cell begins, seconds since 1970.
    pub(super) fn begin(&self, cell: usize) -> f64 {
        self.from + self.step * cell as f64
    }

    /// The cells that a time lies in, with the seconds of each.
    fn parts(self, time: Range<f64>) -> impl Iterator<Item = (usize, f64)> {
        let cell = |at: f64| ((at - self.from) / self.step).floor().max(0.0) as usize;
        let (first, last) = (cell(time.start), if time.end < self.from { 0 } else { cell(time.end) + 1 });
        (first..last.min(self.cells)).filter_map(move |cell| {
            let (begin, end) = (self.begin(cell), self.begin(cell + 1));
            let seconds = time.end.min(end) - time.start.max(begin);
            (seconds > 1e-9).then_some((cell, seconds))
        })
    }
}

/// A part of what a pod was read for that lies in a cell.
struct Part {
    place: u64,
    cell: usize,
    seconds: f64,
    /// What makes an increase a rate of the cell.
    per_second: f64,
}

/// Where the scrapes of one pod lie in a grid.
struct Plan {
    parts: Vec<Part>,
    /// Seconds of each cell that are known.
    covered: Vec<f64>,
    /// Cells in which it should have been read and was not.
    missing: Vec<bool>,
}

/// What a series is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Rate,
    Mean,
}

impl Slice<'_> {
    fn plan(&self, grid: Grid, kind: As) -> Plan {
        let mut plan =
            Plan { parts: Vec::new(), covered: vec![0.0; grid.cells], missing: vec![false; grid.cells] };
        let mut ends = vec![f64::NEG_INFINITY; grid.cells];
        for place in self.places.clone() {
            let Some((time, known)) = self.time(place, kind == As::Mean) else { continue };
            for (cell, seconds) in grid.parts(time.clone()) {
                let per_second = if known > 0.0 { seconds / known } else { 0.0 };
                plan.parts.push(Part { place, cell, seconds, per_second });
                if let (Some(covered), Some(end)) = (plan.covered.get_mut(cell), ends.get_mut(cell)) {
                    *covered += seconds;
                    *end = end.max(time.end);
                }
            }
        }
        for part in &mut plan.parts {
            let covered = plan.covered.get(part.cell).copied().unwrap_or(1.0);
            part.seconds /= covered;
            part.per_second /= covered;
        }
        self.miss(grid, &ends, &mut plan.missing);
        plan
    }

    /// Marks cells without any reading that follow one soon enough: the pod was still there.
    fn miss(&self, grid: Grid, ends: &[f64], missing: &mut [bool]) {
        let patience = GAP * self.pod.interval.unwrap_or_default();
        let mut last = f64::NEG_INFINITY;
        let last_of_all = ends.iter().copied().fold(last, f64::max);
        for (cell, (end, missing)) in ends.iter().zip(missing).enumerate() {
            last = last.max(*end);
            let left = self.pod.gone && last >= last_of_all;
            *missing = end.is_infinite() && grid.begin(cell) < last + patience && !left;
        }
    }

    /// When it was last read, if it still answers: a try that failed is to be seen as a gap.
    fn answered(&self, now: f64) -> Option<f64> {
        let last = self.end_of_all()?;
        let patience = GAP * self.distance().max(self.pod.interval.unwrap_or_default());
        (!self.pod.gone && self.pod.missed == 0 && now - last <= patience).then_some(last)
    }
}

/// Lines over a grid, each with a value for each cell.
#[derive(Debug)]
pub(super) struct Drawn {
    /// One after the other.
    values: Vec<f64>,
    cells: usize,
    /// Cells of which something is known, and of no pod too little.
    pub(super) known: Vec<bool>,
}

impl Drawn {
    /// A line: a second where it is of a counter, else the mean of the cell, summed over pods.
    pub(super) fn line(&self, line: usize) -> &[f64] {
        self.values.get(line * self.cells..(line + 1) * self.cells).unwrap_or_default()
    }

    /// A line with nothing where nothing is known.
    pub(super) fn known_line(
        &self,
        line: usize,
    ) -> impl DoubleEndedIterator<Item = Option<f64>> + ExactSizeIterator {
        self.line(line).iter().zip(&self.known).map(|(value, known)| known.then_some(*value))
    }
}

/// Draws so many lines. `into` tells the lines of a series of a slice: counters as rates or gauges as means, never both.
pub(super) fn draw(
    slices: &Slices<'_>,
    grid: Grid,
    lines: usize,
    gauges: bool,
    mut into: impl FnMut(usize, &Kept, &mut Vec<usize>),
) -> Drawn {
    let kind = if gauges { As::Mean } else { As::Rate };
    let mut drawn =
        Drawn { values: vec![0.0; lines * grid.cells], cells: grid.cells, known: vec![false; grid.cells] };
    let mut missing = vec![false; grid.cells];
    let mut targets = Vec::new();
    for (at, slice) in slices.of.iter().enumerate() {
        let plan = slice.plan(grid, kind);
        for (cell, covered) in plan.covered.iter().enumerate() {
            if let (Some(known), Some(missing)) = (drawn.known.get_mut(cell), missing.get_mut(cell)) {
                *known |= *covered > 0.0;
                *missing |= plan.missing.get(cell).is_some_and(|m| *m);
            }
        }
        for kept in slice.pod.series.iter().filter(|kept| kept.key.metric.is_gauge() == gauges) {
            targets.clear();
            into(at, kept, &mut targets);
            if targets.is_empty() {
                continue;
            }
            for part in &plan.parts {
                let Some(value) = slice.get(kept, part.place).filter(|value| *value != 0.0) else { continue };
                let value = value * if gauges { part.seconds } else { part.per_second };
                for line in &targets {
                    if let Some(there) = drawn.values.get_mut(line * grid.cells + part.cell) {
                        *there += value;
                    }
                }
            }
        }
    }
    drawn.known.iter_mut().zip(missing).for_each(|(known, missing)| *known &= !missing);
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_cells_it_overlaps() {
        let grid = Grid { from: 100.0, step: 5.0, cells: 3 };
        for (time, expected) in [
            (100.0..105.0, vec![(0, 5.0)]),
            (98.0..102.0, vec![(0, 2.0)]),
            (103.0..111.0, vec![(0, 2.0), (1, 5.0), (2, 1.0)]),
            (113.0..190.0, vec![(2, 2.0)]),
            (90.0..99.0, vec![]),
            (115.0..120.0, vec![]),
            (104.0..104.0, vec![]),
        ] {
            assert_eq!(grid.parts(time.clone()).collect::<Vec<_>>(), expected, "{time:?}");
        }
    }
}
