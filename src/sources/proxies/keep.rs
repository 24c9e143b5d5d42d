//! One proxy, read again and again for as long as it is wanted.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::pace::{Going, first_gap};
use super::reach::{Reach, Told};
use super::read::{self, Asked};
use crate::metrics::Want;
use crate::model::name::ObjectKey;

/// What is no longer wanted is kept open for this long: whoever left its screen may be back in a moment.
const GRACE: Duration = Duration::from_secs(10);

/// How often certificates are read.
const CERTS: Duration = Duration::from_secs(600);

/// How soon after they could not be.
const CERTS_AGAIN: Duration = Duration::from_secs(60);

/// One proxy.
pub(super) struct Keep {
    reach: Arc<Reach>,
    pod: ObjectKey,
    told: watch::Receiver<Told>,
    going: Going,
    /// When the last read began, and how often it was read.
    last: Option<(Timestamp, u64)>,
    /// Whether its clusters were read since they are wanted: whoever opens a screen of them does not wait for a turn.
    clusters: bool,
    /// When its certificates were read.
    certs: Option<Timestamp>,
    uid: Box<str>,
    again: u64,
    /// Since when nothing is wanted.
    idle: Option<Timestamp>,
}

impl Keep {
    pub(super) fn new(reach: Arc<Reach>, pod: ObjectKey, told: watch::Receiver<Told>) -> Self {
        let again = told.borrow().again;
        Self {
            reach,
            pod,
            told,
            going: Going::default(),
            last: None,
            clusters: false,
            certs: None,
            uid: Box::default(),
            again,
            idle: None,
        }
    }

    /// Until nothing is wanted for a while, or whoever wants it is gone.
    pub(super) async fn forever(mut self) {
        loop {
            let told = self.told.borrow_and_update().clone();
            let wait = match told.want {
                Some(want) => {
                    self.idle = None;
                    self.hear(&want, told.again);
                    match self.due(&want) {
                        Duration::ZERO => {
                            self.read(want).await;
                            continue;
                        }
                        wait => wait,
                    }
                }
                None => {
                    let now = self.reach.clock.now();
                    let since = *self.idle.get_or_insert(now);
                    let wait = GRACE.saturating_sub(self.reach.clock.since(since));
                    if wait.is_zero() && self.leave() {
                        return;
                    }
                    wait
                }
            };
            tokio::select! {
                changed = self.told.changed() => if changed.is_err() {
                    return;
                },
                () = self.reach.clock.sleep(wait) => {}
            }
        }
    }

    /// Takes note of what is new in a wish.
    fn hear(&mut self, want: &Want, again: u64) {
        if self.uid != want.uid {
            if !self.uid.is_empty() {
                // Another pod of the same name.
                self.reach.let_go(&self.pod);
                (self.going, self.last, self.certs) = (Going::default(), None, None);
                self.clusters = false;
            }
            self.uid.clone_from(&want.uid);
        }
        self.clusters &= want.clusters;
        if std::mem::replace(&mut self.again, again) != again && self.going.failed > 0 {
            (self.going.failed, self.last) = (0, None);
        }
    }

    /// How long until it is to be read.
    fn due(&self, want: &Want) -> Duration {
        let Some((last, reads)) = self.last else { return Duration::ZERO };
        let asks_more = (want.clusters && !self.clusters) || (want.certs && self.certs.is_none());
        if asks_more && self.going.failed == 0 {
            return Duration::ZERO;
        }
        let mut interval = self.going.interval(want.every);
        if reads == 1 && self.going.failed == 0 {
            interval = first_gap(interval, &self.pod);
        }
        interval.saturating_sub(self.reach.clock.since(last))
    }

    async fn read(&mut self, want: Want) {
        let mut told = self.told.clone();
        let unwanted = async { drop(told.wait_for(|told| told.want.is_none()).await) };
        let reach = self.reach.clone();
        let ready = async {
            let inside = reach.inside().await?;
            let turn = reach.turns.acquire().await.ok()?;
            reach.afford().await;
            Some((inside, turn))
        };
        // Whoever waits for a turn may leave; what has begun is read to its end.
        let (inside, turn) = tokio::select! {
            biased;
            () = unwanted => return,
            ready = ready => match ready {
                Some(ready) => ready,
                None => {
                    // The cluster is closed: its task is told so soon.
                    let _ = self.told.changed().await;
                    return;
                }
            },
        };
        let clock = &self.reach.clock;
        let began = clock.now();
        let certs = want.certs && self.certs.is_none_or(|at| clock.since(at) >= CERTS);
        let asked = Asked { want: &want, certs };
        let done = read::read(&inside, clock, &asked, |heard| self.reach.tell(heard)).await;
        drop(turn);
        self.reach.spend(done.wire);
        self.last = Some((began, self.last.map_or(1, |(_, reads)| reads + 1)));
        match done.way {
            Some(way) => {
                self.going.succeeded(way, clock.since(began));
                self.clusters = want.clusters;
            }
            None => self.going.failed += 1,
        }
        if done.certs {
            // What could not be read is tried again before its time.
            let ago = if done.certs_failed { CERTS - CERTS_AGAIN } else { Duration::ZERO };
            self.certs = began.checked_sub(ago).ok();
        }
    }

    /// Closes what is open, unless it is wanted again by now.
    fn leave(&mut self) -> bool {
        let mut pods = self.reach.pods();
        // Wishes are told under the same lock.
        if self.told.borrow().want.is_some() {
            return false;
        }
        pods.remove(&self.pod);
        self.reach.let_go(&self.pod);
        true
    }
}
