//! What `/clusters` counts, as samples: for proxies that collect nothing of their hosts (Istio's default matcher).

use std::sync::Arc;

use crate::envoy::clusters::{Cluster, Endpoint};
use crate::metrics::series::{Metric, Sample, Series};

/// The code that requests which failed are counted under: `/clusters` tells only that they did.
const FAILED: u16 = 503;

/// The code that requests which succeeded are counted under.
const SUCCEEDED: u16 = 200;

/// A flag of an endpoint that was put out for its failures.
const EJECTED: &str = "failed_outlier_check";

/// The metrics of a cluster that are the sums of its endpoints' numbers.
const SUMS: &[(Metric, fn(&Endpoint) -> u64)] = &[
    (Metric::UpstreamActive, |e| e.rq_active),
    (Metric::Timeouts, |e| e.rq_timeout),
    (Metric::UpstreamConnections, |e| e.cx_total),
    (Metric::UpstreamConnectionsActive, |e| e.cx_active),
    (Metric::ConnectFails, |e| e.cx_connect_fail),
    (Metric::Endpoints, |_| 1),
    (Metric::EndpointsHealthy, |e| u64::from(e.unhealthy.is_empty())),
    (Metric::Ejected, |e| u64::from(e.unhealthy.iter().any(|flag| &**flag == EJECTED))),
];

/// The samples that the clusters of external hosts give. Requests that failed are told apart from those that succeeded,
/// and nothing else: `rq_total` does not count what never got a connection, so it is not looked at.
pub(super) fn samples(clusters: &[Cluster]) -> Vec<Sample> {
    let mut all = Vec::new();
    // What names no port is the proxy's own: istiod, its agent.
    for cluster in clusters.iter().filter(|cluster| cluster.port != 0) {
        let host: Arc<str> = (&*cluster.host).into();
        let mut push = |metric, code, value: u64| {
            let (host, port) = (Some(host.clone()), cluster.port);
            let series = Series { metric, host, port, code, flags: None, le: None, part: 0 };
            #[expect(clippy::cast_precision_loss, reason = "samples are floats")]
            all.push(Sample { series, value: value as f64 });
        };
        let sum = |of: fn(&Endpoint) -> u64| cluster.endpoints.iter().map(of).fold(0, u64::saturating_add);
        push(Metric::Requests, SUCCEEDED, sum(|e| e.rq_success));
        push(Metric::Requests, FAILED, sum(|e| e.rq_error));
        for (metric, of) in SUMS {
            push(*metric, 0, sum(*of));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_cannot_be_connected_to_has_failed_requests_though_envoy_counts_none() {
        let dead = Endpoint {
            rq_error: 40,
            cx_connect_fail: 40,
            unhealthy: vec![EJECTED.into()],
            ..Endpoint::default()
        };
        let good = Endpoint { rq_success: 7, rq_total: 7, cx_active: 2, cx_total: 3, ..Endpoint::default() };
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
            let values: Vec<f64> = found.map(|s| s.value).collect();
            assert_eq!(values.len(), 1, "{metric:?} {code}");
            values[0]
        };
        assert!(all.iter().all(|s| s.series.host.as_deref() == Some("api.example.com")), "{all:?}");
        for (metric, code, wanted) in [
            (Metric::Requests, 200, 7.0),
            (Metric::Requests, 503, 40.0),
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
