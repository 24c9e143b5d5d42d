//! The ways to other clusters, from Secrets in the namespace of the gateways that carry a kubeconfig and the label
//! `egret/cluster-id` (R2). They are followed: a cluster comes, changes and goes without a restart.
//!
//! What such a Secret holds is never logged, and no error repeats any of it (R27).

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use super::clusters::Clusters;
use crate::cluster::connect::{self, Connection};
use crate::cluster::read_only::ReadOnly;
use crate::cluster::self_contained;
use crate::cluster::stream::{Change, Place, WatchEnd, list, watch};
use crate::materialize::names::CLUSTER_ID;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::name::{ClusterName, Kind};
use crate::model::row::{Row, RowMeta};

/// The key of a Secret that holds a kubeconfig.
pub const KEY: &str = "kubeconfig";

/// First and longest pause after a list or watch that failed.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// A Secret of another cluster. It says nothing of itself in a log: it has no `Debug`.
struct Carrier {
    meta: RowMeta,
    id: String,
    text: Option<Vec<u8>>,
}

impl Row for Carrier {
    const KIND: Kind = Kind::Secret;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Secret {
            metadata: Metadata,
            // Whatever it is: an error would repeat it.
            #[serde(default)]
            data: Value,
        }
        #[derive(Deserialize)]
        struct Metadata {
            name: String,
            #[serde(default)]
            labels: BTreeMap<String, String>,
        }
        let Secret { metadata, data } = serde_json::from_slice(json)?;
        let text = data[KEY].as_str().and_then(|text| STANDARD.decode(text).ok());
        let id = metadata.labels.get(CLUSTER_ID).cloned().unwrap_or_default();
        Ok(Self { meta: RowMeta { name: metadata.name.into(), ..RowMeta::default() }, id, text })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}

/// What a Secret was last read as.
struct Carried {
    id: String,
    digest: u64,
    way: Result<Connection, Fault>,
}

/// Follows the Secrets until dropped, and keeps the clusters as they say; ids that were there before are left alone.
/// `first` hears when all there are were read, or could not be.
pub async fn follow(clusters: Clusters, namespace: String, first: oneshot::Sender<()>) {
    let mut taken: BTreeSet<String> = clusters.others().into_keys().collect();
    taken.insert(clusters.home_id.clone());
    let mut ways = Ways { clusters, taken, namespace, carried: BTreeMap::new(), put: BTreeMap::new() };
    let mut first = Some(first);
    let mut failures = 0;
    loop {
        let place = ways.place();
        let mut rows = Vec::new();
        let listed = list::<Carrier>(&ways.clusters.home, &place, |more| rows.extend(more)).await;
        let ended = match listed {
            Err(fault) => Some(fault),
            Ok(listed) => {
                ways.take(rows).await;
                heard(&mut first);
                failures = 0;
                changed(&ways.clusters.home, &place, listed.resource_version).await
            }
        };
        heard(&mut first);
        let Some(fault) = ended else { continue };
        if failures == 0 {
            tracing::warn!(hint = %fault.hint, "clusters of Secrets: {}", fault.summary);
        }
        let pause = PAUSES.0.saturating_mul(1 << failures.min(6)).min(PAUSES.1);
        failures += 1;
        tokio::time::sleep(pause).await;
    }
}

fn heard(first: &mut Option<oneshot::Sender<()>>) {
    // Whoever waited may have stopped waiting.
    let _ = first.take().map(|first| first.send(()));
}

/// Waits until one of the Secrets changes, or nobody can tell any more: then why.
async fn changed(home: &Connection, place: &Place, mut version: Box<str>) -> Option<Fault> {
    let happened = Notify::new();
    loop {
        let change = |_: Change<Carrier>| happened.notify_one();
        let ended = tokio::select! {
            ended = watch::<Carrier>(home, place, &mut version, || (), change) => ended,
            () = happened.notified() => return None,
        };
        match ended {
            WatchEnd::Closed => {}
            WatchEnd::Expired => return None,
            WatchEnd::Broken(fault) => return Some(fault),
        }
    }
}

