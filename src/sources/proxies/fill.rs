//! What `/clusters` counts, as samples: for proxies that collect nothing of their hosts (Istio's default matcher).

use crate::envoy::clusters::{Cluster, Endpoint};
use crate::metrics::series::{Metric, Sample, Series};

/// The classes of codes that requests are counted under: `/clusters` tells only which failed.
const CLASSES: [(u16, Number); 2] = [(2, |e| e.rq_success), (5, |e| e.rq_error)];

/// A flag of an endpoint that was put out for its failures.
const EJECTED: &str = "failed_outlier_check";

/// One number of an endpoint.
type Number = fn(&Endpoint) -> u64;

/// What is counted since an endpoint came: each endpoint of a cluster is a part, since its counters go with it.
const COUNTERS: &[(Metric, Number)] = &[
    (Metric::Timeouts, |e| e.rq_timeout),
    (Metric::UpstreamConnections, |e| e.cx_total),
    (Metric::ConnectFails, |e| e.cx_connect_fail),
];

/// What is so now, of all endpoints together.
const GAUGES: &[(Metric, Number)] = &[
    (Metric::UpstreamActive, |e| e.rq_active),
    (Metric::UpstreamConnectionsActive, |e| e.cx_active),
    (Metric::Endpoints, |_| 1),
    (Metric::EndpointsHealthy, |e| u64::from(e.unhealthy.is_empty())),
    (Metric::Ejected, |e| u64::from(e.unhealthy.iter().any(|flag| &**flag == EJECTED))),
];

/// The samples that the clusters of external hosts give. `rq_total` does not count what never got a connection, so requests
/// are those that succeeded and those that failed.
pub(super) fn samples(clusters: &[Cluster]) -> Vec<Sample> {
    // A gateway has a cluster for each service of the mesh, and most are never used. That connections are counted is said
    // once for all of them: without any, none was opened.
    let read = Series::of(Metric::UpstreamConnections).value(0.0);
    // What names no port is the proxy's own: istiod, its agent.
    let told = clusters.iter().filter(|cluster| cluster.port != 0 && !is_idle(cluster));
    [read].into_iter().chain(told.flat_map(of_cluster)).collect()
}

/// Whether nothing was ever asked of a cluster and nothing is wrong with it.
fn is_idle(cluster: &Cluster) -> bool {
    let counts = |e: &Endpoint| {
        let all =
            [e.cx_active, e.cx_total, e.cx_connect_fail, e.rq_active, e.rq_success, e.rq_error, e.rq_timeout];
        all.into_iter().any(|count| count > 0)
    };
    !cluster.endpoints.iter().any(|endpoint| counts(endpoint) || !endpoint.unhealthy.is_empty())
}

fn of_cluster(cluster: &Cluster) -> Vec<Sample> {
    let of = |metric| Series::of(metric).host(&*cluster.host, cluster.port);
    let mut all = Vec::new();
    #[expect(clippy::cast_precision_loss, reason = "samples are floats")]
    let mut push = |series: Series, value: u64| all.push(series.value(value as f64));
    for endpoint in &cluster.endpoints {
        // Several clusters may be of one host and port, subsets of a DestinationRule, and have the same endpoints.
        let part = |series: Series| series.part_of(&[&cluster.name, " ", &endpoint.address]);
        // What is passed through has no requests, and is told by its connections.
        if endpoint.rq_success.saturating_add(endpoint.rq_error) > 0 {
            for (class, number) in CLASSES {
                push(part(of(Metric::Requests).code(class)), number(endpoint));
            }
        }
        for (metric, number) in COUNTERS {
            push(part(of(*metric)), number(endpoint));
        }
    }
    for (metric, number) in GAUGES {
        let sum = cluster.endpoints.iter().map(number).fold(0, u64::saturating_add);
        push(of(*metric).part_of(&[&cluster.name]), sum);
    }
    all
}

#[cfg(test)]
mod tests;
