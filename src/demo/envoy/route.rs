//! What istiod tells a gateway's proxy: which hosts outside it leads to, on which ports it listens, and with which limits.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::outside::{Demand, Trouble};
use super::rate::hashed;
use crate::demo::state::State;

const GATEWAYS: &str = "gateways.networking.istio.io";
const VIRTUAL_SERVICES: &str = "virtualservices.networking.istio.io";
const SERVICE_ENTRIES: &str = "serviceentries.networking.istio.io";
const DESTINATION_RULES: &str = "destinationrules.networking.istio.io";
const HTTP_ROUTES: &str = "httproutes.gateway.networking.k8s.io";

/// What Istio sets where nothing is said: as much as may be.
pub(super) const UNLIMITED: u64 = 4_294_967_295;

/// How the way to a host is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// HTTP all the way.
    Http,
    /// HTTP comes in, TLS goes out.
    Originate,
    /// TLS is passed through: connections and bytes are all that is seen.
    Passthrough,
}

/// What a circuit breaker allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) connections: u64,
    pub(super) pending: u64,
    pub(super) requests: u64,
    pub(super) retries: u64,
}

/// One host that a gateway leads to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Host {
    pub(super) name: Arc<str>,
    pub(super) port: u16,
    /// The port on which the gateway takes what is for it.
    pub(super) listener: u16,
    pub(super) mode: Mode,
    /// When it was made known: nothing was counted before.
    pub(super) since: Option<Timestamp>,
    pub(super) limits: Limits,
    /// Whether endpoints that fail are put out.
    pub(super) ejects: bool,
    /// Secret of the certificate that is shown to it; none: none is.
    pub(super) credential: Option<Arc<str>>,
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) demand: Demand,
}

/// One address of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) ip: String,
    /// It refuses connections, since the host's trouble began.
    pub(super) refuses: bool,
    /// It was put out for that.
    pub(super) ejected: bool,
}

impl Host {
    /// `outbound|443||host`.
    pub(super) fn cluster(&self) -> String {
        format!("outbound|{}||{}", self.port, self.name)
    }

    /// Endpoints as they are at a moment.
    pub(super) fn endpoints_at(&self, at: Timestamp) -> Vec<Endpoint> {
        let refuses = matches!(self.demand.trouble, Trouble::Refuses(since) if at >= since);
        let as_now = |e: &Endpoint| Endpoint {
            ip: e.ip.clone(),
            refuses: e.refuses && refuses,
            ejected: e.ejected && refuses,
        };
        self.endpoints.iter().map(as_now).collect()
    }
}

/// Networks that are for documentation: no host of the demo is anybody's.
const NETWORKS: [&str; 3] = ["192.0.2", "198.51.100", "203.0.113"];

fn endpoints(host: &str, trouble: Trouble) -> Vec<Endpoint> {
    let own = hashed(host);
    let refuses = matches!(trouble, Trouble::Refuses(_));
    let count = if refuses { 4 } else { 1 + own / 7 % 3 };
    let network = NETWORKS[(own % 3) as usize];
    let first = 10 + own / 100 % 200;
    let one = |n: u64| Endpoint {
        ip: format!("{network}.{}", first + n * 3),
        refuses: refuses && (n == 1 || n == 3),
        ejected: refuses && n == 1,
    };
    (0..count).map(one).collect()
}

/// The texts of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    list(value).filter_map(Value::as_str)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn port_of(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|n| u16::try_from(n).ok())
}

/// Whether labels hold all of a selector's.
fn selects(selector: &Value, labels: &Value) -> bool {
    selector.as_object().is_some_and(|s| !s.is_empty() && s.iter().all(|(k, v)| labels[k] == *v))
}

/// The hosts that a gateway's pod leads to, in the order of their names.
pub(super) fn hosts(state: &State, pod: &Value, gateway: (&str, &str)) -> Vec<Host> {
    let labels = &pod["metadata"]["labels"];
    let mut ways: Vec<(String, u16, u16, bool)> = Vec::new();
    for (key, object) in state.store.list(GATEWAYS, None) {
        if selects(&object["spec"]["selector"], labels) {
            ways.extend(led_by(state, &key.namespace, &key.name, &object["spec"]["servers"]));
        }
    }
    if let Some(name) = labels["gateway.networking.k8s.io/gateway-name"].as_str() {
        ways.extend(led_by_api(state, gateway.0, name));
    }
    ways.sort();
    ways.dedup_by(|a, b| (&a.0, a.1) == (&b.0, b.1));
    let target = targets(state, pod);
    let host = |(name, port, server, tls): (String, u16, u16, bool)| {
        let entry = entry(state, &name)?;
        Some(made(state, gateway, entry, (name, port, target(server)), tls))
    };
    ways.into_iter().filter_map(host).collect()
}

