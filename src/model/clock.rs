//! The time that screens and tasks go by: the wall's, or the demo's own.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// Tells the time, and how long a stretch of it really lasts.
pub trait Time: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// How long one really waits for this much to pass; none: it never does, time stands still.
    fn lasts(&self, time: Duration) -> Option<Duration>;
}

/// A clock, shared by all that must agree on the time.
pub type Clock = Arc<dyn Time>;
