//! Who may write: one `Lease` in the home cluster decides between controllers and screens (R5).
//!
//! A lease is no fence: its holder stops writing at its own deadline, before anybody else may begin. Whether another
//! holder is alive is judged by when its lease was seen to change, not by its clock.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::materialize::names::MANAGER;
use crate::model::fault::{Fault, Reason};
use crate::model::holder::Lease;
use crate::model::name::Kind;

pub use crate::model::holder::{EMBEDDED, HOLDS, LEASE as NAME, VERSION};

/// How often it is renewed.
pub const RENEWED: Duration = Duration::from_secs(5);

/// After so long without a renewal its holder stops writing: well before anybody else may begin.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Giving it back takes no longer than this: whoever ends must not wait for a server that hangs.
const GRACE: Duration = Duration::from_secs(3);

/// Who asks for the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// A name that nobody else has: host and process.
    pub identity: String,
    /// The version of this program.
    pub version: String,
    /// Whether this is a screen, which never takes over from another version.
    pub embedded: bool,
}

/// A lease as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its holder; empty: it was given back.
    pub holder: String,
    /// The holder's version.
    pub version: String,
    /// What changes with each renewal.
    pub renewed: String,
    /// How long it holds.
    pub holds: Duration,
    /// How often the holder has changed.
    pub transitions: i64,
    /// When this process first saw it as it is.
    pub since: Timestamp,
}

/// What is to be done about the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody has it, or its holder is gone: take it.
    Take,
    /// It is ours: renew it.
    Renew,
    /// Somebody has it: who, in which version.
    Wait {
        /// The holder.
        holder: String,
        /// Its version.
        version: String,
    },
    /// It is free, and was another version's: a screen leaves it alone.
    OtherVersion(String),
}

/// What is to be done about a lease now; `None`: there is none.
pub fn decide(lease: Option<&Seen>, now: Timestamp, me: &Me) -> Decision {
    let Some(lease) = lease else { return Decision::Take };
    if lease.holder == me.identity {
        return Decision::Renew;
    }
    let silent = Duration::try_from(now.duration_since(lease.since)).unwrap_or_default();
    if !lease.holder.is_empty() && silent < lease.holds {
        return Decision::Wait { holder: lease.holder.clone(), version: lease.version.clone() };
    }
    if me.embedded && !lease.version.is_empty() && lease.version != me.version {
        return Decision::OtherVersion(lease.version.clone());
    }
    Decision::Take
}

/// The lease of one home cluster, as one process keeps it.
#[derive(Debug)]
pub struct Keeping<'a> {
    c: &'a Connection,
    at: Address,
    me: Me,
    seen: Option<Seen>,
    /// Whether it was ours when it was last looked at.
    ours: bool,
}

/// How the lease stands after it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is ours; how often it has changed hands.
    Ours(i64),
    /// It is not: why, and who has it.
    Not(Decision),
}

impl<'a> Keeping<'a> {
    /// The lease in a namespace.
    pub fn new(c: &'a Connection, namespace: &str, me: Me) -> Self {
        let at = Address {
            kind: Kind::Lease.to_string(),
            resource: Kind::Lease.resource(),
            namespace: namespace.to_owned(),
            name: NAME.to_owned(),
        };
        Self { c, at, me, seen: None, ours: false }
    }

    /// Whether the lease was ours when it was last looked at.
    pub fn is_ours(&self) -> bool {
        self.ours
    }

    /// Where the lease is.
    pub fn address(&self) -> &Address {
        &self.at
    }

    /// Looks at the lease, and takes or renews it where that may be.
    ///
    /// # Errors
    /// When the server refuses or does not answer. Somebody who was faster is no error.
    pub async fn tend(&mut self, now: Timestamp) -> Result<Standing, Fault> {
        let standing = self.tended(now).await?;
        self.ours = matches!(standing, Standing::Ours(_));
        Ok(standing)
    }

    async fn tended(&mut self, now: Timestamp) -> Result<Standing, Fault> {
        let live = write::get(self.c, &self.at).await?;
        self.seen = live.as_ref().map(|lease| self.look(lease, now));
        let decision = decide(self.seen.as_ref(), now, &self.me);
        let transitions = self.seen.as_ref().map_or(0, |seen| seen.transitions);
        let written = match (&decision, &live) {
            (Decision::Take, None) => {
                let all = Address { name: String::new(), ..self.at.clone() };
                write::create(self.c, &all, &self.body(None, now, 0), MANAGER).await.map(|_| 0)
            }
            (Decision::Take, Some(live)) => {
                let body = self.body(Some(live), now, transitions + 1);
                write::replace(self.c, &self.at, &body, MANAGER).await.map(|_| transitions + 1)
            }
            (Decision::Renew, Some(live)) => {
                let body = self.body(Some(live), now, transitions);
                // Every few seconds, and it changes nothing that anybody would look for.
                write::replace(&self.c.unrecorded(), &self.at, &body, MANAGER).await.map(|_| transitions)
            }
            _ => return Ok(Standing::Not(decision)),
        };
        match written {
            Ok(transitions) => Ok(Standing::Ours(transitions)),
            Err(fault) if fault.reason == Reason::Conflict => {
                let faster = Decision::Wait {
                    holder: "another egret, which was faster".to_owned(),
                    version: String::new(),
                };
                Ok(Standing::Not(faster))
            }
            Err(fault) => Err(fault),
        }
    }

