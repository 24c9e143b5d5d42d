//! The events of the objects that are open.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use super::connect::Connection;
use super::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, ObjectKey};
use crate::model::row::{EventRow, Row, RowMeta};

/// Pause before events that could not be read are read again.
const PAUSE: Duration = Duration::from_secs(2);

/// Most events that are handed on: the newest.
const MOST: usize = 1000;

/// Where the events of what lives in no namespace are.
const OF_CLUSTER: &str = "default";

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
        static NONE: LazyLock<RowMeta> = LazyLock::new(RowMeta::default);
        &NONE
    }
}

/// Reads the events of objects of one cluster and follows them until dropped; hands all of them on each time, oldest
/// first.
pub async fn follow(c: &Connection, keys: &[ObjectKey], on: impl FnMut(Result<Arc<[EventRow]>, Fault>)) {
    let known = Mutex::new(Known { rows: vec![Vec::new(); keys.len()], on });
    join_all(keys.iter().map(place).enumerate().map(|(number, place)| one(c, place, number, &known))).await;
}

/// The events of each object, and who is told of all of them.
struct Known<F> {
    rows: Vec<Vec<EventRow>>,
    on: F,
}

impl<F: FnMut(Result<Arc<[EventRow]>, Fault>)> Known<F> {
    fn tell(&mut self) {
        let mut all: Vec<EventRow> = self.rows.iter().flatten().cloned().collect();
        all.sort_by_key(|e| e.last);
        all.drain(..all.len().saturating_sub(MOST));
        (self.on)(Ok(all.into()));
    }

    fn fail(&mut self, fault: Fault) {
        // What is on the screen stays there.
        if self.rows.iter().all(Vec::is_empty) {
            (self.on)(Err(fault));
        }
    }
}

fn place(key: &ObjectKey) -> Place {
    let fields = format!(
        "involvedObject.name%3D{},involvedObject.kind%3D{},involvedObject.namespace%3D{}",
        key.name, key.kind, key.namespace
    );
    let namespace = if key.namespace.is_empty() { OF_CLUSTER } else { &*key.namespace };
    let labels = String::new();
    Place {
        kind: Kind::Event,
        version: "v1".into(),
        namespace: Some(namespace.into()),
        fields,
        labels,
        paths: Default::default(),
    }
}

/// Lists and watches the events of one object; ends when they are refused.
async fn one<F>(c: &Connection, place: Place, number: usize, known: &Mutex<Known<F>>)
where
    F: FnMut(Result<Arc<[EventRow]>, Fault>),
{
    let known = || known.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let mut rows = Vec::new();
        let mut version = match list::<EventRow>(c, &place, |batch| rows.extend(batch)).await {
            Ok(listed) => listed.resource_version,
            Err(fault) => {
                let transient = fault.transient();
                known().fail(fault);
                if !transient {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        {
            let mut known = known();
            known.rows[number] = rows;
            known.tell();
        }
        loop {
            let end = watch::<EventRow>(
                c,
                &place,
                &mut version,
                || (),
                |change| {
                    let (row, gone) = match change {
                        Change::Applied(row) => (row, false),
                        Change::Deleted(row) => (row, true),
                        Change::Unread(_) => return,
                    };
                    let mut known = known();
                    known.rows[number].retain(|k| k.uid != row.uid);
                    if !gone {
                        known.rows[number].push(row);
                    }
                    known.tell();
                },
            )
            .await;
            match end {
                WatchEnd::Closed => {}
                WatchEnd::Expired => break,
                // They may be read and not be watched: then they are shown as they were.
                WatchEnd::Broken(fault) if fault.reason == Reason::Denied => return,
                WatchEnd::Broken(_) => {
                    tokio::time::sleep(PAUSE).await;
                    break;
                }
            }
        }
    }
}
