//! What a proxy has counted of one host by a moment, and what is under way then.

use jiff::Timestamp;

use super::outside::{Spread, Trouble};
use super::rate::{chance, seconds};
use super::roster::Shift;
use super::route::{Host, Mode};

/// Envoy's buckets, in milliseconds, or bytes.
pub(super) const BOUNDS: [f64; 19] = [
    0.5,
    1.0,
    5.0,
    10.0,
    25.0,
    50.0,
    100.0,
    250.0,
    500.0,
    1000.0,
    2500.0,
    5000.0,
    10_000.0,
    30_000.0,
    60_000.0,
    300_000.0,
    600_000.0,
    1_800_000.0,
    3_600_000.0,
];

/// A histogram: how many were at most as large as each bound, their sum, how many there were.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histogram {
    pub(super) below: [u64; 19],
    pub(super) sum: f64,
    pub(super) count: u64,
}

impl Histogram {
    /// That of so many values of a spread.
    pub(super) fn of(count: u64, spread: &Spread) -> Self {
        let number = count as f64;
        let below = BOUNDS.map(|bound| (number * spread.below(bound)) as u64);
        Self { below, sum: number * spread.mean(), count }
    }

    /// Both together.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.below.iter_mut().zip(other.below).for_each(|(b, more)| *b += more);
        self.sum += other.sum;
        self.count += other.count;
        self
    }
}

/// Requests of one code and one set of flags.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ended {
    pub(super) code: u16,
    pub(super) flags: &'static str,
    pub(super) arrived: bool,
    pub(super) count: u64,
    pub(super) took: Histogram,
}

/// All of one host.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tally {
    pub(super) ended: Vec<Ended>,
    /// Connections of what is passed through.
    pub(super) opened: u64,
    pub(super) closed: u64,
    /// Bytes to the host, and from it.
    pub(super) sent: u64,
    pub(super) received: u64,
    /// Connections to the host: open, opened so far, failed so far.
    pub(super) active: u64,
    pub(super) connections: u64,
    pub(super) refused: u64,
    /// Requests under way, and those that wait.
    pub(super) running: u64,
    pub(super) pending: u64,
    /// Requests that ended with a flag of the breaker.
    pub(super) overflown: u64,
    /// Whether a breaker is open.
    pub(super) is_open: bool,
}

/// Bytes of requests.
pub(super) const REQUEST: Spread = Spread { median: 500.0, shape: 3.0 };

/// Bytes of answers.
pub(super) const ANSWER: Spread = Spread { median: 4_200.0, shape: 3.0 };

/// Bytes of a connection that is passed through: out, in.
const PASSED: (f64, f64) = (5_800.0, 61_000.0);

/// Requests on one connection, before it ends.
const PER_CONNECTION: u64 = 60;

/// How long connections last that are passed through, seconds.
const LASTING: f64 = 20.0;

impl Tally {
    /// Requests that ended.
    pub(super) fn requests(&self) -> u64 {
        self.ended.iter().map(|e| e.count).sum()
    }

    /// Requests that came to the host.
    pub(super) fn arrived(&self) -> u64 {
        self.ended.iter().filter(|e| e.arrived).map(|e| e.count).sum()
    }

    /// Of those, the ones that failed.
    pub(super) fn failed(&self) -> u64 {
        self.ended.iter().filter(|e| e.arrived && e.code >= 500).map(|e| e.count).sum()
    }

    /// How many ended with a flag.
    pub(super) fn flagged(&self, flag: &str) -> u64 {
        self.ended.iter().filter(|e| e.flags == flag).map(|e| e.count).sum()
    }
}

/// What a pod counted of a host in its shifts; `now` is the end of the last one. `pod` makes its gauges its own.
pub(super) fn tally(host: &Host, shifts: &[Shift], now: Timestamp, pod: &str) -> Tally {
    let since = host.since.map_or(f64::MIN, seconds);
    let shifts: Vec<Shift> =
        shifts.iter().map(|s| Shift { from: s.from.max(since), ..*s }).filter(|s| s.to > s.from).collect();
    let t = seconds(now);
    let share = shifts.last().filter(|s| s.to >= t).map_or(0.0, |s| s.share);
    match host.mode {
        Mode::Passthrough => passed(host, &shifts, share, t),
        _ => requests(host, &shifts, share, t, pod),
    }
}

