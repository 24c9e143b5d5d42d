//! The certificates that the proxies of a gateway use, over all its pods. They are read from the proxies, never from a
//! Secret (R27).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::envoy::certs::Certificate;
use crate::model::brief::Thresholds;
use crate::model::clock::zone;
use crate::model::columns::Symbol;
use crate::model::table::Tone;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Certificates for the same names from the same source: one, or one a pod where each pod has its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    /// Whether it is an authority's.
    pub is_ca: bool,
    /// The file or secret it came from; empty: inline.
    pub source: Box<str>,
    /// Names it holds for.
    pub names: Vec<Box<str>>,
    /// The certificates, the first that ends first.
    pub issues: Vec<Issue>,
    /// Pods whose certificates were read.
    pub asked: usize,
}

/// One certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Issue {
    /// Serial number.
    pub serial: Box<str>,
    /// From when.
    pub not_before: Option<Timestamp>,
    /// Until when.
    pub not_after: Option<Timestamp>,
    /// The pods that use it.
    pub pods: Vec<Arc<str>>,
}

/// What certificates have in common that are shown as one row: whether it is an authority's, source, names.
type Key<'a> = (bool, &'a str, &'a [Box<str>]);

/// The certificates of these pods, the first that ends first; those without an end last.
pub fn chains<'a>(pods: impl IntoIterator<Item = (&'a Arc<str>, &'a [Certificate])>) -> Vec<Chain> {
    let mut all: BTreeMap<Key<'_>, Vec<Issue>> = BTreeMap::new();
    let mut asked = 0;
    for (pod, certificates) in pods {
        asked += 1;
        for one in certificates {
            let issues = all.entry((one.is_ca, &one.source, &one.names)).or_default();
            let same = |issue: &&mut Issue| {
                issue.serial == one.serial
                    && issue.not_after == one.not_after
                    && issue.not_before == one.not_before
            };
            match issues.iter_mut().find(same) {
                Some(issue) if issue.pods.last() == Some(pod) => {}
                Some(issue) => issue.pods.push(pod.clone()),
                None => issues.push(Issue {
                    serial: one.serial.clone(),
                    not_before: one.not_before,
                    not_after: one.not_after,
                    pods: vec![pod.clone()],
                }),
            }
        }
    }
    let chain = |((is_ca, source, names), mut issues): (Key<'_>, Vec<Issue>)| {
        issues.sort_by(|a, b| end(a).cmp(&end(b)).then_with(|| a.serial.cmp(&b.serial)));
        Chain { is_ca, source: source.into(), names: names.to_vec(), issues, asked }
    };
    let mut chains: Vec<Chain> = all.into_iter().map(chain).collect();
    chains.sort_by_key(|chain| chain.issues.first().map(end));
    chains
}

/// What certificates are sorted by.
fn end(issue: &Issue) -> (bool, Option<Timestamp>) {
    (issue.not_after.is_none(), issue.not_after)
}

impl Chain {
    /// Pods that use it.
    pub fn pods(&self) -> usize {
        let mut all: Vec<&Arc<str>> = self.issues.iter().flat_map(|issue| &issue.pods).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    /// The one that ends first.
    pub fn first(&self) -> Option<&Issue> {
        self.issues.first()
    }
}

/// How near to its end a certificate is.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// How bad that is.
    pub tone: Tone,
    /// In words: `ends in 5 days`, `ended 2 days ago`.
    pub words: String,
    /// Whether it is renewed long before: it lives for some days only.
    pub is_short: bool,
}

