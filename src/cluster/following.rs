//! All objects of a kind, listed and watched for as long as somebody looks.

use std::time::Duration;

use tokio::time::Instant;

use super::connect::Connection;
use super::discovery::served;
use super::stream::{Change, Place, WatchEnd, list, watch};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::row::Row;

/// Pause before what could not be read is read again, and before what ends as soon as it has begun is begun again.
const PAUSE: Duration = Duration::from_secs(5);

/// A watch or round that says nothing and ends sooner than this is one that ends at once.
const SHORT: Duration = Duration::from_secs(1);

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
        let begun = Instant::now();
        match round(c, kind, namespace, &mut on).await {
            // A history that is gone as soon as it is asked for is not asked for without end.
            Ok(()) if begun.elapsed() < SHORT => tokio::time::sleep(PAUSE).await,
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
        let place = Place {
            kind,
            version,
            namespace,
            fields: String::new(),
            labels: String::new(),
            paths: Default::default(),
        };
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
        let (begun, mut silent) = (Instant::now(), true);
        let change = |change| {
            silent = false;
            match change {
                Change::Applied(row) => on(News::Applied(row)),
                Change::Deleted(row) => on(News::Deleted(row)),
                // It costs itself, and no other.
                Change::Unread(_) => {}
            }
        };
        match watch::<R>(c, place, &mut version, || (), change).await {
            // A proxy between that ends every watch must not be asked without end.
            WatchEnd::Closed if silent && begun.elapsed() < SHORT.min(c.patience.watch / 2) => {
                tokio::time::sleep(PAUSE).await;
            }
            WatchEnd::Closed => {}
            WatchEnd::Expired => return Ok(()),
            WatchEnd::Broken(fault) => return Err(fault),
        }
    }
}
