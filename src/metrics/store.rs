//! What was read of many pods, over time.
//!
//! **Rates.** A counter becomes an increase between two scrapes of a pod, for each series of the proxy by itself, and only
//! then series and pods are summed. A value below the one before began anew: all of it is increase. Between two scrapes with
//! a restart between them (another uid; an uptime below the one before, or shorter than the pause), or with more than three
//! and a half intervals, nothing is known. A series that was never there counted from zero, since proxies create counters when they first
//! count. One that was there, was absent and is back may have been taken away and begun anew: a higher value counts the
//! difference, any other is no data. A rate over a window is the increase of the scrapes that were complete in it by the
//! seconds that these cover; where less than the window was seen, it is over what was seen.
//!
//! **Quantiles.** Increases of each bucket are summed over pods and time, then the quantile is taken as Prometheus takes it
//! (`quantile`).
//!
//! **Gaps.** A scrape that failed is a gap in a line, never a zero. Up to two missed ones lose nothing but detail: the
//! increase over them is known, and shown at its end.
//!
//! **Memory.** A series keeps 300 numbers one by one, 360 of 10 s and 720 of 2 minutes, four bytes each, and none while all are
//! zero.

mod brief;
mod gone;
mod grid;
mod kept;
mod lane;
mod lines;
mod pod;
mod quantile;
mod readings;
mod rows;
mod slice;
mod tally;
mod totals;
mod upstreams;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use self::grid::Grid;
use self::pod::{Pod, seconds};
use self::slice::Slices;
use super::scrape::{Missed, Scrape};
use super::view::{By, Line, Of, Quantity, Row, Totals, Upstream, Window};
use crate::model::name::ObjectKey;
use crate::model::reading::Reading;

/// A line of a chart needs no more values.
const MOST_POINTS: usize = 720;

/// What was read of many pods: 300 samples at the interval at which they are read, 360 of 10 s, 720 of 2 minutes.
#[derive(Clone, Debug, Default)]
pub struct Store {
    pods: HashMap<ObjectKey, Pod>,
    /// Pods that were of a gateway, by the gateway.
    owned: HashMap<ObjectKey, BTreeSet<ObjectKey>>,
}

impl Store {
    /// Takes a scrape. One that is not newer than the last of its pod is left aside.
    pub fn ingest(&mut self, scrape: &Scrape) {
        self.pods.entry(scrape.pod.clone()).or_default().ingest(scrape);
    }

    /// Takes a failure: a gap.
    pub fn miss(&mut self, missed: &Missed) {
        self.pods.entry(missed.pod.clone()).or_default().miss(missed);
    }

    fn slices(&self, pods: &[ObjectKey], from: f64, to: f64) -> Slices<'_> {
        Slices::of(pods.iter().filter_map(|key| self.pods.get(key)), from, to)
    }

    fn between(&self, pods: &[ObjectKey], of: &Of, from: f64, to: f64) -> Totals {
        let slices = self.slices(pods, from, to);
        totals::totals(slices.known(), &totals::tally(&slices, of))
    }

    /// The traffic of these pods together.
    pub fn totals(&self, pods: &[ObjectKey], of: &Of, window: Window, now: Timestamp) -> Totals {
        let (to, length) = (seconds(now), f64::from(window.seconds()));
        self.between(pods, of, to - length, to)
    }

    /// The same of the window before, for a trend.
    pub fn before(&self, pods: &[ObjectKey], of: &Of, window: Window, now: Timestamp) -> Totals {
        let (to, length) = (seconds(now), f64::from(window.seconds()));
        self.between(pods, of, to - 2.0 * length, to - length)
    }

    /// Rows of a table, the worst first: those that fail most, then with least success, then the slowest, then the busiest.
    /// Hosts, codes and flags without traffic in the window have none.
    pub fn rows(&self, pods: &[ObjectKey], by: By, window: Window, now: Timestamp) -> Vec<Row> {
        let (to, length) = (seconds(now), f64::from(window.seconds()));
        let known: Vec<(&ObjectKey, &Pod)> =
            pods.iter().filter_map(|key| self.pods.get_key_value(key)).collect();
        let read: Vec<_> =
            known.into_iter().filter(|(_, pod)| pod.slice(to - length, to).is_some()).collect();
        let all = || read.iter().map(|(_, pod)| *pod);
        let slices = Slices::of(all(), to - length, to);
        // Sparks have sixteen values even where the window has fewer scrapes.
        let finest = grid::finest(slices.of.iter().map(|slice| slice.distance()));
        let grid = Grid::of(&slices, length.max(finest * rows::SPARK as f64), to, MOST_POINTS);
        let history = Slices::of(all(), grid.from - grid.step, to);
        let names: Vec<_> = read.iter().map(|(key, _)| key.name.clone()).collect();
        rows::rows(by, &slices, (&history, grid), &names)
    }

    /// A line of a chart with at most so many values.
    pub fn line(
        &self,
        pods: &[ObjectKey],
        of: &Of,
        quantity: Quantity,
        window: Window,
        now: Timestamp,
        points: usize,
    ) -> Line {
        let (to, length) = (seconds(now), f64::from(window.seconds()));
        let totals = self.totals(pods, of, window, now);
        let grid = Grid::of(&self.slices(pods, to - length, to), length, to, points);
        // What lies in the first cell may have begun before the window.
        lines::line(&self.slices(pods, grid.from - grid.step, to), grid, of, quantity, &totals)
    }

    /// Least, mean and greatest of a quantity over the window, of values as close together as it was read.
    pub fn range(
        &self,
        pods: &[ObjectKey],
        of: &Of,
        quantity: Quantity,
        window: Window,
        now: Timestamp,
    ) -> [Reading; 3] {
        let line = self.line(pods, of, quantity, window, now, MOST_POINTS);
        lines::range(&line, lines::reason(&self.totals(pods, of, window, now), quantity))
    }

    /// The upstream clusters of these pods, the worst first.
    pub fn upstreams(&self, pods: &[ObjectKey], window: Window, now: Timestamp) -> Vec<Upstream> {
        let (to, length) = (seconds(now), f64::from(window.seconds()));
        upstreams::upstreams(&self.slices(pods, to - length, to))
    }
}
