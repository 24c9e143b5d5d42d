//! What a window is for each of several pods.

use std::ops::Range;

use super::kept::Kept;
use super::lane::Lane;
use super::pod::{GAP, Pod, SLOTS, Step, seconds};
use crate::model::reading::{Reading, Source};

/// What stood so many seconds before the end of a window still does, or longer where the pod is read more rarely.
const RECENT: f64 = 300.0;

/// A window may begin this part of itself before what is known: scrapes waver, and a line asks for one cell more than it
/// shows. It would be drawn from long slots half of the time.
const SLACK: f64 = 0.02;

/// Where to look up what stood at the end of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// Nowhere: the pod is gone, or was not read about then.
    Nowhere,
    /// In the newest scrape.
    Newest,
    /// At this scrape or slot.
    At(u64),
}

/// The scrapes or slots of a pod that lie in a window.
#[derive(Clone, Debug)]
pub(super) struct Slice<'s> {
    pub(super) pod: &'s Pod,
    /// Which slots; `None`: scrapes.
    level: Option<usize>,
    pub(super) places: Range<u64>,
    /// Seconds for which increases are known.
    pub(super) covered: f64,
    /// From when on.
    start: f64,
    /// Up to when.
    end: f64,
    stands: Stands,
    /// What makes an increase of this pod a rate of all of them together.
    pub(super) per_second: f64,
}

/// The slices of several pods.
#[derive(Debug, Default)]
pub(super) struct Slices<'s> {
    pub(super) of: Vec<Slice<'s>>,
    /// Whether increases of any of them are known: it was read twice.
    pub(super) is_paired: bool,
    /// The weakest of their sources.
    pub(super) source: Option<Source>,
}

impl<'s> Slice<'s> {
    fn lane<'k>(&self, kept: &'k Kept) -> Option<&'k Lane> {
        match self.level {
            None => Some(&kept.scrapes),
            Some(level) => kept.slots.get(level),
        }
    }

    /// What a series grew by in the window; `None`: it is not known.
    pub(super) fn sum(&self, kept: &Kept) -> Option<f64> {
        self.lane(kept)?.sum(self.places.clone())
    }

    /// The number of a series at a place.
    pub(super) fn get(&self, kept: &Kept, place: u64) -> Option<f64> {
        self.lane(kept)?.get(place).map(f64::from)
    }

    /// The time of a place that may be shown, and the seconds for which its increases are known. What stands was so before
    /// it was read, too, and needs no scrape to be held against.
    pub(super) fn time(&self, place: u64, stands: bool) -> Option<(Range<f64>, f64)> {
        let Some(level) = self.level else {
            let step = self.pod.step_at(place)?;
            let shown = if stands && step.seconds == 0.0 { self.distance() } else { step.shown };
            return Some((step.end - shown..step.end, step.seconds));
        };
        let length = SLOTS.get(level)?.0 as f64;
        let covered = f64::from(self.pod.covered.get(level)?.as_ref()?.get(place)?);
        let begin = place as f64 * length;
        let end = (begin + length).min(self.pod.at.map_or(f64::INFINITY, seconds));
        let is_known = stands || covered > 0.0;
        Some((begin..if is_known { end } else { begin }, covered))
    }

    /// When the pod was last read.
    pub(super) fn end_of_all(&self) -> Option<f64> {
        self.pod.at.map(seconds)
    }

    /// Seconds between two places.
    pub(super) fn distance(&self) -> f64 {
        match self.level {
            None => self.pod.interval.unwrap_or(1.0),
            Some(level) => SLOTS.get(level).map_or(1.0, |(length, _)| *length as f64),
        }
    }

    /// Whether it is known what stood at the end of the window.
    pub(super) fn stands(&self) -> bool {
        self.stands != Stands::Nowhere
    }

    /// A gauge at the end of the window. Nothing: the proxy no longer told of it.
    pub(super) fn standing(&self, kept: &Kept) -> Reading {
        match self.stands {
            Stands::Nowhere => Reading::Unknown,
            Stands::Newest if kept.last.1 == self.pod.scrape => Reading::Value(kept.last.0),
            Stands::Newest => Reading::Nothing,
            Stands::At(place) => self.get(kept, place).map_or(Reading::Unknown, Reading::Value),
        }
    }
}

impl Pod {
    fn step_at(&self, place: u64) -> Option<&Step> {
        let oldest = self.scrape + 1 - self.steps.len() as u64;
        self.steps.get(usize::try_from(place.checked_sub(oldest)?).ok()?)
    }

