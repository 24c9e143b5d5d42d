//! The hosts and endpoints behind a gateway, as its proxies see them together.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::seen::{Counts, PodSeen};
use super::verdicts::{self, Judged};
use crate::envoy::clusters::{Cluster, Endpoint, Limits};
use crate::metrics::view::Upstream;
use crate::model::brief::Thresholds;
use crate::model::reading::Reading;

/// Istio's way to say that nothing is limited.
const UNLIMITED: u64 = u32::MAX as u64;

/// Where a host is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Outside of the mesh.
    #[default]
    External,
    /// A Service of the mesh.
    Mesh,
    /// What the proxy needs for itself: istiod, its agent.
    Own,
}

/// One host and port.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Host {
    /// Host and port, as a row shows them.
    pub name: Box<str>,
    /// Where it is.
    pub place: Place,
    /// Its endpoints: those that are out first, then by address.
    pub endpoints: Vec<Spot>,
    /// Pods whose `/clusters` has it.
    pub pods: u32,
    /// Pods whose `/clusters` was read.
    pub asked: u32,
    /// Open connections.
    pub connections: Use,
    /// Requests under way.
    pub requests: Use,
    /// What was counted since the proxies started.
    pub counts: Counts,
    /// What was counted lately, and since when.
    pub lately: Option<(Timestamp, Counts)>,
    /// The limit of requests that wait: the least of all pods.
    pub pending_limit: Option<u64>,
    /// What statistics say, where they are collected.
    pub stats: Upstream,
    /// How it is, in words.
    pub judged: Judged,
}

/// How much of something is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Use {
    /// In all pods.
    pub all: u64,
    /// In the pod that is nearest to its limit, and the limit; none: nothing is limited.
    pub nearest: Option<(u64, u64)>,
}

impl Use {
    /// The part of the limit that is used; none: nothing is limited.
    pub fn part(&self) -> Option<f64> {
        self.nearest.map(|(used, limit)| if limit == 0 { 1.0 } else { used as f64 / limit as f64 })
    }

    fn add(&mut self, used: u64, limit: Option<u64>) {
        self.all = self.all.saturating_add(used);
        let Some(limit) = limited(limit) else { return };
        let next = Self { all: 0, nearest: Some((used, limit)) };
        if self.part() < next.part() {
            self.nearest = next.nearest;
        }
    }
}

fn limited(limit: Option<u64>) -> Option<u64> {
    limit.filter(|limit| *limit < UNLIMITED)
}

/// One endpoint, over all pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spot {
    /// `192.0.2.7:443`.
    pub address: Box<str>,
    /// Its name, where it was resolved from one.
    pub hostname: Box<str>,
    /// Locality.
    pub locality: Box<str>,
    /// Pods that know it.
    pub pods: u32,
    /// Pods that send nothing to it.
    pub out: u32,
    /// Why, as Envoy's flags say, each with how many pods say it.
    pub flags: Vec<(Box<str>, u32)>,
    /// Open connections.
    pub connections: u64,
    /// Requests under way.
    pub requests: u64,
    /// What was counted since the proxies started.
    pub counts: Counts,
    /// The pod that told it last, counted from 1.
    pub last: u32,
}

impl Spot {
    /// Whether no connection to it has ever succeeded.
    pub fn is_shut(&self) -> bool {
        let Counts { connections, connect_fails, .. } = self.counts;
        self.connections == 0 && connect_fails > 0 && connect_fails >= connections
    }

    /// Adds what a pod says. Several clusters of a pod may have it, a subset each: the pod is counted once.
    fn add(&mut self, pod: u32, endpoint: &Endpoint) {
        let is_new = u32::from(self.last != pod);
        self.last = pod;
        self.pods += is_new;
        self.connections = self.connections.saturating_add(endpoint.cx_active);
        self.requests = self.requests.saturating_add(endpoint.rq_active);
        self.counts = self.counts.plus(Counts::of(endpoint));
        self.out += is_new * u32::from(endpoint.unhealthy.iter().any(|flag| verdicts::is_out(flag)));
        for flag in &endpoint.unhealthy {
            match self.flags.iter_mut().find(|(known, _)| known == flag) {
                Some((_, pods)) => *pods += is_new,
                None => self.flags.push((flag.clone(), 1)),
            }
        }
    }
}

impl Host {
    /// Endpoints that every pod sends to.
    pub fn healthy(&self) -> usize {
        self.endpoints.iter().filter(|spot| spot.out == 0).count()
    }

    /// Endpoints that no pod sends to.
    pub fn out(&self) -> usize {
        self.endpoints.iter().filter(|spot| spot.out > 0 && spot.out == spot.pods).count()
    }
}

/// Hosts while they are put together.
#[derive(Default)]
struct Joining<'a> {
    host: Host,
    at: HashMap<&'a str, usize>,
}

