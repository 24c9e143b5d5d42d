//! What is known at a moment of a recording, as if all of it up to there had been watched.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::recorded::{Recorded, parse};
use crate::app::traffic::markers::Markers;
use crate::app::traffic::members::Members;
use crate::app::traffic::routes::mark;
use crate::app::traffic::seen::SeenPods;
use crate::metrics::Store;
use crate::model::fault::Fault;
use crate::model::fleet::ClusterIds;
use crate::model::gateway::GatewayRow;
use crate::model::name::{ClusterName, ObjectKey};
use crate::model::route::{KINDS, RouteChange, RouteNews, RouteRow, Routes};
use crate::model::usage::PodUsage;
use crate::recording::{Change, Past, What};

/// A route that was made longer ago than this when it was first seen was there before.
const NEW: SignedDuration = SignedDuration::from_mins(2);

/// What is known at a moment of a recording.
#[derive(Clone, Debug, Default)]
pub struct Moment {
    pub(super) store: Store,
    pub(super) seen: SeenPods,
    pub(in crate::app) members: Members,
    pub(super) markers: Markers,
    pub(super) usage: BTreeMap<ClusterName, Result<Arc<[PodUsage]>, Fault>>,
}

impl Moment {
    /// What the first so many entries of a recording say. That takes a while: it is nothing to be done between two frames.
    pub fn of(past: &Past, entries: usize, ids: &ClusterIds) -> Self {
        let mut moment = Self::default();
        let mut recorded = Recorded::new(past, ids);
        let mut routes = History::new(past.header.started);
        let mut fleet = Vec::new();
        let mut all = past.entries.iter().take(entries).peekable();
        while let Some(entry) = all.next() {
            match &entry.what {
                What::Scrape(written) => moment.store.ingest(&past.scrape(written)),
                What::Missed(missed) => moment.store.miss(missed),
                What::Seen(seen) => moment.seen.take((**seen).clone()),
                What::Object(change) => {
                    recorded.take(change);
                    routes.take(change, entry.at);
                }
                What::Usage(cluster, usage) => drop(moment.usage.insert(cluster.clone(), usage.clone())),
                What::Refused(..) | What::Answers(_) => {}
            }
            // What was written together was seen together.
            if all.peek().is_none_or(|next| next.at != entry.at) {
                if let Some(joined) = recorded.joined() {
                    let before = std::mem::replace(&mut fleet, joined);
                    moment.join(&before, &fleet, entry.at);
                }
                routes.mark(&fleet, entry.at, &mut moment.markers);
            }
        }
        moment
    }

    /// The gateways were joined anew: as `App::traffic_joined` goes about it.
    fn join(&mut self, before: &[Arc<GatewayRow>], fleet: &[Arc<GatewayRow>], at: Timestamp) {
        self.members.join(fleet, at);
        let members = &self.members;
        self.store.retain(&|pod| members.is_there(pod));
        self.markers.compare(before, fleet, at);
    }
}

/// What led traffic, and what of it changed just now.
struct History {
    started: Timestamp,
    routes: BTreeMap<ClusterName, Routes>,
    /// As they were last, to tell of those that are deleted.
    last: BTreeMap<ObjectKey, Arc<RouteRow>>,
    changes: Vec<(ClusterName, RouteChange)>,
}

impl History {
    fn new(started: Timestamp) -> Self {
        Self { started, routes: BTreeMap::new(), last: BTreeMap::new(), changes: Vec::new() }
    }

    fn take(&mut self, change: &Change, at: Timestamp) {
        let Change { key, object } = change;
        if !KINDS.contains(&key.kind) {
            return;
        }
        let row = parse::<RouteRow>(object.as_deref());
        let is_new = !self.last.contains_key(key);
        let news = match row {
            Some(row) => {
                self.last.insert(key.clone(), row.clone());
                RouteNews::Applied(key.kind, row)
            }
            None => match self.last.remove(key) {
                Some(row) => RouteNews::Deleted(key.kind, row),
                None => return,
            },
        };
        let Some(change) = self.routes.entry(key.cluster.clone()).or_default().take(news) else { return };
        // What a recording, or a cluster that came late, begins with was there before.
        if !is_new || object.as_ref().is_some_and(|object| self.was_made(object, at)) {
            self.changes.push((key.cluster.clone(), change));
        }
    }

    fn was_made(&self, object: &Value, at: Timestamp) -> bool {
        let made = object["metadata"]["creationTimestamp"].as_str().and_then(|time| time.parse().ok());
        made.is_some_and(|made: Timestamp| {
            // It is told in whole seconds.
            made.as_second() >= self.started.as_second() && at.duration_since(made) < NEW
        })
    }

    fn mark(&mut self, fleet: &[Arc<GatewayRow>], now: Timestamp, markers: &mut Markers) {
        for (cluster, change) in std::mem::take(&mut self.changes) {
            let Some(routes) = self.routes.get(&cluster) else { continue };
            let concerned =
                |row: &&Arc<GatewayRow>| row.id.cluster == cluster && routes.concerns(&change, row);
            mark(markers, fleet.iter().filter(concerned), &change, now);
        }
    }
}
