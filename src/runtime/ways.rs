//! From the clusters that are open to those of a mesh: its home, and the others by the ids that gateways name.

use std::sync::Arc;

use futures::future::join_all;

use crate::cluster::connect::{self, Connection};
use crate::cluster::kubeconfig::Contexts;
use crate::cluster::read_only::ReadOnly;
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
use crate::reconcile::{Clusters, Keeper, identity};

/// The ways to the clusters of one mesh.
pub(super) struct Ways {
    /// The cluster that holds the CRs.
    pub(super) home: Connection,
    /// The clusters that the config gives ids, and the connections of those that are open.
    pub(super) others: Vec<Other>,
    /// Where those that are not open are found.
    pub(super) contexts: Contexts,
}

/// A cluster that the config gives an id.
pub(super) struct Other {
    /// The id.
    pub(super) id: String,
    /// Its context.
    pub(super) name: ClusterName,
    /// The way to it, when it is open.
    pub(super) open: Option<Connection>,
    /// Whether the config makes it read-only.
    pub(super) is_guarded: bool,
}

impl Ways {
    /// The same, for another part of egret: the journal tells them apart.
    pub(super) fn by(self, by: &'static str) -> Self {
        let other = |other: Other| Other { open: other.open.map(|c| c.by(by)), ..other };
        Self {
            home: self.home.by(by),
            others: self.others.into_iter().map(other).collect(),
            contexts: self.contexts.by(by),
        }
    }

    /// A keeper of these clusters that remembers nothing yet. Those that are not open are connected for it; what
    /// a gateway has in one that cannot be is told and not touched.
    pub(super) async fn keeper(self) -> Keeper {
        let Self { home, others, contexts } = self;
        let own = others.iter().find(|other| other.name == home.cluster).map(|other| other.id.clone());
        let home_id = match own {
            Some(id) => id,
            None => identity::home_id(&home).await,
        };
        let elsewhere = others.into_iter().filter(|other| other.id != home_id && other.name != home.cluster);
        let connected = join_all(elsewhere.map(|mut other| {
            let (contexts, home) = (&contexts, &home);
            async move {
                let way = match other.open.take() {
                    Some(connection) => Ok(connection),
                    None => open_for(contexts, &other, home).await,
                };
                (other.id, way)
            }
        }))
        .await;
        let clock = contexts.clock();
        let clusters = Clusters::only(home, &home_id);
        connected.into_iter().for_each(|(id, way)| clusters.put(&id, way));
        Keeper::new(clusters, clock)
    }
}

async fn open_for(contexts: &Contexts, other: &Other, home: &Connection) -> Result<Connection, Fault> {
    let Other { name, is_guarded, .. } = other;
    let plugin = connect::plugin(contexts, name).map(Arc::new);
    let read_only = if *is_guarded { ReadOnly::demanded() } else { home.read_only.clone() };
    connect::connect(contexts, name, plugin, read_only, home.patience).await
}
