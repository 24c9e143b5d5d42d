//! What a proxy no longer tells of is let go of by and by.

use std::collections::HashSet;

use super::{MOST_RAW, Pod, SLOTS};
use crate::metrics::series::Metric;
use crate::metrics::store::lane::Lane;

/// Scrapes after which a series of a proxy that is no longer there is forgotten.
const FORGET: u64 = 720;

impl Pod {
    /// Forgets what was not told of for long, after a scrape that ended at this moment.
    pub(super) fn prune(&mut self, end: f64) {
        if self.scrape.is_multiple_of(FORGET) {
            let oldest = self.scrape - FORGET;
            self.raw.retain(|_, raw| raw.scrape >= oldest);
            self.forget_series(end);
        }
        // Labels may change faster than they are forgotten.
        if self.raw.len() > MOST_RAW / 4 * 3 {
            let mut told: Vec<u64> = self.raw.values().map(|raw| raw.scrape).collect();
            let (_, oldest, _) = told.select_nth_unstable(self.raw.len() - MOST_RAW / 2);
            let (oldest, now) = (*oldest, self.scrape);
            self.raw.retain(|_, raw| raw.scrape > oldest || raw.scrape == now);
        }
    }

    /// Forgets series that were not told of for as long as any number is kept, a day.
    fn forget_series(&mut self, end: f64) {
        let Some((length, keeps)) = SLOTS.last() else { return };
        let oldest = ((end / *length as f64) as u64).saturating_sub(u64::from(*keeps));
        let is_told = |lane: &Lane| lane.last().is_some_and(|slot| slot > oldest);
        let mut keep: Vec<bool> =
            self.series.iter().map(|kept| kept.slots.last().is_some_and(is_told)).collect();
        for raw in self.raw.values() {
            keep.get_mut(raw.series).into_iter().for_each(|keep| *keep = true);
        }
        if keep.iter().all(|keep| *keep) {
            return;
        }
        let places = places(&keep);
        let mut kept = keep.into_iter();
        self.series.retain(|_| kept.next().unwrap_or(true));
        self.raw.retain(|_, raw| move_to(&mut raw.series, &places));
        self.by_key.retain(|_, place| move_to(place, &places));
        for histogram in self.histograms.values_mut() {
            histogram.bounds.retain_mut(|place| move_to(place, &places));
        }
        self.histograms.retain(|_, histogram| !histogram.bounds.is_empty());
        let requests = |metric| matches!(metric, Metric::Requests | Metric::UpstreamRequests);
        let asked = self.series.iter().filter(|kept| requests(kept.key.metric));
        let asked: HashSet<_> = asked.filter_map(|kept| kept.key.host.clone()).collect();
        self.http.retain(|host| asked.contains(host));
        self.forget_clusters();
    }

    /// Forgets clusters of which no series is left.
    fn forget_clusters(&mut self) {
        let mut keep = vec![false; self.clusters.len()];
        let of_raw = self.raw.values().filter_map(|raw| raw.cluster);
        for cluster in self.series.iter().filter_map(|kept| kept.cluster).chain(of_raw) {
            keep.get_mut(cluster).into_iter().for_each(|keep| *keep = true);
        }
        let places = places(&keep);
        let mut kept = keep.into_iter();
        self.clusters.retain(|_| kept.next().unwrap_or(true));
        self.by_cluster.retain(|_, place| move_to(place, &places));
        let of_raw = self.raw.values_mut().filter_map(|raw| raw.cluster.as_mut());
        for place in self.series.iter_mut().filter_map(|kept| kept.cluster.as_mut()).chain(of_raw) {
            move_to(place, &places);
        }
    }
}

/// Where each of those that are kept is afterwards.
fn places(keep: &[bool]) -> Vec<Option<usize>> {
    let mut next = 0..;
    keep.iter().map(|keep| if *keep { next.next() } else { None }).collect()
}

/// Whether what was at this place is kept; then it is where it went.
fn move_to(place: &mut usize, places: &[Option<usize>]) -> bool {
    let moved = places.get(*place).copied().flatten();
    moved.inspect(|to| *place = *to).is_some()
}

#[cfg(test)]
mod tests;
