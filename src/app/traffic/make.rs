//! Makes what the Traffic tab shows, when something of it changed.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::briefs::{above, below};
use super::parts::{AXIS, parts};
use super::plot::{LETTERS, Picture, resampled, scale, span};
use super::rows::{Judge, headings};
use super::view::{Card, Plot, Shown, ShownRow, Trend, View};
use super::words::source_words;
use crate::app::model::App;
use crate::app::screen::{DetailsOf, Screen, Tab};
use crate::metrics::view::{By, Line, Of, PodReading, Quantity, Row, Totals, Window};
use crate::model::amount::Amount;
use crate::model::clean::clean;
use crate::model::columns::{clock, figure};
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::ObjectKey;
use crate::model::reading::{Reading, Unit};
use crate::model::table::Tone;

/// How long rows keep their order while one reads them.
const ORDERED: SignedDuration = SignedDuration::from_secs(5);

/// Below this width not all numbers fit.
const NARROW: u16 = 72;

/// A number has changed when it differs by more than this part.
const CHANGED: f64 = 0.05;

/// What numbers are asked of.
struct Asked {
    /// The pods whose numbers count, those that are gone among them.
    pods: Vec<ObjectKey>,
    /// The pods that are there.
    current: Vec<ObjectKey>,
    of: Of,
    window: Window,
    now: Timestamp,
}

impl App {
    /// Makes what the open Traffic tab shows for so many cells, when it is not what is shown already.
    pub(in crate::app) fn make_traffic(&mut self, size: (u16, u16)) {
        let window = self.traffic.window;
        let Screen::Details(details) = self.screen() else { return };
        let DetailsOf::Gateway(id) = &details.of else { return };
        let view = &details.traffic;
        if details.tab != Tab::Traffic || (!view.stale && view.made == Some((size.0, size.1, window))) {
            return;
        }
        let (shown, order, selected, offset) = self.traffic_shown(&id.clone(), view, size);
        if let Screen::Details(details) = self.screen_mut() {
            let view = &mut details.traffic;
            view.shown = shown;
            view.order = order;
            view.offset = offset;
            view.selected = view.selected.take().and(selected);
            view.stale = false;
            view.made = Some((size.0, size.1, window));
        }
    }

    #[allow(clippy::type_complexity, reason = "what of a view changes when it is shown")]
    fn traffic_shown(
        &self,
        id: &GatewayId,
        view: &View,
        (width, height): (u16, u16),
    ) -> (Shown, Option<(Timestamp, Vec<Arc<str>>)>, Option<Arc<str>>, usize) {
        let now = view.frozen.unwrap_or(self.now);
        let row = self.gateway(id);
        let asked = self.asked(id, row.as_deref(), view, now);
        let store = &self.traffic.store;
        let totals = store.totals(&asked.pods, &asked.of, asked.window, now);
        let mut readings = store.readings(&asked.current);
        readings.retain(|reading| reading.last.is_some() || reading.fault.is_some());
        let (rows, order) = self.ordered(self.rows_of(&asked, view), view, now);
        let mut shown = Shown {
            window: asked.window,
            pace: pace(view),
            source: source_words(totals.source).to_owned(),
            all: rows.len(),
            ..Shown::default()
        };
        shown.saying = self.nothing_to_show(row.as_deref(), &readings, &totals, rows.len());
        if shown.saying.is_some() {
            return (shown, None, None, 0);
        }
        shown.note = row.as_ref().and_then(|row| {
            let open = open_breakers(&store.upstreams(&asked.current, asked.window, now));
            self.note_of(row, &readings, &totals, &open)
        });
        shown.parts = parts(height, rows.len(), shown.note.is_some());
        shown.cards = self.cards(width, &asked, &totals, row.as_deref(), &readings);
        if shown.parts.chart > 0 {
            shown.chart = Some(self.picture(id, view, &asked, width));
        }
        let judge = self.judge_of(view, &rows, &totals);
        let at =
            view.selected.as_ref().and_then(|key| rows.iter().position(|row| row.key == *key)).unwrap_or(0);
        let offset = offset(view.offset, at, usize::from(shown.parts.rows), rows.len());
        let (titles, cells) = headings(&rows, &judge, width);
        shown.headings = titles;
        let in_sight = rows.iter().enumerate().skip(offset).take(usize::from(shown.parts.rows));
        shown.rows = in_sight
            .map(|(n, row)| ShownRow {
                key: row.key.clone(),
                cells: cells(row, &judge),
                selected: n == at,
                letter: letter(view, &row.key),
            })
            .collect();
        if let Some(row) = rows.get(at) {
            let places = self.failing_pods(row, &asked, &judge);
            shown.explain = self.explain_row(row, &judge, places, now);
        } else {
            let text = format!("Nothing went through it in the last {}.", asked.window);
            shown.explain = [text, String::new()];
        }
        let selected = rows.get(at).map(|row| row.key.clone());
        (shown, order, selected, offset)
    }

