//! Rules: what goes wrong, and with which requests.

use std::str::FromStr;
use std::time::Duration;

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// It takes this much longer.
    Delay(Duration),
    /// It never arrives.
    LostBefore,
    /// It is carried out, and the answer never arrives.
    LostAfter,
    /// It is answered with this code, and not carried out.
    Code(u16),
    /// It is carried out, and answered with this code.
    CodeAfter(u16),
    /// It is not answered at all.
    Silence,
    /// A watch ends after this time.
    DropWatch(Duration),
    /// Reads are answered with what was last answered before the rule was set.
    Stale,
    /// Nobody is there.
    Outage,
    /// It is refused: the right is missing.
    Deny,
}

/// Which requests a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Only this cluster.
    pub cluster: Option<String>,
    /// Only these verbs: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, or `write` for all that change.
    pub verb: Option<String>,
    /// Only this resource, by its plural or a short word of egret's: `gateways`.
    pub resource: Option<String>,
    /// Only the k-th request that fits, counted from 1.
    pub nth: Option<u64>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// About which requests.
    pub which: Which,
    /// What happens to them.
    pub effect: Effect,
}

/// A rule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no fault: {FORMS}")]
pub struct Unreadable(String);

/// The forms of a rule, for people.
pub const FORMS: &str =
    "say latency=300ms, deny=delete:gateways, drop-watch=10s, outage=CLUSTER, error=500, or stale=CLUSTER";

impl FromStr for Rule {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let bad = || Unreadable(text.to_owned());
        let (name, value) = text.split_once('=').ok_or_else(bad)?;
        let cluster = || Some(value.to_owned()).filter(|v| !v.is_empty() && v != "*");
        let plain = |effect| Self { which: Which::default(), effect };
        Ok(match name {
            "latency" => plain(Effect::Delay(duration(value).ok_or_else(bad)?)),
            "drop-watch" => plain(Effect::DropWatch(duration(value).ok_or_else(bad)?)),
            "error" => {
                plain(Effect::Code(value.parse().ok().filter(|c| (400..600).contains(c)).ok_or_else(bad)?))
            }
            "outage" | "stale" => {
                let effect = if name == "outage" { Effect::Outage } else { Effect::Stale };
                if value.is_empty() {
                    return Err(bad());
                }
                Self { which: Which { cluster: cluster(), ..Which::default() }, effect }
            }
            "deny" => {
                let (verb, resource) = value.split_once(':').ok_or_else(bad)?;
                if verb.is_empty() || resource.is_empty() {
                    return Err(bad());
                }
                let some = |word: &str| Some(word.to_owned()).filter(|w| w != "*");
                Self {
                    which: Which { verb: some(verb), resource: some(resource), ..Which::default() },
                    effect: Effect::Deny,
                }
            }
            _ => return Err(bad()),
        })
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Which { cluster, verb, resource, .. } = &self.which;
        let any = |word: &Option<String>| word.clone().unwrap_or_else(|| "*".to_owned());
        match &self.effect {
            Effect::Delay(time) => write!(f, "latency={}", short(*time)),
            Effect::DropWatch(time) => write!(f, "drop-watch={}", short(*time)),
            Effect::Code(code) | Effect::CodeAfter(code) => write!(f, "error={code}"),
            Effect::Outage => write!(f, "outage={}", any(cluster)),
            Effect::Stale => write!(f, "stale={}", any(cluster)),
            Effect::Deny => write!(f, "deny={}:{}", any(verb), any(resource)),
            Effect::LostBefore => f.write_str("lost-before"),
            Effect::LostAfter => f.write_str("lost-after"),
            Effect::Silence => f.write_str("silence"),
        }
    }
}

/// `300ms`, `10s`, `2m`.
fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(at);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

/// The same, in the largest unit that tells it whole: what was typed as `10s` is not told as `10000ms`.
fn short(time: Duration) -> String {
    match time.as_millis() {
        ms if ms > 0 && ms % 60_000 == 0 => format!("{}m", ms / 60_000),
        ms if ms > 0 && ms % 1000 == 0 => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}
