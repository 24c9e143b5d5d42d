//! What the proxies of the simulated pods answer: Envoy under Istio, as its ports and its admin interface show it.
//!
//! | part | what it does |
//! |---|---|
//! | `rate` | how busy a way is over time, in closed form |
//! | `outside` | the hosts outside: how each answers, and what ails it |
//! | `roster` | which pods of a gateway shared its traffic when |
//! | `route` | which hosts a gateway leads to, by the objects of its cluster |
//! | `tally` | what a proxy has counted of one host by a moment |
//! | `stats`, `istio`, `expose` | statistics, and the formats that they are told in |
//! | `clusters`, `certs`, `config`, `server` | the rest of the admin interface |
//! | `over` | statistics at many moments of the past at once |
//! | `collect` | which statistics a proxy collects at all |
//! | `access` | lines of the access log |
//!
//! All of it is a function of the objects, the world's seed and a moment: two who read at any moments agree, counters only
//! grow while a container runs, and begin anew with it. Nothing is kept but levels of logging, and who was ready when.

pub(super) mod access;
mod agent;
mod certs;
mod clusters;
mod collect;
mod config;
mod expose;
mod istio;
mod logging;
mod outside;
mod over;
pub(super) mod rate;
mod roster;
mod route;
mod server;
mod stats;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::state::State;
use super::store::Key;
pub use logging::Levels;
pub use outside::{Fare, Outside, Trouble};
pub use over::Over;
pub use roster::Roster;
use roster::Shift;
use route::Host;
use tally::Tally;

/// A gateway's pod, and the run of its proxy: whose past can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayPod {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// When its proxy's container started: counters began there.
    pub start: Timestamp,
}

/// What is asked of a port of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// The port.
    pub port: u16,
    /// Whether it is a POST.
    pub posts: bool,
    /// Path and query, `/stats/prometheus?usedonly`.
    pub path: &'a str,
}

/// What a port of a pod answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP's code.
    pub code: u16,
    /// Type of the content.
    pub kind: &'static str,
    /// The content.
    pub text: String,
}

const TEXT: &str = "text/plain; charset=UTF-8";
const JSON: &str = "application/json";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

impl Answer {
    fn text(code: u16, text: impl Into<String>) -> Self {
        Self { code, kind: TEXT, text: text.into() }
    }

    fn json(value: &Value) -> Self {
        Self { code: 200, kind: JSON, text: pretty(value) }
    }
}

/// JSON as Envoy writes its messages: a space for each level.
fn pretty(value: &Value) -> String {
    let mut bytes = Vec::new();
    let format = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut writer = serde_json::Serializer::with_formatter(&mut bytes, format);
    // Into memory nothing fails.
    let _ = serde::Serialize::serialize(value, &mut writer);
    bytes.push(b'\n');
    String::from_utf8(bytes).unwrap_or_default()
}

/// Name of the container that every gateway's pod has.
const CONTAINER: &str = "istio-proxy";

/// Whether a pod is a gateway's.
pub(super) fn is_gateway(pod: &Value) -> bool {
    pod["spec"]["containers"][0]["name"] == CONTAINER
}

/// When the proxy of a pod started; none: it does not run.
fn started(pod: &Value) -> Option<Timestamp> {
    pod["status"]["containerStatuses"][0]["state"]["running"]["startedAt"].as_str()?.parse().ok()
}

/// Name of the workload that a pod is of: of the Deployment rather than of the ReplicaSet between them.
pub(super) fn workload(pod: &Value) -> &str {
    let owner = pod["metadata"]["ownerReferences"][0]["name"].as_str().unwrap_or_default();
    let hash = pod["metadata"]["labels"]["pod-template-hash"].as_str();
    hash.and_then(|h| owner.strip_suffix(h)?.strip_suffix('-')).unwrap_or(owner)
}

/// The pods of gateways whose proxies run, in the order of namespace and name.
pub(super) fn gateway_pods(state: &State) -> Vec<GatewayPod> {
    let pods = state.store.list("pods", None).filter(|(_, pod)| is_gateway(pod));
    let pod = |(key, pod): (&Key, &Arc<Value>)| {
        Some(GatewayPod {
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
            uid: pod["metadata"]["uid"].as_str()?.to_owned(),
            start: started(pod)?,
        })
    };
    pods.filter_map(pod).collect()
}

/// Notes whether a gateway's pod is ready, when it has changed; one that is gone is not.
pub(super) fn note(state: &mut State, pod: &Value, is_ready: bool) {
    if !is_gateway(pod) {
        return;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, uid) = (text(&pod["metadata"]["namespace"]), text(&pod["metadata"]["uid"]));
    let now = state.now;
    state.workload.roster.note((&namespace, workload(pod)), &uid, is_ready, now);
}

/// One proxy at one moment.
pub(super) struct Proxy<'a> {
    state: &'a State,
    pod: &'a Value,
    at: Timestamp,
    start: Timestamp,
    ready: bool,
    shifts: Vec<Shift>,
    hosts: Arc<[Host]>,
}

impl<'a> Proxy<'a> {
    /// The proxy of a pod as it is at a moment, which may be one of the past of its present run; none: it does not run.
    pub(super) fn of(state: &'a State, pod: &'a Value, at: Timestamp) -> Option<Self> {
        if !is_gateway(pod) {
            return None;
        }
        let start = started(pod).filter(|start| *start <= at)?;
        let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
        let ready = conditions.any(|c| c["type"] == "Ready" && c["status"] == "True");
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        let gateway = (namespace, workload(pod));
        let shifts = state.workload.roster.shifts(gateway, uid, start, at);
        let hosts = route::hosts(state, pod, gateway).into();
        Some(Self { state, pod, at, start, ready, shifts, hosts })
    }

