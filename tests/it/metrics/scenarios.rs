//! Scenario files: what proxies said at t0…tn, and what is told of it. Readings are compared as they stand in a cell.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use egret::metrics::Store;
use egret::metrics::scrape::Missed;
use egret::metrics::view::{By, Of, Quantity, Totals, Window};
use egret::model::brief::Thresholds;
use egret::model::fault::{Fault, Reason};
use egret::model::name::ObjectKey;
use egret::model::reading::{Reading, Unit};
use jiff::Timestamp;
use serde::Deserialize;

use super::{BEGIN, moment, pod, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// What is shown by it.
    about: String,
    events: Vec<Event>,
    expect: Vec<Expected>,
}

/// Something that happens to a pod.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Event {
    pod: String,
    /// Seconds after the beginning.
    at: f64,
    /// What its proxy said.
    text: Option<String>,
    /// It could not be read, and why.
    missed: Option<String>,
    /// It is another pod of that name.
    uid: Option<String>,
    /// It left the cluster.
    #[serde(default)]
    gone: bool,
}

/// What is told at one moment.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    at: f64,
    window: String,
    pods: Vec<String>,
    /// One host only.
    host: Option<String>,
    #[serde(default)]
    totals: BTreeMap<String, String>,
    source: Option<String>,
    /// Rows by `host`, `pod`, `code` or `flag`.
    #[serde(default)]
    rows: BTreeMap<String, Vec<BTreeMap<String, String>>>,
    /// Lines of quantities: values rounded to one digit, `-` where there is none.
    #[serde(default)]
    lines: BTreeMap<String, String>,
    upstreams: Option<Vec<BTreeMap<String, String>>>,
    verdict: Option<String>,
    trouble: Option<String>,
}

fn totals(totals: &Totals, name: &str) -> String {
    let (reading, unit) = match name {
        "requests" => (totals.requests, Unit::PerSecond),
        "success" => (totals.success, Unit::Percent),
        "client-errors" => (totals.client_errors, Unit::PerSecond),
        "p50" => (totals.p50, Unit::Milliseconds),
        "p90" => (totals.p90, Unit::Milliseconds),
        "p99" => (totals.p99, Unit::Milliseconds),
        "active" => (totals.active, Unit::Count),
        "bytes-out" => (totals.bytes_out, Unit::BytesPerSecond),
        "bytes-in" => (totals.bytes_in, Unit::BytesPerSecond),
        "connections" => (totals.connections, Unit::PerSecond),
        other => panic!("no such quantity: {other}"),
    };
    reading.text(unit).into_owned()
}

fn seconds(at: Timestamp) -> String {
    (at.as_millisecond() as f64 / 1_000.0 - BEGIN as f64).to_string()
}

/// Holds what is told against what is expected.
struct Check<'s> {
    store: &'s Store,
    file: &'s str,
    expected: &'s Expected,
    pods: Vec<ObjectKey>,
    window: Window,
}

