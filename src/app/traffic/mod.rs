//! The traffic of gateways: what was read of their proxies, what is read next, and how it is looked at.

pub mod chain_list;
pub mod chains;
pub mod hosts;
pub mod resources;
mod routes;
pub mod seen;
pub mod upstreams;
pub mod verdicts;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::model::App;
use crate::envoy::Seen;
use crate::metrics::view::Window;
use crate::metrics::{Scraped, Store};
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
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
    /// What leads traffic, in the clusters whose traffic is looked at.
    routes: routes::Followed,
}

impl App {
    /// A proxy was read, or not.
    pub(super) fn on_scraped(&mut self, scraped: Scraped) {
        match scraped {
            Scraped::Scrape(scrape) => self.traffic.store.ingest(&scrape),
            Scraped::Missed(missed) => self.traffic.store.miss(&missed),
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
        self.proxies_heard();
    }
}
