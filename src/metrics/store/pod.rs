//! What was read of one pod, over time.

mod prune;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::kept::{Histogram, Kept, Key, Raw, increase, is_of_cluster, is_of_requests, unstack};
use super::lane::{Join, Lane};
use crate::metrics::read::MOST_SAMPLES;
use crate::metrics::scrape::{Missed, Scrape, Way};
use crate::metrics::series::{Metric, Sample};
use crate::model::fault::Fault;
use crate::model::reading::Source;

/// Scrapes that are kept one by one.
pub(super) const SCRAPES: u16 = 300;

/// Slots that are kept beyond: their length in seconds, and how many.
pub(super) const SLOTS: [(u64, u16); 2] = [(10, 360), (120, 720)];

/// Most series of a pod; what is above is not kept, and counted.
const MOST_SERIES: usize = 20_000;

/// Most series of a proxy that are held against what is read next.
const MOST_RAW: usize = 2 * MOST_SAMPLES;

/// A longer pause than so many intervals is a gap: what happened in it is not known. Two missed scrapes make three, and
/// scrapes waver.
pub(super) const GAP: f64 = 3.5;

/// The interval as long as none is known, seconds.
const FIRST_INTERVAL: f64 = 60.0;

/// One scrape in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// When it was complete, seconds since 1970.
    pub(super) end: f64,
    /// Seconds since the scrape before; 0: there is none it can be held against.
    pub(super) seconds: f64,
    /// Seconds before `end` that it may be shown for: not those of a scrape that was missed.
    pub(super) shown: f64,
}

/// How the samples of a scrape are taken.
#[derive(Clone, Copy, Debug)]
struct Taking {
    /// There is a scrape that they can be held against.
    pair: bool,
    source: Source,
    /// All of that scrape was kept: a series that was not in it is new.
    all_kept: bool,
    /// A new series counted from zero.
    from_zero: bool,
}

/// What was read of one pod.
#[derive(Clone, Debug, Default)]
pub(super) struct Pod {
    uid: Box<str>,
    pub(super) at: Option<Timestamp>,
    pub(super) took: f64,
    pub(super) fault: Option<Fault>,
    pub(super) broken: u32,
    /// Samples of the last scrape that were not taken, here or where it was read.
    pub(super) dropped: u32,
    pub(super) way: Option<Way>,
    pub(super) source: Option<Source>,
    pub(super) restarted: Option<Timestamp>,
    /// When the proxy started, seconds since 1970, where it says so.
    pub(super) born: Option<f64>,
    /// It is no longer in the cluster.
    pub(super) gone: bool,
    uptime: Option<f64>,
    /// Seconds between scrapes, as they come.
    pub(super) interval: Option<f64>,
    /// Number of the last scrape; the first is 1.
    pub(super) scrape: u64,
    /// Scrapes that failed since.
    pub(super) missed: u32,
    missed_at: f64,
    pub(super) steps: VecDeque<Step>,
    /// Seconds of each slot for which increases are known.
    pub(super) covered: [Option<Lane>; 2],
    pub(super) series: Vec<Kept>,
    raw: HashMap<(Key, u32), Raw>,
    by_key: HashMap<Key, usize>,
    /// Buckets by host and port, in the order of their bounds.
    pub(super) histograms: HashMap<(Option<Arc<str>>, u16), Histogram>,
    /// Hosts that were asked over HTTP.
    pub(super) http: HashSet<Arc<str>>,
    /// The first and the last scrape that told of each cluster, by its place.
    clusters: Vec<(u64, u64)>,
    /// Places of clusters by host and port.
    by_cluster: HashMap<(Arc<str>, u16), usize>,
}

/// Seconds since 1970.
pub(super) fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1_000.0
}

/// The moment of so many seconds since 1970.
pub(super) fn timestamp(seconds: f64) -> Timestamp {
    Timestamp::from_millisecond((seconds * 1_000.0).round() as i64).unwrap_or_default()
}

impl Pod {
    /// When it was last read, or could not be.
    pub(super) fn heard(&self) -> Option<f64> {
        let missed = (self.missed > 0).then_some(self.missed_at);
        self.at.map(seconds).into_iter().chain(missed).reduce(f64::max)
    }

    pub(super) fn miss(&mut self, missed: &Missed) {
        self.fault = Some(missed.fault.clone());
        self.missed += 1;
        self.missed_at = seconds(missed.at);
    }

