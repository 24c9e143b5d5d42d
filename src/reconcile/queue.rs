//! Which gateway is next: each once, in the order they were first asked for, and none twice at the same time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Namespace and name of a gateway.
pub type Key = (String, String);

/// First and longest pause before a gateway that failed is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// What is to be done, and what is being done.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Key>,
    running: BTreeSet<Key>,
    /// Asked for while it was being worked on.
    again: BTreeSet<Key>,
    /// How often in a row each has failed.
    failed: BTreeMap<Key, u32>,
}

impl Queue {
    /// Something happened to a gateway.
    pub fn add(&mut self, key: Key) {
        if self.running.contains(&key) {
            self.again.insert(key);
        } else if !self.waiting.contains(&key) {
            self.waiting.push_back(key);
        }
    }

    /// The next to work on, while fewer than `most` are being worked on.
    pub fn take(&mut self, most: usize) -> Option<Key> {
        if self.running.len() >= most {
            return None;
        }
        let key = self.waiting.pop_front()?;
        self.running.insert(key.clone());
        Some(key)
    }

    /// Work on a gateway ended. Returns after which pause to try it again, if that may help.
    pub fn done(&mut self, key: &Key, try_again: bool) -> Option<Duration> {
        self.running.remove(key);
        if self.again.remove(key) {
            self.waiting.push_back(key.clone());
        }
        if !try_again {
            self.failed.remove(key);
            return None;
        }
        let times = self.failed.entry(key.clone()).or_default();
        let pause = PAUSES.0.saturating_mul(1 << (*times).min(10)).min(PAUSES.1);
        *times += 1;
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        ("ns".to_owned(), name.to_owned())
    }

    #[test]
    fn each_gateway_waits_once_and_is_worked_on_by_one_pass_at_a_time() {
        let mut queue = Queue::default();
        for name in ["b", "a", "b"] {
            queue.add(key(name));
        }
        assert_eq!((queue.take(2), queue.take(2), queue.take(2)), (Some(key("b")), Some(key("a")), None));
        queue.add(key("b"));
        queue.add(key("c"));
        assert_eq!(queue.take(2), None, "two are enough");
        assert_eq!(queue.done(&key("b"), false), None);
        assert_eq!((queue.take(3), queue.take(3), queue.take(3)), (Some(key("c")), Some(key("b")), None));
    }

    #[test]
    fn one_that_fails_is_tried_later_and_later_until_it_does_not() {
        let mut queue = Queue::default();
        let mut fail = |again| {
            queue.add(key("a"));
            queue.take(1);
            queue.done(&key("a"), again).map(|pause| pause.as_secs())
        };
        let pauses: Vec<_> = (0..11).map(|_| fail(true)).collect();
        assert_eq!(pauses[..4], [Some(1), Some(2), Some(4), Some(8)]);
        assert_eq!(pauses[10], Some(300));
        assert_eq!((fail(false), fail(true)), (None, Some(1)));
    }
}
