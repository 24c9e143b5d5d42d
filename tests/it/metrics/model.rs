//! What Prometheus makes of scrapes, written down again from its own rules: samples with times, `increase` with resets, and
//! `histogram_quantile`. It knows nothing of egret's store: it keeps every sample, and computes from all of them.

/// A series: its samples, in order of time. `None`: it was not in that scrape.
pub(super) type History = Vec<Option<f64>>;

/// The scrapes of one proxy.
#[derive(Clone, Debug, Default)]
pub(super) struct Scrapes {
    /// When each was complete, seconds.
    pub(super) times: Vec<f64>,
    /// Seconds since the proxy started, at each.
    pub(super) uptimes: Vec<f64>,
    /// Tries that failed between this scrape and the one before.
    pub(super) missed: Vec<u32>,
}

impl Scrapes {
    /// Seconds that lie between a scrape and the one before, if their counters may be held against each other.
    pub(super) fn pair(&self, n: usize) -> Option<f64> {
        let before = n.checked_sub(1)?;
        let gap = self.times[n] - self.times[before];
        let usual = match before.checked_sub(1) {
            Some(first) => (self.times[before] - self.times[first]) / f64::from(self.missed[before] + 1),
            None => 60.0,
        };
        let restarted = self.uptimes[n] < self.uptimes[before]
            || self.times[n] - self.uptimes[n] > self.times[before] + 1.5;
        (!restarted && gap <= 3.5 * usual).then_some(gap)
    }

    /// Whether the proxy restarted between a scrape and the one before.
    fn restarted(&self, n: usize) -> bool {
        n > 0
            && (self.uptimes[n] < self.uptimes[n - 1]
                || self.times[n] - self.uptimes[n] > self.times[n - 1] + 1.5)
    }

    /// What a series grew by in a scrape; `None`: it is not known.
    pub(super) fn increase(&self, history: &History, n: usize) -> Option<f64> {
        self.pair(n)?;
        let value = history[n]?;
        // Of the proxy that runs now.
        let began = (0..=n).rev().find(|at| self.restarted(*at)).unwrap_or(0);
        let earlier = (began..n).rev().find_map(|at| Some((at, history[at]?)));
        match earlier {
            None => Some(value),
            Some((at, before)) if at + 1 == n => Some(if value < before { value } else { value - before }),
            // It was away meanwhile.
            Some((_, before)) => (value > before).then_some(value - before),
        }
    }

    /// Scrapes that were complete in a window.
    fn within(&self, from: f64, to: f64) -> impl Iterator<Item = usize> + '_ {
        (0..self.times.len()).filter(move |n| self.times[*n] > from && self.times[*n] <= to)
    }

    /// What a series grew by in a window, and the seconds for which that is known.
    pub(super) fn increase_in(&self, history: &History, from: f64, to: f64) -> (f64, f64) {
        let grown = self.within(from, to).filter_map(|n| self.increase(history, n)).sum();
        (grown, self.within(from, to).filter_map(|n| self.pair(n)).sum())
    }
}

/// `histogram_quantile` over cumulative buckets, in the order of their bounds. `None`: NaN.
pub(super) fn histogram_quantile(q: f64, buckets: &[(f64, f64)]) -> Option<f64> {
    let mut buckets = buckets.to_vec();
    // ensureMonotonic.
    for n in 1..buckets.len() {
        buckets[n].1 = buckets[n].1.max(buckets[n - 1].1);
    }
    let (last, total) = *buckets.last()?;
    if last != f64::INFINITY || buckets.len() < 2 || total == 0.0 {
        return None;
    }
    let rank = q * total;
    let found = buckets.iter().position(|(_, count)| *count >= rank)?;
    if found == buckets.len() - 1 {
        return Some(buckets[found - 1].0);
    }
    if found == 0 && buckets[0].0 <= 0.0 {
        return Some(buckets[0].0);
    }
    let (start, below) = if found == 0 { (0.0, 0.0) } else { buckets[found - 1] };
    let (end, count) = buckets[found];
    Some(start + (end - start) * ((rank - below) / (count - below)))
}
