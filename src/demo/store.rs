//! What etcd is to an API server: objects by key, one revision for all of them, and the history that watches read.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;

/// A stored object. Shared by the store, its history and whoever reads it.
pub type Object = Arc<Value>;

/// Where an object is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `deployments.apps`.
    pub resource: Arc<str>,
    /// Namespace; empty: of the cluster.
    pub namespace: Arc<str>,
    /// Name.
    pub name: Arc<str>,
}

impl Key {
    /// A key of its parts.
    pub fn new(resource: &str, namespace: &str, name: &str) -> Self {
        Self { resource: resource.into(), namespace: namespace.into(), name: name.into() }
    }
}

/// One change of the history.
#[derive(Clone, Debug)]
pub struct Change {
    /// The revision that it made.
    pub revision: u64,
    /// Of which object.
    pub key: Key,
    /// The object after it; for a deletion, its last state with the revision of the deletion.
    pub object: Object,
    /// The object before it; none: it was made.
    pub before: Option<Object>,
    /// Whether it was a deletion.
    pub deleted: bool,
}

/// The history does not go back so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted;

/// Objects and their history.
#[derive(Clone, Debug)]
pub struct Store {
    objects: BTreeMap<Key, Object>,
    history: VecDeque<Change>,
    revision: u64,
    compacted: u64,
    /// Nobody watches yet: what happens is no history.
    pub unwatched: bool,
}

/// Most changes that are kept; older ones are compacted away, and who wants them gets 410.
const KEPT: usize = 20_000;

impl Default for Store {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            history: VecDeque::new(),
            revision: 1,
            compacted: 1,
            unwatched: false,
        }
    }
}

impl Store {
    /// The newest revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The oldest revision that can still be read.
    pub fn oldest(&self) -> u64 {
        self.compacted
    }

    /// One object.
    pub fn get(&self, key: &Key) -> Option<&Object> {
        self.objects.get(key)
    }

    /// Objects of a resource, in a namespace or in all, in the order of namespace and name.
    pub fn list<'a>(
        &'a self,
        resource: &'a str,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Key, &'a Object)> {
        let start = Key::new(resource, namespace.unwrap_or_default(), "");
        let inside =
            move |key: &Key| &*key.resource == resource && namespace.is_none_or(|n| *key.namespace == *n);
        self.objects.range((Bound::Included(start), Bound::Unbounded)).take_while(move |(key, _)| inside(key))
    }

    /// Writes an object, and its revision into it.
    pub fn put(&mut self, key: Key, mut object: Value) -> Object {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let object = Arc::new(object);
        let before = self.objects.insert(key.clone(), object.clone());
        self.record(Change { revision: self.revision, key, object: object.clone(), before, deleted: false });
        object
    }

    /// Takes an object out. What is returned carries the revision of the deletion, as the last event of a watch does.
    pub fn remove(&mut self, key: &Key) -> Option<Object> {
        let before = self.objects.remove(key)?;
        self.revision += 1;
        let mut last = Value::clone(&before);
        last["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let object = Arc::new(last);
        let change = Change {
            revision: self.revision,
            key: key.clone(),
            object: object.clone(),
            before: Some(before),
            deleted: true,
        };
        self.record(change);
        Some(object)
    }

    fn record(&mut self, change: Change) {
        if self.unwatched {
            self.compacted = change.revision;
            return;
        }
        self.history.push_back(change);
        while self.history.len() > KEPT {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(change) = self.history.pop_front() {
            self.compacted = change.revision;
        }
    }

    /// Forgets the history up to a revision.
    pub fn compact(&mut self, revision: u64) {
        while self.history.front().is_some_and(|c| c.revision <= revision) {
            self.drop_oldest();
        }
        self.compacted = self.compacted.max(revision.min(self.revision));
    }

    /// The changes after a revision, oldest first.
    ///
    /// # Errors
    /// When the history does not go back so far.
    pub fn since(&self, revision: u64) -> Result<impl DoubleEndedIterator<Item = &Change>, Compacted> {
        if revision < self.compacted {
            return Err(Compacted);
        }
        let start = self.history.partition_point(|c| c.revision <= revision);
        Ok(self.history.range(start..))
    }

    /// Objects of a resource as they were at a revision.
    ///
    /// # Errors
    /// When the history does not go back so far.
    pub fn list_at(
        &self,
        resource: &str,
        namespace: Option<&str>,
        revision: u64,
    ) -> Result<BTreeMap<Key, Object>, Compacted> {
        let mut objects: BTreeMap<Key, Object> =
            self.list(resource, namespace).map(|(key, object)| (key.clone(), object.clone())).collect();
        for change in self.since(revision)?.rev() {
            if *change.key.resource != *resource || namespace.is_some_and(|n| *change.key.namespace != *n) {
                continue;
            }
            match &change.before {
                Some(before) => objects.insert(change.key.clone(), before.clone()),
                None => objects.remove(&change.key),
            };
        }
        Ok(objects)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(name: &str) -> Key {
        Key::new("pods", "a", name)
    }

    fn names(objects: &BTreeMap<Key, Object>) -> Vec<&str> {
        objects.keys().map(|k| &*k.name).collect()
    }

    #[test]
    fn a_list_of_the_past_shows_what_was_there_then() {
        let mut store = Store::default();
        store.put(key("one"), json!({"metadata": {}, "n": 1}));
        let then =
            store.put(key("two"), json!({"metadata": {}, "n": 2}))["metadata"]["resourceVersion"].clone();
        store.put(key("one"), json!({"metadata": {}, "n": 3}));
        store.put(key("three"), json!({"metadata": {}}));
        store.remove(&key("two"));
        let then = then.as_str().and_then(|t| t.parse().ok()).unwrap();
        let past = store.list_at("pods", Some("a"), then).unwrap();
        assert_eq!(names(&past), ["one", "two"]);
        assert_eq!(past[&key("one")]["n"], 1);
        assert_eq!(store.list("pods", None).map(|(k, _)| &*k.name).collect::<Vec<_>>(), ["one", "three"]);
        assert_eq!(store.list("pods", Some("b")).count(), 0);
    }

    #[test]
    fn what_was_compacted_can_no_longer_be_read() {
        let mut store = Store::default();
        store.put(key("one"), json!({"metadata": {}}));
        let middle = store.revision();
        store.put(key("two"), json!({"metadata": {}}));
        store.compact(middle);
        assert!(store.since(middle - 1).is_err());
        assert_eq!(store.since(middle).unwrap().count(), 1);
        assert!(store.list_at("pods", None, middle - 1).is_err());
    }
}
