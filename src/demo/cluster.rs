//! One simulated cluster as its clients and its driver share it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use super::envoy::{self, GatewayPod, Over, Proxy, Request};
use super::rights::User;
use super::state::State;
use super::store::Key;
use crate::model::clock::Clock;

/// A simulated cluster. Clones are the same one.
#[derive(Clone)]
pub struct SimulatedCluster(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    clock: Clock,
    /// The newest revision: watches wait for it.
    revision: watch::Sender<u64>,
    /// Whether the state is there: a large one takes a moment to be played.
    ready: watch::Sender<bool>,
    /// Something new may be due.
    planned: Notify,
    /// Who its clients are.
    user: User,
}

impl SimulatedCluster {
    /// Shares a state, which goes by a clock. Clients act as `user`.
    pub fn new(state: State, clock: Clock, user: User) -> Self {
        Self::shared(state, clock, user, true)
    }

    /// One whose state is yet to come: requests wait for it.
    pub fn to_come(clock: Clock, user: User) -> Self {
        let blank = State::new(0, clock.now());
        Self::shared(blank, clock, user, false)
    }

    fn shared(state: State, clock: Clock, user: User, ready: bool) -> Self {
        let revision = watch::Sender::new(state.store.revision());
        let (ready, planned) = (watch::Sender::new(ready), Notify::new());
        Self(Arc::new(Shared { state: Mutex::new(state), clock, revision, ready, planned, user }))
    }

    /// The state that was to come is there.
    pub fn fill(&self, state: State) {
        *self.0.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        self.0.ready.send_replace(true);
        self.step();
    }

    /// Waits until the state is there.
    pub(super) async fn ready(&self) {
        // The sender is this cluster's own: it cannot be gone.
        let _ = self.0.ready.subscribe().wait_for(|ready| *ready).await;
    }

    /// Does something at the present moment: what is due by then has happened before.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let shared = &*self.0;
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.step_to(shared.clock.now());
        let due = state.next_due();
        let done = act(&mut state);
        let (revision, planned) = (state.store.revision(), state.next_due() != due);
        drop(state);
        if *shared.revision.borrow() != revision {
            shared.revision.send_replace(revision);
        }
        if planned {
            shared.planned.notify_one();
        }
        done
    }

    /// The pods of gateways whose proxies run now.
    pub fn gateway_pods(&self) -> Vec<GatewayPod> {
        self.with(|state| envoy::gateway_pods(state))
    }

    /// What a port of a pod would have answered at a moment of its present run, `/stats/prometheus?usedonly`; none: nobody
    /// listened. The objects are taken as they are now; what was counted is of that moment.
    pub fn stats_at(&self, pod: (&str, &str), port: u16, path: &str, at: Timestamp) -> Option<envoy::Answer> {
        let key = Key::new("pods", pod.0, pod.1);
        self.with(|state| {
            let pod = state.store.get(&key)?.clone();
            Proxy::of(state, &pod, at.min(state.now))?.answer(Request { port, posts: false, path })
        })
    }

    /// The statistics of a pod's proxy at many moments of its present run, `usedonly&filter=…`; none: it does not run.
    pub fn stats_over(&self, pod: (&str, &str), query: &str, times: &[Timestamp]) -> Option<Over> {
        let key = Key::new("pods", pod.0, pod.1);
        self.with(|state| {
            let pod = state.store.get(&key)?.clone();
            Over::of(&Proxy::of(state, &pod, state.now)?, query, times)
        })
    }

    /// Lets happen what is due now.
    pub fn step(&self) {
        self.with(|_| ());
    }

    /// When something is due next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).next_due()
    }

    /// The clock that it goes by.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Revisions, as they come.
    pub(super) fn revisions(&self) -> watch::Receiver<u64> {
        self.0.revision.subscribe()
    }

    /// Who its clients are.
    pub(super) fn user(&self) -> &User {
        &self.0.user
    }

    /// Lets time have its effect for as long as it is polled: what is due happens when it is.
    pub async fn drive(&self) {
        self.ready().await;
        loop {
            self.step();
            let wait = match self.next_due() {
                None => None,
                Some(due) => {
                    let left = due.duration_since(self.0.clock.now());
                    self.0.clock.lasts(left.try_into().unwrap_or_default())
                }
            };
            let due = async {
                match wait {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = self.0.planned.notified() => {}
                () = due => {}
            }
        }
    }
}

impl std::fmt::Debug for SimulatedCluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedCluster").finish_non_exhaustive()
    }
}
