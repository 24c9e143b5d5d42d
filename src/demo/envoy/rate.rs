//! How busy a way is at each moment: a daily wave, noise and bursts, of which the sum since ever is known in closed form.
//!
//! What is counted between two moments is a difference of two sums, so all who read at any moments agree, and reading costs
//! the same after a minute as after a month.

use std::f64::consts::TAU;
use std::hash::{Hash, Hasher};

use jiff::Timestamp;

/// A day, seconds.
const DAY: f64 = 86_400.0;

/// When the wave passes its mean on the way up, seconds of the day: noon and a bit is its height.
const MORNING: f64 = 7.0 * 3600.0;

/// How far the wave goes from its mean.
const WAVE: f64 = 0.5;

/// Periods of the noise in seconds, and how far each goes. With the wave they stay below 1: a rate is never negative.
const NOISE: &[(f64, f64)] = &[(7.0, 0.05), (23.0, 0.07), (83.0, 0.09), (307.0, 0.1), (1_201.0, 0.1)];

/// Bursts: in each period of so many seconds one of so many, and so much of the mean on top.
const BURST: (f64, f64, f64) = (900.0, 45.0, 0.5);

/// The moment from which seconds are counted: near, so that sums keep their fractions.
const ZERO: i64 = 1_767_225_600;

/// Seconds of a moment.
pub(super) fn seconds(at: Timestamp) -> f64 {
    (at.as_millisecond() - ZERO * 1000) as f64 / 1000.0
}

/// A number of these parts: the standard hasher with its fixed keys gives the same in every run of the program.
pub(in crate::demo) fn hashed(parts: impl Hash) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// The same between 0 and 1.
pub(super) fn chance(parts: impl Hash) -> f64 {
    (hashed(parts) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A rate over time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    /// Its mean, a second.
    pub(super) mean: f64,
    /// What makes its noise its own.
    pub(super) seed: u64,
}

impl Curve {
    /// All that has come by a moment, in seconds.
    pub(super) fn total(&self, t: f64) -> f64 {
        let wave = -WAVE * DAY / TAU * (TAU * (t - MORNING) / DAY).cos();
        let noise: f64 = NOISE.iter().enumerate().map(|(n, of)| self.noise(n, *of, t).1).sum();
        self.mean * (t + wave + noise + self.burst(t).1)
    }

    /// How much comes in a second at a moment.
    pub(super) fn at(&self, t: f64) -> f64 {
        let wave = WAVE * (TAU * (t - MORNING) / DAY).sin();
        let noise: f64 = NOISE.iter().enumerate().map(|(n, of)| self.noise(n, *of, t).0).sum();
        self.mean * (1.0 + wave + noise + self.burst(t).0)
    }

    /// Noise of one period, and its sum: over a whole period it is zero, so only the present one counts.
    fn noise(&self, number: usize, (period, far): (f64, f64), t: f64) -> (f64, f64) {
        let (which, within) = (t.div_euclid(period), t.rem_euclid(period) / period);
        let height = far * (2.0 * chance((self.seed, number, which as i64)) - 1.0);
        (height * (TAU * within).sin(), height * period / TAU * (1.0 - (TAU * within).cos()))
    }

    fn burst(&self, t: f64) -> (f64, f64) {
        let (period, long, high) = BURST;
        let which = t.div_euclid(period);
        let begins = chance((self.seed, "burst", which as i64)) * (period - long);
        let past = (t.rem_euclid(period) - begins).clamp(0.0, long);
        let now = if past > 0.0 && past < long { high } else { 0.0 };
        (now, high * (which * long + past))
    }
}

/// Times that come again and again: each `period` seconds after `anchor`, for `long` seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spells {
    pub(super) anchor: f64,
    pub(super) period: f64,
    pub(super) long: f64,
}

impl Spells {
    /// Seconds within spells by a moment.
    pub(super) fn total(&self, t: f64) -> f64 {
        let t = t - self.anchor;
        t.div_euclid(self.period) * self.long + t.rem_euclid(self.period).min(self.long)
    }

    /// Whether a moment is in one.
    pub(super) fn holds(&self, t: f64) -> bool {
        (t - self.anchor).rem_euclid(self.period) < self.long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVE: Curve = Curve { mean: 40.0, seed: 7 };

    #[test]
    fn a_rate_is_never_negative_and_its_sum_never_falls() {
        let mut last = CURVE.total(0.0);
        for n in 1..200_000 {
            let t = f64::from(n) * 0.7;
            let total = CURVE.total(t);
            assert!(total >= last && CURVE.at(t) > 0.0, "at {t}: {total} after {last}");
            last = total;
        }
    }

    #[test]
    fn the_sum_is_the_sum_of_the_rate() {
        let (from, step) = (14_000_000.0, 0.05);
        let summed: f64 = (0..40_000).map(|n| CURVE.at(from + (f64::from(n) + 0.5) * step) * step).sum();
        let told = CURVE.total(from + 2_000.0) - CURVE.total(from);
        assert!((summed - told).abs() / told < 0.002, "{summed} is not {told}");
    }

    #[test]
    fn noon_is_busier_than_midnight() {
        let per_hour = |from: f64| CURVE.total(from + 3600.0) - CURVE.total(from);
        let (noon, midnight) = (per_hour(12.5 * 3600.0), per_hour(0.5 * 3600.0));
        assert!(noon > 2.0 * midnight, "{noon} at noon, {midnight} at midnight");
    }

    #[test]
    fn spells_come_again_and_again() {
        let spells = Spells { anchor: 100.0, period: 600.0, long: 150.0 };
        assert!(spells.holds(100.0) && spells.holds(849.0) && !spells.holds(99.0) && !spells.holds(250.0));
        assert!((spells.total(1_300.0) - spells.total(100.0) - 300.0).abs() < 1e-6);
    }
}
