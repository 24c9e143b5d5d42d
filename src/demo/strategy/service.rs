//! Services: defaults, addresses and ports.

use serde_json::{Value, json};

use super::Surroundings;
use super::fill::{each, fill, trim};
use crate::demo::state::write::{remove, set};
use crate::demo::status::Cause;

fn kind(service: &Value) -> &str {
    service["spec"]["type"].as_str().unwrap_or("ClusterIP")
}

fn is_external(service: &Value) -> bool {
    matches!(kind(service), "NodePort" | "LoadBalancer")
}

/// Defaults.
pub(super) fn default(service: &mut Value) {
    let Some(spec) = super::fill::inside(service, "spec") else { return };
    trim(spec, &[]);
    fill(spec, "sessionAffinity", "None");
    if spec["sessionAffinity"] == "None" {
        remove(spec, "sessionAffinityConfig");
    }
    if spec["sessionAffinity"] == "ClientIP"
        && spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"].is_null()
    {
        spec["sessionAffinityConfig"] = json!({"clientIP": {"timeoutSeconds": 10800}});
    }
    fill(spec, "type", "ClusterIP");
    for port in each(spec, "ports") {
        fill(port, "protocol", "TCP");
        let number = port["port"].clone();
        if port["targetPort"] == 0 || port["targetPort"].is_null() {
            port["targetPort"] = number;
        }
        if port["nodePort"] == 0 {
            remove(port, "nodePort");
        }
    }
    let kind = spec["type"].as_str().unwrap_or_default().to_owned();
    if matches!(&*kind, "NodePort" | "LoadBalancer") {
        fill(spec, "externalTrafficPolicy", "Cluster");
    }
    if kind != "ExternalName" {
        fill(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        fill(spec, "allocateLoadBalancerNodePorts", true);
    }
    for name in ["publishNotReadyAddresses"] {
        if spec[name] == false {
            remove(spec, name);
        }
    }
}

/// A new Service gets its addresses.
pub(super) fn create(service: &mut Value, around: &mut dyn Surroundings) -> Result<(), Vec<Cause>> {
    service["status"] = json!({"loadBalancer": {}});
    allocate(service, around)
}

fn allocate(service: &mut Value, around: &mut dyn Surroundings) -> Result<(), Vec<Cause>> {
    if kind(service) == "ExternalName" {
        return Ok(());
    }
    let spec = &mut service["spec"];
    let wanted = spec["clusterIP"].as_str().map(str::to_owned);
    let ip = match wanted.as_deref() {
        Some("None") => "None".to_owned(),
        Some(text) if text.parse::<std::net::Ipv4Addr>().is_err() => {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            return Err(vec![Cause::invalid("spec.clusterIPs[0]", &json!(text), why)]);
        }
        wanted => around.allocate_cluster_ip(wanted).map_err(|why| {
            let value = json!([wanted.unwrap_or_default()]);
            vec![Cause::invalid(
                "spec.clusterIPs",
                &value,
                &format!("failed to allocate IP {}: {why}", wanted.unwrap_or_default()),
            )]
        })?,
    };
    spec["clusterIP"] = ip.clone().into();
    spec["clusterIPs"] = json!([ip]);
    let headless =
        spec["clusterIP"] == "None" && spec["selector"].as_object().is_none_or(serde_json::Map::is_empty);
    let dual = headless && spec["ipFamilyPolicy"].is_null();
    fill(spec, "ipFamilies", if dual { json!(["IPv4", "IPv6"]) } else { json!(["IPv4"]) });
    fill(spec, "ipFamilyPolicy", if dual { "RequireDualStack" } else { "SingleStack" });
    ports(service, around)
}

/// Whether a load balancer must know which nodes have pods.
fn is_local(service: &Value) -> bool {
    service["spec"]["externalTrafficPolicy"] == "Local" && kind(service) == "LoadBalancer"
}

/// Gives node ports to those that need one and have none.
fn ports(service: &mut Value, around: &mut dyn Surroundings) -> Result<(), Vec<Cause>> {
    if !is_external(service) {
        return Ok(());
    }
    let gives = kind(service) == "NodePort" || service["spec"]["allocateLoadBalancerNodePorts"] != false;
    let local = is_local(service);
    for (n, port) in each(&mut service["spec"], "ports").enumerate() {
        let wanted = port["nodePort"].as_u64().and_then(|p| u16::try_from(p).ok());
        if wanted.is_none() && !gives {
            continue;
        }
        let given = around.allocate_node_port(wanted).map_err(|why| {
            vec![Cause::invalid(
                format!("spec.ports[{n}].nodePort"),
                &json!(wanted.unwrap_or_default()),
                &why,
            )]
        })?;
        port["nodePort"] = given.into();
    }
    if local && service["spec"]["healthCheckNodePort"].is_null() {
        let given = around
            .allocate_node_port(None)
            .map_err(|why| vec![Cause::invalid("spec.healthCheckNodePort", &json!(0), &why)])?;
        service["spec"]["healthCheckNodePort"] = given.into();
    }
    Ok(())
}

/// Gives back what a Service has.
pub(super) fn release(service: &Value, around: &mut dyn Surroundings) {
    if let Some(ip) = service["spec"]["clusterIP"].as_str() {
        around.release_cluster_ip(ip);
    }
    release_ports(service, around);
}

fn node_ports(service: &Value) -> Vec<u16> {
    let own = service["spec"]["ports"].as_array().into_iter().flatten().map(|p| &p["nodePort"]);
    let all = own.chain([&service["spec"]["healthCheckNodePort"]]);
    all.filter_map(|p| u16::try_from(p.as_u64()?).ok()).collect()
}

fn release_ports(service: &Value, around: &mut dyn Surroundings) {
    node_ports(service).into_iter().for_each(|port| around.release_node_port(port));
}

/// Another state keeps what it does not say, and gives back what its type no longer has.
pub(super) fn update(new: &mut Value, old: &Value, around: &mut dyn Surroundings) -> Result<(), Vec<Cause>> {
    let had_ip = old["spec"]["clusterIP"].as_str().is_some_and(|ip| ip != "None");
    if kind(new) != "ExternalName" && kind(old) != "ExternalName" {
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            if new["spec"].get(field).is_none_or(Value::is_null) {
                set(&mut new["spec"], field, old["spec"].get(field).cloned());
            }
        }
    }
    if kind(new) == "ExternalName" && kind(old) != "ExternalName" {
        if had_ip {
            around.release_cluster_ip(old["spec"]["clusterIP"].as_str().unwrap_or_default());
        }
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"] {
            if new["spec"][field] == old["spec"][field] {
                remove(&mut new["spec"], field);
            }
        }
    }
    release_ports(old, around);
    if !is_external(new) {
        drop_external(new, old);
    } else if is_external(old) {
        keep_ports(new, old);
    }
    let health = "healthCheckNodePort";
    if !is_local(new) && is_local(old) && new["spec"][health] == old["spec"][health] {
        remove(&mut new["spec"], health);
    }
    if kind(old) == "LoadBalancer" && kind(new) != "LoadBalancer" {
        for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if new["spec"][field] == old["spec"][field] {
                remove(&mut new["spec"], field);
            }
        }
    }
    if kind(old) == "ExternalName" && kind(new) != "ExternalName" {
        return allocate(new, around);
    }
    ports(new, around)
}

