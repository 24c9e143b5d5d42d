//! The upstream clusters of a gateway's pods.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::kept::is_of_cluster;
use super::slice::Slices;
use crate::metrics::series::Metric;
use crate::metrics::view::Upstream;
use crate::model::reading::Reading;

/// What `/clusters` tells too. Any other metric of a cluster says that Envoy's statistics of clusters are collected.
const ALWAYS: [Metric; 8] = [
    Metric::UpstreamActive,
    Metric::Timeouts,
    Metric::UpstreamConnections,
    Metric::UpstreamConnectionsActive,
    Metric::ConnectFails,
    Metric::EndpointsHealthy,
    Metric::Endpoints,
    Metric::Ejected,
];

/// Breakers, and what they break.
const BREAKERS: [(Metric, &str); 4] = [
    (Metric::BreakerConnections, "connections"),
    (Metric::BreakerPending, "pending"),
    (Metric::BreakerRequests, "requests"),
    (Metric::BreakerRetries, "retries"),
];

/// How the pods of a gateway join.
#[derive(Clone, Copy)]
enum Join {
    Sum,
    Least,
    Most,
}

/// What the pods say of one host and port.
#[derive(Default)]
struct Found {
    /// Of each metric, what each pod said.
    values: HashMap<Metric, Vec<f64>>,
    /// Any pod tells how it is now.
    stands: bool,
}

/// The clusters, the worst first.
pub(super) fn upstreams(slices: &Slices<'_>) -> Vec<Upstream> {
    let mut found: BTreeMap<(Arc<str>, u16), Found> = BTreeMap::new();
    let mut told = HashSet::new();
    for slice in &slices.of {
        let mut of_pod: HashMap<(Arc<str>, u16, Metric), f64> = HashMap::new();
        for kept in slice.pod.series.iter().filter(|kept| is_of_cluster(kept.key.metric)) {
            // A cluster that was taken away stands for nothing any more.
            let Some(host) = kept.key.host.as_ref().filter(|_| slice.pod.has_cluster(kept)) else { continue };
            told.insert(kept.key.metric);
            let is_gauge = kept.key.metric.is_gauge();
            if is_gauge && !slice.stands() {
                continue;
            }
            let value = if is_gauge { slice.standing(kept).number() } else { slice.sum(kept) };
            let values = of_pod.entry((host.clone(), kept.key.port, kept.key.metric)).or_default();
            *values += value.unwrap_or_default();
        }
        for ((host, port, metric), value) in of_pod {
            let found = found.entry((host, port)).or_default();
            found.stands |= slice.stands();
            found.values.entry(metric).or_default().push(value);
        }
    }
    let collects = told.iter().any(|metric| !ALWAYS.contains(metric));
    let judge = Judge { is_paired: slices.is_paired, told, collects };
    let mut upstreams: Vec<Upstream> =
        found.iter().map(|((host, port), found)| judge.upstream(host, *port, found)).collect();
    upstreams.sort_by_cached_key(badness);
    upstreams
}

struct Judge {
    is_paired: bool,
    /// Metrics that any pod tells of any host.
    told: HashSet<Metric>,
    /// Envoy's statistics of clusters are collected: what is left out stands at zero.
    collects: bool,
}

impl Judge {
    fn upstream(&self, host: &Arc<str>, port: u16, found: &Found) -> Upstream {
        let now = |metric, join| self.reading(found, &[metric], join, found.stands);
        let grew = |metrics: &[Metric]| self.reading(found, metrics, Join::Sum, self.is_paired);
        let is_open = |metric: &Metric| found.values.get(metric).is_some_and(|v| v.iter().any(|v| *v > 0.0));
        Upstream {
            host: host.clone(),
            port,
            healthy: now(Metric::EndpointsHealthy, Join::Least),
            endpoints: now(Metric::Endpoints, Join::Most),
            ejected: now(Metric::Ejected, Join::Most),
            ejections: grew(&[Metric::Ejections]),
            connections: now(Metric::UpstreamConnectionsActive, Join::Sum),
            active: now(Metric::UpstreamActive, Join::Sum),
            pending: now(Metric::UpstreamPending, Join::Sum),
            open_breakers: BREAKERS.iter().filter(|(m, _)| is_open(m)).map(|(_, what)| *what).collect(),
            overflows: grew(&[Metric::PendingOverflow, Metric::ConnectionOverflow]),
            retries: grew(&[Metric::Retries]),
            // Connections that took too long are among those that failed.
            connect_fails: grew(&[Metric::ConnectFails]),
            timeouts: grew(&[Metric::Timeouts, Metric::TryTimeouts]),
            tls_handshakes: grew(&[Metric::TlsHandshakes]),
            tls_fails: grew(&[Metric::TlsErrors, Metric::TlsVerifyFails]),
            dns_fails: grew(&[Metric::DnsFails]),
        }
    }

    fn reading(&self, found: &Found, metrics: &[Metric], join: Join, is_known: bool) -> Reading {
        let told = metrics.iter().any(|metric| self.told.contains(metric));
        // Every cluster has endpoints, if only none: where no cluster tells, it is not collected.
        let always =
            metrics.iter().any(|metric| matches!(metric, Metric::Endpoints | Metric::EndpointsHealthy));
        if !(told || self.collects && !always) {
            return Reading::NotCollected;
        }
        if !is_known {
            return Reading::Unknown;
        }
        let values = || metrics.iter().filter_map(|metric| found.values.get(metric)).flatten().copied();
        let joined = match join {
            Join::Sum => values().sum(),
            Join::Least => values().reduce(f64::min).unwrap_or_default(),
            Join::Most => values().reduce(f64::max).unwrap_or_default(),
        };
        Reading::Value(joined)
    }
}

/// None healthy, then open breakers, then failures, then ejections, then connections.
fn badness(upstream: &Upstream) -> impl Ord + use<> {
    let number = |reading: Reading| reading.number().unwrap_or_default();
    let failed = [
        upstream.connect_fails,
        upstream.timeouts,
        upstream.tls_fails,
        upstream.dns_fails,
        upstream.overflows,
    ];
    let failed: f64 = failed.into_iter().map(number).sum();
    let is_dead = number(upstream.endpoints) > 0.0 && upstream.healthy.number() == Some(0.0);
    (
        Reverse(is_dead),
        Reverse(upstream.open_breakers.len()),
        Reverse(failed.round() as u64),
        Reverse(number(upstream.ejected) as u64),
        Reverse(number(upstream.connections) as u64),
        upstream.host.clone(),
        upstream.port,
    )
}
