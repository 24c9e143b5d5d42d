//! All objects of a kind as they are, followed: what a recording is made of.

use std::sync::Arc;

use serde_json::Value;

use super::connect::Connection;
use super::following;
use super::object::{Whole, named};
use crate::model::fault::Fault;
use crate::model::name::Kind;

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
    following::follow::<Whole>(c, kind, namespace, |news| {
        on(match news {
            following::News::Known(place, all) => {
                News::Known(all.into_iter().map(|row| named(row.1, &place)).collect())
            }
            following::News::Applied(Whole(_, object)) => News::Applied(object),
            following::News::Deleted(Whole(_, object)) => News::Deleted(object),
            following::News::Missing => News::Known(Vec::new()),
            following::News::Refused(fault) => News::Refused(fault),
        });
    })
    .await;
}
