//! Writing a recording, as things happen.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::line::{Line, Written};
use super::{Header, lean};
use crate::envoy::Seen;
use crate::metrics::series::Series;
use crate::metrics::{Missed, Scrape, Scraped};
use crate::model::fault::Fault;
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::usage::PodUsage;

/// Writes lines. Each is written whole and flushed: what was recorded is there, whatever happens next.
pub struct Recorder<W> {
    out: W,
    /// The numbers of series, by their text.
    numbers: HashMap<String, u32>,
    lines: u64,
}

impl<W: Write> Recorder<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, header: Header) -> io::Result<Self> {
        let mut recorder = Self { out, numbers: HashMap::new(), lines: 0 };
        recorder.line(&Line::Recording(header))?;
        Ok(recorder)
    }

    /// How many lines were written.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.out.write_all(&bytes)?;
        self.lines += 1;
        self.out.flush()
    }

    /// An object that is there, or is another from now on. It is made [`lean`] before.
    ///
    /// # Errors
    /// When it cannot be written, as with all that follow.
    pub fn object(
        &mut self,
        at: Timestamp,
        cluster: &ClusterName,
        kind: Kind,
        object: &Value,
    ) -> io::Result<()> {
        // Whoever calls: a Secret is never in a file (R27).
        if kind == Kind::Secret {
            return Ok(());
        }
        let object = Cow::Owned(lean(object.clone()));
        self.line(&Line::Object { at, cluster: cluster.clone(), kind, object })
    }

    /// An object that is no longer there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn gone(&mut self, at: Timestamp, key: &ObjectKey) -> io::Result<()> {
        let ObjectKey { cluster, kind, namespace, name } = key.clone();
        self.line(&Line::Gone { at, cluster, kind, namespace, name })
    }

    /// A kind that may not be read; no kind: the cluster does not answer.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn refused(
        &mut self,
        at: Timestamp,
        cluster: &ClusterName,
        kind: Option<Kind>,
        fault: &Fault,
    ) -> io::Result<()> {
        self.line(&Line::Refused { at, cluster: cluster.clone(), kind, fault: fault.clone() })
    }

    /// A cluster that did not answer does again.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn answers(&mut self, at: Timestamp, cluster: &ClusterName) -> io::Result<()> {
        self.line(&Line::Answers { at, cluster: cluster.clone() })
    }

    /// A proxy that was read, or not.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn scraped(&mut self, scraped: &Scraped) -> io::Result<()> {
        match scraped {
            Scraped::Scrape(scrape) => {
                let written = self.numbered(scrape)?;
                self.line(&Line::Scrape(written))
            }
            Scraped::Missed(missed) => {
                let Missed { pod, at, fault } = (**missed).clone();
                self.line(&Line::Missed { at, pod, fault })
            }
        }
    }

    /// An admin interface that answered, or did not.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn seen(&mut self, seen: &Seen) -> io::Result<()> {
        let Seen { pod, at, answer } = seen.clone();
        let (answer, fault) = match answer {
            Ok(answer) => (Some(answer), None),
            Err(fault) => (None, Some(fault)),
        };
        self.line(&Line::Admin { at, pod, answer, fault })
    }

    /// What pods use, or why that is not known.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn usage(
        &mut self,
        at: Timestamp,
        cluster: &ClusterName,
        usage: &Result<Arc<[PodUsage]>, Fault>,
    ) -> io::Result<()> {
        let (pods, fault) = match usage.clone() {
            Ok(pods) => (Some(pods), None),
            Err(fault) => (None, Some(fault)),
        };
        self.line(&Line::Usage { at, cluster: cluster.clone(), pods, fault })
    }

    fn numbered(&mut self, scrape: &Scrape) -> io::Result<Written> {
        let first = u32::try_from(self.numbers.len()).map_err(io::Error::other)?;
        let mut new: Vec<Series> = Vec::new();
        let mut values = Vec::with_capacity(scrape.samples.len());
        // JSON has no word for what is no number; nothing counts to it either.
        for sample in scrape.samples.iter().filter(|sample| sample.value.is_finite()) {
            let next = u32::try_from(self.numbers.len()).map_err(io::Error::other)?;
            let number = *self.numbers.entry(serde_json::to_string(&sample.series)?).or_insert(next);
            if number == next {
                new.push(sample.series.clone());
            }
            values.push((number, sample.value));
        }
        Ok(Written {
            at: scrape.at,
            pod: scrape.pod.clone(),
            uid: scrape.uid.clone(),
            took: scrape.took.as_secs_f64(),
            bytes: scrape.bytes,
            way: scrape.way,
            uptime: scrape.uptime.filter(|seconds| seconds.is_finite()),
            broken: scrape.broken,
            dropped: scrape.dropped,
            source: scrape.source,
            first,
            new,
            values,
        })
    }
}

impl<W> std::fmt::Debug for Recorder<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").field("lines", &self.lines).finish_non_exhaustive()
    }
}
