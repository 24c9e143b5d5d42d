//! What a details screen keeps open: the objects and events that its tabs tell of.

use std::sync::Arc;

use super::deed::Named;
use super::effect::{Effect, StandingOf, Ticket};
use super::model::App;
use super::screen::details::{Gone, Loaded, OpenEvents, OpenObject, OpenStanding};
use super::screen::{Details, DetailsOf, Screen, Tab};
use super::standing::Standing;
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::row::{PodRow, RowMeta};
use crate::model::snapshot::{Keeper, Link, Snapshot};
use crate::model::table::{Item, Subject};

impl App {
    /// Fetches the objects and events that the open tab shows and that are not open yet.
    pub(super) fn open_what_is_needed(&mut self) -> Vec<Effect> {
        if matches!(self.screen(), Screen::Form(_)) {
            return self.learn();
        }
        let Screen::Details(details) = self.screen() else { return Vec::new() };
        let answers = |s: &Arc<Snapshot>| matches!(s.link, Link::Ready | Link::Stale { .. });
        if !self.cluster(details.of.cluster()).is_some_and(answers) {
            return Vec::new();
        }
        let (keys, events) = self.needs(details);
        let mut effects = Vec::new();
        for key in keys {
            let fresh = self.ticket();
            let Screen::Details(details) = self.screen_mut() else { break };
            match details.objects.iter_mut().find(|o| o.key == key) {
                Some(open) if open.ticket != Ticket::NONE => continue,
                Some(again) => again.ticket = fresh,
                None => {
                    let state = Loaded::Loading;
                    details.objects.push(OpenObject { key: key.clone(), ticket: fresh, state });
                }
            }
            effects.push(Effect::OpenObject(fresh, key));
        }
        effects.extend(self.open_standing());
        let Screen::Details(details) = self.screen() else { return effects };
        let is_open = |e: &OpenEvents| e.of == events && e.ticket != Ticket::NONE;
        if !events.is_empty() && !details.events.as_ref().is_some_and(is_open) {
            let ticket = self.ticket();
            if let Screen::Details(details) = self.screen_mut() {
                let before = details.events.take();
                effects.extend(before.as_ref().map(|e| Effect::Close(e.ticket)));
                // Those that are shown stay until the new ones are there.
                let state = before.map_or(Loaded::Loading, |e| e.state);
                details.events = Some(OpenEvents { ticket, of: events.clone(), state });
            }
            effects.push(Effect::OpenEvents(ticket, events));
        }
        effects
    }

    /// Looks at how a gateway stands, once somebody looks at that tab. Only what egret keeps is compared: what somebody
    /// else makes of an `IstioGateway` is theirs.
    fn open_standing(&mut self) -> Option<Effect> {
        let Screen::Details(details) = self.screen() else { return None };
        let DetailsOf::Gateway(id) = &details.of else { return None };
        let open = details.standing.as_ref().is_some_and(|open| open.ticket != Ticket::NONE);
        if details.tab != Tab::Reconcile || open {
            return None;
        }
        let row = self.gateway(id)?;
        let (home, cr) = (self.home_of(&row), row.cr.as_ref()?);
        let answers = self.cluster(&home).is_some_and(|s| s.link.is_ready());
        if self.keeper_of(&home) != Keeper::Egret || !answers {
            return None;
        }
        let gateway = Named { namespace: cr.meta.namespace.clone(), name: cr.meta.name.clone() };
        let of = StandingOf { home, gateway, cluster_id: row.cluster_id.clone() };
        let ticket = self.ticket();
        if let Screen::Details(details) = self.screen_mut() {
            let state = details.standing.take().and_then(|open| open.state);
            details.standing = Some(OpenStanding { ticket, of: of.clone(), state });
        }
        Some(Effect::OpenStanding(ticket, of))
    }

    /// How a gateway stands.
    pub(super) fn on_standing(&mut self, ticket: Ticket, standing: Standing) {
        for details in self.all_details() {
            if let Some(open) = details.standing.as_mut().filter(|open| open.ticket == ticket) {
                open.state = Some(standing);
                details.stale_text = true;
                return;
            }
        }
    }

    /// Something that the Reconcile tabs of a cluster tell has changed.
    pub(super) fn standing_changed(&mut self, cluster: &ClusterName) {
        for details in self.all_details() {
            let is_of = details.standing.as_ref().is_some_and(|open| open.of.home == *cluster);
            details.stale_text |= is_of || details.of.cluster() == cluster;
        }
    }

    fn needs(&self, details: &Details) -> (Vec<ObjectKey>, Vec<ObjectKey>) {
        let mut parts = match &details.of {
            DetailsOf::Service(key) | DetailsOf::Pod(key) | DetailsOf::Other(key) => vec![key.clone()],
            DetailsOf::Gateway(id) => self.gateway(id).map(|row| parts(&row)).unwrap_or_default(),
        };
        match details.tab {
            Tab::Pods | Tab::Service | Tab::Reconcile | Tab::Traffic | Tab::Upstreams | Tab::Certs => {
                (Vec::new(), Vec::new())
            }
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
            let item = |p: &Arc<PodRow>| Item {
                cluster: cluster.clone(),
                stale,
                subject: Subject::Pod(p.clone()),
                live: None,
                beside: None,
            };
            row.pods.iter().map(item).collect::<Vec<_>>()
        });
        let filling = self.filling();
        if let Screen::Details(details) = self.screen_mut() {
            details.gone = gone;
            details.stale_text = true;
            if let Some(items) = pods {
                details.pods.set_items(items, filling);
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
        Screen::Table(_) | Screen::Fleet(_) | Screen::Editor(_) | Screen::Review(_) => Vec::new(),
        Screen::Form(form) => vec![form.learning],
        Screen::Details(d) => {
            let standing = d.standing.as_ref().map(|open| open.ticket);
            d.objects
                .iter()
                .map(|o| o.ticket)
                .chain(d.events.as_ref().map(|e| e.ticket))
                .chain(standing)
                .collect()
        }
        Screen::Logs(logs) => vec![logs.ticket],
    }
}

/// Ends what a screen keeps open in a cluster that was closed; what it shows stays.
pub(super) fn let_go(screen: &mut Screen, cluster: &ClusterName) -> Vec<Effect> {
    let mut held: Vec<&mut Ticket> = Vec::new();
    match screen {
        Screen::Details(details) => {
            held.extend(
                details.objects.iter_mut().filter(|o| o.key.cluster == *cluster).map(|o| &mut o.ticket),
            );
            held.extend(details.events.iter_mut().map(|e| &mut e.ticket));
            held.extend(details.standing.iter_mut().map(|open| &mut open.ticket));
            if details.of.cluster() != cluster {
                held.clear();
            }
        }
        Screen::Logs(logs) if logs.query.cluster == *cluster => held.push(&mut logs.ticket),
        Screen::Form(form) if form.cluster == *cluster => held.push(&mut form.learning),
        _ => {}
    }
    held.into_iter().map(|ticket| Effect::Close(std::mem::replace(ticket, Ticket::NONE))).collect()
}
