//! A series of a pod: what it is, what it grew by, and its numbers over time.

use std::sync::Arc;

use super::lane::Lane;
use super::pod::{SCRAPES, SLOTS};
use crate::metrics::series::{Metric, Sample};

/// So many scrapes on end with other bounds, and a histogram has other bounds.
const OTHER_BOUNDS: u8 = 3;

/// What a series of the store is: series of a proxy that differ in nothing else are summed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) metric: Metric,
    pub(super) host: Option<Arc<str>>,
    pub(super) port: u16,
    pub(super) code: u16,
    pub(super) flags: Option<Arc<str>>,
    /// Bits of the bound of a bucket.
    le: Option<u64>,
}

impl Key {
    pub(super) fn of(sample: &Sample) -> Self {
        let series = &sample.series;
        let is_bucket = series.metric == Metric::DurationBucket;
        Self {
            metric: series.metric,
            host: series.host.clone(),
            port: series.port,
            // Durations are told for a host as a whole.
            code: if is_bucket { 0 } else { series.code },
            flags: series.flags.clone().filter(|_| !is_bucket),
            le: series.le.map(f64::to_bits),
        }
    }

    /// Upper bound of a bucket.
    pub(super) fn le(&self) -> Option<f64> {
        self.le.map(f64::from_bits)
    }
}

/// A series of a proxy, as it was last read.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) value: f64,
    /// Number of the scrape.
    pub(super) scrape: u64,
    /// Its place in `series`.
    pub(super) series: usize,
    /// The place of its cluster in `clusters`, where it is of one.
    pub(super) cluster: Option<usize>,
}

/// A series and its numbers.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) key: Key,
    /// The place of its cluster.
    pub(super) cluster: Option<usize>,
    pub(super) scrapes: Lane,
    pub(super) slots: [Lane; 2],
    /// The last value of a gauge, and the scrape it is of.
    pub(super) last: (f64, u64),
    /// Sum of the scrape under way.
    pub(super) sum: f64,
    /// The scrape that `sum` is of.
    pub(super) of: u64,
}

impl Kept {
    pub(super) fn new(key: Key) -> Self {
        let slots = SLOTS.map(|(_, keeps)| Lane::new(keeps));
        Self { key, cluster: None, scrapes: Lane::new(SCRAPES), slots, last: (0.0, 0), sum: 0.0, of: 0 }
    }

    pub(super) fn add(&mut self, scrape: u64, value: f64) {
        if self.of != scrape {
            (self.of, self.sum) = (scrape, 0.0);
        }
        self.sum += value;
    }
}

/// The buckets of the durations of a host.
#[derive(Clone, Debug, Default)]
pub(super) struct Histogram {
    /// Places in `series`, in the order of their bounds.
    pub(super) bounds: Vec<usize>,
    /// Scrapes on end that had others.
    odd: u8,
}

/// Buckets count all that is shorter: here each becomes what is its own. Where a bound is missing none of them is known:
/// its line was broken. If it stays away, the proxy has other bounds than before, and what was counted by the old ones is
/// given up.
pub(super) fn unstack<'h>(
    histograms: impl Iterator<Item = &'h mut Histogram>,
    series: &mut [Kept],
    now: u64,
) {
    for histogram in histograms {
        let has = |place: &usize| series.get(*place).is_some_and(|kept| kept.of == now);
        let there = histogram.bounds.iter().filter(|place| has(place)).count();
        if there == histogram.bounds.len() {
            histogram.odd = 0;
        } else if there > 0 {
            histogram.odd += 1;
            if histogram.odd >= OTHER_BOUNDS {
                histogram.odd = 0;
                histogram.bounds.retain(has);
                for place in &histogram.bounds {
                    let Some(kept) = series.get_mut(*place) else { continue };
                    *kept = Kept { sum: kept.sum, of: now, ..Kept::new(kept.key.clone()) };
                }
            }
        }
        let is_whole = there == histogram.bounds.len() || histogram.odd == 0 && there > 0;
        let mut below = 0.0;
        for place in &histogram.bounds {
            let Some(kept) = series.get_mut(*place).filter(|kept| kept.of == now) else { continue };
            (kept.sum, below) = (kept.sum - below, kept.sum);
            if !is_whole {
                kept.of = 0;
            }
        }
    }
}

/// How much a counter grew. A lower value began anew and is all increase. One that was absent may have been taken away and
/// begun anew: only a higher value says something. `None`: not known.
pub(super) fn increase(before: Option<(f64, bool)>, value: f64, from_zero: bool) -> Option<f64> {
    let more = match before {
        Some((before, _)) if value > before => value - before,
        Some((before, true)) if value == before => 0.0,
        Some((_, true)) => value,
        Some((_, false)) => return None,
        None if from_zero => value,
        None => return None,
    };
    Some(more.max(0.0))
}

/// Requests as Istio, Envoy and `/clusters` count them, each for itself.
pub(super) fn is_of_requests(metric: Metric) -> bool {
    use Metric::{DurationBucket, GrpcFailures, Requests, UpstreamRequests};
    matches!(metric, Requests | GrpcFailures | DurationBucket | UpstreamRequests)
}

/// Whether a metric comes from Envoy's statistics of a cluster, or from `/clusters`, alone.
pub(super) fn is_of_cluster(metric: Metric) -> bool {
    use Metric::*;
    !is_of_requests(metric)
        && !matches!(metric, RequestBytes | ResponseBytes | TcpOpened | TcpClosed | TcpSent | TcpReceived)
}
