//! What every row knows of its object's metadata.

use std::sync::Arc;

use jiff::Timestamp;

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

/// A small map of strings, sorted by key: less memory than a tree for a handful of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Box<[(Box<str>, Box<str>)]>);

impl Pairs {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        Some(&self.0[at].1)
    }

    /// All pairs, in the order of their keys.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (&**k, &**v))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every pair of `selector` is here too. An empty selector selects nothing, as in a Service.
    pub fn selected_by(&self, selector: &Pairs) -> bool {
        !selector.is_empty() && selector.iter().all(|(k, v)| self.get(k) == Some(v))
    }
}

impl<K: Into<Box<str>>, V: Into<Box<str>>> FromIterator<(K, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut all: Vec<(Box<str>, Box<str>)> =
            pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
        all.sort_unstable();
        all.dedup_by(|a, b| a.0 == b.0);
        Self(all.into_boxed_slice())
    }
}
