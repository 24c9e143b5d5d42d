//! Gateways in one line each, judged by the thresholds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::plot::aligned;
use super::{Store, pod_key};
use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::screen::Screen;
use crate::metrics::view::{By, Of, Quantity, Totals, Window};
use crate::model::brief::{Brief, Thresholds, Verdict};
use crate::model::clean::clean;
use crate::model::columns::figure;
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::ObjectKey;
use crate::model::reading::{Reading, Unit};
use crate::model::table::{TableKind, Tone};

/// What a gateway is judged by: the last minute.
const JUDGED: Window = Window::Minute;

/// What its line of blocks tells of.
const SPARK: Window = Window::FiveMinutes;

/// Blocks of that line.
const BLOCKS: usize = 8;

/// Requests in the minute below which success says nothing.
const FEW: f64 = 3.0;

/// The bell rings at most this often.
const QUIET: SignedDuration = SignedDuration::from_secs(10);

/// The gateways in one line each.
#[derive(Debug, Default)]
pub(super) struct Briefs {
    of: BTreeMap<GatewayId, Arc<Brief>>,
    /// Something was read of them since their lines were made.
    asked: BTreeSet<GatewayId>,
    /// One has turned bad since the bell was asked about.
    turned: bool,
    rang: Option<Timestamp>,
}

impl Briefs {
    pub(super) fn get(&self, id: &GatewayId) -> Option<Arc<Brief>> {
        self.of.get(id).cloned()
    }

    /// Its line must be made anew.
    pub(super) fn ask(&mut self, id: GatewayId) {
        self.asked.insert(id);
    }

    /// All lines must be made anew.
    pub(super) fn ask_all(&mut self) {
        self.asked.extend(self.of.keys().cloned());
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&GatewayId) -> bool) {
        self.of.retain(|id, _| keep(id));
        self.asked.retain(keep);
    }

    fn put(&mut self, id: GatewayId, brief: Brief) {
        let turned = |old: &Arc<Brief>| old.verdict.tone != Tone::Bad && brief.verdict.tone == Tone::Bad;
        self.turned |= self.of.get(&id).is_some_and(turned);
        self.of.insert(id, Arc::new(brief));
    }
}

impl App {
    /// Makes the lines of the gateways of which something was read. Called once before each frame.
    pub(in crate::app) fn make_briefs(&mut self) {
        let asked = std::mem::take(&mut self.traffic.briefs.asked);
        if asked.is_empty() {
            return;
        }
        for id in asked {
            let Some(row) = self.gateway(&id) else { continue };
            let brief = self.brief_of(&row);
            self.traffic.briefs.put(id, brief);
        }
        let (now, briefs) = (self.now, &self.traffic.briefs.of);
        if let Some(Screen::Table(table)) = self.stack.last_mut()
            && table.kind == TableKind::Gateways
        {
            table.set_live(now, |row| briefs.get(&row.id).cloned());
        }
    }

    fn brief_of(&self, row: &GatewayRow) -> Brief {
        let (store, now) = (&self.traffic.store, self.now);
        let pods: Vec<ObjectKey> = row.pods.iter().map(|pod| pod_key(row, pod)).collect();
        let before = self.traffic.briefs.get(&row.id);
        let totals = store.totals(&pods, &Of::All, JUDGED, now);
        let is_tcp = is_tcp(&totals);
        let quantity = if is_tcp { Quantity::Connections } else { Quantity::Requests };
        // Pods that are gone count here: the load was there before they were replaced.
        let all = self.traffic.pods(&row.id);
        let line = store.line(&all, &Of::All, quantity, SPARK, aligned(now, SPARK, BLOCKS), BLOCKS);
        let judged = judge(store, &pods, &totals, &self.settings.thresholds, now);
        Brief {
            requests: if is_tcp { totals.connections } else { totals.requests },
            is_tcp,
            success: totals.success,
            p99: totals.p99,
            active: totals.active,
            spark: line.values.into(),
            source: totals.source,
            verdict: lasting(judged, before.as_deref(), now),
            trouble: trouble(store, &pods),
        }
    }

    /// How many gateways are bad by the thresholds.
    pub fn bad_gateways(&self) -> usize {
        let bad = |row: &&Arc<GatewayRow>| {
            self.traffic.briefs.of.get(&row.id).is_some_and(|brief| brief.verdict.tone == Tone::Bad)
        };
        self.fleet().iter().filter(bad).count()
    }

