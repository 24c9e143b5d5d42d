//! Statistics at many moments at once: what they are is told once, as text, and what they are worth for each moment.
//!
//! In the text the place of each number holds its index, counted from 1. Who reads the text knows of everything that was read
//! which number it is, and needs no other text for the other moments.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Proxy;
use super::expose::{Stat, Wish, Worth, exposed_all};
use super::tally::Histogram;

/// Statistics at many moments.
#[derive(Clone, Debug, PartialEq)]
pub struct Over {
    /// Exposition text with indexes for numbers.
    pub text: String,
    /// The numbers at each moment, that of index 1 first; none: there was no such statistic yet. None at all: the proxy did
    /// not run yet.
    pub numbers: Vec<Option<Vec<Option<f64>>>>,
}

/// Numbers of a histogram: its buckets, its count, its sum.
const OF_HISTOGRAM: usize = 21;

impl Over {
    /// Those that a query asks for, as they are there now.
    pub(in crate::demo) fn of(proxy: &Proxy<'_>, query: &str, times: &[Timestamp]) -> Option<Self> {
        let query: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut stats = proxy.wished(&Wish::of(&query).ok()?);
        let of_hosts = stats.iter().any(|s| s.name.starts_with("cluster.outbound"));
        let at = |at: &Timestamp| Some(numbers(&stats, &proxy.again(*at)?.made(of_hosts)));
        let numbers = times.iter().map(at).collect();
        let mut index = 0;
        stats.iter_mut().for_each(|stat| mark(stat, &mut index));
        Some(Self { text: exposed_all(&stats), numbers })
    }
}

/// Puts indexes in the place of a statistic's numbers.
fn mark(stat: &mut Stat, index: &mut u64) {
    let mut next = || {
        *index += 1;
        *index
    };
    match &mut stat.worth {
        Worth::Counter(n) | Worth::Gauge(n) => *n = next(),
        Worth::Histogram(of) => {
            of.below.iter_mut().for_each(|below| *below = next());
            of.count = next();
            of.sum = next() as f64;
        }
    }
}

/// The numbers of statistics, out of those of another moment.
fn numbers(wanted: &[Stat], made: &[Stat]) -> Vec<Option<f64>> {
    let made: HashMap<&str, &Worth> = made.iter().map(|s| (s.name.as_str(), &s.worth)).collect();
    let mut all = Vec::with_capacity(wanted.len() * 4);
    for stat in wanted {
        match (&stat.worth, made.get(stat.name.as_str())) {
            (Worth::Histogram(_), Some(Worth::Histogram(of))) => all.extend(of_histogram(of)),
            (Worth::Histogram(_), _) => all.extend([None; OF_HISTOGRAM]),
            (_, Some(Worth::Counter(n) | Worth::Gauge(n))) => all.push(Some(*n as f64)),
            _ => all.push(None),
        }
    }
    all
}

fn of_histogram(of: &Histogram) -> impl Iterator<Item = Option<f64>> {
    of.below.iter().map(|below| Some(*below as f64)).chain([Some(of.count as f64), Some(of.sum)])
}
