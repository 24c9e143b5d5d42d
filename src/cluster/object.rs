//! One whole object, its events, and what becomes of them while they are open.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::connect::Connection;
use super::discovery::{self, json};
use super::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, ObjectKey};
use crate::model::row::{EventRow, Row, RowMeta};

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

/// Most events that are kept: the newest.
const MOST_EVENTS: usize = 1000;

/// Pause before an object that could not be read is read again.
const PAUSE: Duration = Duration::from_secs(2);

fn place(key: &ObjectKey, version: Option<Box<str>>) -> Place {
    let resource = key.kind.resource();
    Place {
        kind: key.kind,
        version: version.unwrap_or_else(|| resource.version.into()),
        namespace: resource.namespaced.then(|| (*key.namespace).into()),
        fields: format!("metadata.name%3D{}", key.name),
    }
}

/// Fetches an object.
///
/// # Errors
/// When the server refuses, does not answer, or has no such object ([`Reason::Missing`]).
pub async fn fetch(c: &Connection, key: &ObjectKey) -> Result<Arc<Value>, Fault> {
    let place = place(key, discovery::version(c, key.kind).await?);
    fetch_at(c, key, &place).await
}

async fn fetch_at(c: &Connection, key: &ObjectKey, place: &Place) -> Result<Arc<Value>, Fault> {
    let path = format!("{}/{}", place.path(), key.name);
    let slash = if key.namespace.is_empty() { "" } else { "/" };
    let what = format!("get {} {}{slash}{}", key.kind, key.namespace, key.name);
    Ok(Arc::new(json::<Value>(c, &path, &what).await?))
}

/// Fetches an object and follows it until dropped: hands on each state, `None` when it is not there. Ends when the
/// server refuses.
pub async fn follow(c: &Connection, key: &ObjectKey, mut on: impl FnMut(Result<Option<Arc<Value>>, Fault>)) {
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
    loop {
        let (from, place) = match state(c, key).await {
            Ok((object, from, place)) => {
                tell(&mut told, here(object));
                (from, place)
            }
            Err(fault) => {
                let again = fault.transient();
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
        loop {
            let change = |change| match change {
                Change::Applied(Whole(_, object)) => tell(&mut told, Told::Object(object)),
                Change::Deleted(_) => tell(&mut told, Told::Gone),
                Change::Unread(_) => {}
            };
            match watch::<Whole>(c, &place, &mut from, || (), change).await {
                WatchEnd::Closed => {}
                WatchEnd::Expired => break,
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

/// An object as it is, and from where to watch it; `None`: it is gone and may not be waited for.
async fn state(
    c: &Connection,
    key: &ObjectKey,
) -> Result<(Option<Arc<Value>>, Option<Box<str>>, Place), Fault> {
    let place = place(key, discovery::version(c, key.kind).await?);
    match fetch_at(c, key, &place).await {
        Ok(object) => {
            let version = object["metadata"]["resourceVersion"].as_str().unwrap_or_default().into();
            Ok((Some(object), Some(version), place))
        }
        // It may be made again: a list of its name tells from where to wait for that.
        Err(fault) if fault.reason == Reason::Missing => {
            let mut object = None;
            match list::<Whole>(c, &place, |rows| object = rows.into_iter().next().map(|w| w.1)).await {
                Ok(listed) => Ok((object, Some(listed.resource_version), place)),
                Err(fault) if fault.transient() => Err(fault),
                Err(_) => Ok((None, None, place)),
            }
        }
        Err(fault) => Err(fault),
    }
}

impl Row for EventRow {
    const KIND: Kind = Kind::Event;

    fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let event: Value = serde_json::from_slice(json)?;
        let text = |value: &Value| -> Box<str> { value.as_str().unwrap_or_default().into() };
        let time = |value: &Value| value.as_str().and_then(|t| t.parse::<Timestamp>().ok());
        let series = &event["series"];
        let last = time(&series["lastObservedTime"])
            .or_else(|| time(&event["lastTimestamp"]))
            .or_else(|| time(&event["eventTime"]))
            .or_else(|| time(&event["metadata"]["creationTimestamp"]));
        let count = series["count"].as_u64().or_else(|| event["count"].as_u64()).unwrap_or(1);
        let object = &event["involvedObject"];
        let source = [&event["reportingComponent"], &event["source"]["component"]];
        Ok(Self {
            kind: text(&event["type"]),
            reason: text(&event["reason"]),
            message: text(&event["message"]),
            object: format!("{} {}", text(&object["kind"]), text(&object["name"])).into(),
            source: source.into_iter().map(text).find(|s| !s.is_empty()).unwrap_or_default(),
            count: u32::try_from(count).unwrap_or(u32::MAX),
            last,
            uid: text(&event["metadata"]["uid"]),
        })
    }

    fn meta(&self) -> &RowMeta {
        static NONE: std::sync::LazyLock<RowMeta> = std::sync::LazyLock::new(RowMeta::default);
        &NONE
    }
}

/// Reads the events of objects of one cluster and follows them until dropped; hands all of them on each time, oldest
/// first.
pub async fn follow_events(
    c: &Connection,
    keys: &[ObjectKey],
    on: impl FnMut(Result<Arc<[EventRow]>, Fault>),
) {
    let all = std::sync::Mutex::new((Vec::<EventRow>::new(), on));
    let one = |key: &ObjectKey| {
        let fields = format!(
            "involvedObject.name%3D{},involvedObject.kind%3D{},involvedObject.namespace%3D{}",
            key.name, key.kind, key.namespace
        );
        // Events of what has no namespace are kept in `default`.
        let namespace = if key.namespace.is_empty() { "default" } else { &*key.namespace };
        Place { kind: Kind::Event, version: "v1".into(), namespace: Some(namespace.into()), fields }
    };
    let places: Vec<Place> = keys.iter().map(one).collect();
    let merge = |rows: Vec<EventRow>, gone: bool| {
        let mut guard = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (known, on) = &mut *guard;
        for row in rows {
            known.retain(|k| k.uid != row.uid);
            if !gone {
                known.push(row);
            }
        }
        known.sort_by_key(|e| e.last);
        if known.len() > MOST_EVENTS {
            known.drain(..known.len() - MOST_EVENTS);
        }
        on(Ok(known.clone().into()));
    };
    let fail = |fault: Fault| {
        let mut guard = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if guard.0.is_empty() {
            (guard.1)(Err(fault));
        }
    };
    let follow = async |place: &Place| {
        loop {
            let mut rows = Vec::new();
            let mut version = match list::<EventRow>(c, place, |batch| rows.extend(batch)).await {
                Ok(listed) => listed.resource_version,
                Err(fault) => {
                    let transient = fault.transient();
                    fail(fault);
                    if !transient {
                        return;
                    }
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            merge(rows, false);
            loop {
                let end = watch::<EventRow>(
                    c,
                    place,
                    &mut version,
                    || (),
                    |change| match change {
                        Change::Applied(row) => merge(vec![row], false),
                        Change::Deleted(row) => merge(vec![row], true),
                        Change::Unread(_) => {}
                    },
                )
                .await;
                match end {
                    WatchEnd::Closed => {}
                    WatchEnd::Expired => break,
                    WatchEnd::Broken(fault) if fault.reason == Reason::Denied => return,
                    WatchEnd::Broken(_) => {
                        tokio::time::sleep(PAUSE).await;
                        break;
                    }
                }
            }
        }
    };
    futures::future::join_all(places.iter().map(follow)).await;
}
