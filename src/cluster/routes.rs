//! What leads traffic through gateways, followed as long as somebody looks at their traffic.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use super::connect::Connection;
use super::discovery::served;
use super::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::route::{KINDS, RouteNews, RouteRow};

/// Pause before what could not be read is read again.
const PAUSE: Duration = Duration::from_secs(5);

/// Follows the objects of all namespaces that lead traffic, until dropped. A kind that is not served has none; one that
/// may not be read is told once, and left out.
pub async fn follow(c: &Connection, on: impl Fn(Result<RouteNews, Fault>) + Sync) {
    join_all(KINDS.map(|kind| one(c, kind, &on))).await;
}

async fn one(c: &Connection, kind: Kind, tell: &(impl Fn(Result<RouteNews, Fault>) + Sync)) {
    loop {
        match round(c, kind, tell).await {
            Ok(()) => {}
            Err(fault) if fault.reason == Reason::Missing => return,
            Err(fault) if fault.transient() => tokio::time::sleep(PAUSE).await,
            Err(fault) => return tell(Err(fault)),
        }
    }
}

/// Lists a kind, and watches it until its history is gone.
async fn round(
    c: &Connection,
    kind: Kind,
    tell: &(impl Fn(Result<RouteNews, Fault>) + Sync),
) -> Result<(), Fault> {
    let mut missing = None;
    for version in served(c, kind).await? {
        let place = Place { kind, version, namespace: None, fields: String::new(), labels: String::new() };
        let mut rows = Vec::new();
        match list::<RouteRow>(c, &place, |batch| rows.extend(batch.into_iter().map(Arc::new))).await {
            Ok(listed) => {
                tell(Ok(RouteNews::Known(kind, rows)));
                return watched(c, &place, listed.resource_version, tell).await;
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
    tell: &(impl Fn(Result<RouteNews, Fault>) + Sync),
) -> Result<(), Fault> {
    loop {
        let on = |change| match change {
            Change::Applied(row) => tell(Ok(RouteNews::Applied(place.kind, Arc::new(row)))),
            Change::Deleted(row) => tell(Ok(RouteNews::Deleted(place.kind, Arc::new(row)))),
            // It costs itself, and no other.
            Change::Unread(_) => {}
        };
        match watch::<RouteRow>(c, place, &mut version, || (), on).await {
            WatchEnd::Closed => {}
            WatchEnd::Expired => return Ok(()),
            WatchEnd::Broken(fault) => return Err(fault),
        }
    }
}
