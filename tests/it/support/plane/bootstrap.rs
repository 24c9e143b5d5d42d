//! What a bare Envoy is told: to be the proxy of an egress gateway whose hosts are on this machine.

use super::Result;
use serde_json::{Value, json};
use std::path::Path;

/// A module for Envoy's WebAssembly that does nothing. Envoy then takes `wasmcustom.` for the mark of statistics that are
/// not its own, and `wasmcustom.istio_requests_total` is told as `istio_requests_total`, just as Istio's own build does
/// (R15). It exports a memory, `malloc`, and the version of the interface.
const NOTHING: &str = "AGFzbQEAAAABCQJgAABgAX8BfwMDAgABBQMBAAEHLQMGbWVtb3J5AgAXcHJveHlfYWJpX3ZlcnNpb25fMF8yXzEA\
                       AAZtYWxsb2MAAQoJAgIACwQAQQAL";

/// A host behind the gateway.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its name.
    pub name: &'static str,
    /// Its port, as the name of the cluster tells it.
    pub port: u16,
    /// Where its endpoints are, on this machine.
    pub endpoints: Vec<u16>,
    /// More of the cluster: `circuit_breakers`, `outlier_detection`, `transport_socket`.
    pub more: Value,
    /// More of its route: `timeout`, `retry_policy`.
    pub route: Value,
}

impl Host {
    /// A host with one endpoint and nothing special.
    pub fn new(name: &'static str, endpoint: u16) -> Self {
        Self { name, port: 80, endpoints: vec![endpoint], more: json!({}), route: json!({}) }
    }

    /// The same with more of its cluster.
    pub fn with(mut self, more: Value) -> Self {
        self.more = more;
        self
    }

    fn cluster_name(&self) -> String {
        format!("outbound|{}||{}", self.port, self.name)
    }
}

/// Whose rules cut labels out of the names of statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// Istio's bootstrap: the whole cluster name is a label.
    Istio,
    /// Envoy's own: dots of a cluster name leak into the name of the metric.
    Envoy,
}

/// What is collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collected {
    /// Everything.
    All,
    /// What Istio's bootstrap includes when nobody asks for more.
    Default,
}

/// What an Envoy is told.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The hosts behind it.
    pub hosts: Vec<Host>,
    /// Whose rules cut labels out.
    pub tags: Tags,
    /// What is collected.
    pub collected: Collected,
    /// Whether `istio_requests_total` and its kin are counted.
    pub istio: bool,
    /// More listeners.
    pub listeners: Vec<Value>,
    /// Secrets, as SDS would bring them.
    pub secrets: Vec<Value>,
}