/// Host, port, port of the server, whether TLS is passed through: what VirtualServices lead from an Istio Gateway out.
fn led_by(state: &State, namespace: &str, name: &str, servers: &Value) -> Vec<(String, u16, u16, bool)> {
    let named = [name.to_owned(), format!("{namespace}/{name}")];
    let bound = |value: &Value| texts(value).any(|g| named.iter().any(|n| n == g));
    let server = |tls: bool, host: &str| {
        let passes = |s: &&Value| (s["tls"]["mode"] == "PASSTHROUGH") == tls;
        let fits = |s: &&Value| texts(&s["hosts"]).any(|h| h == host || h == "*");
        list(servers).filter(passes).find(fits).and_then(|s| port_of(&s["port"]["number"]))
    };
    let mut ways = Vec::new();
    for (_, service) in state.store.list(VIRTUAL_SERVICES, None) {
        let spec = &service["spec"];
        if !bound(&spec["gateways"]) {
            continue;
        }
        for (field, tls) in [("http", false), ("tls", true)] {
            for rule in list(&spec[field]).filter(|r| list(&r["match"]).any(|m| bound(&m["gateways"]))) {
                for to in list(&rule["route"]).map(|r| &r["destination"]) {
                    let host = to["host"].as_str().unwrap_or_default();
                    let port = port_of(&to["port"]["number"]).unwrap_or(443);
                    let listener = server(tls, host).unwrap_or(if tls { 443 } else { 80 });
                    ways.push((host.to_owned(), port, listener, tls));
                }
            }
        }
    }
    ways
}

/// The same of a Gateway API Gateway.
fn led_by_api(state: &State, namespace: &str, name: &str) -> Vec<(String, u16, u16, bool)> {
    let mut ways = Vec::new();
    for (_, route) in state.store.list(HTTP_ROUTES, Some(namespace)) {
        if !list(&route["spec"]["parentRefs"]).any(|p| p["name"] == name) {
            continue;
        }
        for to in list(&route["spec"]["rules"]).flat_map(|rule| list(&rule["backendRefs"])) {
            if to["kind"] == "Hostname" {
                let host = to["name"].as_str().unwrap_or_default().to_owned();
                ways.push((host, port_of(&to["port"]).unwrap_or(443), 80, false));
            }
        }
    }
    ways
}

/// The ServiceEntry that makes a host known: to what is not known nothing leads.
fn entry<'a>(state: &'a State, host: &str) -> Option<&'a Value> {
    let mut all = state.store.list(SERVICE_ENTRIES, None);
    all.find(|(_, entry)| texts(&entry["spec"]["hosts"]).any(|h| h == host)).map(|(_, entry)| &**entry)
}

fn made(
    state: &State,
    gateway: (&str, &str),
    entry: &Value,
    (name, port, listener): (String, u16, u16),
    tls: bool,
) -> Host {
    let mut rules = state.store.list(DESTINATION_RULES, None);
    let rule = rules.find(|(_, rule)| rule["spec"]["host"] == *name).map(|(_, rule)| &rule["spec"]);
    let policy = rule.map_or(&Value::Null, |rule| &rule["trafficPolicy"]);
    let of_port = list(&policy["portLevelSettings"]).find(|p| port_of(&p["port"]["number"]) == Some(port));
    let client = &of_port.unwrap_or(policy)["tls"];
    let mode = match client["mode"].as_str() {
        _ if tls => Mode::Passthrough,
        Some("SIMPLE" | "MUTUAL") => Mode::Originate,
        _ => Mode::Http,
    };
    let pool = &policy["connectionPool"];
    let limit = |value: &Value| value.as_u64().unwrap_or(UNLIMITED);
    let limits = Limits {
        connections: limit(&pool["tcp"]["maxConnections"]),
        pending: limit(&pool["http"]["http1MaxPendingRequests"]),
        requests: limit(&pool["http"]["http2MaxRequests"]),
        retries: limit(&pool["http"]["maxRetries"]),
    };
    let demand = state.workload.outside.demand(gateway, &name);
    Host {
        port,
        listener,
        mode,
        since: entry["metadata"]["creationTimestamp"].as_str().and_then(|t| t.parse().ok()),
        limits,
        ejects: policy["outlierDetection"].is_object(),
        credential: client["credentialName"].as_str().map(Into::into),
        endpoints: endpoints(&name, demand.trouble),
        name: name.into(),
        demand,
    }
}

/// From a Gateway's port to the one that the proxy listens on: through the Service of the pod.
fn targets(state: &State, pod: &Value) -> impl Fn(u16) -> u16 {
    let labels = &pod["metadata"]["labels"];
    let namespace = pod["metadata"]["namespace"].as_str();
    let service =
        state.store.list("services", namespace).find(|(_, s)| selects(&s["spec"]["selector"], labels));
    let ports = service.map(|(_, s)| s["spec"]["ports"].clone()).unwrap_or_default();
    move |port| {
        let named = list(&ports).find(|p| port_of(&p["port"]) == Some(port));
        named.and_then(|p| port_of(&p["targetPort"])).unwrap_or(port)
    }
}

/// Ports on which a gateway's proxy listens for clients.
pub(super) fn listeners(hosts: &[Host]) -> Vec<u16> {
    let mut ports: Vec<u16> = hosts.iter().map(|h| h.listener).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}
