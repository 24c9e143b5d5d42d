//! How a host is led through a gateway: Istio's four objects.

use serde_json::json;

use super::mesh::put;
use crate::demo::state::State;

/// Leads a host of port 443 through a gateway.
pub(super) fn lead(state: &mut State, gateway: &str, host: &str) {
    let name = host.replace('.', "-");
    let short = gateway.strip_prefix("istio-").unwrap_or(gateway);
    let metadata = || json!({"name": name, "namespace": "istio-system"});
    let service = format!("istio-{short}.istio-system.svc.cluster.local");
    let object = |kind: &str, spec: serde_json::Value| json!({"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata(), "spec": spec});
    let entry = json!({"hosts": [host], "location": "MESH_EXTERNAL", "resolution": "DNS",
        "ports": [{"number": 443, "name": "tls", "protocol": "TLS"}]});
    let server = json!({"selector": {"istio": short}, "servers": [
        {"port": {"number": 443, "name": "tls", "protocol": "TLS"}, "hosts": [host], "tls": {"mode": "PASSTHROUGH"}}]});
    let rule = json!({"host": service, "subsets": [{"name": name}]});
    let to = |host: &str| json!([{"destination": {"host": host, "port": {"number": 443}}}]);
    let service_rule = json!({"hosts": [host], "gateways": ["mesh", name], "tls": [
        {"match": [{"gateways": ["mesh"], "port": 443, "sniHosts": [host]}], "route": to(&service)},
        {"match": [{"gateways": [name], "port": 443, "sniHosts": [host]}], "route": to(host)}]});
    for (kind, plural, spec) in [
        ("ServiceEntry", "serviceentries", entry),
        ("Gateway", "gateways", server),
        ("DestinationRule", "destinationrules", rule),
        ("VirtualService", "virtualservices", service_rule),
    ] {
        put(state, &format!("{plural}.networking.istio.io"), object(kind, spec), "kubectl");
    }
}
