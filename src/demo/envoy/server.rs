//! `/server_info`, and what the admin interface says of paths that it does not know.

use serde_json::{Value, json};

use super::Proxy;

/// Who the proxy is to istiod.
pub(super) fn node(proxy: &Proxy<'_>) -> Value {
    let (name, namespace) = (proxy.name(), proxy.namespace());
    let ip = proxy.pod["status"]["podIP"].as_str().unwrap_or_default();
    let workload = super::workload(proxy.pod);
    json!({
        "id": format!("router~{ip}~{name}.{namespace}~{namespace}.svc.cluster.local"),
        "cluster": format!("{workload}.{namespace}"),
        "metadata": {
            "CLUSTER_ID": "Kubernetes", "NAMESPACE": namespace, "NAME": name, "WORKLOAD_NAME": workload,
            "ISTIO_VERSION": proxy.version(), "SERVICE_ACCOUNT": proxy.account(), "INSTANCE_IPS": ip,
            "LABELS": proxy.pod["metadata"]["labels"],
        },
        "user_agent_name": "envoy",
    })
}

/// `/server_info`.
pub(super) fn info(proxy: &Proxy<'_>) -> Value {
    let uptime = format!("{}s", proxy.uptime());
    // Envoy's own version follows Istio's: 1.28 is built on 1.36.
    let minor = proxy.version().split('.').nth(1).and_then(|m| m.parse::<u32>().ok()).unwrap_or(28);
    json!({
        "version": format!("{:040x}/1.{}.2-dev/Clean/RELEASE/BoringSSL", super::rate::hashed(minor), minor + 8),
        "state": if proxy.ready { "LIVE" } else { "PRE_INITIALIZING" },
        "uptime_current_epoch": uptime, "uptime_all_epochs": uptime, "hot_restart_version": "disabled",
        "command_line_options": {
            "base_id": "0", "concurrency": proxy.workers(), "config_path": "etc/istio/proxy/envoy-rev.json",
            "local_address_ip_version": "v4", "log_level": "warning", "component_log_level": "misc:error",
            "service_cluster": "", "service_node": "", "service_zone": "", "drain_time": "45s",
            "parent_shutdown_time": "60s", "mode": "Serve", "disable_hot_restart": true, "restart_epoch": 0,
            "use_dynamic_base_id": false, "drain_strategy": "Immediate",
        },
        "node": node(proxy),
    })
}

/// The paths that there are.
const PATHS: &[(&str, &str)] = &[
    ("/certs", "print certs on machine"),
    ("/clusters", "upstream cluster status"),
    ("/config_dump", "dump current Envoy configs (experimental)"),
    ("/listeners", "print listener info"),
    ("/logging", "query/change logging levels"),
    ("/ready", "print server state, return 200 if LIVE, otherwise return 503"),
    ("/server_info", "print server version/status information"),
    ("/stats", "print server stats"),
    ("/stats/prometheus", "print server stats in prometheus format"),
];

/// What is said of a path that there is not.
pub(super) fn unknown() -> String {
    let mut text = "invalid path. admin commands are:\n".to_owned();
    PATHS.iter().for_each(|(path, what)| text.extend(["  ", path, ": ", what, "\n"]));
    text
}
