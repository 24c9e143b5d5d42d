//! What keeps coming: one task tree per cluster that turns lists and watches into snapshots.
//!
//! Clusters share nothing but the channel their snapshots leave by: one that is down, slow or refusing never delays
//! another. Dropping a handle ends its tasks.
#![allow(clippy::disallowed_methods, reason = "snapshots say when a cluster was last heard of")]

mod hub;
mod kind;
mod shelf;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::cluster::connect::{self, Connection};
use crate::cluster::credentials::Plugin;
use crate::cluster::discovery;
use crate::cluster::kubeconfig::Contexts;
use crate::cluster::read_only::ReadOnly;
use crate::model::gateway::Directions;
use crate::model::name::ClusterName;
use crate::model::row::{
    DaemonSetRow, DeploymentRow, EndpointSliceRow, GatewayApiRow, GatewayClassRow, HpaRow, IstioGatewayRow,
    PdbRow, PodRow, ReplicaSetRow, ServiceRow,
};
use crate::model::snapshot::{ClusterFacts, Snapshot};
use hub::{Hub, Kept, Source};

/// Where gateways usually are.
pub const DEFAULT_NAMESPACE: &str = "istio-system";

/// Snapshots of a cluster leave at most this often, but for the first of a change and the one that completes it.
const PACE: Duration = Duration::from_millis(100);

/// Pause before a cluster that did not say what it is, is asked again.
const PROBE_PAUSE: Duration = Duration::from_secs(5);

/// What all clusters are opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Watched namespaces; empty: all.
    pub namespaces: Vec<Box<str>>,
    /// Refuse writes everywhere.
    pub read_only: bool,
    /// Directions that the config gives gateways (R19).
    pub directions: Directions,
}

/// One open cluster.
struct Open {
    hub: Arc<Hub>,
    read_only: ReadOnly,
    plugin: Option<Arc<Plugin>>,
    tasks: JoinSet<()>,
}

/// The open clusters.
pub struct Sources {
    contexts: Contexts,
    options: Options,
    /// Contexts that the config makes read-only.
    guarded: Vec<ClusterName>,
    open: BTreeMap<ClusterName, Open>,
    out: mpsc::Sender<Arc<Snapshot>>,
}

impl Sources {
    /// No cluster yet; snapshots of those that are opened come by the receiver, each cluster's in their order.
    pub fn new(
        contexts: Contexts,
        options: Options,
        guarded: Vec<ClusterName>,
    ) -> (Self, mpsc::Receiver<Arc<Snapshot>>) {
        let (out, inbox) = mpsc::channel(4);
        (Self { contexts, options, guarded, open: BTreeMap::new(), out }, inbox)
    }

    /// Opens a context; one that is open stays as it is.
    pub fn open(&mut self, cluster: &ClusterName) {
        if self.open.contains_key(cluster) {
            return;
        }
        let read_only = ReadOnly::new(self.options.read_only || self.guarded.contains(cluster));
        let plugin = connect::plugin(&self.contexts, cluster).ok().flatten();
        self.start(cluster, read_only, plugin, (0, ClusterFacts::default()));
    }

    fn start(
        &mut self,
        cluster: &ClusterName,
        read_only: ReadOnly,
        plugin: Option<Arc<Plugin>>,
        (revision, facts): (u64, ClusterFacts),
    ) {
        let facts = ClusterFacts { namespaces: self.options.namespaces.clone().into(), ..facts };
        let hub = Hub::new(cluster.clone(), facts, revision);
        let mut tasks = JoinSet::new();
        tasks.spawn(publish(hub.clone(), self.options.directions.clone(), self.out.clone()));
        tasks.spawn(run(
            hub.clone(),
            self.contexts.clone(),
            plugin.clone(),
            read_only.clone(),
            self.options.namespaces.clone(),
        ));
        self.open.insert(cluster.clone(), Open { hub, read_only, plugin, tasks });
    }

