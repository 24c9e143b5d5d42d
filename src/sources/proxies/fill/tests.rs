use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::metrics::scrape::Way;
use crate::metrics::view::{By, Of, Row, Totals, Window};
use crate::metrics::{Scrape, Store};
use crate::model::name::{Kind, ObjectKey};
use crate::model::reading::{Reading, Source};

fn cluster(subset: &str, host: &str, endpoints: Vec<Endpoint>) -> Cluster {
    let name = format!("outbound|443|{subset}|{host}").into();
    Cluster { name, host: host.into(), port: 443, endpoints, ..Cluster::default() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_400 + second).unwrap()
}

fn pod() -> ObjectKey {
    ObjectKey { cluster: "test".into(), kind: Kind::Pod, namespace: "egress".into(), name: "p".into() }
}

/// What is told of a pod that says this every ten seconds.
struct Told(Store, i64);

impl Told {
    fn of(said: &[Vec<Cluster>]) -> Self {
        let mut store = Store::default();
        for (n, clusters) in said.iter().enumerate() {
            store.ingest(&Scrape {
                pod: pod(),
                uid: "p".into(),
                at: at(n as i64 * 10),
                took: Duration::ZERO,
                bytes: 0,
                way: Way::PodProxy(15090),
                uptime: None,
                broken: 0,
                dropped: 0,
                source: Source::Admin,
                samples: samples(clusters),
            });
        }
        Self(store, (said.len() as i64 - 1) * 10)
    }

    fn totals(&self, of: &Of) -> Totals {
        self.0.totals(&[pod()], of, Window::Minute, at(self.1))
    }

    fn rows(&self) -> Vec<Row> {
        self.0.rows(&[pod()], By::Host, Window::Minute, at(self.1))
    }
}

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
    let own = Cluster { port: 0, ..cluster("", "xds-grpc", vec![good.clone()]) };
    let mut all = samples(&[cluster("", "api.example.com", vec![dead, good]), own]);
    assert_eq!(all.remove(0), Series::of(Metric::UpstreamConnections).value(0.0));
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

#[test]
fn subsets_of_a_host_that_share_its_endpoints_are_summed() {
    let endpoint = |requests, active| Endpoint {
        address: "192.0.2.7:443".into(),
        rq_success: requests,
        cx_total: 5,
        cx_active: active,
        ..Endpoint::default()
    };
    let said = |more: u64| {
        let of = |subset, requests, active| {
            cluster(subset, "api.example.com", vec![endpoint(requests + more, active)])
        };
        vec![of("", 1_000, 1), of("v1", 20, 2), of("v2", 3, 4)]
    };
    let told = Told::of(&[said(0), said(50)]);
    let totals = told.totals(&Of::Host("api.example.com".into()));
    assert_eq!((totals.requests, totals.active), (Reading::Value(15.0), Reading::Value(7.0)));
    let upstreams = told.0.upstreams(&[pod()], Window::Minute, at(10));
    assert_eq!((upstreams.len(), upstreams[0].connections), (1, Reading::Value(7.0)));
}

#[test]
fn what_is_passed_through_is_told_by_its_connections_and_a_dead_host_by_those_that_failed() {
    let said = |n: u64| {
        let db = Endpoint {
            address: "192.0.2.7:443".into(),
            cx_total: 100 + 20 * n,
            cx_active: 3,
            rq_total: 100 + 20 * n,
            ..Endpoint::default()
        };
        let dead = Endpoint {
            address: "192.0.2.9:443".into(),
            cx_total: 10 * n,
            cx_connect_fail: 10 * n,
            ..Endpoint::default()
        };
        vec![cluster("", "db.example.com", vec![db]), cluster("", "dead.example.com", vec![dead])]
    };
    let told = Told::of(&[said(0), said(1), said(2)]);
    let totals = told.totals(&Of::All);
    assert_eq!((totals.requests, totals.connections), (Reading::Value(0.0), Reading::Value(3.0)));
    let of: Vec<_> =
        told.rows().iter().map(|r| (r.key.to_string(), r.totals.connections, r.totals.success)).collect();
    // What it counted first is counted too: it stood at zero before.
    let expected = [("dead.example.com", 1.0, 0.0), ("db.example.com", 2.0, 1.0)];
    assert_eq!(of, expected.map(|(host, n, ok)| (host.to_owned(), Reading::Value(n), Reading::Value(ok))));
    assert!(told.rows()[0].failing_since.is_some());
}

#[test]
fn a_gateway_that_is_never_used_reads_zero_and_its_clusters_take_no_place() {
    let idle = |n: u16| {
        let endpoint = Endpoint { address: format!("192.0.2.7:{n}").into(), ..Endpoint::default() };
        cluster("", &format!("host-{n}.example.com"), vec![endpoint])
    };
    let all: Vec<Cluster> = (0..1_000).map(idle).collect();
    assert_eq!(samples(&all).len(), 1);
    let totals = Told::of(&[all.clone(), all.clone()]).totals(&Of::All);
    assert_eq!((totals.requests, totals.success), (Reading::Value(0.0), Reading::Nothing));
    // One that has trouble is told of, used or not.
    let mut out = idle(1_000);
    out.endpoints[0].unhealthy.push(EJECTED.into());
    assert!(samples(&[out]).len() > 1);
    // And the first that is used counts from zero.
    let mut used = all.clone();
    used[7].endpoints[0].rq_success = 30;
    let told = Told::of(&[all, used]);
    assert_eq!(told.totals(&Of::Host("host-7.example.com".into())).requests, Reading::Value(3.0));
}
