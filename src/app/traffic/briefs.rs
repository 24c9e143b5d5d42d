//! Gateways in one line each, judged by the thresholds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::screen::Screen;
use crate::metrics::view::{By, Row, Window};
use crate::model::brief::Brief;
use crate::model::clean::clean;
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::reading::Reading;
use crate::model::table::{TableKind, Tone};

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
            let before = self.traffic.briefs.get(&id).map(|before| before.verdict.tone);
            self.traffic.briefs.put(id.clone(), brief);
            self.notice_traffic(&id, before);
        }
        let (now, briefs) = (self.now, &self.traffic.briefs.of);
        if let Some(Screen::Table(table)) = self.stack.last_mut()
            && table.kind == TableKind::Gateways
        {
            table.set_live(now, |row| briefs.get(&row.id).cloned());
        }
    }

    fn brief_of(&self, row: &GatewayRow) -> Brief {
        let (store, limits) = (&self.traffic.store, &self.settings.thresholds);
        // Pods that are gone count: the load was there before they were replaced.
        let pods = self.traffic.pods(&row.id);
        let mut brief = store.brief(&pods, self.now, limits);
        brief.trouble = clean(&brief.trouble).into();
        let verdict = &mut brief.verdict;
        if verdict.tone == Tone::Plain {
            return brief;
        }
        verdict.success = below(brief.success, limits.success);
        verdict.p99 = above(brief.p99, limits.p99);
        let rows = store.rows(&pods, By::Host, Window::Minute, self.now);
        let fails = |row: &&Row| below(row.totals.success, limits.success) != Tone::Plain;
        if let Some(worst) = rows.iter().find(fails).filter(|_| verdict.success != Tone::Plain) {
            let flags = worst.flags.first().map(|(flag, _)| format!(" {}", clean(flag))).unwrap_or_default();
            verdict.words = format!("{}, worst is {}{flags}", verdict.words, clean(&worst.key)).into();
        }
        let before = self.traffic.briefs.get(&row.id).filter(|b| b.verdict.tone != Tone::Plain);
        verdict.since = before.and_then(|b| b.verdict.since).or(verdict.since).or(Some(self.now));
        brief
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
