//! What is known of one cluster, and the snapshots made of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::shelf::Shelf;
use crate::cluster::connect::Connection;
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::{Directions, join};
use crate::model::name::{ClusterName, Kind};
use crate::model::row::{
    DaemonSetRow, DeploymentRow, EndpointSliceRow, GatewayApiRow, GatewayClassRow, HpaRow, IstioGatewayRow,
    PdbRow, PodRow, ReplicaSetRow, Row, Rows, ServiceRow, WorkloadRow,
};
use crate::model::snapshot::{ClusterFacts, IstioRevision, KindState, Link, Snapshot};

/// First and longest pause between two tries of a cluster that does not answer.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What is known of one cluster. Its tasks write, its publisher reads.
pub(super) struct Hub {
    cluster: ClusterName,
    state: Mutex<State>,
    /// Something changed.
    pub(super) changed: Notify,
    /// Counts how often the cluster answered after it did not.
    back: watch::Sender<u64>,
    /// Counts the wishes to try again now.
    pub(super) again: watch::Sender<u64>,
}

/// The part that changes.
pub(super) struct State {
    shelves: Shelves,
    facts: ClusterFacts,
    pub(super) connection: Option<Connection>,
    /// Kinds and steps that fail because the cluster does not answer, each with why.
    down: BTreeMap<Source, Fault>,
    attempts: u32,
    next_try: Option<Timestamp>,
    answered: bool,
    last_heard: Timestamp,
    started: Timestamp,
    revision: u64,
    /// The cluster itself was asked about, and answered or refused.
    pub(super) probed: bool,
    /// Another hub goes on in this one's place.
    retired: bool,
}

/// What a failure belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Making the client.
    Connect,
    /// A kind in one of its places.
    Place(Kind, usize),
}

#[derive(Default)]
struct Shelves {
    istio_gateways: Shelf<IstioGatewayRow>,
    api_gateways: Shelf<GatewayApiRow>,
    gateway_classes: Shelf<GatewayClassRow>,
    deployments: Shelf<DeploymentRow>,
    daemon_sets: Shelf<DaemonSetRow>,
    replica_sets: Shelf<ReplicaSetRow>,
    pods: Shelf<PodRow>,
    services: Shelf<ServiceRow>,
    endpoint_slices: Shelf<EndpointSliceRow>,
    autoscalers: Shelf<HpaRow>,
    disruption_budgets: Shelf<PdbRow>,
}

/// A kind that the hub keeps.
pub(super) trait Kept: Row {
    /// Its shelf.
    fn shelf(state: &mut State) -> &mut Shelf<Self>;
}

macro_rules! kept {
    ($($row:ty => $field:ident,)*) => {
        $(impl Kept for $row {
            fn shelf(state: &mut State) -> &mut Shelf<Self> {
                &mut state.shelves.$field
            }
        })*

        impl Shelves {
            /// How many places are listed and watched, or are to be.
            fn wanted(&self) -> usize {
                0 $(+ self.$field.wanted())*
            }

            /// The state of every kind that is watched.
            fn states(&self) -> BTreeMap<Kind, KindState> {
                let mut all = BTreeMap::new();
                $(if let Some(state) = self.$field.state() {
                    all.insert(<$row as Row>::KIND, state);
                })*
                all
            }
        }
    };
}

kept! {
    IstioGatewayRow => istio_gateways,
    GatewayApiRow => api_gateways,
    GatewayClassRow => gateway_classes,
    DeploymentRow => deployments,
    DaemonSetRow => daemon_sets,
    ReplicaSetRow => replica_sets,
    PodRow => pods,
    ServiceRow => services,
    EndpointSliceRow => endpoint_slices,
    HpaRow => autoscalers,
    PdbRow => disruption_budgets,
}

impl Hub {
    /// Knows no rows yet. Snapshots are numbered from `revision` on.
    pub(super) fn new(cluster: ClusterName, facts: ClusterFacts, revision: u64) -> Arc<Self> {
        let now = Timestamp::now();
        let state = State {
            shelves: Shelves::default(),
            facts,
            connection: None,
            down: BTreeMap::new(),
            attempts: 0,
            next_try: None,
            answered: false,
            last_heard: now,
            started: now,
            revision,
            probed: false,
            retired: false,
        };
        Arc::new(Self {
            cluster,
            state: Mutex::new(state),
            changed: Notify::new(),
            back: watch::Sender::new(0),
            again: watch::Sender::new(0),
        })
    }

