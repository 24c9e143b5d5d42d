//! The time that screens and tasks go by: the wall's, or the demo's own.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Tells the time, and how long a stretch of it really lasts.
pub trait Time: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// How long one really waits for this much to pass; none: it never does, time stands still.
    fn lasts(&self, time: Duration) -> Option<Duration>;
}

/// A clock, shared by all that must agree on the time.
pub type Clock = Arc<dyn Time>;

/// Where the person is, as the clock on their wall goes.
static ZONE: OnceLock<TimeZone> = OnceLock::new();

/// Says once, when the program starts, in which zone clock times are shown. Who does not say it shows UTC: tests,
/// pictures, and the demo, whose time is nobody's.
pub fn show_in(zone: TimeZone) {
    let _ = ZONE.set(zone);
}

/// The zone in which clock times are shown.
pub fn zone() -> TimeZone {
    ZONE.get().cloned().unwrap_or(TimeZone::UTC)
}
