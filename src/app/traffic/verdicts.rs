//! What is wrong with a host, in words, and what to do next. The first rule that speaks decides.

use super::upstreams::{Host, Place, Use};
use crate::model::brief::Thresholds;
use crate::model::clean::clean;
use crate::model::columns::{Symbol, clock};
use crate::model::reading::Reading;
use crate::model::table::Tone;

/// How a host is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// The worst is 0.
    pub rank: u32,
    /// How bad it is.
    pub tone: Tone,
    /// One word: `out`, `full`, `failing`; empty: nothing is wrong.
    pub word: &'static str,
    /// What it is like, in a sentence.
    pub words: String,
    /// What to do next; empty: nothing.
    pub next: String,
}

impl Judged {
    /// The symbol that stands before it.
    pub fn symbol(&self) -> Symbol {
        match self.tone {
            Tone::Bad => Symbol::Error,
            Tone::Warn => Symbol::Degraded,
            Tone::Muted => Symbol::Unknown,
            _ => Symbol::Good,
        }
    }
}

/// The flag of an endpoint that outlier detection put out.
pub const EJECTED: &str = "failed_outlier_check";

/// Why an endpoint gets no traffic, or less: Envoy's flag, whether nothing is sent to it, what it means, what to do.
const FLAGS: &[(&str, bool, &str, &str)] = &[
    (
        EJECTED,
        true,
        "put out for its failures",
        "It comes back by itself: outlierDetection.baseEjectionTime of the DestinationRule. Its failures are why: see FAILS.",
    ),
    (
        "failed_active_hc",
        true,
        "fails its health check",
        "The gateway asks it and gets no good answer: is it up, and may the gateway reach it?",
    ),
    (
        "active_hc_timeout",
        true,
        "does not answer its health check",
        "The gateway asks it and gets no answer in time: is it up, and may the gateway reach it?",
    ),
    (
        "failed_eds_health",
        true,
        "said to be unhealthy by istiod",
        "istiod says so: look at the WorkloadEntry or pod behind it.",
    ),
    (
        "excluded_via_immediate_hc_fail",
        true,
        "asked to be left out",
        "It says so itself, by the header x-envoy-immediate-health-check-fail.",
    ),
    (
        "pending_active_hc",
        true,
        "waits for its first health check",
        "Traffic comes with the first good answer to the health check.",
    ),
    (
        "pending_dynamic_removal",
        true,
        "on its way out: it was taken away",
        "It goes when its last connection ends.",
    ),
    ("eds_status_draining", true, "drained", "istiod has it drained: it goes when its last connection ends."),
    (
        "degraded_active_hc",
        false,
        "says that it is degraded",
        "It gets traffic only if no better one is there.",
    ),
    (
        "degraded_eds_health",
        false,
        "said to be degraded by istiod",
        "It gets traffic only if no better one is there.",
    ),
    (
        "degraded_outlier_detection",
        false,
        "degraded for its failures",
        "It gets traffic only if no better one is there.",
    ),
];

/// Whether a flag means that nothing is sent to the endpoint. Of a flag that nobody knows that is assumed.
pub fn is_out(flag: &str) -> bool {
    FLAGS.iter().find(|(name, ..)| *name == flag).is_none_or(|(_, out, ..)| *out)
}

/// What a flag means. One that nobody knows is said as Envoy says it.
pub fn reason(flag: &str) -> String {
    match FLAGS.iter().find(|(name, ..)| *name == flag) {
        Some((_, _, words, _)) => (*words).to_owned(),
        None => clean(flag).replace('_', " "),
    }
}

/// What to do about a flag; empty: nothing is known.
pub fn advice(flag: &str) -> &'static str {
    FLAGS.iter().find(|(name, ..)| *name == flag).map_or("", |(.., advice)| advice)
}

/// A rule: what it says of a host, if anything.
type Rule = fn(&Host, &Thresholds) -> Option<Said>;

