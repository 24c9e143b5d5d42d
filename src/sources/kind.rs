//! One kind in one place: listed, then watched, for as long as it is wanted.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::hub::{Hub, Source};
use super::shelf::Place;
use super::state::Kept;
use crate::cluster::connect::Connection;
use crate::cluster::crd;
use crate::cluster::discovery;
use crate::cluster::stream::{self, Change, WatchEnd};
use crate::model::fault::{Fault, Reason};
use crate::model::path::Path;
use crate::model::snapshot::KindState;

/// A server that starts refuses for a moment what it will allow, and does not know kinds that it will serve: what was
/// listed before is asked for again after each of these pauses before a refusal is believed.
const DOUBTS: [Duration; 4] =
    [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// A watch that ends sooner than this without a word has brought nothing that a pause would delay.
const SHORT: Duration = Duration::from_secs(5);

/// Longest pause between watches that end at once, as those through some proxies do.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How often a watch that the server fails at is resumed, before the kind is listed again.
const RESUMES: u32 = 3;

/// Lists and watches a kind in a place until the task is dropped.
pub(super) async fn keep<T: Kept>(hub: Arc<Hub>, c: Connection, place: Place, paths: Arc<[Path]>) {
    let mut keeper = Keeper {
        source: Source::Place(T::KIND, place.clone()),
        namespace: place.clone(),
        hub: &hub,
        c: &c,
        place,
        paths,
        short: 0,
    };
    let mut doubts = DOUBTS.iter();
    loop {
        let returns = hub.returns();
        let fault = match keeper.listed::<T>().await {
            Ok((at, version)) => {
                doubts = DOUBTS.iter();
                keeper.watched::<T>(&at, version).await
            }
            Err(fault) => Some(fault),
        };
        let Some(fault) = fault else { continue };
        let doubtful = matches!(fault.reason, Reason::Denied | Reason::Missing)
            && T::shelf(&mut hub.lock()).is_ready(&keeper.place);
        match doubts.next().filter(|_| doubtful) {
            Some(pause) => tokio::time::sleep(*pause).await,
            None => keeper.stopped::<T>(fault, returns).await,
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
    /// What columns ask of its objects.
    paths: Arc<[Path]>,
    /// Watches that ended at once, in a row.
    short: u32,
}

impl Keeper<'_> {
    /// The list: rows show while it arrives, unless older ones are shown already, which then stay until its end.
    async fn listed<T: Kept>(&self) -> Result<(stream::Place, Box<str>), Fault> {
        let mut missing = None;
        for version in discovery::served(self.c, T::KIND).await? {
            let namespace = self.namespace.clone();
            let at = stream::Place {
                kind: T::KIND,
                version,
                namespace,
                fields: String::new(),
                labels: String::new(),
                paths: self.paths.clone(),
            };
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
    async fn watched<T: Kept>(&mut self, at: &stream::Place, mut version: Box<str>) -> Option<Fault> {
        let mut failures = 0;
        loop {
            let end = self.watch::<T>(at, &mut version).await;
            match end {
                WatchEnd::Closed => {
                    failures = 0;
                    self.rest().await;
                }
                WatchEnd::Expired => {
                    self.rest().await;
                    return None;
                }
                // The history may still be there when the server is back: resume first, list only if it is not.
                WatchEnd::Broken(fault) if fault.reason == Reason::Unreachable => {
                    self.hub.failed(self.source.clone(), fault).await;
                }
                WatchEnd::Broken(fault) if fault.reason == Reason::Server && failures < RESUMES => {
                    failures += 1;
                    self.fails::<T>(fault).await;
                }
                WatchEnd::Broken(fault) => return Some(fault),
            }
        }
    }

    /// One watch, to its end.
    async fn watch<T: Kept>(&mut self, at: &stream::Place, version: &mut Box<str>) -> WatchEnd {
        let Self { hub, place, source, .. } = &*self;
        let (begun, mut silent) = (Instant::now(), true);
        let opened = || {
            hub.heard(source);
            if T::shelf(&mut hub.lock()).works(place) {
                hub.changed.notify_one();
            }
        };
        let changed = |change| {
            silent = false;
            hub.change(|s| {
                s.hear();
                match change {
                    Change::Applied(row) => T::shelf(s).apply(place, row),
                    Change::Deleted(row) => T::shelf(s).remove(place, &row),
                    Change::Unread(what) => tracing::warn!(cluster = %self.c.cluster, "{what}"),
                }
            });
        };
        let end = stream::watch::<T>(self.c, at, version, opened, changed).await;
        self.short =
            if silent && begun.elapsed() < SHORT.min(self.c.patience.watch / 2) { self.short + 1 } else { 0 };
        end
    }

    /// A pause when watches end at once: the first is resumed at once, the next ones later and later.
    async fn rest(&self) {
        if self.short > 1 {
            let pause = Duration::from_millis(250) * (1 << (self.short - 2).min(6));
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
        }
    }

    /// The server fails at this kind, which may be at this one alone: its conversion webhook, its aggregated server.
    async fn fails<T: Kept>(&self, fault: Fault) {
        self.hub.change(|s| T::shelf(s).set_state(&self.place, KindState::Failed(fault.clone())));
        self.hub.failed(self.source.clone(), fault).await;
    }

    /// What to do when a kind cannot be kept: wait for what may change that.
    async fn stopped<T: Kept>(&mut self, fault: Fault, returns: watch::Receiver<u64>) {
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
                // A server that comes back may have learned of rights meanwhile.
                hub.reconnected(returns).await;
                self.namespace.clone_from(&self.place);
            }
            Reason::Missing => {
                hub.heard(source);
                state(KindState::Absent);
                tokio::select! {
                    () = crd::appears(self.c, T::KIND) => {}
                    () = hub.reconnected(returns) => {}
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
