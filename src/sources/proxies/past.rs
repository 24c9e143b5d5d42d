//! What a proxy would have said before it was read for the first time: of the demo's past.
//!
//! Its text is read once, with an index in the place of each number; then the numbers of each moment take their places.

use std::time::Duration;

use jiff::Timestamp;

use super::fill;
use super::read::{filled, source};
use crate::envoy::clusters;
use crate::metrics::Scrape;
use crate::metrics::read::{Read, Reader};
use crate::model::reading::Source;

pub use crate::metrics::read::QUERY;

/// The path of what fills the place of statistics that are not collected.
pub const CLUSTERS: &str = "/clusters?format=json";

/// What is read of a proxy, with indexes in the place of numbers.
#[derive(Debug)]
pub struct Past<'a> {
    scrape: &'a Scrape,
    read: Read,
    /// The first index: what is less stays what it is, since the reader has made it so.
    first: usize,
}

impl<'a> Past<'a> {
    /// Of a proxy of which a scrape is there, from a text with indexes.
    pub fn new(scrape: &'a Scrape, text: &str, first: usize) -> Self {
        Self { scrape, read: Reader::read(text.as_bytes()), first }
    }

    /// What was read at a moment, of its numbers. The text of the clusters is asked for only where the statistics say nothing
    /// of requests.
    pub fn at(
        &self,
        at: Timestamp,
        numbers: &[Option<f64>],
        clusters: impl FnOnce() -> Option<String>,
    ) -> Scrape {
        let number = |read: f64| match (read as usize).checked_sub(self.first) {
            Some(index) => *numbers.get(index)?,
            None => Some(read),
        };
        let there = self.read.samples.iter().filter_map(|sample| {
            let mut sample = sample.clone();
            sample.value = number(sample.value)?;
            Some(sample)
        });
        let mut samples: Vec<_> = there.collect();
        let source = source(&self.read);
        if source == Source::Admin
            && let Some(clusters) = clusters().and_then(|text| clusters::parse(text.as_bytes()).ok())
        {
            filled(&mut samples, fill::samples(&clusters));
        }
        Scrape {
            pod: self.scrape.pod.clone(),
            uid: self.scrape.uid.clone(),
            at,
            took: Duration::from_millis(2),
            bytes: self.scrape.bytes,
            way: self.scrape.way,
            uptime: self.read.uptime.and_then(number),
            broken: 0,
            dropped: 0,
            source,
            samples,
        }
    }
}