fn passed(host: &Host, shifts: &[Shift], share: f64, t: f64) -> Tally {
    let curve = &host.demand.curve;
    let counted: f64 = shifts.iter().map(|s| s.share * (curve.total(s.to) - curve.total(s.from))).sum();
    // The same connections, some time later. Who takes no part any more has closed all of his.
    let until = if share > 0.0 { t - LASTING } else { t };
    let over: f64 = shifts
        .iter()
        .map(|s| s.share * (curve.total(s.to.min(until).max(s.from)) - curve.total(s.from)))
        .sum();
    let (opened, closed) = (counted as u64, over as u64);
    Tally {
        opened,
        closed,
        sent: (counted * PASSED.0) as u64,
        received: (counted * PASSED.1) as u64,
        active: opened - closed,
        connections: opened,
        ..Tally::default()
    }
}

fn requests(host: &Host, shifts: &[Shift], share: f64, t: f64, pod: &str) -> Tally {
    let demand = &host.demand;
    let mut ended: Vec<(Ended, f64, [f64; 19])> = Vec::new();
    let mut running = 0.0;
    for stream in &demand.streams {
        let number: f64 = shifts.iter().map(|s| s.share * stream.between(&demand.curve, s.from, s.to)).sum();
        running += share * stream.at(&demand.curve, t) * stream.took.mean() / 1000.0;
        let below = BOUNDS.map(|bound| number * stream.took.below(bound));
        let same = ended.iter_mut().find(|(e, ..)| (e.code, e.flags) == (stream.code, stream.flags));
        let sum = number * stream.took.mean();
        match same {
            Some((one, all, buckets)) => {
                *all += number;
                buckets.iter_mut().zip(below).for_each(|(b, more)| *b += more);
                one.took.sum += sum;
            }
            None => {
                let took = Histogram { sum, ..Histogram::default() };
                let (code, flags, arrived) = (stream.code, stream.flags, stream.arrives);
                ended.push((Ended { code, flags, arrived, count: 0, took }, number, below));
            }
        }
    }
    let whole = |(mut one, number, below): (Ended, f64, [f64; 19])| {
        one.count = number as u64;
        one.took.count = one.count;
        one.took.below = below.map(|b| b as u64);
        one
    };
    let mut tally = Tally { ended: ended.into_iter().map(whole).collect(), ..Tally::default() };
    tally.ended.retain(|e| e.count > 0);
    let all = tally.requests() as f64;
    tally.sent = (all * REQUEST.mean()) as u64;
    tally.received = (tally.arrived() as f64 * ANSWER.mean()) as u64;
    tally.refused = tally.flagged("UF");
    tally.overflown = tally.flagged("UO");
    tally.running = running.round() as u64;
    let kept = if share > 0.0 { 2.0 + (share * demand.curve.mean / 8.0).floor() } else { 0.0 };
    // Most are kept and used again.
    let arrived = tally.arrived();
    tally.connections = arrived / PER_CONNECTION + arrived.min(host.limits.connections.min(8));
    tally.active = (tally.running + kept as u64).min(tally.connections);
    if let Trouble::Overflows(since) = demand.trouble
        && share > 0.0
        && t >= seconds(since)
    {
        // It moves just below its limit, and touches it most of the time.
        let near = (chance((pod, &*host.name, (t / 5.0) as i64)) * 4.0) as u64;
        tally.active = host.limits.connections.saturating_sub(near.saturating_sub(1));
        tally.running = tally.active;
        tally.pending = host.limits.pending.saturating_sub(near.saturating_sub(1));
        tally.is_open = near <= 1;
    }
    tally
}
