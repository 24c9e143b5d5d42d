//! Who holds the lease of egret's reconcilers, where egret keeps the gateways: read, then watched by its name.
//!
//! A holder renews every few seconds, and that is no news: only another holder, version or state changes anything that
//! is sent. Silence is found by a timer that each renewal puts off, and is believed only when the server, asked once
//! more, still has the same lease: who cannot reach the server knows nothing of others.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use super::hub::Hub;
use super::keepers::Wanted;
use crate::cluster::connect::Connection;
use crate::cluster::stream::{self, Change, Place, WatchEnd};
use crate::model::fault::{Fault, Reason};
use crate::model::holder::{Holder, LEASE, Lease};
use crate::model::name::Kind;
use crate::model::snapshot::Keeper;

/// Pause before the lease is read again after that failed, unless the cluster answers before.
const PAUSE: Duration = Duration::from_secs(10);

/// A server that starts refuses for a moment what it will allow: so often is asked again what was allowed before.
const DOUBTS: u32 = 4;

/// Pause between those.
const DOUBT: Duration = Duration::from_secs(1);

/// Follows the lease for as long as egret is the keeper, in the namespace of the gateways.
pub(super) async fn follow(
    hub: Arc<Hub>,
    c: Connection,
    mut wanted: watch::Receiver<Wanted>,
    mut keeper: watch::Receiver<Keeper>,
) {
    loop {
        let namespace = wanted.borrow_and_update().home();
        let is_egret = *keeper.borrow_and_update() == Keeper::Egret;
        let watching = async {
            if is_egret {
                Watch::new(&hub, &c, &namespace).forever().await;
            }
            set(&hub, Holder::Unread);
            std::future::pending::<()>().await;
        };
        // Neither sender goes before this task does.
        let ended = tokio::select! {
            () = watching => true,
            other = keeper.wait_for(|k| (*k == Keeper::Egret) != is_egret) => other.is_err(),
            other = wanted.wait_for(|w| w.home() != namespace) => {
                set(&hub, Holder::Unread);
                other.is_err()
            }
        };
        if ended {
            return;
        }
    }
}

/// Tells what is known now, if it is another than before.
fn set(hub: &Hub, holder: Holder) {
    let is_same = hub.lock().facts().holder == holder;
    if !is_same {
        hub.change(|s| s.facts().holder = holder);
    }
}

/// The lease, as one connection shows it.
struct Watch<'a> {
    hub: &'a Hub,
    c: &'a Connection,
    place: Place,
    /// As it was last read, and when it was first seen so.
    seen: Option<(Lease, Timestamp)>,
    /// When its holder is silent, unless it renews before.
    until: Option<Timestamp>,
    doubts: u32,
}

/// What happened to the lease.
enum News {
    /// It was read or written.
    Is(Box<Lease>),
    /// It is gone.
    Gone,
}

impl<'a> Watch<'a> {
    fn new(hub: &'a Hub, c: &'a Connection, namespace: &str) -> Self {
        let place = Place {
            kind: Kind::Lease,
            version: Kind::Lease.resource().version.into(),
            namespace: Some(namespace.into()),
            fields: format!("metadata.name%3D{LEASE}"),
            labels: String::new(),
            paths: Default::default(),
        };
        Self { hub, c, place, seen: None, until: None, doubts: 0 }
    }

