//! The filter over a table's rows.
//!
//! Terms stand apart by spaces and must all hold: `word` is in any column (case ignored), `column:word` in that one,
//! `column:>5` compares numbers, `label:k=v` and `label:k` look at labels, `/regex/` is an expression, `!` in front
//! turns a term round, quotes keep spaces together.

use std::ops::Range;

use jiff::Timestamp;
use regex::{Regex, RegexBuilder};

use super::table::{Column, Item, SortKey};

/// Greatest size of a compiled expression, in bytes.
const LIMIT: usize = 1 << 20;

/// A filter that can be applied.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    not: bool,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Any(Text),
    Column(&'static str, Text),
    Compare(&'static str, Order, f64),
    Label(String, Option<String>),
}

#[derive(Clone, Debug)]
enum Text {
    Word(String),
    Expression(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Less,
    More,
}

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Byte at which the term in question begins.
    pub at: usize,
    /// What is wrong with it, and what is allowed.
    pub message: String,
}

impl Filter {
    /// Reads a filter for a table with these columns.
    ///
    /// # Errors
    /// An unknown column, with those there are; an expression that is none.
    pub fn parse(text: &str, columns: &[Column]) -> Result<Self, FilterError> {
        let terms = words(text).into_iter().filter_map(|(at, word)| term(at, &word, columns).transpose());
        Ok(Self { terms: terms.collect::<Result<_, _>>()? })
    }

    /// Whether a row passes. Only the cells that are asked about are made.
    pub fn matches(&self, item: &Item, columns: &[Column], now: Timestamp) -> bool {
        self.terms.iter().all(|term| term.test.holds(item, columns, now) != term.not)
    }

    /// Whether rows of a cluster can pass, as far as terms about the cluster tell.
    pub fn lets(&self, cluster: &str) -> bool {
        self.terms.iter().all(|term| match &term.test {
            Test::Column("cluster", text) => text.is_in(cluster) != term.not,
            _ => true,
        })
    }

    /// Where terms are in the text of a cell, in bytes: sorted, not overlapping.
    pub fn highlights(&self, text: &str) -> Vec<Range<usize>> {
        let mut all: Vec<Range<usize>> = Vec::new();
        for term in self.terms.iter().filter(|t| !t.not) {
            match &term.test {
                Test::Any(t) | Test::Column(_, t) => all.extend(t.ranges(text)),
                _ => {}
            }
        }
        all.sort_by_key(|r| r.start);
        all.dedup_by(|next, kept| {
            let overlap = next.start < kept.end;
            if overlap {
                kept.end = kept.end.max(next.end);
            }
            overlap
        });
        all
    }
}

impl Text {
    fn is_in(&self, text: &str) -> bool {
        match self {
            Self::Word(word) => contains(text, word),
            Self::Expression(expression) => expression.is_match(text),
        }
    }

    fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        match self {
            // Folding may change lengths outside of ASCII: there, nothing is marked rather than the wrong place.
            Self::Word(word) if text.is_ascii() && !word.is_empty() => {
                let lower = text.to_ascii_lowercase();
                lower.match_indices(word.as_str()).map(|(at, found)| at..at + found.len()).collect()
            }
            Self::Word(_) => Vec::new(),
            Self::Expression(expression) => {
                expression.find_iter(text).map(|m| m.range()).filter(|r| !r.is_empty()).collect()
            }
        }
    }
}

/// Whether `word`, which is in lower case, is in a text, whatever its case. Allocates nothing for ASCII.
fn contains(text: &str, word: &str) -> bool {
    if text.is_ascii() && word.is_ascii() {
        let (text, word) = (text.as_bytes(), word.as_bytes());
        return word.is_empty() || text.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word));
    }
    text.to_lowercase().contains(word)
}

impl Test {
    fn holds(&self, item: &Item, columns: &[Column], now: Timestamp) -> bool {
        let column = |id: &str| columns.iter().find(|c| c.id == id);
        match self {
            Self::Any(text) => columns.iter().any(|c| text.is_in(&c.cell(item, now).text)),
            Self::Column(id, text) => column(id).is_some_and(|c| text.is_in(&c.cell(item, now).text)),
            Self::Compare(id, order, than) => column(id).is_some_and(|c| match c.cell(item, now).sort {
                SortKey::Number(n) if *order == Order::Less => n < *than,
                SortKey::Number(n) => n > *than,
                _ => false,
            }),
            Self::Label(key, value) => item
                .labels()
                .and_then(|l| l.get(key))
                .is_some_and(|v| value.as_deref().is_none_or(|w| w == v)),
        }
    }
}

/// Splits at spaces outside of quotes and of slashes; quotes go.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut inside: Option<char> = None;
    let mut word: Option<(usize, String)> = None;
    for (at, c) in text.char_indices() {
        match (inside, c) {
            (Some(end), c) if c == end => {
                inside = None;
                if c == '/'
                    && let Some((_, w)) = &mut word
                {
                    w.push(c);
                }
            }
            (None, '"') => {
                inside = Some('"');
                word.get_or_insert((at, String::new()));
            }
            (None, c) if c.is_whitespace() => out.extend(word.take()),
            (within, c) => {
                let (_, w) = word.get_or_insert((at, String::new()));
                let starts = w.is_empty() || w == "!" || w.ends_with(':');
                if within.is_none() && c == '/' && starts {
                    inside = Some('/');
                }
                w.push(c);
            }
        }
    }
    out.extend(word);
    out
}

