//! The clusters of a recording at one moment, joined as the screens join those that are open.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::model::fleet::{ClusterIds, fleet};
use crate::model::gateway::{Directions, GatewayRow, join};
use crate::model::name::{ClusterName, Kind};
use crate::model::row::{
    DaemonSetRow, DeploymentRow, GatewayApiRow, GatewayClassRow, IstioGatewayRow, PodRow, ReplicaSetRow, Row,
    RowMeta, Rows, ServiceRow, WorkloadRow,
};
use crate::model::snapshot::{Link, Snapshot};
use crate::recording::{Change, Past};

/// Namespace and name.
type Place = (Arc<str>, Arc<str>);

/// Rows of one kind in one cluster.
type Held<T> = BTreeMap<Place, Arc<T>>;

/// What of one cluster decides which gateways there are, and whose pods are whose.
#[derive(Debug, Default)]
struct Parts {
    istio_gateways: Held<IstioGatewayRow>,
    api_gateways: Held<GatewayApiRow>,
    classes: Held<GatewayClassRow>,
    deployments: Held<WorkloadRow>,
    daemon_sets: Held<WorkloadRow>,
    replica_sets: Held<ReplicaSetRow>,
    pods: Held<PodRow>,
    services: Held<ServiceRow>,
}

/// The clusters of a recording.
#[derive(Debug)]
pub(super) struct Recorded<'i> {
    ids: &'i ClusterIds,
    parts: BTreeMap<ClusterName, Parts>,
    snapshots: Vec<Arc<Snapshot>>,
    changed: BTreeSet<ClusterName>,
}

impl<'i> Recorded<'i> {
    /// The clusters, before anything is known of them.
    pub(super) fn new(past: &Past, ids: &'i ClusterIds) -> Self {
        let empty = |cluster: &crate::recording::Cluster| {
            let mut snapshot = Snapshot::connecting(cluster.name.clone(), past.header.started);
            snapshot.link = Link::Ready;
            snapshot.facts.uid.clone_from(&cluster.uid);
            Arc::new(snapshot)
        };
        let snapshots = past.header.clusters.iter().map(empty).collect();
        Self { ids, parts: BTreeMap::new(), snapshots, changed: BTreeSet::new() }
    }

    /// Takes what became of an object.
    pub(super) fn take(&mut self, change: &Change) {
        let Change { key, object } = change;
        let parts = self.parts.entry(key.cluster.clone()).or_default();
        let (place, object) = ((key.namespace.clone(), key.name.clone()), object.as_deref());
        let differs = match key.kind {
            // Who manages it is told with its changes: none is to be missed.
            Kind::IstioGateway => put(&mut parts.istio_gateways, place, parse(object), |_, _| false),
            Kind::Gateway => put(&mut parts.api_gateways, place, parse(object), |a, b| a == b),
            Kind::GatewayClass => put(&mut parts.classes, place, parse(object), |a, b| a == b),
            Kind::Deployment => {
                let row = parse::<DeploymentRow>(object).map(|row| row.0.clone());
                put(&mut parts.deployments, place, row, |a, b| is_as(&a.meta, &b.meta))
            }
            Kind::DaemonSet => {
                let row = parse::<DaemonSetRow>(object).map(|row| row.0.clone());
                put(&mut parts.daemon_sets, place, row, |a, b| is_as(&a.meta, &b.meta))
            }
            Kind::ReplicaSet => {
                put(&mut parts.replica_sets, place, parse(object), |a, b| is_as(&a.meta, &b.meta))
            }
            Kind::Pod => put(&mut parts.pods, place, parse(object), |a, b| is_as(&a.meta, &b.meta)),
            Kind::Service => put(&mut parts.services, place, parse(object), |a, b| a.selector == b.selector),
            _ => false,
        };
        if differs {
            self.changed.insert(key.cluster.clone());
        }
    }

    /// The gateways as they are now; none: nothing changed that decides about them.
    pub(super) fn joined(&mut self) -> Option<Vec<Arc<GatewayRow>>> {
        if self.changed.is_empty() {
            return None;
        }
        for name in std::mem::take(&mut self.changed) {
            let Some(parts) = self.parts.get(&name) else { continue };
            let at = self.snapshots.iter().position(|snapshot| snapshot.cluster == name);
            let mut snapshot = match at {
                Some(at) => Snapshot::clone(&self.snapshots[at]),
                None => Snapshot::connecting(name, jiff::Timestamp::UNIX_EPOCH),
            };
            snapshot.link = Link::Ready;
            parts.fill(&mut snapshot);
            match at {
                Some(at) => self.snapshots[at] = Arc::new(snapshot),
                None => self.snapshots.push(Arc::new(snapshot)),
            }
        }
        Some(fleet(&self.snapshots, self.ids))
    }
}

impl Parts {
    fn fill(&self, snapshot: &mut Snapshot) {
        snapshot.istio_gateways = rows(&self.istio_gateways);
        snapshot.api_gateways = rows(&self.api_gateways);
        snapshot.gateway_classes = rows(&self.classes);
        snapshot.deployments = rows(&self.deployments);
        snapshot.daemon_sets = rows(&self.daemon_sets);
        snapshot.replica_sets = rows(&self.replica_sets);
        snapshot.pods = rows(&self.pods);
        snapshot.services = rows(&self.services);
        // Which way traffic flows decides neither about pods nor about changes.
        snapshot.gateways = join(snapshot, &Directions::default()).into();
    }
}

fn rows<T>(held: &Held<T>) -> Rows<T> {
    held.values().cloned().collect()
}

/// The row of an object; none: it is gone, or cannot be read as one.
pub(super) fn parse<T: Row>(object: Option<&Value>) -> Option<Arc<T>> {
    let bytes = serde_json::to_vec(object?).ok()?;
    T::parse(&bytes).ok().map(Arc::new)
}

/// Puts a row in its place, or takes it away. Says whether that may decide anything.
fn put<T>(
    held: &mut Held<T>,
    place: Place,
    row: Option<Arc<T>>,
    is_as_before: impl Fn(&T, &T) -> bool,
) -> bool {
    match row {
        Some(row) => match held.insert(place, row.clone()) {
            Some(old) => !is_as_before(&old, &row),
            None => true,
        },
        None => held.remove(&place).is_some(),
    }
}

/// Whether an object is the same one and asks for the same: its status alone decides nothing, and changes often.
fn is_as(old: &RowMeta, new: &RowMeta) -> bool {
    let what = |meta: &RowMeta| {
        let RowMeta { uid, generation, labels, annotations, owner, .. } = meta.clone();
        (uid, generation, labels, annotations, owner)
    };
    what(old) == what(new)
}
