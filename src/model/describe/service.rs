//! Services: how something is reached, and what answers.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::conditions;
use super::read::{self, as_written, is_true, list, number, pairs, scalar, text, texts};
use super::words::{DASH, count, joined, lasting, lines, listing, moment, one_line};
use super::{endpoints, saying};
use crate::model::facts::{Fact, Section};
use crate::model::gateway::{GatewayRow, Origin};
use crate::model::health::HealthState;
use crate::model::row::{EndpointSliceRow, Row, ServicePort, ServiceRow};
use crate::model::table::Tone;

/// The label by which a slice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// The Service of a gateway.
pub fn gateway_service(row: &GatewayRow) -> Vec<Section> {
    let Some(service) = &row.service else { return no_service(row) };
    let slices = &row.endpoint_slices;
    vec![
        Section::new(format!("Service {}", one_line(&service.meta.name)), reached(service)),
        ports(service, slices),
        endpoints::section(service, slices),
    ]
}

fn no_service(row: &GatewayRow) -> Vec<Section> {
    if row.workload.is_none() && row.health.state == HealthState::Unknown {
        return saying(Tone::Muted, &format!("Service unknown: {}.", row.health.reason), "");
    }
    let next = match row.origin {
        Origin::IstioGateway => {
            "Whoever keeps the IstioGateway has not made it; its status and events tell why."
        }
        Origin::GatewayApi => "istiod has not made it; the conditions of the Gateway tell why.",
        _ => "Make one that selects the gateway's pods.",
    };
    saying(
        Tone::Bad,
        "This gateway has no Service: sidecars find an egress gateway by its Service's name, so no traffic reaches it.",
        next,
    )
}

/// Any Service, from the whole object and the slices of its cluster.
pub fn service(service: &Value, slices: &[Arc<EndpointSliceRow>], now: Timestamp) -> Vec<Section> {
    let parsed = serde_json::to_vec(service).and_then(|json| ServiceRow::parse(&json));
    let row = match parsed {
        Ok(row) => row,
        Err(error) => {
            return saying(
                Tone::Bad,
                &format!("This Service cannot be read: {error}."),
                "Its YAML shows it as it is.",
            );
        }
    };
    let ours = |slice: &&Arc<EndpointSliceRow>| {
        slice.meta.namespace == row.meta.namespace
            && slice.meta.labels.get(SERVICE_NAME) == Some(&*row.meta.name)
    };
    let slices: Vec<Arc<EndpointSliceRow>> = slices.iter().filter(ours).cloned().collect();
    let mut facts = reached(&row);
    facts.extend(further(service, &row, now));
    let mut sections =
        vec![Section::new("Service", facts), ports(&row, &slices), endpoints::section(&row, &slices)];
    let said = read::conditions(service, "/status/conditions");
    if !said.is_empty() {
        sections.push(conditions::section(&said, now));
    }
    sections.extend(listing("Labels", pairs(service, "/metadata/labels")));
    sections.extend(listing("Annotations", pairs(service, "/metadata/annotations")));
    sections
}

/// How a Service is reached.
fn reached(service: &ServiceRow) -> Vec<Fact> {
    let mut facts = vec![Fact::new("Type", or_dash(&service.service_type))];
    let name = format!("{}.{}.svc", service.meta.name, service.meta.namespace);
    facts.push(Fact::new("Name in the cluster", one_line(&name)));
    match &*service.cluster_ip {
        "None" => {
            facts.push(Fact::new("Cluster IP", "none: headless, the name leads to the pods themselves"))
        }
        ip => facts.push(Fact::new("Cluster IP", or_dash(ip))),
    }
    facts.extend(outside(service));
    if !service.external_traffic_policy.is_empty() {
        let policy = &*service.external_traffic_policy;
        facts.push(Fact::new("External traffic", one_line(policy)).note(match policy {
            "Cluster" => "any node takes it; the client's address is lost",
            "Local" => "only nodes with a ready pod take it; the client's address is kept",
            _ => "",
        }));
    }
    let selector: Vec<String> =
        service.selector.iter().map(|(key, value)| super::words::entry(key, value)).collect();
    facts.push(match selector.is_empty() {
        true => Fact::new("Selector", "none: its endpoints are kept by hand").tone(Tone::Muted),
        false => Fact::new("Selector", lines(&selector)),
    });
    facts
}

/// Addresses from outside the cluster.
fn outside(service: &ServiceRow) -> Vec<Fact> {
    let own: Vec<&str> = service.load_balancer.iter().map(|address| &**address).collect();
    let mut facts = Vec::new();
    if &*service.service_type == "LoadBalancer" {
        facts.push(match own.is_empty() {
            true => Fact::new(
                "Load balancer",
                "pending: waits for an address from the load balancer's controller. Where none runs it stays so; \
                 the events of the Service tell why.",
            )
            .tone(Tone::Busy),
            false => Fact::new("Load balancer", one_line(&own.join(", "))),
        });
    }
    let others: Vec<&str> =
        service.external.iter().map(|address| &**address).filter(|address| !own.contains(address)).collect();
    if !others.is_empty() {
        let label = if &*service.service_type == "ExternalName" { "Stands for" } else { "External IPs" };
        facts.push(Fact::new(label, one_line(&others.join(", "))));
    }
    facts
}

