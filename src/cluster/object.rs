//! One whole object, and what becomes of it while it is open.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::connect::Connection;
use super::discovery::{self, json};
use super::stream::{Change, Place, WatchEnd, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, ObjectKey};
use crate::model::row::{Row, RowMeta};

/// A whole object.
struct Whole(RowMeta, Arc<Value>);

impl Row for Whole {
    const KIND: Kind = Kind::Event;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self(RowMeta::default(), Arc::new(serde_json::from_slice(json)?)))
    }

    fn meta(&self) -> &RowMeta {
        &self.0
    }
}

/// Pause before an object that could not be read is read again.
const PAUSE: Duration = Duration::from_secs(2);

fn place(key: &ObjectKey, version: Box<str>) -> Place {
    Place {
        kind: key.kind,
        version,
        namespace: key.kind.resource().namespaced.then(|| (*key.namespace).into()),
        fields: format!("metadata.name%3D{}", key.name),
    }
}

/// Fetches an object.
///
/// # Errors
/// When the server refuses, does not answer, or has no such object ([`Reason::Missing`]).
pub async fn fetch(c: &Connection, key: &ObjectKey) -> Result<Arc<Value>, Fault> {
    Ok(found(c, key).await?.0)
}

/// An object, and the version it was found in.
async fn found(c: &Connection, key: &ObjectKey) -> Result<(Arc<Value>, Box<str>), Fault> {
    let what = match &*key.namespace {
        "" => format!("get {} {}", key.kind, key.name),
        namespace => format!("get {} {namespace}/{}", key.kind, key.name),
    };
    let mut missing = None;
    for version in discovery::served(c, key.kind).await? {
        let path = format!("{}/{}", place(key, version.clone()).path(), key.name);
        match json::<Value>(c, &path, &what).await {
            Ok(object) => return Ok((Arc::new(object), version)),
            Err(fault) if fault.reason == Reason::Missing => missing = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    Err(missing.unwrap_or_else(|| Fault::new(Reason::Missing, format!("{}: {what}", c.cluster), "")))
}

/// Fetches an object and follows it until dropped: hands on each state, `None` when it was deleted.
pub async fn follow(c: &Connection, key: &ObjectKey, mut on: impl FnMut(Result<Option<Arc<Value>>, Fault>)) {
    let mut last = None;
    loop {
        let (object, served) = match found(c, key).await {
            Ok(found) => found,
            Err(fault) if fault.reason == Reason::Missing => {
                on(Ok(None));
                return;
            }
            Err(fault) => {
                let transient = fault.transient();
                // What is on the screen stays there while the cluster does not answer: its own row says so.
                if last.is_none() || !transient {
                    on(Err(fault));
                }
                if !transient {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let mut version: Box<str> = object["metadata"]["resourceVersion"].as_str().unwrap_or_default().into();
        if last.as_ref() != Some(&object) {
            on(Ok(Some(object.clone())));
        }
        last = Some(object);
        let place = place(key, served);
        loop {
            let end = watch::<Whole>(
                c,
                &place,
                &mut version,
                || (),
                |change| match change {
                    Change::Applied(Whole(_, object)) => {
                        last = Some(object.clone());
                        on(Ok(Some(object)));
                    }
                    Change::Deleted(_) => on(Ok(None)),
                    Change::Unread(_) => {}
                },
            )
            .await;
            match end {
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
