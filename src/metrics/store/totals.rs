//! A tally as readings: a number, or why there is none.

use super::slice::Slices;
use super::tally::{Cell, Tally, durations};
use crate::metrics::series::Metric;
use crate::metrics::view::{Of, Totals};
use crate::model::reading::{Reading, Source};

/// The gauge of open connections: those of clients, or those to a host.
pub(super) fn active_metric(of: &Of) -> Metric {
    match of {
        Of::All => Metric::DownstreamActive,
        Of::Host(_) => Metric::UpstreamConnectionsActive,
    }
}

/// Sums up the part of the traffic that is asked for.
pub(super) fn tally(slices: &Slices<'_>, of: &Of) -> Tally {
    let mut tally = Tally::default();
    for slice in &slices.of {
        for kept in slice.pod.series.iter().filter(|kept| of.includes(kept.key.host.as_ref())) {
            if kept.key.metric.is_gauge() {
                if kept.key.metric == active_metric(of) {
                    tally.stand(slice.standing(kept));
                }
            } else if let Some(more) = slice.sum(kept) {
                tally.add(slice, kept, more);
            }
        }
        for (_, buckets) in durations(slice).filter(|(host, _)| of.includes(*host)) {
            tally.buckets.add(&buckets);
        }
    }
    tally
}

/// What is known beside a tally.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// It was read in the window.
    pub(super) is_read: bool,
    /// It was read twice.
    pub(super) is_paired: bool,
    pub(super) source: Option<Source>,
}

impl Slices<'_> {
    pub(super) fn known(&self) -> Known {
        Known { is_read: !self.of.is_empty(), is_paired: self.is_paired, source: self.source }
    }
}

/// The readings of a tally.
pub(super) fn totals(known: Known, tally: &Tally) -> Totals {
    let active = match tally.active {
        Some(active) => active,
        None if known.is_read => Reading::NotCollected,
        None => Reading::Unknown,
    };
    let mut totals = Totals { source: known.source, active, ..Totals::default() };
    if !known.is_paired {
        return totals;
    }
    let judge = Judge { tally, source: known.source };
    totals.requests = judge.requests();
    totals.success = judge.success();
    totals.client_errors = judge.client_errors();
    [totals.p50, totals.p90, totals.p99] = [0.5, 0.9, 0.99].map(|q| judge.quantile(q));
    [totals.bytes_out, totals.bytes_in, totals.connections] =
        [Cell::Out, Cell::In, Cell::Opened].map(|cell| judge.moved(cell));
    totals
}

/// Tells why there is no number.
struct Judge<'t> {
    tally: &'t Tally,
    source: Option<Source>,
}

impl Judge<'_> {
    /// Istio and Envoy create a counter when it first counts: no counter is no request. What `/clusters` tells of requests
    /// is left out where there were none, and then it is its connections that show that it was read.
    fn counts_requests(&self) -> bool {
        let has = |cell| self.tally.has(cell);
        has(Cell::Requests)
            || match self.source {
                Some(Source::Admin) => has(Cell::Dialled) || has(Cell::Opened),
                source => source.is_some(),
            }
    }

    fn requests(&self) -> Reading {
        if self.counts_requests() {
            Reading::Value(self.tally.rate(Cell::Requests))
        } else {
            Reading::NotCollected
        }
    }

    fn success(&self) -> Reading {
        let count = |cell| self.tally.count(cell);
        let (all, untold) = (count(Cell::Requests), count(Cell::Untold));
        if !is_some(all) {
            return self.tcp_success();
        }
        // Those without a word neither succeeded nor failed.
        let told = all - untold;
        if !is_some(told) {
            return Reading::NotCollected;
        }
        let failed = count(Cell::Server) + count(Cell::Grpc);
        Reading::Value((1.0 - failed / told).clamp(0.0, 1.0))
    }

    /// Of connections that were tried, those that were made: for what is passed through.
    fn tcp_success(&self) -> Reading {
        let (tried, unmade) = (self.tally.count(Cell::Tried), self.tally.count(Cell::Unmade));
        if is_some(tried.max(unmade)) {
            return Reading::Value((1.0 - unmade / tried.max(unmade)).clamp(0.0, 1.0));
        }
        if self.counts_requests() { Reading::Nothing } else { Reading::NotCollected }
    }

    fn client_errors(&self) -> Reading {
        let untold = self.source == Some(Source::Admin) || is_some(self.tally.count(Cell::Untold));
        if !untold && self.counts_requests() {
            return Reading::Value(self.tally.rate(Cell::Client));
        }
        Reading::NotCollected
    }

    fn quantile(&self, q: f64) -> Reading {
        if !self.tally.buckets.is_empty() {
            return self.tally.buckets.quantile(q);
        }
        let silent = !is_some(self.tally.count(Cell::Requests));
        if silent && self.source.is_some_and(|source| source != Source::Admin) {
            Reading::Nothing
        } else {
            Reading::NotCollected
        }
    }

    /// Bytes and connections: no counter is nothing that moved, unless something did.
    fn moved(&self, cell: Cell) -> Reading {
        let requests = is_some(self.tally.count(Cell::Requests));
        let others = match cell {
            // Requests need connections: Envoy that counts these counts those too.
            Cell::Opened => self.source == Some(Source::Envoy) && requests && !self.tally.has(Cell::Dialled),
            _ => requests || is_some(self.tally.count(Cell::Opened)),
        };
        let collects = self.source.is_some_and(|source| source != Source::Admin);
        if self.tally.has(cell) || collects && !others {
            Reading::Value(self.tally.rate(cell))
        } else {
            Reading::NotCollected
        }
    }
}

/// Whether anything was counted. Shares of slots are parts of one.
fn is_some(count: f64) -> bool {
    count > 1e-6
}