    /// Closes a cluster: its tasks end, its connections close.
    pub fn close(&mut self, cluster: &ClusterName) {
        if let Some(mut open) = self.open.remove(cluster) {
            open.tasks.abort_all();
        }
    }

    /// Watches other namespaces, of all clusters; empty: all.
    pub fn set_namespaces(&mut self, namespaces: Vec<Box<str>>) {
        self.options.namespaces = namespaces;
        for (cluster, mut open) in std::mem::take(&mut self.open) {
            open.tasks.abort_all();
            let last = open.hub.retire();
            self.start(&cluster, open.read_only, open.plugin, last);
        }
    }

    /// Tries a cluster that does not answer, or all of them, now.
    pub fn retry(&self, cluster: Option<&ClusterName>) {
        for (_, open) in self.open.iter().filter(|(name, _)| cluster.is_none_or(|c| c == *name)) {
            open.hub.try_now();
        }
    }

    /// Refuses writes everywhere, or only where the config says so.
    pub fn set_read_only(&mut self, on: bool) {
        self.options.read_only = on;
        for (cluster, open) in &self.open {
            open.read_only.set(on || self.guarded.contains(cluster));
        }
    }

    /// The way to a cluster, once there is one.
    pub fn connection(&self, cluster: &ClusterName) -> Option<Connection> {
        self.open.get(cluster)?.hub.connection()
    }

    /// The credential plugin of a cluster, when it has one.
    pub fn plugin(&self, cluster: &ClusterName) -> Option<Arc<Plugin>> {
        self.open.get(cluster)?.plugin.clone()
    }

    /// The contexts there are.
    pub fn contexts(&self) -> &Contexts {
        &self.contexts
    }
}

/// Opens contexts, and returns their states once each is complete or has failed, or when `limit` has passed.
pub async fn once(
    contexts: Contexts,
    chosen: &[ClusterName],
    options: Options,
    guarded: Vec<ClusterName>,
    limit: Duration,
) -> Vec<Arc<Snapshot>> {
    let directions = options.directions.clone();
    let (mut sources, mut inbox) = Sources::new(contexts, options, guarded);
    for cluster in chosen {
        sources.open(cluster);
    }
    let hubs: Vec<Arc<Hub>> = chosen.iter().filter_map(|c| Some(sources.open.get(c)?.hub.clone())).collect();
    let wait = async {
        while !hubs.iter().all(|hub| hub.lock().is_settled()) {
            if inbox.recv().await.is_none() {
                return;
            }
        }
    };
    // Whatever has arrived by then is shown; what has not says so.
    let _ = tokio::time::timeout(limit, wait).await;
    hubs.iter().filter_map(|hub| hub.snapshot(&directions)).map(Arc::new).collect()
}

