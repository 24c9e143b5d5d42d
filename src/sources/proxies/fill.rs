//! What `/clusters` counts, as samples: for proxies that collect nothing of their hosts (Istio's default matcher).

use crate::envoy::clusters::{Cluster, Endpoint};
use crate::metrics::series::{Metric, Sample, Series};

/// The classes of codes that requests are counted under: `/clusters` tells only which failed.
const CLASSES: [(u16, Number); 2] = [(2, |e| e.rq_success), (5, |e| e.rq_error)];

/// A flag of an endpoint that was put out for its failures.
const EJECTED: &str = "failed_outlier_check";

/// One number of an endpoint.
type Number = fn(&Endpoint) -> u64;

/// What is counted since an endpoint came: each endpoint is a part, since its counters go with it.
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
    // What names no port is the proxy's own: istiod, its agent.
    clusters.iter().filter(|cluster| cluster.port != 0).flat_map(of_cluster).collect()
}

fn of_cluster(cluster: &Cluster) -> Vec<Sample> {
    let of = |metric| Series::of(metric).host(&*cluster.host, cluster.port);
    let mut all = Vec::new();
    #[expect(clippy::cast_precision_loss, reason = "samples are floats")]
    let mut push = |series: Series, value: u64| all.push(series.value(value as f64));
    for endpoint in &cluster.endpoints {
        let part = |series: Series| series.part_of(&endpoint.address);
        for (class, number) in CLASSES {
            push(part(of(Metric::Requests).code(class)), number(endpoint));
        }
        for (metric, number) in COUNTERS {
            push(part(of(*metric)), number(endpoint));
        }
    }
    for (metric, number) in GAUGES {
        push(of(*metric), cluster.endpoints.iter().map(number).fold(0, u64::saturating_add));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_cannot_be_connected_to_has_failed_requests_though_envoy_counts_none() {
        let dead = Endpoint {
            address: "192.0.2.7:443".into(),
            rq_error: 40,
            cx_connect_fail: 40,
            unhealthy: vec![EJECTED.into()],
            ..Endpoint::default()
        };
        let good = Endpoint {
            address: "192.0.2.8:443".into(),
            rq_success: 7,
            rq_total: 7,
            cx_active: 2,
            cx_total: 3,
            ..Endpoint::default()
        };
        let cluster = |host: &str, port, endpoints| Cluster {
            name: format!("outbound|{port}||{host}").into(),
            host: host.into(),
            port,
            endpoints,
            ..Cluster::default()
        };
        let all =
            samples(&[cluster("api.example.com", 443, vec![dead, good]), cluster("xds-grpc", 0, vec![])]);
        assert!(all.iter().all(|s| s.series.host.as_deref() == Some("api.example.com")), "{all:?}");
        for (metric, code, wanted) in [
            (Metric::Requests, 2, &[0.0, 7.0][..]),
            (Metric::Requests, 5, &[40.0, 0.0]),
            (Metric::ConnectFails, 0, &[40.0, 0.0]),
            (Metric::UpstreamConnectionsActive, 0, &[2.0]),
            (Metric::Endpoints, 0, &[2.0]),
            (Metric::EndpointsHealthy, 0, &[1.0]),
            (Metric::Ejected, 0, &[1.0]),
        ] {
            let found = all.iter().filter(|s| s.series.metric == metric && s.series.code == code);
            assert_eq!(found.map(|s| s.value).collect::<Vec<f64>>(), wanted, "{metric:?} {code}");
        }
        let parts: std::collections::BTreeSet<u32> = all.iter().map(|s| s.series.part).collect();
        assert_eq!(parts.len(), 3, "two endpoints, and both together: {all:?}");
    }
}
