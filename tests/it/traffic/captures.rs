//! What a real Envoy said (`tests/data/envoy`, written by `cargo run --example capture`), read by egret's own readers. The
//! numbers are those of the load that was sent (`tests/data/envoy/README.md`).

use std::collections::BTreeMap;
use std::path::Path;

use egret::envoy::clusters::{self, Cluster, Limits};
use egret::envoy::{certs, flags, secrets, server};
use egret::metrics::read::{Read, Reader};
use egret::metrics::series::{Metric, Sample};

fn capture(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/envoy");
    std::fs::read(folder.join(file)).unwrap()
}

fn read(file: &str) -> Read {
    let mut reader = Reader::default();
    // In pieces, as they come over a network.
    capture(file).chunks(1_000).for_each(|piece| reader.push(piece));
    reader.finish()
}

/// The samples of a metric, by host and whatever else is asked for.
fn sums<K: Ord>(read: &Read, metric: Metric, key: impl Fn(&Sample) -> K) -> BTreeMap<K, f64> {
    let mut sums = BTreeMap::new();
    for sample in read.samples.iter().filter(|sample| sample.series.metric == metric) {
        *sums.entry(key(sample)).or_default() += sample.value;
    }
    sums
}

fn host(sample: &Sample) -> String {
    sample.series.host.as_deref().unwrap_or_default().to_owned()
}

fn wanted(rows: &[(&str, f64)]) -> BTreeMap<String, f64> {
    rows.iter().map(|(host, value)| ((*host).to_owned(), *value)).collect()
}

#[test]
fn clusters_of_a_real_envoy_tell_what_went_to_each_endpoint() {
    let told = clusters::parse(&capture("bare/clusters.json")).unwrap();
    let of = |host: &str| -> &Cluster { told.iter().find(|cluster| &*cluster.host == host).unwrap() };
    // Success, errors, timeouts, requests, failed connections of each endpoint.
    let cases: &[(&str, u16, &[[u64; 5]])] = &[
        ("api.example.com", 80, &[[49, 3, 0, 52, 0]]),
        ("half.example.com", 80, &[[27, 0, 0, 27, 0], [0, 3, 0, 0, 3]]),
        // Each request was tried twice.
        ("down.example.com", 80, &[[0, 12, 0, 0, 12]]),
        ("late.example.com", 80, &[[0, 2, 2, 2, 0]]),
        ("narrow.example.com", 80, &[[0, 0, 0, 2, 0]]),
        ("nobody.example.com", 80, &[]),
        ("plain.example.com", 443, &[[0, 3, 0, 0, 3]]),
        ("other.example.com", 443, &[[0, 4, 0, 0, 4]]),
        ("mtls.example.com", 443, &[[5, 0, 0, 5, 0]]),
    ];
    assert_eq!(told.len(), cases.len());
    for (host, port, counted) in cases {
        let cluster = of(host);
        assert_eq!(cluster.port, *port, "{host}");
        let found: Vec<[u64; 5]> = cluster
            .endpoints
            .iter()
            .map(|e| [e.rq_success, e.rq_error, e.rq_timeout, e.rq_total, e.cx_connect_fail])
            .collect();
        assert_eq!(found, *counted, "{host}");
        assert!(
            cluster.endpoints.iter().all(|e| &*e.hostname == *host && &*e.locality == "eu/eu-1"),
            "{host}"
        );
    }
    let half = &of("half.example.com").endpoints;
    assert!(half[0].is_healthy());
    assert_eq!(&*half[1].unhealthy, &["failed_outlier_check".into()]);
    let narrow = of("narrow.example.com");
    let limits = Limits { connections: Some(2), pending: Some(1), requests: Some(2), retries: Some(1) };
    assert_eq!(narrow.limits, limits);
    let endpoint = &narrow.endpoints[0];
    assert_eq!((endpoint.cx_active, endpoint.rq_active, endpoint.rq_pending), (2, 2, 1));
    // Istio's word for no limit, and Envoy's own limits where nobody set any.
    assert_eq!(of("api.example.com").limits, Limits::default());
    assert_eq!(of("late.example.com").limits.connections, Some(1024));
}

