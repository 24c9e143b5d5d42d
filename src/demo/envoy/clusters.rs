//! `/clusters`: hosts with their endpoints, whatever statistics are collected.

use std::fmt::Write;

use serde_json::{Value, json};

use super::Proxy;
use super::outside::Trouble;
use super::route::{Endpoint, Host, Limits, Mode, UNLIMITED};
use super::tally::Tally;

/// A cluster as it is told.
struct Told {
    name: String,
    /// Its name with a mark behind: Istio's bootstrap has it so.
    observed: String,
    host: String,
    limits: Limits,
    ejects: bool,
    endpoints: Vec<Counted>,
}

/// An endpoint and what was counted of it: connections active, failed, all; requests active, failed, well, late, all.
struct Counted {
    address: (String, u16),
    ejected: bool,
    counters: [(&'static str, u64); 6],
    gauges: [(&'static str, u64); 3],
}

/// The clusters of a proxy: its hosts, then istiod.
fn told(proxy: &Proxy<'_>) -> Vec<Told> {
    let of_hosts = proxy.tallies().into_iter().map(|(host, tally)| of_host(proxy, host, &tally));
    of_hosts.chain([istiod(proxy.uptime())]).collect()
}

fn of_host(proxy: &Proxy<'_>, host: &Host, tally: &Tally) -> Told {
    let endpoints = host.endpoints_at(proxy.at);
    let before = match host.demand.trouble {
        Trouble::Refuses(since) if proxy.at > since => proxy.tally_by(host, since),
        _ => Tally::default(),
    };
    let shared = Shared { host, tally, before, endpoints: &endpoints };
    Told {
        observed: format!("{};", host.cluster()),
        name: host.cluster(),
        host: host.name.to_string(),
        limits: host.limits,
        ejects: host.ejects,
        endpoints: endpoints.iter().map(|e| shared.counted(e)).collect(),
    }
}

/// What endpoints share: all of a host, and what it was before some of them refused.
struct Shared<'a> {
    host: &'a Host,
    tally: &'a Tally,
    before: Tally,
    endpoints: &'a [Endpoint],
}

/// Of the two endpoints that refuse, the one that was put out met one in so many of the refused.
const MET: u64 = 40;

impl Shared<'_> {
    /// One endpoint's part of a number: all shared it before, and since then those that are well.
    fn part(&self, endpoint: &Endpoint, of: fn(&Tally) -> u64) -> u64 {
        let (all, well) = (self.endpoints.len(), self.endpoints.iter().filter(|e| !e.refuses).count());
        let (before, now) = (of(&self.before), of(self.tally));
        let since = if endpoint.refuses { 0 } else { now.saturating_sub(before) / well.max(1) as u64 };
        before / all.max(1) as u64 + since
    }

    fn counted(&self, endpoint: &Endpoint) -> Counted {
        let refused = match (endpoint.refuses, endpoint.ejected) {
            (false, _) => 0,
            (true, true) => self.tally.refused / MET,
            (true, false) => self.tally.refused - self.tally.refused / MET,
        };
        let part = |of| self.part(endpoint, of);
        // Where bytes are passed through, Envoy counts what it opens as requests, but none that succeeds or fails.
        let (all, succeeded, failed) = if self.host.mode == Mode::Passthrough {
            (part(|t| t.opened), 0, 0)
        } else {
            let (all, failed) = (part(Tally::arrived), part(Tally::failed));
            (all, all.saturating_sub(failed), failed + refused)
        };
        let now = |of: u64| if endpoint.refuses { 0 } else { of / self.well() };
        Counted {
            address: (endpoint.ip.clone(), self.host.port),
            ejected: endpoint.ejected,
            counters: [
                ("cx_connect_fail", refused),
                ("cx_total", part(|t| t.connections) + refused),
                ("rq_error", failed),
                ("rq_success", succeeded),
                ("rq_timeout", 0),
                ("rq_total", all),
            ],
            gauges: [
                ("cx_active", now(self.tally.active)),
                ("rq_active", now(self.tally.running)),
                ("rq_pending_active", now(self.tally.pending)),
            ],
        }
    }

    fn well(&self) -> u64 {
        self.endpoints.iter().filter(|e| !e.refuses).count().max(1) as u64
    }
}

fn istiod(uptime: u64) -> Told {
    let connections = 1 + uptime / 1_800;
    let unlimited = Limits { connections: 100_000, pending: 100_000, requests: 100_000, retries: UNLIMITED };
    Told {
        name: "xds-grpc".to_owned(),
        observed: "xds-grpc;".to_owned(),
        host: String::new(),
        limits: unlimited,
        ejects: false,
        endpoints: vec![Counted {
            address: ("./etc/istio/proxy/XDS".to_owned(), 0),
            ejected: false,
            counters: [
                ("cx_connect_fail", 0),
                ("cx_total", connections),
                ("rq_error", 0),
                ("rq_success", 0),
                ("rq_timeout", 0),
                ("rq_total", connections),
            ],
            gauges: [("cx_active", 1), ("rq_active", 1), ("rq_pending_active", 0)],
        }],
    }
}

/// Of both priorities; the higher one is never limited.
fn limits(of: &Limits) -> [(&'static str, [(&'static str, u64); 4]); 2] {
    let named = |l: &Limits| {
        [
            ("max_connections", l.connections),
            ("max_pending_requests", l.pending),
            ("max_requests", l.requests),
            ("max_retries", l.retries),
        ]
    };
    let high = Limits { connections: 1024, pending: 1024, requests: 1024, retries: 3 };
    [("default", named(of)), ("high", named(&high))]
}

