//! How a host is led through a gateway: Istio's objects, as few as will do.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::gateway::{Gateway, Maker};
use super::mesh::put;
use crate::demo::envoy::{Fare, Trouble};
use crate::demo::state::State;

/// How the way to a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// HTTP all the way.
    Http,
    /// HTTP comes in, TLS goes out.
    Originate,
    /// TLS is passed through.
    Passthrough,
}

/// A host, and how much is asked of it: requests a second, or connections of what is passed through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub(super) host: &'static str,
    pub(super) kind: Kind,
    pub(super) rate: f64,
}

/// HTTP all the way.
pub(super) const fn http(host: &'static str, rate: f64) -> Way {
    Way { host, kind: Kind::Http, rate }
}

/// TLS towards the host, which the gateway begins.
pub(super) const fn tls(host: &'static str, rate: f64) -> Way {
    Way { host, kind: Kind::Originate, rate }
}

/// TLS of the clients, which the gateway passes through.
pub(super) const fn passed(host: &'static str, rate: f64) -> Way {
    Way { host, kind: Kind::Passthrough, rate }
}

/// The group of Istio's kinds of routes.
const GROUP: &str = "networking.istio.io";

/// Leads hosts through a gateway.
pub(super) fn lead(state: &mut State, gateway: &Gateway, ways: &[Way]) {
    for way in ways {
        let fare = Fare { rate: way.rate, trouble: Trouble::None };
        state.workload.outside.fares.entry(way.host.into()).or_insert(fare);
        entry(state, gateway, way);
        if way.kind == Kind::Originate {
            let rule = json!({"host": way.host, "trafficPolicy": {"portLevelSettings": [
                {"port": {"number": 443}, "tls": {"mode": "SIMPLE", "sni": way.host}}]}});
            make(state, gateway, "DestinationRule", "destinationrules", &named(way.host), rule);
        }
    }
    if gateway.maker == Maker::GatewayApi {
        return ways.iter().for_each(|way| by_api(state, gateway, way));
    }
    servers(state, gateway, ways);
    ways.iter().for_each(|way| service(state, gateway, way));
}

/// A name of a host's.
fn named(host: &str) -> String {
    host.replace('.', "-")
}

fn make(state: &mut State, gateway: &Gateway, kind: &str, plural: &str, name: &str, spec: Value) {
    let object = json!({"apiVersion": format!("{GROUP}/v1"), "kind": kind,
        "metadata": {"name": name, "namespace": gateway.namespace}, "spec": spec});
    put(state, &format!("{plural}.{GROUP}"), object, "kubectl");
}

/// Makes a host known to the mesh.
fn entry(state: &mut State, gateway: &Gateway, way: &Way) {
    let plain = json!({"number": 80, "name": "http", "protocol": "HTTP"});
    let ports = match way.kind {
        Kind::Http => json!([plain]),
        Kind::Originate => json!([plain, {"number": 443, "name": "https", "protocol": "HTTPS"}]),
        Kind::Passthrough => json!([{"number": 443, "name": "tls", "protocol": "TLS"}]),
    };
    let spec = json!({"hosts": [way.host], "location": "MESH_EXTERNAL", "resolution": "DNS", "ports": ports});
    make(state, gateway, "ServiceEntry", "serviceentries", &named(way.host), spec);
}

/// The port of the gateway that takes what is for a host, and how it speaks: one whose pods do mutual TLS takes nothing else.
fn server(gateway: &Gateway, kind: Kind) -> (u16, &'static str, Value) {
    match kind {
        Kind::Passthrough => (443, "TLS", json!({"mode": "PASSTHROUGH"})),
        _ if gateway.mtls => (443, "HTTPS", json!({"mode": "ISTIO_MUTUAL"})),
        _ => (80, "HTTP", Value::Null),
    }
}

/// One Istio Gateway for all hosts, and the rule by which clients speak to it.
fn servers(state: &mut State, gateway: &Gateway, ways: &[Way]) {
    let mut all: Vec<Value> = Vec::new();
    for passes in [false, true] {
        let here: Vec<&Way> = ways.iter().filter(|w| (w.kind == Kind::Passthrough) == passes).collect();
        let Some(first) = here.first() else { continue };
        let (port, protocol, tls) = server(gateway, first.kind);
        let hosts: Vec<&str> = here.iter().map(|w| w.host).collect();
        let name = protocol.to_lowercase();
        let mut server =
            json!({"port": {"number": port, "name": name, "protocol": protocol}, "hosts": hosts});
        if !tls.is_null() {
            server["tls"] = tls;
        }
        all.push(server);
    }
    let spec = json!({"selector": gateway.marks(), "servers": all});
    make(state, gateway, "Gateway", "gateways", gateway.name, spec);
    let mut rule = json!({"host": gateway.host(), "subsets": [{"name": gateway.name}]});
    if gateway.mtls {
        rule["trafficPolicy"] =
            json!({"portLevelSettings": [{"port": {"number": 443}, "tls": {"mode": "ISTIO_MUTUAL"}}]});
    }
    make(state, gateway, "DestinationRule", "destinationrules", gateway.name, rule);
}

/// From clients to the gateway, and from there out.
fn service(state: &mut State, gateway: &Gateway, way: &Way) {
    let (port, ..) = server(gateway, way.kind);
    let name = gateway.name;
    let to = |host: &str, port: u16| json!([{"destination": {"host": host, "port": {"number": port}}}]);
    let spec = match way.kind {
        Kind::Passthrough => json!({"hosts": [way.host], "gateways": ["mesh", name], "tls": [
            {"match": [{"gateways": ["mesh"], "port": 443, "sniHosts": [way.host]}], "route": to(&gateway.host(), port)},
            {"match": [{"gateways": [name], "port": 443, "sniHosts": [way.host]}], "route": to(way.host, 443)}]}),
        kind => json!({"hosts": [way.host], "gateways": ["mesh", name], "http": [
            {"match": [{"gateways": ["mesh"], "port": 80}], "route": to(&gateway.host(), port)},
            {"match": [{"gateways": [name], "port": port}],
                "route": to(way.host, if kind == Kind::Http { 80 } else { 443 })}]}),
    };
    make(state, gateway, "VirtualService", "virtualservices", &named(way.host), spec);
}

/// The same by a route of Gateway API.
fn by_api(state: &mut State, gateway: &Gateway, way: &Way) {
    let port = if way.kind == Kind::Http { 80 } else { 443 };
    let backend = json!({"group": GROUP, "kind": "Hostname", "name": way.host, "port": port});
    let object = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
        "metadata": {"name": named(way.host), "namespace": gateway.namespace},
        "spec": {"parentRefs": [{"name": gateway.name}], "rules": [{"backendRefs": [backend]}]}});
    put(state, "httproutes.gateway.networking.k8s.io", object, "kubectl");
}

/// Changes the rule of a host that TLS is begun to.
pub(super) fn change_rule(state: &mut State, namespace: &str, host: &str, change: impl FnOnce(&mut Value)) {
    let id = format!("destinationrules.{GROUP}");
    let key = crate::demo::store::Key::new(&id, namespace, &named(host));
    let _ = state.change(&key, "kubectl", |rule| change(&mut rule["spec"]["trafficPolicy"]));
}

/// Ails a host, from a moment on.
pub(super) fn ail(state: &mut State, host: &str, trouble: fn(Timestamp) -> Trouble, at: Timestamp) {
    if let Some(fare) = state.workload.outside.fares.get_mut(host) {
        fare.trouble = trouble(at);
    }
}
