//! Services.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::container::in_range;
use super::{metadata, words};
use crate::demo::status::Cause;

const TYPES: &[&str] = &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// What is wrong with one.
pub(super) fn check(service: &Value) -> Vec<Cause> {
    let spec = &service["spec"];
    let kind = spec["type"].as_str().unwrap_or("ClusterIP");
    let headless = spec["clusterIP"] == "None";
    let mut causes = Vec::new();
    if kind == "LoadBalancer" && headless {
        let why = "may not be set to 'None' for LoadBalancer services";
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!("None"), why));
    }
    if kind == "NodePort" && headless {
        let why = "may not be set to 'None' for NodePort services";
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!("None"), why));
    }
    let ports = spec["ports"].as_array().cloned().unwrap_or_default();
    if ports.is_empty() && !headless && kind != "ExternalName" {
        causes.push(Cause::required("spec.ports", ""));
    }
    if kind == "ExternalName" {
        match spec["externalName"].as_str().unwrap_or_default() {
            "" => causes.push(Cause::required("spec.externalName", "")),
            name => {
                let wrong = words::subdomain(name);
                causes.extend(wrong.iter().map(|w| Cause::invalid("spec.externalName", &json!(name), w)));
            }
        }
    }
    let ip = spec["clusterIP"]
        .as_str()
        .filter(|ip| *ip != "None")
        .and_then(|ip| ip.parse::<std::net::IpAddr>().ok());
    if ip.is_some_and(|ip| ip.is_ipv4()) && spec["ipFamilies"][0] == "IPv6" {
        let why = "expected an IPv6 value as indicated by `ipFamilies[0]`";
        causes.push(Cause::invalid("spec.clusterIPs[0]", &spec["clusterIP"], why));
    }
    for (n, port) in ports.iter().enumerate() {
        causes.extend(port_of(&format!("spec.ports[{n}]"), port, ports.len() > 1));
    }
    causes.extend(twice(&ports));
    causes.extend(metadata::labels("spec.selector", &spec["selector"]));
    let affinity = spec["sessionAffinity"].as_str().unwrap_or("None");
    if !["ClientIP", "None"].contains(&affinity) {
        causes.push(Cause::unsupported("spec.sessionAffinity", &json!(affinity), &["ClientIP", "None"]));
    }
    if !TYPES.contains(&kind) {
        causes.push(Cause::unsupported("spec.type", &json!(kind), TYPES));
    }
    if kind == "ClusterIP" {
        for (n, port) in
            ports.iter().enumerate().filter(|(_, p)| p["nodePort"].as_i64().is_some_and(|p| p != 0))
        {
            let why = "may not be used when `type` is 'ClusterIP'";
            debug_assert!(port.is_object(), "ports are objects");
            causes.push(Cause::forbidden(format!("spec.ports[{n}].nodePort"), why));
        }
    }
    causes.extend(outer(&spec["externalIPs"]));
    causes.extend(traffic(spec, kind));
    causes
}

/// Outer addresses that are none.
fn outer(addresses: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (n, address) in addresses.as_array().into_iter().flatten().enumerate() {
        let why = match address.as_str().unwrap_or_default().parse::<std::net::IpAddr>() {
            Err(_) => "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)",
            Ok(ip) if ip.is_loopback() => "may not be in the loopback range (127.0.0.0/8, ::1/128)",
            Ok(ip) if ip.is_unspecified() => "may not be unspecified (0.0.0.0 or ::)",
            Ok(_) => continue,
        };
        causes.push(Cause::invalid(format!("spec.externalIPs[{n}]"), address, why));
    }
    causes
}

