//! The columns of every table, as data. The same serve the screen, the filter, `:sort` and `egret get`.

mod beside;
mod cells;
mod clusters;
mod explain;
mod gateways;
mod live;
pub mod own;
mod pods;
mod services;

use std::cmp::Ordering;

use super::fault::Fault;
use super::health::HealthState;
use super::name::ClusterName;
use super::snapshot::Link;
use super::table::{Column, Item, SortKey, Subject, TableKind, Tone};

pub use cells::clock;
pub use explain::explain;
pub use live::{figure, spark};
pub use own::{Choice, intern, with_own};

/// The columns of a table, in their order.
pub fn columns(kind: TableKind) -> &'static [Column] {
    match kind {
        TableKind::Clusters => clusters::COLUMNS,
        TableKind::Gateways => gateways::COLUMNS,
        TableKind::Services => services::COLUMNS,
        TableKind::Pods => pods::COLUMNS,
    }
}

/// The symbol of a state: beside the word, never in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Symbol {
    /// As it should be.
    Good,
    /// Serves, and something fails.
    Degraded,
    /// On its way.
    Progressing,
    /// Waits for something.
    Pending,
    /// Does not serve.
    Error,
    /// Going away.
    Deleting,
    /// Cannot be told.
    Unknown,
}

impl Symbol {
    /// The symbol where the terminal shows Unicode.
    pub fn unicode(self) -> &'static str {
        self.pair().0
    }

    /// The symbol where it does not.
    pub fn ascii(self) -> &'static str {
        self.pair().1
    }

    fn pair(self) -> (&'static str, &'static str) {
        match self {
            Self::Good => ("●", "*"),
            Self::Degraded => ("▲", "!"),
            Self::Progressing => ("◐", "~"),
            Self::Pending => ("○", "."),
            Self::Error => ("✕", "x"),
            Self::Deleting => ("⌫", "d"),
            Self::Unknown => ("?", "?"),
        }
    }
}

/// Symbol and tone of a gateway's state.
pub fn of_health(state: HealthState) -> (Symbol, Tone) {
    match state {
        HealthState::Running => (Symbol::Good, Tone::Good),
        HealthState::Progressing => (Symbol::Progressing, Tone::Busy),
        HealthState::Pending => (Symbol::Pending, Tone::Warn),
        HealthState::Deleting => (Symbol::Deleting, Tone::Busy),
        HealthState::Unknown => (Symbol::Unknown, Tone::Muted),
        HealthState::Degraded => (Symbol::Degraded, Tone::Warn),
        HealthState::Error => (Symbol::Error, Tone::Bad),
    }
}

/// Symbol and tone of a pod's status word.
pub(super) fn of_pod(status: &str, ready: bool) -> (Symbol, Tone) {
    match status {
        "Running" if ready => (Symbol::Good, Tone::Good),
        "Running" | "NotReady" => (Symbol::Progressing, Tone::Busy),
        "Completed" | "Succeeded" => (Symbol::Good, Tone::Muted),
        "Terminating" => (Symbol::Deleting, Tone::Busy),
        "Pending" | "ContainerCreating" | "PodInitializing" | "SchedulingGated" => {
            (Symbol::Pending, Tone::Warn)
        }
        "Unknown" | "NodeLost" => (Symbol::Unknown, Tone::Warn),
        s if s.starts_with("Init:") && s.as_bytes().get(5).is_some_and(u8::is_ascii_digit) => {
            (Symbol::Pending, Tone::Busy)
        }
        _ => (Symbol::Error, Tone::Bad),
    }
}

/// The symbol of a line's state.
pub fn symbol(item: &Item) -> Option<Symbol> {
    match &item.subject {
        Subject::Cluster(s) => Some(match &s.link {
            Link::Ready if s.complete() => Symbol::Good,
            Link::Ready | Link::Connecting { .. } => Symbol::Progressing,
            Link::Stale { .. } => Symbol::Degraded,
            Link::Unreachable { .. } | Link::Denied { .. } => Symbol::Error,
        }),
        Subject::Gateway(g) => Some(of_health(g.health.state).0),
        Subject::Pod(p) => Some(of_pod(&p.status, p.is_ready).0),
        Subject::Service(_) => None,
    }
}

