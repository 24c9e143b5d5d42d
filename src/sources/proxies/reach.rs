//! The way to one cluster's proxies, and what its proxies share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, mpsc, watch};

use super::pace::Budget;
use crate::cluster::clock::Clock;
use crate::cluster::connect::Connection;
use crate::cluster::inside::Inside;
use crate::metrics::Want;
use crate::model::name::ObjectKey;
use crate::sources::Heard;

/// Proxies of one cluster that are read at once.
const AT_ONCE: usize = 8;

/// A connection and its number: another number is another connection.
pub(in crate::sources) type Numbered = (u64, Option<Connection>);

/// What a task that keeps reading a proxy is told.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// What is wanted; none: nothing any more.
    pub(super) want: Option<Want>,
    /// Counts the wishes to try again now.
    pub(super) again: u64,
}

/// One cluster.
pub(super) struct Reach {
    pub(super) clock: Clock,
    connection: watch::Receiver<Numbered>,
    inside: Mutex<Option<(u64, Arc<Inside>)>>,
    /// Who holds one may read.
    pub(super) turns: Semaphore,
    budget: Mutex<Budget>,
    /// The pods that are read, by the tasks that do it.
    pods: Mutex<BTreeMap<ObjectKey, watch::Sender<Told>>>,
    /// The namespaces whose usage is read.
    pub(super) usage: watch::Sender<(Vec<String>, u64)>,
    out: Mutex<mpsc::Sender<Heard>>,
}

impl Reach {
    pub(super) fn new(
        clock: Clock,
        connection: watch::Receiver<Numbered>,
        out: mpsc::Sender<Heard>,
    ) -> Arc<Self> {
        Arc::new(Self {
            clock,
            connection,
            inside: Mutex::default(),
            turns: Semaphore::new(AT_ONCE),
            budget: Mutex::default(),
            pods: Mutex::default(),
            usage: watch::Sender::default(),
            out: Mutex::new(out),
        })
    }

    /// The ways into its pods, once it is connected.
    pub(super) async fn inside(&self) -> Option<Arc<Inside>> {
        let mut connection = self.connection.clone();
        let (number, connection) = connection.wait_for(|(_, c)| c.is_some()).await.ok()?.clone();
        let connection = connection?;
        let mut inside = lock(&self.inside);
        match &*inside {
            Some((of, inside)) if *of == number => Some(inside.clone()),
            _ => {
                let fresh = Arc::new(Inside::new(connection));
                *inside = Some((number, fresh.clone()));
                Some(fresh)
            }
        }
    }

    /// Forgets which ways lead nowhere.
    pub(super) fn try_anew(&self) {
        if let Some((_, inside)) = &*lock(&self.inside) {
            inside.try_anew();
        }
    }

    /// Closes what is kept open into a pod.
    pub(super) fn let_go(&self, pod: &ObjectKey) {
        if let Some((_, inside)) = &*lock(&self.inside) {
            inside.let_go(pod);
        }
    }

    /// Waits until bytes may come. A clock that stands has no rate.
    pub(super) async fn afford(&self) {
        let wait = lock(&self.budget).wait(self.clock.now());
        if !wait.is_zero() && self.clock.lasts(wait).is_some() {
            self.clock.sleep(wait).await;
        }
    }

    /// So many bytes came.
    pub(super) fn spend(&self, bytes: u64) {
        lock(&self.budget).spend(bytes, self.clock.now());
    }

    /// The pods that are read.
    pub(super) fn pods(&self) -> MutexGuard<'_, BTreeMap<ObjectKey, watch::Sender<Told>>> {
        lock(&self.pods)
    }

    /// Hands on what is heard. Where nobody takes it in time it is dropped: a screen is never held up by what it shows.
    pub(super) fn tell(&self, heard: Heard) {
        if lock(&self.out).try_send(heard).is_err() {
            tracing::debug!("what a proxy said was not taken");
        }
    }

    /// Hands on to someone else.
    pub(super) fn listened(&self, out: mpsc::Sender<Heard>) {
        *lock(&self.out) = out;
    }
}

/// Held for the few instructions of a change; never over a wait.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