fn traffic(spec: &Value, kind: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let external = matches!(kind, "NodePort" | "LoadBalancer");
    if let Some(policy) = spec["externalTrafficPolicy"].as_str() {
        if !external {
            let why = "may only be set for externally-accessible services";
            causes.push(Cause::invalid("spec.externalTrafficPolicy", &json!(policy), why));
        } else if !["Cluster", "Local"].contains(&policy) {
            causes.push(Cause::unsupported(
                "spec.externalTrafficPolicy",
                &json!(policy),
                &["Cluster", "Local"],
            ));
        }
    }
    if let Some(policy) = spec["internalTrafficPolicy"].as_str().filter(|p| !["Cluster", "Local"].contains(p))
    {
        let all = &["Cluster", "Local"];
        causes.push(Cause::unsupported("spec.internalTrafficPolicy", &json!(policy), all));
    }
    if kind != "LoadBalancer" && spec["loadBalancerSourceRanges"].as_array().is_some_and(|r| !r.is_empty()) {
        let why = "may only be used when `type` is 'LoadBalancer'";
        causes.push(Cause::forbidden("spec.LoadBalancerSourceRanges", why));
    }
    if kind != "LoadBalancer" && !spec["loadBalancerClass"].is_null() {
        causes.push(Cause::forbidden(
            "spec.loadBalancerClass",
            "may only be used when `type` is 'LoadBalancer'",
        ));
    }
    if kind != "LoadBalancer" && !spec["allocateLoadBalancerNodePorts"].is_null() {
        let why = "may only be used when `type` is 'LoadBalancer'";
        causes.push(Cause::forbidden("spec.allocateLoadBalancerNodePorts", why));
    }
    causes
}

fn port_of(at: &str, port: &Value, several: bool) -> Vec<Cause> {
    let mut causes = Vec::new();
    match port["name"].as_str().filter(|n| !n.is_empty()) {
        None if several => causes.push(Cause::required(format!("{at}.name"), "")),
        None => {}
        Some(name) => {
            causes.extend(
                words::label(name).iter().map(|w| Cause::invalid(format!("{at}.name"), &json!(name), w)),
            );
        }
    }
    causes.extend(in_range(&format!("{at}.port"), port["port"].as_i64().unwrap_or_default()));
    let protocol = port["protocol"].as_str().unwrap_or_default();
    if !["SCTP", "TCP", "UDP"].contains(&protocol) {
        causes.push(Cause::unsupported(format!("{at}.protocol"), &json!(protocol), &["SCTP", "TCP", "UDP"]));
    }
    match &port["targetPort"] {
        Value::String(name) => {
            let wrong = super::container::port_name(name);
            causes.extend(wrong.iter().map(|w| Cause::invalid(format!("{at}.targetPort"), &json!(name), w)));
        }
        other => causes.extend(in_range(&format!("{at}.targetPort"), other.as_i64().unwrap_or_default())),
    }
    if let Some(name) = port["appProtocol"].as_str() {
        causes.extend(
            words::key(name).iter().map(|w| Cause::invalid(format!("{at}.appProtocol"), &json!(name), w)),
        );
    }
    causes
}

/// Names, and numbers of one protocol, that are there twice.
fn twice(ports: &[Value]) -> Vec<Cause> {
    let (mut names, mut numbers, mut causes) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for (n, port) in ports.iter().enumerate() {
        let name = port["name"].as_str().unwrap_or_default();
        if !name.is_empty() && !names.insert(name.to_owned()) {
            causes.push(Cause::duplicate(format!("spec.ports[{n}].name"), &json!(name)));
        }
    }
    for (n, port) in ports.iter().enumerate() {
        let key = (port["protocol"].to_string(), port["port"].to_string());
        if !numbers.insert(key) {
            let shown = json!({"Name": "", "Protocol": port["protocol"], "AppProtocol": null, "Port": port["port"], "TargetPort": 0, "NodePort": 0});
            causes.push(Cause::duplicate(format!("spec.ports[{n}]"), &shown));
        }
    }
    causes
}

/// What never changes.
pub(super) fn unchanged(new: &Value, old: &Value) -> Vec<Cause> {
    let (now, before) = (&new["spec"], &old["spec"]);
    let mut causes = Vec::new();
    let named = now["type"] == "ExternalName" || before["type"] == "ExternalName";
    if !named && before["clusterIP"].is_string() && now["clusterIP"] != before["clusterIP"] {
        let why = "may not change once set";
        causes.push(Cause::invalid("spec.clusterIPs[0]", &json!([now["clusterIP"]]), why));
    }
    let same_type = now["type"] == "LoadBalancer" && before["type"] == "LoadBalancer";
    if same_type && now["loadBalancerClass"] != before["loadBalancerClass"] {
        causes.push(Cause::invalid(
            "spec.loadBalancerClass",
            &now["loadBalancerClass"],
            "may not change once set",
        ));
    }
    causes
}