    /// The cluster.
    pub(super) fn cluster(&self) -> &ClusterName {
        &self.cluster
    }

    /// Held for the few instructions of a change; never over a wait.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and lets the publisher know.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.lock());
        self.changed.notify_one();
        done
    }

    /// A step or kind got an answer: the cluster is there.
    pub(super) fn heard(&self, source: Source) {
        let (news, back) = {
            let mut s = self.lock();
            let was_down = s.down.remove(&source).is_some();
            let first = !std::mem::replace(&mut s.answered, true);
            s.last_heard = Timestamp::now();
            if s.down.is_empty() {
                s.attempts = 0;
                s.next_try = None;
            }
            (was_down || first, was_down && s.down.is_empty())
        };
        // A watch that is begun again is no news: nothing is made or drawn for it.
        if news {
            self.changed.notify_one();
        }
        if back {
            self.back.send_modify(|n| *n += 1);
        }
    }

    /// A step or kind failed. Waits until the cluster is to be tried again: all that fail try at the same moments,
    /// further and further apart, or at once when someone asks.
    pub(super) async fn failed(&self, source: Source, fault: Fault) {
        let mut again = self.again.subscribe();
        let until = self.change(|s| {
            s.down.insert(source, fault);
            let now = Timestamp::now();
            match s.next_try.filter(|at| *at > now) {
                Some(at) => at,
                None => {
                    let at = now + pause(s.attempts, salt(&self.cluster));
                    s.attempts += 1;
                    s.next_try = Some(at);
                    at
                }
            }
        });
        let wait = Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = again.changed() => {}
        }
    }

    /// Waits until someone asks to try again.
    pub(super) async fn asked_again(&self) {
        // The sender is this hub's own: it cannot be gone.
        let _ = self.again.subscribe().changed().await;
    }

    /// Asks everything that waits to try now.
    pub(super) fn try_now(&self) {
        self.change(|s| {
            s.attempts = 0;
            s.next_try = None;
        });
        self.again.send_modify(|n| *n += 1);
    }

    /// Counts the cluster's returns: taken before something is tried, it tells later whether to try it again.
    pub(super) fn returns(&self) -> watch::Receiver<u64> {
        self.back.subscribe()
    }

    /// Waits until the cluster answers again after it did not since `returns` was taken, or someone asks.
    pub(super) async fn reconnected(&self, mut returns: watch::Receiver<u64>) {
        tokio::select! {
            // The sender is this hub's own: it cannot be gone.
            _ = returns.changed() => {}
            () = self.asked_again() => {}
        }
    }

    /// Makes no snapshot any more: the hub that takes over numbers its own from the returned one on.
    pub(super) fn retire(&self) -> (u64, ClusterFacts) {
        let mut s = self.lock();
        s.retired = true;
        (s.revision, s.facts.clone())
    }

    /// The connection, once there is one.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.lock().connection.clone()
    }

    /// Makes a snapshot. Rows are shared with the one before where nothing changed. `None`: another hub makes them now.
    pub(super) fn snapshot(&self, directions: &Directions) -> Option<Snapshot> {
        let mut snapshot = {
            let mut state = self.lock();
            if state.retired {
                return None;
            }
            state.snapshot(&self.cluster)
        };
        snapshot.gateways = join(&snapshot, directions).into();
        Some(snapshot)
    }
}

/// The pause before the next try: doubling, with a little disorder so that a hundred clusters do not try at once.
fn pause(attempts: u32, salt: u64) -> Duration {
    let doubled = PAUSES.0.saturating_mul(1 << attempts.min(10)).min(PAUSES.1);
    let disorder = salt.wrapping_add(u64::from(attempts)).wrapping_mul(2_654_435_761) % 31;
    doubled.mul_f64(0.85 + disorder as f64 / 100.0)
}

/// A number that differs from cluster to cluster.
fn salt(cluster: &ClusterName) -> u64 {
    cluster.as_str().bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
}

impl State {
    /// A client was made: that step no longer fails.
    pub(super) fn connected(&mut self) {
        self.down.remove(&Source::Connect);
    }

    /// What is known of the cluster beside its rows.
    pub(super) fn facts(&mut self) -> &mut ClusterFacts {
        &mut self.facts
    }