    async fn forever(&mut self) {
        loop {
            let returns = self.hub.returns();
            let fault = match self.read().await {
                Ok(version) => self.watched(version).await,
                Err(fault) => Some(fault),
            };
            let Some(fault) = fault else { continue };
            // Nothing can be said of a holder while the server does not answer.
            self.until = None;
            let refused = matches!(fault.reason, Reason::Denied | Reason::Missing);
            if refused && self.seen.is_some() && self.doubts < DOUBTS {
                self.doubts += 1;
                tokio::time::sleep(DOUBT).await;
                continue;
            }
            // What was known of it stays until it is known better, as rows do; who may not look knows nothing.
            if refused || self.hub.lock().facts().holder == Holder::Unread {
                set(self.hub, Holder::Unknown(fault));
            }
            if refused {
                self.hub.reconnected(returns).await;
            } else {
                tokio::select! {
                    () = self.hub.reconnected(returns) => {}
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }

    /// Reads the lease. Returns where a watch goes on.
    async fn read(&mut self) -> Result<Box<str>, Fault> {
        let mut found = None;
        let listed = stream::list::<Lease>(self.c, &self.place, |rows| {
            found = rows.into_iter().next().or(found.take());
        })
        .await?;
        self.doubts = 0;
        match found {
            Some(lease) => self.take(lease),
            None => self.hear(News::Gone),
        }
        Ok(listed.resource_version)
    }

    /// Watches it until it must be read again; the fault with which that ended, if there was one.
    async fn watched(&mut self, mut version: Box<str>) -> Option<Fault> {
        loop {
            match self.watch(&mut version).await {
                Some(WatchEnd::Closed) => {}
                // Its holder seems to be silent, or the history is gone.
                None | Some(WatchEnd::Expired) => return None,
                Some(WatchEnd::Broken(fault)) => return Some(fault),
            }
        }
    }

    /// One watch, to its end; `None`: the lease was not renewed in time.
    async fn watch(&mut self, version: &mut Box<str>) -> Option<WatchEnd> {
        let (tell, mut told) = mpsc::unbounded_channel();
        let (c, place) = (self.c, self.place.clone());
        let changed = move |change| {
            let news = match change {
                Change::Applied(lease) => News::Is(Box::new(lease)),
                Change::Deleted(_) => News::Gone,
                Change::Unread(_) => return,
            };
            // The receiver lives as long as this watch.
            let _ = tell.send(news);
        };
        let watching = stream::watch::<Lease>(c, &place, version, || (), changed);
        tokio::pin!(watching);
        let end = loop {
            let until = self.until;
            tokio::select! {
                biased;
                Some(news) = told.recv() => self.hear(news),
                end = &mut watching => break Some(end),
                () = self.due(until) => break None,
            }
        };
        // What came together with the end.
        while let Ok(news) = told.try_recv() {
            self.hear(news);
        }
        end
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Is(lease) => self.take(*lease),
            News::Gone => {
                (self.seen, self.until) = (None, None);
                set(self.hub, Holder::Nobody);
            }
        }
    }

    /// Waits until a moment; for ever when there is none.
    async fn due(&self, until: Option<Timestamp>) {
        match until {
            Some(until) => {
                let left = until.duration_since(self.hub.clock().now());
                self.hub.clock().sleep(Duration::try_from(left).unwrap_or_default()).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Takes the lease as it is now.
    fn take(&mut self, lease: Lease) {
        let now = self.hub.clock().now();
        let before = self.seen.take();
        let is_same = before
            .as_ref()
            .is_some_and(|(seen, _)| seen.meta.resource_version == lease.meta.resource_version);
        let since = match &before {
            Some((_, since)) if is_same => *since,
            // Its renewal was seen: by this clock, not by its holder's.
            Some(_) => now,
            None => lease.renewed.map_or(now, |renewed| renewed.min(now)),
        };
        let was_silent = matches!(self.hub.lock().facts().holder, Holder::Silent { .. });
        let is_over = self.until.is_some_and(|until| until <= now);
        let holder = match before {
            None => lease.held(now),
            Some(_) if lease.holder.identity.is_empty() => Holder::Nobody,
            // Read again because its time was over, or as it was before the server went away.
            Some(_) if is_same && (is_over || was_silent) => lease.silent(since),
            Some(_) => Holder::Held(lease.holder.clone()),
        };
        self.until = matches!(holder, Holder::Held(_)).then(|| later(now, lease.holds));
        self.seen = Some((lease, since));
        set(self.hub, holder);
    }
}

/// A moment after another; the end of time stays what it is.
fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}
