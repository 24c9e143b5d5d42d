//! What a details screen keeps open: the objects and events that its tabs tell of.

use std::sync::Arc;

use super::effect::{Effect, Ticket};
use super::model::App;
use super::screen::details::{Gone, Loaded, OpenEvents, OpenObject};
use super::screen::{Details, DetailsOf, Screen, Tab};
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::row::{PodRow, RowMeta};
use crate::model::table::{Item, Subject};

impl App {
    /// Fetches the objects and events that the open tab shows and that are not open yet.
    pub(super) fn open_what_is_needed(&mut self) -> Vec<Effect> {
        let Screen::Details(details) = self.screen() else { return Vec::new() };
        let (keys, events) = self.needs(details);
        let mut effects = Vec::new();
        for key in keys {
            let Screen::Details(details) = self.screen() else { break };
            if details.objects.iter().any(|o| o.key == key) {
                continue;
            }
            let ticket = self.ticket();
            if let Screen::Details(details) = self.screen_mut() {
                details.objects.push(OpenObject { key: key.clone(), ticket, state: Loaded::Loading });
                effects.push(Effect::OpenObject(ticket, key));
            }
        }
        let Screen::Details(details) = self.screen() else { return effects };
        if !events.is_empty() && details.events.as_ref().is_none_or(|e| e.of != events) {
            let before = details.events.as_ref().map(|e| e.ticket);
            let ticket = self.ticket();
            effects.extend(before.map(Effect::Close));
            effects.push(Effect::OpenEvents(ticket, events.clone()));
            if let Screen::Details(details) = self.screen_mut() {
                details.events = Some(OpenEvents { ticket, of: events, state: Loaded::Loading });
            }
        }
        effects
    }

    fn needs(&self, details: &Details) -> (Vec<ObjectKey>, Vec<ObjectKey>) {
        let mut parts = match &details.of {
            DetailsOf::Service(key) | DetailsOf::Pod(key) | DetailsOf::Other(key) => vec![key.clone()],
            DetailsOf::Gateway(id) => self.gateway(id).map(|row| parts(&row)).unwrap_or_default(),
        };
        match details.tab {
            Tab::Pods | Tab::Service => (Vec::new(), Vec::new()),
            Tab::Events => {
                if let DetailsOf::Gateway(id) = &details.of
                    && let Some(row) = self.gateway(id)
                {
                    // Of a gateway with many pods, those that have something to say.
                    let told = row.pods.iter().filter(|p| !p.is_ready).take(10);
                    parts.extend(told.map(|p| key(&id.cluster, Kind::Pod, &p.meta)));
                }
                (Vec::new(), parts)
            }
            _ => (parts, Vec::new()),
        }
    }

    pub(super) fn refresh_details(&mut self) {
        let Screen::Details(details) = self.screen() else { return };
        let is_open = self.cluster(details.of.cluster()).is_some();
        let deleted = |object: &OpenObject| matches!(object.state, Loaded::Gone(_));
        let (row, there) = match &details.of {
            DetailsOf::Gateway(id) => {
                let row = self.gateway(id);
                let there = row.is_some() || details.last.is_none();
                (row, there)
            }
            _ => (None, !details.objects.first().is_some_and(deleted)),
        };
        let gone = match (is_open, there) {
            (false, _) => Some(Gone::Closed),
            (true, false) => Some(Gone::Deleted),
            (true, true) => None,
        };
        let pods = row.as_ref().map(|row| {
            let cluster = &row.id.cluster;
            let stale = self.cluster(cluster).is_some_and(|s| !s.link.is_ready());
            let item =
                |p: &Arc<PodRow>| Item { cluster: cluster.clone(), stale, subject: Subject::Pod(p.clone()) };
            row.pods.iter().map(item).collect::<Vec<_>>()
        });
        if let Screen::Details(details) = self.screen_mut() {
            details.gone = gone;
            details.stale_text = true;
            if let Some(items) = pods {
                details.pods.set_items(items);
            }
            if row.is_some() {
                details.last = row;
            }
        }
    }
}

/// Names the object of a row.
pub(super) fn key(cluster: &ClusterName, kind: Kind, meta: &RowMeta) -> ObjectKey {
    ObjectKey { cluster: cluster.clone(), kind, namespace: meta.namespace.clone(), name: meta.name.clone() }
}

/// The objects that make a gateway up, the leading one first.
fn parts(row: &GatewayRow) -> Vec<ObjectKey> {
    let GatewayId { cluster, .. } = &row.id;
    let home = row.home.as_ref().unwrap_or(cluster);
    let mut parts = Vec::new();
    parts.extend(row.cr.as_ref().map(|r| key(home, Kind::IstioGateway, &r.meta)));
    parts.extend(row.api.as_ref().map(|r| key(cluster, Kind::Gateway, &r.meta)));
    parts.extend(row.workload.as_ref().map(|r| key(cluster, r.kind, &r.meta)));
    parts.extend(row.service.as_ref().map(|r| key(cluster, Kind::Service, &r.meta)));
    parts.extend(row.autoscaler.as_ref().map(|r| key(cluster, Kind::HorizontalPodAutoscaler, &r.meta)));
    parts.extend(row.budget.as_ref().map(|r| key(cluster, Kind::PodDisruptionBudget, &r.meta)));
    parts
}

/// What a screen keeps open.
pub(super) fn tickets(screen: &Screen) -> Vec<Ticket> {
    match screen {
        Screen::Table(_) => Vec::new(),
        Screen::Details(d) => {
            d.objects.iter().map(|o| o.ticket).chain(d.events.as_ref().map(|e| e.ticket)).collect()
        }
        Screen::Logs(logs) => vec![logs.ticket],
    }
}
