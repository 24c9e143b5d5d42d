//! Which gateway is next: each once, in the order they were first asked for, and none twice at the same time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::model::istio_gateway::names;

/// Namespace and name of a gateway.
pub type Key = (String, String);

/// First and longest pause before a gateway that failed is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// What is to be done, and what is being done.
#[derive(Debug, Default)]
pub struct Queue {
    waiting: VecDeque<Key>,
    /// The same, to be found in.
    is_waiting: BTreeSet<Key>,
    /// Those of them that were judged together with others, and need a pass of their own; they go first.
    judged: VecDeque<Key>,
    running: BTreeSet<Key>,
    /// What is being worked on, by the name of its objects: two gateways may claim one (R1), and of two passes at a time
    /// each would make half of them.
    claimed: BTreeSet<Key>,
    /// Asked for while it was being worked on.
    again: BTreeSet<Key>,
    /// How often in a row each has failed.
    failed: BTreeMap<Key, u32>,
}

/// What two gateways would quarrel about.
fn claim((namespace, name): &Key) -> Key {
    (namespace.clone(), names::short(name).to_owned())
}

impl Queue {
    /// Something happened to a gateway.
    pub fn add(&mut self, key: Key) {
        if self.running.contains(&key) {
            self.again.insert(key);
        } else if self.is_waiting.insert(key.clone()) {
            self.waiting.push_back(key);
        }
    }

    /// How many wait that were not judged yet.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.judged.is_empty()
    }

    /// The next to work on, while fewer than `most` are being worked on.
    pub fn take(&mut self, most: usize) -> Option<Key> {
        if self.claimed.len() >= most {
            return None;
        }
        let claimed = &self.claimed;
        let free = |key: &Key| !claimed.contains(&claim(key));
        let key = match self.judged.iter().position(free) {
            Some(index) => self.judged.remove(index)?,
            None => {
                let index = self.waiting.iter().position(free)?;
                let key = self.waiting.remove(index)?;
                self.is_waiting.remove(&key);
                key
            }
        };
        self.claimed.insert(claim(&key));
        self.running.insert(key.clone());
        Some(key)
    }

    /// All that wait, to be judged together: what happens to them from now on is seen by none.
    pub fn take_all(&mut self) -> Vec<Key> {
        self.is_waiting.clear();
        let all: Vec<Key> = self.waiting.drain(..).collect();
        self.running.extend(all.iter().cloned());
        all
    }

    /// Of a gateway that was judged together with others, more is to be done.
    pub fn needs_pass(&mut self, key: Key) {
        self.judged.push_back(key);
    }

    /// Work on a gateway ended. Returns after which pause to try it again, if that may help.
    pub fn done(&mut self, key: &Key, try_again: bool) -> Option<Duration> {
        self.running.remove(key);
        self.claimed.remove(&claim(key));
        if self.again.remove(key) {
            self.add(key.clone());
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
    fn two_that_claim_the_same_objects_are_worked_on_one_after_the_other() {
        let mut queue = Queue::default();
        for name in ["x", "istio-x", "y"] {
            queue.add(key(name));
        }
        assert_eq!((queue.take(9), queue.take(9), queue.take(9)), (Some(key("x")), Some(key("y")), None));
        queue.done(&key("x"), false);
        assert_eq!(queue.take(9), Some(key("istio-x")));
    }

    #[test]
    fn of_many_that_are_judged_together_each_that_needs_it_gets_a_pass_and_no_change_is_lost() {
        let mut queue = Queue::default();
        for name in ["a", "b", "c"] {
            queue.add(key(name));
        }
        assert_eq!(queue.waiting(), 3);
        assert_eq!(queue.take_all(), [key("a"), key("b"), key("c")]);
        // While they are judged something happens to two of them.
        queue.add(key("a"));
        queue.add(key("b"));
        assert_eq!((queue.waiting(), queue.take(9)), (0, None));
        queue.done(&key("a"), false);
        queue.needs_pass(key("b"));
        queue.done(&key("c"), false);
        assert_eq!(queue.take(9), Some(key("b")), "what was judged goes first");
        assert_eq!((queue.take(9), queue.take(9)), (Some(key("a")), None));
        queue.done(&key("b"), false);
        assert_eq!(queue.take(9), Some(key("b")), "and once more for what happened meanwhile");
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
