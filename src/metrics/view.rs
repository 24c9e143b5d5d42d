//! What screens and verbs show of traffic: plain data.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::fault::Fault;
use crate::model::name::ObjectKey;
use crate::model::reading::{Reading, Source};

/// How far back one looks.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::EnumIter,
    strum::EnumString,
    strum::Display,
    strum::VariantNames,
)]
pub enum Window {
    /// A minute.
    #[strum(serialize = "1m")]
    Minute,
    /// Five.
    #[default]
    #[strum(serialize = "5m")]
    FiveMinutes,
    /// Fifteen.
    #[strum(serialize = "15m")]
    QuarterHour,
    /// An hour.
    #[strum(serialize = "1h")]
    Hour,
    /// Six.
    #[strum(serialize = "6h")]
    SixHours,
    /// A day.
    #[strum(serialize = "24h")]
    Day,
}

impl Window {
    /// Its length in seconds.
    pub fn seconds(self) -> u32 {
        match self {
            Self::Minute => 60,
            Self::FiveMinutes => 300,
            Self::QuarterHour => 900,
            Self::Hour => 3_600,
            Self::SixHours => 21_600,
            Self::Day => 86_400,
        }
    }
}

/// The part of the traffic that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Of {
    /// All.
    #[default]
    All,
    /// Towards one external host.
    Host(Arc<str>),
}

/// What is read off a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Quantity {
    /// Requests a second.
    Requests,
    /// Part that succeeded, 0 to 1.
    Success,
    /// Answers 4xx a second.
    ClientErrors,
    /// Answers 5xx a second, and those that never came.
    ServerErrors,
    /// Median of the duration, milliseconds.
    P50,
    /// 90th percentile.
    P90,
    /// 99th percentile.
    P99,
    /// Connections of clients that are open; of a host: connections to it.
    Active,
    /// Bytes a second from clients to hosts.
    BytesOut,
    /// Bytes a second from hosts to clients.
    BytesIn,
    /// TCP connections opened a second.
    Connections,
    /// Bytes of memory that the proxies use.
    Memory,
}

/// The traffic of a set of pods, or the part of it that goes to one host, over a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Requests a second.
    pub requests: Reading,
    /// Part that succeeded, 0 to 1.
    pub success: Reading,
    /// Answers 4xx a second.
    pub client_errors: Reading,
    /// Median of the duration, milliseconds.
    pub p50: Reading,
    /// 90th percentile.
    pub p90: Reading,
    /// 99th percentile.
    pub p99: Reading,
    /// Connections that are open.
    pub active: Reading,
    /// Bytes a second to hosts.
    pub bytes_out: Reading,
    /// Bytes a second from hosts.
    pub bytes_in: Reading,
    /// TCP connections opened a second: of what is passed through.
    pub connections: Reading,
    /// Where the numbers come from; none: nothing was read yet.
    pub source: Option<Source>,
}

impl Totals {
    /// Whether only TCP is passed through: connections are opened, or data goes through those that are open, and there is
    /// no request.
    pub fn is_tcp(&self) -> bool {
        let moves = self.bytes_out.is_positive() || self.bytes_in.is_positive();
        let passes = self.connections.is_positive() || (self.connections.number().is_some() && moves);
        !self.requests.is_positive() && passes
    }
}

/// What rows of a traffic table are.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    strum::EnumIter,
    strum::EnumString,
    strum::Display,
    strum::VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum By {
    /// External hosts.
    #[default]
    Host,
    /// Pods.
    Pod,
    /// Response codes.
    Code,
    /// Response flags.
    Flag,
}

/// A row of a traffic table, the worst first.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Host, pod, code or flag.
    pub key: Arc<str>,
    /// Port of the host; 0: several, or none.
    pub port: u16,
    /// Its traffic.
    pub totals: Totals,
    /// Response flags with how many a second, the most first.
    pub flags: Vec<(Arc<str>, f64)>,
    /// Requests a second of the last samples, oldest first.
    pub spark: Vec<Option<f32>>,
    /// Since when it fails, where it does: the first moment since which no sample of the window was good.
    pub failing_since: Option<Timestamp>,
}

/// A line of a chart: values at equal distances, none where nothing was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// When the first value is of.
    pub from: Timestamp,
    /// Seconds between two values.
    pub step: f64,
    /// The values, oldest first.
    pub values: Vec<Option<f32>>,
}

/// What was read of an upstream cluster: one host and port as the proxies of a gateway see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upstream {
    /// The host.
    pub host: Arc<str>,
    /// Its port.
    pub port: u16,
    /// Healthy endpoints, least of all pods.
    pub healthy: Reading,
    /// Endpoints, most of all pods.
    pub endpoints: Reading,
    /// Endpoints that are put out.
    pub ejected: Reading,
    /// Endpoints put out in the window.
    pub ejections: Reading,
    /// Open connections.
    pub connections: Reading,
    /// Requests under way.
    pub active: Reading,
    /// Requests that wait.
    pub pending: Reading,
    /// Open breakers, by what they break: `connections`, `pending`, `requests`, `retries`.
    pub open_breakers: Vec<&'static str>,
    /// Requests refused by breakers in the window.
    pub overflows: Reading,
    /// Retries in the window.
    pub retries: Reading,
    /// Failed connections in the window.
    pub connect_fails: Reading,
    /// Timeouts in the window.
    pub timeouts: Reading,
    /// TLS handshakes in the window.
    pub tls_handshakes: Reading,
    /// TLS failures in the window.
    pub tls_fails: Reading,
    /// DNS failures in the window.
    pub dns_fails: Reading,
}

/// How reading a pod goes.
#[derive(Clone, Debug, PartialEq)]
pub struct PodReading {
    /// The pod.
    pub pod: ObjectKey,
    /// When it was last read.
    pub last: Option<Timestamp>,
    /// How many seconds the last reading took.
    pub took: f64,
    /// Why the last try failed; none: it did not.
    pub fault: Option<Fault>,
    /// Lines that could not be read in the last scrape.
    pub broken: u32,
    /// Samples of the last scrape that were not taken: there were more, or of more hosts, than egret keeps.
    pub dropped: u32,
    /// How it was reached last.
    pub way: Option<super::scrape::Way>,
    /// Where its request counters come from.
    pub source: Option<Source>,
    /// When its counters began anew, while egret looked.
    pub restarted: Option<Timestamp>,
    /// Worker threads.
    pub workers: Reading,
    /// Bytes in use.
    pub memory: Reading,
    /// Whether istiod is connected to it.
    pub control_plane: Reading,
}