    fn asked(&self, id: &GatewayId, row: Option<&GatewayRow>, view: &View, now: Timestamp) -> Asked {
        let current: Vec<ObjectKey> = row.map(|row| row.pod_keys()).unwrap_or_default();
        let mut pods = self.traffic.pods(id);
        if pods.is_empty() {
            pods.clone_from(&current);
        }
        let of = view.host.clone().map_or(Of::All, Of::Host);
        Asked { pods, current, of, window: self.traffic.window, now }
    }

    fn judge_of(&self, view: &View, rows: &[Row], totals: &Totals) -> Judge<'_> {
        let sum = rows.iter().filter_map(|row| row.totals.requests.number()).sum();
        let by = if view.host.is_some() { By::Pod } else { view.by };
        Judge { by, limits: &self.settings.thresholds, sum, source: totals.source }
    }

    /// The rows, the worst first; of one host, its pods.
    fn rows_of(&self, asked: &Asked, view: &View) -> Vec<Row> {
        let (store, now) = (&self.traffic.store, asked.now);
        let Some(host) = &view.host else { return store.rows(&asked.pods, view.by, asked.window, now) };
        let of_pod = |pod: &ObjectKey| {
            let rows = store.rows(std::slice::from_ref(pod), By::Host, asked.window, now);
            let row = rows.into_iter().find(|row| row.key == *host)?;
            Some(Row { key: pod.name.clone(), port: 0, ..row })
        };
        let mut rows: Vec<Row> = asked.pods.iter().filter_map(of_pod).collect();
        let success = |row: &Row| row.totals.success.number().unwrap_or(1.0);
        rows.sort_by(|a, b| success(a).total_cmp(&success(b)));
        rows
    }

    /// Rows in the order in which they stand already: under a cursor that was set they jump at most every few seconds.
    #[allow(clippy::type_complexity, reason = "an order, and when it was made")]
    fn ordered(
        &self,
        mut rows: Vec<Row>,
        view: &View,
        now: Timestamp,
    ) -> (Vec<Row>, Option<(Timestamp, Vec<Arc<str>>)>) {
        let held = view
            .order
            .as_ref()
            .filter(|(at, _)| view.selected.is_some() && now.duration_since(*at) < ORDERED);
        if let Some((at, keys)) = held {
            let place = |row: &Row| keys.iter().position(|key| *key == row.key).unwrap_or(usize::MAX);
            rows.sort_by_key(place);
            let order = (*at, rows.iter().map(|row| row.key.clone()).collect());
            return (rows, Some(order));
        }
        let order = (now, rows.iter().map(|row| row.key.clone()).collect());
        (rows, Some(order))
    }

    /// Of a host that fails: in how many of how many pods.
    fn failing_pods(&self, row: &Row, asked: &Asked, judge: &Judge<'_>) -> Option<(usize, usize)> {
        if judge.by != By::Host {
            return None;
        }
        let of = Of::Host(row.key.clone());
        let fails = |pod: &&ObjectKey| {
            let totals = self.traffic.store.totals(std::slice::from_ref(*pod), &of, asked.window, asked.now);
            below(totals.success, judge.limits.success) != Tone::Plain
                || above(totals.p99, judge.limits.p99) != Tone::Plain
        };
        Some((asked.current.iter().filter(fails).count(), asked.current.len()))
    }

    fn cards(
        &self,
        width: u16,
        asked: &Asked,
        totals: &Totals,
        row: Option<&GatewayRow>,
        readings: &[PodReading],
    ) -> Vec<Card> {
        let before = self.traffic.store.before(&asked.pods, &asked.of, asked.window, asked.now);
        let limits = &self.settings.thresholds;
        let card = |title, now: Reading, was: Reading, unit, tone| Card {
            title,
            value: figure(now, unit),
            trend: trend(now, was, unit),
            tone,
        };
        let plain = Tone::Plain;
        let first = if totals.is_tcp() {
            card("CONN/s", totals.connections, before.connections, Unit::PerSecond, plain)
        } else {
            card("RPS", totals.requests, before.requests, Unit::PerSecond, plain)
        };
        let success = below(totals.success, limits.success);
        let slow = above(totals.p99, limits.p99);
        let used = row.map_or(Reading::Unknown, |row| saturation(row, readings));
        let all = [
            first,
            card("OK%", totals.success, before.success, Unit::Percent, success),
            card("P50", totals.p50, before.p50, Unit::Milliseconds, plain),
            card("P90", totals.p90, before.p90, Unit::Milliseconds, plain),
            card("P99", totals.p99, before.p99, Unit::Milliseconds, slow),
            card("ACTIVE", totals.active, before.active, Unit::Count, plain),
            card("OUT/s", totals.bytes_out, before.bytes_out, Unit::BytesPerSecond, plain),
            card("IN/s", totals.bytes_in, before.bytes_in, Unit::BytesPerSecond, plain),
            Card { title: "MEM%", value: whole(used), trend: None, tone: above(used, limits.saturation) },
        ];
        // Where little fits, one quantile tells enough.
        let fits = |card: &Card| width >= NARROW || !matches!(card.title, "P50" | "P90");
        all.into_iter().filter(fits).collect()
    }

    fn picture(&self, id: &GatewayId, view: &View, asked: &Asked, width: u16) -> Picture {
        let cells = usize::from(width.saturating_sub(AXIS + 1).max(1));
        let points = cells * 2;
        let (title, unit) = view.plot.title();
        let line = |pods: &[ObjectKey], quantity| -> Line {
            self.traffic.store.line(pods, &asked.of, quantity, asked.window, asked.now, points)
        };
        let compared = self.compared(id, view, asked);
        let lines: Vec<(String, Line)> = if compared.is_empty() {
            let named = |(name, quantity): &(&'static str, Quantity)| {
                ((*name).to_owned(), line(&asked.pods, *quantity))
            };
            view.plot.lines().iter().map(named).collect()
        } else {
            let first = view.plot.lines().first().map_or(Quantity::Requests, |(_, quantity)| *quantity);
            compared.into_iter().map(|(name, pods)| (name, line(&pods, first))).collect()
        };
        let span = lines.first().map_or((asked.now, asked.now), |(_, line)| span(line));
        let lines: Vec<(String, Vec<Option<f32>>)> =
            lines.into_iter().map(|(name, line)| (name, resampled(&line, span, points))).collect();
        let place = |at: Timestamp| place(at, span, points);
        let marks = self.traffic.markers.of(id).iter();
        let marks = marks
            .filter_map(|mark| Some((place(mark.at)?, format!("{} {}", short_clock(mark.at), mark.text))))
            .collect();
        let cursor = view.cursor.map(|at| place(at).unwrap_or(if at < span.0 { 0 } else { points - 1 }));
        let said = said(&lines, unit, cursor, span, points);
        let of = view.host.as_ref().map(|host| format!(" to {}", clean(host))).unwrap_or_default();
        Picture {
            title: format!("{title}{of}"),
            unit,
            span,
            scale: scale(&lines, unit),
            lines,
            marks,
            cursor,
            said,
        }
    }

    /// What is compared: each with its name and its pods; nothing: nothing is.
    fn compared(&self, id: &GatewayId, view: &View, asked: &Asked) -> Vec<(String, Vec<ObjectKey>)> {
        if let Some(cluster) = &view.other {
            let other = GatewayId { cluster: cluster.clone(), ..id.clone() };
            let pods = self.traffic.pods(&other);
            return vec![(id.cluster.to_string(), asked.pods.clone()), (cluster.to_string(), pods)];
        }
        if view.marked.len() < 2 {
            return Vec::new();
        }
        let of = |name: &Arc<str>| {
            let pods = asked.pods.iter().filter(|pod| pod.name == *name).cloned().collect();
            (name.to_string(), pods)
        };
        view.marked.iter().map(of).collect()
    }
}

