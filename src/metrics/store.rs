//! What was read of many pods, over time.

use jiff::Timestamp;

use super::scrape::{Missed, Scrape};
use super::view::{By, Line, Of, PodReading, Quantity, Row, Totals, Upstream, Window};
use crate::model::name::ObjectKey;
use crate::model::reading::Reading;

/// What was read of many pods: 300 samples at the interval at which they are read, 360 of 10 s, 720 of 2 minutes.
#[derive(Debug, Default)]
pub struct Store {}

impl Store {
    /// Takes a scrape.
    pub fn ingest(&mut self, _scrape: &Scrape) {}

    /// Takes a failure: a gap.
    pub fn miss(&mut self, _missed: &Missed) {}

    /// Forgets all pods but these: what was read of a pod that is gone is kept for the gateway's lines as long as they show it.
    pub fn retain(&mut self, _keep: &dyn Fn(&ObjectKey) -> bool) {}

    /// The traffic of these pods together.
    pub fn totals(&self, _pods: &[ObjectKey], _of: &Of, _window: Window, _now: Timestamp) -> Totals {
        Totals::default()
    }

    /// The same of the window before, for a trend.
    pub fn before(&self, _pods: &[ObjectKey], _of: &Of, _window: Window, _now: Timestamp) -> Totals {
        Totals::default()
    }

    /// Rows of a table, the worst first.
    pub fn rows(&self, _pods: &[ObjectKey], _by: By, _window: Window, _now: Timestamp) -> Vec<Row> {
        Vec::new()
    }

    /// A line of a chart with at most so many values.
    pub fn line(
        &self,
        _pods: &[ObjectKey],
        _of: &Of,
        _quantity: Quantity,
        _window: Window,
        _now: Timestamp,
        _points: usize,
    ) -> Line {
        Line::default()
    }

    /// Least, mean and greatest of a quantity over the window.
    pub fn range(
        &self,
        _pods: &[ObjectKey],
        _of: &Of,
        _quantity: Quantity,
        _window: Window,
        _now: Timestamp,
    ) -> [Reading; 3] {
        [Reading::Unknown; 3]
    }

    /// The upstream clusters of these pods, the worst first.
    pub fn upstreams(&self, _pods: &[ObjectKey], _window: Window, _now: Timestamp) -> Vec<Upstream> {
        Vec::new()
    }

    /// How reading each pod goes.
    pub fn readings(&self, _pods: &[ObjectKey]) -> Vec<PodReading> {
        Vec::new()
    }
}
