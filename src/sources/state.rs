//! What is known of one cluster at this moment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::hub::{Source, pause};
use super::shelf::{Place, Shelf};
use crate::cluster::clock::Clock;
use crate::cluster::connect::Connection;
use crate::cluster::credentials::Plugin;
use crate::cluster::discovery::Known;
use crate::model::fault::{Fault, Reason};
use crate::model::holder::Holder;
use crate::model::name::{ClusterName, Kind};
use crate::model::row::{
    DaemonSetRow, DeploymentRow, EndpointSliceRow, GatewayApiRow, GatewayClassRow, HpaRow, IstioGatewayRow,
    PdbRow, PodRow, ReplicaSetRow, Row, Rows, ServiceRow, WorkloadRow,
};
use crate::model::snapshot::{ClusterFacts, IstioRevision, Keeper, KindState, Link, Snapshot};

/// The part that changes.
pub(super) struct State {
    clock: Clock,
    shelves: Shelves,
    facts: ClusterFacts,
    connection: Option<Connection>,
    pub(super) plugin: Option<Arc<Plugin>>,
    /// Whether the cluster was asked what it is, with whatever answer.
    probed: bool,
    /// Something that is to be seen at once: the first rows of a kind.
    urgent: bool,
    /// Kinds that may not be listed in all namespaces, as was asked for.
    narrowed: BTreeSet<Kind>,
    /// Kinds and steps that fail, each with why.
    down: BTreeMap<Source, Fault>,
    attempts: u32,
    next_try: Option<Timestamp>,
    answered: bool,
    last_heard: Timestamp,
    started: Timestamp,
    revision: u64,
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

/// What an answer of a kind tells.
pub(super) struct News {
    /// It failed before, or the cluster never answered before.
    pub(super) is_news: bool,
    /// It was the last that failed.
    pub(super) all_back: bool,
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
            /// How many places are listed or watched, of all kinds.
            fn in_use(&self) -> usize {
                0 $(+ self.$field.in_use())*
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

impl State {
    /// Knows nothing yet.
    pub(super) fn new(clock: Clock) -> Self {
        let now = clock.now();
        Self {
            clock,
            shelves: Shelves::default(),
            facts: ClusterFacts::default(),
            connection: None,
            plugin: None,
            probed: false,
            urgent: false,
            narrowed: BTreeSet::new(),
            down: BTreeMap::new(),
            attempts: 0,
            next_try: None,
            answered: false,
            last_heard: now,
            started: now,
            revision: 0,
        }
    }

    /// A client was made: that step no longer fails.
    pub(super) fn connected(&mut self, connection: Connection) {
        self.down.remove(&Source::Connect);
        self.facts.server.clone_from(&connection.server);
        self.connection = Some(connection);
    }

    /// A kind got an answer. Returns whether that is news.
    pub(super) fn answered(&mut self, source: &Source) -> News {
        let back = self.down.remove(source).is_some();
        let first = !std::mem::replace(&mut self.answered, true);
        self.hear();
        if self.down.is_empty() {
            self.forgive();
        }
        News { is_news: back || first, all_back: back && self.down.is_empty() }
    }

    /// Tries begin again with the shortest pause.
    pub(super) fn forgive(&mut self) {
        self.attempts = 0;
        self.next_try = None;
    }

    /// The connection, once there is one.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.connection.clone()
    }

    /// Notes a failure; when to try again.
    pub(super) fn fail(
        &mut self,
        source: Source,
        fault: Fault,
        now: Timestamp,
        cluster: &ClusterName,
    ) -> Option<Timestamp> {
        let reason = fault.reason;
        self.down.insert(source, fault);
        if reason == Reason::NeedsTerminal {
            return None;
        }
        if self.next_try.is_none_or(|at| at <= now) {
            self.next_try = Some(now + pause(self.attempts, reason, cluster));
            self.attempts += 1;
        }
        self.next_try
    }

    /// The cluster said something.
    pub(super) fn hear(&mut self) {
        self.last_heard = self.clock.now();
    }

    /// What is known of the cluster beside its rows.
    pub(super) fn facts(&mut self) -> &mut ClusterFacts {
        &mut self.facts
    }

    /// What the cluster said it is; what it did not say stays as it was.
    pub(super) fn learn(&mut self, known: Known) {
        let facts = &mut self.facts;
        facts.kubernetes = known.kubernetes.or(facts.kubernetes.take());
        facts.uid = known.uid.or(facts.uid.take());
        facts.keeper = known.keeper.unwrap_or(facts.keeper);
        if let Some(served) = known.served_versions {
            facts.served_versions = served;
        }
        self.probed = true;
    }

    /// A place is no longer watched.
    pub(super) fn forget(&mut self, kind: Kind, place: &Place) {
        self.down.remove(&Source::Place(kind, place.clone()));
        self.narrowed.remove(&kind);
    }

    /// A kind may not be listed in all namespaces.
    pub(super) fn narrow(&mut self, kind: Kind) {
        self.narrowed.insert(kind);
    }

    /// Rows that are to be seen at once.
    pub(super) fn hurry(&mut self) {
        self.urgent = true;
    }

    /// Whether there was something to be seen at once since it was last asked.
    pub(super) fn take_urgent(&mut self) -> bool {
        std::mem::take(&mut self.urgent)
    }

    /// Whether every watched kind is listed, or is known not to be.
    pub(super) fn is_complete(&self) -> bool {
        let states = self.shelves.states();
        !states.is_empty() && states.values().all(KindState::settled)
    }

    /// Whether nothing more is to be waited for by who asks once.
    pub(super) fn is_settled(&self) -> bool {
        let states = self.shelves.states();
        let asked = self.facts.keeper != Keeper::Egret || self.facts.holder != Holder::Unread;
        let listed = self.probed
            && asked
            && !states.is_empty()
            && !states.values().any(|s| matches!(s, KindState::Loading));
        listed || !matches!(self.link(), Link::Ready | Link::Connecting { .. })
    }

    /// What stands between egret and the cluster. A server that fails at some kinds is still there.
    fn obstacle(&self) -> Option<(&Source, &Fault)> {
        let only_here = |fault: &Fault| fault.reason == Reason::Server;
        self.down
            .iter()
            .find(|(_, fault)| !only_here(fault))
            .or_else(|| self.down.iter().next().filter(|_| self.down.len() >= self.shelves.in_use()))
    }

    fn link(&self) -> Link {
        if let Some((source, fault)) = self.obstacle() {
            let waits = fault.reason == Reason::NeedsTerminal;
            let (fault, next_try) = (fault.clone(), self.next_try.filter(|_| !waits));
            return match (source, fault.reason) {
                _ if self.answered => Link::Stale { since: self.last_heard, fault, next_try },
                // It does answer: that it does not know who asks.
                (Source::Place(..), Reason::Credentials) => Link::Denied { fault, next_try },
                _ => Link::Unreachable { fault, next_try },
            };
        }
        // A server that says why it fails at one kind is there.
        if !self.answered && self.down.is_empty() {
            return Link::Connecting { since: self.started };
        }
        let states = self.shelves.states();
        let mut served = states.values().filter(|s| **s != KindState::Absent).peekable();
        let first = served.peek().map(|s| (*s).clone());
        match first {
            Some(KindState::Denied(fault)) if served.all(|s| matches!(s, KindState::Denied(_))) => {
                Link::Denied { fault, next_try: None }
            }
            _ => Link::Ready,
        }
    }

    /// A snapshot, without the joined gateways.
    pub(super) fn snapshot(&mut self, cluster: &ClusterName) -> Snapshot {
        self.revision += 1;
        let shelves = &mut self.shelves;
        let deployments = workloads(&shelves.deployments.rows(), |d| &d.0);
        let istio_gateways = shelves.istio_gateways.rows();
        let mut facts = self.facts.clone();
        facts.istio = istio(&deployments);
        facts.round_trip = self.connection.as_ref().and_then(|c| c.requests.round_trip());
        facts.keeper = keeper(facts.keeper, &istio_gateways);
        if !self.narrowed.is_empty() && facts.namespaces.is_empty() {
            facts.namespaces = Box::new([super::DEFAULT_NAMESPACE.into()]);
        }
        Snapshot {
            cluster: cluster.clone(),
            revision: self.revision,
            kinds: shelves.states(),
            istio_gateways,
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
            facts,
            link: self.link(),
            gateways: Arc::default(),
        }
    }
}

/// Who keeps gateways, by the marks on those that are there too: ASM's CRD looks like any other's (R4).
fn keeper(known: Keeper, gateways: &Rows<IstioGatewayRow>) -> Keeper {
    let marked = |object: &serde_json::Value| {
        let keys = |field: &str| object["metadata"][field].as_object().into_iter().flat_map(|m| m.keys());
        keys("annotations").chain(keys("labels")).any(|key| key.starts_with("asm.alibabacloud.com/"))
    };
    match known {
        Keeper::Other | Keeper::Unknown if gateways.iter().any(|g| marked(&g.object)) => Keeper::Asm,
        known => known,
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