#[test]
fn certificates_of_a_real_envoy_are_told_with_names_and_dates() {
    let told = certs::parse(&capture("bare/certs.json")).unwrap();
    let date = |time: Option<jiff::Timestamp>| time.unwrap().to_string()[..10].to_owned();
    let seen: Vec<_> = told
        .iter()
        .map(|c| {
            (
                c.is_ca,
                &*c.source,
                c.names.iter().map(|n| &**n).collect::<Vec<_>>(),
                date(c.not_before),
                date(c.not_after),
            )
        })
        .collect();
    let row = |is_ca, source: &'static str, names: &[&'static str], from: &str, to: &str| {
        (is_ca, source, names.to_vec(), from.to_owned(), to.to_owned())
    };
    let client = "spiffe://cluster.local/ns/istio-system/sa/istio-gateway";
    let mut wanted = vec![
        row(false, "", &["mtls.example.com", "192.0.2.7"], "2026-10-01", "2027-10-01"),
        row(true, "/etc/gateway/ca.pem", &[], "2026-01-01", "2036-01-01"),
        row(false, "/etc/gateway/client.pem", &[client], "2026-11-01", "2027-01-15"),
    ];
    let mut seen = seen;
    seen.sort();
    wanted.sort();
    assert_eq!(seen, wanted);
    assert!(
        told.iter().all(|c| c.serial.len() >= 30 && c.serial.chars().all(|c| c.is_ascii_hexdigit())),
        "{told:?}"
    );
}

#[test]
fn a_certificate_of_a_gateway_is_told_with_the_secret_that_brought_it() {
    let mut told = certs::parse(&capture("agent/certs.json")).unwrap();
    assert!(
        told.iter().all(|certificate| certificate.source.is_empty()),
        "/certs does not tell it: {told:?}"
    );
    let brought = secrets::parse(&capture("agent/secrets.json")).unwrap();
    secrets::name(&mut told, &brought);
    let source = |name: &str| {
        let found = told.iter().find(|c| c.names.iter().any(|n| &**n == name));
        found.map(|certificate| &*certificate.source)
    };
    assert_eq!(source("payments.example.com"), Some("kubernetes://payments-tls"));
    assert_eq!(source("spiffe://cluster.local/ns/istio-system/sa/egress"), Some("default"));
    assert!(told.iter().any(|c| c.is_ca && &*c.source == "ROOTCA"), "{told:?}");
}

#[test]
fn a_real_envoy_tells_its_version_bare_and_under_pilot_agent() {
    for file in ["bare/server_info.json", "agent/server_info.json", "agent-all/server_info.json"] {
        let told = server::parse(&capture(file)).unwrap();
        assert_eq!((&*told.version, &*told.state, told.concurrency), ("1.40.0", "LIVE", 1), "{file}");
    }
}

#[test]
fn the_clusters_of_a_gateway_of_istiod_have_the_host_and_what_istio_itself_needs() {
    for file in ["agent/clusters.json", "agent-all/clusters.json"] {
        let told = clusters::parse(&capture(file)).unwrap();
        let api = told.iter().find(|cluster| &*cluster.name == "outbound|80||api.example.com").unwrap();
        assert_eq!((&*api.host, api.port, api.limits), ("api.example.com", 80, Limits::default()), "{file}");
        // 9 answers 200 and 1 answer 503, and the first that asked whether it is there.
        assert_eq!((api.endpoints[0].rq_success, api.endpoints[0].rq_error), (10, 1), "{file}");
        let own = told.iter().find(|cluster| &*cluster.name == "xds-grpc").unwrap();
        assert_eq!((&*own.host, own.port, own.limits.connections), ("xds-grpc", 0, Some(100_000)), "{file}");
    }
}

