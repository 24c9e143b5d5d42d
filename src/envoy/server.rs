//! `/server_info`: version and state of a proxy.

/// What a proxy says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerInfo {
    /// Version of Envoy.
    pub version: Box<str>,
    /// `LIVE`, `DRAINING`, `PRE_INITIALIZING`, `INITIALIZING`.
    pub state: Box<str>,
    /// Seconds since it started.
    pub uptime: u64,
    /// Worker threads.
    pub concurrency: u32,
}
