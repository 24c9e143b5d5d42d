//! Open clusters, looked at as the screens do: by the snapshots that arrive.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egret::cluster::kubeconfig::Contexts;
use egret::model::gateway::Directions;
use egret::model::name::ClusterName;
use egret::model::snapshot::{Link, Snapshot};
use egret::sources::{Options, Sources};
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

use super::{SOON, contexts};

/// Open clusters and the newest snapshot of each.
pub(in crate::cluster) struct View {
    pub sources: Sources,
    pub inbox: Receiver<Arc<Snapshot>>,
    pub newest: BTreeMap<ClusterName, Arc<Snapshot>>,
    pub chosen: Vec<ClusterName>,
}

/// Options that watch these namespaces.
pub(in crate::cluster) fn options(namespaces: &[&str]) -> Options {
    Options {
        namespaces: namespaces.iter().map(|n| (*n).into()).collect(),
        read_only: false,
        directions: Directions::default(),
        patience: egret::cluster::connect::Patience::default(),
        paths: egret::model::path::Paths::new(),
    }
}

impl View {
    /// Opens every context of a kubeconfig.
    pub(in crate::cluster) fn open(kubeconfig: &Path, namespaces: &[&str]) -> Self {
        Self::of(contexts(kubeconfig), namespaces)
    }

    /// Opens all these contexts.
    pub(in crate::cluster) fn of(contexts: Contexts, namespaces: &[&str]) -> Self {
        let chosen = contexts.names.clone();
        let (mut sources, inbox) = Sources::new(contexts, options(namespaces), Vec::new());
        for cluster in &chosen {
            sources.open(cluster);
        }
        Self { sources, inbox, newest: BTreeMap::new(), chosen }
    }

    /// Takes the next snapshot. Their numbers grow.
    pub(in crate::cluster) async fn next(&mut self) -> Arc<Snapshot> {
        let snapshot = self.inbox.recv().await.unwrap();
        let before = self.newest.insert(snapshot.cluster.clone(), snapshot.clone());
        if let Some(before) = before {
            assert!(before.revision < snapshot.revision, "{} after {}", snapshot.revision, before.revision);
        }
        snapshot
    }

    /// Waits until a snapshot of a cluster is as wished, and returns it; each on the way there is shown to `wish`.
    pub(in crate::cluster) async fn until(
        &mut self,
        cluster: usize,
        what: &str,
        limit: Duration,
        mut wish: impl FnMut(&Snapshot) -> bool,
    ) -> Arc<Snapshot> {
        let name = self.chosen[cluster].clone();
        let end = Instant::now() + limit;
        if let Some(seen) = self.newest.get(&name)
            && wish(seen)
        {
            return seen.clone();
        }
        loop {
            match tokio::time::timeout_at(end, self.next()).await {
                Ok(snapshot) if snapshot.cluster == name && wish(&snapshot) => return snapshot,
                Ok(_) => {}
                Err(_) => panic!("{what}: not within {limit:?}, but {}", described(self.newest.get(&name))),
            }
        }
    }

    /// Waits until a cluster is complete and answers.
    pub(in crate::cluster) async fn complete(&mut self, cluster: usize) -> Arc<Snapshot> {
        self.until(cluster, "complete", SOON, |s| s.complete() && s.link.is_ready()).await
    }
}

/// A snapshot, for the message of a test that fails.
pub(in crate::cluster) fn described(snapshot: Option<&Arc<Snapshot>>) -> String {
    let Some(s) = snapshot else { return "nothing came".to_owned() };
    let pods: Vec<_> =
        s.pods.iter().map(|p| format!("{}/{} {}", p.meta.namespace, p.meta.name, p.status)).collect();
    format!("{:#?}\nkinds {:#?}\nfacts {:?}\npods {pods:?}", s.link, s.kinds, s.facts)
}

/// Names of the pods.
pub(in crate::cluster) fn pods(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.pods.iter().map(|p| &*p.meta.name).collect()
}

/// The fault of a cluster that does not answer.
pub(in crate::cluster) fn fault(link: &Link) -> &egret::model::fault::Fault {
    match link {
        Link::Stale { fault, .. } | Link::Unreachable { fault, .. } | Link::Denied { fault, .. } => fault,
        other => panic!("no fault: {other:?}"),
    }
}
