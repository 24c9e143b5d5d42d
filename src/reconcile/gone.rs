//! Waiting until objects are gone: a list, then a watch from there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::Notify;

use crate::cluster::connect::Connection;
use crate::cluster::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::row::{Row, RowMeta};

/// Pause after a list or watch that failed.
const PAUSE: Duration = Duration::from_secs(1);

/// What of an object tells whose it is.
pub(super) struct Seen {
    meta: RowMeta,
    /// `metadata.labels`.
    pub(super) labels: BTreeMap<String, String>,
    /// Uids of its owners.
    pub(super) owners: Vec<String>,
    /// What its deletion waits for.
    pub(super) finalizers: Vec<String>,
}

impl Seen {
    /// `metadata.uid`.
    pub(super) fn uid(&self) -> &str {
        &self.meta.uid
    }
}

impl Row for Seen {
    const KIND: Kind = Kind::Pod;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let Object { metadata } = serde_json::from_slice(json)?;
        let meta = RowMeta { name: metadata.name.into(), uid: metadata.uid.into(), ..RowMeta::default() };
        let owners = metadata.owner_references.into_iter().map(|owner| owner.uid).collect();
        Ok(Self { meta, labels: metadata.labels, owners, finalizers: metadata.finalizers })
    }

    fn meta(&self) -> &RowMeta {
        &self.meta
    }
}

#[derive(Deserialize)]
struct Object {
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    name: String,
    uid: String,
    labels: BTreeMap<String, String>,
    owner_references: Vec<Owner>,
    finalizers: Vec<String>,
}

#[derive(Deserialize)]
struct Owner {
    uid: String,
}

/// Waits until nothing of a kind in a namespace fits any more.
///
/// # Errors
/// What is still there after `patience`, with what its deletion waits for; and when the server refuses.
pub(super) async fn gone(
    c: &Connection,
    kind: Kind,
    namespace: &str,
    fits: impl Fn(&Seen) -> bool,
    patience: Duration,
) -> Result<(), Fault> {
    let left = Left { names: Mutex::default(), changed: Notify::new() };
    match tokio::time::timeout(patience, left.end(c, kind, namespace, fits)).await {
        Ok(done) => done,
        Err(_) => {
            let names: Vec<String> = left.names().values().cloned().collect();
            let summary = format!(
                "{}: still there after {} s: {kind} {}",
                c.cluster,
                patience.as_secs(),
                names.join(", ")
            );
            Err(Fault::new(
                Reason::Conflict,
                summary,
                "Find out what holds it, and begin again: what is done stays done.",
            ))
        }
    }
}

/// What still is there: in words, by uid.
struct Left {
    names: Mutex<BTreeMap<String, String>>,
    changed: Notify,
}

impl Left {
    fn names(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn end(
        &self,
        c: &Connection,
        kind: Kind,
        namespace: &str,
        fits: impl Fn(&Seen) -> bool,
    ) -> Result<(), Fault> {
        let version = kind.resource().version.into();
        let (namespace, [fields, labels]) = (Some(namespace.into()), Default::default());
        let place = Place { kind, version, namespace, fields, labels, paths: Default::default() };
        loop {
            let mut found = BTreeMap::new();
            let keep = |rows: Vec<Seen>| {
                found
                    .extend(rows.into_iter().filter(&fits).map(|row| (row.uid().to_owned(), in_words(&row))));
            };
            let mut version = match list::<Seen>(c, &place, keep).await {
                Ok(listed) => listed.resource_version,
                // Its kind is gone, and it with it.
                Err(fault) if fault.reason == Reason::Missing => return Ok(()),
                Err(fault) if fault.transient() => {
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            *self.names() = found;
            loop {
                if self.names().is_empty() {
                    return Ok(());
                }
                let change = |change| {
                    match change {
                        Change::Deleted(row) => drop(self.names().remove(Seen::uid(&row))),
                        Change::Applied(row) if fits(&row) => {
                            drop(self.names().insert(row.uid().to_owned(), in_words(&row)));
                        }
                        Change::Applied(_) | Change::Unread(_) => {}
                    }
                    self.changed.notify_one();
                };
                let ended = tokio::select! {
                    ended = watch::<Seen>(c, &place, &mut version, || (), change) => ended,
                    () = self.empty() => return Ok(()),
                };
                match ended {
                    WatchEnd::Closed => {}
                    WatchEnd::Expired => break,
                    WatchEnd::Broken(_) => {
                        tokio::time::sleep(PAUSE).await;
                        break;
                    }
                }
            }
        }
    }

    async fn empty(&self) {
        while !self.names().is_empty() {
            self.changed.notified().await;
        }
    }
}

fn in_words(row: &Seen) -> String {
    let waits: BTreeSet<&str> = row.finalizers.iter().map(String::as_str).collect();
    let name = &row.meta.name;
    if waits.is_empty() {
        return name.to_string();
    }
    format!("{name} (waits for {})", waits.into_iter().collect::<Vec<_>>().join(", "))
}