    /// Takes a scrape. One that is not newer than the last is left aside.
    pub(super) fn ingest(&mut self, scrape: &Scrape) {
        let end = seconds(scrape.at);
        let last = self.at.map(seconds);
        if last.is_some_and(|last| end <= last) {
            return;
        }
        let began_anew = self.begins_anew(scrape, end);
        // What would continue its numbers was let go of when it left.
        let step = self.step(end, last, began_anew || self.gone);
        if began_anew {
            self.raw.clear();
            self.restarted = Some(scrape.at);
            self.source = None;
        }
        // A source that was there and is silent is not replaced by a weaker one: the two would count the same requests.
        let weaker = self.source.is_some_and(|best| scrape.source > best);
        // A proxy creates its counters when they first count, so a new one counted from zero. Those of `/clusters` were there
        // all along, but where it told of nothing else before: what is idle is left out.
        let from_zero = scrape.source != Source::Admin || self.source == Some(Source::Admin);
        let taking = Taking {
            pair: step.seconds > 0.0,
            source: scrape.source,
            all_kept: self.dropped == 0,
            from_zero,
        };
        self.scrape += 1;
        self.dropped = scrape.dropped;
        for sample in &scrape.samples {
            if weaker && is_of_requests(sample.series.metric) {
                continue;
            }
            if !self.take(sample, taking) {
                self.dropped = self.dropped.saturating_add(1);
            }
        }
        self.idle_gauges();
        unstack(self.histograms.values_mut(), &mut self.series, self.scrape);
        self.steps.push_back(step);
        if self.steps.len() > usize::from(SCRAPES) {
            self.steps.pop_front();
        }
        self.write(step);
        self.prune(end);
        if !weaker {
            self.source = Some(scrape.source);
        }
        self.note(scrape, end);
    }

    fn note(&mut self, scrape: &Scrape, end: f64) {
        self.uid = scrape.uid.clone();
        self.at = Some(scrape.at);
        self.took = scrape.took.as_secs_f64();
        self.broken = scrape.broken;
        self.way = Some(scrape.way);
        self.uptime = scrape.uptime;
        self.born = scrape.uptime.map(|uptime| end - uptime).or(self.born);
        (self.fault, self.missed, self.gone) = (None, 0, false);
    }

    /// Whether the counters are not those of the last scrape: another pod, or a proxy that started since.
    fn begins_anew(&self, scrape: &Scrape, end: f64) -> bool {
        let Some(last) = self.at else { return false };
        let started = scrape.uptime.map(|uptime| end - uptime);
        // Uptime is told in whole seconds.
        scrape.uid != self.uid
            || matches!((scrape.uptime, self.uptime), (Some(now), Some(before)) if now < before)
            || started.is_some_and(|started| started > seconds(last) + 1.5)
    }

    fn step(&mut self, end: f64, last: Option<f64>, began_anew: bool) -> Step {
        let Some(last) = last else {
            return Step { end, seconds: 0.0, shown: 0.0 };
        };
        let gap = end - last;
        let usual = self.interval.unwrap_or(FIRST_INTERVAL);
        let alone = gap / f64::from(self.missed + 1);
        // How long nobody looked is not how often it is read.
        if !self.gone {
            self.interval = Some(alone);
        }
        let shown = if self.missed > 0 { (end - self.missed_at).clamp(0.0, gap) } else { gap };
        let known = !began_anew && gap <= GAP * usual;
        let seconds = if known { gap } else { 0.0 };
        Step { end, seconds, shown: if known { shown } else { 0.0 } }
    }

    /// Whether there was room for it.
    fn take(&mut self, sample: &Sample, taking: Taking) -> bool {
        let metric = sample.series.metric;
        let (now, value) = (self.scrape, sample.value);
        let raw_key = (Key::of(sample), sample.series.part);
        let (before, series, cluster) = match self.raw.get_mut(&raw_key) {
            // Nothing tells it from another line of the same scrape.
            Some(raw) if raw.scrape == now => return true,
            Some(raw) => {
                let before = (raw.value, raw.scrape + 1 == now);
                (raw.value, raw.scrape) = (value, now);
                (Some(before), raw.series, raw.cluster)
            }
            None => {
                if self.raw.len() >= MOST_RAW {
                    return false;
                }
                let Some(series) = self.place(&raw_key.0) else { return false };
                let cluster = self.cluster(&raw_key.0, taking.source);
                if let Some(kept) = self.series.get_mut(series) {
                    kept.cluster = cluster;
                }
                self.raw.insert(raw_key, Raw { value, scrape: now, series, cluster });
                (None, series, cluster)
            }
        };
        let mut from_zero = taking.from_zero;
        if let Some((first, last)) = cluster.and_then(|place| self.clusters.get_mut(place)) {
            *last = now;
            // An endpoint that came to a cluster that was known.
            from_zero |= *first < now;
        }
        let Some(kept) = self.series.get_mut(series) else { return true };
        if metric.is_gauge() {
            kept.add(now, value);
        } else if let Some(more) = increase(before, value, from_zero && taking.all_kept)
            && taking.pair
        {
            kept.add(now, more);
        }
        true
    }

