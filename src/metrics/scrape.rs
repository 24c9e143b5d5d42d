//! One reading of one proxy, and the wish for it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::series::Sample;
use crate::model::fault::Fault;
use crate::model::name::ObjectKey;
use crate::model::reading::Source;
pub use crate::model::way::Way;

/// What one pod's proxy said at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scrape {
    /// The pod.
    pub pod: ObjectKey,
    /// Its uid: another uid is another pod.
    pub uid: Box<str>,
    /// When the answer was complete.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Bytes of the answer.
    pub bytes: u64,
    /// How it was reached.
    pub way: Way,
    /// Seconds since the proxy started, where it says so: less than before is a restart.
    pub uptime: Option<f64>,
    /// Lines that could not be read.
    pub broken: u32,
    /// Samples that were not taken, since there were more, or of more hosts, than egret keeps.
    pub dropped: u32,
    /// Where the counters of requests come from: [`Source::Istio`] where `istio_requests_total` was there, else Envoy's own,
    /// else none of either: not collected, and filled from `/clusters`.
    pub source: Source,
    /// What was read.
    pub samples: Vec<Sample>,
}

/// A scrape that failed: a gap, never a zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Missed {
    /// The pod.
    pub pod: ObjectKey,
    /// When.
    pub at: Timestamp,
    /// Why, and what to do.
    pub fault: Fault,
}

/// What comes of reading proxies.
#[derive(Clone, Debug)]
pub enum Scraped {
    /// A proxy was read.
    Scrape(Box<Scrape>),
    /// It was not.
    Missed(Box<Missed>),
}

/// A wish to have a pod's proxy read, again and again.
#[derive(Clone, Debug, PartialEq)]
pub struct Want {
    /// The pod.
    pub pod: ObjectKey,
    /// Its uid.
    pub uid: Box<str>,
    /// How often, as long as the proxy answers fast enough.
    pub every: Duration,
    /// Its `/clusters` too: endpoints with their health.
    pub clusters: bool,
    /// Its `/certs` too, and again every ten minutes.
    pub certs: bool,
}
