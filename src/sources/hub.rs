//! Where the tasks of one cluster meet.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::proxies::Numbered;
use super::shelf::Place;
use super::state::{News, State};
use crate::cluster::clock::Clock;
use crate::cluster::connect::Connection;
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::{Directions, join};
use crate::model::name::{ClusterName, Kind};
use crate::model::snapshot::Snapshot;

/// First and longest pause between two tries of a cluster that does not answer.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// What is known of one cluster. Its tasks write, its publisher reads.
pub(super) struct Hub {
    cluster: ClusterName,
    clock: Clock,
    state: Mutex<State>,
    /// Something changed.
    pub(super) changed: Notify,
    /// Counts how often the cluster answered after it did not.
    back: watch::Sender<u64>,
    /// Counts the wishes to try again now.
    again: watch::Sender<u64>,
    /// Counts the wishes for a new connection.
    anew: watch::Sender<u64>,
    /// The connection, with a number of its own.
    way: watch::Sender<Numbered>,
}

/// What a failure belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Making the client.
    Connect,
    /// A kind in one of its places.
    Place(Kind, Place),
}

impl Hub {
    /// Knows nothing yet.
    pub(super) fn new(cluster: ClusterName, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            cluster,
            state: Mutex::new(State::new(clock.clone())),
            clock,
            changed: Notify::new(),
            back: watch::Sender::new(0),
            again: watch::Sender::new(0),
            anew: watch::Sender::new(0),
            way: watch::Sender::default(),
        })
    }

    /// The cluster.
    pub(super) fn cluster(&self) -> &ClusterName {
        &self.cluster
    }

    /// The clock of the cluster.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Held for the few instructions of a change; never over a wait.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes something, and lets the publisher know.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.lock());
        self.changed.notify_one();
        done
    }

    /// A kind got an answer: the cluster is there.
    pub(super) fn heard(&self, source: &Source) {
        let News { is_news, all_back } = self.lock().answered(source);
        // A watch that is begun again is no news: nothing is made or drawn for it.
        if is_news {
            self.changed.notify_one();
        }
        if all_back {
            self.back.send_modify(|n| *n += 1);
        }
    }

    /// A step or kind failed. Waits until the cluster is to be tried again: all that fail try at the same moments,
    /// further and further apart, or at once when someone asks. What needs a person waits for one.
    pub(super) async fn failed(&self, source: Source, fault: Fault) {
        let mut again = self.again.subscribe();
        let until = self.change(|s| s.fail(source, fault, self.clock.now(), &self.cluster));
        let wait = async {
            match until {
                Some(at) => {
                    let wait = Duration::try_from(at.duration_since(self.clock.now())).unwrap_or_default();
                    self.clock.sleep(wait).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => {}
            _ = again.changed() => {}
        }
    }

    /// Waits until someone asks to try again.
    pub(super) async fn asked_again(&self) {
        // The sender is this hub's own: it cannot be gone.
        let _ = self.again.subscribe().changed().await;
    }

    /// Asks everything that waits to try now.
    pub(super) fn try_now(&self) {
        self.change(State::forgive);
        self.again.send_modify(|n| *n += 1);
    }

    /// Asks for a new connection: the credentials of this one are refused.
    pub(super) fn connect_anew(&self) {
        self.anew.send_modify(|n| *n += 1);
    }

    /// Those wishes, from now on.
    pub(super) fn wishes_to_connect(&self) -> watch::Receiver<u64> {
        self.anew.subscribe()
    }

    /// Counts the cluster's returns: taken before something is tried, it tells later whether to try it again.
    pub(super) fn returns(&self) -> watch::Receiver<u64> {
        self.back.subscribe()
    }

    /// Waits until the cluster has answered again, after it did not, since `returns` was taken, or someone asks.
    pub(super) async fn reconnected(&self, mut returns: watch::Receiver<u64>) {
        tokio::select! {
            // The sender is this hub's own: it cannot be gone.
            _ = returns.changed() => {}
            () = self.asked_again() => {}
        }
    }

    /// There is a connection, or another one.
    pub(super) fn connected(&self, connection: Connection) {
        self.change(|s| s.connected(connection.clone()));
        self.way.send_modify(|(number, way)| (*number, *way) = (*number + 1, Some(connection)));
    }

    /// The connections as they come.
    pub(super) fn ways(&self) -> watch::Receiver<Numbered> {
        self.way.subscribe()
    }

    /// The connection, once there is one.
    pub(super) fn connection(&self) -> Option<Connection> {
        self.lock().connection()
    }

    /// Makes a snapshot. Rows are shared with the one before where nothing changed.
    pub(super) fn snapshot(&self, directions: &Directions) -> Snapshot {
        let mut snapshot = self.lock().snapshot(&self.cluster);
        snapshot.gateways = join(&snapshot, directions).into();
        snapshot
    }
}

/// The pause before the next try: doubling, with a little disorder so that a hundred clusters do not try at once. A
/// plugin may open a browser each time: it is run again as late as possible.
pub(super) fn pause(attempts: u32, reason: Reason, cluster: &ClusterName) -> Duration {
    let doubled = match reason {
        Reason::Credentials => PAUSES.1,
        _ => PAUSES.0.saturating_mul(1 << attempts.min(10)).min(PAUSES.1),
    };
    // Of the name, so that clusters differ and two runs of one program do not.
    let mut hasher = DefaultHasher::new();
    (cluster.as_str(), attempts).hash(&mut hasher);
    let disorder = hasher.finish() % 31;
    #[expect(clippy::cast_precision_loss, reason = "at most 30")]
    doubled.mul_f64(0.85 + disorder as f64 / 100.0)
}
