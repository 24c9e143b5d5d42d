//! The Service: its type, its ports, its address.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Found, words};
use crate::materialize::build::service_type;
use crate::model::istio_gateway::names::DRAIN_TIMEOUT_SECONDS;
use crate::model::istio_gateway::{
    ExternalTrafficPolicy, GatewayConfiguration, GatewayPort, IstioGateway, Protocol, ServiceType,
};

pub(super) fn check(gateway: &IstioGateway, c: &GatewayConfiguration, found: &mut Found) {
    let kind = service_type(gateway, c);
    found.word("serviceType", c.service_type.as_ref().map(ServiceType::as_str), ServiceType::WORDS);
    let policy = c.external_traffic_policy.as_ref().map(ExternalTrafficPolicy::as_str);
    found.word("externalTrafficPolicy", policy, ExternalTrafficPolicy::WORDS);
    if policy.is_some() && kind == ServiceType::ClusterIP {
        let why = "a Service of type ClusterIP has no traffic from outside";
        found.error("externalTrafficPolicy", why, "remove it, or serviceType: LoadBalancer");
    }
    let balanced = [("loadBalancerClass", &c.load_balancer_class), ("loadBalancerIP", &c.load_balancer_ip)];
    for (path, _) in balanced.iter().filter(|(_, v)| v.as_ref().is_some_and(|v| !v.is_empty())) {
        if kind != ServiceType::LoadBalancer {
            found.note(
                path,
                format!("a Service of type {kind} has no load balancer"),
                "serviceType: LoadBalancer",
            );
        }
    }
    drain(gateway, &kind, found);
    words::labels("serviceLabels", c.service_labels.as_ref(), found);
    words::annotations("serviceAnnotations", c.service_annotations.as_ref(), found);
    list(c, found);
}

/// ASM's bounds where a load balancer stands before the pods.
fn drain(gateway: &IstioGateway, kind: &ServiceType, found: &mut Found) {
    let seconds = gateway.annotation(DRAIN_TIMEOUT_SECONDS).and_then(|text| text.parse::<u32>().ok());
    if let Some(seconds) = seconds.filter(|s| *kind == ServiceType::LoadBalancer && !(10..=890).contains(s)) {
        let path = format!("annotations[{DRAIN_TIMEOUT_SECONDS}]");
        let why = format!("{seconds} is not from 10 to 890, as a load balancer needs it");
        // Not below `spec`, where the rest of the block is.
        let prefix = std::mem::replace(&mut found.prefix, "metadata.".into());
        found.error(&path, why, "\"30\"");
        found.prefix = prefix;
    }
}

fn list(c: &GatewayConfiguration, found: &mut Found) {
    let named = |list: &'static str, ports: &'_ Option<Vec<GatewayPort>>| {
        let ports = ports.iter().flatten().cloned().enumerate();
        ports.map(|(index, port)| (format!("{list}[{index}]"), port)).collect::<Vec<_>>()
    };
    let mut ports = named("ports", &c.ports);
    ports.extend(named("meshExpansionPorts", &c.mesh_expansion_ports));
    if ports.is_empty() {
        found.note(
            "ports",
            "without ports nothing can be sent through the gateway",
            "- {name: http-0, port: 80, protocol: HTTP}",
        );
    }
    let several = ports.len() > 1;
    for (index, (path, port)) in ports.iter().enumerate() {
        one(path, port, several, found);
        for (before, other) in &ports[..index] {
            pair(path, port, before, other, found);
        }
    }
}

fn one(path: &str, port: &GatewayPort, several: bool, found: &mut Found) {
    match port.port {
        None => found.error(&format!("{path}.port"), "a port needs its number", "port: 443"),
        Some(0) => found.error(&format!("{path}.port"), "0 is no port", "port: 443"),
        Some(_) => {}
    }
    let number = port.port.unwrap_or(443);
    let protocol = port.protocol().as_str().to_lowercase();
    match port.name.as_deref() {
        None if several => {
            let why = "every port needs a name where there are several";
            found.error(&format!("{path}.name"), why, format!("{protocol}-{number}"));
        }
        Some(name) if !words::is_label_name(name) => {
            let why = format!("{name:?} is no name of a port");
            found.error(&format!("{path}.name"), why, format!("{protocol}-{number}"));
        }
        _ => {}
    }
    found.word(&format!("{path}.protocol"), port.protocol.as_ref().map(Protocol::as_str), Protocol::WORDS);
    match &port.target_port {
        Some(IntOrString::Int(target)) if !(0..=65_535).contains(target) => {
            found.error(&format!("{path}.targetPort"), format!("{target} is no port"), format!("{number}"));
        }
        Some(IntOrString::String(name)) if !words::is_port_name(name) => {
            let why = format!("{name:?} is no name of a container's port");
            found.error(
                &format!("{path}.targetPort"),
                why,
                format!("{number}, or a name of at most 15 characters"),
            );
        }
        _ => {}
    }
    if let Some(app) = port.app_protocol.as_deref().filter(|app| !words::is_qualified(app)) {
        found.error(
            &format!("{path}.appProtocol"),
            format!("{app:?} is no protocol's name"),
            "http, or example.com/own",
        );
    }
}

/// What two ports may not have in common. A Service knows TCP and UDP only, so HTTP 80 and TCP 80 are the same (R10).
fn pair(path: &str, port: &GatewayPort, before: &str, other: &GatewayPort, found: &mut Found) {
    let udp = |p: &GatewayPort| p.protocol() == Protocol::Udp;
    if port.port == other.port && port.port.is_some() && udp(port) == udp(other) {
        let why = format!("{before} has this number too: all protocols but UDP are TCP in a Service");
        found.error(&format!("{path}.port"), why, "another number");
    }
    if port.name.is_some() && port.name == other.name {
        found.error(&format!("{path}.name"), format!("{before} has this name too"), "each name once");
    }
    let by_name = |p: &GatewayPort| match &p.target_port {
        Some(IntOrString::String(name)) => Some(name.clone()),
        _ => None,
    };
    if let Some(name) = by_name(port)
        && by_name(other).as_ref() == Some(&name)
        && port.port != other.port
    {
        let why = format!("{before} calls another port of the pods {name:?}: a name stands for one number");
        found.error(&format!("{path}.targetPort"), why, "a number");
    }
}
