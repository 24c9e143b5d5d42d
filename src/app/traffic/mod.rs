//! The traffic of gateways: what was read of their proxies, what is read next, and how it is looked at.

mod routes;

use crate::app::model::App;
use crate::envoy::Seen;
use crate::metrics::view::Window;
use crate::metrics::{Scraped, Store};

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
}
