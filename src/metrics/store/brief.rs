//! The traffic of a gateway in one line, and what thresholds say of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::grid::{Grid, finest};
use super::pod::{Pod, seconds};
use super::rows::SPARK;
use super::{Store, lines};
use crate::metrics::view::{Line, Of, Quantity, Totals, Window};
use crate::model::brief::{Brief, Thresholds, Verdict};
use crate::model::name::ObjectKey;
use crate::model::reading::{Reading, Unit};
use crate::model::table::Tone;

/// Below so many requests in the window a few failures are no verdict, unless all failed.
const FEW: f64 = 10.0;

/// How far back it is looked since when something is wrong.
const BACK: Window = Window::QuarterHour;

impl Store {
    /// The traffic of these pods in one line: over the last minute, or over five where they are read more rarely; with the
    /// last sixteen samples, and what thresholds say.
    pub fn brief(&self, pods: &[ObjectKey], now: Timestamp, thresholds: &Thresholds) -> Brief {
        let minute = self.totals(pods, &Of::All, Window::Minute, now);
        let (window, totals) = match minute.requests {
            Reading::Unknown => (Window::FiveMinutes, self.totals(pods, &Of::All, Window::FiveMinutes, now)),
            _ => (Window::Minute, minute),
        };
        let is_tcp = totals.is_tcp();
        Brief {
            requests: if is_tcp { totals.connections } else { totals.requests },
            is_tcp,
            success: totals.success,
            p99: totals.p99,
            active: totals.active,
            spark: self.spark(pods, is_tcp, now),
            source: totals.source,
            verdict: self.verdict(pods, &totals, window, now, thresholds),
            trouble: self.trouble(pods),
        }
    }

    fn spark(&self, pods: &[ObjectKey], is_tcp: bool, now: Timestamp) -> Arc<[Option<f32>]> {
        let to = seconds(now);
        let interval = finest(pods.iter().filter_map(|key| self.pods.get(key)?.interval));
        let length = interval * SPARK as f64;
        let grid = Grid::of(&self.slices(pods, to - length, to), length, to, SPARK);
        let from = grid.from - grid.step;
        let quantity = if is_tcp { Quantity::Connections } else { Quantity::Requests };
        let totals = self.between(pods, &Of::All, from, to);
        lines::line(&self.slices(pods, from, to), grid, &Of::All, quantity, &totals).values.into()
    }

    fn verdict(
        &self,
        pods: &[ObjectKey],
        totals: &Totals,
        window: Window,
        now: Timestamp,
        t: &Thresholds,
    ) -> Verdict {
        let enough = |success: f64| {
            let requests = totals.requests.number().unwrap_or_default() * f64::from(window.seconds());
            success == 0.0 || requests >= FEW || totals.requests.number() == Some(0.0)
        };
        let success = totals.success.number().filter(|success| enough(*success));
        let success = success.and_then(|n| judge(n, t.success, |n, limit| n < limit).map(|found| (n, found)));
        // A quantile of few requests is no verdict.
        let p99 = Some(totals.p99).filter(|p99| !matches!(p99, Reading::Rough(_)));
        let p99 = p99.and_then(|p99| Some((p99, judge(p99.number()?, t.p99, |n, limit| n > limit)?)));
        let mut verdict = Verdict::default();
        let (mut verdict_success, mut verdict_p99) = (Tone::Plain, Tone::Plain);
        let mut words = Vec::new();
        let mut worst = |tone, quantity, is_bad: &dyn Fn(f64) -> bool| {
            if tone == Tone::Bad || verdict.tone == Tone::Plain {
                verdict.tone = tone;
            }
            let line = self.line(pods, &Of::All, quantity, BACK, now, 180);
            verdict.since = verdict.since.into_iter().chain(since(&line, is_bad)).min();
        };
        if let Some((n, (tone, limit))) = success {
            verdict_success = tone;
            words.push(format!("success {} is below {}", Unit::Percent.words(n), whole_percent(limit)));
            worst(tone, Quantity::Success, &|n| n < t.success.0);
        }
        if let Some((p99, (tone, limit))) = p99 {
            verdict_p99 = tone;
            let (is, limit) = (p99.words(Unit::Milliseconds), Unit::Milliseconds.words(limit));
            words.push(format!("p99 {is} is above {limit}"));
            worst(tone, Quantity::P99, &|n| n > t.p99.0);
        }
        Verdict { success: verdict_success, p99: verdict_p99, words: words.join(", ").into(), ..verdict }
    }

    /// Why pods cannot be read; empty: the last try of each went well.
    fn trouble(&self, pods: &[ObjectKey]) -> Box<str> {
        let known: Vec<&Pod> =
            pods.iter().filter_map(|key| self.pods.get(key)).filter(|pod| !pod.gone).collect();
        let failed: Vec<&Pod> = known.iter().copied().filter(|pod| pod.fault.is_some()).collect();
        let Some(fault) = failed.first().and_then(|pod| pod.fault.as_ref()) else { return "".into() };
        if failed.len() == known.len() {
            return fault.summary.as_str().into();
        }
        format!("{} of {} pods cannot be read: {}", failed.len(), known.len(), fault.summary).into()
    }
}

/// What two limits say, the first to look at, the second bad; with the limit that was passed.
fn judge(n: f64, limits: (f64, f64), passes: fn(f64, f64) -> bool) -> Option<(Tone, f64)> {
    [(Tone::Bad, limits.1), (Tone::Warn, limits.0)].into_iter().find(|(_, limit)| passes(n, *limit))
}

/// `99 %`, `99.5 %`.
fn whole_percent(limit: f64) -> String {
    let percent = (limit * 10_000.0).round() / 100.0;
    format!("{percent} %")
}

/// The first moment since which no value was good.
fn since(line: &Line, is_bad: &dyn Fn(f64) -> bool) -> Option<Timestamp> {
    let told = line.values.iter().enumerate().rev().filter_map(|(n, value)| Some((n, f64::from((*value)?))));
    let (first, _) = told.take_while(|(_, value)| is_bad(*value)).last()?;
    let after = jiff::SignedDuration::from_millis((line.step * first as f64 * 1_000.0) as i64);
    line.from.checked_add(after).ok()
}
