//! Lists whose items have a name of their own: they are compared and merged by item, whatever their order.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

/// Fields that name an item, best first; with what stands for a field that is left out. A volume may be mounted
/// twice, so where it is mounted comes before its name.
const KEYS: &[&[(&str, Option<&str>)]] = &[
    &[("mountPath", None)],
    &[("name", None)],
    &[("port", None), ("protocol", Some("TCP"))],
    &[("containerPort", None), ("protocol", Some("TCP"))],
    &[("key", None)],
    &[("type", None)],
    &[("topologyKey", None)],
    &[("uid", None)],
    &[("ip", None)],
];

/// What names the items of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key(&'static [(&'static str, Option<&'static str>)]);

impl Key {
    /// What names the items of all of these lists: each item has it, and none has another's. Lists without items have
    /// no say; when none has any, there is nothing to name.
    pub(super) fn of(lists: &[&[Value]]) -> Option<Self> {
        if lists.iter().all(|list| list.is_empty()) {
            return None;
        }
        KEYS.iter().map(|fields| Self(fields)).find(|key| lists.iter().all(|list| key.tells_apart(list)))
    }

    /// The name of an item.
    pub(super) fn name(self, item: &Value) -> Option<String> {
        let part = |(field, default): &(&str, Option<&str>)| match item.get(field) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(number @ Value::Number(_)) => Some(number.to_string()),
            Some(_) => None,
            None => default.map(str::to_owned),
        };
        Some(self.0.iter().map(part).collect::<Option<Vec<_>>>()?.join("/"))
    }

    fn tells_apart(self, list: &[Value]) -> bool {
        let mut seen = HashSet::new();
        list.iter().all(|item| self.name(item).is_some_and(|name| seen.insert(name)))
    }

    /// The names of a list, in order.
    pub(super) fn names(self, list: &[Value]) -> Vec<String> {
        list.iter().filter_map(|item| self.name(item)).collect()
    }

    /// Where the item of each name stands.
    pub(super) fn places(self, list: &[Value]) -> HashMap<String, usize> {
        self.names(list).into_iter().enumerate().map(|(at, name)| (name, at)).collect()
    }
}

/// What an item alone would be called.
pub(super) fn label(item: &Value) -> Option<String> {
    KEYS.iter().find_map(|fields| Key(fields).name(item))
}

/// The names that are in both, in the order of the first.
pub(super) fn common(first: &[String], second: &[String]) -> Vec<String> {
    let there: HashSet<&String> = second.iter().collect();
    first.iter().filter(|name| there.contains(name)).cloned().collect()
}

/// Whether what is in both is in the same order.
pub(super) fn same_order(first: &[String], second: &[String]) -> bool {
    common(first, second) == common(second, first)
}
