//! A recording that was read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::line::{Line, Written};
use super::{Header, VERSION};
use crate::envoy::Seen;
use crate::metrics::series::{Sample, Series};
use crate::metrics::{Missed, Scrape, Scraped};
use crate::model::fault::Fault;
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::usage::PodUsage;

/// Why a file is no recording that can be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// The first line is no header.
    #[error("it is no recording of egret: its first line is no header")]
    NoHeader,
    /// A later egret wrote it.
    #[error("it has version {0} of the format, and this egret knows {VERSION}: play it with a newer one")]
    TooNew(u32),
}

/// What happened at a moment.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum What {
    /// An object came, changed or went.
    Object(Change),
    /// A cluster does not answer, or does not allow to read a kind.
    Refused(ClusterName, Option<Kind>, Fault),
    /// A cluster that did not answer does again.
    Answers(ClusterName),
    /// A proxy was read; [`Past::scrape`] makes a [`Scrape`] of it.
    Scrape(Box<Written>),
    /// It could not be.
    Missed(Box<Missed>),
    /// An admin interface answered, or did not.
    Seen(Box<Seen>),
    /// What the pods of a cluster use, or why that is not known.
    Usage(ClusterName, Result<Arc<[PodUsage]>, Fault>),
}

/// What became of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which.
    pub key: ObjectKey,
    /// As it is from now on; none: it is gone.
    pub object: Option<Arc<Value>>,
}

/// A recording.
#[derive(Clone, Debug)]
pub struct Past {
    /// Its header.
    pub header: Header,
    /// What happened, in the order of time.
    pub entries: Vec<Entry>,
    /// Lines that could not be read, one that was cut short among them.
    pub broken: usize,
    series: HashMap<u32, Series>,
}

