//! Lines of the access log: a sample of the requests, with the hosts, codes and flags that the statistics count.
//!
//! A pod of the demo writes a line every few seconds, however many requests it has: each line stands for those of its moment,
//! and hosts and codes come as often as they do among them.

use jiff::Timestamp;
use serde_json::Value;

use super::outside::Stream;
use super::rate::seconds;
use super::route::{self, Host, Mode};
use super::{is_gateway, workload};
use crate::demo::state::State;

/// What a pod's lines are about.
#[derive(Clone, Debug)]
pub(in crate::demo) struct Sample {
    hosts: Vec<Host>,
    /// Whether anything is known of the hosts outside: where nothing is, lines are about no host in particular.
    pub(in crate::demo) is_known: bool,
}

/// Whole numbers of a request that lines are made of.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) struct Dice {
    /// Which request.
    pub(in crate::demo) which: f64,
    /// How long it took, among those like it.
    pub(in crate::demo) took: f64,
    /// Everything else.
    pub(in crate::demo) rest: u64,
}

impl Sample {
    /// Of a pod's proxy.
    pub(in crate::demo) fn of(state: &State, pod: &Value) -> Self {
        let is_known = !state.workload.outside.fares.is_empty();
        let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
        let hosts = if is_known && is_gateway(pod) {
            route::hosts(state, pod, (namespace, workload(pod)))
        } else {
            Vec::new()
        };
        Self { hosts, is_known }
    }

    /// Whether there is nothing to write of.
    pub(in crate::demo) fn is_idle(&self) -> bool {
        self.is_known && self.hosts.iter().all(|h| h.demand.curve.mean <= 0.0)
    }

    /// What follows the moment in a line; none: nothing was asked then.
    pub(in crate::demo) fn line(&self, at: Timestamp, dice: Dice) -> Option<String> {
        let t = seconds(at);
        let known = |host: &&Host| host.since.is_none_or(|since| since <= at);
        let streams = |host: &Host| -> Vec<(f64, Option<Stream>)> {
            let curve = &host.demand.curve;
            match host.mode {
                Mode::Passthrough => vec![(curve.at(t), None)],
                _ => host.demand.streams.iter().map(|s| (s.at(curve, t), Some(s.clone()))).collect(),
            }
        };
        let all: Vec<(&Host, f64, Option<Stream>)> = self
            .hosts
            .iter()
            .filter(known)
            .flat_map(|h| streams(h).into_iter().map(move |(rate, stream)| (h, rate, stream)))
            .collect();
        let mut left = dice.which * all.iter().map(|(_, rate, _)| rate).sum::<f64>();
        let (host, _, stream) = all.iter().find(|(_, rate, _)| {
            left -= rate;
            left < 0.0
        })?;
        Some(match stream {
            None => passed(host, at, dice),
            Some(stream) => answered(host, stream, at, dice),
        })
    }
}

/// The endpoint that a request went to, or would have.
fn endpoint(host: &Host, at: Timestamp, refused: bool, dice: Dice) -> String {
    let all = host.endpoints_at(at);
    let fits: Vec<&route::Endpoint> = all.iter().filter(|e| e.refuses == refused && !e.ejected).collect();
    let which = usize::try_from(dice.rest >> 40).unwrap_or_default() % fits.len().max(1);
    fits.get(which).map_or_else(|| "-".to_owned(), |e| format!("{}:{}", e.ip, host.port))
}

/// Paths that clients ask for.
const PATHS: [&str; 4] = ["/v1/items", "/v1/orders", "/v2/status", "/v1/batch"];

/// Details of the code and reason of the transport, by flag; the last is of what the host answered.
const DETAILS: &[(&str, &str, &str)] = &[
    (
        "UF",
        "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
        "delayed_connect_error:_Connection_refused",
    ),
    ("UO", "upstream_reset_before_response_started{overflow}", "-"),
    ("-", "via_upstream", "-"),
];

fn answered(host: &Host, stream: &Stream, at: Timestamp, dice: Dice) -> String {
    let Stream { code, flags, .. } = stream;
    let (_, details, reason) = DETAILS.iter().find(|(f, ..)| f == flags).unwrap_or(&DETAILS[2]);
    let upstream = if *flags == "UO" { "-".to_owned() } else { endpoint(host, at, *flags == "UF", dice) };
    let took = stream.took.quantile(dice.took).round() as u64;
    let (service, bytes) = if stream.arrives {
        (took.saturating_sub(1).to_string(), dice.rest >> 24 & 0x1fff)
    } else {
        ("-".to_owned(), if *flags == "UF" { 167 } else { 81 })
    };
    let path = PATHS[(dice.rest >> 8) as usize % PATHS.len()];
    let method = if dice.rest >> 11 & 3 == 0 { "POST" } else { "GET" };
    let sent = if method == "POST" { dice.rest >> 13 & 0x3ff } else { 0 };
    let (name, cluster, listener) = (&host.name, host.cluster(), host.listener);
    format!(
        "\"{method} {path} HTTP/1.1\" {code} {flags} {details} - \"{reason}\" {sent} {bytes} {took} {service} \"10.244.0.7\" \
         \"checkout/2.1\" \"{:08x}\" \"{name}\" \"{upstream}\" {cluster} - 10.244.1.9:{listener} 10.244.0.7:{} - -",
        dice.rest as u32,
        30_000 + (dice.rest >> 33) % 20_000
    )
}

fn passed(host: &Host, at: Timestamp, dice: Dice) -> String {
    let (name, cluster, listener) = (&host.name, host.cluster(), host.listener);
    let upstream = endpoint(host, at, false, dice);
    let took = 2_000 + (dice.took * 36_000.0) as u64;
    let (sent, received) = (1_800 + (dice.rest >> 24) % 8_000, 20_000 + (dice.rest >> 20) % 82_000);
    format!(
        "\"- - -\" 0 - - - \"-\" {sent} {received} {took} - \"-\" \"-\" \"-\" \"-\" \"{upstream}\" {cluster} - \
         10.244.1.9:{listener} 10.244.0.7:{} {name} -",
        30_000 + (dice.rest >> 33) % 20_000
    )
}
