//! The CRD of a kind, watched by its name: a kind appears, goes, or gets another keeper.

use std::time::Duration;

use serde::Deserialize;

use super::connect::Connection;
use super::discovery::{has_crd, served};
use super::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::name::Kind;
use crate::model::row::{Row, RowMeta};

/// A CRD, of which only its state's number matters.
struct Crd(RowMeta);

impl Row for Crd {
    const KIND: Kind = Kind::CustomResourceDefinition;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Object {
            metadata: Metadata,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Metadata {
            resource_version: Box<str>,
        }
        let Object { metadata: Metadata { resource_version } } = serde_json::from_slice(json)?;
        Ok(Self(RowMeta { resource_version, ..RowMeta::default() }))
    }

    fn meta(&self) -> &RowMeta {
        &self.0
    }
}

/// What is known of the CRD of a kind, so that a change is seen also when it came while nobody watched.
struct CrdWatch<'a> {
    c: &'a Connection,
    place: Place,
    /// Number of the state seen last; `None`: there is no such CRD.
    seen: Option<Box<str>>,
}

/// Pauses after which a CRD that is there is looked for in discovery, which learns of it a moment later.
const SERVED_AFTER: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(6),
];

/// Pause before CRDs are listed again after that failed.
const PAUSE: Duration = Duration::from_secs(5);

/// Waits until the CRD of a kind is there and serves it. Where CRDs may not be watched, or the kind has none, waits for
/// ever: someone asks.
pub async fn appears(c: &Connection, kind: Kind) {
    if !has_crd(kind) {
        return std::future::pending().await;
    }
    let mut crd = CrdWatch::new(c, kind);
    loop {
        crd.change().await;
        if crd.seen.is_none() {
            continue;
        }
        for pause in SERVED_AFTER {
            tokio::time::sleep(pause).await;
            if served(c, kind).await.is_ok() {
                return;
            }
        }
    }
}

/// Waits until the CRD of `IstioGateway` changes: its keeper may be another then.
pub async fn changes(c: &Connection) {
    let mut crd = CrdWatch::new(c, Kind::IstioGateway);
    // What is there at first has been read by the caller just now.
    crd.look().await;
    crd.change().await;
}

impl<'a> CrdWatch<'a> {
    fn new(c: &'a Connection, kind: Kind) -> Self {
        let resource = kind.resource();
        let place = Place {
            kind: Kind::CustomResourceDefinition,
            version: "v1".into(),
            namespace: None,
            fields: format!("metadata.name%3D{}.{}", resource.plural, resource.group),
            labels: String::new(),
            paths: Default::default(),
        };
        Self { c, place, seen: None }
    }

    /// Takes the CRD as it is. Returns where a watch goes on.
    async fn look(&mut self) -> Box<str> {
        loop {
            let mut found = None;
            let listed = list::<Crd>(self.c, &self.place, |rows| {
                found = rows.into_iter().map(|crd| crd.0.resource_version).next().or(found.take());
            });
            match listed.await {
                Ok(listed) => {
                    self.seen = found;
                    return listed.resource_version;
                }
                Err(fault) if fault.transient() => tokio::time::sleep(PAUSE).await,
                // Not to be seen by this user.
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Waits until the CRD is another than the one seen last, or is there, or is gone.
    async fn change(&mut self) {
        loop {
            let before = self.seen.clone();
            let mut from = self.look().await;
            if self.seen != before {
                return;
            }
            loop {
                match self.watch(&mut from).await {
                    (true, _) => return,
                    (false, WatchEnd::Closed) => {}
                    (false, WatchEnd::Expired) => break,
                    (false, WatchEnd::Broken(_)) => {
                        tokio::time::sleep(PAUSE).await;
                        break;
                    }
                }
            }
        }
    }

    /// Watches until something happens: whether it did, and else how the watch ended.
    async fn watch(&mut self, from: &mut Box<str>) -> (bool, WatchEnd) {
        let (tell, mut changed) = tokio::sync::mpsc::unbounded_channel();
        let seen = |change: Change<Crd>| {
            let now = match change {
                Change::Applied(crd) => Some(crd.0.resource_version),
                Change::Deleted(_) => None,
                Change::Unread(_) => return,
            };
            // The receiver lives as long as this wait.
            let _ = tell.send(now);
        };
        let (state, end) = {
            let watching = watch::<Crd>(self.c, &self.place, from, || (), seen);
            tokio::select! {
                biased;
                state = changed.recv() => (state, WatchEnd::Closed),
                end = watching => (changed.try_recv().ok(), end),
            }
        };
        match state {
            Some(state) => {
                self.seen = state;
                (true, end)
            }
            None => (false, end),
        }
    }
}
