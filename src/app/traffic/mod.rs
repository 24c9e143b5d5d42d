//! The traffic of gateways: what was read of their proxies, what is read next, and how it is looked at.
//!
//! A scrape goes into the [`Store`]; what is shown of it is made in `App::settle`, once for what changed, and drawn as it is.

mod briefs;
pub mod chain_list;
pub mod chains;
pub mod hosts;
mod keys;
mod make;
pub mod markers;
pub(super) mod members;
pub mod parts;
pub mod plot;
pub mod resources;
pub(super) mod routes;
mod rows;
pub mod seen;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod upstreams;
pub mod verdicts;
pub mod view;
mod wants;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use view::View;

use crate::app::model::App;
use crate::envoy::Seen;
use crate::metrics::view::Window;
use crate::metrics::{Scraped, Store, Want};
use crate::model::brief::Brief;
use crate::model::fault::Fault;
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::{ClusterName, ObjectKey};
use crate::model::usage::PodUsage;

/// What is known of the traffic of gateways.
#[derive(Debug, Default)]
pub struct Traffic {
    /// What was read.
    pub store: Store,
    /// What admin interfaces said.
    pub seen: seen::SeenPods,
    /// What pods use, by cluster, or why the metrics API does not tell.
    pub usage: BTreeMap<ClusterName, Result<Arc<[PodUsage]>, Fault>>,
    /// Of which namespaces that was asked for last.
    pub(super) usage_asked: Vec<(ClusterName, String)>,
    /// How far back one looks.
    pub window: Window,
    /// What changed, and when: it stands on the charts.
    pub markers: markers::Markers,
    /// The gateways in one line each.
    briefs: briefs::Briefs,
    /// Whose pods are whose.
    pub(super) members: members::Members,
    /// What was asked for last.
    asked: Vec<Want>,
    /// What leads traffic, in the clusters whose traffic is looked at.
    routes: routes::Followed,
}

impl Traffic {
    /// A gateway's traffic in one line; none: it was never read.
    pub fn brief(&self, id: &GatewayId) -> Option<Arc<Brief>> {
        self.briefs.get(id)
    }

    /// The pods of a gateway, and those that it had: its lines tell of both.
    pub fn pods(&self, id: &GatewayId) -> Vec<ObjectKey> {
        self.members.pods(id)
    }

    /// The gateway that a pod is of.
    pub(super) fn owner(&self, pod: &ObjectKey) -> Option<&GatewayId> {
        self.members.owner(pod)
    }

    /// How each gateway does, as if nothing was known of before.
    pub(super) fn judged_anew(&mut self, fleet: &[Arc<GatewayRow>]) {
        self.briefs = briefs::Briefs::default();
        fleet.iter().for_each(|row| self.briefs.ask(row.id.clone()));
    }

    /// What was read of pods that are gone is past.
    fn leave(&mut self) {
        let members = &self.members;
        self.store.retain(&|pod| members.is_there(pod));
    }
}

impl App {
    /// A proxy was read, or not.
    pub(super) fn on_scraped(&mut self, scraped: Scraped) {
        let pod = match &scraped {
            Scraped::Scrape(scrape) => {
                self.traffic.store.ingest(scrape);
                &scrape.pod
            }
            Scraped::Missed(missed) => {
                self.traffic.store.miss(missed);
                &missed.pod
            }
        };
        if let Some(id) = self.traffic.members.owner(pod).cloned() {
            self.traffic_changed(|of| *of == id);
            self.traffic.briefs.ask(id);
        }
        self.proxies_heard();
    }

    /// An admin interface answered.
    pub(super) fn on_admin(&mut self, seen: Seen) {
        self.traffic.seen.take(seen);
        self.proxies_heard();
    }

    /// A cluster told what its pods use, or why it does not.
    pub(super) fn on_usage(&mut self, cluster: ClusterName, usage: Result<Arc<[PodUsage]>, Fault>) {
        self.traffic.usage.insert(cluster, usage);
        self.used_anew();
        self.proxies_heard();
    }

    /// What the Traffic tabs of these gateways show must be made anew.
    pub(super) fn traffic_changed(&mut self, which: impl Fn(&GatewayId) -> bool) {
        for details in self.all_details() {
            if let super::screen::DetailsOf::Gateway(id) = &details.of {
                // Of two that are compared, the other one is not the one that it is of.
                let concerns = which(id) || details.traffic.other.is_some();
                // One that stands is made anew by keys alone.
                details.traffic.stale |= concerns && details.traffic.frozen.is_none();
            }
        }
    }

    /// The gateways were joined anew.
    pub(super) fn traffic_joined(&mut self, before: &[Arc<GatewayRow>]) {
        let now = self.now;
        let fleet = self.fleet().to_vec();
        // While another moment of a recording comes, its pods and changes are known, and what is joined is partly another's.
        if !self.is_settling() {
            self.traffic.members.join(&fleet, now);
            self.traffic.leave();
            self.traffic.markers.compare(before, &fleet, now);
        }
        self.traffic.briefs.retain(|id| fleet.iter().any(|row| row.id == *id));
        // What was its workload's alone until its IstioGateway came has been read under that name.
        let known: std::collections::BTreeSet<&GatewayId> = before.iter().map(|row| &row.id).collect();
        for row in fleet.iter().filter(|row| !known.contains(&row.id)) {
            let readings = self.traffic.store.readings(&self.traffic.members.pods(&row.id));
            if readings.iter().any(|reading| reading.last.is_some() || reading.fault.is_some()) {
                self.traffic.briefs.ask(row.id.clone());
            }
        }
        self.traffic_changed(|_| true);
    }

    /// A minute began: what was read may be too old by now.
    pub(super) fn traffic_aged(&mut self) {
        self.traffic.briefs.ask_all();
        // Said once more: where time moves only when it is told to, what is due is read then.
        self.traffic.asked.clear();
        self.traffic_changed(|_| true);
    }
}