fn term(at: usize, word: &str, columns: &[Column]) -> Result<Option<Term>, FilterError> {
    let (not, body) = match word.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, word),
    };
    if body.is_empty() {
        return Ok(None);
    }
    let test = match body.split_once(':').filter(|_| !body.starts_with('/')) {
        Some(("label", wanted)) => label(wanted),
        Some((id, wanted)) => {
            let Some(column) = columns.iter().find(|c| c.id.eq_ignore_ascii_case(id)) else {
                let all: Vec<&str> = columns.iter().map(|c| c.id).collect();
                let message = format!("no column `{id}`; there are {}, and label", all.join(", "));
                return Err(FilterError { at, message });
            };
            in_column(at, column.id, wanted)?
        }
        None => Some(Test::Any(text(at, body)?)),
    };
    Ok(test.map(|test| Term { not, test }))
}

/// `label:k=v` or `label:k`; nothing yet while it is being typed.
fn label(wanted: &str) -> Option<Test> {
    let (key, value) = match wanted.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (wanted, None),
    };
    (!key.is_empty()).then(|| Test::Label(key.to_owned(), value))
}

fn in_column(at: usize, id: &'static str, wanted: &str) -> Result<Option<Test>, FilterError> {
    let compared = wanted
        .strip_prefix('<')
        .map(|n| (Order::Less, n))
        .or_else(|| wanted.strip_prefix('>').map(|n| (Order::More, n)));
    Ok(match compared {
        Some((_, "")) => None,
        Some((order, number)) => {
            let message = format!("`{number}` is not a number");
            Some(Test::Compare(id, order, number.parse().map_err(|_| FilterError { at, message })?))
        }
        None if wanted.is_empty() => None,
        None => Some(Test::Column(id, text(at, wanted)?)),
    })
}

fn text(at: usize, wanted: &str) -> Result<Text, FilterError> {
    let Some(source) = wanted.strip_prefix('/') else { return Ok(Text::Word(wanted.to_lowercase())) };
    let source = source.strip_suffix('/').unwrap_or(source);
    let built = RegexBuilder::new(source)
        .case_insensitive(!source.chars().any(char::is_uppercase))
        .size_limit(LIMIT)
        .build();
    built.map(Text::Expression).map_err(|e| {
        let why = e.to_string();
        let message = format!("not a regular expression: {}", why.lines().last().unwrap_or_default().trim());
        FilterError { at, message }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::columns::columns;
    use crate::model::row::{PodRow, RowMeta};
    use crate::model::table::{Subject, TableKind};

    fn pod() -> Item {
        let meta = RowMeta {
            namespace: "istio-system".into(),
            name: "istio-egress-7c9".into(),
            labels: [("app", "istio-egress"), ("version", "v 1")].into_iter().collect(),
            ..RowMeta::default()
        };
        let row = PodRow { meta, status: "Running".into(), restarts: 7, ..PodRow::default() };
        Item {
            cluster: "prod-eu".into(),
            stale: false,
            subject: Subject::Pod(Arc::new(row)),
            live: None,
            beside: None,
        }
    }

    fn passes(text: &str) -> bool {
        let columns = columns(TableKind::Pods);
        Filter::parse(text, columns).unwrap().matches(&pod(), columns, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn every_term_must_hold() {
        let cases = [
            ("", true),
            ("egress", true),
            ("EGRESS running", true),
            ("egress pending", false),
            ("!pending", true),
            ("!egress", false),
            ("status:running", true),
            ("STATUS:Running", true),
            ("name:running", false),
            ("!status:running", false),
            ("label:app=istio-egress", true),
            ("label:app", true),
            ("label:app=other", false),
            ("!label:missing", true),
            ("\"label:version=v 1\"", true),
            ("/egress-[0-9a-f]+$/", true),
            ("name:/^istio/", true),
            ("name:/^egress/", false),
            ("restarts:>5", true),
            ("restarts:<5", false),
            ("cluster:prod namespace:istio", true),
            // Half typed: nothing is hidden by what is not there yet.
            ("status:", true),
            ("restarts:>", true),
            ("label:", true),
            ("!", true),
            ("/", true),
        ];
        for (text, expected) in cases {
            assert_eq!(passes(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_where_and_what_is_allowed() {
        let columns = columns(TableKind::Pods);
        let error = Filter::parse("egress colour:red", columns).unwrap_err();
        assert_eq!(error.at, 7);
        assert!(error.message.contains("no column `colour`") && error.message.contains("status"), "{error}");
        assert!(Filter::parse("/(/", columns).unwrap_err().message.contains("not a regular expression"));
        assert!(
            Filter::parse("restarts:>many", columns).unwrap_err().message.contains("`many` is not a number")
        );
    }

    #[test]
    fn matches_are_marked_once_even_where_terms_overlap() {
        let filter = Filter::parse("egress gre /ss-/ !istio", columns(TableKind::Pods)).unwrap();
        assert_eq!(filter.highlights("istio-egress-7c9"), [6..13]);
    }
}
