//! The hosts behind a gateway as a pane lists them.

use std::borrow::Cow;

use super::upstreams::{Host, Place, Spot, Use};
use super::verdicts;
use crate::app::paint::{Look, piece};
use crate::app::screen::pane::{Listing, PaneText, Part, column};
use crate::model::clean::clean;
use crate::model::columns::Symbol;
use crate::model::reading::{Reading, Unit};
use crate::model::table::{Align, Column, Tone};

/// Hosts, and from where on a limit is near.
#[derive(Debug)]
pub struct Hosts {
    /// The hosts, the worst first.
    pub hosts: Vec<Host>,
    /// The part of a limit from which on it is near.
    pub near: f64,
}

const COLUMNS: &[Column] = &[
    column("host", "HOST", "Host and port", Align::Left, (18, 70), 255),
    column("healthy", "HEALTHY", "Endpoints that every pod sends to", Align::Left, (7, 12), 250),
    column("connections", "CONNECTIONS", "Open, of how many a pod may open", Align::Right, (11, 24), 240),
    column("fails", "FAILS", "Connections that failed lately", Align::Right, (5, 8), 230),
    column("timeouts", "TIMEOUT", "Requests that took too long lately", Align::Right, (5, 8), 180),
    column("pending", "PENDING", "Requests that wait, of how many may", Align::Right, (5, 12), 200),
    column("retries", "RETRIES", "Retries in the window", Align::Right, (5, 8), 150),
    column("ejected", "EJECTED", "Endpoints that are put out for their failures", Align::Right, (5, 8), 140),
    column("tls", "TLS FAILS", "TLS handshakes that failed in the window", Align::Right, (5, 9), 160),
    column("dns", "DNS FAILS", "Lookups that failed in the window", Align::Right, (5, 9), 155),
    column(
        "refused",
        "REFUSED",
        "Requests refused by circuit breakers in the window",
        Align::Right,
        (5, 8),
        145,
    ),
    column("handshakes", "TLS", "TLS handshakes in the window", Align::Right, (4, 8), 90),
    column("ejections", "EJECTIONS", "Endpoints put out in the window", Align::Right, (5, 9), 85),
    column("requests", "REQUESTS", "Under way, of how many a pod may have", Align::Right, (8, 20), 120),
];

/// A number that is no trouble, or none at all.
fn quiet(reading: Reading) -> PaneText {
    let tone = if reading.number().is_some() { Tone::Plain } else { Tone::Muted };
    (reading.text(Unit::Count), tone)
}

/// A number that is trouble where it is more than nothing.
fn trouble(reading: Reading) -> PaneText {
    let tone = match reading.number() {
        Some(n) if n > 0.0 => Tone::Warn,
        Some(_) => Tone::Plain,
        None => Tone::Muted,
    };
    (reading.text(Unit::Count), tone)
}

impl Hosts {
    /// How much of a limit is used, with a word where that is near: `97/100 ▲ near`.
    fn used(&self, used: Use, asked: bool, without: Reading) -> PaneText {
        let Some((now, limit)) = used.nearest else {
            if asked {
                return (Unit::Count.text(used.all as f64), Tone::Plain);
            }
            return quiet(without);
        };
        let part = used.part().unwrap_or_default();
        let (word, tone) = match part {
            part if part >= 1.0 => (" ✕ full", Tone::Bad),
            part if part >= self.near => (" ▲ near", Tone::Warn),
            _ => ("", Tone::Plain),
        };
        let text = format!("{}/{}{word}", exact(now), exact(limit));
        (text.into(), tone)
    }
}

/// A number as it is while it is short.
fn exact(n: u64) -> Cow<'static, str> {
    if n < 100_000 { n.to_string().into() } else { Unit::Count.text(n as f64) }
}

/// How many endpoints every pod sends to, and a word where that is not all.
fn healthy(host: &Host) -> PaneText {
    let many = host.endpoints.len();
    if host.asked == 0 {
        let (healthy, all) = (host.stats.healthy, host.stats.endpoints);
        return match (healthy.number(), all.number()) {
            (Some(healthy), Some(all)) => {
                let tone = if healthy < all { Tone::Warn } else { Tone::Plain };
                (format!("{healthy:.0}/{all:.0}").into(), tone)
            }
            _ => quiet(healthy),
        };
    }
    if many == 0 {
        return ("none".into(), if host.place == Place::External { Tone::Warn } else { Tone::Muted });
    }
    let healthy = host.healthy();
    let (word, tone) = match healthy {
        n if n == many => ("", Tone::Plain),
        _ if host.out() == many => (" out", Tone::Bad),
        _ if host.out() == 0 => (" differ", Tone::Warn),
        _ => (" out", Tone::Warn),
    };
    (format!("{healthy}/{many}{word}").into(), tone)
}