/// `/clusters?format=json`.
pub(super) fn json(proxy: &Proxy<'_>) -> Value {
    let metric = |gauge: bool, name: &str, number: u64| {
        let mut metric = json!({});
        // What is zero or a counter is left out.
        if gauge {
            metric["type"] = "GAUGE".into();
        }
        if number > 0 {
            metric["value"] = number.to_string().into();
        }
        metric["name"] = name.into();
        metric
    };
    let host = |told: &Told, endpoint: &Counted| {
        let stats: Vec<Value> = endpoint
            .counters
            .iter()
            .map(|(n, v)| metric(false, n, *v))
            .chain(endpoint.gauges.iter().map(|(n, v)| metric(true, n, *v)))
            .collect();
        let (ip, port) = &endpoint.address;
        let address = if *port == 0 {
            json!({"pipe": {"path": ip}})
        } else {
            json!({"socket_address": {"address": ip, "port_value": port}})
        };
        let mut health = json!({"eds_health_status": "HEALTHY"});
        if endpoint.ejected {
            health = json!({"failed_outlier_check": true, "eds_health_status": "HEALTHY"});
        }
        let mut status = json!({"address": address, "stats": stats, "health_status": health, "weight": 1});
        if !told.host.is_empty() {
            status["hostname"] = told.host.clone().into();
        }
        status["locality"] = json!({});
        status
    };
    let cluster = |told: &Told| {
        let thresholds = limits(&told.limits).map(|(priority, all)| {
            let mut of = json!({});
            if priority == "high" {
                of["priority"] = "HIGH".into();
            }
            all.iter().for_each(|(name, number)| of[*name] = (*number).into());
            of
        });
        let hosts: Vec<Value> = told.endpoints.iter().map(|e| host(told, e)).collect();
        let mut cluster = json!({"name": told.name});
        if !told.host.is_empty() {
            cluster["added_via_api"] = true.into();
        }
        cluster["host_statuses"] = hosts.into();
        cluster["circuit_breakers"] = json!({"thresholds": thresholds});
        cluster["observability_name"] = told.observed.clone().into();
        cluster
    };
    json!({"cluster_statuses": told(proxy).iter().map(cluster).collect::<Vec<_>>()})
}

/// `/clusters`, a fact a line.
pub(super) fn text(proxy: &Proxy<'_>) -> String {
    let mut text = String::new();
    for told in told(proxy) {
        let name = &told.name;
        let _ = writeln!(text, "{name}::observability_name::{}", told.observed);
        if told.ejects {
            for what in ["success_rate", "local_origin_success_rate"] {
                let _ = writeln!(text, "{name}::outlier::{what}_average::-1");
                let _ = writeln!(text, "{name}::outlier::{what}_ejection_threshold::-1");
            }
        }
        for (priority, all) in limits(&told.limits) {
            for (what, number) in all {
                let _ = writeln!(text, "{name}::{priority}_priority::{what}::{number}");
            }
        }
        let _ = writeln!(text, "{name}::added_via_api::{}", !told.host.is_empty());
        for endpoint in &told.endpoints {
            let (ip, port) = &endpoint.address;
            let address = if *port == 0 { ip.clone() } else { format!("{ip}:{port}") };
            let mut facts: Vec<(&str, String)> =
                endpoint.counters.iter().chain(&endpoint.gauges).map(|(n, v)| (*n, v.to_string())).collect();
            facts.sort_by_key(|(name, _)| *name);
            let health = if endpoint.ejected { "/failed_outlier_check" } else { "healthy" };
            let rest = [
                ("hostname", told.host.as_str()),
                ("health_flags", health),
                ("weight", "1"),
                ("region", ""),
                ("zone", ""),
                ("sub_zone", ""),
                ("canary", "false"),
                ("priority", "0"),
                ("success_rate", "-1"),
                ("local_origin_success_rate", "-1"),
            ];
            facts.extend(rest.map(|(name, value)| (name, value.to_owned())));
            for (fact, value) in facts {
                let _ = writeln!(text, "{name}::{address}::{fact}::{value}");
            }
        }
    }
    text
}
