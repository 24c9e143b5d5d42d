//! What happened, also while one looked elsewhere: kept for the run, the oldest dropped and counted.

mod list;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::effect::Effect;
use super::model::App;
use super::overlay::Overlay;
use crate::model::gateway::GatewayId;
use crate::model::health::HealthState;
use crate::model::name::ClusterName;
use crate::model::table::Tone;

pub use list::{NoticeList, tone_word};

/// Notices that are kept.
pub const KEPT: usize = 500;

/// The same within so long is the same once more.
const BURST: SignedDuration = SignedDuration::from_secs(60);

/// The bell rings at most this often.
const QUIET: SignedDuration = SignedDuration::from_secs(10);

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Which: it stays while others come.
    pub id: u64,
    /// When, for the last time.
    pub at: Timestamp,
    /// How good or bad it is.
    pub tone: Tone,
    /// What.
    pub text: String,
    /// What it is about.
    pub about: About,
    /// How often it happened.
    pub times: u32,
    /// Nobody has seen it yet.
    is_new: bool,
}

/// What a notice is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The cluster.
    pub cluster: Option<ClusterName>,
    /// The gateway.
    pub gateway: Option<GatewayId>,
}

impl About {
    /// A cluster.
    pub fn cluster(name: &ClusterName) -> Self {
        Self { cluster: Some(name.clone()), gateway: None }
    }

    /// A gateway.
    pub fn gateway(id: &GatewayId) -> Self {
        Self { cluster: Some(id.cluster.clone()), gateway: Some(id.clone()) }
    }
}

/// All that happened.
#[derive(Debug, Default)]
pub struct Notices {
    /// The oldest first.
    all: VecDeque<Happened>,
    /// Those that were dropped.
    pub dropped: u64,
    /// What is said answers a key: it was seen, and no bell rings for it.
    pub(super) answers: bool,
    /// What that which is said now is about.
    pub(super) about: About,
    /// Something bad came by itself since the bell was asked about.
    bad: bool,
    rang: Option<Timestamp>,
    /// How gateways were when they were looked at last.
    health: BTreeMap<GatewayId, HealthState>,
    /// Gateways whose traffic is bad.
    failing: BTreeSet<GatewayId>,
    /// Certificates that were told of, by cluster and serial number.
    ending: BTreeSet<(ClusterName, Box<str>)>,
    last_id: u64,
}

impl Notices {
    /// All that is kept, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Happened> {
        self.all.iter().rev()
    }

    /// How many nobody has seen.
    pub fn unread(&self) -> usize {
        self.all.iter().filter(|happened| happened.is_new).count()
    }

    /// Somebody looks.
    fn seen(&mut self) {
        self.all.iter_mut().for_each(|happened| happened.is_new = false);
    }
}

impl App {
    /// The list of notices.
    pub(super) fn open_notices(&mut self) -> Vec<Effect> {
        self.notices.seen();
        self.overlay = Some(Overlay::Notices(NoticeList::default()));
        Vec::new()
    }

    /// Keeps what is said, when it says how something went: what only answers a key is plain or muted.
    pub(super) fn keep_said(&mut self, tone: Tone, text: &str) {
        if matches!(tone, Tone::Good | Tone::Warn | Tone::Bad) {
            let about = self.notices.about.clone();
            self.note(tone, text, about);
        }
    }

    /// Keeps what happened.
    pub(super) fn note(&mut self, tone: Tone, text: &str, about: About) {
        let (now, answers) = (self.now, self.notices.answers);
        let is_looked_at = matches!(self.overlay, Some(Overlay::Notices(_)));
        // What is chosen stays chosen, whatever comes above it.
        let chosen = match &self.overlay {
            Some(Overlay::Notices(list)) => self.listed_notices(list).get(list.cursor).map(|h| h.id),
            _ => None,
        };
        let notices = &mut self.notices;
        notices.last_id += 1;
        notices.bad |= tone == Tone::Bad && !answers;
        let is_new = !answers && !is_looked_at;
        let same = |h: &Happened| {
            h.text == text && h.tone == tone && h.about == about && now.duration_since(h.at) < BURST
        };
        let again = notices.all.iter().rposition(same).and_then(|at| notices.all.remove(at));
        let happened = match again {
            Some(before) => {
                Happened { at: now, times: before.times + 1, is_new: before.is_new || is_new, ..before }
            }
            None => Happened {
                id: notices.last_id,
                at: now,
                tone,
                text: text.to_owned(),
                about,
                times: 1,
                is_new,
            },
        };
        notices.all.push_back(happened);
        if notices.all.len() > KEPT {
            notices.all.pop_front();
            notices.dropped += 1;
        }
        let Some(Overlay::Notices(list)) = &self.overlay else { return };
        let at = self.listed_notices(list).iter().position(|h| Some(h.id) == chosen);
        if let (Some(at), Some(Overlay::Notices(list))) = (at, &mut self.overlay) {
            list.cursor = at;
        }
    }

    /// The bell, when something bad came by itself and the person wants to hear it.
    pub(super) fn ring_for_notices(&mut self) -> Option<Effect> {
        let notices = &mut self.notices;
        let bad = std::mem::take(&mut notices.bad);
        let quiet = notices.rang.is_some_and(|at| self.now.duration_since(at) < QUIET);
        if !bad || quiet || !self.settings.bell {
            return None;
        }
        notices.rang = Some(self.now);
        Some(Effect::Bell)
    }

    /// What the title of the terminal says: where one is, and how much is bad there and elsewhere.
    pub fn title(&self) -> String {
        let crumbs = self.crumbs();
        let mut said: Vec<String> = crumbs.first().cloned().into_iter().collect();
        let here = match (self.stack.len(), self.clusters.as_slice()) {
            // A cursor that moves is no reason to write.
            (1, [only]) => only.cluster.to_string(),
            (1, all) => format!("{} clusters", all.len()),
            _ => self.acting_on().map(|s| s.cluster.to_string()).unwrap_or_default(),
        };
        said.extend((!here.is_empty()).then_some(here));
        let bad = self.gateways_in_trouble();
        said.extend((bad > 0).then(|| format!("{bad} bad")));
        let down = self.cluster_counts().trouble;
        said.extend((down > 0).then(|| format!("{down} unreachable")));
        crate::model::clean::clean(&said.join(" · ")).into_owned()
    }
}
