//! The traffic of a gateway in one line: what tables show of it, and where it is judged.

use std::sync::Arc;

use jiff::Timestamp;

use super::reading::{Reading, Source};
use super::table::Tone;

/// The traffic of a gateway, in one line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Brief {
    /// Requests a second; for a gateway that only passes TCP through, connections opened a second.
    pub requests: Reading,
    /// Whether `requests` counts connections.
    pub is_tcp: bool,
    /// Part of the requests that succeeded (R15), 0 to 1.
    pub success: Reading,
    /// 99th percentile of the duration, milliseconds.
    pub p99: Reading,
    /// Connections that are open.
    pub active: Reading,
    /// Requests a second of the last samples, oldest first; none: a gap.
    pub spark: Arc<[Option<f32>]>,
    /// Where the numbers come from; none: there are none.
    pub source: Option<Source>,
    /// How bad it is by the thresholds.
    pub verdict: Verdict,
    /// Why it cannot be read, in a sentence; empty: it can.
    pub trouble: Box<str>,
}

/// What thresholds say of a gateway's traffic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Plain, [`Tone::Warn`] or [`Tone::Bad`]: the worst of all.
    pub tone: Tone,
    /// Of the success.
    pub success: Tone,
    /// Of the 99th percentile.
    pub p99: Tone,
    /// In words: `success 87.2 % is below 99 %`; empty: nothing is wrong.
    pub words: Box<str>,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// From where on something is told as wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// Success, 0 to 1: below the first it is to be looked at, below the second bad.
    pub success: (f64, f64),
    /// 99th percentile, milliseconds: above.
    pub p99: (f64, f64),
    /// Part of a limit that is used, 0 to 1: above.
    pub saturation: (f64, f64),
    /// Days until a certificate ends: below.
    pub certificate_days: (u32, u32),
    /// Ring the terminal's bell when a gateway turns bad.
    pub bell: bool,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            success: (0.99, 0.95),
            p99: (1_000.0, 5_000.0),
            saturation: (0.8, 0.95),
            certificate_days: (30, 7),
            bell: false,
        }
    }
}
