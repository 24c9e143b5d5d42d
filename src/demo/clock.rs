//! The time of the simulated clusters: it runs at a pace of its own, or only when it is told to.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::model::clock::Time;

/// A clock of one's own. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct DemoClock(Arc<Mutex<Face>>);

#[derive(Debug)]
struct Face {
    /// The time at `since`.
    base: Timestamp,
    since: Instant,
    /// Seconds of it in one second; 0: it stands.
    speed: f64,
}

impl DemoClock {
    /// A clock that shows `at` now and runs `speed` times as fast as the wall's.
    #[allow(clippy::disallowed_methods, reason = "what drives the demo's time is time")]
    pub fn new(at: Timestamp, speed: f64) -> Self {
        Self(Arc::new(Mutex::new(Face { base: at, since: Instant::now(), speed: speed.max(0.0) })))
    }

    /// A clock that only moves when it is told to.
    pub fn standing(at: Timestamp) -> Self {
        Self::new(at, 0.0)
    }

    /// Sets it to a moment, from where on it runs so fast. Who sleeps by it already wakes as it was before.
    #[allow(clippy::disallowed_methods, reason = "what drives the demo's time is time")]
    pub fn set(&self, at: Timestamp, speed: f64) {
        let mut face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *face = Face { base: at, since: Instant::now(), speed: speed.max(0.0) };
    }

    /// Moves it on by this much at once.
    pub fn advance(&self, by: Duration) {
        let mut face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        face.base = later(face.base, by);
    }
}

impl Time for DemoClock {
    #[allow(clippy::disallowed_methods, reason = "what drives the demo's time is time")]
    fn now(&self) -> Timestamp {
        let face = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if face.speed == 0.0 {
            return face.base;
        }
        later(face.base, face.since.elapsed().mul_f64(face.speed))
    }

    fn lasts(&self, time: Duration) -> Option<Duration> {
        let speed = self.0.lock().unwrap_or_else(PoisonError::into_inner).speed;
        (speed > 0.0).then(|| time.div_f64(speed))
    }
}

/// A moment after another; the end of time stays what it is.
pub(super) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_that_stands_moves_only_when_it_is_told_to() {
        let clock = DemoClock::standing(Timestamp::UNIX_EPOCH);
        tokio::task::yield_now().await;
        assert_eq!(clock.now(), Timestamp::UNIX_EPOCH);
        assert_eq!(clock.lasts(Duration::from_secs(1)), None);
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now().as_second(), 5);
    }

    #[test]
    fn a_fast_clock_makes_waits_short() {
        let clock = DemoClock::new(Timestamp::UNIX_EPOCH, 10.0);
        assert_eq!(clock.lasts(Duration::from_secs(10)), Some(Duration::from_secs(1)));
    }
}
