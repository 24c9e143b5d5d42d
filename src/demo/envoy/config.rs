//! `/listeners` and `/config_dump`: what istiod has told the proxy.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Proxy;
use super::route::{Host, Mode, UNLIMITED, listeners};

/// Ports on which every gateway's proxy listens beside those of its clients.
const OWN: [u16; 2] = [15_021, 15_090];

/// Name, address and port of each listener.
fn listening(proxy: &Proxy<'_>) -> Vec<(String, u16)> {
    let of_clients = listeners(&proxy.hosts).into_iter().map(|port| (format!("0.0.0.0_{port}"), port));
    let own = OWN.iter().map(|port| (format!("0.0.0.0_{port}"), *port));
    own.chain(of_clients).collect()
}

fn address(ip: &str, port: u16) -> Value {
    json!({"socket_address": {"address": ip, "port_value": port}})
}

/// `/listeners`.
pub(super) fn listeners_text(proxy: &Proxy<'_>) -> String {
    let mut text = String::new();
    for (name, port) in listening(proxy) {
        let _ = writeln!(text, "{name}::0.0.0.0:{port}");
    }
    text
}

/// `/listeners?format=json`.
pub(super) fn listeners_json(proxy: &Proxy<'_>) -> Value {
    let told = |(name, port): (String, u16)| json!({"name": name, "local_address": address("0.0.0.0", port)});
    json!({"listener_statuses": listening(proxy).into_iter().map(told).collect::<Vec<_>>()})
}

/// `/config_dump`.
pub(super) fn dump(proxy: &Proxy<'_>) -> Value {
    let (version, at) = (proxy.start.to_string(), proxy.start.to_string());
    let kind = |name: &str| format!("type.googleapis.com/envoy.admin.v3.{name}");
    let dynamic =
        |field: &str, value: Value| json!({"version_info": version, field: value, "last_updated": at});
    let clusters: Vec<Value> = proxy.hosts.iter().map(|h| dynamic("cluster", cluster(h))).collect();
    let listeners: Vec<Value> = listening(proxy)
        .into_iter()
        .map(|(name, port)| json!({"name": name, "active_state": dynamic("listener", listener(proxy, &name, port))}))
        .collect();
    let routes: Vec<Value> =
        ports_of_http(proxy).map(|port| dynamic("route_config", routes(proxy, port))).collect();
    json!({"configs": [
        {"@type": kind("BootstrapConfigDump"), "bootstrap": {"node": super::server::node(proxy)}, "last_updated": at},
        {"@type": kind("ClustersConfigDump"), "version_info": version, "dynamic_active_clusters": clusters},
        {"@type": kind("ListenersConfigDump"), "version_info": version, "dynamic_listeners": listeners},
        {"@type": kind("ScopedRoutesConfigDump")},
        {"@type": kind("RoutesConfigDump"), "dynamic_route_configs": routes},
    ]})
}

fn ports_of_http<'a>(proxy: &'a Proxy<'_>) -> impl Iterator<Item = u16> + 'a {
    let speaks = |port: &u16| proxy.hosts.iter().any(|h| h.listener == *port && h.mode != Mode::Passthrough);
    listeners(&proxy.hosts).into_iter().filter(speaks)
}

fn cluster(host: &Host) -> Value {
    let endpoints: Vec<Value> = [json!({"endpoint": {"address": address(&host.name, host.port)}})].into();
    let limits = host.limits;
    let mut cluster = json!({
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": host.cluster(), "type": "STRICT_DNS",
        "connect_timeout": "10s", "dns_lookup_family": "V4_ONLY",
        "load_assignment": {"cluster_name": host.cluster(), "endpoints": [{"lb_endpoints": endpoints}]},
        "circuit_breakers": {"thresholds": [{"max_connections": limits.connections, "max_pending_requests": limits.pending,
            "max_requests": limits.requests, "max_retries": limits.retries, "track_remaining": true}]},
        "metadata": {"filter_metadata": {"istio": {"services": [{"host": &*host.name, "name": &*host.name}]}}},
    });
    if limits.connections == UNLIMITED {
        cluster["circuit_breakers"]["thresholds"][0]["track_remaining"] = true.into();
    }
    if host.ejects {
        cluster["outlier_detection"] =
            json!({"consecutive_5xx": 5, "interval": "10s", "base_ejection_time": "30s"});
    }
    if host.mode == Mode::Originate {
        let mut context = json!({"@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
            "sni": &*host.name});
        if let Some(credential) = &host.credential {
            let secret = json!({"name": format!("kubernetes://{credential}"), "sds_config": {"ads": {}, "resource_api_version": "V3"}});
            context["common_tls_context"] = json!({"tls_certificate_sds_secret_configs": [secret]});
        }
        cluster["transport_socket"] = json!({"name": "envoy.transport_sockets.tls", "typed_config": context});
    }
    cluster
}

fn listener(proxy: &Proxy<'_>, name: &str, port: u16) -> Value {
    let here = || proxy.hosts.iter().filter(|h| h.listener == port);
    let passed = here().filter(|h| h.mode == Mode::Passthrough).map(|h| {
        json!({
            "filter_chain_match": {"server_names": [&*h.name]},
            "filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                "stat_prefix": h.cluster(), "cluster": h.cluster()}}],
        })
    });
    let manager = json!({"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": format!("outbound_0.0.0.0_{port}"),
        "rds": {"config_source": {"ads": {}, "resource_api_version": "V3"}, "route_config_name": format!("http.{port}")}}}]});
    let http = here().any(|h| h.mode != Mode::Passthrough).then_some(manager);
    json!({
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener", "name": name,
        "address": address("0.0.0.0", port), "filter_chains": passed.chain(http).collect::<Vec<_>>(),
        "traffic_direction": "OUTBOUND",
    })
}

fn routes(proxy: &Proxy<'_>, port: u16) -> Value {
    let here = proxy.hosts.iter().filter(|h| h.listener == port && h.mode != Mode::Passthrough);
    let hosts = here.map(|h| {
        json!({
            "name": format!("{}:{port}", h.name), "domains": [&*h.name],
            "routes": [{"match": {"prefix": "/"}, "route": {"cluster": h.cluster(), "timeout": "0s"}}],
        })
    });
    json!({
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration", "name": format!("http.{port}"),
        "virtual_hosts": hosts.collect::<Vec<_>>(), "validate_clusters": false,
    })
}
