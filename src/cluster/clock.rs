//! Which clock a set of clusters goes by.
#![allow(clippy::disallowed_methods, reason = "the wall's clock is read here")]

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::clock::Time;

/// The clock of the clusters that are open: the wall's, but for simulated ones.
#[derive(Clone)]
pub struct Clock(Arc<dyn Time>);

impl Clock {
    /// A clock of its own.
    pub fn new(time: Arc<dyn Time>) -> Self {
        Self(time)
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// How long one really waits for this much of its time to pass; `None`: it never does, time stands still.
    pub fn lasts(&self, time: Duration) -> Option<Duration> {
        self.0.lasts(time)
    }

    /// Waits until this much of its time has passed; for ever when it stands.
    pub async fn sleep(&self, time: Duration) {
        match self.0.lasts(time) {
            Some(lasts) => tokio::time::sleep(lasts).await,
            None => std::future::pending().await,
        }
    }

    /// Time since a moment; none is negative.
    pub fn since(&self, moment: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(moment)).unwrap_or_default()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(Wall))
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// The wall's clock.
struct Wall;

impl Time for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn lasts(&self, time: Duration) -> Option<Duration> {
        Some(time)
    }
}