/// The hosts behind these pods, the worst first: what is outside before what is inside. `statistics` are those that are
/// collected; none: nothing was read yet.
pub fn hosts<'a>(
    pods: impl IntoIterator<Item = &'a PodSeen>,
    statistics: Option<Vec<Upstream>>,
    thresholds: &Thresholds,
) -> Vec<Host> {
    let mut joining: BTreeMap<Box<str>, Joining<'a>> = BTreeMap::new();
    let mut asked = 0;
    for pod in pods {
        let Some((_, clusters)) = &pod.clusters else { continue };
        asked += 1;
        let mut counted: Vec<Box<str>> = Vec::new();
        for cluster in clusters {
            let name = name_of(&cluster.host, cluster.port);
            let joined = joining.entry(name.clone()).or_default();
            joined.add(asked, cluster, pod.lately(cluster));
            counted.push(name);
        }
        counted.sort_unstable();
        counted.dedup();
        for name in counted {
            if let Some(joined) = joining.get_mut(&name) {
                joined.host.pods += 1;
            }
        }
    }
    if statistics.is_some() {
        joining.values_mut().for_each(|joined| joined.host.stats = uncollected());
    }
    for upstream in statistics.into_iter().flatten() {
        let joined = joining.entry(name_of(&upstream.host, upstream.port)).or_default();
        if joined.host.pods == 0 {
            joined.host.place = place(&upstream.host, upstream.port);
        }
        joined.host.stats = upstream;
    }
    let mut hosts: Vec<Host> = joining
        .into_iter()
        .map(|(name, Joining { mut host, .. })| {
            host.name = name;
            host.asked = asked;
            host.endpoints.sort_by(|a, b| b.out.cmp(&a.out).then_with(|| a.address.cmp(&b.address)));
            host.judged = verdicts::judge(&host, thresholds);
            host
        })
        .collect();
    hosts.sort_by(|a, b| (a.place, a.judged.rank, &a.name).cmp(&(b.place, b.judged.rank, &b.name)));
    hosts
}

impl<'a> Joining<'a> {
    fn add(&mut self, pod: u32, cluster: &'a Cluster, lately: Option<(Timestamp, Counts)>) {
        let Self { host, at } = self;
        let Limits { connections, pending, requests, .. } = cluster.limits;
        host.place = place(&cluster.host, cluster.port);
        let (mut open, mut active) = (0_u64, 0_u64);
        for endpoint in &cluster.endpoints {
            let index = *at.entry(&endpoint.address).or_insert_with(|| {
                host.endpoints.push(Spot {
                    address: endpoint.address.clone(),
                    hostname: endpoint.hostname.clone(),
                    locality: endpoint.locality.clone(),
                    ..Spot::default()
                });
                host.endpoints.len() - 1
            });
            if let Some(spot) = host.endpoints.get_mut(index) {
                spot.add(pod, endpoint);
            }
            host.counts = host.counts.plus(Counts::of(endpoint));
            open = open.saturating_add(endpoint.cx_active);
            active = active.saturating_add(endpoint.rq_active);
        }
        host.connections.add(open, connections);
        host.requests.add(active, requests);
        host.pending_limit = [host.pending_limit, limited(pending)].into_iter().flatten().min();
        if let Some((since, counts)) = lately {
            let (first, before) = host.lately.unwrap_or((since, Counts::default()));
            host.lately = Some((first.min(since), before.plus(counts)));
        }
    }
}

/// What is known of a host of which no statistics are collected.
pub fn uncollected() -> Upstream {
    const NONE: Reading = Reading::NotCollected;
    Upstream {
        host: "".into(),
        port: 0,
        healthy: NONE,
        endpoints: NONE,
        ejected: NONE,
        ejections: NONE,
        connections: NONE,
        active: NONE,
        pending: NONE,
        open_breakers: Vec::new(),
        overflows: NONE,
        retries: NONE,
        connect_fails: NONE,
        timeouts: NONE,
        tls_handshakes: NONE,
        tls_fails: NONE,
        dns_fails: NONE,
    }
}

/// Host and port as one name. An IPv6 address is told from its port.
fn name_of(host: &str, port: u16) -> Box<str> {
    match (port, host.contains(':')) {
        (0, _) => host.into(),
        (port, true) => format!("[{host}]:{port}").into(),
        (port, false) => format!("{host}:{port}").into(),
    }
}

/// Where a host is, by what its name tells. What has no port is none that a client asks for.
fn place(host: &str, port: u16) -> Place {
    match host {
        _ if port == 0 => Place::Own,
        host if host.ends_with(".svc.cluster.local") || host.ends_with(".svc") => Place::Mesh,
        _ => Place::External,
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Hand-made answers of `/clusters`.

    use super::*;

    /// An endpoint with flags, and this many open connections.
    pub(crate) fn endpoint(address: &str, flags: &[&str], open: u64) -> Endpoint {
        Endpoint {
            address: address.into(),
            unhealthy: flags.iter().map(|flag| (*flag).into()).collect(),
            cx_active: open,
            cx_total: open * 10,
            rq_success: open * 100,
            rq_total: open * 100,
            ..Endpoint::default()
        }
    }

    /// A cluster of an external host.
    pub(crate) fn cluster(host: &str, port: u16, endpoints: Vec<Endpoint>) -> Cluster {
        Cluster {
            name: format!("outbound|{port}||{host}").into(),
            host: host.into(),
            port,
            limits: Limits::default(),
            endpoints,
        }
    }
}

#[cfg(test)]
mod tests;
