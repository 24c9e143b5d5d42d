//! What reading traffic costs: `cargo bench --bench metrics`.
//!
//! Ratios of one run, side by side: bytes to samples against `prometheus-parse` alone and against a plain search for line ends;
//! the share of a core that 200 proxies cost; the memory of a day. Time is that of the processor where Linux tells it, so that
//! others on the machine do not count.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot go on says where")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "it prints, and it measures time")]

mod body;
#[allow(dead_code, reason = "the other bench tells times and sizes with it")]
#[path = "../report.rs"]
mod report;

use std::hint::black_box;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use egret::metrics::Store;
use egret::metrics::read::{Read, Reader};
use egret::metrics::scrape::{Scrape, Way};
use egret::metrics::series::{Metric, Sample, Series};
use egret::metrics::view::{By, Window};
use egret::model::brief::Thresholds;
use egret::model::name::{Kind, ObjectKey};
use egret::model::reading::Source;
use jiff::Timestamp;
use report::{Report, Row};

/// As a connection gives them.
const CHUNK: usize = 64 * 1024;

const PODS: usize = 200;
const SERIES: usize = 60;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if !args.iter().any(|arg| arg == "--bench") {
        println!("run it with `cargo bench --bench metrics`");
        return;
    }
    let mut report = Report {
        setting: "Scrapes to numbers, in one thread.".into(),
        programs: vec!["egret"],
        rows: Vec::new(),
    };
    // First: what is measured by the memory of the process comes before what leaves its own there.
    report.rows.extend(memory());
    report.rows.extend(reading());
    report.rows.extend(proxies());
    println!("{}", report.markdown());
    if args.iter().any(|arg| arg == "--readme") {
        let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
        report.write_into(&readme, "bench-metrics").expect("writing README.md");
    }
}

fn row(what: &str, aim: &str, figure: String, how: &'static str) -> Row {
    Row { what: what.into(), aim: aim.into(), figures: vec![figure], how }
}

/// Time that this thread was on a processor.
fn spent() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanos = told.ok().and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanos.map_or_else(|| BEGAN.elapsed(), Duration::from_nanos)
}

/// The least time of several runs, seconds. Each is repeated until it can be measured: the time of a thread moves by ticks.
fn best<T>(runs: usize, mut run: impl FnMut() -> T) -> f64 {
    let mut one = |_| {
        let before = spent();
        let mut times = 0_u32;
        loop {
            black_box(run());
            times += 1;
            let took = spent() - before;
            if took >= Duration::from_millis(100) {
                return took.as_secs_f64() / f64::from(times);
            }
        }
    };
    (0..runs).map(&mut one).fold(f64::INFINITY, f64::min)
}

fn read(text: &str) -> Read {
    let mut reader = Reader::default();
    text.as_bytes().chunks(CHUNK).for_each(|chunk| reader.push(chunk));
    reader.finish()
}

/// Bytes to samples, of a proxy that is idle but for a few hosts, and of one all of whose hosts are busy.
fn reading() -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, aim, busy) in
        [("20 of 1,000 clusters busy", "≥ 20 ×", 20), ("all of 200 clusters busy", "", 200)]
    {
        let clusters = if busy == 20 { 1_000 } else { busy };
        let text = body::all(clusters, busy);
        let ours = best(7, || read(&text).samples.len());
        let bare = best(3, || {
            let lines = text.lines().map(|line| Ok(line.to_owned()));
            prometheus_parse::Scrape::parse(lines).expect("a scrape").samples.len()
        });
        // Each end is looked at: counting alone would be quicker than any reading can be.
        let plain = best(7, || memchr::memchr_iter(b'\n', text.as_bytes()).fold(0, |a, at| a ^ at));
        let rate = |time: f64| text.len() as f64 / time / 1e6;
        let found = read(&text);
        assert_eq!((found.broken, found.dropped), (0, 0));
        let (megabytes, samples) = (text.len() as f64 / 1e6, found.samples.len());
        let name = format!("{megabytes:.1} MB to {samples} samples, {what}");
        rows.push(row(&name, "", format!("{:.0} ms, {:.0} MB/s", ours * 1e3, rate(ours)), ""));
        rows.push(row(
            "– against prometheus-parse alone",
            aim,
            format!("{:.1} × ({:.0} MB/s)", bare / ours, rate(bare)),
            "prometheus-parse reads the same text line by line, and all of it; the search is memchr for line ends.",
        ));
        rows.push(row(
            "– against a search for line ends",
            "",
            format!("1/{:.1} of it ({:.1} GB/s)", ours / plain, rate(plain) / 1e3),
            "",
        ));
    }
    rows
}

fn key(n: usize) -> ObjectKey {
    let name = format!("egress-{n}").into();
    ObjectKey { cluster: "bench".into(), kind: Kind::Pod, namespace: "istio-system".into(), name }
}

