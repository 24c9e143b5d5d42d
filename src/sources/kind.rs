//! One kind in one place: listed, then watched, for as long as it is wanted.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::hub::{Hub, Source};
use super::shelf::Place;
use super::state::Kept;
use crate::cluster::connect::Connection;
use crate::cluster::discovery;
use crate::cluster::stream::{self, Change, WatchEnd};
use crate::model::fault::{Fault, Reason};
use crate::model::snapshot::KindState;

/// A watch that ends sooner than this has told nothing: the next one waits as long.
const TOO_SOON: Duration = Duration::from_secs(1);

/// How often a watch that the server fails at is resumed, before the kind is listed again.
const RESUMES: u32 = 3;

/// Lists and watches a kind in a place until the task is dropped.
pub(super) async fn keep<T: Kept>(hub: Arc<Hub>, c: Connection, place: Place) {
    let mut keeper = Keeper {
        source: Source::Place(T::KIND, place.clone()),
        namespace: place.clone(),
        hub: &hub,
        c: &c,
        place,
    };
    loop {
        let fault = match keeper.listed::<T>().await {
            Ok((at, version)) => keeper.watched::<T>(&at, version).await,
            Err(fault) => Some(fault),
        };
        if let Some(fault) = fault {
            keeper.stopped::<T>(fault).await;
        }
    }
}

struct Keeper<'a> {
    hub: &'a Hub,
    c: &'a Connection,
    /// Where its rows go.
    place: Place,
    /// Where they are read: the same, unless all namespaces were asked for and are denied.
    namespace: Place,
    source: Source,
}

impl Keeper<'_> {
    /// The list: rows show while it arrives, unless older ones are shown already, which then stay until its end.
    async fn listed<T: Kept>(&self) -> Result<(stream::Place, Box<str>), Fault> {
        let mut missing = None;
        for version in discovery::served(self.c, T::KIND).await? {
            let namespace = self.namespace.clone();
            let at = stream::Place { kind: T::KIND, version, namespace, fields: String::new() };
            match self.list::<T>(&at).await {
                Ok(version) => return Ok((at, version)),
                Err(fault) if fault.reason == Reason::Missing => missing = Some(fault),
                Err(fault) => return Err(fault),
            }
        }
        Err(missing.unwrap_or_else(|| Fault::new(Reason::Missing, "not served", "")))
    }

    async fn list<T: Kept>(&self, at: &stream::Place) -> Result<Box<str>, Fault> {
        let Self { hub, place, source, .. } = self;
        let is_new = T::shelf(&mut hub.lock()).is_new(place);
        let mut all = Vec::new();
        let listed = stream::list::<T>(self.c, at, |rows| {
            hub.heard(source);
            if is_new {
                hub.change(|s| {
                    if T::shelf(s).extend(place, rows) {
                        s.hurry();
                    }
                });
            } else {
                all.extend(rows.into_iter().map(Arc::new));
            }
        })
        .await?;
        if let Some(what) = &listed.unread {
            tracing::warn!(cluster = %self.c.cluster, "{what}");
        }
        hub.change(|s| if is_new { T::shelf(s).finish(place) } else { T::shelf(s).replace(place, all) });
        Ok(listed.resource_version)
    }

    /// The watch, resumed as often as the server closes it. `None`: list again.
    async fn watched<T: Kept>(&self, at: &stream::Place, mut version: Box<str>) -> Option<Fault> {
        let Self { hub, source, .. } = self;
        let mut failures = 0;
        loop {
            let begun = Instant::now();
            let end = self.watch::<T>(at, &mut version).await;
            if begun.elapsed() < TOO_SOON && !matches!(end, WatchEnd::Broken(_)) {
                tokio::time::sleep(TOO_SOON).await;
            }
            match end {
                WatchEnd::Closed => failures = 0,
                WatchEnd::Expired => return None,
                // The history may still be there when the server is back: resume first, list only if it is not.
                WatchEnd::Broken(fault) if fault.reason == Reason::Unreachable => {
                    hub.failed(source.clone(), fault).await;
                }
                WatchEnd::Broken(fault) if fault.reason == Reason::Server && failures < RESUMES => {
                    failures += 1;
                    self.fails::<T>(fault).await;
                }
                WatchEnd::Broken(fault) => return Some(fault),
            }
        }
    }

    async fn watch<T: Kept>(&self, at: &stream::Place, version: &mut Box<str>) -> WatchEnd {
        let Self { hub, place, source, .. } = self;
        let opened = || {
            hub.heard(source);
            if T::shelf(&mut hub.lock()).works(place) {
                hub.changed.notify_one();
            }
        };
        let changed = |change| {
            hub.change(|s| {
                s.hear();
                match change {
                    Change::Applied(row) => T::shelf(s).apply(place, row),
                    Change::Deleted(row) => T::shelf(s).remove(place, &row),
                    Change::Unread(what) => tracing::warn!(cluster = %self.c.cluster, "{what}"),
                }
            });
        };
        stream::watch::<T>(self.c, at, version, opened, changed).await
    }

    /// The server fails at this kind, which may be at this one alone: its conversion webhook, its aggregated server.
    async fn fails<T: Kept>(&self, fault: Fault) {
        self.hub.change(|s| T::shelf(s).set_state(&self.place, KindState::Failed(fault.clone())));
        self.hub.failed(self.source.clone(), fault).await;
    }

    /// What to do when a kind cannot be kept: wait for what may change that.
    async fn stopped<T: Kept>(&mut self, fault: Fault) {
        let Self { hub, place, source, .. } = self;
        let state = |state| hub.change(|s| T::shelf(s).set_state(place, state));
        match fault.reason {
            Reason::Denied if self.namespace.is_none() && T::KIND.resource().namespaced => {
                // Not everywhere: then where gateways usually are (R24).
                hub.heard(source);
                hub.change(|s| s.narrow(T::KIND));
                self.namespace = Some(super::DEFAULT_NAMESPACE.into());
            }
            Reason::Denied => {
                hub.heard(source);
                state(KindState::Denied(fault));
                hub.reconnected().await;
            }
            Reason::Missing => {
                hub.heard(source);
                state(KindState::Absent);
                tokio::select! {
                    () = discovery::appears(self.c, T::KIND) => {}
                    () = hub.asked_again() => {}
                }
            }
            Reason::Invalid | Reason::Conflict | Reason::ReadOnly => {
                hub.heard(source);
                state(KindState::Failed(fault));
                hub.asked_again().await;
            }
            Reason::Credentials | Reason::NeedsTerminal => {
                hub.failed(source.clone(), fault).await;
                hub.connect_anew();
                // What was asked for ends this task.
                std::future::pending().await
            }
            Reason::Server => self.fails::<T>(fault).await,
            Reason::Unreachable => hub.failed(source.clone(), fault).await,
        }
    }
}
