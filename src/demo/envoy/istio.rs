//! Istio's standard metrics, as its filter of a gateway makes them: one series for each way that requests ended.

use std::sync::Arc;

use super::expose::{Stat, Worth};
use super::route::{Host, Mode};
use super::tally::{ANSWER, Ended, Histogram, REQUEST, Tally};
use super::{Proxy, collect};

/// Tags with their values, in the filter's order.
type Tags = Vec<(&'static str, String)>;

/// What all statistics of one set of tags share: what follows their names, and the tags as exposition text has them.
struct Tagged {
    behind: String,
    shown: Arc<str>,
}

impl Tagged {
    fn new(tags: &Tags) -> Self {
        let (mut behind, mut shown) = (String::with_capacity(800), String::with_capacity(1_000));
        for (key, value) in tags {
            behind.extend([".", key, ".", value]);
            let comma = if shown.is_empty() { "" } else { "," };
            shown.extend([comma, key, "=\"", value, "\""]);
        }
        Self { behind, shown: shown.into() }
    }

    fn stat(&self, family: &'static str, worth: Worth) -> Stat {
        Stat::new(format!("istiocustom.{family}{}", self.behind), family.into(), self.shown.clone(), worth)
    }

    fn histogram(&self, family: &'static str, of: Histogram) -> Stat {
        self.stat(family, Worth::Histogram(Box::new(of)))
    }
}

/// All of a proxy; none where Telemetry turns them off.
pub(super) fn stats(proxy: &Proxy<'_>, tallies: &[(&Host, Tally)]) -> Vec<Stat> {
    if !collect::measures(proxy) {
        return Vec::new();
    }
    let version = proxy.version().to_owned();
    let build = Tagged::new(&vec![("component", "proxy".to_owned()), ("tag", version)]);
    let mut all = vec![build.stat("istio_build", Worth::Gauge(1))];
    for (host, tally) in tallies {
        match host.mode {
            Mode::Passthrough if tally.opened > 0 => all.extend(of_tcp(proxy, host, tally)),
            Mode::Passthrough => {}
            _ => tally.ended.iter().for_each(|ended| all.extend(of_http(proxy, host, ended))),
        }
    }
    all
}

/// What a series says of who asked whom.
fn tags(proxy: &Proxy<'_>, host: &Host, protocol: &str) -> Tags {
    let unknown = || "unknown".to_owned();
    let or_unknown = |text: Option<&str>| text.map_or_else(unknown, str::to_owned);
    let app = proxy.label("app");
    let canonical = proxy.label("service.istio.io/canonical-name").or(app);
    let name = host.name.to_string();
    vec![
        ("reporter", "source".to_owned()),
        ("source_workload", super::workload(proxy.pod).to_owned()),
        ("source_canonical_service", or_unknown(canonical.or(Some(super::workload(proxy.pod))))),
        ("source_canonical_revision", "latest".to_owned()),
        ("source_workload_namespace", proxy.namespace().to_owned()),
        ("source_principal", unknown()),
        ("source_app", or_unknown(app)),
        ("source_version", or_unknown(proxy.label("version"))),
        ("source_cluster", "Kubernetes".to_owned()),
        ("destination_workload", unknown()),
        ("destination_workload_namespace", unknown()),
        ("destination_principal", unknown()),
        ("destination_app", unknown()),
        ("destination_version", unknown()),
        ("destination_service", name.clone()),
        ("destination_canonical_service", unknown()),
        ("destination_canonical_revision", "latest".to_owned()),
        ("destination_service_name", name),
        ("destination_service_namespace", unknown()),
        ("destination_cluster", unknown()),
        ("request_protocol", protocol.to_owned()),
    ]
}

fn of_http(proxy: &Proxy<'_>, host: &Host, ended: &Ended) -> Vec<Stat> {
    let mut tags = tags(proxy, host, "http");
    tags.extend([
        ("response_code", ended.code.to_string()),
        ("grpc_response_status", String::new()),
        ("response_flags", ended.flags.to_owned()),
        ("connection_security_policy", "unknown".to_owned()),
    ]);
    let tagged = Tagged::new(&tags);
    vec![
        tagged.stat("istio_requests_total", Worth::Counter(ended.count)),
        tagged.histogram("istio_request_duration_milliseconds", ended.took.clone()),
        tagged.histogram("istio_request_bytes", Histogram::of(ended.count, &REQUEST)),
        tagged.histogram("istio_response_bytes", Histogram::of(ended.count, &ANSWER)),
    ]
}

fn of_tcp(proxy: &Proxy<'_>, host: &Host, tally: &Tally) -> Vec<Stat> {
    let mut tags = tags(proxy, host, "tcp");
    tags.extend([("response_flags", "-".to_owned()), ("connection_security_policy", "unknown".to_owned())]);
    let tagged = Tagged::new(&tags);
    let counter = |family: &'static str, number: u64| tagged.stat(family, Worth::Counter(number));
    // Sent is what goes back to the client, received what came from it.
    vec![
        counter("istio_tcp_connections_opened_total", tally.opened),
        counter("istio_tcp_connections_closed_total", tally.closed),
        counter("istio_tcp_sent_bytes_total", tally.received),
        counter("istio_tcp_received_bytes_total", tally.sent),
    ]
}
