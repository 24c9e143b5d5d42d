//! The proxy: kernel parameters, compression, and what only the host network allows.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::Found;
use crate::materialize::build::{LEVELS, STRATEGIES};
use crate::materialize::names::ALLOW_NODE_SYSCTLS;
use crate::model::istio_gateway::{
    Compression, GatewayConfiguration, IstioGateway, KERNEL_PARAMETERS, ReadinessProbe,
};

/// Parameters that hold for the whole node (R8).
const NODE_WIDE: [&str; 4] =
    ["vm.swappiness", "kernel.printk", "net.core.netdev_max_backlog", "net.ipv4.tcp_max_orphans"];

/// Lowest port that needs no right.
const UNPRIVILEGED: i32 = 1024;

pub(super) fn check(gateway: &IstioGateway, c: &GatewayConfiguration, found: &mut Found) {
    kernel(gateway, c, found);
    if let Some(compression) = &c.compression {
        self::compression(compression, found);
    }
    if let Some(ReadinessProbe { failure_threshold, period_seconds, success_threshold }) = &c.readiness_probe
    {
        found.range("readinessProbe.failureThreshold", *failure_threshold, 0, 10_000);
        found.range("readinessProbe.periodSeconds", *period_seconds, 0, 86_400);
        found.range("readinessProbe.successThreshold", *success_threshold, 0, 10_000);
    }
    low_ports(c, found);
    legacy(c, found);
}

fn kernel(gateway: &IstioGateway, c: &GatewayConfiguration, found: &mut Found) {
    let Some(kernel) = &c.kernel else { return };
    if kernel.enabled != Some(true) && kernel.parameters.as_ref().is_some_and(|p| !p.is_empty()) {
        found.note(
            "kernel.parameters",
            "kernel.enabled is not true, so these have no effect",
            "kernel.enabled: true",
        );
    }
    let allowed = gateway.annotation(ALLOW_NODE_SYSCTLS) == Some("true");
    let on_host = c.host_network == Some(true);
    for (key, value) in kernel.parameters.iter().flatten() {
        let path = format!("kernel.parameters[{key}]");
        if !KERNEL_PARAMETERS.contains(&key.as_str()) {
            found.error(&path, format!("{key} is no parameter that a gateway may set"), KERNEL_PARAMETERS[0]);
        }
        let number = |word: &str| word.len() <= 20 && word.bytes().all(|b| b.is_ascii_digit());
        if value.is_empty() || !value.split_ascii_whitespace().all(number) || value.contains('\n') {
            found.error(
                &path,
                format!("{value:?} is neither a number nor several"),
                "\"4096 87380 16777216\"",
            );
        }
        // On the host network even those of a network namespace are the node's.
        let node_wide = NODE_WIDE.contains(&key.as_str()) || on_host;
        if node_wide && !allowed && kernel.enabled == Some(true) {
            let why = format!("{key} holds for the whole node, and for every other pod on it");
            found.error(
                &path,
                why,
                format!("remove it, or annotate the gateway {ALLOW_NODE_SYSCTLS}: \"true\""),
            );
        }
    }
}

fn compression(compression: &Compression, found: &mut Found) {
    let Some(gzip) = &compression.gzip else { return };
    found.range("compression.gzip.memory_level", gzip.memory_level, 1, 9);
    found.range("compression.gzip.window_bits", gzip.window_bits, 9, 15);
    found.range("compression.gzip.chunk_size", gzip.chunk_size, 4096, 65_536);
    // Envoy's own words, of which each level has one too, mean what they mean.
    let numbered: Vec<String> = (1..=9).map(|n| format!("COMPRESSION_LEVEL_{n}")).collect();
    let words: Vec<&str> = LEVELS.iter().flat_map(|(asm, envoy)| [*asm, *envoy]).collect();
    let words: Vec<&str> = words.into_iter().chain(numbered.iter().map(String::as_str)).collect();
    found.word("compression.gzip.compression_level", gzip.compression_level.as_deref(), &words);
    let words: Vec<&str> = ["DEFAULT"].into_iter().chain(STRATEGIES).collect();
    found.word("compression.gzip.compression_strategy", gzip.compression_strategy.as_deref(), &words);
}

/// In a pod of its own network any user may bind any port; on the node's only root may.
fn low_ports(c: &GatewayConfiguration, found: &mut Found) {
    if c.host_network != Some(true) || c.run_as_root == Some(true) {
        return;
    }
    for (index, port) in c.ports.iter().flatten().enumerate() {
        if let Some(IntOrString::Int(target)) =
            port.target().filter(|t| matches!(t, IntOrString::Int(n) if *n < UNPRIVILEGED))
        {
            let why = format!("on the host network only root may listen on {target}");
            found.error(
                &format!("ports[{index}].targetPort"),
                why,
                format!("{}, or runAsRoot: true", target + 8000),
            );
        }
    }
}

/// Fields of Istio's past.
fn legacy(c: &GatewayConfiguration, found: &mut Found) {
    if c.sds.as_ref().and_then(|sds| sds.enabled) == Some(true) {
        let why = "Istio's proxy fetches certificates itself: no sidecar is made for it";
        found.note("sds.enabled", why, "remove it");
    }
    if c.application_ports.as_ref().is_some_and(|ports| !ports.is_empty()) {
        found.note("applicationPorts", "Istio does not read it any more", "remove it");
    }
}
