use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::metrics::scrape::Way;
use crate::metrics::series::{Metric, Sample, Series};
use crate::metrics::{Missed, Scrape, Scraped};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{Kind, ObjectKey};
use crate::model::reading::Source;
use crate::model::usage::PodUsage;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + second).unwrap()
}

fn header() -> Header {
    let cluster = Cluster { name: "prod".into(), uid: Some("u-1".into()), kubernetes: None };
    Header { version: VERSION, egret: "0.1.0".into(), started: at(0), clusters: vec![cluster] }
}

fn pod(name: &str) -> ObjectKey {
    ObjectKey { cluster: "prod".into(), kind: Kind::Pod, namespace: "istio-system".into(), name: name.into() }
}

fn scrape(name: &str, second: i64, samples: Vec<Sample>) -> Scrape {
    Scrape {
        pod: pod(name),
        uid: "uid".into(),
        at: at(second),
        took: std::time::Duration::from_millis(12),
        bytes: 400,
        way: Way::PodProxy(15090),
        uptime: Some(12.5),
        broken: 1,
        dropped: 2,
        source: Source::Istio,
        samples,
    }
}

fn requests(host: &str, value: f64) -> Sample {
    Series::of(Metric::Requests).host(host, 443).code(200).flags("UF,URX").value(value)
}

/// A recording of two scrapes, a miss, an object that comes, changes and goes, and a refusal.
fn written() -> (Vec<u8>, Vec<Scrape>) {
    let bucket = Series::of(Metric::DurationBucket).host("a.example", 443).le(f64::INFINITY).value(3.0);
    let scrapes = vec![
        scrape("a", 5, vec![requests("a.example", 1.0), bucket.clone()]),
        scrape("a", 10, vec![requests("b.example", 2.0), requests("a.example", 1e18), bucket]),
    ];
    let mut bytes = Vec::new();
    let mut recorder = Recorder::new(&mut bytes, header()).unwrap();
    let object =
        |n: u32| json!({"metadata": {"namespace": "istio-system", "name": "a"}, "spec": {"replicas": n}});
    let cluster = "prod".into();
    recorder.object(at(1), &cluster, Kind::Deployment, &object(1)).unwrap();
    recorder.scraped(&Scraped::Scrape(Box::new(scrapes[0].clone()))).unwrap();
    recorder.object(at(7), &cluster, Kind::Deployment, &object(2)).unwrap();
    recorder.scraped(&Scraped::Scrape(Box::new(scrapes[1].clone()))).unwrap();
    let fault = Fault::new(Reason::Unreachable, "no answer", "wait");
    recorder.scraped(&Scraped::Missed(Box::new(Missed { pod: pod("a"), at: at(15), fault }))).unwrap();
    recorder.gone(at(20), &ObjectKey { kind: Kind::Deployment, ..pod("a") }).unwrap();
    let fault = Fault::new(Reason::Denied, "list pods", "");
    recorder.refused(at(2), &cluster, Some(Kind::Pod), &fault).unwrap();
    (bytes, scrapes)
}

#[test]
fn what_is_written_is_read_again_in_the_order_of_time() {
    let (bytes, scrapes) = written();
    let past = Past::read(&bytes).unwrap();
    assert_eq!((past.broken, past.header.clone(), past.entries.len()), (0, header(), 7));
    assert!(past.entries.is_sorted_by_key(|entry| entry.at));
    let read: Vec<Scrape> = past
        .entries
        .iter()
        .filter_map(|entry| match past.scraped(entry)? {
            Scraped::Scrape(scrape) => Some(*scrape),
            Scraped::Missed(_) => None,
        })
        .collect();
    assert_eq!(read, scrapes);
    assert_eq!((past.start(), past.end()), (at(1), at(20)));
    let refused = past.entries.iter().find_map(|entry| match &entry.what {
        What::Refused(cluster, kind, fault) => Some((cluster.as_str(), *kind, fault.reason)),
        _ => None,
    });
    assert_eq!(refused, Some(("prod", Some(Kind::Pod), Reason::Denied)));
}