    /// Whether nothing more is to come soon: every kind is listed, refused, absent or failed, or nothing answers.
    pub(super) fn is_settled(&self) -> bool {
        let loading = self.shelves.states().values().any(|s| *s == KindState::Loading);
        match self.link() {
            Link::Connecting { .. } => false,
            Link::Ready => !loading && self.probed,
            Link::Stale { .. } | Link::Unreachable { .. } | Link::Denied { .. } => true,
        }
    }

    /// Whether every watched kind is listed, or is known not to be.
    pub(super) fn is_complete(&self) -> bool {
        let states = self.shelves.states();
        !states.is_empty() && states.values().all(KindState::settled)
    }

    /// An event came: the cluster is there at this moment.
    pub(super) fn heard_now(&mut self) {
        self.last_heard = Timestamp::now();
    }

    /// How the rest of the cluster is while some of it fails: an error of the server for one kind among many is that
    /// kind's state, for all of them it is the cluster's.
    fn down(&self) -> Option<&Fault> {
        let of_server = |fault: &&Fault| fault.reason == Reason::Server;
        let all = self.down.len() >= self.shelves.wanted().max(1);
        self.down.values().find(|f| !of_server(f)).or_else(|| self.down.values().find(|_| all))
    }

    fn link(&self) -> Link {
        if let Some(fault) = self.down() {
            let (fault, next_try) = (fault.clone(), self.next_try);
            return match fault.reason {
                Reason::Denied => Link::Denied { fault, next_try },
                _ if self.answered => Link::Stale { since: self.last_heard, fault, next_try },
                _ => Link::Unreachable { fault, next_try },
            };
        }
        // A server that says why it cannot answer one kind is there.
        if !self.answered && self.down.is_empty() {
            return Link::Connecting { since: self.started };
        }
        let states = self.shelves.states();
        let refused = |s: &KindState| matches!(s, KindState::Denied(_));
        let nothing =
            states.values().all(|s| refused(s) || *s == KindState::Absent) && states.values().any(refused);
        match states.values().find_map(|s| if let KindState::Denied(fault) = s { Some(fault) } else { None })
        {
            Some(fault) if nothing => Link::Denied { fault: fault.clone(), next_try: None },
            _ => Link::Ready,
        }
    }

    fn snapshot(&mut self, cluster: &ClusterName) -> Snapshot {
        self.revision += 1;
        let shelves = &mut self.shelves;
        let deployments = workloads(&shelves.deployments.rows(), |d| &d.0);
        self.facts.istio = istio(&deployments);
        self.facts.round_trip = self.connection.as_ref().and_then(|c| c.round_trip.last());
        Snapshot {
            cluster: cluster.clone(),
            revision: self.revision,
            kinds: shelves.states(),
            istio_gateways: shelves.istio_gateways.rows(),
            api_gateways: shelves.api_gateways.rows(),
            gateway_classes: shelves.gateway_classes.rows(),
            daemon_sets: workloads(&shelves.daemon_sets.rows(), |d| &d.0),
            replica_sets: shelves.replica_sets.rows(),
            pods: shelves.pods.rows(),
            services: shelves.services.rows(),
            endpoint_slices: shelves.endpoint_slices.rows(),
            autoscalers: shelves.autoscalers.rows(),
            disruption_budgets: shelves.disruption_budgets.rows(),
            deployments,
            facts: self.facts.clone(),
            link: self.link(),
            gateways: Arc::default(),
        }
    }
}

fn workloads<T>(rows: &Rows<T>, inner: impl Fn(&T) -> &Arc<WorkloadRow>) -> Rows<WorkloadRow> {
    rows.iter().map(|row| inner(row).clone()).collect()
}

/// Istio's versions and revisions, read from istiod's Deployments.
fn istio(deployments: &Rows<WorkloadRow>) -> Box<[IstioRevision]> {
    let revision = |d: &Arc<WorkloadRow>| {
        let image = &d.proxy_image;
        let tag = image.rsplit('/').next().and_then(|name| name.split_once(':')).map_or("?", |(_, tag)| tag);
        let tag = tag.split('@').next().unwrap_or(tag);
        let label = d.meta.labels.get("istio.io/rev").or_else(|| d.pod_labels.get("istio.io/rev"));
        IstioRevision { version: tag.into(), revision: label.unwrap_or("default").into() }
    };
    deployments.iter().filter(|d| d.pod_labels.get("app") == Some("istiod")).map(revision).collect()
}
