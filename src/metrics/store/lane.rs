//! Numbers at equal places in time, the oldest forgotten: four bytes each, and none as long as all are zero.

/// A number for each place from the first that was written on, at most so many as it keeps.
///
/// Places are counted from the beginning of time, by whoever writes: scrapes of a pod, or slots of so many seconds. What was
/// skipped is no number. As long as only zeros were written nothing is kept of them but where they began.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    keeps: u16,
    /// From where on it is known; after `seen`: nothing is.
    from: u64,
    /// Up to where.
    seen: u64,
    /// The place of the first that was kept.
    base: u64,
    data: Vec<f32>,
}

/// How a number joins one that is at the place already.
#[derive(Clone, Copy, Debug)]
pub(super) enum Join {
    /// Increases add up.
    Sum,
    /// Of something that stands, the mean of so many.
    Mean(f64),
}

impl Lane {
    pub(super) fn new(keeps: u16) -> Self {
        Self { keeps, from: 1, seen: 0, base: 0, data: Vec::new() }
    }

    fn is_empty(&self) -> bool {
        self.from > self.seen
    }

    /// The last place that was written.
    pub(super) fn last(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.seen)
    }

    /// Writes a number. What lies before the last one is not changed any more.
    pub(super) fn write(&mut self, at: u64, value: f64, join: Join) {
        let value = value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
        if self.is_empty() || at > self.seen.saturating_add(u64::from(self.keeps)) {
            *self = Self { from: at, seen: at, base: at, ..Self::new(self.keeps) };
            return self.put(at, value);
        }
        if at < self.seen {
            return;
        }
        if at == self.seen {
            let joined = match (self.get(at), join) {
                (Some(there), Join::Sum) => there + value,
                (Some(there), Join::Mean(of)) => {
                    there + ((f64::from(value) - f64::from(there)) / of.max(1.0)) as f32
                }
                (None, _) => value,
            };
            return self.put(at, joined);
        }
        if self.data.is_empty() && at > self.seen + 1 {
            // Zeros before a gap are not worth their place.
            self.from = at;
        }
        for skipped in self.seen + 1..at {
            self.put(skipped, f32::NAN);
        }
        self.seen = at;
        self.put(at, value);
    }

    fn put(&mut self, at: u64, value: f32) {
        if self.data.is_empty() {
            if value == 0.0 || value.is_nan() {
                return;
            }
            self.base = at;
        }
        let place = at.saturating_sub(self.base);
        let keeps = u64::from(self.keeps).max(1);
        if place < keeps && place >= self.data.len() as u64 {
            if self.data.len() == self.data.capacity() {
                // A vector would double, and keep half of it empty for good.
                let more = self.data.len().max(16).min((keeps - place) as usize);
                self.data.reserve_exact(more);
            }
            self.data.push(value);
        } else if let Some(there) = self.data.get_mut((place % keeps) as usize) {
            *there = value;
        }
    }

    /// The number at a place.
    pub(super) fn get(&self, at: u64) -> Option<f32> {
        let keeps = u64::from(self.keeps);
        if at < self.from || at > self.seen || at + keeps <= self.seen {
            return None;
        }
        if self.data.is_empty() || at < self.base {
            return Some(0.0);
        }
        let value = self.data.get(((at - self.base) % keeps.max(1)) as usize)?;
        (!value.is_nan()).then_some(*value)
    }

    /// The sum of what is known from one place up to before another; `None`: nothing is.
    pub(super) fn sum(&self, places: std::ops::Range<u64>) -> Option<f64> {
        let (from, to) = (places.start.max(self.from), places.end.min(self.seen.saturating_add(1)));
        if self.data.is_empty() {
            return (from < to).then_some(0.0);
        }
        let known = (from..to).filter_map(|at| self.get(at)).map(f64::from);
        known.fold(None, |sum, value| Some(sum.unwrap_or_default() + value))
    }

    /// Bytes on the heap.
    #[cfg(test)]
    fn heap(&self) -> usize {
        self.data.capacity() * size_of::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zeros_take_no_place_and_the_oldest_is_forgotten() {
        let mut lane = Lane::new(4);
        assert_eq!((lane.last(), lane.get(0), lane.sum(0..9)), (None, None, None));
        for at in 10..13 {
            lane.write(at, 0.0, Join::Sum);
        }
        assert_eq!(
            (lane.heap(), lane.get(9), lane.get(10), lane.sum(0..99)),
            (0, None, Some(0.0), Some(0.0))
        );
        for at in 13..20 {
            lane.write(at, at as f64, Join::Sum);
        }
        let kept: Vec<_> = (14..21).map(|at| lane.get(at)).collect();
        assert_eq!(kept, [None, None, Some(16.0), Some(17.0), Some(18.0), Some(19.0), None]);
        assert!(lane.heap() <= 16);
    }

    #[test]
    fn what_was_skipped_is_no_number() {
        let mut lane = Lane::new(10);
        lane.write(1, 5.0, Join::Sum);
        lane.write(4, 7.0, Join::Sum);
        lane.write(4, 1.0, Join::Sum);
        lane.write(2, 9.0, Join::Sum);
        assert_eq!([1, 2, 3, 4].map(|at| lane.get(at)), [Some(5.0), None, None, Some(8.0)]);
        assert_eq!((lane.sum(2..4), lane.sum(1..5)), (None, Some(13.0)));
        lane.write(100, 3.0, Join::Sum);
        assert_eq!((lane.get(4), lane.get(99), lane.get(100)), (None, None, Some(3.0)));
    }

    #[test]
    fn what_stands_is_the_mean_of_its_place() {
        let mut lane = Lane::new(4);
        for (n, value) in [2.0, 4.0, 9.0].into_iter().enumerate() {
            lane.write(7, value, Join::Mean(n as f64 + 1.0));
        }
        assert_eq!(lane.get(7), Some(5.0));
    }

    proptest! {
        #[test]
        fn a_lane_holds_what_a_map_of_the_last_places_holds(
            keeps in 1_u16..20,
            writes in prop::collection::vec((0_u64..6, prop_oneof![Just(0.0), 0.0..9.0]), 0..120),
        ) {
            let mut lane = Lane::new(keeps);
            let mut model = std::collections::BTreeMap::new();
            let (mut at, mut zeros) = (0, true);
            for (step, value) in writes {
                at += step;
                lane.write(at, value, Join::Sum);
                let pause = model.last_key_value().map_or(0, |(last, _)| at - last);
                if zeros && pause > 1 || pause > u64::from(keeps) {
                    // Zeros before a gap are forgotten, and so is all that is too old.
                    model.clear();
                    zeros = true;
                }
                *model.entry(at).or_insert(0.0_f32) += value as f32;
                zeros &= value == 0.0;
                model.retain(|place, _| place + u64::from(keeps) > at);
            }
            for place in 0..=at + 1 {
                prop_assert_eq!(lane.get(place), model.get(&place).copied(), "{}", place);
            }
            prop_assert!(lane.heap() <= usize::from(keeps) * 4);
        }
    }
}