fn scrape(pod: &ObjectKey, at: i64, read: Read) -> Scrape {
    Scrape {
        pod: pod.clone(),
        uid: pod.name.as_ref().into(),
        at: Timestamp::from_second(1_700_000_400 + at).expect("a moment"),
        took: Duration::from_millis(40),
        bytes: read.bytes,
        way: Way::PodProxy(15090),
        uptime: Some(1_000.0 + at as f64),
        broken: read.broken,
        dropped: read.dropped,
        source: if read.has_istio { Source::Istio } else { Source::Admin },
        samples: read.samples,
    }
}

/// A round of 200 proxies: each is read and taken in, every five seconds.
fn proxies() -> Vec<Row> {
    let rounds: Vec<String> = (0..4).map(|round| body::used(1_000, 1, round)).collect();
    let keys: Vec<ObjectKey> = (0..PODS).map(key).collect();
    let mut store = Store::default();
    let mut times = Vec::new();
    for (round, text) in rounds.iter().enumerate() {
        let before = spent();
        for key in &keys {
            store.ingest(&scrape(key, 5 * round as i64, read(text)));
        }
        times.push((spent() - before).as_secs_f64());
    }
    // The first round also makes what the others find.
    let usual = times.iter().skip(1).copied().fold(0.0, f64::max);
    let now = Timestamp::from_second(1_700_000_400 + 16).expect("a moment");
    let gateways: Vec<&[ObjectKey]> = keys.chunks(3).take(50).collect();
    let limits = Thresholds::default();
    let briefs =
        best(5, || gateways.iter().map(|pods| store.brief(pods, now, &limits).spark.len()).sum::<usize>());
    let table = best(5, || store.rows(gateways[0], By::Host, Window::FiveMinutes, now).len());
    let size = rounds[0].len() as f64 / 1e6;
    vec![
        row(
            &format!("200 proxies of {size:.2} MB every 5 s"),
            "≤ 15 % of a core",
            format!("{:.1} %", usual / 5.0 * 100.0),
            "Of 200 proxies each is read and taken into the store; the dearest of three rounds after the first.",
        ),
        row("50 gateways of 3 proxies in one line each", "", format!("{:.1} ms", briefs * 1e3), ""),
        row("One gateway's table of hosts over 5 min", "", format!("{:.2} ms", table * 1e3), ""),
    ]
}

/// Resident memory of this process, bytes.
fn resident() -> Option<f64> {
    let told = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = told.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kib| kib * 1_024.0)
}

/// A day of 200 pods with 60 series each, none of which stands still.
fn memory() -> Vec<Row> {
    let keys: Vec<ObjectKey> = (0..PODS).map(key).collect();
    let hosts: Vec<std::sync::Arc<str>> = (0..10).map(|n| format!("api-{n}.example.com").into()).collect();
    let before = resident();
    let mut store = Store::default();
    // A scrape every two minutes fills what a day of slots has; then some at five seconds.
    let slow = (0..720).map(|n| n * 120);
    let fast = (1..=300).map(|n| 719 * 120 + n * 5);
    let began = spent();
    let mut count = 0_usize;
    for at in slow.chain(fast) {
        for key in &keys {
            let samples = hosts.iter().flat_map(|host| series(host, at)).collect::<Vec<Sample>>();
            count += samples.len();
            let read = Read { samples, has_istio: true, uptime: None, ..Read::default() };
            store.ingest(&scrape(key, at, read));
        }
    }
    let time = (spent() - began).as_secs_f64();
    let used = before.and_then(|before| Some(resident()? - before));
    let now = Timestamp::from_second(1_700_000_400 + 719 * 120 + 1_500).expect("a moment");
    let day = best(3, || store.rows(&keys[..3], By::Host, Window::Day, now).len());
    assert_eq!(count, PODS * SERIES * 1_020);
    vec![
        row(
            "A day of 200 pods with 60 series each",
            "≤ 150 MiB",
            used.map_or_else(|| "–".into(), |used| format!("{:.0} MiB", used / 1024.0 / 1024.0)),
            "Resident memory, with every series changing all the time, so that all its places are taken.",
        ),
        row("One sample into the store", "", format!("{:.0} ns", time / count as f64 * 1e9), ""),
        row("One gateway's table of hosts over a day", "", format!("{:.1} ms", day * 1e3), ""),
    ]
}

/// Six series of a host.
fn series(host: &std::sync::Arc<str>, at: i64) -> impl Iterator<Item = Sample> {
    let of = |metric, code| Series::of(metric).host(host.clone(), 0).code(code);
    [
        of(Metric::Requests, 200),
        of(Metric::Requests, 404),
        of(Metric::Requests, 503).flags("UF"),
        of(Metric::RequestBytes, 200),
        of(Metric::ResponseBytes, 200),
        of(Metric::UpstreamConnectionsActive, 0),
    ]
    .into_iter()
    .enumerate()
    .map(move |(n, series)| series.value((at * (n as i64 + 3) + n as i64) as f64))
}
