//! Proxies for tests: what they would say, minute for minute.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::app::{App, Msg, update};
use crate::metrics::Scraped;
use crate::metrics::scrape::{Missed, Scrape, Way};
use crate::metrics::series::{Metric, Sample, Series};
use crate::model::fault::{Fault, Reason};
use crate::model::gateway::GatewayId;
use crate::model::name::ObjectKey;
use crate::model::reading::Source;

/// Bounds of the histogram, milliseconds.
const BOUNDS: [f64; 8] = [10.0, 25.0, 50.0, 100.0, 250.0, 1_000.0, 2_500.0, f64::INFINITY];

/// What goes to a host from one proxy.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// The host.
    pub host: &'static str,
    /// Its port.
    pub port: u16,
    /// Requests a second; 0: it is TCP.
    pub rate: f64,
    /// Since when part of them fails.
    pub fails: Option<Timestamp>,
    /// Part that fails since then, each with its flags.
    pub flags: &'static [(&'static str, f64)],
}

/// The hosts of the pictures: one fails, one is well, one is TCP.
pub(crate) fn flows(fails: Option<Timestamp>) -> Vec<Flow> {
    let flow = |host, port, rate| Flow { host, port, rate, fails: None, flags: &[] };
    vec![
        Flow { fails, flags: &[("UF", 0.15), ("UO", 0.05)], ..flow("api.stripe.com", 443, 20.0) },
        flow("hooks.slack.com", 443, 10.0),
        flow("db.example.com", 5432, 0.0),
    ]
}

/// The pods of a gateway, in their order.
pub(crate) fn pods(app: &App, cluster: &str, name: &str) -> Vec<ObjectKey> {
    app.traffic.pods(&id(app, cluster, name))
}

/// A gateway by name.
pub(crate) fn id(app: &App, cluster: &str, name: &str) -> GatewayId {
    let found = app.fleet().iter().find(|row| row.id.cluster.as_str() == cluster && &*row.id.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {cluster}")).id.clone()
}

/// Has these pods read every five seconds between two moments.
pub(crate) fn read(app: &mut App, pods: &[ObjectKey], flows: &[Flow], from: Timestamp, to: Timestamp) {
    let mut at = from;
    while at <= to {
        for pod in pods {
            let scrape = scrape(pod, flows, at);
            let _ = update(app, Msg::Scraped(Scraped::Scrape(Box::new(scrape))));
        }
        at = at.checked_add(SignedDuration::from_secs(5)).unwrap();
    }
}

/// Has a pod not be read.
pub(crate) fn miss(app: &mut App, pod: &ObjectKey, reason: Reason, at: Timestamp) {
    let (summary, hint) = match reason {
        Reason::Denied => (
            "denied: no right to get pods/proxy in istio-system",
            "Ask for a Role with get on pods/proxy, or get and create on pods/portforward.",
        ),
        _ => ("no answer from the proxy within 2 s", "egret tries again by itself."),
    };
    let missed = Missed { pod: pod.clone(), at, fault: Fault::new(reason, summary, hint) };
    let _ = update(app, Msg::Scraped(Scraped::Missed(Box::new(missed))));
}

/// What a proxy says at a moment: its counters began at noon of the day before.
pub(crate) fn scrape(pod: &ObjectKey, flows: &[Flow], at: Timestamp) -> Scrape {
    let began: Timestamp = "2026-05-02T12:00:00Z".parse().unwrap();
    let seconds = at.duration_since(began).as_secs_f64();
    let mut samples = vec![
        Series::of(Metric::DownstreamActive).value(97.0),
        Series::of(Metric::MemoryAllocated).value(2.1e9),
    ];
    flows.iter().for_each(|flow| samples.extend(of_flow(flow, seconds, at)));
    Scrape {
        pod: pod.clone(),
        uid: "u".into(),
        at,
        took: Duration::from_millis(20),
        bytes: 20_000,
        way: Way::PodProxy(15_090),
        uptime: Some(seconds),
        broken: 0,
        dropped: 0,
        source: Source::Istio,
        samples,
    }
}

fn of_flow(flow: &Flow, seconds: f64, at: Timestamp) -> Vec<Sample> {
    let series = |metric| Series::of(metric).host(flow.host, flow.port);
    if flow.rate <= 0.0 {
        return vec![
            series(Metric::TcpOpened).value((seconds * 2.0).floor()),
            series(Metric::TcpSent).value(seconds * 40_000.0),
            series(Metric::TcpReceived).value(seconds * 400_000.0),
            series(Metric::UpstreamConnectionsActive).value(12.0),
        ];
    }
    let bad_seconds = flow.fails.map_or(0.0, |since| at.duration_since(since).as_secs_f64().max(0.0));
    let all = seconds * flow.rate;
    let mut samples = Vec::new();
    let mut failed = 0.0;
    for (flags, part) in flow.flags {
        let count = bad_seconds * flow.rate * part;
        failed += count;
        if count > 0.0 {
            samples.push(series(Metric::Requests).code(503).flags(*flags).value(count));
        }
    }
    samples.push(series(Metric::Requests).code(200).value(all - failed));
    // What fails is slow: it waits for the connection.
    for (n, le) in BOUNDS.into_iter().enumerate() {
        let part = [0.05, 0.4, 0.8, 0.97, 1.0, 1.0, 1.0, 1.0].get(n).copied().unwrap_or(1.0);
        let slow = if le >= 2_500.0 { failed } else { 0.0 };
        samples.push(series(Metric::DurationBucket).le(le).value(((all - failed) * part + slow).floor()));
    }
    samples.push(series(Metric::RequestBytes).value(all * 800.0));
    samples.push(series(Metric::ResponseBytes).value(all * 12_000.0));
    samples.push(series(Metric::UpstreamConnectionsActive).value(30.0));
    samples
}