fn pace(view: &View) -> (Tone, String) {
    match (view.frozen, view.every) {
        (Some(at), _) => (Tone::Warn, format!("FROZEN since {}", clock(at))),
        (None, Some(every)) => (Tone::Plain, format!("every {} s", every.as_secs())),
        (None, None) => (Tone::Plain, "live".to_owned()),
    }
}

/// Where a moment stands among the values; none: before or behind them.
fn place(at: Timestamp, (start, end): (Timestamp, Timestamp), points: usize) -> Option<usize> {
    let length = (end.as_millisecond() - start.as_millisecond()) as f64;
    let part = (at.as_millisecond() - start.as_millisecond()) as f64 / length;
    (0.0..=1.0).contains(&part).then(|| ((part * points as f64) as usize).min(points.saturating_sub(1)))
}

/// A moment to the minute.
fn short_clock(at: Timestamp) -> String {
    clock(at).chars().take(5).collect()
}

/// What is read off a chart.
fn said(
    lines: &[(String, Vec<Option<f32>>)],
    unit: Unit,
    cursor: Option<usize>,
    (start, end): (Timestamp, Timestamp),
    points: usize,
) -> String {
    let words = |value: Option<f32>| {
        value.map_or_else(|| "not read".to_owned(), |v| figure(Reading::Value(f64::from(v)), unit))
    };
    if let Some(at) = cursor {
        let length = (end.as_millisecond() - start.as_millisecond()) as f64;
        let past = (at as f64 + 0.5) / points.max(1) as f64 * length;
        let moment = start.checked_add(SignedDuration::from_millis(past as i64)).unwrap_or(start);
        let values: Vec<String> =
            lines.iter().map(|(_, values)| words(values.get(at).copied().flatten())).collect();
        return format!("at {}: {}", clock(moment), values.join(" | "));
    }
    let range = |(_, values): &(String, Vec<Option<f32>>)| {
        let known: Vec<f32> = values.iter().flatten().copied().collect();
        let least = known.iter().copied().reduce(f32::min);
        let most = known.iter().copied().reduce(f32::max);
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f32>() / known.len() as f32);
        [least, mean, most].map(|value| value.map_or_else(|| "–".to_owned(), |v| words(Some(v))))
    };
    match lines {
        [one] => {
            let [least, mean, most] = range(one);
            format!("min {least}  mean {mean}  max {most}")
        }
        several => {
            several.iter().map(|line| format!("mean {}", range(line)[1])).collect::<Vec<_>>().join(" | ")
        }
    }
}

