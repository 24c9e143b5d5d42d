//! Quantiles of histograms, as Prometheus takes them.

use std::collections::BTreeMap;

use crate::model::reading::Reading;

/// Requests by duration: how many in the bucket below each bound (not those of the buckets before it).
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    /// By the bits of the bound: bounds are not negative, so that their bits are ordered as they are.
    counts: BTreeMap<u64, f64>,
    /// Histograms with other bounds were added: see [`Buckets::add`].
    mixed: bool,
}

impl Buckets {
    /// Adds what another histogram counted.
    ///
    /// Where the two have other bounds, those stay that both have, for there both know how many were at most that long. The
    /// quantile is coarser then, and told as rough.
    pub(super) fn add(&mut self, other: &Self) {
        if self.counts.is_empty() {
            return self.clone_from(other);
        }
        if other.counts.is_empty() {
            return;
        }
        let same = self.counts.keys().eq(other.counts.keys());
        if same {
            for (count, more) in self.counts.values_mut().zip(other.counts.values()) {
                *count += more;
            }
            self.mixed |= other.mixed;
            return;
        }
        let mut merged = BTreeMap::new();
        for histogram in [&*self, other] {
            let mut below = 0.0;
            for (bound, count) in &histogram.counts {
                below += count;
                if self.counts.contains_key(bound) && other.counts.contains_key(bound) {
                    *merged.entry(*bound).or_insert(0.0) += below;
                    below = 0.0;
                }
            }
        }
        *self = Self { counts: merged, mixed: true };
    }

    /// Adds to one bucket.
    pub(super) fn count(&mut self, le: f64, more: f64) {
        *self.counts.entry(le.max(0.0).to_bits()).or_insert(0.0) += more;
    }

    /// Whether there are any bounds.
    pub(super) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The quantile, 0 to 1, in the unit of the bounds: linear inside a bucket, the first of which begins at 0.
    ///
    /// Above the last bound it is told as above it. It is rough where fewer than one request is expected beyond it, for `p99`
    /// below 100 of them, and below 10 for any.
    pub(super) fn quantile(&self, q: f64) -> Reading {
        let mut all = 0.0_f64;
        // A scrape may catch a histogram while it counts: no bucket holds less than nothing.
        let cumulative: Vec<(f64, f64)> = self
            .counts
            .iter()
            .scan(0.0_f64, |sum, (bound, count)| {
                *sum += count;
                all = all.max(*sum);
                Some((f64::from_bits(*bound), all))
            })
            .collect();
        let Some((last, total)) = cumulative.last().copied().filter(|_| cumulative.len() > 1) else {
            return Reading::Unknown;
        };
        if last.is_finite() {
            return Reading::Unknown;
        }
        // Parts of requests at the edges of slots add up to less than one.
        if total < 1e-6 {
            return Reading::Nothing;
        }
        let rank = q * total;
        let place = cumulative.partition_point(|(_, below)| *below < rank);
        let before = place.checked_sub(1).and_then(|p| cumulative.get(p)).copied();
        let Some((bound, count)) = cumulative.get(place).copied().filter(|(bound, _)| bound.is_finite())
        else {
            let highest = cumulative.get(cumulative.len().saturating_sub(2)).map_or(0.0, |(bound, _)| *bound);
            return Reading::Above(highest);
        };
        let (from, below) = before.unwrap_or((0.0, 0.0));
        let value =
            if count > below { from + (bound - from) * (rank - below) / (count - below) } else { bound };
        let few = total < 10.0 || total * (1.0 - q) < 1.0 - 1e-9;
        if few || self.mixed { Reading::Rough(value) } else { Reading::Value(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(counts: &[(f64, f64)]) -> Buckets {
        let mut buckets = Buckets::default();
        counts.iter().for_each(|(le, count)| buckets.count(*le, *count));
        buckets
    }

    const INF: f64 = f64::INFINITY;

    #[test]
    fn a_quantile_is_linear_inside_its_bucket() {
        use Reading::{Above, Nothing, Rough, Unknown, Value};
        for (counts, q, expected) in [
            (vec![(10.0, 100.0), (20.0, 100.0), (INF, 0.0)], 0.5, Value(10.0)),
            (vec![(10.0, 100.0), (20.0, 100.0), (INF, 0.0)], 0.75, Value(15.0)),
            // The first bucket begins at 0.
            (vec![(10.0, 200.0), (20.0, 0.0), (INF, 0.0)], 0.25, Value(2.5)),
            (vec![(10.0, 100.0), (20.0, 0.0), (INF, 100.0)], 0.99, Above(20.0)),
            (vec![(10.0, 0.0), (20.0, 0.0), (INF, 0.0)], 0.5, Nothing),
            (vec![(10.0, 99.0), (20.0, 0.0), (INF, 0.0)], 0.99, Rough(9.9)),
            (vec![(10.0, 100.0), (20.0, 0.0), (INF, 0.0)], 0.99, Value(9.9)),
            (vec![(10.0, 9.0), (20.0, 0.0), (INF, 0.0)], 0.5, Rough(5.0)),
            // Without the last bound nobody knows how many there were.
            (vec![(10.0, 100.0), (20.0, 100.0)], 0.5, Unknown),
            (vec![(INF, 100.0)], 0.5, Unknown),
            (vec![], 0.5, Unknown),
            // A torn histogram: what counts less than the bucket before is raised to it.
            (vec![(10.0, 100.0), (20.0, -10.0), (30.0, 110.0), (INF, 0.0)], 0.5, Value(10.0)),
        ] {
            assert_eq!(buckets(&counts).quantile(q), expected, "{counts:?} at {q}");
        }
    }

    #[test]
    fn histograms_with_other_bounds_meet_at_those_they_share_and_are_told_as_rough() {
        let mut sum = buckets(&[(10.0, 40.0), (50.0, 60.0), (100.0, 0.0), (INF, 0.0)]);
        sum.add(&buckets(&[(10.0, 0.0), (100.0, 100.0), (INF, 0.0)]));
        // 40 of 200 up to 10, all up to 100.
        assert_eq!(sum.quantile(0.2), Reading::Rough(10.0));
        assert_eq!(sum.quantile(0.6), Reading::Rough(55.0));
        let mut nothing_shared = buckets(&[(10.0, 40.0), (INF, 0.0)]);
        nothing_shared.add(&buckets(&[(20.0, 40.0), (INF, 0.0)]));
        assert_eq!(nothing_shared.quantile(0.5), Reading::Unknown);
        let mut same = buckets(&[(10.0, 100.0), (INF, 0.0)]);
        same.add(&same.clone());
        assert_eq!(same.quantile(0.5), Reading::Value(5.0));
    }
}
