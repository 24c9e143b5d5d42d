//! What a person may do in a cluster, as it answers.

use futures::future::join_all;

use super::effects::tell;
use super::looping::Inbox;
use crate::app::msg::Msg;
use crate::app::rights::{Answers, Right};
use crate::cluster::access::{self, Action};
use crate::cluster::connect::Connection;

/// Asks for all of them at once.
pub(super) async fn rights_in(c: Connection, rights: Vec<Right>, inbox: &Inbox) {
    let answers = rights.into_iter().map(|right| {
        let c = &c;
        async move {
            let Right { verb, kind, subresource, namespace, name } = &right;
            let kind = *kind;
            let may = access::may(c, Action { verb, kind, subresource, namespace, name }).await;
            (right, may)
        }
    });
    let rights = join_all(answers).await.into_iter().collect();
    tell(inbox, Msg::Rights(c.cluster.clone(), Answers { user: c.account().to_owned(), rights }));
}