impl Bootstrap {
    /// A gateway to these hosts that collects everything, as Istio's does.
    pub fn new(hosts: Vec<Host>) -> Self {
        Self {
            hosts,
            tags: Tags::Istio,
            collected: Collected::All,
            istio: true,
            listeners: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// The bootstrap, with these ports for its admin interface and the gateway.
    pub(super) fn json(&self, admin: u16, port: u16, _dir: &Path) -> Result<Value> {
        let mut listeners = vec![self.gateway(port)];
        listeners.extend(self.listeners.iter().cloned());
        Ok(json!({
            "node": {"id": "router~10.0.0.1~gateway.istio-system~istio-system.svc.cluster.local", "cluster": "gateway"},
            "admin": {"address": address(admin)},
            "bootstrap_extensions": [namespace()],
            // Histograms are told from the last flush.
            "stats_flush_interval": "0.1s",
            "stats_config": self.stats_config(),
            "static_resources": {
                "listeners": listeners,
                "clusters": self.hosts.iter().map(|host| self.cluster(host)).collect::<Vec<_>>(),
                "secrets": self.secrets,
            },
        }))
    }

    fn gateway(&self, port: u16) -> Value {
        let virtual_hosts: Vec<Value> = self.hosts.iter().map(virtual_host).collect();
        let logs = if self.istio { vec![request_counters()] } else { Vec::new() };
        let stat_prefix =
            if self.tags == Tags::Istio { "outbound_0.0.0.0_80;" } else { "outbound_0.0.0.0_80" };
        let manager = json!({
            "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": stat_prefix,
            "access_log": logs,
            "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],
            "route_config": {"name": "http.80", "virtual_hosts": virtual_hosts},
        });
        json!({
            "name": format!("0.0.0.0_{port}"),
            "address": address(port),
            "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}],
        })
    }

    fn cluster(&self, host: &Host) -> Value {
        let name = host.cluster_name();
        let endpoints: Vec<Value> = host
            .endpoints
            .iter()
            .map(|port| json!({"endpoint": {"address": address(*port), "hostname": host.name}}))
            .collect();
        let mut cluster = json!({
            "name": name,
            "type": "STATIC",
            "connect_timeout": "1s",
            "load_assignment": {"cluster_name": name, "endpoints": [{
                "locality": {"region": "eu", "zone": "eu-1"}, "lb_endpoints": endpoints}]},
        });
        if self.tags == Tags::Istio {
            // The sign by which Istio's rules find the end of a name.
            cluster["alt_stat_name"] = json!(format!("{name};"));
        }
        merge(&mut cluster, &host.more);
        cluster
    }

    fn stats_config(&self) -> Value {
        let mut config = json!({});
        if self.tags == Tags::Istio {
            let tags: Vec<Value> =
                ISTIO_TAGS.iter().map(|(name, regex)| json!({"tag_name": name, "regex": regex})).collect();
            config = json!({"use_all_default_tags": false, "stats_tags": tags});
        }
        if self.collected == Collected::Default {
            config["stats_matcher"] = json!({"inclusion_list": {"patterns": default_patterns()}});
        }
        config
    }
}

/// Rules of Istio's bootstrap that cut labels out of names.
const ISTIO_TAGS: &[(&str, &str)] = &[
    ("cluster_name", r"^cluster(\.(.+);)"),
    ("http_conn_manager_prefix", r"^http\.(((?:[_.[:digit:]\w]*|[_\[\]aAbBcCdDeEfF[:digit:]\w\:]*));\.)"),
    ("response_code", r"_rq(_(\d{3}))$"),
    ("response_code_class", r"_rq(_(\dxx))$"),
    ("listener_address", r"^listener\.(((?:[_.[:digit:]]*|[_\[\]aAbBcCdDeEfF[:digit:]]*))\.)"),
];

/// What Istio's bootstrap includes by itself; `wasmcustom` stands for Istio's own counters here.
fn default_patterns() -> Vec<Value> {
    let prefixes = [
        "reporter=",
        "cluster_manager",
        "listener_manager",
        "server",
        "cluster.xds-grpc",
        "component",
        "istio",
        "wasmcustom",
    ];
    let mut patterns: Vec<Value> = prefixes.iter().map(|prefix| json!({"prefix": prefix})).collect();
    patterns.push(json!({"suffix": "downstream_cx_active"}));
    patterns
}

fn virtual_host(host: &Host) -> Value {
    let mut action = json!({"cluster": host.cluster_name()});
    merge(&mut action, &host.route);
    json!({
        "name": format!("{}:{}", host.name, host.port),
        "domains": [host.name, format!("{}:*", host.name)],
        "routes": [{"match": {"prefix": "/"}, "route": action}],
    })
}

/// The counter and the histograms that Istio's own filter would keep.
fn request_counters() -> Value {
    let tag = |name: &str, format: &str| json!({"name": name, "value_format": format});
    let host = || {
        vec![
            tag("reporter", "source"),
            tag("destination_service", "%REQ(:AUTHORITY)%"),
            tag("response_code", "%RESPONSE_CODE%"),
            tag("response_flags", "%RESPONSE_FLAGS%"),
        ]
    };
    let histogram = |name: &str, value: &str| {
        json!({
            "stat": {"name": name, "tags": host()}, "value_format": value,
        })
    };
    json!({"name": "envoy.access_loggers.stats", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config",
        "stats_scope": {"prefix": "wasmcustom"},
        "counters": [{"stat": {"name": "istio_requests_total", "tags": host()}, "value_fixed": 1}],
        "histograms": [
            histogram("istio_request_duration_milliseconds", "%DURATION%"),
            histogram("istio_response_bytes", "%BYTES_SENT%"),
        ],
    }})
}

fn namespace() -> Value {
    json!({"name": "envoy.bootstrap.wasm", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.wasm.v3.WasmService",
        "singleton": true,
        "config": {"name": "nothing", "vm_config": {
            "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"inline_bytes": NOTHING}}}},
    }})
}

/// An address on this machine.
pub fn address(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}

fn merge(into: &mut Value, more: &Value) {
    for (key, value) in more.as_object().into_iter().flatten() {
        into[key] = value.clone();
    }
}
