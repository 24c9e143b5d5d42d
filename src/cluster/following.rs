//! All objects of a kind, listed and watched for as long as somebody looks.

use std::time::Duration;

use super::connect::Connection;
use super::discovery::served;
use super::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::row::Row;

/// Pause before what could not be read is read again.
const PAUSE: Duration = Duration::from_secs(5);

/// What became of the objects of a kind in a place.
pub(super) enum News<R> {
    /// These are there, and no others; where they were read.
    Known(Place, Vec<R>),
    /// One was made or changed.
    Applied(R),
    /// One is gone.
    Deleted(R),
    /// The kind is not served: nothing follows.
    Missing,
    /// They may not be read: nothing follows.
    Refused(Fault),
}

/// Follows the objects of a kind in a namespace, or in all, until dropped.
pub(super) async fn follow<R: Row>(
    c: &Connection,
    kind: Kind,
    namespace: Option<&str>,
    mut on: impl FnMut(News<R>),
) {
    loop {
        match round(c, kind, namespace, &mut on).await {
            Ok(()) => {}
            Err(fault) if fault.reason == Reason::Missing => return on(News::Missing),
            Err(fault) if fault.transient() => tokio::time::sleep(PAUSE).await,
            Err(fault) => return on(News::Refused(fault)),
        }
    }
}

/// Lists, and watches until the history is gone.
async fn round<R: Row>(
    c: &Connection,
    kind: Kind,
    namespace: Option<&str>,
    on: &mut impl FnMut(News<R>),
) -> Result<(), Fault> {
    let mut missing = None;
    for version in served(c, kind).await? {
        let namespace = namespace.filter(|_| kind.resource().namespaced).map(Into::into);
        let place = Place { kind, version, namespace, fields: String::new(), labels: String::new() };
        let mut all = Vec::new();
        match list::<R>(c, &place, |rows| all.extend(rows)).await {
            Ok(listed) => {
                on(News::Known(place.clone(), all));
                return watched(c, &place, listed.resource_version, on).await;
            }
            Err(fault) if fault.reason == Reason::Missing => missing = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    Err(missing.unwrap_or_else(|| Fault::new(Reason::Missing, "not served", "")))
}

async fn watched<R: Row>(
    c: &Connection,
    place: &Place,
    mut version: Box<str>,
    on: &mut impl FnMut(News<R>),
) -> Result<(), Fault> {
    loop {
        let change = |change| match change {
            Change::Applied(row) => on(News::Applied(row)),
            Change::Deleted(row) => on(News::Deleted(row)),
            // It costs itself, and no other.
            Change::Unread(_) => {}
        };
        match watch::<R>(c, place, &mut version, || (), change).await {
            WatchEnd::Closed => {}
            WatchEnd::Expired => return Ok(()),
            WatchEnd::Broken(fault) => return Err(fault),
        }
    }
}
