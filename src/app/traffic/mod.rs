//! The traffic of gateways: what was read of their proxies, what is read next, and how it is looked at.

mod routes;

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
    }

    /// An admin interface answered.
    pub(super) fn on_admin(&mut self, _seen: Seen) {}

    /// A cluster told what its pods use, or why it does not.
    pub(super) fn on_usage(&mut self, _cluster: ClusterName, _usage: Result<Arc<[PodUsage]>, Fault>) {}
}