    /// The same proxy at another moment of its run, as it was told the same then; none: it did not run.
    pub(super) fn again(&self, at: Timestamp) -> Option<Self> {
        let gateway = (self.namespace(), workload(self.pod));
        let shifts = self.state.workload.roster.shifts(gateway, self.uid(), self.start, at);
        (at >= self.start).then(|| Self { at, shifts, hosts: self.hosts.clone(), ..*self })
    }

    fn namespace(&self) -> &'a str {
        self.pod["metadata"]["namespace"].as_str().unwrap_or_default()
    }

    fn uid(&self) -> &'a str {
        self.pod["metadata"]["uid"].as_str().unwrap_or_default()
    }

    fn name(&self) -> &'a str {
        self.pod["metadata"]["name"].as_str().unwrap_or_default()
    }

    fn label(&self, name: &str) -> Option<&'a str> {
        self.pod["metadata"]["labels"][name].as_str().filter(|v| !v.is_empty())
    }

    fn annotation(&self, name: &str) -> Option<&'a str> {
        self.pod["metadata"]["annotations"][name].as_str()
    }

    fn account(&self) -> &'a str {
        self.pod["spec"]["serviceAccountName"].as_str().unwrap_or("default")
    }

    /// Version of the proxy, by its image.
    fn version(&self) -> &'a str {
        let image = self.pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
        image.rsplit_once(':').map_or("1.28.0", |(_, tag)| tag)
    }

    fn uptime(&self) -> u64 {
        self.at.duration_since(self.start).as_secs().max(0).unsigned_abs()
    }

    /// Worker threads: as many as processors may be used.
    fn workers(&self) -> u64 {
        let limit = self.pod["spec"]["containers"][0]["resources"]["limits"]["cpu"].as_str().unwrap_or("2");
        let whole = match limit.strip_suffix('m') {
            Some(milli) => milli.parse().map_or(2, |m: u64| m.div_ceil(1000)),
            None => limit.parse().unwrap_or(2),
        };
        whole.clamp(1, 16)
    }

    /// Bytes that the proxy uses: what it needs at all, and what hosts and connections take.
    pub(super) fn memory(&self) -> u64 {
        let connections: u64 = self.tallies().iter().map(|(_, t)| t.active + t.running).sum();
        let hour = self.at.as_second().div_euclid(30);
        let noise = rate::hashed((self.uid(), hour)) % (1 << 20);
        (42 << 20) + self.hosts.len() as u64 * (180 << 10) + connections * (96 << 10) + noise
    }

    /// What was counted of one host by a moment before.
    fn tally_by(&self, host: &Host, by: Timestamp) -> Tally {
        let end = rate::seconds(by);
        let shifts = self.shifts.iter().map(|s| Shift { to: s.to.min(end), ..*s }).filter(|s| s.to > s.from);
        tally::tally(host, &shifts.collect::<Vec<_>>(), by, self.uid())
    }

    /// What was counted of each host.
    fn tallies(&self) -> Vec<(&Host, Tally)> {
        self.hosts.iter().map(|h| (h, tally::tally(h, &self.shifts, self.at, self.uid()))).collect()
    }

    /// Answers a request that changes nothing; none: nobody listens on the port.
    pub(super) fn answer(&self, request: Request<'_>) -> Option<Answer> {
        let (path, query) = request.path.split_once('?').unwrap_or((request.path, ""));
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let missing = || Answer::text(404, "not found\n");
        Some(match (request.port, path) {
            (15021 | 15020, "/healthz/ready") if self.ready => Answer::text(200, ""),
            (15021 | 15020, "/healthz/ready") => Answer::text(503, "not ready"),
            (15090, "/stats/prometheus") => self.exposition(&query),
            (15020, "/stats/prometheus") => {
                let envoy = self.exposition(&query);
                Answer { kind: EXPOSITION, text: agent::exposition(self) + &envoy.text, ..envoy }
            }
            (15000, _) => self.admin(request.posts, path, &query),
            (15020 | 15021 | 15090, _) => missing(),
            _ if route::listeners(&self.hosts).contains(&request.port) => missing(),
            _ => return None,
        })
    }

    /// The admin interface.
    fn admin(&self, posts: bool, path: &str, query: &[(String, String)]) -> Answer {
        let json = query.iter().any(|(name, value)| name == "format" && value == "json");
        match path {
            "/ready" if self.ready => Answer::text(200, "LIVE\n"),
            "/ready" => Answer::text(503, "PRE_INITIALIZING\n"),
            "/stats/prometheus" => self.exposition(query),
            "/stats" => self.stats(query),
            "/clusters" if json => Answer::json(&clusters::json(self)),
            "/clusters" => Answer::text(200, clusters::text(self)),
            "/certs" => Answer::json(&certs::json(self)),
            "/listeners" if json => Answer::json(&config::listeners_json(self)),
            "/listeners" => Answer::text(200, config::listeners_text(self)),
            "/config_dump" => Answer::json(&config::dump(self)),
            "/server_info" => Answer::json(&server::info(self)),
            "/logging" => {
                let levels = self.state.workload.levels.of(self.uid());
                if posts { Answer::text(200, levels.told()) } else { logging::refused() }
            }
            _ => Answer::text(404, server::unknown()),
        }
    }
}
