//! What editing asks of the clusters: objects, schemas, what there is to choose from, checks and changes.

use std::sync::Arc;

use super::effects::{Live, tell};
use crate::app::effect::Ticket;
use crate::app::msg::Msg;
use crate::app::review::Wish;
use crate::changing;
use crate::cluster::{knowledge, object, openapi};
use crate::materialize::change::Checked;
use crate::model::edit::Target;
use crate::model::name::{ClusterName, ObjectKey};
use crate::reconcile::identity;

impl Live {
    /// A cluster that is not connected has nothing to offer, and says so in its link.
    pub(super) fn learn(&mut self, ticket: Ticket, cluster: &ClusterName, namespace: String) {
        let inbox = self.inbox.clone();
        let Ok(c) = self.connection(cluster) else { return };
        let named = self.own_id(cluster);
        self.keep(ticket, async move {
            let mut knowledge = knowledge::learn(&c, &namespace).await;
            knowledge.home_id = Some(match named {
                Some(id) => id,
                None => identity::home_id(&c).await,
            });
            tell(&inbox, Msg::Learned(ticket, Box::new(knowledge)));
        });
    }

    pub(super) fn read_schema(&mut self, ticket: Ticket, of: Target) {
        let inbox = self.inbox.clone();
        match self.connection(&of.cluster) {
            Ok(c) => self.keep(ticket, async move {
                let schema = openapi::schema(&c, &of.api_version, &of.kind).await;
                tell(&inbox, Msg::Schema(ticket, schema));
            }),
            Err(fault) => tell(&inbox, Msg::Schema(ticket, Err(fault))),
        }
    }

    pub(super) fn fetch(&mut self, ticket: Ticket, key: ObjectKey) {
        let inbox = self.inbox.clone();
        match self.connection(&key.cluster) {
            Err(fault) => tell(&inbox, Msg::Fetched(ticket, Err(fault))),
            Ok(c) => self.keep(ticket, async move {
                let object = object::fetch(&c, &key).await;
                tell(&inbox, Msg::Fetched(ticket, object));
            }),
        }
    }

    pub(super) fn check(&mut self, ticket: Ticket, wish: Wish) {
        let inbox = self.inbox.clone();
        match self.ways(&wish.target.cluster) {
            Err(fault) => tell(&inbox, Msg::Checked(ticket, Err(fault.into()))),
            Ok(ways) => self.keep(ticket, async move {
                let keeper = ways.keeper().await;
                let checked = changing::check(&keeper, &wish.target, &wish.change).await;
                tell(&inbox, Msg::Checked(ticket, checked.map(Arc::new)));
            }),
        }
    }

    /// Not kept by its ticket: what has been begun is not broken off by leaving a screen.
    pub(super) fn make(&self, ticket: Ticket, checked: Arc<Checked>) {
        let inbox = self.inbox.clone();
        match self.connection(&checked.target.cluster) {
            Err(fault) => tell(&inbox, Msg::Made(ticket, Box::new(Err(fault)))),
            Ok(c) => drop(tokio::spawn(async move {
                let made = changing::carry_out(&c, &checked).await;
                tell(&inbox, Msg::Made(ticket, Box::new(made)));
            })),
        }
    }
}
