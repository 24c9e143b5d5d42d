//! All gateways of all open clusters, joined over contexts (R18).
//!
//! On ASM the CR is behind one API server and its Deployment behind others, named by `spec.clusterIds`: such a CR
//! gives one row per data-plane cluster, and takes the place of the row that its workload had there by itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::gateway::{Candidate, Directions, GatewayRow, Origin, assemble, finish};
use super::health;
use super::name::ClusterName;
use super::row::IstioGatewayRow;
use super::snapshot::{Link, Snapshot};

/// Which context each cluster id of `spec.clusterIds` stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterIds(BTreeMap<Box<str>, ClusterName>);

impl<I: Into<Box<str>>> FromIterator<(I, ClusterName)> for ClusterIds {
    fn from_iter<T: IntoIterator<Item = (I, ClusterName)>>(all: T) -> Self {
        Self(all.into_iter().map(|(id, cluster)| (id.into(), cluster)).collect())
    }
}

impl ClusterIds {
    /// The ids that are mapped.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|id| &**id)
    }

    /// The cluster an id stands for: as the config maps it, else the open cluster with this uid or this name.
    pub fn cluster(&self, id: &str, open: &[Arc<Snapshot>]) -> Option<ClusterName> {
        let is = |snapshot: &&Arc<Snapshot>| {
            snapshot.facts.uid.as_deref() == Some(id) || snapshot.cluster.as_str() == id
        };
        self.0.get(id).cloned().or_else(|| Some(open.iter().find(is)?.cluster.clone()))
    }
}

/// The gateways of all clusters, one row per gateway and data-plane cluster, sorted by cluster, namespace and name.
///
/// Rows that need nothing of another cluster are those of [`Snapshot::gateways`], shared.
/// Directions are those that [`super::gateway::join`] was told.
pub fn fleet(snapshots: &[Arc<Snapshot>], ids: &ClusterIds) -> Vec<Arc<GatewayRow>> {
    let mut join = Fleet::new(snapshots);
    let mut rows = Vec::new();
    for (home, row) in join.all() {
        let named = row.cr.as_ref().and_then(|cr| Some((cr, cr.gateway.spec.cluster_ids.as_ref()?)));
        match named.filter(|(_, named)| !named.is_empty()) {
            Some((cr, named)) => join.spread(home, row, cr, named, ids, &mut rows),
            None => rows.push((home, row.clone())),
        }
    }
    rows.extend(join.assembled());
    let taken = join.taken;
    // Two ids may lead to one cluster, and a row be taken after it was seen: identities stay unique.
    let mut seen = HashSet::new();
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(|(at, row)| !taken.contains(&(*at, Arc::as_ptr(row))))
        .map(|(_, row)| row)
        .filter(|row| seen.insert(row.id.clone()))
        .collect();
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows
}

/// Namespace and workload.
type Workload<'s> = (&'s str, &'s str);

struct Fleet<'s> {
    snapshots: &'s [Arc<Snapshot>],
    /// Rows without a CR under their workload, by the place of their cluster.
    by_workload: HashMap<(usize, Workload<'s>), &'s Arc<GatewayRow>>,
    /// Rows that a CR of another cluster has replaced.
    taken: HashSet<(usize, *const GatewayRow)>,
    /// CRs whose workload is not marked as a gateway, or missing: looked for by name, once per cluster.
    unmarked: BTreeMap<usize, Vec<Candidate>>,
}

impl<'s> Fleet<'s> {
    fn new(snapshots: &'s [Arc<Snapshot>]) -> Self {
        let mut fleet =
            Self { snapshots, by_workload: HashMap::new(), taken: HashSet::new(), unmarked: BTreeMap::new() };
        for (at, row) in fleet.all() {
            if let Some(workload) = row.workload.as_deref().filter(|_| row.cr.is_none()) {
                fleet.by_workload.insert((at, (&workload.meta.namespace, &workload.meta.name)), row);
            }
        }
        fleet
    }

