//! One whole object, and what becomes of it while it is open.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::connect::Connection;
use super::discovery::{self, json};
use super::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, ObjectKey};
use crate::model::row::{Row, RowMeta};

/// A whole object.
pub(super) struct Whole(pub(super) RowMeta, pub(super) Arc<Value>);

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
        labels: String::new(),
        paths: Default::default(),
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

/// Fetches an object and follows it until dropped: hands on each state, `None` when it is not there. Ends when the
/// server refuses.
pub async fn follow(c: &Connection, key: &ObjectKey, mut on: impl FnMut(Result<Option<Arc<Value>>, Fault>)) {
    // R27: what is opened is shown.
    if key.kind == Kind::Secret {
        let summary = format!("{}: egret never opens a Secret", c.cluster);
        return on(Err(Fault::new(Reason::Denied, summary, "Certificates are read from the proxy.")));
    }
    let mut told = Told::Nothing;
    let mut tell = |told: &mut Told, news: Told| {
        if *told != news {
            match &news {
                Told::Nothing => {}
                Told::Failed(fault) => on(Err(fault.clone())),
                Told::Gone => on(Ok(None)),
                Told::Object(object) => on(Ok(Some(object.clone()))),
            }
            *told = news;
        }
    };
    let here = |object: Option<Arc<Value>>| object.map_or(Told::Gone, Told::Object);
    // The version of an object that has not changed for long may be older than what the server still knows of.
    let mut too_old: Option<Place> = None;
    loop {
        let state = match &too_old {
            Some(place) => listed(c, place.clone()).await,
            None => state(c, key).await,
        };
        let (from, place) = match state {
            Ok((object, from, place)) => {
                tell(&mut told, here(object));
                (from, place)
            }
            Err(fault) => {
                let again = fault.transient();
                // It may be read and not be listed: then it is shown as it was.
                if too_old.is_some() && !again {
                    return;
                }
                // What is on the screen stays there while the cluster does not answer: its own row says so.
                if !again || matches!(told, Told::Nothing | Told::Failed(_)) {
                    tell(&mut told, Told::Failed(fault));
                }
                if !again {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(mut from) = from else { return };
        let was_listed = too_old.take().is_some();
        loop {
            let change = |change| match change {
                Change::Applied(Whole(_, object)) => tell(&mut told, Told::Object(object)),
                Change::Deleted(_) => tell(&mut told, Told::Gone),
                Change::Unread(_) => {}
            };
            match watch::<Whole>(c, &place, &mut from, || (), change).await {
                WatchEnd::Closed => {}
                WatchEnd::Expired => {
                    if was_listed {
                        // Nothing could be newer than a list: whatever this is, it must not be asked without end.
                        tokio::time::sleep(PAUSE).await;
                    }
                    too_old = Some(place);
                    break;
                }
                // It may be read and not be watched: then it is shown as it was.
                WatchEnd::Broken(fault) if fault.reason == Reason::Denied => return,
                WatchEnd::Broken(_) => {
                    tokio::time::sleep(PAUSE).await;
                    break;
                }
            }
        }
    }
}

/// What was handed on last.
#[derive(PartialEq)]
enum Told {
    Nothing,
    Failed(Fault),
    Gone,
    Object(Arc<Value>),
}

/// An object as it is, and from where to watch it; `None`: it may not be watched.
type State = (Option<Arc<Value>>, Option<Box<str>>, Place);

async fn state(c: &Connection, key: &ObjectKey) -> Result<State, Fault> {
    match found(c, key).await {
        Ok((object, served)) => {
            let version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default().into();
            Ok((Some(object), Some(version), place(key, served)))
        }
        // It may be made again: a list of its name tells from where to wait for that.
        Err(fault) if fault.reason == Reason::Missing => {
            let Some(served) = discovery::served(c, key.kind).await?.into_iter().next() else {
                return Err(fault);
            };
            match listed(c, place(key, served.clone())).await {
                Err(fault) if !fault.transient() => Ok((None, None, place(key, served))),
                listed => listed,
            }
        }
        Err(fault) => Err(fault),
    }
}

/// An object by a list of its name, which has the version of now.
async fn listed(c: &Connection, place: Place) -> Result<State, Fault> {
    let mut object = None;
    let listed =
        list::<Whole>(c, &place, |rows| object = rows.into_iter().next().map(|w| w.1).or(object.take()));
    let version = listed.await?.resource_version;
    Ok((object.map(|object| named(object, &place)), Some(version), place))
}

/// An item of a list with the kind and version that lists leave out.
pub(super) fn named(mut object: Arc<Value>, place: &Place) -> Arc<Value> {
    if let Value::Object(map) = Arc::make_mut(&mut object)
        && !map.contains_key("kind")
    {
        let group = place.kind.resource().group;
        let slash = if group.is_empty() { "" } else { "/" };
        map.shift_insert(0, "kind".to_owned(), place.kind.to_string().into());
        map.shift_insert(1, "apiVersion".to_owned(), format!("{group}{slash}{}", place.version).into());
    }
    object
}