/// The letter of a row whose line is on the chart.
fn letter(view: &View, key: &Arc<str>) -> Option<char> {
    let at = view.marked.iter().position(|marked| marked == key)?;
    LETTERS.get(at).copied()
}

/// How a number differs from what it was before, if it does so enough to be told.
fn trend(now: Reading, was: Reading, unit: Unit) -> Option<Trend> {
    let (now, was) = (now.number()?, was.number()?);
    let enough = if unit == Unit::Percent { 0.001 } else { (was.abs() * CHANGED).max(0.05) };
    match now - was {
        d if d > enough => Some(Trend::Up),
        d if d < -enough => Some(Trend::Down),
        _ => None,
    }
}

/// The greatest part of its memory limit that one of its proxies uses.
fn saturation(row: &GatewayRow, readings: &[PodReading]) -> Reading {
    let limit =
        row.workload.as_ref().and_then(|w| w.limits.1.parse::<Amount>().ok()).map(|limit| limit.as_f64());
    let Some(limit) = limit.filter(|limit| *limit > 0.0) else {
        // Of no limit no part is used.
        return if row.workload.is_some() { Reading::Nothing } else { Reading::Unknown };
    };
    let used = readings.iter().filter_map(|reading| reading.memory.number()).reduce(f64::max);
    used.map_or(Reading::Unknown, |used| Reading::Value(used / limit))
}

/// A part in whole percents: more would say more than is known.
fn whole(part: Reading) -> String {
    part.number().map_or_else(|| figure(part, Unit::Percent), |n| format!("{:.0}", n * 100.0))
}

/// The hosts whose circuit breakers are open, with what they break.
fn open_breakers(upstreams: &[crate::metrics::view::Upstream]) -> Vec<String> {
    let open = upstreams.iter().filter(|upstream| !upstream.open_breakers.is_empty());
    open.map(|upstream| format!("{} ({})", clean(&upstream.host), upstream.open_breakers.join(", ")))
        .collect()
}

/// The first row in sight, so that the selected one is.
fn offset(before: usize, at: usize, room: usize, all: usize) -> usize {
    let last = all.saturating_sub(room);
    before.min(last).min(at).max((at + 1).saturating_sub(room.max(1)))
}

impl View {
    /// What the chart shows next.
    pub(super) fn next_plot(&mut self, by: isize) {
        self.plot = Plot::step(self.plot, by);
        self.stale = true;
    }
}
