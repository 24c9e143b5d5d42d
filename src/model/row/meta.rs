//! What every row knows of its object's metadata.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::path::Found;

/// The few fields of `metadata` that tables show and rules judge by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowMeta {
    /// `metadata.namespace`; empty when cluster-wide.
    pub namespace: Arc<str>,
    /// `metadata.name`.
    pub name: Arc<str>,
    /// `metadata.uid`.
    pub uid: Box<str>,
    /// `metadata.resourceVersion`.
    pub resource_version: Box<str>,
    /// `metadata.generation`; 0 when the kind has none.
    pub generation: i64,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `metadata.deletionTimestamp`: the object is going away.
    pub deleting: Option<Timestamp>,
    /// `metadata.finalizers`: what a deletion waits for.
    pub finalizers: Box<[Box<str>]>,
    /// `metadata.labels`, sorted by key.
    pub labels: Pairs,
    /// The annotations that a rule reads (see [`super::KEPT_ANNOTATIONS`]), sorted by key.
    pub annotations: Pairs,
    /// The owner that controls the object.
    pub owner: Option<Owner>,
    /// What the JSON paths of columns found in it.
    pub found: Found,
}

/// The controlling entry of `metadata.ownerReferences`.
#[derive(Clone, Debug, PartialEq)]
pub struct Owner {
    /// Kind of the owner.
    pub kind: Box<str>,
    /// Name of the owner.
    pub name: Box<str>,
    /// Uid of the owner.
    pub uid: Box<str>,
}

/// A small map of strings, sorted by key. All of it is one text: thousands of rows have such maps, and a box for
/// every key and value would cost more than what it holds.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Keys and values, one after the other.
    text: Box<str>,
    /// Where each key and each value ends.
    ends: Box<[u32]>,
}

impl Pairs {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from.midpoint(to);
            let (found, value) = self.at(middle);
            match found.cmp(key) {
                Ordering::Equal => return Some(value),
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
            }
        }
        None
    }

    /// All pairs, in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        (0..self.len()).map(|at| self.at(at))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether every pair of `selector` is here too. An empty selector selects nothing, as in a Service.
    pub fn selected_by(&self, selector: &Pairs) -> bool {
        !selector.is_empty() && selector.iter().all(|(k, v)| self.get(k) == Some(v))
    }

    fn len(&self) -> usize {
        self.ends.len() / 2
    }

    fn at(&self, at: usize) -> (&str, &str) {
        let end = |part: usize| self.ends[part] as usize;
        let start = if at == 0 { 0 } else { end(2 * at - 1) };
        (&self.text[start..end(2 * at)], &self.text[end(2 * at)..end(2 * at + 1)])
    }
}

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut all: Vec<(K, V)> = pairs.into_iter().collect();
        all.sort_by(|a, b| (a.0.as_ref(), a.1.as_ref()).cmp(&(b.0.as_ref(), b.1.as_ref())));
        all.dedup_by(|a, b| a.0.as_ref() == b.0.as_ref());
        let mut text = String::new();
        let mut ends = Vec::with_capacity(2 * all.len());
        for part in all.iter().flat_map(|(key, value)| [key.as_ref(), value.as_ref()]) {
            text.push_str(part);
            // The API server takes no object above 3 MiB, so an end always fits.
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Self { text: text.into(), ends: ends.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_by_key_in_any_number() {
        for count in 0..20 {
            let all: Pairs = (0..count).rev().map(|n| (format!("key-{n:02}"), n.to_string())).collect();
            for n in 0..count {
                assert_eq!(all.get(&format!("key-{n:02}")), Some(n.to_string().as_str()));
            }
            assert_eq!((all.get(""), all.get("key-99"), all.iter().len()), (None, None, count));
            assert!(all.iter().is_sorted());
        }
    }

    #[test]
    fn a_key_is_there_once_and_an_empty_value_is_a_value() {
        let all: Pairs = [("b", ""), ("a", "2"), ("a", "1")].into_iter().collect();
        assert_eq!(all.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "")]);
        assert_eq!(format!("{all:?}"), r#"{"a": "1", "b": ""}"#);
    }

    #[test]
    fn a_selector_selects_what_has_all_its_pairs() {
        let labels: Pairs = [("a", "1"), ("b", "2")].into_iter().collect();
        let cases: [(&[(&str, &str)], bool); 4] =
            [(&[], false), (&[("a", "1")], true), (&[("a", "1"), ("b", "2")], true), (&[("a", "2")], false)];
        for (selector, selects) in cases {
            assert_eq!(labels.selected_by(&selector.iter().copied().collect()), selects, "{selector:?}");
        }
    }
}
