//! The port-forwards that a person opened: each a task of its own.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::effects::tell;
use super::looping::Inbox;
use crate::app::effect::Ticket;
use crate::app::msg::Msg;
use crate::cluster::connect::Connection;
use crate::cluster::forward;
use crate::model::fault::{Fault, Reason};
use crate::model::forward::{Aim, Local, News};
use crate::model::name::ClusterName;

/// One that is open.
struct Open {
    cluster: ClusterName,
    aims: watch::Sender<Arc<[Aim]>>,
    task: AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Those that are open. Dropping it ends them all.
#[derive(Default)]
pub(super) struct Forwards {
    open: HashMap<Ticket, Open>,
}

impl Forwards {
    /// Opens one.
    pub(super) fn start<W>(
        &mut self,
        inbox: &Inbox,
        ticket: Ticket,
        (cluster, local): (ClusterName, Local),
        aims: Arc<[Aim]>,
        way: Option<W>,
    ) where
        W: Fn() -> Option<Connection> + Clone + Send + Sync + 'static,
    {
        let inbox = inbox.clone();
        let Some(way) = way else {
            let summary = format!("{cluster}: port-forward: the cluster is not open");
            let fault = Fault::new(Reason::Unreachable, summary, "Open its context first.");
            return tell(&inbox, Msg::Forward(ticket, News::Refused(fault)));
        };
        let (sender, receiver) = watch::channel(aims);
        let told = move |news| tell(&inbox, Msg::Forward(ticket, news));
        let task = tokio::spawn(forward::serve(cluster.clone(), local, way, receiver, told)).abort_handle();
        self.open.insert(ticket, Open { cluster, aims: sender, task });
    }

    /// Connections that come from now on go there.
    pub(super) fn aim(&self, ticket: Ticket, aims: Arc<[Aim]>) {
        if let Some(open) = self.open.get(&ticket) {
            open.aims.send_replace(aims);
        }
    }

    /// Ends one, with all its connections.
    pub(super) fn stop(&mut self, ticket: Ticket) {
        self.open.remove(&ticket);
    }

    /// Ends those of a cluster.
    pub(super) fn stop_of(&mut self, cluster: &ClusterName) {
        self.open.retain(|_, open| open.cluster != *cluster);
    }

    /// Ends all.
    pub(super) fn stop_all(&mut self) {
        self.open.clear();
    }
}
