//! The hosts outside: how busy the way to each is, what each answers, and which of them are in trouble since when.

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::sync::Arc;

use super::rate::{Curve, Spells, hashed, seconds};
use jiff::Timestamp;

/// How hosts outside fare; one that is not here is healthy.
#[derive(Clone, Debug, Default)]
pub struct Outside {
    /// What makes one world's noise another than the next one's.
    pub seed: u64,
    /// By host.
    pub fares: BTreeMap<Arc<str>, Fare>,
    /// Certificates of clients that the gateways show to hosts: until when each holds, by the name of its Secret.
    pub credentials: BTreeMap<Arc<str>, Timestamp>,
}

/// How one host fares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fare {
    /// Requests a second in the mean, or connections of what is passed through; 0: nobody calls it.
    pub rate: f64,
    /// What ails it.
    pub trouble: Trouble,
}

/// What ails a host.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Trouble {
    /// Nothing.
    #[default]
    None,
    /// Two of its endpoints refuse connections since a moment: one is put out, and no more may be.
    Refuses(Timestamp),
    /// It holds connections for so long since a moment that there are as many as may be.
    Overflows(Timestamp),
    /// It turns slow again and again: for two and a half minutes in ten, counted from a moment.
    Slows(Timestamp),
}

/// How long a host takes: a log-logistic distribution of a median and a shape; the larger, the closer together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) shape: f64,
}

impl Spread {
    /// The part that is at most so much.
    pub(super) fn below(&self, bound: f64) -> f64 {
        1.0 / (1.0 + (self.median / bound).powf(self.shape))
    }

    /// The mean.
    pub(super) fn mean(&self) -> f64 {
        let angle = PI / self.shape;
        self.median * angle / angle.sin()
    }

    /// The value below which this part is.
    pub(super) fn quantile(&self, part: f64) -> f64 {
        let part = part.clamp(0.001, 0.999);
        self.median * (part / (1.0 - part)).powf(1.0 / self.shape)
    }
}

/// A part of a rate between two moments, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    from: f64,
    until: f64,
    share: f64,
}

/// Requests that end alike: one code, one flag, and how long they take.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stream {
    pub(super) code: u16,
    /// As Envoy writes them; `-`: none.
    pub(super) flags: &'static str,
    pub(super) took: Spread,
    /// Whether they came to the host.
    pub(super) arrives: bool,
    parts: Vec<Part>,
    /// Beside the parts: a share of the mean, while a spell lasts.
    spells: Option<(Spells, f64)>,
}

impl Stream {
    fn always(code: u16, share: f64, took: Spread) -> Self {
        let parts = vec![Part { from: f64::MIN, until: f64::MAX, share }];
        Self { code, flags: "-", took, arrives: true, parts, spells: None }
    }

    /// One that begins at a moment, and never comes to the host.
    fn refused(flags: &'static str, from: f64, share: f64, took: Spread) -> Self {
        let parts = vec![Part { from, until: f64::MAX, share }];
        Self { code: 503, flags, took, arrives: false, parts, spells: None }
    }

    /// The same, less from a moment on.
    fn less(mut self, from: f64, factor: f64) -> Self {
        let later: Vec<Part> =
            self.parts.iter().map(|p| Part { from, share: p.share * factor, ..*p }).collect();
        self.parts.iter_mut().for_each(|p| p.until = from);
        self.parts.extend(later);
        self
    }

    /// How many have ended between two moments.
    pub(super) fn between(&self, curve: &Curve, from: f64, to: f64) -> f64 {
        let parts = self.parts.iter().map(|part| {
            let (from, to) = (from.max(part.from), to.min(part.until));
            if to > from { part.share * (curve.total(to) - curve.total(from)) } else { 0.0 }
        });
        let spells = self.spells.iter().map(|(spells, share)| {
            let long = if to > from { spells.total(to) - spells.total(from) } else { 0.0 };
            share * curve.mean * long
        });
        parts.chain(spells).sum()
    }

    /// How many end in a second at a moment.
    pub(super) fn at(&self, curve: &Curve, t: f64) -> f64 {
        let here = self.parts.iter().filter(|p| p.from <= t && t < p.until).map(|p| p.share).sum::<f64>();
        let spells = self.spells.iter().filter(|(spells, _)| spells.holds(t));
        here * curve.at(t) + spells.map(|(_, share)| share * curve.mean).sum::<f64>()
    }
}

/// Requests a second to a host that nobody said anything of.
fn usual_rate(seed: u64) -> f64 {
    [1.5, 4.0, 7.5, 14.0][(seed % 4) as usize]
}

/// What is asked of one host by one gateway.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Demand {
    pub(super) curve: Curve,
    pub(super) streams: Vec<Stream>,
    pub(super) trouble: Trouble,
}

impl Outside {
    /// What a gateway, by namespace and name of its workload, asks of a host.
    pub(super) fn demand(&self, gateway: (&str, &str), host: &str) -> Demand {
        let seed = hashed((self.seed, gateway, host));
        // How a host answers is its own: it is the same whoever asks.
        let own = hashed(host);
        let usual = Fare { rate: usual_rate(own), trouble: Trouble::None };
        let fare = self.fares.get(host).copied().unwrap_or(usual);
        let curve = Curve { mean: fare.rate, seed };
        Demand { curve, streams: streams(own, fare.trouble), trouble: fare.trouble }
    }
}

/// Part of the requests that fail while two of four endpoints refuse, of which one is put out.
const REFUSED: f64 = 1.0 / 3.0;

/// Part of the requests that find no connection.
const OVERFLOWN: f64 = 0.12;

/// Part of the requests that are slow in a spell.
const SLOW: f64 = 0.15;

fn streams(own: u64, trouble: Trouble) -> Vec<Stream> {
    let took = Spread { median: 18.0 + (own % 90) as f64, shape: 4.0 };
    let short = Spread { median: took.median / 3.0, shape: 4.0 };
    // Most hosts answer in one way, and refuse in another now and then.
    let refused = [404, 402, 429, 400][(own / 3 % 4) as usize];
    let mut all = vec![Stream::always(200, 0.985, took), Stream::always(refused, 0.0147, short)];
    if own.is_multiple_of(3) {
        all.push(Stream::always([201, 204, 206][(own / 5 % 3) as usize], 0.06, took));
    }
    if own.is_multiple_of(5) {
        all.push(Stream::always(503, 0.0003, took));
    }
    match trouble {
        Trouble::None => all,
        Trouble::Refuses(since) => {
            let since = seconds(since);
            all = all.into_iter().map(|s| s.less(since, 1.0 - REFUSED)).collect();
            // Refused at once: no time out, a closed port.
            all.push(Stream::refused("UF", since, REFUSED, Spread { median: 3.0, shape: 3.0 }));
            all
        }
        Trouble::Overflows(since) => {
            let since = seconds(since);
            all = all.into_iter().map(|s| s.less(since, 1.0 - OVERFLOWN)).collect();
            all.push(Stream::refused("UO", since, OVERFLOWN, Spread { median: 0.3, shape: 3.0 }));
            all
        }
        Trouble::Slows(anchor) => {
            let spells = Spells { anchor: seconds(anchor), period: 600.0, long: 150.0 };
            // Code and flags are those of the others: it is one series to the proxy.
            all.push(Stream {
                code: 200,
                flags: "-",
                took: Spread { median: 1_500.0, shape: 6.0 },
                arrives: true,
                parts: Vec::new(),
                spells: Some((spells, SLOW)),
            });
            all
        }
    }
}
