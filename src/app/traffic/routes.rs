//! What leads traffic, followed in the clusters whose traffic is looked at: a change of it stands on the charts of the
//! gateways that it concerns.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::app::effect::{Effect, Ticket};
use crate::app::model::App;
use crate::app::screen::{DetailsOf, Screen, Tab};
use crate::app::traffic::markers::Markers;
use crate::model::fault::Fault;
use crate::model::gateway::GatewayRow;
use crate::model::name::ClusterName;
use crate::model::route::{RouteChange, RouteNews, Routes};

/// What was written longer ago than this was seen now, and not when it was written.
const RECENT: SignedDuration = SignedDuration::from_mins(2);

/// What is followed.
#[derive(Debug, Default)]
pub(super) struct Followed(BTreeMap<ClusterName, Open>);

/// What is followed in one cluster.
#[derive(Debug)]
struct Open {
    ticket: Ticket,
    routes: Routes,
    /// What of it may not be read; none: all of it may.
    fault: Option<Fault>,
}

impl App {
    /// The clusters whose traffic is looked at: as long as such a screen is open, also behind others.
    fn looked_at(&self) -> BTreeSet<ClusterName> {
        let of = |screen: &Screen| match screen {
            Screen::Details(details) if matches!(details.tab, Tab::Traffic | Tab::Upstreams) => {
                match &details.of {
                    DetailsOf::Gateway(id) => vec![id.cluster.clone()],
                    _ => Vec::new(),
                }
            }
            Screen::Fleet(fleet) => fleet.tiles.iter().map(|tile| tile.id.cluster.clone()).collect(),
            _ => Vec::new(),
        };
        let ready = |name: &ClusterName| self.cluster(name).is_some_and(|s| s.link.is_ready());
        self.stack.iter().flat_map(of).filter(ready).collect()
    }

    /// Follows what leads traffic where it is looked at, and nowhere else.
    pub(in crate::app) fn follow_routes(&mut self) -> Vec<Effect> {
        let wanted = self.looked_at();
        let mut effects = Vec::new();
        let held = &mut self.traffic.routes.0;
        held.retain(|cluster, open| {
            let stays = wanted.contains(cluster);
            if !stays {
                effects.push(Effect::Close(open.ticket));
            }
            stays
        });
        for cluster in wanted {
            if !self.traffic.routes.0.contains_key(&cluster) {
                let ticket = self.ticket();
                let namespaces =
                    self.cluster(&cluster).map(|s| s.facts.namespaces.clone()).unwrap_or_default();
                effects.push(Effect::OpenRoutes(ticket, cluster.clone(), namespaces));
                let open = Open { ticket, routes: Routes::default(), fault: None };
                self.traffic.routes.0.insert(cluster, open);
            }
        }
        effects
    }

    /// What leads traffic changed, or is known now.
    pub(in crate::app) fn on_routes(&mut self, ticket: Ticket, news: Result<RouteNews, Fault>) {
        let settling = self.is_settling();
        let Some((cluster, open)) = self.traffic.routes.0.iter_mut().find(|(_, open)| open.ticket == ticket)
        else {
            return;
        };
        let change = match news {
            Ok(news) => open.routes.take(news),
            Err(fault) => {
                open.fault = Some(fault);
                None
            }
        };
        // Where another moment of a recording was gone to, nothing happened: what did is marked with that moment.
        let Some(change) = change.filter(|_| !settling) else { return };
        let cluster = cluster.clone();
        let concerned = |row: &&Arc<GatewayRow>| {
            let open = self.traffic.routes.0.get(&cluster);
            row.id.cluster == cluster && open.is_some_and(|open| open.routes.concerns(&change, row))
        };
        let rows: Vec<Arc<GatewayRow>> = self.fleet().iter().filter(concerned).cloned().collect();
        mark(&mut self.traffic.markers, rows.iter(), &change, self.now);
        self.traffic_changed(|id| rows.iter().any(|row| row.id == *id));
    }

    /// Why changes of routes in a cluster are not all on its charts; none: they are.
    pub fn routes_fault(&self, cluster: &ClusterName) -> Option<&Fault> {
        self.traffic.routes.0.get(cluster)?.fault.as_ref()
    }
}

/// Puts a change on the charts of these gateways.
pub(in crate::app) fn mark<'r>(
    markers: &mut Markers,
    rows: impl Iterator<Item = &'r Arc<GatewayRow>>,
    change: &RouteChange,
    now: Timestamp,
) {
    let meta = &change.row.meta;
    let by = change.row.by.as_ref().filter(|_| change.what != "deleted");
    // A clock that goes wrong there must not put it where nobody looks.
    let recent = |at: &Timestamp| *at <= now && now.duration_since(*at) < RECENT;
    let at = by.map(|(_, at)| *at).filter(recent).unwrap_or(now);
    let by = by.map(|(by, _)| format!(" ({by})")).unwrap_or_default();
    let text = format!("{} {}/{} {}{by}", change.kind, meta.namespace, meta.name, change.what);
    rows.for_each(|row| markers.add(&row.id, at, &text));
}
