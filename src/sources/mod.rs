//! What keeps coming: one task tree per cluster that turns lists and watches into snapshots.
//!
//! Clusters share nothing but the channel their snapshots leave by: one that is down, slow or refusing never delays
//! another. Dropping a handle ends its tasks. Nothing is polled: timers only retry, end a watch, and hold snapshots
//! back for a moment.
#![allow(clippy::disallowed_methods, reason = "snapshots say when a cluster was last heard of")]

mod holder;
mod hub;
mod keepers;
mod kind;
pub mod proxies;
mod publish;
mod run;
mod shelf;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::cluster::connect::{Connection, Patience};
use crate::cluster::credentials::Plugin;
use crate::cluster::kubeconfig::Contexts;
use crate::cluster::read_only::ReadOnly;
use crate::envoy::Seen;
use crate::metrics::{Scraped, Want};
use crate::model::fault::Fault;
use crate::model::gateway::Directions;
use crate::model::name::{ClusterName, Kind};
use crate::model::path::Paths;
use crate::model::snapshot::Snapshot;
use crate::model::usage::PodUsage;
use hub::Hub;
use keepers::{Wanted, all_kinds};
use proxies::Proxies;

/// Where gateways usually are.
pub const DEFAULT_NAMESPACE: &str = "istio-system";

/// What all clusters are opened with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Watched namespaces; empty: all.
    pub namespaces: Vec<Box<str>>,
    /// Refuse writes everywhere.
    pub read_only: bool,
    /// Directions that the config gives gateways (R19).
    pub directions: Directions,
    /// How long servers may take.
    pub patience: Patience,
    /// What columns ask of objects.
    pub paths: Paths,
}

/// What is heard of proxies.
#[derive(Clone, Debug)]
pub enum Heard {
    /// One was read, or not.
    Scraped(Scraped),
    /// An admin interface answered.
    Admin(Seen),
    /// What the pods of the wanted namespaces of a cluster use. A cluster that does not serve `metrics.k8s.io` is
    /// [`Reason::Missing`](crate::model::fault::Reason::Missing), told once.
    Usage(ClusterName, Result<Arc<[PodUsage]>, Fault>),
}

/// One open cluster.
struct Open {
    hub: Arc<Hub>,
    read_only: ReadOnly,
    /// Dropped with it, and they end.
    _tasks: JoinSet<()>,
}

/// The open clusters.
pub struct Sources {
    contexts: Contexts,
    options: Options,
    /// Contexts that the config makes read-only.
    guarded: Vec<ClusterName>,
    open: BTreeMap<ClusterName, Open>,
    wanted: watch::Sender<Wanted>,
    out: mpsc::Sender<Arc<Snapshot>>,
    proxies: Proxies,
}

impl Sources {
    /// No cluster yet; snapshots of those that are opened come by the receiver, each cluster's in their order.
    ///
    /// A snapshot is made when there is room for it: who reads slowly sees the newest state, never a queue of old ones.
    pub fn new(
        contexts: Contexts,
        options: Options,
        guarded: Vec<ClusterName>,
    ) -> (Self, mpsc::Receiver<Arc<Snapshot>>) {
        let (out, inbox) = mpsc::channel(4);
        let (namespaces, paths) = (options.namespaces.clone(), options.paths.clone());
        let wanted = Wanted { namespaces, kinds: all_kinds(), paths };
        let wanted = watch::Sender::new(wanted);
        let proxies = Proxies::new(contexts.clock());
        (Self { contexts, options, guarded, open: BTreeMap::new(), wanted, out, proxies }, inbox)
    }

    /// Opens a context; one that is open stays as it is.
    pub fn open(&mut self, cluster: &ClusterName) {
        if self.open.contains_key(cluster) {
            return;
        }
        let read_only = if self.guarded.contains(cluster) {
            ReadOnly::demanded()
        } else {
            ReadOnly::new(self.options.read_only)
        };
        let hub = Hub::new(cluster.clone(), self.contexts.clock());
        let mut tasks = JoinSet::new();
        tasks.spawn(publish::publish(hub.clone(), self.options.directions.clone(), self.out.clone()));
        let run = run::Run {
            hub: hub.clone(),
            contexts: self.contexts.clone(),
            read_only: read_only.clone(),
            patience: self.options.patience,
            wanted: self.wanted.subscribe(),
        };
        tasks.spawn(run.forever());
        self.proxies.open(cluster, hub.ways());
        self.open.insert(cluster.clone(), Open { hub, read_only, _tasks: tasks });
    }

    /// The kubeconfig was read again, and what the config makes read-only of it: those that are opened from now on are
    /// opened by it. Those that are open stay what they are.
    pub fn use_contexts(&mut self, contexts: Contexts, guarded: Vec<ClusterName>) {
        self.contexts = contexts;
        self.guarded.extend(guarded);
        self.guarded.sort();
        self.guarded.dedup();
    }