/// Ports, one a line: `http-0  80/TCP → 8080  node port 31234  appProtocol http`.
fn ports(service: &ServiceRow, slices: &[Arc<EndpointSliceRow>]) -> Section {
    let mut facts: Vec<Fact> = service.ports.iter().map(|entry| port(entry, slices)).collect();
    if facts.is_empty() {
        facts.push(Fact::new("", "none").tone(Tone::Muted));
    }
    Section::new("Ports", facts)
}

fn port(port: &ServicePort, slices: &[Arc<EndpointSliceRow>]) -> Fact {
    // A name stands for a number that each pod chooses; the slices have resolved it.
    let named = port.target.parse::<u16>().is_err();
    let mut numbers: Vec<u16> = slices
        .iter()
        .flat_map(|slice| &slice.ports)
        .filter(|(name, number)| *name == port.name && *number > 0)
        .map(|(_, number)| *number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let numbers: Vec<String> = numbers.iter().map(u16::to_string).collect();
    let target = match (&*port.target, numbers.is_empty()) {
        ("" | "0", _) => port.port.to_string(),
        (target, false) if named => format!("{target} ({})", numbers.join(", ")),
        (target, _) => target.to_owned(),
    };
    let mut said = vec![format!("{}/{} → {target}", port.port, port.protocol)];
    if port.node_port > 0 {
        said.push(format!("node port {}", port.node_port));
    }
    if !port.app_protocol.is_empty() {
        said.push(format!("appProtocol {}", port.app_protocol));
    }
    Fact::new(or_dash(&port.name), one_line(&said.join("  ")))
}

/// What only the whole object tells.
fn further(service: &Value, row: &ServiceRow, now: Timestamp) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut tell = |label: &'static str, value: Option<String>| {
        facts.extend(value.map(|value| Fact::new(label, one_line(&value))));
    };
    let some = |words: String| (!words.is_empty()).then_some(words);
    tell("IP families", some(texts(service, "/spec/ipFamilies").join(", ")));
    tell(
        "All cluster IPs",
        some(texts(service, "/spec/clusterIPs").join(", ")).filter(|ips| ips.contains(',')),
    );
    tell(
        "Internal traffic",
        text(service, "/spec/internalTrafficPolicy").filter(|p| *p != "Cluster").map(str::to_owned),
    );
    tell("Traffic distribution", scalar(service, "/spec/trafficDistribution"));
    tell("Load balancer class", scalar(service, "/spec/loadBalancerClass"));
    tell("Load balancer address", scalar(service, "/spec/loadBalancerIP"));
    tell("Allowed sources", some(texts(service, "/spec/loadBalancerSourceRanges").join(", ")));
    tell(
        "Health check port",
        number(service, "/spec/healthCheckNodePort").filter(|port| *port > 0).map(|port| port.to_string()),
    );
    tell("Session affinity", affinity(service));
    if is_true(service, "/spec/publishNotReadyAddresses") {
        tell("Not ready pods", Some("get traffic too".to_owned()));
    }
    for ingress in list(service, "/status/loadBalancer/ingress") {
        let failed = list(ingress, "/ports").iter().filter_map(|port| {
            Some(format!("port {}: {}", as_written(port.get("port")?)?, text(port, "/error")?))
        });
        let failed = joined(failed, ", ");
        if !failed.is_empty() {
            facts.push(Fact::new("Load balancer ports", one_line(&failed)).tone(Tone::Bad));
        }
    }
    facts.push(super::words::fact("Created", row.meta.created.map(|created| moment(created, now))));
    facts.extend(
        row.meta
            .owner
            .as_ref()
            .map(|owner| Fact::new("Owner", one_line(&format!("{} {}", owner.kind, owner.name)))),
    );
    facts.extend(row.meta.deleting.map(|since| deleting(since, &row.meta.finalizers, now)));
    facts
}

fn affinity(service: &Value) -> Option<String> {
    let kind = text(service, "/spec/sessionAffinity").filter(|kind| *kind != "None")?;
    let seconds = number(service, "/spec/sessionAffinityConfig/clientIP/timeoutSeconds");
    let lasts = seconds.map(|seconds| format!(" for {}", count(seconds.unsigned_abs(), "second")));
    Some(format!("{kind}{}", lasts.unwrap_or_default()))
}

/// What a deletion waits for.
pub(super) fn deleting(since: Timestamp, finalizers: &[Box<str>], now: Timestamp) -> Fact {
    let waits = match finalizers {
        [] => "waits for what depends on it".to_owned(),
        some => format!("waits for {}", some.join(", ")),
    };
    Fact::new("Being deleted", one_line(&waits)).tone(Tone::Busy).note(lasting(Some(since), now))
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { DASH.to_owned() } else { one_line(text) }
}
