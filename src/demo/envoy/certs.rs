//! `/certs`: the proxy's own certificate by istiod, and those that it shows to hosts.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::Proxy;
use super::rate::hashed;
use crate::demo::clock::later;

/// How long a certificate of istiod's holds, and after how long it is renewed, seconds.
const HOLDS: u64 = 86_400;
pub(super) const RENEWED: u64 = HOLDS / 2;

/// How long a certificate of somebody else's holds, whose end nobody told.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A certificate.
struct Certificate {
    serial: String,
    names: Value,
    from: Timestamp,
    until: Timestamp,
}

impl Certificate {
    fn json(&self, now: Timestamp) -> Value {
        let days = self.until.duration_since(now).as_secs().max(0) / 86_400;
        json!({
            "path": "<inline>", "serial_number": self.serial, "subject_alt_names": self.names,
            "days_until_expiration": days.to_string(), "valid_from": self.from.to_string(),
            "expiration_time": self.until.to_string(),
        })
    }
}

fn serial(of: &str, number: u64) -> String {
    format!("{:016x}{:016x}", hashed((of, number)), hashed((number, of)))
}

fn before(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(at)
}

/// The proxy's own: istiod's agent has it renewed at half of its time.
fn own(proxy: &Proxy<'_>) -> Certificate {
    let times = proxy.uptime() / RENEWED;
    let at = later(proxy.start, Duration::from_secs(times * RENEWED));
    let (namespace, account) = (proxy.namespace(), proxy.account());
    Certificate {
        serial: serial(proxy.uid(), times),
        names: json!([{"uri": format!("spiffe://cluster.local/ns/{namespace}/sa/{account}")}]),
        from: before(at, Duration::from_secs(120)),
        until: later(at, Duration::from_secs(HOLDS)),
    }
}

/// The authority's.
fn root() -> Certificate {
    let from: Timestamp = "2026-01-12T08:04:31Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    let until = later(from, Duration::from_secs(10 * 365 * 86_400));
    Certificate { serial: serial("root", 0), names: json!([]), from, until }
}

/// Those that are shown to hosts, each once.
fn shown(proxy: &Proxy<'_>) -> Vec<Certificate> {
    let mut names: Vec<&str> = proxy.hosts.iter().filter_map(|h| h.credential.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let ends = &proxy.state.workload.outside.credentials;
    let one = |name: &str| {
        let until = ends.get(name).copied().unwrap_or_else(|| later(root().from, YEAR));
        Certificate {
            serial: serial(name, 0),
            names: json!([{"dns": format!("{name}.shop.example")}]),
            from: before(until, YEAR),
            until,
        }
    };
    names.into_iter().map(one).collect()
}

/// Seconds that are left of the proxy's own.
pub(super) fn seconds_left(proxy: &Proxy<'_>) -> f64 {
    own(proxy).until.duration_since(proxy.at).as_secs_f64()
}

/// Whole days until the first of all ends.
pub(super) fn days_left(proxy: &Proxy<'_>) -> u64 {
    let all = shown(proxy).into_iter().chain([own(proxy)]);
    let left = all.map(|c| c.until.duration_since(proxy.at)).min().unwrap_or(SignedDuration::ZERO);
    left.as_secs().max(0).unsigned_abs() / 86_400
}

/// The answer.
pub(super) fn json(proxy: &Proxy<'_>) -> Value {
    let own = json!({"ca_cert": [root().json(proxy.at)], "cert_chain": [own(proxy).json(proxy.at)]});
    let shown = shown(proxy).into_iter().map(|c| json!({"ca_cert": [], "cert_chain": [c.json(proxy.at)]}));
    json!({"certificates": std::iter::once(own).chain(shown).collect::<Vec<_>>()})
}