/// Tone, one word, what it is like, what to do next.
type Said = (Tone, &'static str, String, String);

/// The rules, the gravest first.
const RULES: &[Rule] = &[
    all_out,
    unresolved,
    failing_all,
    full,
    failing,
    tls,
    erring,
    some_out,
    near,
    refused,
    slow,
    stale_names,
    nowhere,
    unread,
];

/// Judges a host.
pub(super) fn judge(host: &Host, thresholds: &Thresholds) -> Judged {
    let said = RULES.iter().enumerate().find_map(|(n, rule)| Some((n, rule(host, thresholds)?)));
    let Some((rule, (tone, word, words, next))) = said else {
        return Judged { rank: 1_000, tone: Tone::Good, words: well(host), ..Judged::default() };
    };
    let base = match tone {
        Tone::Bad => 0,
        Tone::Warn => 100,
        _ => 2_000,
    };
    Judged { rank: base + u32::try_from(rule).unwrap_or(0), tone, word, words, next }
}

/// `1 endpoint`, `2 endpoints`.
fn count(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

/// More than nothing.
fn some(reading: Reading) -> Option<f64> {
    reading.number().filter(|n| *n > 0.0)
}

/// A number of a window: at least one.
fn times(n: f64) -> u64 {
    n.round().max(1.0) as u64
}

fn well(host: &Host) -> String {
    let many = host.endpoints.len() as u64;
    match many {
        0 => "Nothing is wrong with it, as far as statistics tell.".to_owned(),
        1 => "Its endpoint takes traffic.".to_owned(),
        many => format!("All {many} endpoints take traffic."),
    }
}

/// The flag that most endpoints have, if any.
fn main_flag(host: &Host) -> Option<&str> {
    let mut all: Vec<(&str, u32)> = Vec::new();
    for (flag, pods) in host.endpoints.iter().flat_map(|spot| &spot.flags).filter(|(flag, _)| is_out(flag)) {
        match all.iter_mut().find(|(known, _)| *known == &**flag) {
            Some((_, sum)) => *sum += pods,
            None => all.push((flag, *pods)),
        }
    }
    all.into_iter().max_by_key(|(_, pods)| *pods).map(|(flag, _)| flag)
}

/// What failed lately, in words: `; 40 connections failed since 11:47:00`.
fn failures(host: &Host) -> String {
    match lately(host) {
        Some((fails, since)) => format!("; {} failed{since}", count(fails, "connection")),
        None => String::new(),
    }
}

/// Connections that failed lately, and since when that is: by statistics where they are collected.
fn lately(host: &Host) -> Option<(u64, String)> {
    if let Some(fails) = some(host.stats.connect_fails) {
        return Some((times(fails), " in the window".to_owned()));
    }
    let (since, counts) = host.lately?;
    (counts.connect_fails > 0).then(|| (counts.connect_fails, format!(" since {}", clock(since))))
}

fn all_out(host: &Host, _: &Thresholds) -> Option<Said> {
    let many = host.endpoints.len();
    if many == 0 || host.out() < many {
        return None;
    }
    let flag = main_flag(host).unwrap_or_default();
    let who = if many == 1 {
        "Its only endpoint takes no traffic".to_owned()
    } else {
        format!("None of its {many} endpoints takes traffic")
    };
    let words = format!("{who}: {}{}.", reason(flag), failures(host));
    Some((Tone::Bad, "out", words, advice(flag).to_owned()))
}

fn unresolved(host: &Host, _: &Thresholds) -> Option<Said> {
    let fails = some(host.stats.dns_fails)?;
    (host.endpoints.is_empty() && host.asked > 0).then(|| {
        let words = format!(
            "Its name does not resolve: {}, and no address is known.",
            count(times(fails), "failed lookup")
        );
        let next = "Is the name right in the ServiceEntry, and does DNS answer the gateway's pods?";
        (Tone::Bad, "no address", words, next.to_owned())
    })
}

/// What to look at where connections fail.
pub(super) const WHY: &str =
    "Firewall, NAT or TLS: the flag on the traffic tab and the reason in the logs tell which.";

fn failing_all(host: &Host, _: &Thresholds) -> Option<Said> {
    let (since, counts) = host.lately?;
    let opened = counts.connections.saturating_sub(counts.connect_fails);
    let all = counts.connect_fails > 0 && opened == 0 && counts.good == 0;
    all.then(|| {
        let words = format!(
            "No connection to it succeeds: {} failed since {}.",
            count(counts.connect_fails, "connection"),
            clock(since)
        );
        (Tone::Bad, "failing", words, WHY.to_owned())
    })
}

/// What a limit is called in a DestinationRule.
const LIMITS: [(&str, &str); 2] =
    [("connections", "tcp.maxConnections"), ("requests", "http.http2MaxRequests")];

/// What is limited, how much of it is used, and which field limits it: the nearest to its limit.
fn nearest(host: &Host) -> Option<(&'static str, u64, u64, f64, &'static str)> {
    let uses: [&Use; 2] = [&host.connections, &host.requests];
    let all = LIMITS.iter().zip(uses).filter_map(|((what, field), used)| {
        let (now, limit) = used.nearest?;
        Some((*what, now, limit, used.part()?, *field))
    });
    all.max_by(|a, b| a.3.total_cmp(&b.3))
}

fn full(host: &Host, _: &Thresholds) -> Option<Said> {
    if let Some((what, used, limit, part, field)) = nearest(host).filter(|(.., part, _)| *part >= 1.0) {
        debug_assert!(part >= 1.0);
        let words = format!("A pod is at its limit: {used} of {limit} {what}. What is more is refused (UO).");
        return Some((Tone::Bad, "full", words, raise(field)));
    }
    let open = host.stats.open_breakers.first()?;
    let words = format!("The circuit breaker for {open} is open. What is more is refused (UO).");
    Some((
        Tone::Bad,
        "full",
        words,
        "Raise trafficPolicy.connectionPool of its DestinationRule, or send less.".to_owned(),
    ))
}

fn raise(field: &str) -> String {
    format!("Raise connectionPool.{field} of its DestinationRule, add pods, or find who sends so much.")
}

fn failing(host: &Host, thresholds: &Thresholds) -> Option<Said> {
    let (fails, since) = lately(host)?;
    let is_bad = share(host).is_some_and(|(_, part)| grave(part, thresholds) == Tone::Bad);
    let words = format!("{} to it failed{since}{}.", count(fails, "connection"), which(host));
    Some((if is_bad { Tone::Bad } else { Tone::Warn }, "failing", words, WHY.to_owned()))
}

/// Which endpoints are out, and which let nobody in: `; of 4 endpoints 1 is out, 1 never connected`.
fn which(host: &Host) -> String {
    let many = host.endpoints.len();
    let out = host.endpoints.iter().filter(|spot| spot.out > 0).count();
    let shut = host.endpoints.iter().filter(|spot| spot.out == 0 && spot.is_shut()).count();
    if many < 2 || out + shut == 0 {
        return String::new();
    }
    let said = [(out, "out"), (shut, "never connected")].into_iter().filter(|(n, _)| *n > 0);
    let said: Vec<String> = said.map(|(n, word)| format!("{n} {word}")).collect();
    format!("; of {many} endpoints {}", said.join(", "))
}

/// Requests that failed lately, and their part of all.
fn share(host: &Host) -> Option<(u64, f64)> {
    let (_, counts) = host.lately?;
    let all = counts.good.saturating_add(counts.errors);
    (all > 0).then(|| (counts.errors, counts.errors as f64 / all as f64))
}

/// How bad it is that this part of the requests fails.
fn grave(failed: f64, thresholds: &Thresholds) -> Tone {
    match 1.0 - failed {
        good if good < thresholds.success.1 => Tone::Bad,
        good if good < thresholds.success.0 => Tone::Warn,
        _ => Tone::Plain,
    }
}

fn erring(host: &Host, thresholds: &Thresholds) -> Option<Said> {
    let ((errors, part), (since, counts)) = (share(host)?, host.lately?);
    let tone = grave(part, thresholds);
    (tone != Tone::Plain).then(|| {
        let all = count(counts.good.saturating_add(counts.errors), "request");
        let words = format!("{errors} of {all} failed since {}: it answers with errors.", clock(since));
        let next =
            "The host answers 5xx itself: the codes on the traffic tab tell more, and whoever runs it.";
        (tone, "errors", words, next.to_owned())
    })
}

fn tls(host: &Host, _: &Thresholds) -> Option<Said> {
    let fails = some(host.stats.tls_fails)?;
    let none = host.stats.tls_handshakes == Reading::Value(0.0);
    let tone = if none { Tone::Bad } else { Tone::Warn };
    let words = format!(
        "{} failed{}.",
        count(times(fails), "TLS handshake"),
        if none { ", and none succeeded" } else { "" }
    );
    let next =
        "Its certificate is not trusted or does not name it, or it wants one: tls of the DestinationRule.";
    Some((tone, "TLS fails", words, next.to_owned()))
}

fn some_out(host: &Host, _: &Thresholds) -> Option<Said> {
    let many = host.endpoints.len();
    let flag = main_flag(host)?;
    let out: Vec<_> = host.endpoints.iter().filter(|spot| spot.out > 0).collect();
    let first = out.first()?;
    let pods = host.pods;
    let words = match out.as_slice() {
        [one] if one.out < one.pods => {
            format!("{} of {pods} pods see {} unhealthy: {}.", one.out, clean(&one.address), reason(flag))
        }
        all if all.iter().all(|spot| spot.out == spot.pods) => {
            format!(
                "{} of {many} endpoints {}: {}{}.",
                all.len(),
                if all.len() == 1 { "takes no traffic" } else { "take no traffic" },
                reason(flag),
                failures(host)
            )
        }
        all => format!(
            "{} of {many} endpoints take no traffic of some pods ({} of {pods} at {}): {}.",
            all.len(),
            first.out,
            clean(&first.address),
            reason(flag)
        ),
    };
    Some((Tone::Warn, "some out", words, advice(flag).to_owned()))
}

fn near(host: &Host, thresholds: &Thresholds) -> Option<Said> {
    let (what, used, limit, _, field) =
        nearest(host).filter(|(.., part, _)| *part >= thresholds.saturation.0)?;
    let words =
        format!("A pod is near its limit: {used} of {limit} {what}. Beyond it, more is refused (UO).");
    Some((Tone::Warn, "near", words, raise(field)))
}

fn refused(host: &Host, _: &Thresholds) -> Option<Said> {
    let refused = some(host.stats.overflows)?;
    let words = format!("Circuit breakers refused {} in the window (UO).", count(times(refused), "request"));
    Some((
        Tone::Warn,
        "refusing",
        words,
        "Raise connectionPool of its DestinationRule, or send less.".to_owned(),
    ))
}

fn slow(host: &Host, _: &Thresholds) -> Option<Said> {
    let (count_of, since) = match some(host.stats.timeouts) {
        Some(n) => (times(n), " in the window".to_owned()),
        None => {
            let (since, counts) = host.lately?;
            (counts.timeouts, format!(" since {}", clock(since)))
        }
    };
    (count_of > 0).then(|| {
        let words = format!("{} took longer than the route allows{since} (UT).", count(count_of, "request"));
        let next = "Compare timeout of the VirtualService with the host's p99 on the traffic tab.";
        (Tone::Warn, "slow", words, next.to_owned())
    })
}

fn stale_names(host: &Host, _: &Thresholds) -> Option<Said> {
    let fails = some(host.stats.dns_fails)?;
    let words = format!(
        "{} of its name in the window: addresses known before are used.",
        count(times(fails), "failed lookup")
    );
    Some((Tone::Warn, "DNS fails", words, "Does DNS answer the gateway's pods?".to_owned()))
}

fn nowhere(host: &Host, _: &Thresholds) -> Option<Said> {
    let nothing = host.place == Place::External && host.endpoints.is_empty() && host.pods > 0;
    nothing.then(|| {
        let words = "No endpoint is known: its name does not resolve, or nobody has used it yet.".to_owned();
        let next =
            "resolution NONE of a ServiceEntry has endpoints only while they are used; DNS is asked by name.";
        (Tone::Warn, "no address", words, next.to_owned())
    })
}

fn unread(host: &Host, _: &Thresholds) -> Option<Said> {
    (host.asked == 0).then(|| {
        let words = "Its endpoints are not read: no proxy answered for /clusters.".to_owned();
        (Tone::Muted, "", words, String::new())
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::seen::Counts;
    use super::super::upstreams::Spot;
    use super::*;
    use Reading::{NotCollected, Value};

    fn spot(address: &str, out: u32, flags: &[(&str, u32)]) -> Spot {
        let flags = flags.iter().map(|(flag, pods)| ((*flag).into(), *pods)).collect();
        Spot { address: address.into(), pods: 3, out, flags, ..Spot::default() }
    }

    fn host(endpoints: Vec<Spot>) -> Host {
        Host { name: "a:443".into(), pods: 3, asked: 3, endpoints, ..Host::default() }
    }

    fn judged(host: &Host) -> (Tone, &'static str, String) {
        let judged = judge(host, &Thresholds::default());
        (judged.tone, judged.word, judged.words)
    }

    #[test]
    fn each_trouble_is_said_in_words() {
        let well = || host(vec![spot("192.0.2.7:443", 0, &[]), spot("192.0.2.8:443", 0, &[])]);
        let out = |pods| spot("192.0.2.7:443", pods, &[("failed_outlier_check", pods)]);
        let since = "2026-05-03T11:47:00Z".parse::<Timestamp>().unwrap();
        let counts = |counts| Some((since, counts));
        let cases: [(Host, Tone, &str, &str); 12] = [
            (well(), Tone::Good, "", "All 2 endpoints take traffic."),
            (
                Host {
                    lately: counts(Counts { connect_fails: 40, ..Counts::default() }),
                    ..host(vec![out(3)])
                },
                Tone::Bad,
                "out",
                "Its only endpoint takes no traffic: put out for its failures; 40 connections failed since 11:47:00.",
            ),
            (
                host(vec![out(2), spot("192.0.2.8:443", 0, &[])]),
                Tone::Warn,
                "some out",
                "2 of 3 pods see 192.0.2.7:443 unhealthy: put out for its failures.",
            ),
            (
                host(vec![out(3), spot("192.0.2.8:443", 0, &[])]),
                Tone::Warn,
                "some out",
                "1 of 2 endpoints takes no traffic: put out for its failures.",
            ),
            (
                Host { connections: Use { all: 200, nearest: Some((97, 100)) }, ..well() },
                Tone::Warn,
                "near",
                "A pod is near its limit: 97 of 100 connections. Beyond it, more is refused (UO).",
            ),
            (
                Host { requests: Use { all: 200, nearest: Some((100, 100)) }, ..well() },
                Tone::Bad,
                "full",
                "A pod is at its limit: 100 of 100 requests. What is more is refused (UO).",
            ),
            (
                Host {
                    lately: counts(Counts {
                        connect_fails: 7,
                        connections: 7,
                        errors: 7,
                        ..Counts::default()
                    }),
                    ..well()
                },
                Tone::Bad,
                "failing",
                "No connection to it succeeds: 7 connections failed since 11:47:00.",
            ),
            (
                Host {
                    lately: counts(Counts {
                        connect_fails: 1,
                        connections: 9,
                        good: 80,
                        ..Counts::default()
                    }),
                    ..well()
                },
                Tone::Warn,
                "failing",
                "1 connection to it failed since 11:47:00.",
            ),
            (
                Host {
                    lately: counts(Counts { timeouts: 2, connections: 9, good: 80, ..Counts::default() }),
                    ..well()
                },
                Tone::Warn,
                "slow",
                "2 requests took longer than the route allows since 11:47:00 (UT).",
            ),
            (
                host(vec![]),
                Tone::Warn,
                "no address",
                "No endpoint is known: its name does not resolve, or nobody has used it yet.",
            ),
            (
                Host { asked: 0, pods: 0, ..host(vec![]) },
                Tone::Muted,
                "",
                "Its endpoints are not read: no proxy answered for /clusters.",
            ),
            (
                host(vec![spot("192.0.2.7:443", 0, &[("degraded_eds_health", 3)])]),
                Tone::Good,
                "",
                "Its endpoint takes traffic.",
            ),
        ];
        for (host, tone, word, words) in cases {
            assert_eq!(judged(&host), (tone, word, words.to_owned()));
        }
    }

    #[test]
    fn how_bad_failures_are_is_judged_by_the_part_that_fails_and_endpoints_that_never_connect_are_told() {
        let since = "2026-05-03T11:47:00Z".parse::<Timestamp>().unwrap();
        let mut shut = spot("192.0.2.9:443", 0, &[]);
        shut.counts = Counts { connections: 9, connect_fails: 9, errors: 9, ..Counts::default() };
        let out = spot("192.0.2.7:443", 3, &[("failed_outlier_check", 3)]);
        let mut one = host(vec![out, spot("192.0.2.8:443", 0, &[]), shut]);
        let counts = |good, errors, connect_fails| Counts {
            connections: 100,
            connect_fails,
            good,
            errors,
            timeouts: 0,
        };
        one.lately = Some((since, counts(990, 5, 5)));
        let words = "5 connections to it failed since 11:47:00; of 3 endpoints 1 out, 1 never connected.";
        assert_eq!(judged(&one), (Tone::Warn, "failing", words.to_owned()));
        one.lately = Some((since, counts(90, 10, 5)));
        assert_eq!(judged(&one).0, Tone::Bad, "a tenth fails");
        let mut other = host(vec![spot("192.0.2.8:443", 0, &[])]);
        other.lately = Some((since, counts(975, 25, 0)));
        let words = "25 of 1000 requests failed since 11:47:00: it answers with errors.";
        assert_eq!(judged(&other), (Tone::Warn, "errors", words.to_owned()));
        other.lately = Some((since, counts(999, 1, 0)));
        assert_eq!(judged(&other).0, Tone::Good, "a thousandth is within bounds");
    }

    #[test]
    fn statistics_tell_more_and_what_is_not_collected_tells_nothing() {
        let mut one = host(vec![spot("192.0.2.7:443", 0, &[])]);
        one.stats.tls_fails = NotCollected;
        one.stats.dns_fails = NotCollected;
        one.stats.overflows = NotCollected;
        assert_eq!(judged(&one).0, Tone::Good);
        one.stats.dns_fails = Value(2.0);
        assert_eq!(judged(&one).1, "DNS fails");
        one.stats.tls_fails = Value(3.0);
        assert_eq!(judged(&one), (Tone::Warn, "TLS fails", "3 TLS handshakes failed.".to_owned()));
        one.stats.tls_handshakes = Value(0.0);
        assert_eq!(judged(&one).0, Tone::Bad);
        one.endpoints.clear();
        assert_eq!(judged(&one).1, "no address", "the gravest is said");
    }

    #[test]
    fn a_flag_that_nobody_knows_is_said_as_envoy_says_it_and_does_no_harm() {
        assert_eq!(reason("failed_new_\u{1b}[2Jway"), "failed new ·[2Jway");
        assert!(is_out("failed_new_way") && !is_out("degraded_active_hc"));
    }
}