    /// The bell, when a gateway has turned bad and the person wants to hear it.
    pub(in crate::app) fn ring(&mut self) -> Option<Effect> {
        let briefs = &mut self.traffic.briefs;
        let turned = std::mem::take(&mut briefs.turned);
        let quiet = briefs.rang.is_some_and(|at| self.now.duration_since(at) < QUIET);
        if !turned || quiet || !self.settings.thresholds.bell {
            return None;
        }
        briefs.rang = Some(self.now);
        Some(Effect::Bell)
    }
}

/// Whether a gateway, or host, only passes TCP through.
pub(super) fn is_tcp(totals: &Totals) -> bool {
    totals.requests.number().is_none_or(|n| n <= 0.0) && totals.connections.number().is_some_and(|n| n > 0.0)
}

/// A number and the two limits that it crosses downwards or upwards.
pub(super) fn below(reading: Reading, (warn, bad): (f64, f64)) -> Tone {
    crossed(reading, |n| n < warn, |n| n < bad)
}

pub(super) fn above(reading: Reading, (warn, bad): (f64, f64)) -> Tone {
    crossed(reading, |n| n > warn, |n| n > bad)
}

fn crossed(reading: Reading, warn: impl Fn(f64) -> bool, bad: impl Fn(f64) -> bool) -> Tone {
    match reading.number() {
        Some(n) if bad(n) => Tone::Bad,
        Some(n) if warn(n) => Tone::Warn,
        _ => Tone::Plain,
    }
}

fn judge(store: &Store, pods: &[ObjectKey], totals: &Totals, limits: &Thresholds, now: Timestamp) -> Verdict {
    let enough = totals.requests.number().is_some_and(|n| n * f64::from(JUDGED.seconds()) >= FEW);
    let success = if enough { below(totals.success, limits.success) } else { Tone::Plain };
    let p99 = above(totals.p99, limits.p99);
    let tone = worse(success, p99);
    if tone == Tone::Plain {
        return Verdict::default();
    }
    let limit = |tone, (warn, bad): (f64, f64)| if tone == Tone::Bad { bad } else { warn };
    let mut words = Vec::new();
    let mut since = None;
    if success != Tone::Plain {
        let limit = Reading::Value(limit(success, limits.success));
        words.push(format!(
            "success {} % is below {} %",
            figure(totals.success, Unit::Percent),
            figure(limit, Unit::Percent)
        ));
        let rows = store.rows(pods, By::Host, JUDGED, now);
        if let Some(worst) = rows.iter().find(|row| below(row.totals.success, limits.success) != Tone::Plain)
        {
            since = worst.failing_since;
            let flags = worst.flags.first().map(|(flag, _)| format!(" {}", clean(flag))).unwrap_or_default();
            words.push(format!("worst is {}{flags}", clean(&worst.key)));
        }
    }
    if p99 != Tone::Plain {
        let limit = Reading::Value(limit(p99, limits.p99));
        let figures = [totals.p99, limit].map(|n| figure(n, Unit::Milliseconds));
        words.push(format!("p99 {} is above {}", figures[0], figures[1]));
    }
    Verdict { tone, success, p99, words: words.join(", ").into(), since }
}

fn worse(a: Tone, b: Tone) -> Tone {
    let rank = |tone: Tone| match tone {
        Tone::Bad => 2,
        Tone::Warn => 1,
        _ => 0,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// A verdict with the moment since which there is one.
fn lasting(mut verdict: Verdict, before: Option<&Brief>, now: Timestamp) -> Verdict {
    if verdict.tone != Tone::Plain {
        let held = before.filter(|brief| brief.verdict.tone != Tone::Plain).and_then(|b| b.verdict.since);
        verdict.since = held.or(verdict.since).or(Some(now));
    }
    verdict
}

/// Why none of its proxies can be read.
fn trouble(store: &Store, pods: &[ObjectKey]) -> Box<str> {
    let readings = store.readings(pods);
    match readings.iter().find_map(|reading| reading.fault.as_ref()) {
        Some(fault) if readings.iter().all(|reading| reading.fault.is_some()) => clean(&fault.summary).into(),
        _ => Box::default(),
    }
}
