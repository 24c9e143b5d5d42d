//! Hosts put together from what pods say.

use super::testing::{cluster, endpoint};
use super::*;
use crate::app::traffic::seen::SeenPods;
use crate::envoy::{Answer, Seen};
use crate::model::name::{Kind, ObjectKey};

fn seen(pods: Vec<Vec<Cluster>>) -> (SeenPods, Vec<ObjectKey>) {
    let mut seen = SeenPods::default();
    let mut keys = Vec::new();
    for (n, clusters) in pods.into_iter().enumerate() {
        let pod = ObjectKey {
            cluster: "eu".into(),
            kind: Kind::Pod,
            namespace: "istio-system".into(),
            name: format!("p-{n}").into(),
        };
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        seen.take(Seen { pod: pod.clone(), at, answer: Ok(Answer::Clusters(clusters)) });
        keys.push(pod);
    }
    (seen, keys)
}

fn of(pods: Vec<Vec<Cluster>>) -> Vec<Host> {
    let (seen, keys) = seen(pods);
    hosts(keys.iter().filter_map(|key| seen.pod(key)), None, &Thresholds::default())
}

#[test]
fn endpoints_are_joined_over_pods_and_tell_on_how_many_they_are_out() {
    let of_pod = |flags: &[&str]| {
        vec![cluster(
            "api.example.com",
            443,
            vec![endpoint("192.0.2.7:443", flags, 3), endpoint("192.0.2.8:443", &[], 1)],
        )]
    };
    let all = of(vec![of_pod(&["failed_outlier_check"]), of_pod(&["failed_outlier_check"]), of_pod(&[])]);
    let host = &all[0];
    assert_eq!((&*host.name, host.pods, host.asked), ("api.example.com:443", 3, 3));
    assert_eq!((host.healthy(), host.out(), host.endpoints.len()), (1, 0, 2));
    let bad = &host.endpoints[0];
    assert_eq!((&*bad.address, bad.out, bad.pods, bad.connections), ("192.0.2.7:443", 2, 3, 9));
    assert_eq!(bad.flags, [("failed_outlier_check".into(), 2)]);
}

#[test]
fn a_limit_is_of_one_pod_and_the_nearest_is_told() {
    let of_pod = |open, limit| {
        let mut one = cluster("api.example.com", 443, vec![endpoint("192.0.2.7:443", &[], open)]);
        one.limits.connections = Some(limit);
        vec![one]
    };
    let all = of(vec![of_pod(10, 100), of_pod(97, 100), of_pod(500, UNLIMITED)]);
    assert_eq!(all[0].connections, Use { all: 607, nearest: Some((97, 100)) });
    let all = of(vec![of_pod(500, UNLIMITED)]);
    assert_eq!(all[0].connections, Use { all: 500, nearest: None });
    let all = of(vec![of_pod(0, 0)]);
    assert_eq!(all[0].connections.part(), Some(1.0), "nothing is allowed");
}

#[test]
fn what_is_outside_stands_first_and_the_worst_at_its_top() {
    let good = |host: &str| cluster(host, 443, vec![endpoint("192.0.2.1:443", &[], 1)]);
    let bad = |host: &str| cluster(host, 443, vec![endpoint("192.0.2.2:443", &["failed_active_hc"], 0)]);
    let own = Cluster { name: "xds-grpc".into(), host: "xds-grpc".into(), ..Cluster::default() };
    let all = of(vec![vec![
        own,
        bad("db.prod.svc.cluster.local"),
        good("b.example.com"),
        good("a.example.com"),
        bad("z.example.com"),
    ]]);
    let names: Vec<&str> = all.iter().map(|host| &*host.name).collect();
    let expected = [
        "z.example.com:443",
        "a.example.com:443",
        "b.example.com:443",
        "db.prod.svc.cluster.local:443",
        "xds-grpc",
    ];
    assert_eq!(names, expected);
}

#[test]
fn two_clusters_of_one_host_count_a_pod_once() {
    let subset = |name: &str| Cluster {
        name: name.into(),
        ..cluster("a.example.com", 443, vec![endpoint("192.0.2.1:443", &[], 1)])
    };
    let all = of(vec![vec![subset("outbound|443||a.example.com"), subset("outbound|443|v2|a.example.com")]]);
    assert_eq!((all.len(), all[0].pods, all[0].connections.all), (1, 1, 2));
}

#[test]
fn statistics_stand_beside_what_the_admin_interface_says_and_alone_where_it_says_nothing() {
    let (seen, keys) = seen(vec![vec![cluster("a.example.com", 443, vec![])]]);
    let stats = |host: &str| Upstream {
        host: host.into(),
        port: 443,
        retries: Reading::Value(3.0),
        ..Upstream::default()
    };
    let all = hosts(
        keys.iter().filter_map(|key| seen.pod(key)),
        Some(vec![stats("a.example.com"), stats("b.example.com")]),
        &Thresholds::default(),
    );
    let told: Vec<(&str, u32, Option<f64>)> =
        all.iter().map(|host| (&*host.name, host.pods, host.stats.retries.number())).collect();
    assert!(
        told.contains(&("a.example.com:443", 1, Some(3.0)))
            && told.contains(&("b.example.com:443", 0, Some(3.0))),
        "{told:?}"
    );
}

#[test]
fn an_address_of_ipv6_is_told_from_its_port() {
    assert_eq!(&*name_of("2001:db8::1", 443), "[2001:db8::1]:443");
    assert_eq!(&*name_of("*.example.com", 0), "*.example.com");
}