/// Endpoints that are put out: of any pod.
fn ejected(host: &Host) -> PaneText {
    if host.asked == 0 {
        return trouble(host.stats.ejected);
    }
    let is_ejected = |spot: &&Spot| spot.flags.iter().any(|(flag, _)| &**flag == verdicts::EJECTED);
    trouble(Reading::Value(host.endpoints.iter().filter(is_ejected).count() as f64))
}

/// What statistics say, else what `/clusters` counted lately.
fn either(statistics: Reading, host: &Host, lately: impl Fn(&super::seen::Counts) -> u64) -> PaneText {
    match (statistics.number(), &host.lately) {
        (None, Some((_, counts))) => trouble(Reading::Value(lately(counts) as f64)),
        (None, None) if host.asked > 0 => trouble(Reading::Unknown),
        _ => trouble(statistics),
    }
}

impl Listing for Hosts {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn len(&self) -> usize {
        self.hosts.len()
    }

    fn key(&self, group: usize) -> &str {
        self.hosts.get(group).map_or("", |host| &host.name)
    }

    fn parts(&self, group: usize) -> usize {
        self.hosts.get(group).map_or(0, |host| host.endpoints.len())
    }

    fn part_key(&self, group: usize, part: usize) -> &str {
        self.spot(group, part).map_or("", |spot| &spot.address)
    }

    fn symbol(&self, group: usize) -> (Symbol, Tone) {
        self.hosts
            .get(group)
            .map_or((Symbol::Unknown, Tone::Muted), |host| (host.judged.symbol(), host.judged.tone))
    }

    fn cells(&self, group: usize) -> Vec<PaneText> {
        let Some(host) = self.hosts.get(group) else { return Vec::new() };
        let stats = &host.stats;
        let tone = match (host.place, host.judged.tone) {
            (Place::External, _) => Tone::Plain,
            _ => Tone::Muted,
        };
        let pending = match (stats.pending.number(), host.pending_limit) {
            (Some(n), Some(limit)) => {
                let used = Use { all: n as u64, nearest: Some((n as u64, limit)) };
                self.used(used, true, stats.pending)
            }
            _ => quiet(stats.pending),
        };
        let asked = host.asked > 0;
        vec![
            (clean(&host.name).into_owned().into(), tone),
            healthy(host),
            self.used(host.connections, asked, stats.connections),
            either(stats.connect_fails, host, |counts| counts.connect_fails),
            either(stats.timeouts, host, |counts| counts.timeouts),
            pending,
            quiet(stats.retries),
            ejected(host),
            trouble(stats.tls_fails),
            trouble(stats.dns_fails),
            trouble(stats.overflows),
            quiet(stats.tls_handshakes),
            trouble(stats.ejections),
            self.used(host.requests, asked, stats.active),
        ]
    }

    fn part(&self, group: usize, part: usize) -> Part {
        let Some(spot) = self.spot(group, part) else {
            return Part { symbol: None, name: String::new(), said: Vec::new() };
        };
        let pods = self.hosts.get(group).map_or(0, |host| host.asked);
        let (symbol, tone) = state(spot);
        Part {
            symbol: Some((symbol, tone)),
            name: clean(&spot.address).into_owned(),
            said: vec![
                piece(state_words(spot, pods), Look::Tone(tone)),
                piece(counted(spot), Look::Tone(Tone::Muted)),
            ],
        }
    }

    fn explain(&self, group: usize, part: Option<usize>) -> [String; 2] {
        let Some(host) = self.hosts.get(group) else { return Default::default() };
        let Some(spot) = part.and_then(|part| self.spot(group, part)) else {
            let pods = match (host.pods, host.asked) {
                (known, asked) if known > 0 && known < asked => format!(" {known} of {asked} pods know it."),
                _ => String::new(),
            };
            let first = format!("{}: {}{pods}", clean(&host.name), host.judged.words);
            return [first, host.judged.next.clone()];
        };
        let mut place: Vec<&str> = vec![&spot.hostname, &spot.locality];
        place.retain(|text| !text.is_empty());
        let at = if place.is_empty() { String::new() } else { format!(" ({})", clean(&place.join(", "))) };
        let counted = counted(spot).replacen(" · ", "", 1);
        let state = state_words(spot, host.asked);
        let first = format!("{}{at}: {state}. Since the proxies started: {counted}.", clean(&spot.address));
        let shut = if spot.is_shut() { verdicts::WHY } else { "" };
        let advice = spot.flags.first().map_or(shut, |(flag, _)| verdicts::advice(flag));
        [first, advice.to_owned()]
    }
}

impl Hosts {
    fn spot(&self, group: usize, part: usize) -> Option<&Spot> {
        self.hosts.get(group)?.endpoints.get(part)
    }
}