    fn all(&self) -> impl Iterator<Item = (usize, &'s Arc<GatewayRow>)> + use<'s> {
        let snapshots = self.snapshots.iter().enumerate();
        snapshots.flat_map(|(at, snapshot)| snapshot.gateways.iter().map(move |row| (at, row)))
    }

    /// One row for each cluster that a CR names.
    fn spread(
        &mut self,
        home: usize,
        local: &'s Arc<GatewayRow>,
        cr: &'s Arc<IstioGatewayRow>,
        named: &'s [String],
        ids: &ClusterIds,
        rows: &mut Vec<(usize, Arc<GatewayRow>)>,
    ) {
        let home_name = &self.snapshots[home].cluster;
        let clusters: Vec<_> = named.iter().map(|id| (id, ids.cluster(id, self.snapshots))).collect();
        // A workload beside the CR belongs to the id that means this cluster, else to the first that nobody knows.
        let here = clusters.iter().position(|(_, cluster)| cluster.as_ref() == Some(home_name));
        let unknown = || clusters.iter().position(|(_, cluster)| cluster.is_none());
        let here = here.or_else(|| local.workload.as_ref().and_then(|_| unknown()));
        if here.is_none() && local.workload.is_some() {
            rows.push((home, local.clone()));
        }
        for (at, (id, cluster)) in clusters.iter().enumerate() {
            let plane = match cluster {
                _ if here == Some(at) => Some(home),
                Some(cluster) => self.snapshots.iter().position(|snapshot| snapshot.cluster == *cluster),
                None => None,
            };
            let name = if plane == Some(home) {
                home_name.clone()
            } else {
                cluster.clone().unwrap_or_else(|| ClusterName::from(id.as_str()))
            };
            let mut candidate = Candidate::of_cr(cr, home_name, &name);
            candidate.row.cluster_id = Some(id.as_str().into());
            candidate.row.direction = local.direction;
            match plane {
                Some(plane) if self.heard(plane) => rows.extend(self.in_plane(plane, home, local, candidate)),
                Some(plane) => rows.push((home, self.unheard(plane, candidate.row))),
                None => rows.push((home, self.unknown(candidate.row, health::not_open(&[name.to_string()])))),
            }
        }
    }

    /// The row of a CR in an open cluster; `None` when it must be looked for among unmarked workloads.
    fn in_plane(
        &mut self,
        plane: usize,
        home: usize,
        local: &'s Arc<GatewayRow>,
        candidate: Candidate,
    ) -> Option<(usize, Arc<GatewayRow>)> {
        let snapshot = &self.snapshots[plane];
        if plane == home && local.workload.is_some() {
            let row = GatewayRow { cluster_id: candidate.row.cluster_id, ..(**local).clone() };
            return Some((plane, Arc::new(finish(row, Some(snapshot), &Directions::default()))));
        }
        let namespace: &'s str = &local.id.namespace;
        let find = |name: &str| self.by_workload.get(&(plane, (namespace, name))).copied();
        let names = candidate.row.cr.as_ref().map(|cr| cr.gateway.workload_names()).unwrap_or_default();
        let Some(found) = names.iter().find_map(|name| find(name)) else {
            self.unmarked.entry(plane).or_default().push(candidate);
            return None;
        };
        let canary =
            found.workload.as_ref().and_then(|workload| find(&format!("{}-canary", workload.meta.name)));
        self.taken.insert((plane, Arc::as_ptr(found)));
        self.taken.extend(canary.map(|canary| (plane, Arc::as_ptr(canary))));
        let GatewayRow { id, home, cluster_id, cr, direction, .. } = candidate.row;
        let mut row = GatewayRow {
            id,
            home,
            cluster_id,
            cr,
            direction,
            origin: Origin::IstioGateway,
            ..(**found).clone()
        };
        if let Some(canary) = canary {
            row.canary = canary.workload.clone();
            let news =
                canary.pods.iter().filter(|pod| !found.pods.iter().any(|known| Arc::ptr_eq(known, pod)));
            row.pods.extend(news.cloned());
            row.pods.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        }
        Some((plane, Arc::new(finish(row, Some(snapshot), &Directions::default()))))
    }

    /// Whether a cluster has rows to show, current or stale.
    fn heard(&self, at: usize) -> bool {
        matches!(self.snapshots[at].link, Link::Ready | Link::Stale { .. })
    }

    fn unheard(&self, plane: usize, row: GatewayRow) -> Arc<GatewayRow> {
        let snapshot = &self.snapshots[plane];
        let state = match &snapshot.link {
            Link::Denied { .. } => "refuses this user",
            Link::Unreachable { .. } => "is unreachable",
            _ => "is still connecting",
        };
        let why = format!("pods unknown: cluster {} {state}", snapshot.cluster);
        self.unknown(row, health::HealthState::Unknown.because(why))
    }

    fn unknown(&self, row: GatewayRow, why: health::Health) -> Arc<GatewayRow> {
        let mut row = finish(row, None, &Directions::default());
        row.health = health::without_pods(&row, why);
        Arc::new(row)
    }

    /// The rows of CRs that were put aside, and those whose workload they take.
    fn assembled(&mut self) -> Vec<(usize, Arc<GatewayRow>)> {
        let aside = std::mem::take(&mut self.unmarked);
        aside
            .into_iter()
            .flat_map(|(plane, found)| {
                let rows = assemble(&self.snapshots[plane], found, &Directions::default());
                rows.into_iter().map(move |row| (plane, row))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
