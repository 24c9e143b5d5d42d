//! Each trouble of a host has its words.

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
            Host { lately: counts(Counts { connect_fails: 40, ..Counts::default() }), ..host(vec![out(3)]) },
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
                lately: counts(Counts { connect_fails: 7, connections: 7, errors: 7, ..Counts::default() }),
                ..well()
            },
            Tone::Bad,
            "failing",
            "No connection to it succeeds: 7 connections failed since 11:47:00.",
        ),
        (
            Host {
                lately: counts(Counts { connect_fails: 1, connections: 9, good: 80, ..Counts::default() }),
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
    let counts =
        |good, errors, connect_fails| Counts { connections: 100, connect_fails, good, errors, timeouts: 0 };
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