/// What only external types have, when it was only carried over: node ports, as long as none of them is a new one.
fn drop_external(new: &mut Value, old: &Value) {
    let before = node_ports(old);
    if node_ports(new).iter().all(|port| before.contains(port)) {
        each(&mut new["spec"], "ports").for_each(|port| remove(port, "nodePort"));
    }
    for field in ["externalTrafficPolicy", "healthCheckNodePort"] {
        if new["spec"][field] == old["spec"][field] {
            remove(&mut new["spec"], field);
        }
    }
}

/// Ports that are the same as before keep their node ports.
fn keep_ports(new: &mut Value, old: &Value) {
    let before: Vec<Value> = old["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let gives = kind(new) == "NodePort" || new["spec"]["allocateLoadBalancerNodePorts"] != false;
    let mut taken: Vec<Value> = each(&mut new["spec"], "ports").map(|p| p["nodePort"].clone()).collect();
    for port in each(&mut new["spec"], "ports").filter(|p| p["nodePort"].is_null()) {
        let same = |b: &&Value| b["port"] == port["port"] && b["protocol"] == port["protocol"];
        if let Some(number) = before
            .iter()
            .find(same)
            .map(|b| b["nodePort"].clone())
            .filter(|n| gives && n.is_number() && !taken.contains(n))
        {
            taken.push(number.clone());
            port["nodePort"] = number;
        }
    }
    if new["spec"]["healthCheckNodePort"].is_null() && new["spec"]["externalTrafficPolicy"] == "Local" {
        set(&mut new["spec"], "healthCheckNodePort", old["spec"].get("healthCheckNodePort").cloned());
    }
}
