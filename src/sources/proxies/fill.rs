//! What `/clusters` counts, as samples: for proxies that collect nothing of their hosts (Istio's default matcher).

use std::sync::Arc;

use crate::envoy::clusters::{Cluster, Endpoint};
use crate::metrics::series::{self, Sample};

/// A flag of an endpoint that was put out for its failures.
const EJECTED: &str = "failed_outlier_check";

/// The samples that the clusters of external hosts give, each of one endpoint: endpoints come and go, and their counters with
/// them, so that a sum of them would fall, and a counter that falls began anew. Requests that failed are told apart from those
/// that succeeded, and nothing else: `rq_total` does not count what never got a connection, so it is not looked at.
pub(super) fn samples(clusters: &[Cluster]) -> Vec<Sample> {
    let mut all = Vec::new();
    // What names no port is the proxy's own: istiod, its agent.
    for cluster in clusters.iter().filter(|cluster| cluster.port != 0) {
        let host: Arc<str> = (&*cluster.host).into();
        all.extend(cluster.endpoints.iter().flat_map(|endpoint| of(endpoint).samples(&host, cluster.port)));
    }
    all
}

fn of(endpoint: &Endpoint) -> series::Endpoint<'_> {
    series::Endpoint {
        address: &endpoint.address,
        is_healthy: endpoint.unhealthy.is_empty(),
        is_ejected: endpoint.unhealthy.iter().any(|flag| &**flag == EJECTED),
        succeeded: endpoint.rq_success,
        failed: endpoint.rq_error,
        active: endpoint.rq_active,
        timeouts: endpoint.rq_timeout,
        connections: endpoint.cx_total,
        connections_active: endpoint.cx_active,
        connect_fails: endpoint.cx_connect_fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::series::Metric;

    #[test]
    fn a_host_that_cannot_be_connected_to_has_failed_requests_though_envoy_counts_none() {
        let dead = Endpoint {
            address: "192.0.2.1:443".into(),
            rq_error: 40,
            cx_connect_fail: 40,
            unhealthy: vec![EJECTED.into()],
            ..Endpoint::default()
        };
        let good = Endpoint {
            address: "192.0.2.2:443".into(),
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
        let value = |metric, code| {
            let found = all.iter().filter(|s| s.series.metric == metric && s.series.code == code);
            let parts: std::collections::BTreeSet<u32> = found.clone().map(|s| s.series.part).collect();
            assert_eq!(parts.len(), 2, "each endpoint counts for itself: {metric:?} {code}");
            found.map(|s| s.value).sum::<f64>()
        };
        assert!(all.iter().all(|s| s.series.host.as_deref() == Some("api.example.com")), "{all:?}");
        for (metric, code, wanted) in [
            (Metric::Requests, 2, 7.0),
            (Metric::Requests, 5, 40.0),
            (Metric::ConnectFails, 0, 40.0),
            (Metric::UpstreamConnectionsActive, 0, 2.0),
            (Metric::Endpoints, 0, 2.0),
            (Metric::EndpointsHealthy, 0, 1.0),
            (Metric::Ejected, 0, 1.0),
        ] {
            assert!((value(metric, code) - wanted).abs() < 1e-9, "{metric:?} {code}");
        }
    }
}
