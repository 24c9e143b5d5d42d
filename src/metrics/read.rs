//! The bytes of a scrape as they arrive, to samples.

use super::series::Sample;

/// The query that asks a proxy for no more than is read: `usedonly` and a filter over the names of Envoy's statistics.
pub const QUERY: &str = "usedonly";

/// Reads an exposition text as it arrives. It holds at most one line that is not complete.
#[derive(Debug, Default)]
pub struct Reader {}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Read {
    /// Samples.
    pub samples: Vec<Sample>,
    /// Lines that could not be read.
    pub broken: u32,
    /// Bytes that were looked at.
    pub bytes: u64,
    /// Seconds since the proxy started.
    pub uptime: Option<f64>,
    /// Whether `istio_requests_total` was there.
    pub has_istio: bool,
    /// Whether Envoy's own `upstream_rq_*` of a host were there.
    pub has_envoy: bool,
}

impl Reader {
    /// Takes more bytes.
    pub fn push(&mut self, _bytes: &[u8]) {}

    /// There are no more bytes.
    pub fn finish(self) -> Read {
        Read::default()
    }
}
