//! The kinds that are kept over one connection.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::{AbortHandle, JoinSet};

use super::hub::Hub;
use super::kind;
use super::shelf::Place;
use super::state::{Kept, State};
use crate::cluster::connect::Connection;
use crate::model::name::Kind;
use crate::model::path::{Path, Paths};
use crate::model::row::{
    DaemonSetRow, DeploymentRow, EndpointSliceRow, GatewayApiRow, GatewayClassRow, HpaRow, IstioGatewayRow,
    PdbRow, PodRow, ReplicaSetRow, ServiceRow,
};

/// What is wanted of each cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Namespaces; empty: all.
    pub(super) namespaces: Vec<Box<str>>,
    /// Kinds.
    pub(super) kinds: BTreeSet<Kind>,
    /// What columns ask of their objects.
    pub(super) paths: Paths,
}

impl Wanted {
    /// Where the gateways are that egret keeps, and with them the lease.
    pub(super) fn home(&self) -> Box<str> {
        self.namespaces.first().cloned().unwrap_or_else(|| super::DEFAULT_NAMESPACE.into())
    }

    /// Where a kind is listed: once a namespace, or once for all.
    fn places(&self, kind: Kind) -> Vec<Place> {
        if self.namespaces.is_empty() || !kind.resource().namespaced {
            return vec![None];
        }
        self.namespaces.iter().cloned().map(Some).collect()
    }
}

/// What keeps a kind in a place.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A task, and what it asks of the objects.
type Running = (AbortHandle, Arc<[Path]>);

/// A kind that can be kept.
struct Keepable {
    kind: Kind,
    add: fn(&mut State, &Place),
    remove: fn(&mut State, &Place),
    keep: fn(Arc<Hub>, Connection, Place, Arc<[Path]>) -> Task,
}

const fn keepable<T: Kept>() -> Keepable {
    Keepable {
        kind: T::KIND,
        add: |s, place| T::shelf(s).add(place),
        remove: |s, place| {
            T::shelf(s).remove_place(place);
            s.forget(T::KIND, place);
        },
        keep: |hub, c, place, paths| Box::pin(kind::keep::<T>(hub, c, place, paths)),
    }
}

/// What can be kept. The order is that of the first requests: what most screens show, first.
const KEEPABLE: &[Keepable] = &[
    keepable::<PodRow>(),
    keepable::<IstioGatewayRow>(),
    keepable::<DeploymentRow>(),
    keepable::<ServiceRow>(),
    keepable::<GatewayApiRow>(),
    keepable::<GatewayClassRow>(),
    keepable::<DaemonSetRow>(),
    keepable::<ReplicaSetRow>(),
    keepable::<EndpointSliceRow>(),
    keepable::<HpaRow>(),
    keepable::<PdbRow>(),
];

/// All kinds that can be kept.
pub(super) fn all_kinds() -> BTreeSet<Kind> {
    KEEPABLE.iter().map(|k| k.kind).collect()
}

/// The tasks that keep kinds over one connection. Dropping it ends them; their rows stay.
pub(super) struct Keepers {
    hub: Arc<Hub>,
    c: Connection,
    tasks: JoinSet<()>,
    running: BTreeMap<(Kind, Place), Running>,
}

impl Keepers {
    /// None yet.
    pub(super) fn new(hub: Arc<Hub>, c: Connection) -> Self {
        Self { hub, c, tasks: JoinSet::new(), running: BTreeMap::new() }
    }

    /// Keeps what is wanted. Places that are no longer wanted are dropped at once, kinds only if `strictly`: a screen
    /// that is left may be back in a moment. Returns whether any was spared.
    pub(super) fn keep(&mut self, wanted: &Wanted, strictly: bool) -> bool {
        let mut spared = false;
        for keepable in KEEPABLE {
            let kind = keepable.kind;
            let is_wanted = wanted.kinds.contains(&kind);
            let places = wanted.places(kind);
            let running: Vec<Place> =
                self.running.keys().filter(|(k, _)| *k == kind).map(|(_, place)| place.clone()).collect();
            for place in &running {
                if !places.contains(place) || (!is_wanted && strictly) {
                    self.stop(keepable, place);
                } else {
                    spared |= !is_wanted;
                }
            }
            if is_wanted {
                let paths: Arc<[Path]> = wanted.paths.get(&kind).cloned().unwrap_or_default().into();
                for place in places {
                    // Asked something else of its objects, a kind is listed again; its rows stay until the new ones are there.
                    if self.running.get(&(kind, place.clone())).is_none_or(|(_, asked)| *asked != paths) {
                        self.start(keepable, place, paths.clone());
                    }
                }
            }
        }
        spared
    }

    fn start(&mut self, keepable: &Keepable, place: Place, paths: Arc<[Path]>) {
        self.hub.change(|s| (keepable.add)(s, &place));
        let task = (keepable.keep)(self.hub.clone(), self.c.clone(), place.clone(), paths.clone());
        let task = self.tasks.spawn(task);
        if let Some((before, _)) = self.running.insert((keepable.kind, place), (task, paths)) {
            before.abort();
        }
    }

    fn stop(&mut self, keepable: &Keepable, place: &Place) {
        if let Some((task, _)) = self.running.remove(&(keepable.kind, place.clone())) {
            task.abort();
        }
        // Those that have ended are not kept for their results.
        while self.tasks.try_join_next().is_some() {}
        self.hub.change(|s| (keepable.remove)(s, place));
    }
}
