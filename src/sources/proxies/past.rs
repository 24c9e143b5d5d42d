//! Answers of a proxy that did not come over a network, read as those that do: of the demo's past.

use std::time::Duration;

use jiff::Timestamp;

use super::fill;
use super::read::{filled, source};
use crate::envoy::clusters;
use crate::metrics::Scrape;
use crate::metrics::read::{QUERY, Reader};
use crate::model::reading::Source;

/// The path of the statistics that are read, with its query.
pub fn statistics() -> String {
    format!("/stats/prometheus?{QUERY}")
}

/// The path of what fills the place of statistics that are not collected.
pub const CLUSTERS: &str = "/clusters?format=json";

/// What was read at a moment before a scrape: the text of its statistics, and that of its clusters, asked for only where the
/// statistics say nothing of requests.
pub fn before(
    scrape: &Scrape,
    at: Timestamp,
    text: &str,
    clusters: impl FnOnce() -> Option<String>,
) -> Scrape {
    let mut reader = Reader::default();
    reader.push(text.as_bytes());
    let mut read = reader.finish();
    let source = source(&read);
    if source == Source::Admin
        && let Some(clusters) = clusters().and_then(|text| clusters::parse(text.as_bytes()).ok())
    {
        filled(&mut read.samples, fill::samples(&clusters));
    }
    Scrape {
        pod: scrape.pod.clone(),
        uid: scrape.uid.clone(),
        at,
        took: Duration::from_millis(2),
        bytes: text.len() as u64,
        way: scrape.way,
        uptime: read.uptime,
        broken: read.broken,
        source,
        samples: read.samples,
    }
}