    /// Gives the lease back, so that the next holder need not wait.
    ///
    /// # Errors
    /// When the server refuses or does not answer: then it ends by itself.
    pub async fn give_back(&mut self) -> Result<(), Fault> {
        match tokio::time::timeout(GRACE, self.try_give_back()).await {
            Ok(given) => given,
            Err(_) => {
                let summary = format!("{}: the lease was not given back: no answer in time", self.c.cluster);
                Err(Fault::new(Reason::Unreachable, summary, "It ends by itself."))
            }
        }
    }

    async fn try_give_back(&self) -> Result<(), Fault> {
        let Some(mut live) = write::get(self.c, &self.at).await? else { return Ok(()) };
        if live["spec"]["holderIdentity"] != self.me.identity.as_str() {
            return Ok(());
        }
        live["spec"]["holderIdentity"] = json!("");
        live["spec"]["leaseDurationSeconds"] = json!(1);
        write::replace(self.c, &self.at, &live, MANAGER).await.map(drop)
    }

    fn look(&self, lease: &Value, now: Timestamp) -> Seen {
        let Lease { meta, holder, holds, transitions, .. } = Lease::of(lease);
        // Whoever renews it also changes its state's number.
        let renewed = String::from(meta.resource_version);
        let same = self.seen.as_ref().filter(|seen| seen.renewed == renewed);
        Seen {
            holder: holder.identity.into(),
            version: holder.version.into(),
            holds,
            transitions,
            since: same.map_or(now, |seen| seen.since),
            renewed,
        }
    }

    fn body(&self, live: Option<&Value>, now: Timestamp, transitions: i64) -> Value {
        let now = now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let spec = live.map(|live| &live["spec"]);
        let is_mine = spec.is_some_and(|spec| spec["holderIdentity"] == self.me.identity.as_str());
        let acquired =
            spec.filter(|_| is_mine).map_or_else(|| json!(now), |spec| spec["acquireTime"].clone());
        let mut metadata = json!({
            "name": self.at.name, "namespace": self.at.namespace, "annotations": {VERSION: self.me.version},
        });
        if self.me.embedded {
            metadata["annotations"][EMBEDDED] = json!("true");
        }
        if let Some(live) = live {
            metadata["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        }
        json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": {
                "holderIdentity": self.me.identity,
                "leaseDurationSeconds": HOLDS.as_secs(),
                "acquireTime": acquired,
                "renewTime": now,
                "leaseTransitions": transitions,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me(embedded: bool) -> Me {
        Me { identity: "me".into(), version: "2".into(), embedded }
    }

    fn seen(holder: &str, version: &str, seconds_ago: i64) -> Seen {
        Seen {
            holder: holder.into(),
            version: version.into(),
            renewed: "x".into(),
            holds: HOLDS,
            transitions: 3,
            since: Timestamp::from_second(1000 - seconds_ago).unwrap(),
        }
    }

    #[test]
    fn a_lease_is_taken_when_nobody_has_it_and_waited_for_while_somebody_does() {
        let now = Timestamp::from_second(1000).unwrap();
        let wait = || Decision::Wait { holder: "you".into(), version: "2".into() };
        for (lease, embedded, decision) in [
            (None, false, Decision::Take),
            (None, true, Decision::Take),
            (Some(seen("me", "2", 100)), false, Decision::Renew),
            (Some(seen("you", "2", 0)), false, wait()),
            (Some(seen("you", "2", 14)), false, wait()),
            (Some(seen("you", "2", 15)), false, Decision::Take),
            (Some(seen("", "2", 0)), false, Decision::Take),
            // A screen never takes over from another version; a controller does.
            (Some(seen("you", "1", 60)), true, Decision::OtherVersion("1".into())),
            (Some(seen("", "1", 60)), true, Decision::OtherVersion("1".into())),
            (Some(seen("you", "1", 60)), false, Decision::Take),
            (Some(seen("you", "2", 60)), true, Decision::Take),
        ] {
            assert_eq!(decide(lease.as_ref(), now, &me(embedded)), decision, "{lease:?} {embedded}");
        }
    }

    #[test]
    fn a_holder_stops_before_anybody_else_may_begin() {
        assert!(RENEWED < DEADLINE && DEADLINE < HOLDS);
    }
}
