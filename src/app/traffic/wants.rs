//! What is read: only what the screen in front shows, and the rest of its table rarely.

use std::time::Duration;

use crate::app::effect::Effect;
use crate::app::model::App;
use crate::app::review::Review;
use crate::app::screen::fleet::FleetScreen;
use crate::app::screen::{Details, DetailsOf, Screen, Tab, Table};
use crate::metrics::Want;
use crate::model::gateway::{Direction, GatewayId, GatewayRow};
use crate::model::row::PodRow;
use crate::model::table::{Subject, TableKind};

/// Interval of the gateways whose rows are on the screen.
pub(super) const SHOWN: Duration = Duration::from_secs(5);

/// Interval of the others of the table: it is sorted by them, and they are counted.
const OTHERS: Duration = Duration::from_secs(60);

/// Interval that an open gateway asks for; over the pod proxy it is not granted (R24).
pub(super) const OPEN: Duration = Duration::from_secs(1);

impl App {
    /// What is to be read from now on, when that is not what is being read.
    pub(in crate::app) fn read_what_is_shown(&mut self) -> Option<Effect> {
        let is_unknown = match self.screen() {
            Screen::Table(table) => table.kind == TableKind::Gateways && !table.is_settled(),
            Screen::Fleet(fleet) => fleet.tiles.is_empty() && fleet.stale,
            _ => false,
        };
        if is_unknown {
            // Which rows are on the screen is known only then.
            self.settle();
        }
        let wants = self.wants();
        if wants == self.traffic.asked {
            return None;
        }
        self.traffic.asked.clone_from(&wants);
        Some(Effect::Scrape(wants))
    }

    fn wants(&self) -> Vec<Want> {
        let mut wants = match self.screen() {
            Screen::Table(table) if table.kind == TableKind::Gateways => self.wants_of_table(table),
            Screen::Details(details) => self.wants_of_details(details),
            Screen::Fleet(fleet) => self.wants_of_tiles(fleet),
            Screen::Review(review) => self.wants_of_review(review),
            // What is behind them is hidden.
            _ => Vec::new(),
        };
        wants.sort_by(|a, b| a.pod.cmp(&b.pod));
        wants.dedup_by(|a, b| a.pod == b.pod);
        wants
    }

    fn wants_of_table(&self, table: &Table) -> Vec<Want> {
        let mut wants = Vec::new();
        let on_screen = |row: &GatewayRow| {
            table.window.rows.iter().any(|shown| {
                shown.id.name == row.id.name
                    && shown.id.namespace == row.id.namespace
                    && shown.id.cluster == row.id.cluster
            })
        };
        for item in &table.items {
            let Subject::Gateway(row) = &item.subject else { continue };
            let every = if on_screen(row) { SHOWN } else { OTHERS };
            self.want_proxies(row, Want { every, ..wish() }, &mut wants);
        }
        wants
    }

    fn wants_of_tiles(&self, fleet: &FleetScreen) -> Vec<Want> {
        let mut wants = Vec::new();
        for tile in &fleet.tiles {
            let on_screen = fleet.visible().iter().any(|shown| shown.id == tile.id);
            let every = if on_screen { SHOWN } else { OTHERS };
            if let Some(row) = self.gateway(&tile.id) {
                self.want_proxies(&row, Want { every, ..wish() }, &mut wants);
            }
        }
        wants
    }

    /// Of gateways that are to be deleted: what goes through them is told until the last moment.
    fn wants_of_review(&self, review: &Review) -> Vec<Want> {
        let mut wants = Vec::new();
        for row in review.items.iter().flat_map(|item| self.ending(item)) {
            self.want_proxies(&row, wish(), &mut wants);
        }
        wants
    }

    fn wants_of_details(&self, details: &Details) -> Vec<Want> {
        let DetailsOf::Gateway(id) = &details.of else { return Vec::new() };
        let view = &details.traffic;
        let every = view.every.unwrap_or(OPEN);
        let wish = match details.tab {
            Tab::Traffic if view.frozen.is_some() => return Vec::new(),
            Tab::Traffic => Want { every, ..wish() },
            Tab::Upstreams => Want { every, clusters: true, ..wish() },
            Tab::Certs => Want { every, certs: true, ..wish() },
            // Threads and limits are told too.
            Tab::Scaling => Want { every: SHOWN, clusters: true, certs: true, ..wish() },
            _ => return Vec::new(),
        };
        let mut wants = Vec::new();
        if let Some(row) = self.gateway(id) {
            self.want_proxies(&row, wish.clone(), &mut wants);
        }
        let other = view.other.as_ref().filter(|_| details.tab == Tab::Traffic);
        let other = other.map(|cluster| GatewayId { cluster: cluster.clone(), ..id.clone() });
        if let Some(row) = other.and_then(|id| self.gateway(&id)) {
            self.want_proxies(&row, wish, &mut wants);
        }
        wants
    }

    /// Wishes to have all its proxies read that can answer.
    fn want_proxies(&self, row: &GatewayRow, wish: Want, wants: &mut Vec<Want>) {
        let answers = self.cluster(&row.id.cluster).is_some_and(|s| s.link.is_ready());
        if !answers || (row.direction == Direction::Ingress && !self.settings.ingress) {
            return;
        }
        let runs = |pod: &&std::sync::Arc<PodRow>| &*pod.phase == "Running";
        wants.extend(row.pods.iter().filter(runs).map(|pod| Want {
            pod: row.pod_key(pod),
            uid: pod.meta.uid.clone(),
            ..wish.clone()
        }));
    }
}

/// A wish without its pod.
fn wish() -> Want {
    Want {
        pod: crate::model::name::ObjectKey {
            cluster: "".into(),
            kind: crate::model::name::Kind::Pod,
            namespace: "".into(),
            name: "".into(),
        },
        uid: Box::default(),
        every: SHOWN,
        clusters: false,
        certs: false,
    }
}
