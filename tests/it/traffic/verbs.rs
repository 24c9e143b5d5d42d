//! The same by the verb, as a script calls it.

use std::process::Stdio;
use std::time::Duration;

use egret::metrics::Scraped;
use egret::recording::Past;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::site::{SOON, Site};
use crate::support::plane::web::{self, Load};
use crate::support::plane::{Bootstrap, Host, Upstream};

/// `egret metrics GATEWAY …`, under way.
struct Verb {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
}

impl Verb {
    fn start(site: &Site, line: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_egret"))
            .args(["metrics", &site.name, "-n", "istio-system", "--interval", "1s"])
            .args(line.split_whitespace())
            .arg("--kubeconfig")
            .arg(site.cluster.kubeconfig())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, out }
    }

    /// The next report.
    async fn next(&mut self) -> Value {
        let line = timeout(SOON, self.out.next_line()).await.expect("a line soon").unwrap();
        serde_json::from_str(&line.expect("it goes on")).unwrap()
    }

    /// Ctrl-c, and how it ended.
    async fn interrupt(mut self) -> Option<i32> {
        let pid = Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        timeout(SOON, self.child.wait()).await.expect("it ends").unwrap().code()
    }
}

/// How many a rate stands for, over what was read.
fn count(report: &Value, totals: &Value) -> f64 {
    let at = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let covered = at(&report["pods"][0]["lastRead"]).duration_since(at(&report["since"]));
    totals["requestsPerSecond"]["value"].as_f64().unwrap_or_default() * covered.as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_verb_finds_exactly_what_was_sent_and_ends_with_an_interrupt() {
    let up = Upstream::start().await.unwrap();
    let hosts = vec![Host::new("api.example.com", up.port()), Host::new("hooks.example.com", up.port())];
    let site = Site::start(&Bootstrap::new(hosts)).await;
    let mut verb = Verb::start(&site, "--watch -o json");
    let first = verb.next().await;
    assert_eq!(first["pods"][0]["way"]["kind"], "port-forward");
    let load = [
        Load::code("api.example.com", 200, 120),
        Load::code("api.example.com", 503, 14),
        Load::code("hooks.example.com", 200, 66),
    ];
    web::send(site.envoy.port(), &load).await.unwrap();
    let found = async {
        loop {
            let report = verb.next().await;
            if (count(&report, &report["totals"]) - 200.0).abs() < 0.5 {
                return report;
            }
        }
    };
    let report = timeout(SOON, found).await.expect("200 requests are found");
    assert_eq!(report["source"], "istio");
    let success = report["totals"]["success"]["value"].as_f64().unwrap();
    assert!((success - 0.93).abs() < 1e-9, "{success}");
    let of = |host: &str| {
        let rows = report["rows"].as_array().unwrap();
        count(&report, &rows.iter().find(|row| row["key"] == host).unwrap()["totals"]).round()
    };
    assert_eq!((of("api.example.com"), of("hooks.example.com")), (134.0, 66.0));
    assert_eq!(verb.interrupt().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_of_it_holds_the_same_numbers() {
    let up = Upstream::start().await.unwrap();
    let site = Site::start(&Bootstrap::new(vec![Host::new("api.example.com", up.port())])).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("recording");
    let verb = Verb::start(&site, &format!("--record {}", file.display()));
    let read = || Past::read(&std::fs::read(&file).unwrap_or_default()).ok();
    let scrapes = |past: &Past| {
        past.entries.iter().filter(|e| matches!(past.scraped(e), Some(Scraped::Scrape(_)))).count()
    };
    let until = async |least: usize| {
        while read().is_none_or(|past| scrapes(&past) < least) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(SOON, until(1)).await.expect("a scrape");
    web::send(site.envoy.port(), &[Load::code("api.example.com", 200, 40)]).await.unwrap();
    let before = scrapes(&read().unwrap());
    timeout(SOON, until(before + 2)).await.expect("two more");
    assert_eq!(verb.interrupt().await, Some(0));
    let past = read().unwrap();
    let requests = past.entries.iter().rev().find_map(|entry| match past.scraped(entry)? {
        Scraped::Scrape(scrape) => {
            let is = |s: &&egret::metrics::series::Sample| {
                s.series.metric == egret::metrics::series::Metric::Requests && s.series.code == 200
            };
            Some(scrape.samples.iter().filter(is).map(|s| s.value).sum::<f64>())
        }
        Scraped::Missed(_) => None,
    });
    assert_eq!((past.broken, requests), (0, Some(40.0)));
    assert!(past.objects(past.entries.len()).keys().any(|key| *key.name == *site.pod.name), "its pod");
}