    /// The part of the past between two moments, as finely as it is still known. A scrape belongs to it that was complete in
    /// it. `None`: there is none.
    pub(super) fn slice(&self, from: f64, to: f64) -> Option<Slice<'_>> {
        let oldest = self.steps.front()?;
        let all = self.scrape == self.steps.len() as u64;
        let reach = from + (to - from) * SLACK;
        if all || oldest.end - oldest.seconds <= reach {
            self.scrapes(from, to)
        } else {
            self.slots(from, to, reach)
        }
    }

    /// Where to look up what stood at the end of a window, in slots of this level.
    fn stands(&self, from: f64, to: f64, level: Option<u64>) -> Stands {
        let patience = RECENT.max(GAP * self.interval.unwrap_or_default());
        let is_recent = |end: f64| end > from && to - end <= patience;
        if let Some(at) = self.at.map(seconds).filter(|at| *at <= to) {
            return if !self.gone && is_recent(at) { Stands::Newest } else { Stands::Nowhere };
        }
        if let Some(length) = level {
            return Stands::At((to / length as f64).floor().max(0.0) as u64);
        }
        let before = self.steps.partition_point(|step| step.end <= to).checked_sub(1);
        match before.filter(|n| self.steps.get(*n).is_some_and(|step| is_recent(step.end))) {
            Some(n) => Stands::At(self.scrape + 1 - self.steps.len() as u64 + n as u64),
            None => Stands::Nowhere,
        }
    }

    fn scrapes(&self, from: f64, to: f64) -> Option<Slice<'_>> {
        let oldest = self.scrape + 1 - self.steps.len() as u64;
        let first = self.steps.partition_point(|step| step.end <= from);
        let last = self.steps.partition_point(|step| step.end <= to);
        let known = || self.steps.range(first..last).filter(|step| step.seconds > 0.0);
        let ends = self.steps.get(first)?.end;
        (first < last).then(|| Slice {
            pod: self,
            level: None,
            places: oldest + first as u64..oldest + last as u64,
            covered: known().map(|step| step.seconds).sum(),
            start: known().next().map_or(ends, |step| step.end - step.seconds),
            end: known().next_back().map_or(ends, |step| step.end),
            stands: self.stands(from, to, None),
            per_second: 0.0,
        })
    }

    /// `reach` is how far back it must be known.
    fn slots(&self, from: f64, to: f64, reach: f64) -> Option<Slice<'_>> {
        let reaches = |level: &usize| {
            let Some((length, keeps)) = SLOTS.get(*level) else { return false };
            let last = self.covered.get(*level).and_then(|lane| lane.as_ref()?.last());
            last.is_some_and(|last| {
                (last + 1).saturating_sub(u64::from(*keeps)) as f64 * *length as f64 <= reach
            })
        };
        let level = (0..SLOTS.len()).find(reaches).unwrap_or(SLOTS.len() - 1);
        let covered = self.covered.get(level)?.as_ref()?;
        let seconds_each = SLOTS.get(level)?.0;
        let length = seconds_each as f64;
        let places = (from / length).floor().max(0.0) as u64..(to / length).floor().max(0.0) as u64 + 1;
        let known = || places.clone().filter(|slot| covered.get(*slot).is_some_and(|c| c > 0.0));
        let (first, last) = (known().next()?, known().next_back()?);
        let at = self.at.map_or(to, seconds);
        Some(Slice {
            pod: self,
            level: Some(level),
            covered: covered.sum(places.clone()).unwrap_or_default(),
            start: first as f64 * length,
            end: ((last + 1) as f64 * length).min(at),
            stands: self.stands(from, to, Some(seconds_each)),
            places,
            per_second: 0.0,
        })
    }
}

impl<'s> Slices<'s> {
    /// The slices of these pods between two moments.
    ///
    /// Their rates are those of all of them together over the time in which any was read: a pod that came or went in it
    /// counts for its part of the time, so that a rollout does not look like twice the traffic. One that was read for a part
    /// only is taken to have gone on in the same way.
    pub(super) fn of(pods: impl Iterator<Item = &'s Pod>, from: f64, to: f64) -> Self {
        let mut of: Vec<Slice<'s>> = pods.filter_map(|pod| pod.slice(from, to)).collect();
        let known = || of.iter().filter(|slice| slice.covered > 0.0);
        let start = known().map(|slice| slice.start).fold(f64::INFINITY, f64::min);
        let end = known().map(|slice| slice.end).fold(f64::NEG_INFINITY, f64::max);
        let is_paired = start < end;
        let source = of.iter().filter_map(|slice| slice.pod.source).max();
        for slice in of.iter_mut().filter(|slice| slice.covered > 0.0) {
            // Born while others were read; else it was there already, and only egret was late.
            let begin = if slice.pod.born.is_some_and(|born| born > start) { slice.start } else { start };
            let stop = if slice.pod.gone { slice.end } else { end };
            let life = ((stop - begin) / (end - start)).clamp(0.0, 1.0);
            slice.per_second = life / slice.covered;
        }
        Self { of, is_paired, source }
    }
}
