//! Clusters that are open, and proxies of theirs that are read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::Receiver;
use tokio::time::timeout;

use crate::cli::Metrics;
use crate::cluster::clock::Clock;
use crate::cluster::kubeconfig::Contexts;
use crate::config::Settings;
use crate::metrics::{Scraped, Store, Want};
use crate::model::fault::Fault;
use crate::model::fleet::{ClusterIds, fleet};
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::snapshot::{KindState, Snapshot};
use crate::setup;
use crate::sources::{Heard, Sources};

/// The kinds that gateways are made from.
pub(super) const KINDS: [Kind; 11] = [
    Kind::IstioGateway,
    Kind::Gateway,
    Kind::GatewayClass,
    Kind::Deployment,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::Pod,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::HorizontalPodAutoscaler,
    Kind::PodDisruptionBudget,
];

/// Without these no gateway can be told of.
const NEEDED: [Kind; 2] = [Kind::Deployment, Kind::Pod];

/// What is open and read.
pub(super) struct Session {
    pub(super) sources: Sources,
    pub(super) store: Store,
    pub(super) chosen: Vec<ClusterName>,
    /// When the first proxy was read.
    pub(super) since: Option<Timestamp>,
    clock: Clock,
    ids: ClusterIds,
    snapshots: Receiver<Arc<Snapshot>>,
    heard: Receiver<Heard>,
    states: BTreeMap<ClusterName, Arc<Snapshot>>,
    wanted: Vec<GatewayId>,
    every: Duration,
    /// How often each pod was read, and whether that failed last.
    tries: BTreeMap<ObjectKey, (u32, bool)>,
    is_recorded: bool,
}

/// Something that came.
pub(super) enum Came {
    /// A state of a cluster.
    State,
    /// Something of a proxy.
    Heard(Heard),
}