    /// The place of the cluster that a series is of; `None`: it is of none.
    fn cluster(&mut self, key: &Key, source: Source) -> Option<usize> {
        let host = key.host.as_ref().filter(|_| source == Source::Admin || is_of_cluster(key.metric))?;
        let next = self.clusters.len();
        let place = *self.by_cluster.entry((host.clone(), key.port)).or_insert(next);
        if place == next {
            self.clusters.push((self.scrape, self.scrape));
        }
        Some(place)
    }

    /// Whether the newest scrape told of the cluster that a series is of.
    pub(super) fn has_cluster(&self, kept: &Kept) -> bool {
        let cluster = kept.cluster.and_then(|place| self.clusters.get(place));
        cluster.is_none_or(|(_, last)| *last == self.scrape)
    }

    /// The place of a series, made where there is none.
    fn place(&mut self, key: &Key) -> Option<usize> {
        if let Some(place) = self.by_key.get(key) {
            return Some(*place);
        }
        if self.series.len() >= MOST_SERIES {
            return None;
        }
        let place = self.series.len();
        if let Some(le) = key.le() {
            let bounds = &mut self.histograms.entry((key.host.clone(), key.port)).or_default().bounds;
            let less =
                |other: &usize| self.series.get(*other).and_then(|k| k.key.le()).is_some_and(|b| b < le);
            bounds.insert(bounds.partition_point(less), place);
        }
        if matches!(key.metric, Metric::Requests | Metric::UpstreamRequests)
            && let Some(host) = &key.host
        {
            self.http.insert(host.clone());
        }
        self.by_key.insert(key.clone(), place);
        self.series.push(Kept::new(key.clone()));
        Some(place)
    }

    /// A gauge of a cluster that is left out stands at zero, as long as the cluster has others.
    fn idle_gauges(&mut self) {
        let now = self.scrape;
        for kept in self.series.iter_mut().filter(|kept| kept.of != now && kept.key.metric.is_gauge()) {
            let cluster = kept.cluster.and_then(|place| self.clusters.get(place));
            if cluster.is_some_and(|(_, last)| *last == now) {
                kept.add(now, 0.0);
            }
        }
    }

    fn write(&mut self, step: Step) {
        let now = self.scrape;
        let parts: Vec<Part> = slots(step.end - step.seconds, step.end).collect();
        let mut shares = Vec::with_capacity(parts.len());
        for part in &parts {
            let Some((covered, (_, keeps))) = self.covered.get_mut(part.level).zip(SLOTS.get(part.level))
            else {
                continue;
            };
            let covered = covered.get_or_insert_with(|| Lane::new(*keeps));
            let more = part.share * step.seconds;
            covered.write(part.slot, more, Join::Sum);
            // Of the seconds of the slot, those of this scrape.
            let all = covered.get(part.slot).map_or(0.0, f64::from);
            shares.push(if more > 0.0 { all / more } else { 1.0 });
        }
        for kept in self.series.iter_mut().filter(|kept| kept.of == now) {
            let is_gauge = kept.key.metric.is_gauge();
            if is_gauge {
                kept.last = (kept.sum, now);
            }
            kept.scrapes.write(now, kept.sum, Join::Sum);
            for (part, of) in parts.iter().zip(&shares) {
                let Some(lane) = kept.slots.get_mut(part.level) else { continue };
                match is_gauge {
                    true => lane.write(part.slot, kept.sum, Join::Mean(*of)),
                    false => lane.write(part.slot, kept.sum * part.share, Join::Sum),
                }
            }
        }
    }

    /// It is no longer in the cluster: its numbers are kept, what would continue them is not.
    pub(super) fn leave(&mut self) {
        self.gone = true;
        self.raw = HashMap::new();
    }
}

/// The part of a time that falls into a slot.
struct Part {
    level: usize,
    slot: u64,
    /// Of all of it.
    share: f64,
}

/// The slots of all levels from one moment to another.
fn slots(from: f64, to: f64) -> impl Iterator<Item = Part> {
    SLOTS.into_iter().enumerate().flat_map(move |(level, (length, _))| {
        let length = length as f64;
        let (first, last) = ((from / length).floor() as u64, (to / length).floor() as u64);
        (first..=last).filter_map(move |slot| {
            let (begin, end) = (slot as f64 * length, (slot + 1) as f64 * length);
            let share = if to > from { (to.min(end) - from.max(begin)) / (to - from) } else { 1.0 };
            (share > 0.0).then_some(Part { level, slot, share })
        })
    })
}
