//! What leads traffic through gateways, followed as long as somebody looks at their traffic.

use std::sync::Arc;

use futures::future::join_all;

use super::connect::Connection;
use super::following::{self, News};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::route::{KINDS, RouteNews, RouteRow};

/// Follows the objects that lead traffic, until dropped: those of all namespaces, and of a kind for which that is not
/// allowed those of these (R24). A kind that is not served has none; one that may not be read everywhere is told once.
pub async fn follow(c: &Connection, places: &[Box<str>], on: impl Fn(Result<RouteNews, Fault>) + Sync) {
    join_all(KINDS.map(|kind| everywhere(c, kind, places, &on))).await;
}

async fn everywhere(
    c: &Connection,
    kind: Kind,
    places: &[Box<str>],
    tell: &(impl Fn(Result<RouteNews, Fault>) + Sync),
) {
    let Some(fault) = one(c, kind, None, tell).await else { return };
    let elsewhere = fault.reason == Reason::Denied && kind.resource().namespaced;
    tell(Err(fault));
    if elsewhere {
        join_all(places.iter().map(|place| one(c, kind, Some(place), tell))).await;
    }
}

/// Follows a kind in a namespace, or in all; why it may not be read.
async fn one(
    c: &Connection,
    kind: Kind,
    place: Option<&str>,
    tell: &(impl Fn(Result<RouteNews, Fault>) + Sync),
) -> Option<Fault> {
    let mut refused = None;
    following::follow::<RouteRow>(c, kind, place, |news| match news {
        News::Known(_, rows) => {
            let rows = rows.into_iter().map(Arc::new).collect();
            tell(Ok(RouteNews::Known(kind, place.map(Into::into), rows)));
        }
        News::Applied(row) => tell(Ok(RouteNews::Applied(kind, Arc::new(row)))),
        News::Deleted(row) => tell(Ok(RouteNews::Deleted(kind, Arc::new(row)))),
        News::Missing => {}
        News::Refused(fault) => refused = Some(fault),
    })
    .await;
    refused
}