impl Past {
    /// Reads a recording.
    ///
    /// # Errors
    /// What is none, or is of a later version. Broken lines are counted, and cost no other.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut lines = bytes.split(|b| *b == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let header = header(lines.next().ok_or(Unreadable::Empty)?)?;
        let mut past = Self { header, entries: Vec::new(), broken: 0, series: HashMap::new() };
        for line in lines {
            match serde_json::from_slice(line) {
                Ok(line) => past.take(line),
                Err(_) => past.broken += 1,
            }
        }
        // Clusters are heard beside each other: lines may be off by moments.
        past.entries.sort_by_key(|entry| entry.at);
        Ok(past)
    }

    fn take(&mut self, line: Line<'_>) {
        let (at, what) = match line {
            Line::Recording(_) | Line::Unknown => return,
            Line::Object { at, cluster, kind, object } => {
                let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().into();
                let (namespace, name) = (text("namespace"), text("name"));
                let key = ObjectKey { cluster, kind, namespace, name };
                if key.name.is_empty() || kind == Kind::Secret {
                    self.broken += 1;
                    return;
                }
                (at, What::Object(Change { key, object: Some(Arc::new(object.into_owned())) }))
            }
            Line::Gone { at, cluster, kind, namespace, name } => {
                let key = ObjectKey { cluster, kind, namespace, name };
                (at, What::Object(Change { key, object: None }))
            }
            Line::Refused { at, cluster, kind, fault } => (at, What::Refused(cluster, kind, fault)),
            Line::Usage { at, cluster, pods, fault } => {
                let usage = match (pods, fault) {
                    (Some(pods), _) => Ok(pods),
                    (None, Some(fault)) => Err(fault),
                    (None, None) => return,
                };
                (at, What::Usage(cluster, usage))
            }
            Line::Answers { at, cluster } => (at, What::Answers(cluster)),
            Line::Scrape(mut written) => {
                let numbers = written.first..;
                self.series.extend(numbers.zip(std::mem::take(&mut written.new)));
                (written.at, What::Scrape(Box::new(written)))
            }
            Line::Missed { at, pod, fault } => (at, What::Missed(Box::new(Missed { pod, at, fault }))),
            Line::Admin { at, pod, answer, fault } => {
                let answer = match (answer, fault) {
                    (Some(answer), _) => Ok(answer),
                    (None, Some(fault)) => Err(fault),
                    (None, None) => return,
                };
                (at, What::Seen(Box::new(Seen { pod, at, answer })))
            }
        };
        self.entries.push(Entry { at, what });
    }

    /// A scrape, with its series again. One whose line was broken is not in it.
    pub fn scrape(&self, written: &Written) -> Scrape {
        let sample = |(number, value): &(u32, f64)| {
            Some(Sample { series: self.series.get(number)?.clone(), value: *value })
        };
        Scrape {
            pod: written.pod.clone(),
            uid: written.uid.clone(),
            at: written.at,
            took: Duration::try_from_secs_f64(written.took).unwrap_or_default(),
            bytes: written.bytes,
            way: written.way,
            uptime: written.uptime,
            broken: written.broken,
            dropped: written.dropped,
            source: written.source,
            samples: written.values.iter().filter_map(sample).collect(),
        }
    }

    /// What an entry says of a proxy: that it was read, or not.
    pub fn scraped(&self, entry: &Entry) -> Option<Scraped> {
        match &entry.what {
            What::Scrape(written) => Some(Scraped::Scrape(Box::new(self.scrape(written)))),
            What::Missed(missed) => Some(Scraped::Missed(missed.clone())),
            _ => None,
        }
    }

    /// When there is something to see for the first time: all objects are told that were before a proxy was read.
    pub fn start(&self) -> Timestamp {
        let tried = |entry: &Entry| matches!(entry.what, What::Scrape(_) | What::Missed(_));
        let is_object = |entry: &&Entry| matches!(entry.what, What::Object(_));
        let first = match self.entries.iter().position(tried) {
            Some(at) => self.entries.iter().take(at).rev().find(is_object),
            // Then nothing says which were there from the beginning.
            None => self.entries.iter().find(is_object),
        };
        let begun = self.entries.first().map_or(self.header.started, |e| e.at.min(self.header.started));
        first.map_or(begun, |entry| entry.at)
    }

    /// When it ends.
    pub fn end(&self) -> Timestamp {
        self.entries.last().map_or(self.header.started, |entry| entry.at.max(self.header.started))
    }

    /// How many entries there are up to a moment.
    pub fn until(&self, at: Timestamp) -> usize {
        self.entries.partition_point(|entry| entry.at <= at)
    }

    /// The clusters that do not answer after so many entries.
    pub fn lost(&self, entries: usize) -> BTreeSet<&ClusterName> {
        let (mut lost, mut spoke) = (BTreeSet::new(), BTreeSet::new());
        for entry in self.entries.iter().take(entries) {
            match &entry.what {
                What::Refused(cluster, None, _) => drop(lost.insert(cluster)),
                What::Answers(cluster) => drop(lost.remove(cluster)),
                // One that was never heard of comes with its objects. Of others some may still be on their way.
                What::Object(change) if spoke.insert(&change.key.cluster) => {
                    lost.remove(&change.key.cluster);
                }
                _ => {}
            }
        }
        lost
    }

    /// The objects that are there after so many entries.
    pub fn objects(&self, entries: usize) -> BTreeMap<&ObjectKey, &Arc<Value>> {
        let mut there = BTreeMap::new();
        for entry in self.entries.iter().take(entries) {
            if let What::Object(Change { key, object }) = &entry.what {
                match object {
                    Some(object) => drop(there.insert(key, object)),
                    None => drop(there.remove(key)),
                }
            }
        }
        there
    }
}

fn header(line: &[u8]) -> Result<Header, Unreadable> {
    // A later version may say other things there.
    #[derive(serde::Deserialize)]
    struct Versioned {
        is: String,
        version: u32,
    }
    let first: Versioned = serde_json::from_slice(line).map_err(|_| Unreadable::NoHeader)?;
    if first.is != "recording" {
        return Err(Unreadable::NoHeader);
    }
    if first.version > VERSION {
        return Err(Unreadable::TooNew(first.version));
    }
    serde_json::from_slice(line).map_err(|_| Unreadable::NoHeader)
}