impl Check<'_> {
    fn all(&self) {
        let now = moment(self.expected.at);
        let of = self.expected.host.as_deref().map_or(Of::All, |host| Of::Host(host.into()));
        let found = self.store.totals(&self.pods, &of, self.window, now);
        for (name, text) in &self.expected.totals {
            assert_eq!(totals(&found, name), *text, "{}: {name}", self.place());
        }
        if let Some(source) = &self.expected.source {
            assert_eq!(format!("{:?}", found.source), format!("Some({source})"), "{}", self.place());
        }
        for (name, expected) in &self.expected.lines {
            let quantity = <Quantity as strum::IntoEnumIterator>::iter().find(|q| q.to_string() == *name);
            let line = self.store.line(&self.pods, &of, quantity.unwrap(), self.window, now, 60);
            let values = line.values.iter().map(|value| match value {
                Some(value) => ((value * 10.0).round() / 10.0).to_string(),
                None => "-".to_owned(),
            });
            assert_eq!(values.collect::<Vec<_>>().join(" "), *expected, "{}: line of {name}", self.place());
        }
        self.rows(now);
        self.upstreams(now);
        let brief = self.store.brief(&self.pods, now, &Thresholds::default());
        if let Some(verdict) = &self.expected.verdict {
            let since = brief.verdict.since.map_or_else(String::new, |at| format!(" since {}", seconds(at)));
            let words = &brief.verdict.words;
            assert_eq!(format!("{:?}: {words}{since}", brief.verdict.tone), *verdict, "{}", self.place());
        }
        if let Some(trouble) = &self.expected.trouble {
            assert_eq!(*brief.trouble, **trouble, "{}", self.place());
        }
    }

    fn place(&self) -> String {
        format!("{} at {} over {}", self.file, self.expected.at, self.expected.window)
    }

    fn rows(&self, now: Timestamp) {
        for (by, expected) in &self.expected.rows {
            let rows = self.store.rows(&self.pods, by.parse::<By>().unwrap(), self.window, now);
            let keys: Vec<&str> = rows.iter().map(|row| &*row.key).collect();
            let wanted: Vec<&str> = expected.iter().map(|row| row["key"].as_str()).collect();
            assert_eq!(keys, wanted, "{}: rows by {by}", self.place());
            for (row, expected) in rows.iter().zip(expected) {
                for (name, text) in expected {
                    let found = match name.as_str() {
                        "key" => row.key.to_string(),
                        "port" => row.port.to_string(),
                        "failing" => row.failing_since.map_or_else(String::new, seconds),
                        "flags" => {
                            let flags = row
                                .flags
                                .iter()
                                .map(|(flag, n)| format!("{flag} {}", Unit::PerSecond.text(*n)));
                            flags.collect::<Vec<_>>().join(", ")
                        }
                        other => totals(&row.totals, other),
                    };
                    assert_eq!(found, *text, "{}: {name} of {} by {by}", self.place(), row.key);
                }
            }
        }
    }

    fn upstreams(&self, now: Timestamp) {
        let Some(expected) = &self.expected.upstreams else { return };
        let found = self.store.upstreams(&self.pods, self.window, now);
        let names: Vec<String> = found.iter().map(|u| format!("{}:{}", u.host, u.port)).collect();
        let wanted: Vec<&str> = expected.iter().map(|u| u["host"].as_str()).collect();
        assert_eq!(names, wanted, "{}: upstreams", self.place());
        for (upstream, expected) in found.iter().zip(expected) {
            for (name, text) in expected.iter().filter(|(name, _)| *name != "host") {
                let count = |reading: Reading| reading.text(Unit::Count).into_owned();
                let value = match name.as_str() {
                    "healthy" => count(upstream.healthy),
                    "endpoints" => count(upstream.endpoints),
                    "ejected" => count(upstream.ejected),
                    "ejections" => count(upstream.ejections),
                    "connections" => count(upstream.connections),
                    "active" => count(upstream.active),
                    "pending" => count(upstream.pending),
                    "breakers" => upstream.open_breakers.join(","),
                    "overflows" => count(upstream.overflows),
                    "retries" => count(upstream.retries),
                    "connect-fails" => count(upstream.connect_fails),
                    "timeouts" => count(upstream.timeouts),
                    "tls-handshakes" => count(upstream.tls_handshakes),
                    "tls-fails" => count(upstream.tls_fails),
                    "dns-fails" => count(upstream.dns_fails),
                    other => panic!("no such number: {other}"),
                };
                assert_eq!(value, *text, "{}: {name} of {}", self.place(), upstream.host);
            }
        }
    }
}

fn play(file: &str, scenario: &Scenario) {
    let mut store = Store::default();
    let mut events = scenario.events.iter().peekable();
    for expected in &scenario.expect {
        while let Some(event) = events.next_if(|event| event.at <= expected.at) {
            happen(&mut store, event);
        }
        let window: Window = expected.window.parse().unwrap();
        let pods = expected.pods.iter().map(|name| pod(name)).collect();
        Check { store: &store, file, expected, pods, window }.all();
    }
}

fn happen(store: &mut Store, event: &Event) {
    if let Some(text) = &event.text {
        let mut scrape = read(&event.pod, event.at, text);
        if let Some(uid) = &event.uid {
            scrape.uid = uid.as_str().into();
        }
        store.ingest(&scrape);
    }
    if let Some(why) = &event.missed {
        let fault = Fault::new(Reason::Unreachable, why, "");
        store.miss(&Missed { pod: pod(&event.pod), at: moment(event.at), fault });
    }
    if event.gone {
        let gone = pod(&event.pod);
        store.retain(&|key| *key != gone);
    }
}

#[test]
fn scenarios_are_told_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/metrics");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    assert!(files.len() >= 19, "{files:?}");
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let scenario: Scenario = serde_yaml::from_str(&fs::read_to_string(&file).unwrap())
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(!scenario.about.is_empty() && !scenario.expect.is_empty(), "{name}");
        play(&name, &scenario);
    }
}