/// A cluster's trouble in words, with what comes next; `None` when it is connected or connecting.
pub fn link_words(cluster: &ClusterName, link: &Link) -> Option<(Tone, String)> {
    // The sentence stands beside the cluster's name already.
    let what = |fault: &Fault| {
        let name = format!("{cluster}: ");
        fault.summary.strip_prefix(&name).unwrap_or(&fault.summary).to_owned()
    };
    let again =
        |at: &Option<jiff::Timestamp>| at.map(|at| format!(", next try {}", clock(at))).unwrap_or_default();
    let (tone, text) = match link {
        Link::Connecting { .. } | Link::Ready => return None,
        Link::Stale { since, fault, next_try } => {
            (Tone::Warn, format!("stale since {}: {}{}", clock(*since), what(fault), again(next_try)))
        }
        Link::Unreachable { fault, next_try } => {
            (Tone::Bad, format!("unreachable: {}{}", what(fault), again(next_try)))
        }
        Link::Denied { fault, next_try } => {
            (Tone::Bad, format!("denied: {}{}", what(fault), again(next_try)))
        }
    };
    Some((tone, super::clean::clean(&text).into_owned()))
}

/// Orders two cells. What is missing comes last, whichever way the table is sorted.
pub fn compare(a: &SortKey, b: &SortKey, reverse: bool) -> Ordering {
    let missing = |key: &SortKey| matches!(key, SortKey::Missing);
    match (missing(a), missing(b)) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let order = match (a, b) {
        (SortKey::Text(a), SortKey::Text(b)) => natural(a, b),
        (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
        (SortKey::Time(a), SortKey::Time(b)) => a.cmp(b),
        _ => a.partial_cmp(b).unwrap_or(Ordering::Equal),
    };
    if reverse { order.reverse() } else { order }
}

/// Compares words without regard to case, and digits by value: `pod-2` before `pod-10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    loop {
        match (x.first(), y.first()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(c), Some(d)) if c.is_ascii_digit() && d.is_ascii_digit() => {
                let (n, rest) = digits(x);
                let (m, other) = digits(y);
                match n.len().cmp(&m.len()).then_with(|| n.cmp(m)) {
                    Ordering::Equal => (x, y) = (rest, other),
                    order => return order,
                }
            }
            (Some(c), Some(d)) => match c.to_ascii_lowercase().cmp(&d.to_ascii_lowercase()) {
                Ordering::Equal => (x, y) = (&x[1..], &y[1..]),
                order => return order,
            },
        }
    }
}

/// A number without its leading zeros, and what follows it.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|c| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let zeros = number.iter().take_while(|c| **c == b'0').count();
    (&number[zeros..], rest)
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    fn text(word: &'static str) -> SortKey {
        SortKey::Text(word.into())
    }

    #[test]
    fn words_sort_without_regard_to_case_and_numbers_in_them_by_value() {
        let mut names = ["pod-10", "Pod-2", "pod-02", "a", "pod-1"].map(text);
        names.sort_by(|a, b| compare(a, b, false));
        assert_eq!(names, ["a", "pod-1", "Pod-2", "pod-02", "pod-10"].map(text));
    }

    #[test]
    fn what_is_missing_comes_last_both_ways() {
        for reverse in [false, true] {
            let mut keys = [SortKey::Missing, SortKey::Number(2.0), SortKey::Number(1.0)];
            keys.sort_by(|a, b| compare(a, b, reverse));
            assert_eq!(keys[2], SortKey::Missing);
            assert_eq!(keys[0], SortKey::Number(if reverse { 2.0 } else { 1.0 }));
        }
    }

    #[test]
    fn column_names_are_unique_lower_case_and_one_column_never_goes() {
        for kind in TableKind::iter() {
            let columns = columns(kind);
            for (n, column) in columns.iter().enumerate() {
                let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                assert!(column.id.chars().all(allowed), "{}", column.id);
                assert!(columns[..n].iter().all(|c| c.id != column.id), "{kind}: {} twice", column.id);
                assert!(column.min <= column.max && column.min > 0, "{kind}: {}", column.id);
            }
            assert!(columns.iter().any(|c| c.keep == u8::MAX), "{kind}");
        }
    }

    #[test]
    fn every_symbol_has_two_glyphs_of_one_cell() {
        for symbol in Symbol::iter() {
            for glyph in [symbol.unicode(), symbol.ascii()] {
                assert_eq!(crate::model::layout::text_width(glyph), 1, "{glyph}");
            }
            assert!(symbol.ascii().is_ascii());
        }
    }
}
