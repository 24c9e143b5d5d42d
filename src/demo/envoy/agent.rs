//! What Istio's agent beside the proxy tells of itself, before the proxy's own statistics: port 15020.

use std::fmt::Write;

use super::{Proxy, certs};

/// Its metrics: name, type, what it is. Values are of [`values`].
const METRICS: &[(&str, &str, &str)] = &[
    (
        "istio_agent_cert_expiry_seconds",
        "gauge",
        "The time remaining, in seconds, before the certificate chain will expire. A negative value indicates the cert is expired.",
    ),
    ("istio_agent_go_goroutines", "gauge", "Number of goroutines that currently exist."),
    (
        "istio_agent_num_outgoing_requests",
        "counter",
        "Number of total outgoing requests (e.g. to a token exchange server, CA, etc.)",
    ),
    ("istio_agent_process_resident_memory_bytes", "gauge", "Resident memory size in bytes."),
    (
        "istio_agent_process_start_time_seconds",
        "gauge",
        "Start time of the process since unix epoch in seconds.",
    ),
    ("istio_agent_scrapes_total", "counter", "The total number of scrapes."),
    (
        "istio_agent_startup_duration_seconds",
        "gauge",
        "The time from the process starting to being marked ready.",
    ),
    ("istio_agent_xds_proxy_responses", "counter", "The total number of Xds Proxy Responses"),
];

/// Labels and value of a metric.
fn value(proxy: &Proxy<'_>, name: &str) -> (&'static str, f64) {
    let uptime = proxy.uptime();
    match name {
        "istio_agent_cert_expiry_seconds" => ("{resource_name=\"default\"}", certs::seconds_left(proxy)),
        "istio_agent_go_goroutines" => ("", 62.0),
        "istio_agent_num_outgoing_requests" => {
            ("{request_type=\"csr\"}", (1 + uptime / certs::RENEWED) as f64)
        }
        "istio_agent_process_resident_memory_bytes" => ("", (46_u64 << 20) as f64),
        "istio_agent_process_start_time_seconds" => ("", proxy.start.as_second() as f64),
        // Somebody's Prometheus comes by every quarter of a minute.
        "istio_agent_scrapes_total" => ("", (uptime / 15) as f64),
        "istio_agent_startup_duration_seconds" => ("", 1.302_774_6),
        _ => ("", (6 + uptime / 900) as f64),
    }
}

/// Exposition text.
pub(super) fn exposition(proxy: &Proxy<'_>) -> String {
    let mut text = String::new();
    for (name, kind, help) in METRICS {
        let (labels, number) = value(proxy, name);
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{labels} {number}\n");
    }
    text
}
