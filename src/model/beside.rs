//! What is known of a pod beside its own object: whose it is, and what it uses.

use std::sync::Arc;

use super::row::{Bound, PodRow};

/// What is known of a pod beside its own object.
#[derive(Clone, Debug, PartialEq)]
pub struct Beside {
    /// The gateway that it serves; empty: none that is known.
    pub gateway: Arc<str>,
    /// What it uses.
    pub used: Used,
}

/// What a pod uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Used {
    /// CPU cores and bytes of memory.
    Measured(f64, f64),
    /// Nothing is known yet.
    Unread,
    /// The cluster does not tell.
    Absent,
}

/// What an amount is a part of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// Of the limit.
    OfLimit(f64),
    /// Of the request: nothing limits it.
    OfRequest(f64),
    /// Neither is set.
    NotSet,
}

impl Bound {
    /// The part that an amount is.
    pub fn part(&self, used: f64) -> Part {
        match (self.limit, self.request) {
            (Some(limit), _) => Part::OfLimit(used / limit),
            (None, Some(request)) => Part::OfRequest(used / request),
            (None, None) => Part::NotSet,
        }
    }
}

impl Beside {
    /// CPU cores, and what the pod may use of them.
    pub fn cpu(&self, pod: &PodRow) -> Option<(f64, Bound)> {
        match self.used {
            Used::Measured(cores, _) => Some((cores, pod.cpu)),
            _ => None,
        }
    }

    /// Bytes of memory, and what the pod may use of them.
    pub fn memory(&self, pod: &PodRow) -> Option<(f64, Bound)> {
        match self.used {
            Used::Measured(_, bytes) => Some((bytes, pod.memory)),
            _ => None,
        }
    }
}
