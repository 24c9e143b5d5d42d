//! What a pass over a gateway found and did.

use serde_json::Value;

use super::compare::Difference;
use super::{Part, Problem};
use crate::model::fault::{Fault, Reason};

/// A pass over one gateway.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The gateway is gone: there was nothing to do.
    pub gone: bool,
    /// It is on its way out.
    pub deleting: bool,
    /// Its owner wants everything left as it is.
    pub paused: bool,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Each cluster it runs in, or did.
    pub places: Vec<Place>,
    /// What went wrong beside the clusters: the gateway itself could not be read or written.
    pub faults: Vec<Fault>,
    /// How many writes were sent, its status and Events included.
    pub writes: u32,
}

/// A gateway in one cluster.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Id of the cluster, where the gateway names one.
    pub cluster_id: Option<String>,
    /// Each object, in the order of [`Part`].
    pub parts: Vec<PartReport>,
    /// What of the pod template waits for somebody to roll it (R5).
    pub pending: Vec<Difference>,
    /// What went wrong with the cluster as a whole.
    pub faults: Vec<Fault>,
    /// The pods, as the Deployment and the pods themselves tell; `None`: not looked at.
    pub readiness: Option<Readiness>,
    /// The addresses that the Service has; none yet while a load balancer is awaited.
    pub addresses: Vec<String>,
    /// How many writes were sent.
    pub writes: u32,
}

/// One object.
#[derive(Clone, Debug)]
pub struct PartReport {
    /// What it is for.
    pub part: Part,
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: PartState,
    /// The object as it is now; `None` when it is not there.
    pub live: Option<Value>,
}

/// How one object is.
#[derive(Clone, Debug, PartialEq)]
pub enum PartState {
    /// As it should be.
    InSync,
    /// It was made.
    Created,
    /// It was changed: these fields differed.
    Changed(Vec<Difference>),
    /// It is not as it should be, and is left so: the gateway is paused.
    Drifted(Vec<Difference>),
    /// Somebody else changes these fields back each time.
    Contested(Vec<Difference>),
    /// It was there before the gateway, and is not taken over yet: the gateway is paused, or only looked at.
    ToTake,
    /// It was taken away: it is not wanted any more.
    Removed,
    /// It is not made: the reason is told beside it.
    Held,
    /// It is somebody else's: who.
    Conflict(String),
    /// It could not be written.
    Failed(Fault),
}

/// The pods of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// All that are wanted are ready.
    Ready,
    /// Not all are yet: how it stands.
    Progressing(String),
    /// Something keeps them from it.
    Failing(String),
}

impl Report {
    /// Whether a later pass may succeed though nothing happens to the gateway: a right may be granted, too, and nothing
    /// tells of that.
    pub fn again(&self) -> bool {
        let places = self.places.iter().flat_map(|place| {
            let parts = place.parts.iter().filter_map(|part| match &part.state {
                PartState::Failed(fault) => Some(fault),
                _ => None,
            });
            place.faults.iter().chain(parts)
        });
        self.faults.iter().chain(places).any(|fault| fault.transient() || fault.reason == Reason::Denied)
    }

    /// All faults, those of objects included.
    pub fn all_faults(&self) -> Vec<&Fault> {
        self.faults.iter().chain(self.places.iter().flat_map(Place::all_faults)).collect()
    }

    /// Writes of all kinds.
    pub fn all_writes(&self) -> u32 {
        self.writes + self.places.iter().map(|place| place.writes).sum::<u32>()
    }
}

impl Place {
    /// A cluster about which nothing could be found out.
    pub fn failed(cluster_id: Option<String>, fault: Fault) -> Self {
        Self { cluster_id, faults: vec![fault], ..Self::default() }
    }

    /// The faults of the cluster and of its objects.
    pub fn all_faults(&self) -> Vec<&Fault> {
        let parts = self.parts.iter().filter_map(|part| match &part.state {
            PartState::Failed(fault) => Some(fault),
            _ => None,
        });
        self.faults.iter().chain(parts).collect()
    }

    /// The live object of a part.
    pub fn live(&self, part: Part) -> Option<&Value> {
        self.parts.iter().find(|p| p.part == part)?.live.as_ref()
    }
}
