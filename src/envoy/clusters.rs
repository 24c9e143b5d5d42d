//! `/clusters?format=json`: upstream clusters with their endpoints.

/// An upstream cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// Its whole name, `outbound|443||api.example.com`.
    pub name: Box<str>,
    /// The external host that the name tells; the name itself where it tells none.
    pub host: Box<str>,
    /// Its port; 0: none.
    pub port: u16,
    /// Most connections, requests that wait, requests, retries (default priority).
    pub limits: Limits,
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// What a circuit breaker allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Connections.
    pub connections: Option<u64>,
    /// Requests that wait.
    pub pending: Option<u64>,
    /// Requests.
    pub requests: Option<u64>,
    /// Retries.
    pub retries: Option<u64>,
}

/// One endpoint of a cluster, with what was counted since the proxy started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    /// `192.0.2.7:443`.
    pub address: Box<str>,
    /// Its name, where it was resolved from one.
    pub hostname: Box<str>,
    /// Why it gets no traffic, as Envoy's flags say: `failed_outlier_check`; empty: it is healthy.
    pub unhealthy: Vec<Box<str>>,
    /// Locality, `region/zone`.
    pub locality: Box<str>,
    /// Open connections.
    pub cx_active: u64,
    /// Connections.
    pub cx_total: u64,
    /// Connections that failed.
    pub cx_connect_fail: u64,
    /// Requests under way.
    pub rq_active: u64,
    /// Requests that succeeded.
    pub rq_success: u64,
    /// Requests that failed; a connection that failed counts here, and not in `rq_total`.
    pub rq_error: u64,
    /// Requests that took too long.
    pub rq_timeout: u64,
    /// Requests.
    pub rq_total: u64,
}
