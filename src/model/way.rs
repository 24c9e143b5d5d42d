//! How a proxy is reached.

use serde::{Deserialize, Serialize};

/// How a proxy was reached.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, strum::Display,
)]
pub enum Way {
    /// Through the API server's pod proxy, to this port.
    #[strum(serialize = "pod proxy")]
    PodProxy(u16),
    /// Through a port-forward, to this port.
    #[strum(serialize = "port-forward")]
    PortForward(u16),
}
