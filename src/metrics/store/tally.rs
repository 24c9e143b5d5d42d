//! Increases of series, summed up to what a view shows.

use std::collections::HashMap;
use std::sync::Arc;

use super::kept::{Kept, Key};
use super::pod::Pod;
use super::quantile::Buckets;
use super::slice::Slice;
use crate::metrics::series::{Metric, is_client_error, is_failure};
use crate::metrics::view::Of;
use crate::model::reading::{Reading, Source};

/// What is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Requests.
    Requests,
    /// Requests without a word on how they ended.
    Untold,
    /// Answers 5xx and those that never came.
    Server,
    /// Failures of gRPC with another code.
    Grpc,
    /// Answers 4xx.
    Client,
    /// Bytes to hosts.
    Out,
    /// Bytes from hosts.
    In,
    /// TCP connections.
    Opened,
    /// Connections to hosts that are asked over HTTP.
    Dialled,
    /// TCP connections that were tried, and those of them that were not made.
    Tried,
    Unmade,
}

/// How many cells there are.
pub(super) const CELLS: usize = Cell::Unmade as usize + 1;

/// Response flags of a TCP connection that never reached its host.
const UNMADE: [&str; 7] = ["UF", "UH", "UO", "URX", "NR", "NC", "DF"];

/// Response flags, each for itself.
pub(super) fn split(flags: Option<&str>) -> impl Iterator<Item = &str> {
    flags.unwrap_or_default().split(',').map(str::trim).filter(|flag| !flag.is_empty())
}

/// The cells that a counter goes into.
pub(super) fn cells(pod: &Pod, key: &Key) -> [Option<Cell>; 2] {
    let istio = pod.source == Some(Source::Istio);
    // A host that is asked over HTTP opens connections too, but tells more by its requests.
    let tcp = || key.host.as_ref().is_some_and(|host| !pod.http.contains(host));
    match key.metric {
        Metric::Requests if is_failure(key.code) => [Some(Cell::Requests), Some(Cell::Server)],
        Metric::Requests if is_client_error(key.code) => [Some(Cell::Requests), Some(Cell::Client)],
        Metric::Requests => [Some(Cell::Requests), None],
        Metric::UpstreamRequests => [Some(Cell::Requests), Some(Cell::Untold)],
        Metric::GrpcFailures => [Some(Cell::Grpc), None],
        // Istio names bytes of TCP as the host sees them: received are those of the client.
        Metric::RequestBytes | Metric::TcpReceived => [Some(Cell::Out), None],
        Metric::ResponseBytes | Metric::TcpSent => [Some(Cell::In), None],
        Metric::UpstreamSent if !istio => [Some(Cell::Out), None],
        Metric::UpstreamReceived if !istio => [Some(Cell::In), None],
        Metric::TcpOpened => [Some(Cell::Opened), None],
        Metric::UpstreamConnections if !istio && tcp() => [Some(Cell::Opened), Some(Cell::Tried)],
        Metric::UpstreamConnections if !istio => [Some(Cell::Dialled), None],
        Metric::ConnectFails if !istio && tcp() => [Some(Cell::Unmade), None],
        Metric::TcpClosed => {
            let unmade = split(key.flags.as_deref()).any(|flag| UNMADE.contains(&flag));
            [Some(Cell::Tried), unmade.then_some(Cell::Unmade)]
        }
        _ => [None, None],
    }
}

impl Of {
    /// Whether what is of this host belongs to the part of the traffic that is asked for.
    pub(super) fn includes(&self, host: Option<&Arc<str>>) -> bool {
        match self {
            Self::All => true,
            Self::Host(wanted) => host == Some(wanted),
        }
    }
}

/// The sums of one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// A second.
    rates: [f64; CELLS],
    /// In all.
    counts: [f64; CELLS],
    /// Whether there is a counter at all.
    has: [bool; CELLS],
    pub(super) buckets: Buckets,
    /// Connections that are open; `None`: no proxy ever told of any.
    pub(super) active: Option<Reading>,
    /// Requests, or TCP connections, a second by response flag.
    pub(super) flags: HashMap<Arc<str>, f64>,
    /// The port of its host; `None`: none was told yet. 0: several.
    pub(super) port: Option<u16>,
}

impl Tally {
    pub(super) fn rate(&self, cell: Cell) -> f64 {
        self.rates.get(cell as usize).copied().unwrap_or_default()
    }

    pub(super) fn count(&self, cell: Cell) -> f64 {
        self.counts.get(cell as usize).copied().unwrap_or_default()
    }

    pub(super) fn has(&self, cell: Cell) -> bool {
        self.has.get(cell as usize).copied().unwrap_or_default()
    }

    /// Adds what a counter grew by.
    pub(super) fn add(&mut self, slice: &Slice<'_>, kept: &Kept, more: f64) {
        for cell in cells(slice.pod, &kept.key).into_iter().flatten() {
            let at = cell as usize;
            if let (Some(rate), Some(count), Some(has)) =
                (self.rates.get_mut(at), self.counts.get_mut(at), self.has.get_mut(at))
            {
                *rate += more * slice.per_second;
                *count += more;
                *has = true;
            }
        }
    }

    /// Adds connections that are open. What one proxy does not tell takes nothing from what others do.
    pub(super) fn stand(&mut self, active: Reading) {
        self.active = Some(match (self.active, active) {
            (Some(Reading::Value(all)), Reading::Value(more)) => Reading::Value(all + more),
            (Some(known @ Reading::Value(_)), _) | (Some(known @ Reading::Nothing), Reading::Unknown) => {
                known
            }
            _ => active,
        });
    }

    /// Adds to the response flags of a row.
    pub(super) fn flag(&mut self, slice: &Slice<'_>, kept: &Kept, more: f64) {
        if more > 0.0 && matches!(kept.key.metric, Metric::Requests | Metric::TcpClosed) {
            for flag in split(kept.key.flags.as_deref()) {
                match self.flags.get_mut(flag) {
                    Some(rate) => *rate += more * slice.per_second,
                    None => drop(self.flags.insert(flag.into(), more * slice.per_second)),
                }
            }
        }
    }

    /// Notes the port of a series of its host.
    pub(super) fn note_port(&mut self, port: u16) {
        if port != 0 {
            self.port = Some(if self.port.is_none_or(|known| known == port) { port } else { 0 });
        }
    }
}

/// The buckets of the durations of hosts in a slice, each with its host.
pub(super) fn durations<'s>(slice: &'s Slice<'_>) -> impl Iterator<Item = (Option<&'s Arc<str>>, Buckets)> {
    slice.pod.histograms.iter().map(move |((host, _), histogram)| {
        let mut buckets = Buckets::default();
        for kept in histogram.bounds.iter().filter_map(|place| slice.pod.series.get(*place)) {
            if let (Some(le), Some(more)) = (kept.key.le(), slice.sum(kept)) {
                buckets.count(le, more);
            }
        }
        (host.as_ref(), buckets)
    })
}
