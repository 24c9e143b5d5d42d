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
    #[serde(default, skip_serializing_if = "Option::is_none", with = "bound")]
    pub le: Option<f64>,
    /// Tells series of one proxy apart that are one to egret (of two subsets, of two source principals): a hash of what else
    /// their labels say. Each is counted for itself, since each begins anew for itself; then they are summed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u32,
}

fn is_zero(part: &u32) -> bool {
    *part == 0
}

/// Whether a request with this code failed (R15): 5xx, none at all, or class 5.
pub fn is_failure(code: u16) -> bool {
    matches!(code, 0 | 5 | 500..=599)
}

/// Whether a request with this code is the client's mistake: 4xx, or class 4.
pub fn is_client_error(code: u16) -> bool {
    matches!(code, 4 | 400..=499)
}

impl Series {
    /// A series of the proxy as a whole; what it is of more closely is added.
    pub fn of(metric: Metric) -> Self {
        Self { metric, host: None, port: 0, code: 0, flags: None, le: None, part: 0 }
    }

    /// Of an external host; port 0: not known.
    pub fn host(self, host: impl Into<Arc<str>>, port: u16) -> Self {
        Self { host: Some(host.into()), port, ..self }
    }

    /// With a response code, or 1 to 5 for a whole class of codes. [`Metric::Requests`] without a code counts requests that
    /// got none, and that is a failure.
    pub fn code(self, code: u16) -> Self {
        Self { code, ..self }
    }

    /// With response flags, `UF,URX`.
    pub fn flags(self, flags: impl Into<Arc<str>>) -> Self {
        Self { flags: Some(flags.into()), ..self }
    }

    /// A bucket with this upper bound.
    pub fn le(self, le: f64) -> Self {
        Self { le: Some(le), ..self }
    }

    /// One of several series that are one to egret.
    pub fn part(self, part: u32) -> Self {
        Self { part, ..self }
    }

    /// The same, told apart by texts, one after the other: the cluster and the address of an endpoint, whose counters come
    /// and go with it.
    pub fn part_of(self, texts: &[&str]) -> Self {
        let bytes = texts.iter().flat_map(|text| text.bytes());
        let part = bytes.fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
        Self { part, ..self }
    }

    /// With its value.
    pub fn value(self, value: f64) -> Sample {
        Sample { series: self, value }
    }
}

/// JSON knows no infinity: the last bound of a histogram is written `"+Inf"`.
mod bound {
    use serde::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written<'a> {
        Number(f64),
        Text(std::borrow::Cow<'a, str>),
    }

    pub(super) fn serialize<S: Serializer>(le: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        match le {
            Some(le) if le.is_infinite() => to.serialize_str("+Inf"),
            Some(le) => to.serialize_f64(*le),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Ok(match Option::<Written<'de>>::deserialize(from)? {
            None => None,
            Some(Written::Number(le)) => Some(le),
            Some(Written::Text(text)) => Some(text.parse().map_err(serde::de::Error::custom)?),
        })
    }
}

/// What a series counts.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, strum::EnumIter,
)]
pub enum Metric {
    /// Requests that ended (counter).
    Requests,
    /// Requests of gRPC with a status that is a failure: 2, 4, 12 to 15 (counter). Only those whose code is none; they are
    /// among the [`Self::Requests`] too.
    GrpcFailures,
    /// Requests to a host, where nothing tells how they ended (counter).
    UpstreamRequests,
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

impl Metric {
    /// Whether it tells how something is now, and does not count.
    pub fn is_gauge(self) -> bool {
        matches!(
            self,
            Self::UpstreamActive
                | Self::UpstreamPending
                | Self::UpstreamConnectionsActive
                | Self::EndpointsHealthy
                | Self::Endpoints
                | Self::Ejected
                | Self::BreakerConnections
                | Self::BreakerPending
                | Self::BreakerRequests
                | Self::BreakerRetries
                | Self::DownstreamActive
                | Self::Workers
                | Self::MemoryAllocated
                | Self::MemoryHeap
                | Self::CertificateDays
                | Self::ControlPlane
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_written_to_a_recording_and_read_back_the_same() {
        let host = Series::of(Metric::DurationBucket).host("api.example.com", 443);
        for sample in [
            Series::of(Metric::MemoryAllocated).value(5.2e7),
            Series::of(Metric::Requests)
                .host("h", 0)
                .code(503)
                .flags("UF,URX")
                .part_of(&["192.0.2.7:443"])
                .value(0.1),
            host.clone().le(0.5).value(3.0),
            // JSON itself knows no infinity.
            host.le(f64::INFINITY).value(4.0),
        ] {
            let text = serde_json::to_string(&sample).unwrap();
            assert_eq!(serde_json::from_str::<Sample>(&text).unwrap(), sample, "{text}");
        }
        let old =
            r#"{"series":{"metric":"Requests","host":"h","port":0,"code":200,"flags":null},"value":1.0}"#;
        assert_eq!(
            serde_json::from_str::<Sample>(old).unwrap().series,
            Series::of(Metric::Requests).host("h", 0).code(200)
        );
    }
}
