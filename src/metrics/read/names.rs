//! The table of the metrics that are read, and how a name is found in it.

use std::sync::LazyLock;

use crate::metrics::series::Metric;

/// What the lines of a metric are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A counter or a gauge that stands for itself.
    Plain(Metric),
    /// `istio_requests_total`: requests, with code, flags and the status of gRPC.
    Requests,
    /// A metric of Istio's with code and flags.
    Coded(Metric),
    /// `upstream_rq` with its code.
    Codes,
    /// `upstream_rq_xx` with the class of its code.
    Classes,
    /// A bucket of durations.
    Bucket,
    /// Seconds since the proxy started.
    Uptime,
    /// `istio_build`: the filter that counts as Istio does is there.
    Build,
    /// Days until the first certificate ends.
    Days,
}

/// Where the labels tell what a metric is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Of an upstream cluster of Envoy's.
    Cluster,
    /// Of a destination, as Istio labels it.
    Istio,
    /// Of a listener.
    Listener,
    /// Of the proxy.
    Proxy,
}

/// Beginnings of names. A plain Envoy's access log counts as Istio does, under a prefix of its own (R15).
const FAMILIES: [(&str, Family); 6] = [
    ("envoy_cluster_", Family::Cluster),
    ("istio_", Family::Istio),
    ("envoy_acc_istio_", Family::Istio),
    ("envoy_listener_", Family::Listener),
    ("envoy_server_", Family::Proxy),
    ("envoy_control_plane_", Family::Proxy),
];

