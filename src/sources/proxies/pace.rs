//! When a proxy is read next, and how many bytes a cluster's proxies may send.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::way::Way;

/// Least time between two reads through the pod proxy: each is an entry in the audit log (R24).
const PROXIED: Duration = Duration::from_secs(5);

/// Least time between two reads over a port-forward.
const FORWARDED: Duration = Duration::from_secs(1);

/// A read may take a quarter of the time between two.
const SHARE: u32 = 4;

/// Failures in a row that do not lengthen the interval: over so many missed reads nothing is lost, as long as they come in time.
const PATIENT: u32 = 2;

/// Longest pause after failures, where the interval is not longer.
const LONGEST: Duration = Duration::from_secs(60);

/// Bytes a second that the proxies of a cluster may send together.
pub(super) const RATE: f64 = 1_000_000.0;

/// How far ahead of the rate they may be.
const BURST: Duration = Duration::from_secs(2);

/// How reading a proxy goes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Going {
    /// How it was reached last.
    pub(super) way: Option<Way>,
    /// How long the last reads took: the newest counts half.
    took: Duration,
    /// Tries that failed since the last that did not.
    pub(super) failed: u32,
}

impl Going {
    /// A read succeeded.
    pub(super) fn succeeded(&mut self, way: Way, took: Duration) {
        self.way = Some(way);
        // Slow answers count at once, fast ones by and by.
        self.took = took.max((self.took + took) / 2);
        self.failed = 0;
    }

    /// The time from the begin of one read to that of the next.
    pub(super) fn interval(&self, every: Duration) -> Duration {
        let least = match self.way {
            Some(Way::PortForward(_)) => FORWARDED,
            // The first may go either way.
            Some(Way::PodProxy(_)) | None => PROXIED,
        };
        let interval = every.max(least).max(self.took * SHARE);
        match self.failed.saturating_sub(PATIENT) {
            0 => interval,
            failed => interval.saturating_mul(1 << failed.min(10)).min(LONGEST).max(interval),
        }
    }
}

/// The time from the first read of a pod to the second: between half of the interval and all of it, always the same for
/// one pod, so that pods that are wanted together do not all beat together.
pub(super) fn first_gap(interval: Duration, pod: &impl Hash) -> Duration {
    let mut hasher = DefaultHasher::new();
    pod.hash(&mut hasher);
    #[expect(clippy::cast_precision_loss, reason = "below 1024")]
    let part = (hasher.finish() % 1024) as f64 / 1024.0;
    interval.mul_f64(0.5 + part / 2.0)
}

/// The bytes of a cluster's proxies.
#[derive(Debug, Default)]
pub(super) struct Budget {
    /// When all that was sent has been paid for.
    paid: Option<Timestamp>,
}

impl Budget {
    /// So many bytes came.
    pub(super) fn spend(&mut self, bytes: u64, now: Timestamp) {
        #[expect(clippy::cast_precision_loss, reason = "a rounded time")]
        let costs = Duration::try_from_secs_f64(bytes as f64 / RATE).unwrap_or_default();
        let from = self.paid.unwrap_or(now).max(now);
        self.paid = Some(from.saturating_add(costs).unwrap_or(from));
    }

    /// How long to wait before more may come.
    pub(super) fn wait(&self, now: Timestamp) -> Duration {
        let ahead = self.paid.map(|paid| paid.duration_since(now)).unwrap_or_default();
        Duration::try_from(ahead).unwrap_or_default().saturating_sub(BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn going(way: Way, took: Duration) -> Going {
        let mut going = Going::default();
        going.succeeded(way, took);
        going
    }

    #[test]
    fn the_pod_proxy_is_never_asked_faster_than_every_five_seconds() {
        let quick = Duration::from_millis(10);
        assert_eq!(going(Way::PodProxy(15090), quick).interval(SECOND), 5 * SECOND);
        assert_eq!(going(Way::PortForward(15090), quick).interval(SECOND), SECOND);
        assert_eq!(going(Way::PortForward(15090), quick).interval(SECOND / 10), SECOND);
        assert_eq!(going(Way::PodProxy(15090), quick).interval(30 * SECOND), 30 * SECOND);
    }

    #[test]
    fn a_slow_answer_lengthens_the_interval_at_once_and_a_fast_one_by_and_by() {
        let mut going = going(Way::PodProxy(15090), 3 * SECOND);
        assert_eq!(going.interval(5 * SECOND), 12 * SECOND, "3 s is a quarter of it");
        going.succeeded(Way::PodProxy(15090), SECOND);
        assert_eq!(going.interval(5 * SECOND), 8 * SECOND);
        for _ in 0..10 {
            going.succeeded(Way::PodProxy(15090), SECOND / 10);
        }
        assert_eq!(going.interval(5 * SECOND), 5 * SECOND);
    }

    #[test]
    fn failures_back_off_from_the_third_on_to_a_minute_and_a_success_ends_that() {
        let mut going = going(Way::PodProxy(15090), Duration::ZERO);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            going.failed += 1;
            pauses.push(going.interval(5 * SECOND).as_secs());
        }
        assert_eq!(pauses, [5, 5, 10, 20, 40, 60, 60]);
        assert_eq!(going.interval(120 * SECOND), 120 * SECOND, "never faster than wanted");
        going.succeeded(Way::PodProxy(15090), Duration::ZERO);
        assert_eq!(going.interval(5 * SECOND), 5 * SECOND);
    }

    #[test]
    fn pods_that_are_wanted_together_part_and_each_does_the_same_every_time() {
        let gaps: Vec<Duration> = (0..50).map(|n| first_gap(10 * SECOND, &format!("pod-{n}"))).collect();
        assert!(gaps.iter().all(|gap| (5 * SECOND..10 * SECOND).contains(gap)), "{gaps:?}");
        let distinct: std::collections::BTreeSet<Duration> = gaps.iter().copied().collect();
        assert!(distinct.len() > 40, "{gaps:?}");
        assert_eq!(first_gap(10 * SECOND, &"pod-7".to_owned()), gaps[7]);
    }

    #[test]
    fn a_megabyte_a_second_and_no_more_in_the_long_run() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut budget = Budget::default();
        assert_eq!(budget.wait(at(0)), Duration::ZERO);
        budget.spend(2_000_000, at(0));
        assert_eq!(budget.wait(at(0)), Duration::ZERO, "a burst");
        budget.spend(3_000_000, at(0));
        assert_eq!(budget.wait(at(0)), 3 * SECOND);
        assert_eq!(budget.wait(at(3)), Duration::ZERO);
        budget.spend(1_000_000, at(100));
        assert_eq!(budget.wait(at(100)), Duration::ZERO, "what was not used is not saved up");
    }
}
