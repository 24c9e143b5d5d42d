//! Statistics in the formats that Envoy tells them in: exposition text, JSON, plain lines.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use regex::Regex;
use serde_json::{Value, json};

use super::tally::{BOUNDS, Histogram};
use super::{Answer, JSON, Proxy, TEXT};

/// What a statistic is worth.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Worth {
    Counter(u64),
    Gauge(u64),
    Histogram(Box<Histogram>),
}

impl Worth {
    fn is_used(&self) -> bool {
        match self {
            Self::Counter(n) => *n > 0,
            Self::Gauge(_) => true,
            Self::Histogram(h) => h.count > 0,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Counter(_) => 0,
            Self::Gauge(_) => 1,
            Self::Histogram(_) => 2,
        }
    }
}

/// A statistic.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stat {
    /// Its whole name: what filters look at.
    pub(super) name: String,
    /// Its name in exposition text, without tags.
    pub(super) family: Cow<'static, str>,
    /// Its tags, rendered: `cluster_name="…"`.
    pub(super) tags: Arc<str>,
    pub(super) worth: Worth,
    /// A gauge that nobody has set yet.
    pub(super) unset: bool,
}

impl Stat {
    pub(super) fn new(name: String, family: Cow<'static, str>, tags: Arc<str>, worth: Worth) -> Self {
        Self { name, family, tags, worth, unset: false }
    }
}

/// A number as `{:.32g}` prints it: 32 digits, and no zeros behind.
pub(super) fn digits(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return "0".to_owned();
    }
    let whole = number.abs().log10().floor().max(0.0) as usize + 1;
    let text = format!("{number:.*}", 32_usize.saturating_sub(whole));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// What is asked for of all.
pub(super) struct Wish {
    used: bool,
    filter: Option<Regex>,
}

impl Wish {
    pub(super) fn of(query: &[(String, String)]) -> Result<Self, Answer> {
        let get = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let filter = get("filter").filter(|f| !f.is_empty()).map(Regex::new).transpose();
        // In RE2's words or nearly so: nobody reads more than the code.
        let filter = filter.map_err(|why| Answer::text(400, format!("Invalid re2 regex: {why}")))?;
        Ok(Self { used: get("usedonly").is_some(), filter })
    }

    fn fits(&self, stat: &Stat) -> bool {
        (!self.used || (stat.worth.is_used() && !stat.unset))
            && self.filter.as_ref().is_none_or(|f| f.is_match(&stat.name))
    }
}

impl Proxy<'_> {
    /// `/stats/prometheus`.
    pub(super) fn exposition(&self, query: &[(String, String)]) -> Answer {
        let wish = match Wish::of(query) {
            Ok(wish) => wish,
            Err(refused) => return refused,
        };
        let text = exposed_all(&self.wished(&wish));
        Answer { code: 200, kind: TEXT, text }
    }

    /// What is wished for, in the order of exposition text.
    pub(super) fn wished(&self, wish: &Wish) -> Vec<Stat> {
        let mut all: Vec<Stat> = self.collected().into_iter().filter(|s| wish.fits(s)).collect();
        all.sort_by(|a, b| (a.worth.rank(), &a.family, &a.name).cmp(&(b.worth.rank(), &b.family, &b.name)));
        all
    }

    /// `/stats`, as lines or as JSON.
    pub(super) fn stats(&self, query: &[(String, String)]) -> Answer {
        let wish = match Wish::of(query) {
            Ok(wish) => wish,
            Err(refused) => return refused,
        };
        let format = query.iter().find(|(n, _)| n == "format").map(|(_, v)| v.as_str());
        let mut all: Vec<Stat> = self.collected().into_iter().filter(|s| wish.fits(s)).collect();
        all.sort_by(|a, b| (a.worth.rank() / 2, &a.name).cmp(&(b.worth.rank() / 2, &b.name)));
        match format {
            None | Some("text") => Answer { code: 200, kind: TEXT, text: lines(&all) },
            Some("json") => Answer { code: 200, kind: JSON, text: as_json(&all).to_string() },
            Some("prometheus") => self.exposition(query),
            Some(_) => Answer::text(400, "usage: /stats?format=(html|active-html|text|json|prometheus)\n\n"),
        }
    }
}

pub(super) fn exposed_all(all: &[Stat]) -> String {
    let mut text = String::with_capacity(all.len() * 160);
    let mut family = "";
    for stat in all {
        if family != &*stat.family {
            family = &stat.family;
            let kind = ["counter", "gauge", "histogram"][usize::from(stat.worth.rank())];
            let _ = writeln!(text, "# TYPE {family} {kind}");
        }
        exposed(&mut text, stat);
    }
    text
}

fn exposed(text: &mut String, stat: &Stat) {
    let Stat { family, tags, .. } = stat;
    match &stat.worth {
        Worth::Counter(n) | Worth::Gauge(n) => {
            let _ = writeln!(text, "{family}{{{tags}}} {n}");
        }
        Worth::Histogram(of) => {
            let comma = if tags.is_empty() { "" } else { "," };
            let before = format!("{family}_bucket{{{tags}{comma}le=\"");
            for (bound, below) in BOUNDS.iter().zip(of.below) {
                text.push_str(&before);
                let _ = writeln!(text, "{bound}\"}} {below}");
            }
            let (sum, count) = (digits(of.sum), of.count);
            let _ = writeln!(text, "{before}+Inf\"}} {count}");
            let _ = writeln!(text, "{family}_sum{{{tags}}} {sum}");
            let _ = writeln!(text, "{family}_count{{{tags}}} {count}");
        }
    }
}

/// Quantiles that `/stats` tells, in percent.
const QUANTILES: [f64; 10] = [0.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 100.0];

/// A quantile of a histogram's buckets.
fn quantile(of: &Histogram, percent: f64) -> f64 {
    let rank = percent / 100.0 * of.count as f64;
    let (mut below, mut lower) = (0_u64, 0.0);
    for (bound, all) in BOUNDS.iter().zip(of.below) {
        if all as f64 >= rank && all > below {
            let part = (rank - below as f64) / (all - below) as f64;
            return lower + (bound - lower) * part.max(0.0);
        }
        (below, lower) = (all, *bound);
    }
    lower
}

fn lines(all: &[Stat]) -> String {
    let mut text = String::new();
    for stat in all {
        let _ = match &stat.worth {
            Worth::Counter(n) | Worth::Gauge(n) => writeln!(text, "{}: {n}", stat.name),
            Worth::Histogram(of) if of.count == 0 => writeln!(text, "{}: No recorded values", stat.name),
            Worth::Histogram(of) => {
                let told = QUANTILES.map(|q| format!("P{q}(nan,{})", quantile(of, q)));
                writeln!(text, "{}: {}", stat.name, told.join(" "))
            }
        };
    }
    text
}

fn as_json(all: &[Stat]) -> Value {
    let mut stats: Vec<Value> = Vec::new();
    let mut computed: Vec<Value> = Vec::new();
    for stat in all {
        match &stat.worth {
            Worth::Counter(n) | Worth::Gauge(n) => stats.push(json!({"name": stat.name, "value": n})),
            Worth::Histogram(of) => {
                let value = |q| if of.count == 0 { Value::Null } else { quantile(of, q).into() };
                let values = QUANTILES.map(|q| json!({"cumulative": value(q), "interval": null}));
                computed.push(json!({"name": stat.name, "values": values}));
            }
        }
    }
    if !computed.is_empty() {
        stats.push(json!({"histograms": {"supported_quantiles": QUANTILES, "computed_quantiles": computed}}));
    }
    json!({"stats": stats})
}