#[test]
fn objects_are_as_they_were_at_each_moment() {
    let past = Past::read(&written().0).unwrap();
    let replicas = |second: i64| {
        let there = past.objects(past.until(at(second)));
        there.values().map(|object| object["spec"]["replicas"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!([0, 1, 6, 7, 19].map(replicas), [vec![], vec![1], vec![1], vec![2], vec![2]]);
    assert_eq!(replicas(20), Vec::<u64>::new());
}

#[test]
fn a_recording_begins_where_its_first_objects_are_all_there() {
    let fault = || Fault::new(Reason::Denied, "", "");
    let begins = |objects: &[i64], missed: Option<i64>| {
        let mut bytes = Vec::new();
        let mut recorder = Recorder::new(&mut bytes, header()).unwrap();
        for second in objects {
            let object = json!({"metadata": {"name": "a"}});
            recorder.object(at(*second), &"prod".into(), Kind::Pod, &object).unwrap();
        }
        if let Some(second) = missed {
            let missed = Missed { pod: pod("a"), at: at(second), fault: fault() };
            recorder.scraped(&Scraped::Missed(Box::new(missed))).unwrap();
        }
        let past = Past::read(&bytes).unwrap();
        past.start().as_second() - at(0).as_second()
    };
    assert_eq!(begins(&[1, 2, 9], Some(5)), 2);
    assert_eq!(begins(&[], Some(5)), 0, "there is nothing to wait for");
    assert_eq!(begins(&[6], Some(5)), 0);
    assert_eq!(begins(&[1, 2, 9], None), 1, "no proxy was read: the first object");
}

#[test]
fn what_pods_use_is_read_as_it_was_written() {
    let usage = PodUsage {
        namespace: "a".into(),
        name: "p".into(),
        containers: vec![("istio-proxy".into(), 0.25, 1e8)],
        at: at(0),
        window: std::time::Duration::from_secs(30),
    };
    let (known, unknown) = (Ok(Arc::from([usage])), Err(Fault::new(Reason::Missing, "not served", "")));
    let mut bytes = Vec::new();
    let mut recorder = Recorder::new(&mut bytes, header()).unwrap();
    recorder.usage(at(1), &"prod".into(), &known).unwrap();
    recorder.usage(at(2), &"prod".into(), &unknown).unwrap();
    let past = Past::read(&bytes).unwrap();
    let read = past.entries.iter().map(|entry| match &entry.what {
        What::Usage(_, usage) => usage.clone(),
        other => panic!("{other:?}"),
    });
    assert_eq!(read.collect::<Vec<_>>(), [known, unknown]);
}

#[test]
fn clusters_are_lost_until_they_answer_again() {
    let mut bytes = Vec::new();
    let mut recorder = Recorder::new(&mut bytes, header()).unwrap();
    let fault = Fault::new(Reason::Unreachable, "no answer", "");
    let object = json!({"metadata": {"name": "a"}});
    let (prod, late) = ("prod".into(), "late".into());
    recorder.refused(at(0), &late, None, &fault).unwrap();
    recorder.object(at(1), &prod, Kind::Pod, &object).unwrap();
    recorder.refused(at(5), &prod, Some(Kind::Pod), &fault).unwrap();
    recorder.refused(at(10), &prod, None, &fault).unwrap();
    recorder.object(at(10), &prod, Kind::Pod, &object).unwrap();
    recorder.answers(at(20), &prod).unwrap();
    recorder.object(at(30), &late, Kind::Pod, &object).unwrap();
    let past = Past::read(&bytes).unwrap();
    let lost = |second| {
        let lost = past.lost(past.until(at(second)));
        lost.iter().map(|name| name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        [0, 5, 10, 20, 30].map(lost),
        [vec!["late"], vec!["late"], vec!["late", "prod"], vec!["late"], vec![]]
    );
}

#[test]
fn a_series_is_named_once_and_then_by_its_number() {
    let text = String::from_utf8(written().0).unwrap();
    assert_eq!(text.matches("a.example").count(), 2, "of requests and of a bucket: {text}");
    assert!(text.contains(r#""first":2,"new":[{"metric":"Requests","host":"b.example""#), "{text}");
    assert!(text.contains(r#""values":[[2,2.0],[0,1e+18],[1,3.0]]"#), "{text}");
}

#[test]
fn a_line_that_is_cut_short_or_broken_costs_itself_and_its_series() {
    let (bytes, scrapes) = written();
    let whole = Past::read(&bytes).unwrap();
    for cut in [1, 20, 80] {
        let past = Past::read(&bytes[..bytes.len() - cut - 1]).unwrap();
        assert_eq!((past.broken, past.entries.len()), (1, whole.entries.len() - 1), "{cut}");
    }
    let mut lines: Vec<&[u8]> = bytes.split(|b| *b == b'\n').collect();
    lines[2] = b"{\"is\":\"scrape\",\xff";
    let past = Past::read(&lines.join(&b'\n')).unwrap();
    assert_eq!(past.broken, 1);
    let left = past.entries.iter().find_map(|entry| match past.scraped(entry)? {
        Scraped::Scrape(scrape) => Some(scrape.samples),
        Scraped::Missed(_) => None,
    });
    assert_eq!(
        left,
        Some(scrapes[1].samples[..1].to_vec()),
        "what was named on the broken line is not known"
    );
}

#[test]
fn what_is_no_recording_is_refused_with_the_reason() {
    for (text, why) in [
        ("", Unreadable::Empty),
        ("\n\n", Unreadable::Empty),
        ("kind: Pod", Unreadable::NoHeader),
        (r#"{"is":"scrape","version":1}"#, Unreadable::NoHeader),
        (r#"{"is":"recording","version":1}"#, Unreadable::NoHeader),
        (r#"{"is":"recording","version":2,"shape":"new"}"#, Unreadable::TooNew(2)),
    ] {
        assert_eq!(Past::read(text.as_bytes()).err(), Some(why), "{text}");
    }
}

#[test]
fn lines_and_fields_that_are_not_known_are_left_aside() {
    let mut bytes = Vec::new();
    Recorder::new(&mut bytes, header()).unwrap();
    bytes.extend(b"{\"is\":\"weather\",\"at\":\"2026-05-03T11:52:00Z\"}\n");
    let gone = r#"{"is":"gone","at":"2026-05-03T11:52:00Z","cluster":"prod","kind":"Pod","namespace":"n","name":"x","why":"?"}"#;
    bytes.extend(gone.as_bytes());
    let past = Past::read(&bytes).unwrap();
    assert_eq!((past.broken, past.entries.len()), (0, 1));
}

#[test]
fn hostile_lines_break_nothing() {
    let (bytes, _) = written();
    let start = bytes.split(|b| *b == b'\n').next().unwrap().to_vec();
    for line in [
        r#"{"is":"object","at":"2026-05-03T11:52:00Z","cluster":"prod","kind":"Pod","object":[1,2]}"#,
        r#"{"is":"object","at":"2026-05-03T11:52:00Z","cluster":"prod","kind":"Secret","object":{"metadata":{"name":"s"}}}"#,
        r#"{"is":"object","at":"9999999-05-03T11:52:00Z","cluster":"prod","kind":"Pod","object":{}}"#,
        r#"{"is":"gone","at":"2026-05-03T11:52:00Z","cluster":"prod","kind":"Nothing","namespace":"","name":""}"#,
        r#"{"is":"recording","version":99}"#,
        "null",
    ] {
        let text = [&start[..], line.as_bytes()].join(&b'\n');
        let past = Past::read(&text).unwrap();
        assert_eq!((past.broken, past.entries.len()), (1, 0), "{line}");
    }
    let far = r#"{"is":"scrape","at":"2026-05-03T11:52:00Z","pod":{"cluster":"prod","kind":"Pod","namespace":"n","name":"x"},
        "uid":"u","took":-1e300,"bytes":1,"way":{"PodProxy":15090},"source":"Istio","first":4294967295,
        "new":[],"values":[[7,1.0]]}"#
        .replace('\n', "");
    let past = Past::read(&[&start[..], far.as_bytes()].join(&b'\n')).unwrap();
    let Some(Scraped::Scrape(scrape)) = past.scraped(&past.entries[0]) else { panic!("{past:?}") };
    assert_eq!((scrape.took, scrape.samples), (std::time::Duration::ZERO, Vec::new()));
}

#[test]
fn nothing_secret_is_written() {
    let object = json!({
        "metadata": {"name": "a", "managedFields": [{"manager": "SECRET-1"}],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "SECRET-2", "keep": "me"}},
        "spec": {
            "env": [{"name": "KEPT", "value": "SECRET-3"}],
            "podEnv": {"KEPT": "SECRET-4"},
            "containers": [{"name": "istio-proxy", "args": ["SECRET-5"], "command": ["SECRET-6"],
                "env": [{"name": "KEPT", "value": "SECRET-7"}, {"name": "REF", "valueFrom": {"fieldRef": {}}}]}],
            "template": {"spec": {"initContainers": [{"env": [{"name": "KEPT", "value": "SECRET-8"}]}]}},
        },
    });
    let mut bytes = Vec::new();
    let mut recorder = Recorder::new(&mut bytes, header()).unwrap();
    recorder.object(at(1), &"prod".into(), Kind::Pod, &object).unwrap();
    recorder.object(at(1), &"prod".into(), Kind::Secret, &json!({"data": {"x": "SECRET-9"}})).unwrap();
    assert_eq!(recorder.lines(), 2, "a Secret is no line");
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("SECRET"), "{text}");
    assert_eq!(text.matches("KEPT").count(), 4, "names stay: {text}");
    assert!(text.contains(r#""keep":"me""#) && text.contains("fieldRef"), "{text}");
}
