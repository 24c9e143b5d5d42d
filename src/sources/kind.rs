//! One kind in one place: listed, then watched, for as long as its cluster is open.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::hub::{Hub, Kept, Source};
use crate::cluster::connect::Connection;
use crate::cluster::discovery;
use crate::cluster::stream::{self, Change, Place, WatchEnd};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::snapshot::KindState;

/// A server that starts refuses for a moment what it will allow, and does not know kinds that it will serve: what was
/// listed before is asked for again after each of these pauses before a refusal is believed.
const DOUBTS: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// A watch that ends sooner than this has brought nothing that a pause would delay.
const SHORT: Duration = Duration::from_secs(5);

/// Longest pause between watches that end at once, as those through some proxies do.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// One kind in one place of one cluster.
struct Keeper {
    hub: Arc<Hub>,
    c: Connection,
    place: Place,
    /// Number of the place on its shelf.
    number: usize,
    source: Source,
    /// Watches that ended at once, in a row.
    short: u32,
}

/// Lists and watches a kind in a place until the task is dropped.
pub(super) async fn keep<T: Kept>(hub: Arc<Hub>, c: Connection, namespace: Option<Box<str>>, number: usize) {
    let place = Place {
        kind: T::KIND,
        version: T::KIND.resource().version.into(),
        namespace: namespace.clone(),
        fields: String::new(),
    };
    let source = Source::Place(T::KIND, number);
    let mut keeper = Keeper { hub, c, place, number, source, short: 0 };
    let mut doubts = DOUBTS.iter();
    loop {
        let returns = keeper.hub.returns();
        let fault = match keeper.listed::<T>().await {
            Ok(version) => {
                doubts = DOUBTS.iter();
                keeper.watched::<T>(version).await
            }
            Err(fault) => Some(fault),
        };
        let Some(fault) = fault else { continue };
        let refused = matches!(fault.reason, Reason::Denied | Reason::Missing);
        if refused && keeper.hub.change(|s| T::shelf(s).is_ready(number)) {
            if let Some(pause) = doubts.next() {
                tokio::time::sleep(*pause).await;
                continue;
            }
        }
        match fault.reason {
            Reason::Denied => {
                keeper.hub.heard(source);
                if keeper.place.namespace.is_none() && T::KIND.resource().namespaced {
                    // Not everywhere: then where gateways usually are (R24).
                    keeper.place.namespace = Some(super::DEFAULT_NAMESPACE.into());
                    continue;
                }
                keeper.state::<T>(KindState::Denied(fault));
                // A server that comes back may have learned of rights meanwhile.
                keeper.hub.reconnected(returns).await;
                keeper.place.namespace.clone_from(&namespace);
            }
            Reason::Missing => {
                keeper.hub.heard(source);
                keeper.state::<T>(KindState::Absent);
                appears(&keeper.hub, &keeper.c, T::KIND, returns).await;
            }
            Reason::Invalid | Reason::Conflict | Reason::ReadOnly => {
                keeper.hub.heard(source);
                keeper.state::<T>(KindState::Failed(fault));
                keeper.hub.asked_again().await;
            }
            Reason::Server => {
                keeper.state::<T>(KindState::Failed(fault.clone()));
                keeper.hub.failed(source, fault).await;
            }
            Reason::Unreachable | Reason::Credentials | Reason::NeedsTerminal => {
                keeper.hub.failed(source, fault).await;
            }
        }
    }
}

impl Keeper {
    fn state<T: Kept>(&self, state: KindState) {
        self.hub.change(|s| T::shelf(s).set_state(self.number, state));
    }

    /// The list: rows show while it arrives, unless older ones are shown already, which then stay until its end.
    async fn listed<T: Kept>(&mut self) -> Result<Box<str>, Fault> {
        let (hub, number, source) = (&self.hub, self.number, self.source);
        if let Some(version) = discovery::version(&self.c, T::KIND).await? {
            self.place.version = version;
        }
        let first = {
            let mut state = hub.lock();
            let shelf = T::shelf(&mut state);
            !shelf.is_settled(number) && shelf.rows_of(number).is_empty()
        };
        let mut all = Vec::new();
        let listed = stream::list::<T>(&self.c, &self.place, |rows| {
            hub.heard(source);
            if first {
                hub.change(|s| T::shelf(s).extend(number, rows));
            } else {
                all.extend(rows.into_iter().map(Arc::new));
            }
        })
        .await?;
        if let Some(what) = &listed.unread {
            tracing::warn!(cluster = %self.c.cluster, "{what}");
        }
        hub.change(|s| {
            let rows = if first { T::shelf(s).rows_of(number) } else { all };
            T::shelf(s).replace(number, rows);
        });
        Ok(listed.resource_version)
    }

    /// The watch, resumed as often as the server closes it. `None`: list again.
    async fn watched<T: Kept>(&mut self, mut version: Box<str>) -> Option<Fault> {
        let (hub, number, source) = (self.hub.clone(), self.number, self.source);
        loop {
            let (began, mut brought) = (Instant::now(), false);
            let opened = || hub.heard(source);
            let end = stream::watch::<T>(&self.c, &self.place, &mut version, opened, |change| {
                brought = true;
                hub.change(|s| {
                    s.heard_now();
                    let shelf = T::shelf(s);
                    match change {
                        Change::Applied(row) => shelf.apply(number, row),
                        Change::Deleted(row) => shelf.remove(number, &row),
                        Change::Unread(what) => {
                            tracing::warn!(cluster = %self.c.cluster, "{what}");
                        }
                    }
                });
            })
            .await;
            self.short = if brought || began.elapsed() > SHORT { 0 } else { self.short + 1 };
            match end {
                WatchEnd::Closed => self.rest().await,
                WatchEnd::Expired => {
                    self.rest().await;
                    return None;
                }
                // The history may still be there when the server is back: resume first, list only if it is not.
                WatchEnd::Broken(fault) if fault.reason == Reason::Unreachable => {
                    hub.failed(source, fault).await;
                }
                WatchEnd::Broken(fault) => return Some(fault),
            }
        }
    }

    /// A pause when watches end at once: the first is resumed at once, the next ones later and later.
    async fn rest(&self) {
        if self.short > 1 {
            let pause = Duration::from_millis(250) * (1 << (self.short - 2).min(6));
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
        }
    }
}

/// Waits until a kind that is not served may be: its CRD is there, the cluster came back, or someone asks.
async fn appears(hub: &Hub, c: &Connection, kind: Kind, returns: tokio::sync::watch::Receiver<u64>) {
    tokio::select! {
        () = discovery::appears(c, kind) => {}
        () = hub.reconnected(returns) => {}
    }
}
