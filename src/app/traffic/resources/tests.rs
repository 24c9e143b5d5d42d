//! What pods use, as it is told.

use super::*;
use crate::model::fault::Reason;
use crate::model::gateway::{GatewayId, Origin};
use crate::model::row::{PodRow, WorkloadRow};

fn now() -> Timestamp {
    "2026-05-03T11:52:00Z".parse().unwrap()
}

fn gateway(limits: (&str, &str)) -> GatewayRow {
    let id = GatewayId { cluster: "eu".into(), namespace: "ns".into(), name: "out".into() };
    let mut row = GatewayRow::new(id, Origin::Manifest);
    let mut workload = WorkloadRow { limits: (limits.0.into(), limits.1.into()), ..WorkloadRow::default() };
    workload.requests = ("500m".into(), "".into());
    workload.meta.name = "out".into();
    row.workload = Some(Arc::new(workload));
    for name in ["out-7d9f-a", "out-7d9f-b"] {
        let mut pod = PodRow::default();
        (pod.meta.name, pod.meta.namespace) = (name.into(), "ns".into());
        row.pods.push(Arc::new(pod));
    }
    row
}

fn usage(pod: &str, cores: f64, bytes: f64) -> PodUsage {
    PodUsage {
        namespace: "ns".into(),
        name: pod.into(),
        containers: vec![("istio-proxy".into(), cores, bytes), ("other".into(), 9.0, 9e9)],
        at: now(),
        window: std::time::Duration::from_secs(15),
    }
}

fn known<'a>(row: &'a GatewayRow, usage: Option<&'a Result<Arc<[PodUsage]>, Fault>>) -> Known<'a> {
    Known {
        row,
        usage,
        readings: &[],
        servers: Vec::new(),
        hosts: &[],
        thresholds: Thresholds::default(),
        now: now(),
    }
}

fn told(known: &Known<'_>) -> Vec<(String, String, Tone)> {
    let all = sections(known);
    all[0].facts.iter().map(|fact| (fact.label.to_string(), fact.value.clone(), fact.tone)).collect()
}

#[test]
fn what_a_pod_uses_stands_against_its_limit_the_fullest_first() {
    let row = gateway(("2", "1G"));
    let all = Ok([usage("out-7d9f-a", 0.62, 3e8), usage("out-7d9f-b", 1.24, 9.7e8)].into());
    let told = told(&known(&row, Some(&all)));
    let expected = [
        ("CPU", "1.9 in all; a pod may use 2, asks for 500m, uses 186 % of that", Tone::Plain),
        ("Memory", "1.3G in all; a pod may use 1G, asks for nothing", Tone::Plain),
        ("", "measured at 11:52:00 (metrics API)", Tone::Muted),
        (
            "7d9f-b",
            "CPU    █████░░░ 62 %  1.2 of 2\nmemory ████████ 97 % ✕ near its limit  970M of 1G",
            Tone::Bad,
        ),
        ("7d9f-a", "CPU    ██░░░░░░ 31 %  620m of 2\nmemory ██░░░░░░ 30 %  300M of 1G", Tone::Plain),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(label, value, tone)| ((*label).to_owned(), (*value).to_owned(), *tone))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn without_a_limit_no_part_of_it_is_told() {
    let row = gateway(("", ""));
    let all = Ok([usage("out-7d9f-a", 0.62, 3e8)].into());
    let told = told(&known(&row, Some(&all)));
    assert_eq!(told[3].1, "CPU 620m, not limited\nmemory 300M, not limited");
}

#[test]
fn envoys_own_memory_stands_in_and_is_marked_and_why_is_said() {
    let row = gateway(("2", "1G"));
    let fault = Fault::new(Reason::Missing, "eu serves no metrics API", "Install metrics-server.");
    let refused = Err(fault);
    let pod = crate::model::name::ObjectKey {
        cluster: "eu".into(),
        kind: crate::model::name::Kind::Pod,
        namespace: "ns".into(),
        name: "out-7d9f-a".into(),
    };
    let reading = PodReading {
        pod,
        last: Some(now()),
        took: 0.1,
        fault: None,
        broken: 0,
        dropped: 0,
        way: None,
        source: None,
        restarted: None,
        workers: Reading::Value(4.0),
        memory: Reading::Value(8.5e8),
        control_plane: Reading::Unknown,
    };
    let mut known = known(&row, Some(&refused));
    assert_eq!(told(&known)[0].1, "eu serves no metrics API.");
    let readings = [reading];
    known.readings = &readings;
    let told = told(&known);
    assert_eq!(
        told[1].1,
        "Envoy's own memory, without its agent's; CPU is not known. eu serves no metrics API."
    );
    assert_eq!((&*told[2].1, told[2].2), ("memory ███████░ 85 % ▲ near its limit  850M of 1G", Tone::Warn));
    let proxies = &sections(&known)[1].facts;
    assert_eq!(proxies[0].value, "4 in each pod");
    assert!(proxies[0].note.starts_with("more than the CPU limit of 2"), "{}", proxies[0].note);
}

#[test]
fn a_proxy_that_drains_is_named() {
    let row = gateway(("2", "1G"));
    let server = |state: &str, version: &str| ServerInfo {
        version: version.into(),
        state: state.into(),
        uptime: 60,
        concurrency: 2,
    };
    let (one, two) = (server("LIVE", "1.36.2"), server("DRAINING", "1.36.2"));
    let mut known = known(&row, None);
    known.servers = vec![("out-7d9f-a".into(), &one), ("out-7d9f-b".into(), &two)];
    let facts = &sections(&known)[1].facts;
    assert_eq!((&*facts[0].value, &*facts[1].value), ("2 in each pod", "1.36.2"));
    assert_eq!((&*facts[2].label, &*facts[2].value), ("7d9f-b", "▲ draining: it takes no new connections"));
}
