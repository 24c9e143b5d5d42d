//! The Service: the gateway's address.

use serde_json::{Value, json};

use super::{Plan, set};
use crate::materialize::objects::{Desired, Part};
use crate::model::istio_gateway::{GatewayConfiguration, GatewayPort, IstioGateway, Protocol, ServiceType};

/// The port on which the proxy says whether it is ready: what load balancers ask.
const STATUS: (&str, u16) = ("status-port", 15021);

pub(super) fn service(plan: &Plan<'_>) -> Desired {
    let c = plan.configuration;
    let kind = service_type(plan.gateway, c);
    let mut spec = json!({"type": kind, "selector": plan.site.names.selector()});
    let from_outside = kind != ServiceType::ClusterIP;
    if kind == ServiceType::LoadBalancer {
        set(&mut spec, "loadBalancerClass", c.load_balancer_class.as_ref().filter(|c| !c.is_empty()));
        set(&mut spec, "loadBalancerIP", c.load_balancer_ip.as_ref().filter(|ip| !ip.is_empty()));
    }
    // The API server refuses it for a Service that nobody outside can reach (R10).
    set(&mut spec, "externalTrafficPolicy", c.external_traffic_policy.as_ref().filter(|_| from_outside));
    spec["ports"] = json!(ports(c, from_outside));
    plan.labelled(
        Part::Service,
        &plan.site.names.service,
        c.service_labels.clone().unwrap_or_default(),
        c.service_annotations.clone().unwrap_or_default(),
        json!({"spec": spec}),
    )
}

/// The type of a gateway's Service, when the CR says none too.
pub(in crate::materialize) fn service_type(gateway: &IstioGateway, c: &GatewayConfiguration) -> ServiceType {
    c.service_type.clone().unwrap_or_else(|| gateway.spec.default_service_type())
}

/// Ports of the CR, then those for workloads outside, and the status port before them when it fits: no port has its
/// name or number, and all are TCP (a load balancer of two protocols is not everywhere).
fn ports(c: &GatewayConfiguration, from_outside: bool) -> Vec<Value> {
    let all = || c.ports.iter().flatten().chain(c.mesh_expansion_ports.iter().flatten());
    let clashes = |port: &GatewayPort| {
        port.port == Some(STATUS.1)
            || port.name.as_deref() == Some(STATUS.0)
            || port.name.is_none()
            || port.protocol() == Protocol::Udp
    };
    let status = (!all().any(clashes))
        .then(|| json!({"name": STATUS.0, "port": STATUS.1, "targetPort": STATUS.1, "protocol": "TCP"}));
    status.into_iter().chain(all().map(|port| translated(port, from_outside))).collect()
}

fn translated(port: &GatewayPort, from_outside: bool) -> Value {
    let protocol = port.protocol();
    let mut translated = json!({});
    set(&mut translated, "name", port.name.as_ref());
    translated["port"] = json!(port.port);
    set(&mut translated, "targetPort", port.target());
    translated["protocol"] = json!(if protocol == Protocol::Udp { "UDP" } else { "TCP" });
    let app = port.app_protocol.clone().or_else(|| app_protocol(&protocol).map(str::to_owned));
    set(&mut translated, "appProtocol", app);
    // 0 is how documents say that the API server may choose.
    set(&mut translated, "nodePort", port.node_port.filter(|number| *number > 0 && from_outside));
    translated
}

/// What a Service calls a protocol of Istio's. Plain TCP says nothing: then Istio goes by the port's name, as it does
/// for the `http-0` of protocol TCP in ASM's own sample.
fn app_protocol(protocol: &Protocol) -> Option<&'static str> {
    Some(match protocol {
        Protocol::Http => "http",
        Protocol::Https => "https",
        Protocol::Http2 => "http2",
        Protocol::Grpc => "grpc",
        Protocol::GrpcWeb => "grpc-web",
        Protocol::Tls => "tls",
        Protocol::Mongo => "mongo",
        Protocol::Mysql => "mysql",
        Protocol::Redis => "redis",
        Protocol::Tcp | Protocol::Udp | Protocol::Other(_) => return None,
    })
}