fn state(spot: &Spot) -> (Symbol, Tone) {
    match spot.out {
        0 if spot.flags.is_empty() && !spot.is_shut() => (Symbol::Good, Tone::Good),
        out if out > 0 && out == spot.pods => (Symbol::Error, Tone::Bad),
        _ => (Symbol::Degraded, Tone::Warn),
    }
}

/// `healthy`, `put out for its failures on 2 of 3 pods`, `known to 1 of 3 pods`.
fn state_words(spot: &Spot, asked: u32) -> String {
    let mut words: Vec<String> = spot
        .flags
        .iter()
        .map(|(flag, pods)| {
            let reason = verdicts::reason(flag);
            match *pods {
                all if all >= asked && asked > 1 => format!("{reason} on all pods"),
                some if asked > 1 => format!("{reason} on {some} of {asked} pods"),
                _ => reason,
            }
        })
        .collect();
    if words.is_empty() {
        let shut = if spot.is_shut() { ", but no connection succeeded" } else { "" };
        words.push(format!("healthy{shut}"));
    }
    if spot.pods < asked {
        words.push(format!("known to {} of {asked} pods", spot.pods));
    }
    words.join(", ")
}

/// ` · 12 open · 40/52 connections failed · 3 of 300 requests failed, 1 timed out`.
fn counted(spot: &Spot) -> String {
    let counts = spot.counts;
    let mut said = format!(" · {} open", exact(spot.connections));
    if counts.connect_fails > 0 {
        let all = counts.connections.max(counts.connect_fails);
        said.push_str(&format!(" · {}/{} connections failed", exact(counts.connect_fails), exact(all)));
    }
    let asked = counts.good.saturating_add(counts.errors);
    if asked > 0 {
        said.push_str(&format!(" · {}/{} requests failed", exact(counts.errors), exact(asked)));
    }
    if counts.timeouts > 0 {
        said.push_str(&format!(" · {} timed out", exact(counts.timeouts)));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::traffic::seen::Counts;

    fn texts(hosts: &Hosts) -> Vec<String> {
        hosts.cells(0).into_iter().map(|(text, _)| text.into_owned()).collect()
    }

    fn of(host: Host) -> Hosts {
        Hosts { hosts: vec![host], near: 0.8 }
    }

    #[test]
    fn how_near_to_a_limit_is_said_with_symbol_and_word() {
        for (used, limit, text, tone) in [
            (12, 100, "12/100", Tone::Plain),
            (97, 100, "97/100 ▲ near", Tone::Warn),
            (100, 100, "100/100 ✕ full", Tone::Bad),
            (0, 0, "0/0 ✕ full", Tone::Bad),
            (900_000, 1_000_000, "900k/1M ▲ near", Tone::Warn),
        ] {
            let hosts = of(Host {
                asked: 1,
                connections: Use { all: used, nearest: Some((used, limit)) },
                ..Host::default()
            });
            let (shown, of_tone) = hosts.cells(0).swap_remove(2);
            assert_eq!((&*shown, of_tone), (text, tone));
        }
    }

    #[test]
    fn what_is_not_collected_is_never_shown_as_nothing() {
        let none = super::super::upstreams::uncollected();
        let hosts = of(Host { asked: 3, stats: none.clone(), ..Host::default() });
        assert_eq!(texts(&hosts)[5..7], ["n/c"; 2]);
        assert_eq!(texts(&hosts)[8..13], ["n/c"; 5]);
        assert_eq!(
            texts(&hosts)[3],
            "…",
            "failures are counted by comparing, and there is nothing to compare yet"
        );
        let since = jiff::Timestamp::UNIX_EPOCH;
        let lately = Some((since, Counts { connect_fails: 4, ..Counts::default() }));
        let hosts = of(Host { asked: 3, lately, stats: none, ..Host::default() });
        assert_eq!(texts(&hosts)[3..5], ["4", "0"]);
    }

    #[test]
    fn an_endpoint_says_what_it_is_and_on_how_many_pods() {
        let spot = Spot {
            address: "192.0.2.7:443".into(),
            hostname: "a.example.com".into(),
            pods: 3,
            out: 2,
            flags: vec![("failed_outlier_check".into(), 2)],
            connections: 12,
            counts: Counts { connections: 52, connect_fails: 40, good: 297, errors: 43, timeouts: 1 },
            ..Spot::default()
        };
        let hosts = of(Host { asked: 3, pods: 3, endpoints: vec![spot], ..Host::default() });
        let part = hosts.part(0, 0);
        assert_eq!(part.symbol, Some((Symbol::Degraded, Tone::Warn)));
        let said: String = part.said.iter().map(|piece| &*piece.text).collect();
        assert_eq!(
            said,
            "put out for its failures on 2 of 3 pods · 12 open · 40/52 connections failed · 43/340 requests failed · 1 timed out"
        );
        assert!(hosts.explain(0, Some(0))[0].starts_with("192.0.2.7:443 (a.example.com): put out"));
    }
}
