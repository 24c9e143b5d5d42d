//! Servers and their states.

mod change;
mod lookup;
mod matrix;
mod read;
mod words;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

const HOST: &str = "istio-gw.istio-system.svc.cluster.local";

fn pods(label: bool) -> BTreeMap<String, String> {
    let mode = if label { "istio" } else { "disabled" };
    BTreeMap::from([("istio".into(), "gw".into()), ("security.istio.io/tlsMode".into(), mode.into())])
}

/// A Gateway of the pods, with the servers given as port, protocol and `tls`.
fn gateway(servers: &[(u16, &str, Value)]) -> Value {
    let server = |(port, protocol, tls): &(u16, &str, Value)| json!({"port": {"number": port, "name": "p", "protocol": protocol}, "hosts": ["*"], "tls": tls});
    let servers: Vec<_> = servers.iter().map(server).collect();
    json!({"metadata": {"namespace": "istio-system", "name": "gw"},
        "spec": {"selector": {"istio": "gw"}, "servers": servers}})
}

/// A DestinationRule, `namespace/name`.
fn rule(name: &str, host: &str, rest: Value) -> Value {
    let (namespace, name) = name.split_once('/').unwrap();
    let mut spec = rest;
    spec["host"] = host.into();
    json!({"metadata": {"namespace": namespace, "name": name}, "spec": spec})
}

/// A rule that says one mode for the whole host.
fn says(name: &str, host: &str, mode: &str) -> Value {
    rule(name, host, json!({"trafficPolicy": {"tls": {"mode": mode}}}))
}

/// A VirtualService that leads to a host, by a subset or not.
fn route(name: &str, host: &str, subset: Option<&str>) -> Value {
    let (namespace, name) = name.split_once('/').unwrap();
    json!({"metadata": {"namespace": namespace, "name": name}, "spec": {"hosts": ["example.org"],
        "http": [{"route": [{"destination": {"host": host, "subset": subset, "port": {"number": 80}}}]}]}})
}

fn mesh(gateways: &[Value], rules: &[Value], routes: &[Value]) -> Mesh {
    Mesh {
        gateways: gateways.iter().map(|object| read_gateway(object).value.unwrap()).collect(),
        destination_rules: rules.iter().map(|object| read_destination_rule(object).value.unwrap()).collect(),
        routes: routes.iter().flat_map(|object| read_virtual_service(object).value).collect(),
        ..Mesh::default()
    }
}

fn lines(label: bool, mesh: &Mesh) -> Vec<ServerMtls> {
    mtls(&pods(label), HOST, "istio-system", mesh)
}

/// The only line of a mesh.
fn line(label: bool, mesh: &Mesh) -> ServerMtls {
    let mut lines = lines(label, mesh);
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

/// All cases of a line: whom, and the state.
fn cases(line: &ServerMtls) -> Vec<(String, String)> {
    line.cases().map(|case| (case.clients.to_string(), case.state.to_string())).collect()
}

fn pairs(cases: &[(&str, &str)]) -> Vec<(String, String)> {
    cases.iter().map(|(one, other)| (one.to_string(), other.to_string())).collect()
}
