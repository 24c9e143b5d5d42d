//! Port-forwards that a person opened: where they lead, and how they fare.

use std::sync::Arc;

use super::fault::Fault;
use super::name::ObjectKey;

/// A port of a pod that a connection may be carried to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    /// The pod.
    pub pod: ObjectKey,
    /// Its port.
    pub port: u16,
}

/// The local port that is wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// This one, and no other.
    Asked(u16),
    /// This number where that is possible, else any that is free.
    Like(u16),
}

/// How the connections of a port-forward fare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that are open now.
    pub now: usize,
    /// Connections that came.
    pub all: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Why the last one that failed did; cleaned.
    pub last: Option<Arc<str>>,
    /// Whether the connection that was opened last failed.
    pub is_failing: bool,
    /// The pod that the last connection was carried to.
    pub pod: Option<Arc<str>>,
}

/// What there is to tell of a port-forward.
#[derive(Clone, Debug)]
pub enum News {
    /// It takes connections on this port of this machine.
    Listening(u16),
    /// It cannot take any, and is over.
    Refused(Fault),
    /// Connections came, went or failed.
    Counted(Counts),
}
