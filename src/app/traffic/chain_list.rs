//! The certificates of a gateway as a pane lists them.

use jiff::Timestamp;

use super::chains::{Chain, Issue, Term, day, origin, term};
use crate::app::paint::{Look, piece};
use crate::app::screen::pane::{Listing, PaneText, Part, column};
use crate::model::brief::Thresholds;
use crate::model::clean::clean;
use crate::model::columns::Symbol;
use crate::model::table::{Align, Column, Tone};

/// Certificates, each with how near to its end it is.
#[derive(Debug)]
pub struct Chains {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    chain: Chain,
    term: Term,
    key: String,
    /// What unfolds below it.
    parts: Vec<(String, String, Tone)>,
}

const COLUMNS: &[Column] = &[
    column("names", "NAMES", "Names it holds for", Align::Left, (18, 64), 255),
    column("ends", "ENDS", "When it ends", Align::Left, (16, 20), 250),
    column("kind", "KIND", "Of a server or client, or of an authority", Align::Left, (4, 4), 180),
    column("source", "FROM", "Where it comes from", Align::Left, (12, 40), 200),
    column("pods", "PODS", "Pods that use it", Align::Right, (4, 7), 190),
    column("until", "UNTIL", "The day it ends", Align::Left, (16, 16), 120),
    column("serial", "SERIAL", "Serial number", Align::Left, (10, 40), 110),
];

impl Chains {
    /// The list, as it is now: what is bad first, what ends first at the top of each.
    pub fn new(chains: Vec<Chain>, thresholds: &Thresholds, now: Timestamp) -> Self {
        let row = |chain: Chain| {
            let terms: Vec<Term> = chain.issues.iter().map(|issue| term(issue, thresholds, now)).collect();
            let parts = parts(&chain, &terms);
            let key = format!("{} {} {}", chain.is_ca, chain.source, chain.names.join(" "));
            // A chain has at least one certificate.
            let first = terms.into_iter().next();
            let unknown = || Term { tone: Tone::Muted, words: String::new(), is_short: false };
            Row { chain, term: first.unwrap_or_else(unknown), key, parts }
        };
        let mut rows: Vec<Row> = chains.into_iter().map(row).collect();
        // What is renewed by itself ends soon as a rule: what is to be renewed stands above it.
        rows.sort_by_key(|row| match row.term.tone {
            Tone::Bad => 0,
            Tone::Warn => 1,
            _ => 2,
        });
        Self { rows }
    }

    /// How many are bad, and how many are to be looked at.
    pub fn troubles(&self) -> (usize, usize) {
        let of = |tone| self.rows.iter().filter(|row| row.term.tone == tone).count();
        (of(Tone::Bad), of(Tone::Warn))
    }
}

/// The lines below a chain: all its names, then each certificate.
fn parts(chain: &Chain, terms: &[Term]) -> Vec<(String, String, Tone)> {
    let mut parts: Vec<(String, String, Tone)> = Vec::new();
    if chain.names.len() > 1 {
        for (n, name) in chain.names.iter().enumerate() {
            parts.push((format!("name {}", n + 1), clean(name).into_owned(), Tone::Plain));
        }
    }
    for (issue, term) in chain.issues.iter().zip(terms) {
        let from = issue.not_before.map(|at| format!("from {} ", day(at))).unwrap_or_default();
        let until = issue.not_after.map(|at| format!("until {}", day(at))).unwrap_or_default();
        let said = format!("{} · {from}{until} · {}", term.words, pods_of(issue, chain.asked));
        parts.push((serial(issue), said, term.tone));
    }
    parts
}

/// Names of the pods while they are few.
fn pods_of(issue: &Issue, asked: usize) -> String {
    match issue.pods.as_slice() {
        all if all.len() == asked && asked > 1 => format!("on all {asked} pods"),
        [one] => format!("on {}", clean(one)),
        all => format!("on {} of {asked} pods", all.len()),
    }
}

fn serial(issue: &Issue) -> String {
    if issue.serial.is_empty() { "no serial".to_owned() } else { clean(&issue.serial).into_owned() }
}

/// The first name, and how many more there are.
fn names(chain: &Chain) -> String {
    match chain.names.as_slice() {
        [] => if chain.is_ca { "an authority" } else { "no names" }.to_owned(),
        [one] => clean(one).into_owned(),
        [first, rest @ ..] => format!("{} +{}", clean(first), rest.len()),
    }
}

fn source(chain: &Chain) -> String {
    if chain.source.is_empty() { origin(chain).0.to_owned() } else { clean(&chain.source).into_owned() }
}

impl Listing for Chains {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn key(&self, group: usize) -> &str {
        self.rows.get(group).map_or("", |row| &row.key)
    }

    fn parts(&self, group: usize) -> usize {
        self.rows.get(group).map_or(0, |row| row.parts.len())
    }

    fn part_key(&self, group: usize, part: usize) -> &str {
        self.rows.get(group).and_then(|row| row.parts.get(part)).map_or("", |(label, ..)| label)
    }

