//! One kind in one place: listed, then watched, for as long as its cluster is open.

use std::sync::Arc;

use super::hub::{Hub, Kept, Source};
use crate::cluster::connect::Connection;
use crate::cluster::discovery;
use crate::cluster::stream::{self, Change, Place, WatchEnd};
use crate::model::fault::{Fault, Reason};
use crate::model::snapshot::KindState;

/// Lists and watches a kind in a place until the task is dropped.
pub(super) async fn keep<T: Kept>(hub: Arc<Hub>, c: Connection, namespace: Option<Box<str>>, number: usize) {
    let source = Source::Place(T::KIND, number);
    let mut place =
        Place { kind: T::KIND, version: T::KIND.resource().version.into(), namespace, fields: String::new() };
    loop {
        let fault = match listed::<T>(&hub, &c, &mut place, number, source).await {
            Ok(version) => watched::<T>(&hub, &c, &place, version, number, source).await,
            Err(fault) => Some(fault),
        };
        let Some(fault) = fault else { continue };
        match fault.reason {
            Reason::Denied => {
                hub.heard(source);
                if place.namespace.is_none() && T::KIND.resource().namespaced {
                    // Not everywhere: then where gateways usually are (R24).
                    place.namespace = Some(super::DEFAULT_NAMESPACE.into());
                    continue;
                }
                hub.change(|s| T::shelf(s).set_state(number, KindState::Denied(fault)));
                hub.asked_again().await;
            }
            Reason::Missing => {
                hub.heard(source);
                hub.change(|s| T::shelf(s).set_state(number, KindState::Absent));
                appears(&hub, &c, T::KIND).await;
            }
            Reason::Invalid | Reason::Conflict | Reason::ReadOnly => {
                hub.heard(source);
                hub.change(|s| T::shelf(s).set_state(number, KindState::Failed(fault)));
                hub.asked_again().await;
            }
            _ => hub.failed(source, fault).await,
        }
    }
}

/// The list: rows show while it arrives, unless older ones are shown already, which then stay until its end.
async fn listed<T: Kept>(
    hub: &Hub,
    c: &Connection,
    place: &mut Place,
    number: usize,
    source: Source,
) -> Result<Box<str>, Fault> {
    if let Some(version) = discovery::version(c, T::KIND).await? {
        place.version = version;
    }
    let first = hub.change(|s| !T::shelf(s).is_settled(number) && T::shelf(s).take(number).is_empty());
    let mut all = Vec::new();
    let listed = stream::list::<T>(c, place, |rows| {
        hub.heard(source);
        if first {
            hub.change(|s| T::shelf(s).extend(number, rows));
        } else {
            all.extend(rows.into_iter().map(Arc::new));
        }
    })
    .await;
    hub.change(|s| match listed {
        Ok(listed) => {
            let rows = if first { T::shelf(s).take(number) } else { all };
            if let Some(what) = &listed.unread {
                tracing::warn!(cluster = %c.cluster, "{what}");
            }
            T::shelf(s).replace(number, rows);
            Ok(listed.resource_version)
        }
        Err(fault) => Err(fault),
    })
}

/// The watch, resumed as often as the server closes it. `None`: list again at once.
async fn watched<T: Kept>(
    hub: &Hub,
    c: &Connection,
    place: &Place,
    mut version: Box<str>,
    number: usize,
    source: Source,
) -> Option<Fault> {
    loop {
        let opened = || hub.heard(source);
        let end = stream::watch::<T>(c, place, &mut version, opened, |change| {
            hub.change(|s| {
                let shelf = T::shelf(s);
                match change {
                    Change::Applied(row) => shelf.apply(number, row),
                    Change::Deleted(row) => shelf.remove(number, &row),
                    Change::Unread(what) => {
                        tracing::warn!(cluster = %c.cluster, "{what}");
                    }
                }
            });
        })
        .await;
        match end {
            WatchEnd::Closed => {}
            WatchEnd::Expired => return None,
            WatchEnd::Broken(fault)
                if fault.reason == Reason::Unreachable || fault.reason == Reason::Server =>
            {
                // The history may still be there when the server is back: resume first, list only if it is not.
                hub.failed(source, fault).await;
            }
            WatchEnd::Broken(fault) => return Some(fault),
        }
    }
}

/// Waits until a kind that is not served may be: its CRD appears, or someone asks.
async fn appears(hub: &Hub, c: &Connection, kind: crate::model::name::Kind) {
    tokio::select! {
        () = discovery::appears(c, kind) => {}
        () = hub.asked_again() => {}
    }
}
