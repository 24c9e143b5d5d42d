//! One cluster, for as long as it is open: connected, asked what it is, its kinds kept.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::holder;
use super::hub::{Hub, Source};
use super::keepers::{Keepers, Wanted};
use crate::cluster::connect::{self, Connection, Patience};
use crate::cluster::crd;
use crate::cluster::discovery;
use crate::cluster::kubeconfig::Contexts;
use crate::cluster::read_only::ReadOnly;
use crate::model::fault::Fault;
use crate::model::snapshot::Keeper;

/// A kind that is no longer wanted is kept for this long: whoever left its screen may be back in a moment.
const GRACE: Duration = Duration::from_secs(30);

/// Pause before a cluster that did not say what it is, is asked again.
const UNANSWERED: Duration = Duration::from_secs(5);

/// What a cluster is opened with.
pub(super) struct Run {
    pub(super) hub: Arc<Hub>,
    pub(super) contexts: Contexts,
    pub(super) read_only: ReadOnly,
    pub(super) patience: Patience,
    pub(super) wanted: watch::Receiver<Wanted>,
}

impl Run {
    /// Connects, and again whenever the connection is of no more use.
    pub(super) async fn forever(mut self) {
        loop {
            match self.connected().await {
                Ok(connection) => self.kept(connection).await,
                Err(fault) => self.hub.failed(Source::Connect, fault).await,
            }
            self.read_again().await;
        }
    }

    async fn connected(&self) -> Result<Connection, Fault> {
        let Self { hub, contexts, read_only, patience, .. } = self;
        let cluster = hub.cluster();
        let found = connect::plugin(contexts, cluster);
        let plugin = {
            let mut state = hub.lock();
            // The same one has a token that still holds.
            let known = state.plugin.take();
            state.plugin = match (known, found) {
                (Some(known), Some(found)) if known.is_same(&found) => Some(known),
                (_, found) => found.map(Arc::new),
            };
            state.plugin.clone()
        };
        connect::connect(contexts, cluster, plugin, read_only.clone(), *patience).await
    }

    /// Keeps what is wanted over a connection, until it is of no more use.
    async fn kept(&mut self, c: Connection) {
        let hub = self.hub.clone();
        let mut anew = hub.wishes_to_connect();
        hub.connected(c.clone());
        let mut tasks = JoinSet::new();
        let (tell, keeper) = watch::channel(hub.lock().facts().keeper);
        tasks.spawn(probe(hub.clone(), c.clone(), tell));
        tasks.spawn(holder::follow(hub.clone(), c.clone(), self.wanted.clone(), keeper));
        let mut keepers = Keepers::new(hub.clone(), c.clone());
        let mut strictly = true;
        loop {
            let wanted = self.wanted.borrow_and_update().clone();
            hub.change(|s| s.facts().namespaces = wanted.namespaces.clone().into());
            let spared = keepers.keep(&wanted, strictly);
            strictly = tokio::select! {
                // Without a sender the cluster is being closed.
                Ok(()) = self.wanted.changed() => false,
                () = tokio::time::sleep(GRACE), if spared => true,
                _ = anew.changed() => return,
                () = c.outlived() => return,
            };
        }
    }

    /// Someone may have logged in, or mended the kubeconfig. One that cannot be read changes nothing, and neither does
    /// one that would lead a cluster that has answered to another server: whoever looks at it would not know.
    async fn read_again(&mut self) {
        let contexts = self.contexts.clone();
        if let Ok(Ok(read)) = tokio::task::spawn_blocking(move || contexts.read_again()).await {
            let cluster = self.hub.cluster();
            let (before, now) = (self.contexts.entry(cluster), read.entry(cluster));
            let has_answered = {
                let mut state = self.hub.lock();
                let facts = state.facts();
                facts.uid.is_some() || facts.kubernetes.is_some()
            };
            let is_gone = before.is_some() && now.is_none();
            let is_elsewhere = before.zip(now).is_some_and(|(before, now)| before.leads_elsewhere(&now));
            if !(is_gone || is_elsewhere && has_answered) {
                self.contexts = read;
            }
        }
    }
}

/// Reads what the cluster is, beside its rows, and tells who keeps its gateways. Failures are told by the kinds; what is unknown stays unknown.
async fn probe(hub: Arc<Hub>, c: Connection, tell: watch::Sender<Keeper>) {
    loop {
        let returns = hub.returns();
        let known = discovery::facts(&c).await;
        let unanswered = known.unanswered;
        let keeper = hub.change(|s| {
            s.learn(known);
            s.facts().keeper
        });
        tell.send_replace(keeper);
        tokio::select! {
            () = hub.reconnected(returns) => {}
            // The kinds may have been answered before this was not.
            () = tokio::time::sleep(UNANSWERED), if unanswered => {}
            // Who keeps gateways can change when the CRD does.
            () = crd::changes(&c), if !unanswered => {}
        }
    }
}
