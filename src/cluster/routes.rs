//! What leads traffic through gateways, followed as long as somebody looks at their traffic.

use std::sync::Arc;

use futures::future::join_all;

use super::connect::Connection;
use super::following::{self, News};
use crate::model::fault::Fault;
use crate::model::name::Kind;
use crate::model::route::{KINDS, RouteNews, RouteRow};

/// Follows the objects of all namespaces that lead traffic, until dropped. A kind that is not served has none; one that
/// may not be read is told once, and left out.
pub async fn follow(c: &Connection, on: impl Fn(Result<RouteNews, Fault>) + Sync) {
    join_all(KINDS.map(|kind| one(c, kind, &on))).await;
}

async fn one(c: &Connection, kind: Kind, tell: &(impl Fn(Result<RouteNews, Fault>) + Sync)) {
    following::follow::<RouteRow>(c, kind, None, |news| match news {
        News::Known(_, rows) => {
            tell(Ok(RouteNews::Known(kind, rows.into_iter().map(Arc::new).collect())));
        }
        News::Applied(row) => tell(Ok(RouteNews::Applied(kind, Arc::new(row)))),
        News::Deleted(row) => tell(Ok(RouteNews::Deleted(kind, Arc::new(row)))),
        News::Missing => {}
        News::Refused(fault) => tell(Err(fault)),
    })
    .await;
}