#[test]
fn the_statistics_of_a_real_envoy_hold_the_load_by_host_code_and_flag() {
    let told = read("bare/stats-usedonly.prom");
    assert!(told.has_istio && told.has_envoy && told.broken == 0 && told.uptime.is_some());
    let counted = sums(&told, Metric::Requests, |sample| {
        let flags = sample.series.flags.as_deref().unwrap_or("-").to_owned();
        (host(sample), sample.series.code, flags)
    });
    let istio: Vec<(&str, u16, &str, f64)> = counted
        .iter()
        .map(|((host, code, flags), value)| (host.as_str(), *code, flags.as_str(), *value))
        .collect();
    let wanted = [
        ("api.example.com", 200, "-", 46.0),
        ("api.example.com", 404, "-", 3.0),
        ("api.example.com", 500, "-", 2.0),
        ("api.example.com", 503, "UC", 1.0),
        ("down.example.com", 503, "URX,UF", 6.0),
        ("half.example.com", 200, "-", 27.0),
        ("half.example.com", 503, "UF", 3.0),
        ("late.example.com", 504, "UT", 2.0),
        ("mtls.example.com", 200, "-", 5.0),
        ("narrow.example.com", 503, "UO", 3.0),
        ("nobody.example.com", 503, "UH", 2.0),
        ("other.example.com", 503, "UF", 4.0),
        ("plain.example.com", 503, "UF", 3.0),
    ];
    assert_eq!(istio, wanted);
    // Every flag that came has an explanation.
    assert!(
        wanted.iter().flat_map(|(_, _, combined, _)| flags::flags(combined)).all(|(_, flag)| flag.is_some())
    );
}

#[test]
fn the_statistics_of_a_real_envoy_hold_what_went_wrong_upstream() {
    let told = read("bare/stats-usedonly.prom");
    let only = |metric| {
        let all = sums(&told, metric, host);
        all.into_iter().filter(|(_, value)| *value > 0.0).collect::<BTreeMap<_, _>>()
    };
    let down = [
        ("down.example.com", 12.0),
        ("half.example.com", 3.0),
        ("other.example.com", 4.0),
        ("plain.example.com", 3.0),
    ];
    assert_eq!(only(Metric::ConnectFails), wanted(&down));
    assert_eq!(only(Metric::Ejected), wanted(&[("half.example.com", 1.0)]));
    assert_eq!(only(Metric::PendingOverflow), wanted(&[("narrow.example.com", 3.0)]));
    assert_eq!(only(Metric::BreakerPending), wanted(&[("narrow.example.com", 1.0)]));
    assert_eq!(only(Metric::BreakerConnections), wanted(&[("narrow.example.com", 1.0)]));
    assert_eq!(only(Metric::UpstreamPending), wanted(&[("narrow.example.com", 1.0)]));
    assert_eq!(only(Metric::Timeouts), wanted(&[("late.example.com", 2.0)]));
    assert_eq!(only(Metric::Retries), wanted(&[("down.example.com", 6.0)]));
    assert_eq!(only(Metric::NoneHealthy), wanted(&[("nobody.example.com", 2.0)]));
    assert_eq!(only(Metric::TlsErrors), wanted(&[("plain.example.com", 3.0)]));
    assert_eq!(only(Metric::TlsHandshakes), wanted(&[("mtls.example.com", 1.0)]));
}

#[test]
fn both_spellings_of_a_cluster_name_are_one_host_and_the_default_of_istio_is_not_collected() {
    let told = read("bare/stats-own-tags.prom");
    assert!(!told.has_istio && told.has_envoy && told.broken == 0);
    let ports = sums(&told, Metric::UpstreamConnections, |sample| (host(sample), sample.series.port));
    assert_eq!(ports, [(("api.example.com".to_owned(), 80), 1.0)].into());
    assert_eq!(sums(&told, Metric::Requests, host), wanted(&[("api.example.com", 5.0)]));
    let told = read("bare/stats-default.prom");
    assert!(!told.has_istio && !told.has_envoy && told.broken == 0 && told.uptime.is_some());
    assert_eq!(sums(&told, Metric::Requests, host), BTreeMap::new());
}

#[test]
fn the_statistics_of_a_gateway_of_istiod_are_those_of_its_matcher() {
    let told = read("agent/stats-15090.prom");
    assert_eq!(
        (told.has_istio, told.has_envoy, told.broken),
        (false, false, 0),
        "nothing of the hosts is collected"
    );
    let told = read("agent/stats-15020.prom");
    assert_eq!((told.has_istio, told.has_envoy, told.broken), (false, false, 0), "nor behind the agent");
    let told = read("agent-all/stats-15090.prom");
    assert_eq!((told.has_istio, told.has_envoy, told.broken), (false, true, 0));
    let hosts = sums(&told, Metric::Requests, host);
    assert_eq!(hosts.get("api.example.com"), Some(&11.0), "{hosts:?}");
}
