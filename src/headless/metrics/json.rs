//! A JSON object a line. Its shape is told in the README, and does not change.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::report::{QUANTITIES, Report, state};
use crate::metrics::scrape::Way;
use crate::metrics::view::{PodReading, Row, Totals};
use crate::model::reading::{Reading, Source};

pub(super) fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", escaped(&whole(report).to_string()))
}

/// What a terminal would obey is written as JSON escapes it: the object stays the same.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if crate::headless::output::obeyed(c) {
            // All of them are in the first plane.
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

fn whole(report: &Report) -> Value {
    let id = &report.id;
    json!({
        "gateway": {"cluster": id.cluster.as_str(), "namespace": &*id.namespace, "name": &*id.name},
        "time": report.now.to_string(),
        "since": report.since.map(|at| at.to_string()),
        "window": report.window.to_string(),
        "source": report.totals.source.map(source),
        "totals": totals(&report.totals),
        "by": report.by.to_string(),
        "rows": report.rows.iter().map(row).collect::<Vec<_>>(),
        "pods": report.pods.iter().map(pod).collect::<Vec<_>>(),
    })
}

fn totals(totals: &Totals) -> Value {
    let all = QUANTITIES.iter().map(|q| (q.json.to_owned(), reading((q.of)(totals))));
    Value::Object(all.collect::<Map<_, _>>())
}

fn reading(reading: Reading) -> Value {
    let mut shown = json!({"value": reading.number()});
    if let Some(state) = state(reading) {
        shown["state"] = state.into();
    }
    shown
}

fn row(row: &Row) -> Value {
    let flags = row.flags.iter().map(|(flag, n)| json!({"flag": &**flag, "perSecond": n}));
    json!({
        "key": &*row.key,
        "port": (row.port > 0).then_some(row.port),
        "source": row.totals.source.map(source),
        "totals": totals(&row.totals),
        "flags": flags.collect::<Vec<_>>(),
        "failingSince": row.failing_since.map(|at| at.to_string()),
    })
}

fn pod(pod: &PodReading) -> Value {
    json!({
        "name": &*pod.pod.name,
        "lastRead": pod.last.map(|at| at.to_string()),
        "tookSeconds": pod.last.map(|_| pod.took),
        "way": pod.way.map(way),
        "source": pod.source.map(source),
        "brokenLines": pod.broken,
        "droppedSamples": pod.dropped,
        "restarted": pod.restarted.map(|at| at.to_string()),
        "workers": reading(pod.workers),
        "memoryBytes": reading(pod.memory),
        "fault": pod.fault.as_ref().map(|fault| json!({
            "reason": fault.reason.to_string(), "summary": fault.summary, "hint": fault.hint,
        })),
    })
}

fn way(way: Way) -> Value {
    let (kind, port) = match way {
        Way::PodProxy(port) => ("pod-proxy", port),
        Way::PortForward(port) => ("port-forward", port),
    };
    json!({"kind": kind, "port": port})
}

/// Where numbers come from, as the README names it.
pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::Istio => "istio",
        Source::Envoy => "envoy",
        Source::Admin => "admin",
    }
}
