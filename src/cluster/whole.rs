//! All objects of a kind as they are, followed: what a recording is made of.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::connect::Connection;
use super::discovery::served;
use super::object::{Whole, named};
use super::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;

/// Pause before what could not be read is read again.
const PAUSE: Duration = Duration::from_secs(5);

/// What became of the objects of a kind in a place.
#[derive(Clone, Debug)]
pub enum News {
    /// These are there, and no others.
    Known(Vec<Arc<Value>>),
    /// One was made or changed.
    Applied(Arc<Value>),
    /// One is gone.
    Deleted(Arc<Value>),
    /// They may not be read.
    Refused(Fault),
}

/// Follows the objects of a kind in a namespace, or in all, until dropped. One that is not served has none; one that may not
/// be read is told once. Secrets are never read.
pub async fn follow(c: &Connection, kind: Kind, namespace: Option<&str>, mut on: impl FnMut(News)) {
    if kind == Kind::Secret {
        return;
    }
    loop {
        match round(c, kind, namespace, &mut on).await {
            Ok(()) => {}
            Err(fault) if fault.reason == Reason::Missing => return on(News::Known(Vec::new())),
            Err(fault) if fault.transient() => tokio::time::sleep(PAUSE).await,
            Err(fault) => return on(News::Refused(fault)),
        }
    }
}

/// Lists, and watches until the history is gone.
async fn round(
    c: &Connection,
    kind: Kind,
    namespace: Option<&str>,
    on: &mut impl FnMut(News),
) -> Result<(), Fault> {
    let mut missing = None;
    for version in served(c, kind).await? {
        let namespace = namespace.filter(|_| kind.resource().namespaced).map(Into::into);
        let place = Place { kind, version, namespace, fields: String::new(), labels: String::new() };
        let mut all = Vec::new();
        match list::<Whole>(c, &place, |rows| all.extend(rows.into_iter().map(|row| named(row.1, &place))))
            .await
        {
            Ok(listed) => {
                on(News::Known(all));
                return watched(c, &place, listed.resource_version, on).await;
            }
            Err(fault) if fault.reason == Reason::Missing => missing = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    Err(missing.unwrap_or_else(|| Fault::new(Reason::Missing, "not served", "")))
}

async fn watched(
    c: &Connection,
    place: &Place,
    mut version: Box<str>,
    on: &mut impl FnMut(News),
) -> Result<(), Fault> {
    loop {
        let change = |change| match change {
            Change::Applied(Whole(_, object)) => on(News::Applied(object)),
            Change::Deleted(Whole(_, object)) => on(News::Deleted(object)),
            // It costs itself, and no other.
            Change::Unread(_) => {}
        };
        match watch::<Whole>(c, place, &mut version, || (), change).await {
            WatchEnd::Closed => {}
            WatchEnd::Expired => return Ok(()),
            WatchEnd::Broken(fault) => return Err(fault),
        }
    }
}