/// Makes the connection, and keeps every kind, for as long as the credentials last; then again.
async fn run(
    hub: Arc<Hub>,
    contexts: Contexts,
    plugin: Option<Arc<Plugin>>,
    read_only: ReadOnly,
    namespaces: Vec<Box<str>>,
) {
    let mut placed = None;
    loop {
        let connection =
            match connect::connect(&contexts, hub.cluster(), plugin.clone(), read_only.clone()).await {
                Ok(connection) => connection,
                Err(fault) => {
                    hub.failed(Source::Connect, fault).await;
                    continue;
                }
            };
        let numbers = placed.get_or_insert_with(|| Numbers::new(&hub, &namespaces)).clone();
        hub.change(|s| {
            s.connected();
            s.facts().server.clone_from(&connection.server);
            s.connection = Some(connection.clone());
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(probe(hub.clone(), connection.clone()));
        numbers.keep_all(&mut tasks, &hub, &connection, &namespaces);
        connection.outlived().await;
    }
}

/// Reads what the cluster is, beside its rows. Failures are told by the kinds; what is unknown stays unknown.
async fn probe(hub: Arc<Hub>, c: Connection) {
    loop {
        let returns = hub.returns();
        let known = discovery::facts(&c).await;
        let answered = known.answered;
        hub.change(|s| {
            s.probed |= answered;
            let facts = s.facts();
            facts.kubernetes = known.kubernetes.or(facts.kubernetes.take());
            facts.uid = known.uid.or(facts.uid.take());
            if answered {
                facts.keeper = known.keeper;
                facts.served_versions = known.served_versions;
            }
        });
        if answered {
            // Who keeps gateways can change when the CRD does.
            tokio::select! {
                () = discovery::changes(&c) => {}
                () = hub.reconnected(returns) => {}
            }
        } else {
            // The cluster may have come back while its last answer was waited for.
            tokio::select! {
                () = tokio::time::sleep(PROBE_PAUSE) => {}
                () = hub.reconnected(returns) => {}
            }
        }
    }
}

/// The numbers of the places of each kind: they stay over reconnections, and so do the rows.
#[derive(Clone)]
struct Numbers(Arc<BTreeMap<crate::model::name::Kind, Vec<usize>>>);

macro_rules! all_kinds {
    ($act:ident) => {
        $act!(
            IstioGatewayRow,
            GatewayApiRow,
            GatewayClassRow,
            DeploymentRow,
            DaemonSetRow,
            ReplicaSetRow,
            PodRow,
            ServiceRow,
            EndpointSliceRow,
            HpaRow,
            PdbRow
        )
    };
}

impl Numbers {
    fn new(hub: &Hub, namespaces: &[Box<str>]) -> Self {
        let mut all = BTreeMap::new();
        macro_rules! add {
            ($($row:ty),*) => {
                hub.change(|s| {
                    $(all.insert(<$row as crate::model::row::Row>::KIND,
                        places::<$row>(namespaces).iter().map(|_| <$row as Kept>::shelf(s).add_place()).collect());)*
                })
            };
        }
        all_kinds!(add);
        Self(Arc::new(all))
    }

    fn keep_all(&self, tasks: &mut JoinSet<()>, hub: &Arc<Hub>, c: &Connection, namespaces: &[Box<str>]) {
        macro_rules! keep {
            ($($row:ty),*) => {
                $(for (namespace, number) in places::<$row>(namespaces).into_iter().zip(self.of::<$row>()) {
                    tasks.spawn(kind::keep::<$row>(hub.clone(), c.clone(), namespace, number));
                })*
            };
        }
        all_kinds!(keep);
    }

    fn of<T: Kept>(&self) -> Vec<usize> {
        self.0.get(&T::KIND).cloned().unwrap_or_default()
    }
}

/// Where a kind is listed: once a namespace, or once for all.
fn places<T: Kept>(namespaces: &[Box<str>]) -> Vec<Option<Box<str>>> {
    if namespaces.is_empty() || !T::KIND.resource().namespaced {
        return vec![None];
    }
    namespaces.iter().cloned().map(Some).collect()
}

/// Sends snapshots: on the leading edge of a change, then at most one in [`PACE`], and at once when complete. The
/// next one is made when there is room for it, so that a slow reader sees the newest, never a queue.
async fn publish(hub: Arc<Hub>, directions: Directions, out: mpsc::Sender<Arc<Snapshot>>) {
    let mut last = Instant::now().checked_sub(PACE);
    let mut was_complete = false;
    loop {
        hub.changed.notified().await;
        loop {
            let complete = hub.lock().is_complete();
            let due = last.map_or_else(Instant::now, |at| at + PACE);
            if (complete && !was_complete) || due <= Instant::now() {
                was_complete = complete;
                break;
            }
            tokio::select! {
                () = tokio::time::sleep_until(due) => {}
                () = hub.changed.notified() => {}
            }
        }
        let Ok(room) = out.reserve().await else { return };
        last = Some(Instant::now());
        let Some(snapshot) = hub.snapshot(&directions) else { return };
        room.send(Arc::new(snapshot));
    }
}