impl Term {
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

/// How near to its end a certificate is. One that lives for less than the first threshold is renewed by itself, halfway
/// through its life: it is told when that did not happen.
pub fn term(issue: &Issue, thresholds: &Thresholds, now: Timestamp) -> Term {
    let said = |tone, words, is_short| Term { tone, words, is_short };
    let Some(end) = issue.not_after else { return said(Tone::Muted, "end unknown".to_owned(), false) };
    let left = seconds(now, end);
    let life = issue.not_before.map(|begin| seconds(begin, end));
    let (warn, bad) = thresholds.certificate_days;
    let is_short = life.is_some_and(|life| life < i64::from(warn) * DAY);
    if let Some(begin) = issue.not_before.filter(|begin| *begin > now) {
        return said(Tone::Bad, format!("begins in {}", length(seconds(now, begin))), is_short);
    }
    if left <= 0 {
        return said(Tone::Bad, format!("ended {} ago", length(-left)), is_short);
    }
    let tone = match life {
        Some(life) if is_short && left < life / 10 => Tone::Bad,
        Some(life) if is_short && left < life / 4 => Tone::Warn,
        _ if is_short => Tone::Good,
        _ if left < i64::from(bad) * DAY => Tone::Bad,
        _ if left < i64::from(warn) * DAY => Tone::Warn,
        _ => Tone::Good,
    };
    said(tone, format!("ends in {}", length(left)), is_short)
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second().saturating_sub(from.as_second())
}

/// A length of time in its greatest unit: `5 days`, `11 hours`, `40 minutes`.
fn length(seconds: i64) -> String {
    let (n, unit) = match seconds {
        s if s >= 2 * DAY => (s / DAY, "day"),
        s if s >= 7_200 => (s / 3_600, "hour"),
        s => ((s / 60).max(1), "minute"),
    };
    if n == 1 { format!("1 {unit}") } else { format!("{n} {unit}s") }
}

/// A day and time of day.
pub fn day(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Where a certificate comes from, by its source: what that is, and who renews it.
pub fn origin(chain: &Chain) -> (&'static str, &'static str) {
    const ORIGINS: &[(&str, &str, &str)] = &[
        (
            "kubernetes",
            "Secret",
            "Renew it in that Secret: istiod hands it to the proxies at once, without a restart.",
        ),
        (
            "default",
            "the mesh",
            "The agent in the pod has istiod renew it; if not: pod logs, and does istiod answer?",
        ),
        ("ROOTCA", "the mesh", "It is the mesh's own authority: whoever installed istiod renews it."),
        ("file", "file", "It is mounted into the pod: renew the Secret or ConfigMap behind that volume."),
        ("/", "file", "It is mounted into the pod: renew the Secret or ConfigMap behind that volume."),
    ];
    // What istiod hands to a proxy has no source of its own: the names tell whether it is the mesh's.
    let source = match (&*chain.source, chain.names.first()) {
        ("", Some(name)) if name.starts_with("spiffe://") && !chain.is_ca => "default",
        (source, _) => source,
    };
    match ORIGINS.iter().find(|(prefix, ..)| source.starts_with(prefix)) {
        Some((_, kind, next)) => (kind, next),
        None if chain.is_ca => {
            ("istiod", "Others are judged by it: the mesh's own, or credentialName of a DestinationRule.")
        }
        None => (
            "istiod",
            "Renew the Secret that credentialName names in a Gateway or DestinationRule; istiod hands it on.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn certificate(serial: &str, names: &[&str], begin: &str, end: &str) -> Certificate {
        Certificate {
            is_ca: false,
            source: "kubernetes://payments-tls".into(),
            serial: serial.into(),
            names: names.iter().map(|name| (*name).into()).collect(),
            not_before: Some(at(begin)),
            not_after: Some(at(end)),
        }
    }

    #[test]
    fn what_is_equal_is_joined_and_what_ends_first_stands_first() {
        let far = certificate("aa", &["a.example.com"], "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
        let near = certificate("bb", &["b.example.com"], "2026-01-01T00:00:00Z", "2026-05-08T00:00:00Z");
        let renewed =
            Certificate { serial: "cc".into(), not_after: Some(at("2027-05-08T00:00:00Z")), ..near.clone() };
        let endless = Certificate { not_after: None, names: vec!["c".into()], ..far.clone() };
        let (one, two) = ("p-0".into(), "p-1".into());
        let (first, second) = ([far.clone(), far.clone(), near, endless], [far, renewed]);
        let all = chains([(&one, &first[..]), (&two, &second[..])]);
        let told: Vec<(&str, usize, usize)> =
            all.iter().map(|chain| (&*chain.names[0], chain.issues.len(), chain.pods())).collect();
        assert_eq!(told, [("b.example.com", 2, 2), ("a.example.com", 1, 2), ("c", 1, 1)]);
        let serials: Vec<&str> = all[0].issues.iter().map(|issue| &*issue.serial).collect();
        assert_eq!(serials, ["bb", "cc"], "both are shown, the first to end first");
        assert_eq!(all[1].issues[0].pods.len(), 2, "a certificate that a proxy names twice counts once");
    }

    #[test]
    fn how_near_the_end_is_said_in_words_and_tone() {
        let now = at("2026-05-03T12:00:00Z");
        let cases = [
            ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", Tone::Good, "ends in 242 days"),
            ("2026-01-01T00:00:00Z", "2026-05-24T00:00:00Z", Tone::Warn, "ends in 20 days"),
            ("2026-01-01T00:00:00Z", "2026-05-08T13:00:00Z", Tone::Bad, "ends in 5 days"),
            ("2026-01-01T00:00:00Z", "2026-05-04T13:00:00Z", Tone::Bad, "ends in 25 hours"),
            ("2026-01-01T00:00:00Z", "2026-05-01T11:00:00Z", Tone::Bad, "ended 2 days ago"),
            ("2026-05-04T12:00:00Z", "2027-05-01T11:00:00Z", Tone::Bad, "begins in 24 hours"),
            // A workload's certificate of a day.
            ("2026-05-03T06:00:00Z", "2026-05-04T06:00:00Z", Tone::Good, "ends in 18 hours"),
            ("2026-05-02T17:00:00Z", "2026-05-03T17:00:00Z", Tone::Warn, "ends in 5 hours"),
            ("2026-05-02T13:00:00Z", "2026-05-03T13:00:00Z", Tone::Bad, "ends in 60 minutes"),
        ];
        for (begin, end, tone, words) in cases {
            let issue = Issue {
                serial: "1".into(),
                not_before: Some(at(begin)),
                not_after: Some(at(end)),
                pods: Vec::new(),
            };
            let term = term(&issue, &Thresholds::default(), now);
            assert_eq!((term.tone, &*term.words), (tone, words), "{begin} to {end}");
        }
    }

    #[test]
    fn a_source_tells_who_renews_it() {
        let kinds = ["kubernetes://a", "kubernetes-gateway://ns/a", "default", "/etc/certs/tls.crt", ""];
        let of = |source: &str, name: &str| {
            let names = vec![name.into()];
            origin(&Chain { is_ca: false, source: source.into(), names, issues: Vec::new(), asked: 1 }).0
        };
        let told: Vec<&str> = kinds.iter().map(|source| of(source, "a.example.com")).collect();
        assert_eq!(told, ["Secret", "Secret", "the mesh", "file", "istiod"]);
        assert_eq!(of("", "spiffe://cluster.local/ns/a/sa/b"), "the mesh");
    }
}
