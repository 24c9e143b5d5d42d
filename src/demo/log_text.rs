//! What containers of simulated pods write: the same lines at the same moments, however often they are read.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::clock::later;
use super::envoy::access::{Dice, Sample};

/// Most lines of the past that are kept, as a node keeps them.
const KEPT: usize = 400;

/// Hosts and the answers that they give, where nothing is known of hosts outside: in the worlds of tests.
const HOSTS: &[(&str, &[u16])] =
    &[("api.test.example", &[200, 200, 200, 200, 201, 402]), ("echo.test.example", &[200, 200, 404, 503])];

/// One line and its moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// When it was written.
    pub(super) at: Timestamp,
    /// The text, without the line's end.
    pub(super) text: String,
}

/// One run of a container.
#[derive(Clone, Debug)]
pub(super) struct Run<'a> {
    /// The pod.
    pub(super) pod: &'a Value,
    /// The container.
    pub(super) container: &'a str,
    /// When it started.
    pub(super) start: Timestamp,
    /// When it ended; none: it runs.
    pub(super) end: Option<Timestamp>,
    /// Exit code, when it ended.
    pub(super) exit: i64,
    /// What its lines are about.
    pub(super) sample: Sample,
}

impl Run<'_> {
    /// What it has written by `now`, oldest first.
    pub(super) fn lines(&self, now: Timestamp) -> Vec<Line> {
        let until = self.end.unwrap_or(now).min(now);
        let mut lines: Vec<Line> = self.opening().into_iter().filter(|line| line.at <= until).collect();
        lines.extend(self.traffic(until));
        if let Some(end) = self.end.filter(|end| *end <= now && self.exit != 0) {
            let text = "error\tEnvoy exited: the process ended without being asked to".to_owned();
            lines.push(Line { at: end, text: format!("{}\t{text}", stamp(end)) });
        }
        let surplus = lines.len().saturating_sub(KEPT);
        lines.drain(..surplus);
        lines
    }

    /// When the next line after `now` comes; none: never.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        if self.end.is_some() {
            return None;
        }
        let opening = self.opening().into_iter().map(|l| l.at).find(|at| *at > now);
        if self.sample.is_idle() {
            return opening;
        }
        opening.or_else(|| Some(self.moments(now).1).filter(|at| *at > now))
    }

    fn opening(&self) -> Vec<Line> {
        let name = self.pod["metadata"]["name"].as_str().unwrap_or_default();
        let says = [
            (0, format!("info\tProxy role for {name}: router, version 1.28.0")),
            (180, "info\tcert generated, root cert read from istiod".to_owned()),
            (400, "info\tStarting proxy agent".to_owned()),
            (1_300, "info\tEnvoy proxy is ready".to_owned()),
        ];
        let line = |(ms, text): (u64, String)| {
            let at = later(self.start, Duration::from_millis(ms));
            Line { at, text: format!("{}\t{text}", stamp(at)) }
        };
        says.into_iter().map(line).collect()
    }

    /// Seconds between two requests, which differ from pod to pod.
    fn pace(&self) -> u64 {
        2 + self.chance(0) % 7
    }

    /// The moments of the last request before `now` and of the next.
    fn moments(&self, now: Timestamp) -> (u64, Timestamp) {
        let passed = now.duration_since(self.start).as_secs().max(0).unsigned_abs();
        let number = passed / self.pace() + 1;
        (number, later(self.start, Duration::from_secs(number * self.pace())))
    }

    fn traffic(&self, until: Timestamp) -> Vec<Line> {
        let (next, _) = self.moments(until);
        let first = next.saturating_sub(KEPT as u64).max(1);
        (first..next).filter_map(|number| self.request(number)).collect()
    }

    /// A line of Istio's access log; none: there was no request.
    fn request(&self, number: u64) -> Option<Line> {
        let at = later(self.start, Duration::from_secs(number * self.pace()));
        let rest = self.chance(number);
        let text = if self.sample.is_known {
            let part = |salt: u64| (self.chance(number ^ salt << 40) >> 11) as f64 / (1_u64 << 53) as f64;
            self.sample.line(at, Dice { which: part(1), took: part(2), rest })?
        } else {
            any_request(rest)
        };
        Some(Line { at, text: format!("[{}] {text}", stamp(at)) })
    }

    fn chance(&self, number: u64) -> u64 {
        // The standard hasher with its fixed keys: the same in every run of the program.
        let mut hasher = std::hash::DefaultHasher::new();
        self.pod["metadata"]["uid"].as_str().hash(&mut hasher);
        (self.container, number).hash(&mut hasher);
        hasher.finish()
    }
}

/// A request to a host that nobody knows.
fn any_request(chance: u64) -> String {
    let (host, codes) = HOSTS[(chance % HOSTS.len() as u64) as usize];
    let code = codes[((chance >> 8) % codes.len() as u64) as usize];
    let flags = if code == 503 { "UF" } else { "-" };
    let took = 8 + (chance >> 16) % 240;
    let bytes = (chance >> 24) % 9_000;
    format!(
        "\"GET /v1/items HTTP/1.1\" {code} {flags} via_upstream - \"-\" 0 {bytes} {took} {took} \"10.244.0.7\" \
         \"checkout/2.1\" \"{:08x}\" \"{host}\" \"192.0.2.{}:443\" outbound|443||{host} - - 10.244.1.9:8080 - -",
        chance as u32,
        chance % 200 + 10
    )
}

/// A moment as proxies write it.
fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::demo::state::State;

    #[test]
    fn lines_are_the_same_whenever_they_are_read_and_more_come_with_time() {
        let pod = json!({"metadata": {"name": "p", "uid": "u"}});
        let sample = Sample::of(&State::new(1, Timestamp::UNIX_EPOCH), &pod);
        let start = Timestamp::UNIX_EPOCH;
        let run = Run { pod: &pod, container: "istio-proxy", start, end: None, exit: 0, sample };
        let at = |s| later(Timestamp::UNIX_EPOCH, Duration::from_secs(s));
        let (early, late) = (run.lines(at(60)), run.lines(at(120)));
        assert!(late.len() > early.len() && late.starts_with(&early));
        assert!(early.is_sorted_by_key(|l| l.at), "{early:?}");
        let next = run.next(at(60)).unwrap();
        assert_eq!(late[early.len()].at, next);
        assert_eq!(run.lines(at(100_000)).len(), KEPT);
    }
}
