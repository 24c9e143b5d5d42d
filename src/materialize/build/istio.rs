//! Objects of Istio's own kinds.

use serde_json::{Value, json};

use super::Plan;
use crate::materialize::objects::{Desired, Part};
use crate::model::istio_gateway::{Compression, GatewayPort, Gzip, Protocol};

/// Envoy's compressor in front of the router, for responses of this gateway's listeners.
pub(super) fn compression(plan: &Plan<'_>) -> Option<Desired> {
    let compression = plan.configuration.compression.as_ref().filter(|c| c.enabled == Some(true))?;
    let spec = json!({
        "workloadSelector": {"labels": plan.site.names.selector()},
        "configPatches": [{
            "applyTo": "HTTP_FILTER",
            "match": {
                "context": "GATEWAY",
                "listener": {"filterChain": {"filter": {
                    "name": "envoy.filters.network.http_connection_manager",
                    "subFilter": {"name": "envoy.filters.http.router"},
                }}},
            },
            "patch": {"operation": "INSERT_BEFORE", "value": filter(compression)},
        }],
    });
    let name = format!("{}-compression", plan.site.names.deployment);
    Some(plan.object(Part::EnvoyFilter, &name, json!({"spec": spec})))
}

fn filter(compression: &Compression) -> Value {
    let mut common = json!({});
    super::set(&mut common, "min_content_length", compression.min_content_length);
    super::set(&mut common, "content_type", compression.content_type.as_ref());
    let mut responses = json!({"common_config": common});
    super::set(&mut responses, "disable_on_etag_header", compression.disable_on_etag_header);
    super::set(&mut responses, "remove_accept_encoding_header", compression.remove_accept_encoding_header);
    json!({
        "name": "envoy.filters.http.compressor",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.compressor.v3.Compressor",
            "response_direction_config": responses,
            "compressor_library": {
                "name": "text_optimized",
                "typed_config": library(compression.gzip.as_ref().unwrap_or(&Gzip::default())),
            },
        },
    })
}

fn library(gzip: &Gzip) -> Value {
    let mut library =
        json!({"@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip"});
    super::set(&mut library, "memory_level", gzip.memory_level);
    super::set(&mut library, "window_bits", gzip.window_bits);
    super::set(&mut library, "chunk_size", gzip.chunk_size);
    super::set(&mut library, "compression_level", gzip.compression_level.as_deref().map(level));
    super::set(&mut library, "compression_strategy", gzip.compression_strategy.as_deref().map(strategy));
    library
}

/// ASM's three words, and Envoy's own, in Envoy's spelling.
pub(in crate::materialize) const LEVELS: [(&str, &str); 3] =
    [("BEST", "BEST_COMPRESSION"), ("SPEED", "BEST_SPEED"), ("DEFAULT", "DEFAULT_COMPRESSION")];

/// Strategies of zlib in Envoy's spelling.
pub(in crate::materialize) const STRATEGIES: [&str; 5] =
    ["DEFAULT_STRATEGY", "FILTERED", "HUFFMAN_ONLY", "RLE", "FIXED"];

fn level(word: &str) -> &str {
    LEVELS.iter().find(|(asm, _)| *asm == word).map_or(word, |(_, envoy)| envoy)
}

fn strategy(word: &str) -> &str {
    if word == "DEFAULT" { STRATEGIES[0] } else { word }
}

/// Opens each port in the proxy for all hosts, where `autoCreateGatewayYaml` asks for it (inferred from the name).
///
/// With the label for mesh mTLS every server speaks it, for clients then do, whatever the port is called (R13). Without
/// it, TLS is passed through: a certificate is nowhere to be found in the CR.
pub(super) fn gateway(plan: &Plan<'_>) -> Option<Desired> {
    if plan.configuration.auto_create_gateway_yaml != Some(true) {
        return None;
    }
    let mtls = plan.configuration.mtls_label();
    let ports = plan.configuration.ports.iter().flatten().filter(|port| port.protocol() != Protocol::Udp);
    let servers: Vec<Value> = ports.filter_map(|port| server(port, mtls)).collect();
    if servers.is_empty() {
        return None;
    }
    let spec = json!({"selector": plan.site.names.selector(), "servers": servers});
    Some(plan.object(Part::Gateway, &plan.site.names.deployment, json!({"spec": spec})))
}

fn server(port: &GatewayPort, mtls: bool) -> Option<Value> {
    let number = port.port?;
    let protocol = port.protocol();
    let is_http = matches!(protocol, Protocol::Http | Protocol::Http2 | Protocol::Grpc | Protocol::GrpcWeb);
    let is_tls = matches!(protocol, Protocol::Https | Protocol::Tls);
    let (protocol, tls) = match (mtls, is_http) {
        (true, true) => ("HTTPS", Some("ISTIO_MUTUAL")),
        (true, false) => ("TLS", Some("ISTIO_MUTUAL")),
        (false, _) => (protocol.as_str(), is_tls.then_some("PASSTHROUGH")),
    };
    let name = port.name.clone().unwrap_or_else(|| format!("{}-{number}", protocol.to_lowercase()));
    let mut server = json!({
        "port": {"number": number, "name": name, "protocol": protocol},
        "hosts": ["*"],
    });
    super::set(&mut server, "tls", tls.map(|mode| json!({"mode": mode})));
    Some(server)
}