/// The rest of the name, and what is read of it. None is shorter than [`TAIL`], together with its beginning.
const TABLE: &[(Family, &str, What)] = {
    use Family::{Cluster, Istio, Listener, Proxy};
    use Metric::*;
    use What::Plain;
    &[
        (Istio, "requests_total", What::Requests),
        (Istio, "request_duration_milliseconds_bucket", What::Bucket),
        (Istio, "request_bytes_sum", What::Coded(RequestBytes)),
        (Istio, "response_bytes_sum", What::Coded(ResponseBytes)),
        (Istio, "tcp_connections_opened_total", What::Coded(TcpOpened)),
        (Istio, "tcp_connections_closed_total", What::Coded(TcpClosed)),
        (Istio, "tcp_sent_bytes_total", What::Coded(TcpSent)),
        (Istio, "tcp_received_bytes_total", What::Coded(TcpReceived)),
        (Istio, "build", What::Build),
        (Cluster, "upstream_rq", What::Codes),
        (Cluster, "upstream_rq_xx", What::Classes),
        (Cluster, "upstream_rq_total", Plain(UpstreamRequests)),
        (Cluster, "upstream_rq_time_bucket", What::Bucket),
        (Cluster, "upstream_rq_active", Plain(UpstreamActive)),
        (Cluster, "upstream_rq_pending_active", Plain(UpstreamPending)),
        (Cluster, "upstream_rq_pending_overflow", Plain(PendingOverflow)),
        (Cluster, "upstream_rq_timeout", Plain(Timeouts)),
        (Cluster, "upstream_rq_per_try_timeout", Plain(TryTimeouts)),
        (Cluster, "upstream_rq_retry", Plain(Retries)),
        (Cluster, "upstream_rq_retry_success", Plain(RetriesHelped)),
        (Cluster, "upstream_rq_rx_reset", Plain(ResetsReceived)),
        (Cluster, "upstream_rq_tx_reset", Plain(ResetsSent)),
        (Cluster, "upstream_cx_total", Plain(UpstreamConnections)),
        (Cluster, "upstream_cx_active", Plain(UpstreamConnectionsActive)),
        (Cluster, "upstream_cx_connect_fail", Plain(ConnectFails)),
        (Cluster, "upstream_cx_connect_timeout", Plain(ConnectTimeouts)),
        (Cluster, "upstream_cx_overflow", Plain(ConnectionOverflow)),
        (Cluster, "upstream_cx_none_healthy", Plain(NoneHealthy)),
        (Cluster, "upstream_cx_rx_bytes_total", Plain(UpstreamReceived)),
        (Cluster, "upstream_cx_tx_bytes_total", Plain(UpstreamSent)),
        (Cluster, "membership_healthy", Plain(EndpointsHealthy)),
        (Cluster, "membership_total", Plain(Endpoints)),
        (Cluster, "outlier_detection_ejections_active", Plain(Ejected)),
        (Cluster, "outlier_detection_ejections_enforced_total", Plain(Ejections)),
        (Cluster, "circuit_breakers_default_cx_open", Plain(BreakerConnections)),
        (Cluster, "circuit_breakers_default_rq_pending_open", Plain(BreakerPending)),
        (Cluster, "circuit_breakers_default_rq_open", Plain(BreakerRequests)),
        (Cluster, "circuit_breakers_default_rq_retry_open", Plain(BreakerRetries)),
        (Cluster, "ssl_handshake", Plain(TlsHandshakes)),
        (Cluster, "ssl_connection_error", Plain(TlsErrors)),
        (Cluster, "ssl_fail_verify_error", Plain(TlsVerifyFails)),
        (Cluster, "ssl_fail_verify_san", Plain(TlsVerifyFails)),
        (Cluster, "ssl_fail_verify_no_cert", Plain(TlsVerifyFails)),
        (Cluster, "ssl_fail_verify_cert_hash", Plain(TlsVerifyFails)),
        (Cluster, "update_failure", Plain(DnsFails)),
        (Listener, "downstream_cx_active", Plain(DownstreamActive)),
        (Listener, "downstream_cx_total", Plain(DownstreamConnections)),
        (Listener, "downstream_cx_overflow", Plain(DownstreamOverflow)),
        // The admin's listener has no address in a label. That it is counted tells that connections are.
        (Listener, "admin_downstream_cx_active", Plain(DownstreamActive)),
        (Listener, "no_filter_chain_match", Plain(NoFilterChain)),
        (Listener, "ssl_connection_error", Plain(DownstreamTlsErrors)),
        (Listener, "ssl_fail_verify_error", Plain(DownstreamTlsErrors)),
        (Listener, "ssl_fail_verify_san", Plain(DownstreamTlsErrors)),
        (Listener, "ssl_fail_verify_no_cert", Plain(DownstreamTlsErrors)),
        (Proxy, "uptime", What::Uptime),
        (Proxy, "concurrency", Plain(Workers)),
        (Proxy, "memory_allocated", Plain(MemoryAllocated)),
        (Proxy, "memory_heap_size", Plain(MemoryHeap)),
        (Proxy, "days_until_first_cert_expiring", What::Days),
        (Proxy, "connected_state", Plain(ControlPlane)),
    ]
};

/// Envoy counts answers and durations a second time, by where a request came from: that is no part of a name that leaked.
const TWICE: [&str; 3] = ["canary", "external", "internal"];

/// So many bytes from the end of a name tell whether it may be in the table.
const TAIL: usize = 8;

/// An entry of the table, as a name led to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'n> {
    pub(super) what: What,
    pub(super) family: Family,
    /// Its name in the table: tells metrics apart that are read as one.
    pub(super) name: &'static str,
    /// What leaked of the cluster's name into the metric's: `example_com`. Empty: nothing.
    pub(super) leak: &'n str,
}

struct Index {
    /// Whether any name has a tail with this hash: turns most names away with one look.
    may: [bool; 256],
    /// By tail.
    entries: Vec<(u64, &'static (Family, &'static str, What))>,
}

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    let mut index = Index { may: [false; 256], entries: Vec::new() };
    for entry in TABLE {
        for (begin, _) in FAMILIES.iter().filter(|(_, family)| *family == entry.0) {
            let Some(tail) = tail(format!("{begin}{}", entry.1).as_bytes()) else { continue };
            if let Some(may) = index.may.get_mut(hash(tail)) {
                *may = true;
            }
            index.entries.push((tail, entry));
        }
    }
    index.entries.sort_by_key(|(tail, _)| *tail);
    index
});