impl Session {
    /// Opens the chosen contexts. Must be called within a runtime.
    pub(super) fn open(wish: &Metrics, settings: &Settings, contexts: Contexts) -> Result<Self, Fault> {
        let chosen = setup::chosen(&contexts, settings)?;
        let (clock, guarded) = (contexts.clock(), setup::guarded(&contexts, settings));
        let (mut sources, snapshots) = Sources::new(contexts, setup::options(settings), guarded);
        // Nothing is written here, whatever comes.
        sources.set_read_only(true);
        let heard = sources.listen();
        chosen.iter().for_each(|cluster| sources.open(cluster));
        Ok(Self {
            sources,
            store: Store::default(),
            chosen,
            since: None,
            clock,
            ids: settings.cluster_ids(),
            snapshots,
            heard,
            states: BTreeMap::new(),
            wanted: Vec::new(),
            every: wish.interval,
            tries: BTreeMap::new(),
            is_recorded: wish.record.is_some(),
        })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Waits until each cluster is complete or has failed, or the limit has passed.
    pub(super) async fn settle(&mut self, limit: Duration) {
        let waiting = async { while !self.sources.is_settled() && self.snapshots.recv().await.is_some() {} };
        // What is there by then is what is known.
        let _ = timeout(limit, waiting).await;
        self.states = self.sources.states().into_iter().map(|s| (s.cluster.clone(), s)).collect();
    }

    /// The states of the clusters, in the order in which they were chosen.
    pub(super) fn states(&self) -> Vec<Arc<Snapshot>> {
        self.chosen.iter().filter_map(|name| self.states.get(name).cloned()).collect()
    }

    /// All gateways.
    pub(super) fn fleet(&self) -> Vec<Arc<GatewayRow>> {
        fleet(&self.states(), &self.ids)
    }

    /// What of the clusters could not be read, and is needed.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let of = |s: &Arc<Snapshot>| {
            if let Some(fault) = s.link.fault() {
                return vec![fault.clone()];
            }
            let fault = |kind: &Kind| match s.kinds.get(kind) {
                Some(KindState::Denied(fault) | KindState::Failed(fault)) => Some(fault.clone()),
                _ => None,
            };
            NEEDED.iter().filter_map(fault).collect()
        };
        self.states().iter().flat_map(of).collect()
    }

    /// Reads the proxies of these gateways from now on.
    pub(super) fn read(&mut self, gateways: Vec<GatewayId>) {
        self.wanted = gateways;
        self.wish();
    }

    /// The pods of a gateway, with their uids.
    pub(super) fn pods(&self, id: &GatewayId) -> Vec<(ObjectKey, Box<str>)> {
        let row = self.fleet().into_iter().find(|row| row.id == *id);
        row.map(|row| pods_of(&row)).unwrap_or_default()
    }

    /// Tells which proxies are wanted: pods come and go.
    fn wish(&mut self) {
        let rows = self.fleet();
        let wanted = rows.iter().filter(|row| self.wanted.contains(&row.id));
        let pods: BTreeMap<ObjectKey, Box<str>> = wanted.flat_map(|row| pods_of(row)).collect();
        let want = |(pod, uid): (ObjectKey, Box<str>)| Want {
            pod,
            uid,
            every: self.every,
            clusters: self.is_recorded,
            certs: self.is_recorded,
        };
        self.tries.retain(|pod, _| pods.contains_key(pod));
        for pod in pods.keys().filter(|pod| !self.tries.contains_key(*pod)).collect::<Vec<_>>() {
            self.tries.insert(pod.clone(), (0, false));
        }
        if self.is_recorded {
            let place = |pod: &ObjectKey| (pod.cluster.clone(), pod.namespace.to_string());
            let places: BTreeSet<_> = pods.keys().map(place).collect();
            self.sources.read_usage(places.into_iter().collect());
        }
        self.sources.read_proxies(pods.into_iter().map(want).collect());
    }

    /// Waits for what comes next, and takes it.
    pub(super) async fn next(&mut self) -> Option<Came> {
        tokio::select! {
            Some(snapshot) = self.snapshots.recv() => {
                // Those that waited while the clusters settled are older than what is known.
                let known = self.states.get(&snapshot.cluster).map_or(0, |known| known.revision);
                if snapshot.revision > known {
                    self.states.insert(snapshot.cluster.clone(), snapshot);
                    self.wish();
                }
                Some(Came::State)
            }
            Some(heard) = self.heard.recv() => {
                self.take(&heard);
                Some(Came::Heard(heard))
            }
            else => None,
        }
    }

    fn take(&mut self, heard: &Heard) {
        let Heard::Scraped(scraped) = heard else { return };
        let (pod, failed) = match scraped {
            Scraped::Scrape(scrape) => {
                self.since.get_or_insert(scrape.at);
                self.store.ingest(scrape);
                (&scrape.pod, false)
            }
            Scraped::Missed(missed) => {
                self.store.miss(missed);
                (&missed.pod, true)
            }
        };
        if let Some((times, last)) = self.tries.get_mut(pod) {
            *times += u32::from(!failed);
            *last = failed;
        }
    }

    /// Waits until every pod was read twice or failed; of those that were not, so much longer than of the first.
    pub(super) async fn read_twice(&mut self, late: Duration) {
        let is_done = |session: &Self| session.tries.values().all(|(times, failed)| *times >= 2 || *failed);
        let first = self.every + LONGEST_FIRST;
        let all = async {
            let mut any_done = false;
            while !is_done(self) && !any_done {
                if self.next().await.is_none() {
                    return;
                }
                any_done = self.tries.values().any(|(times, _)| *times >= 2);
            }
            let others = async { while !is_done(self) && self.next().await.is_some() {} };
            // Those that have not been read by then are told as they are.
            let _ = timeout(late, others).await;
        };
        // Where nobody answers at all, that is what is told.
        let _ = timeout(first, all).await;
    }

    /// Lets time pass, and takes what comes meanwhile.
    pub(super) async fn wait(&mut self, time: Duration) {
        let clock = self.clock.clone();
        let passing = async { while self.next().await.is_some() {} };
        tokio::select! {
            () = clock.sleep(time) => {}
            () = passing => {}
        }
    }

    /// The gateways of these names; none: all.
    pub(super) fn named(&self, names: &[String]) -> BTreeSet<GatewayId> {
        let fits = |row: &Arc<GatewayRow>| names.is_empty() || names.iter().any(|n| **n == *row.id.name);
        self.fleet().iter().filter(|row| fits(row)).map(|row| row.id.clone()).collect()
    }
}

/// Longest that is waited for the first pod to be read twice, beside the interval.
const LONGEST_FIRST: Duration = Duration::from_secs(30);

/// The pods of a gateway whose proxies may answer, with their uids.
fn pods_of(row: &GatewayRow) -> Vec<(ObjectKey, Box<str>)> {
    row.pods
        .iter()
        // What has ended has no proxy any more.
        .filter(|pod| !matches!(&*pod.phase, "Succeeded" | "Failed"))
        .map(|pod| (row.pod_key(pod), pod.meta.uid.clone()))
        .collect()
}
