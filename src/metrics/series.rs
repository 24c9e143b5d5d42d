//! What is read of a proxy: which metric, of which host, with which result.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A series and its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Which.
    pub series: Series,
    /// The value: of a counter since the proxy started, of a gauge now.
    pub value: f64,
}

/// A series of one proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What it counts.
    pub metric: Metric,
    /// The external host, or the whole cluster name where it is no host; none: of the proxy as a whole.
    pub host: Option<Arc<str>>,
    /// Port of the host; 0: none.
    pub port: u16,
    /// Response code; 0: none.
    pub code: u16,
    /// Response flags as Envoy writes them, `UF,URX`; none: none.
    pub flags: Option<Arc<str>>,
    /// Upper bound of a bucket, milliseconds; infinite for the last. `None`: no bucket.
    pub le: Option<f64>,
}

/// What a series counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, strum::EnumIter,
)]
pub enum Metric {
    /// Requests that ended (counter).
    Requests,
    /// Requests of gRPC with a status that is a failure: 2, 4, 12 to 15 (counter).
    GrpcFailures,
    /// Requests at most this long (counter, cumulative by `le`).
    DurationBucket,
    /// Bytes of requests (counter).
    RequestBytes,
    /// Bytes of responses (counter).
    ResponseBytes,
    /// TCP connections opened (counter).
    TcpOpened,
    /// TCP connections closed (counter).
    TcpClosed,
    /// Bytes sent of TCP connections (counter).
    TcpSent,
    /// Bytes received of TCP connections (counter).
    TcpReceived,
    /// Requests under way to a host (gauge).
    UpstreamActive,
    /// Requests that wait for a connection (gauge).
    UpstreamPending,
    /// Requests refused since too many waited (counter).
    PendingOverflow,
    /// Requests that took too long (counter).
    Timeouts,
    /// Tries that took too long (counter).
    TryTimeouts,
    /// Retries (counter).
    Retries,
    /// Retries that helped (counter).
    RetriesHelped,
    /// Resets by the host (counter).
    ResetsReceived,
    /// Resets by the proxy (counter).
    ResetsSent,
    /// Connections opened to a host (counter).
    UpstreamConnections,
    /// Connections open to a host (gauge).
    UpstreamConnectionsActive,
    /// Connections that failed (counter).
    ConnectFails,
    /// Connections that took too long (counter).
    ConnectTimeouts,
    /// Connections refused since there were too many (counter).
    ConnectionOverflow,
    /// Connections not made since no endpoint was healthy (counter).
    NoneHealthy,
    /// Bytes received from a host (counter).
    UpstreamReceived,
    /// Bytes sent to a host (counter).
    UpstreamSent,
    /// Endpoints that are healthy (gauge).
    EndpointsHealthy,
    /// Endpoints (gauge).
    Endpoints,
    /// Endpoints put out for their failures (gauge).
    Ejected,
    /// Endpoints put out so far (counter).
    Ejections,
    /// The breaker of connections is open: 0 or 1 (gauge).
    BreakerConnections,
    /// The breaker of waiting requests is open (gauge).
    BreakerPending,
    /// The breaker of requests is open (gauge).
    BreakerRequests,
    /// The breaker of retries is open (gauge).
    BreakerRetries,
    /// TLS handshakes with a host (counter).
    TlsHandshakes,
    /// TLS handshakes with a host that failed (counter).
    TlsErrors,
    /// Certificates of a host that were refused (counter).
    TlsVerifyFails,
    /// Names of a host that could not be resolved (counter).
    DnsFails,
    /// Connections from clients that are open (gauge).
    DownstreamActive,
    /// Connections from clients (counter).
    DownstreamConnections,
    /// Connections from clients refused since there were too many (counter).
    DownstreamOverflow,
    /// Connections for which no server fits: the SNI is not served (counter).
    NoFilterChain,
    /// TLS handshakes with clients that failed (counter).
    DownstreamTlsErrors,
    /// Worker threads (gauge).
    Workers,
    /// Bytes in use (gauge).
    MemoryAllocated,
    /// Bytes of the heap (gauge).
    MemoryHeap,
    /// Days until the first certificate ends (gauge).
    CertificateDays,
    /// Whether istiod is connected: 0 or 1 (gauge).
    ControlPlane,
}