fn tail(name: &[u8]) -> Option<u64> {
    name.last_chunk::<TAIL>().map(|tail| u64::from_le_bytes(*tail))
}

fn hash(tail: u64) -> usize {
    (tail.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize
}

/// What the metric of this name is read for; `None`: for nothing.
pub(super) fn find(name: &[u8]) -> Option<Found<'_>> {
    let tail = tail(name)?;
    let index = &*INDEX;
    if !*index.may.get(hash(tail))? {
        return None;
    }
    let first = index.entries.partition_point(|(other, _)| *other < tail);
    let candidates = index.entries.get(first..)?.iter().take_while(|(other, _)| *other == tail);
    let (begin, family) = FAMILIES.iter().find(|(begin, _)| name.starts_with(begin.as_bytes()))?;
    let rest = std::str::from_utf8(name.get(begin.len()..)?).ok()?;
    let mut found =
        candidates.filter(|(_, entry)| entry.0 == *family).filter_map(|(_, (family, end, what))| {
            let leak = rest.strip_suffix(end)?;
            Some(Found { what: *what, family: *family, name: end, leak })
        });
    let whole = found.clone().find(|f| f.leak.is_empty());
    whole.or_else(|| found.find_map(leaked))
}

/// A name of Envoy's own tag rules, where what follows the first dot of a cluster's name stands in the metric's.
fn leaked(found: Found<'_>) -> Option<Found<'_>> {
    let leak = found.leak.strip_suffix('_').filter(|_| found.family == Family::Cluster)?;
    let mut parts = leak.split('_');
    let (first, last) = (parts.next().unwrap_or_default(), parts.next_back());
    let is_counted_twice = TWICE.contains(&last.unwrap_or(first)) || first == "zone";
    let twice = is_counted_twice && matches!(found.what, What::Codes | What::Classes | What::Bucket);
    // `upstream_cx_http1_…_total` and the like are metrics of their own.
    let section = ["upstream", "circuit", "outlier", "manager"].contains(&first);
    (!twice && !section && !leak.is_empty()).then_some(Found { leak, ..found })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_table_is_found_and_is_long_enough() {
        for (family, end, what) in TABLE {
            for (begin, _) in FAMILIES.iter().filter(|(_, f)| f == family) {
                let name = format!("{begin}{end}");
                let found = find(name.as_bytes());
                assert_eq!(
                    found,
                    Some(Found { what: *what, family: *family, name: end, leak: "" }),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn what_leaked_into_a_name_is_told_and_other_metrics_are_left_alone() {
        for (name, leak) in [
            ("envoy_cluster_example_com_upstream_rq_timeout", Some("example_com")),
            ("envoy_cluster_com_upstream_rq_retry_success", Some("com")),
            ("envoy_cluster_internal_membership_total", Some("internal")),
            ("envoy_cluster_internal_upstream_rq", None),
            ("envoy_cluster_example_com_external_upstream_rq", None),
            ("envoy_cluster_external_upstream_rq_xx", None),
            ("envoy_cluster_external_upstream_rq_time_bucket", None),
            ("envoy_cluster_zone_a_b_upstream_rq_xx", None),
            ("envoy_cluster_upstream_cx_http1_total", None),
            ("envoy_cluster_upstream_rq_time_sum", None),
            ("envoy_cluster_upstream_cx_length_ms_bucket", None),
            ("envoy_cluster_circuit_breakers_high_cx_open", None),
            ("envoy_cluster__upstream_rq_total", None),
            ("envoy_http_downstream_rq_total", None),
            ("istio_agent_requests_total", None),
            ("requests_total", None),
            ("", None),
        ] {
            assert_eq!(find(name.as_bytes()).map(|f| f.leak), leak, "{name}");
        }
    }
}