    /// Closes a cluster: its tasks end, its connections close.
    pub fn close(&mut self, cluster: &ClusterName) {
        self.open.remove(cluster);
        self.proxies.close(cluster);
    }

    /// Watches other namespaces, of all clusters; empty: all. What was watched before and still is stays as it is.
    pub fn set_namespaces(&mut self, namespaces: Vec<Box<str>>) {
        self.wanted.send_if_modified(|w| std::mem::replace(&mut w.namespaces, namespaces) != w.namespaces);
    }

    /// Watches only these kinds, of all clusters. One that is no longer wanted is kept for half a minute more.
    pub fn set_kinds(&mut self, kinds: impl IntoIterator<Item = Kind>) {
        let all = all_kinds();
        let kinds: BTreeSet<Kind> = kinds.into_iter().filter(|kind| all.contains(kind)).collect();
        self.wanted.send_if_modified(|w| std::mem::replace(&mut w.kinds, kinds) != w.kinds);
    }

    /// What columns ask of objects from now on. Kinds that are asked something else are listed again.
    pub fn set_paths(&mut self, paths: Paths) {
        self.wanted.send_if_modified(|w| std::mem::replace(&mut w.paths, paths.clone()) != paths);
    }

    /// What is heard of proxies from now on. Whoever listened before hears nothing more. It holds few: what is not taken
    /// in time is not heard.
    pub fn listen(&mut self) -> mpsc::Receiver<Heard> {
        self.proxies.listen()
    }

    /// Reads these proxies, again and again, and no others. Said again it also looks what is due by now: a clock that
    /// stands calls nobody.
    pub fn read_proxies(&mut self, wants: Vec<Want>) {
        self.proxies.read(wants);
    }

    /// Reads no proxies, and nothing of what pods use, until it is said that somebody can see it again.
    pub fn pause_reading(&mut self, paused: bool) {
        self.proxies.pause(paused);
    }

    /// Reads what the pods of these namespaces use, every 30 s, and of no others.
    pub fn read_usage(&mut self, of: Vec<(ClusterName, String)>) {
        self.proxies.read_usage(of);
    }

    /// Tries a cluster that does not answer, or all of them, now.
    pub fn retry(&self, cluster: Option<&ClusterName>) {
        for (_, open) in self.open.iter().filter(|(name, _)| cluster.is_none_or(|c| c == *name)) {
            open.hub.try_now();
        }
        self.proxies.retry(cluster);
    }

    /// Refuses writes everywhere, or only where the config says so.
    pub fn set_read_only(&mut self, on: bool) {
        self.options.read_only = on;
        self.open.values().for_each(|open| open.read_only.set(on));
    }

    /// Refuses writes to a cluster from now on, as if the config had said so at the start.
    pub fn guard(&mut self, cluster: &ClusterName) {
        if !self.guarded.contains(cluster) {
            self.guarded.push(cluster.clone());
        }
        if let Some(open) = self.open.get(cluster) {
            open.read_only.demand();
        }
    }

    /// Whether each open cluster is complete, or has failed: who asks once need not wait for more.
    pub fn is_settled(&self) -> bool {
        self.open.values().all(|open| open.hub.lock().is_settled())
    }

    /// The states of the open clusters as they are now.
    pub fn states(&self) -> Vec<Arc<Snapshot>> {
        let directions = &self.options.directions;
        self.open.values().map(|open| Arc::new(open.hub.snapshot(directions))).collect()
    }

    /// Whether the config makes a context read-only.
    pub fn is_guarded(&self, cluster: &ClusterName) -> bool {
        self.guarded.contains(cluster)
    }

    /// The way to a cluster, once there is one.
    pub fn connection(&self, cluster: &ClusterName) -> Option<Connection> {
        self.open.get(cluster)?.hub.connection()
    }

    /// Tells the way to a cluster whenever it is asked for: what lasts longer than one connection asks each time.
    pub fn way(&self, cluster: &ClusterName) -> Option<impl Fn() -> Option<Connection> + Clone + use<>> {
        let hub = self.open.get(cluster)?.hub.clone();
        Some(move || hub.connection())
    }

    /// The credential plugin of a cluster, when it has one.
    pub fn plugin(&self, cluster: &ClusterName) -> Option<Arc<Plugin>> {
        self.open.get(cluster)?.hub.lock().plugin.clone()
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
    let (mut sources, mut inbox) = Sources::new(contexts, options, guarded);
    chosen.iter().for_each(|cluster| sources.open(cluster));
    let wait = async {
        // What changes a state also sends it.
        while !sources.is_settled() && inbox.recv().await.is_some() {}
    };
    // Whatever has arrived by then is shown; what has not says so.
    let _ = tokio::time::timeout(limit, wait).await;
    let directions = &sources.options.directions;
    let state = |cluster| Some(Arc::new(sources.open.get(cluster)?.hub.snapshot(directions)));
    chosen.iter().filter_map(state).collect()
}