    fn symbol(&self, group: usize) -> (Symbol, Tone) {
        self.rows.get(group).map_or((Symbol::Unknown, Tone::Muted), |row| (row.term.symbol(), row.term.tone))
    }

    fn cells(&self, group: usize) -> Vec<PaneText> {
        let Some(Row { chain, term, .. }) = self.rows.get(group) else { return Vec::new() };
        let many = chain.issues.len();
        let first = chain.first();
        let pods = chain.pods();
        let some = if pods < chain.asked { Tone::Warn } else { Tone::Plain };
        vec![
            (names(chain).into(), Tone::Plain),
            (term.words.clone().into(), term.tone),
            (if chain.is_ca { "CA" } else { "leaf" }.into(), Tone::Muted),
            (source(chain).into(), Tone::Plain),
            (format!("{pods}/{}", chain.asked).into(), some),
            (first.and_then(|issue| issue.not_after).map(day).unwrap_or_default().into(), Tone::Muted),
            match first {
                Some(issue) if many == 1 => (serial(issue).into(), Tone::Muted),
                _ => (format!("{many} serials").into(), Tone::Muted),
            },
        ]
    }

    fn part(&self, group: usize, part: usize) -> Part {
        let (label, said, tone) =
            self.rows.get(group).and_then(|row| row.parts.get(part)).cloned().unwrap_or_default();
        Part { symbol: None, name: label, said: vec![piece(said, Look::Tone(tone))] }
    }

    fn explain(&self, group: usize, _: Option<usize>) -> [String; 2] {
        let Some(Row { chain, term, .. }) = self.rows.get(group) else { return Default::default() };
        let until = chain
            .first()
            .and_then(|issue| issue.not_after)
            .map(|at| format!(" ({})", day(at)))
            .unwrap_or_default();
        let (kind, next) = origin(chain);
        let what = if chain.is_ca { "The authority" } else { "The certificate" };
        let many = chain.issues.len();
        let several = if many > 1 { format!(", the first of {many}") } else { String::new() };
        let from = match (kind, &*chain.source) {
            (kind, "") | (kind @ "the mesh", _) => format!("from {kind}"),
            (kind, _) => format!("from {kind} {}", source(chain)),
        };
        let first = format!(
            "{what} for {} {}{until}{several}; {from}; on {} of {} pods.",
            names(chain),
            term.words,
            chain.pods(),
            chain.asked
        );
        let renewed = if term.is_short && term.tone == Tone::Good {
            "It lives for days only and is renewed halfway: nothing is to be done."
        } else {
            next
        };
        [first, renewed.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn list(issues: Vec<Issue>, names: &[&str], is_ca: bool) -> Chains {
        let chain = Chain {
            is_ca,
            source: "kubernetes://payments-tls".into(),
            names: names.iter().map(|name| (*name).into()).collect(),
            issues,
            asked: 3,
        };
        Chains::new(vec![chain], &Thresholds::default(), at("2026-05-03T12:00:00Z"))
    }

    fn issue(serial: &str, end: &str, pods: &[&str]) -> Issue {
        Issue {
            serial: serial.into(),
            not_before: Some(at("2026-01-01T00:00:00Z")),
            not_after: Some(at(end)),
            pods: pods.iter().map(|pod| (*pod).into()).collect(),
        }
    }

    #[test]
    fn a_certificate_about_to_end_says_so_with_the_day_and_who_renews_it() {
        let all = list(
            vec![issue("aa", "2026-05-08T13:00:00Z", &["p-0", "p-1", "p-2"])],
            &["pay.example.com", "www.example.com"],
            false,
        );
        assert_eq!(all.symbol(0), (Symbol::Error, Tone::Bad));
        assert_eq!(all.troubles(), (1, 0));
        let [first, next] = all.explain(0, None);
        assert_eq!(
            first,
            "The certificate for pay.example.com +1 ends in 5 days (2026-05-08 13:00); from Secret \
             kubernetes://payments-tls; on 3 of 3 pods."
        );
        assert!(next.starts_with("Renew it in that Secret"));
        let labels: Vec<String> = (0..all.parts(0)).map(|part| all.part(0, part).name).collect();
        assert_eq!(labels, ["name 1", "name 2", "aa"]);
    }

    #[test]
    fn pods_that_differ_are_told() {
        let issues = vec![
            issue("aa", "2026-05-08T13:00:00Z", &["p-0"]),
            issue("bb", "2027-05-08T13:00:00Z", &["p-1"]),
        ];
        let all = list(issues, &["a\u{1b}[2Jb"], true);
        let cells: Vec<String> = all.cells(0).into_iter().map(|(text, _)| text.into_owned()).collect();
        assert_eq!((&*cells[0], &*cells[2], &*cells[4], &*cells[6]), ("a·[2Jb", "CA", "2/3", "2 serials"));
        let said = all.part(0, 0).said;
        assert_eq!(said[0].text, "ends in 5 days · from 2026-01-01 00:00 until 2026-05-08 13:00 · on p-0");
    }
}
