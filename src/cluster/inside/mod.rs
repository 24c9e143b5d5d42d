//! HTTP GET into a pod: through the API server's pod proxy, else over a port-forward that is kept (R24).
//!
//! | rule | what it says | test |
//! |---|---|---|
//! | R24 | each way has 2 s, and what works is remembered | `proxies::ways::a_way_that_leads_nowhere_costs_its_two_seconds_once` |
//! | R24 | what has another way is tried again after ten minutes, or when asked | `memory::tests` |
//! | R24 | a refusal names the rights that are missing | `proxies::rights` |
//! | R24 | one port-forward is kept, and opened anew when it is cut | `proxies::ways::a_port_forward_that_is_cut_is_opened_anew` |
//! | R23 | GET only: nothing here can send anything else | `proxies::ways::read_only_mode_lets_proxies_be_read` |
//! | | no answer is held whole, and none is longer than its limit | `proxies::simulated::a_flood_is_refused_in_words` |

mod body;
mod forward;
mod memory;
mod proxied;
mod trouble;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::connect::Connection;
use crate::model::fault::Fault;
use crate::model::name::ObjectKey;
use crate::model::way::Way;
use body::Limits;
use forward::Forwards;
use memory::{Memory, Step};
use trouble::{Trouble, Wrong};

/// Longest statistics that are read, in bytes after decompression.
const MOST_STATISTICS: u64 = 64 << 20;

/// Longest answer of the admin interface that is read.
const MOST_ADMIN: u64 = 16 << 20;

/// The ports that answer with statistics over a port-forward. The first compresses them, the second is the admin
/// interface itself, the third is the agent beside the proxy.
const STATISTICS: &[u16] = &[15090, 15000, 15020];

/// The admin interface: it listens on the pod's loopback only.
const ADMIN: &[u16] = &[15000];

/// Longest path and query that is asked for through the pod proxy or a port-forward.
const PATH: &str = "/stats/prometheus";

/// Takes the bytes of a body as they arrive.
pub type Sink<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// What a GET came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Got {
    /// The way it went.
    pub way: Way,
    /// Bytes that came over the network.
    pub wire: u64,
    /// Bytes that were handed on, decompressed.
    pub bytes: u64,
}

/// Which way is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// The pod proxy: nothing to keep open, but an audit entry each.
    PodProxy,
    /// The port-forward: one audit entry for all.
    PortForward,
}

/// The ways into the pods of one cluster, and what is known of them.
pub struct Inside {
    c: Connection,
    memory: Mutex<Memory>,
    forwards: Forwards,
}

impl Inside {
    /// Nothing is known yet.
    pub fn new(c: Connection) -> Self {
        let forwards = Forwards::new(c.clone());
        Self { c, memory: Mutex::default(), forwards }
    }

    /// The cluster's connection.
    pub fn connection(&self) -> &Connection {
        &self.c
    }

    /// Reads `/stats/prometheus` with a query. The bytes are handed on as they arrive, of one answer only.
    ///
    /// # Errors
    /// When no way leads into the pod, or the answer breaks off or has no end. What was handed on of it is worth nothing.
    pub async fn statistics(
        &self,
        pod: &ObjectKey,
        query: &str,
        prefer: Prefer,
        into: Sink<'_>,
    ) -> Result<Got, Fault> {
        let (steps, mut wrong) = self.memory().plan(pod, prefer, self.now());
        let mut dead = false;
        for step in steps {
            // A port of an address that leads nowhere leads nowhere.
            if dead && step.is_proxy() {
                continue;
            }
            self.memory().begin(pod, step, self.now());
            let trouble = match self.statistics_by(step, pod, query, into).await {
                Ok(got) => {
                    self.memory().worked(pod, step, &wrong, self.now());
                    return Ok(got);
                }
                Err(Trouble::Ends(fault)) => return Err(fault),
                Err(Trouble::Way(trouble)) => trouble,
            };
            dead |= step.is_proxy() && trouble.is_of_all_ports();
            wrong.push((step, trouble));
        }
        self.memory().lost(pod, &wrong, self.now());
        Err(trouble::fault(&self.c, pod, &wrong).await)
    }

    async fn statistics_by(
        &self,
        step: Step,
        pod: &ObjectKey,
        query: &str,
        into: Sink<'_>,
    ) -> Result<Got, Trouble> {
        let limits = Limits { most: MOST_STATISTICS, gzip: true };
        let path = if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") };
        match step {
            Step::PodProxy(port) => proxied::get(&self.c, pod, port, &path, limits, into).await,
            Step::PortForward => self.forwarded(pod, STATISTICS, &path, limits, into).await,
        }
    }

    /// Reads a path of the admin interface, whole.
    ///
    /// # Errors
    /// When no port-forward can be opened, nothing listens, or the answer is no answer.
    pub async fn admin(&self, pod: &ObjectKey, path: &str) -> Result<(Vec<u8>, Got), Fault> {
        let known = self.memory().no_admin(pod, self.now());
        if let Some(known) = known {
            return Err(trouble::remembered(&self.c, pod, &[(Step::PortForward, known)]));
        }
        let mut whole = Vec::new();
        let limits = Limits { most: MOST_ADMIN, gzip: false };
        let got = self.forwarded(pod, ADMIN, path, limits, &mut |bytes| whole.extend_from_slice(bytes)).await;
        match got {
            Ok(got) => {
                self.memory().admin(pod, None, self.now());
                Ok((whole, got))
            }
            Err(Trouble::Ends(fault)) => Err(fault),
            Err(Trouble::Way(trouble)) => {
                self.memory().admin(pod, Some(&trouble), self.now());
                Err(trouble::fault(&self.c, pod, &[(Step::PortForward, trouble)]).await)
            }
        }
    }

    /// Over a port-forward, to the first of these ports that answers.
    async fn forwarded(
        &self,
        pod: &ObjectKey,
        ports: &[u16],
        path: &str,
        limits: Limits,
        into: Sink<'_>,
    ) -> Result<Got, Trouble> {
        let first = self.memory().port(pod).filter(|port| ports.contains(port));
        let others = ports.iter().copied().filter(|port| Some(*port) != first);
        let mut last = Wrong::Refused(ADMIN[0]);
        for port in first.into_iter().chain(others) {
            match self.forwards.get(pod, port, path, limits, into).await {
                Ok(got) => {
                    if ports.len() > 1 {
                        self.memory().answers(pod, port);
                    }
                    return Ok(got);
                }
                Err(Trouble::Way(wrong @ (Wrong::Refused(_) | Wrong::Odd(..)))) => last = wrong,
                Err(other) => return Err(other),
            }
        }
        Err(Trouble::Way(last))
    }

    /// Forgets which ways lead nowhere: all are tried again.
    pub fn try_anew(&self) {
        *self.memory() = Memory::default();
    }

    /// Closes what is kept open into a pod, and forgets it.
    pub fn let_go(&self, pod: &ObjectKey) {
        self.forwards.close(pod);
        self.memory().forget(pod);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> jiff::Timestamp {
        self.c.requests.clock().now()
    }
}

/// How long a way may take to the head of an answer.
fn budget(c: &Connection) -> Duration {
    c.patience.inside
}
