//! What pods use of CPU and memory, as the metrics API tells it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What one pod used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PodUsage {
    /// Its namespace.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its containers, each with CPU cores and bytes of memory.
    pub containers: Vec<(Box<str>, f64, f64)>,
    /// The end of the time that it was measured over.
    pub at: Timestamp,
    /// How long that was.
    pub window: Duration,
}

impl PodUsage {
    /// CPU cores of all its containers.
    pub fn cores(&self) -> f64 {
        self.containers.iter().map(|(_, cores, _)| cores).sum()
    }

    /// Bytes of memory of all its containers.
    pub fn memory(&self) -> f64 {
        self.containers.iter().map(|(_, _, bytes)| bytes).sum()
    }
}