struct Ways {
    clusters: Clusters,
    /// Ids that somebody else has said the way to.
    taken: BTreeSet<String>,
    namespace: String,
    /// By name of the Secret.
    carried: BTreeMap<String, Carried>,
    /// What each id was last put from: name and digest.
    put: BTreeMap<String, (String, u64)>,
}

impl Ways {
    fn place(&self) -> Place {
        Place {
            kind: Kind::Secret,
            version: Kind::Secret.resource().version.into(),
            namespace: Some(self.namespace.as_str().into()),
            fields: String::new(),
            labels: form_urlencoded::byte_serialize(CLUSTER_ID.as_bytes()).collect(),
            paths: Default::default(),
        }
    }

    /// Takes the Secrets as they are now. What has not changed keeps its connection.
    async fn take(&mut self, rows: Vec<Carrier>) {
        let mut before = std::mem::take(&mut self.carried);
        for row in rows {
            let name = row.meta.name.to_string();
            let mut hasher = DefaultHasher::new();
            (&row.id, &row.text).hash(&mut hasher);
            let digest = hasher.finish();
            let carried = match before.remove(&name) {
                Some(same) if same.digest == digest => same,
                _ => {
                    let way = self.open(&name, &row).await;
                    if let Err(fault) = &way {
                        tracing::error!(hint = %fault.hint, "{}", clean(&fault.summary));
                    }
                    Carried { id: row.id, digest, way }
                }
            };
            self.carried.insert(name, carried);
        }
        self.settle();
    }

    async fn open(&self, name: &str, row: &Carrier) -> Result<Connection, Fault> {
        let refused = |why: &str| {
            let summary = format!(
                "{}: cluster {}: Secret {}/{name} has no kubeconfig that can be used: {why}",
                self.clusters.home.cluster, row.id, self.namespace
            );
            Fault::new(Reason::Invalid, summary, "Mend the Secret: egret reads it again when it changes.")
        };
        let Some(text) = &row.text else {
            return Err(refused(&format!("there is nothing under the key {KEY}")));
        };
        // By its id it is told of.
        let cluster = ClusterName::from(row.id.as_str());
        let contexts = self_contained::contexts(text, &cluster).map_err(|why| refused(&why))?;
        let patience = self.clusters.home.patience;
        let contexts = contexts.with_journal(self.clusters.home.journal.clone());
        connect::connect(&contexts, &cluster, None, ReadOnly::new(false), patience)
            .await
            // Its words may repeat what it could not read.
            .map_err(|_| refused("its server or its certificates cannot be read"))
    }

    /// Makes the clusters be what the Secrets say: of two with one id the first by name.
    fn settle(&mut self) {
        let mut wanted: BTreeMap<String, (String, u64)> = BTreeMap::new();
        for (name, carried) in &self.carried {
            let id = &carried.id;
            if self.taken.contains(id) {
                tracing::warn!(secret = %clean(name), cluster_id = %clean(id), "not used: the id is mapped already");
            } else if let Some((other, _)) = wanted.get(id) {
                tracing::warn!(secret = %clean(name), cluster_id = %clean(id), other = %clean(other), "not used: two Secrets have one id");
            } else {
                wanted.insert(id.clone(), (name.clone(), carried.digest));
            }
        }
        for id in self.put.keys().filter(|id| !wanted.contains_key(*id)) {
            tracing::info!(cluster_id = %clean(id), "a cluster is gone: its Secret is");
            self.clusters.remove(id);
        }
        for (id, from) in &wanted {
            if self.put.get(id) == Some(from) {
                continue;
            }
            if let Some(carried) = self.carried.get(&from.0) {
                tracing::info!(cluster_id = %clean(id), secret = %clean(&from.0), usable = carried.way.is_ok(), "a cluster by a Secret");
                self.clusters.put(id, carried.way.clone());
            }
        }
        self.put = wanted;
    }
}

/// Follows the Secrets beside other work, and begins that once they were read.
pub async fn beside<T>(clusters: Clusters, namespace: String, work: impl Future<Output = T>) -> T {
    let (first, read) = oneshot::channel();
    let following = follow(clusters, namespace, first);
    let work = async {
        let _ = read.await;
        work.await
    };
    tokio::pin!(work);
    tokio::select! {
        () = following => work.await,
        done = &mut work => done,
    }
}
