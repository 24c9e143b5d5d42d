//! What differs between two states of an object.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::claim::step;
use super::fields::{Fields, Step};
use crate::demo::schema::{Id, Object, Order, Schema, View};

/// The fields that differ.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) added: Fields,
    pub(super) removed: Fields,
    pub(super) modified: Fields,
}

impl Change {
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.modified.is_empty()
    }

    /// Each of the three, changed alike.
    pub(super) fn map(self, f: impl Fn(Fields) -> Fields) -> Self {
        Self { added: f(self.added), removed: f(self.removed), modified: f(self.modified) }
    }

    fn put(&mut self, step: Step, (mark, below): (Mark, Self)) {
        if mark == Mark::None && below.is_empty() {
            return;
        }
        self.added.put(step.clone(), mark == Mark::Added, below.added);
        self.removed.put(step.clone(), mark == Mark::Removed, below.removed);
        self.modified.put(step, mark == Mark::Modified, below.modified);
    }
}

/// What became of a path itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    None,
    Added,
    Removed,
    Modified,
}

/// What differs between two states of an object.
pub(super) fn diff(schema: &Schema, old: &Value, new: &Value) -> Change {
    compare(schema, schema.root, Some(old), Some(new)).1
}

fn compare(schema: &Schema, id: Id, old: Option<&Value>, new: Option<&Value>) -> (Mark, Change) {
    let itself = match (old, new) {
        (None, None) => return (Mark::None, Change::default()),
        (None, Some(_)) => Mark::Added,
        (Some(_), None) => Mark::Removed,
        (Some(old), Some(new)) if old == new => return (Mark::None, Change::default()),
        (Some(_), Some(_)) => Mark::None,
    };
    let leaf = if itself == Mark::None { Mark::Modified } else { itself };
    let shown = new.filter(|new| !new.is_null()).or(old).unwrap_or(&Value::Null);
    let of_one_kind =
        |fits: fn(&Value) -> bool| [old, new].into_iter().flatten().all(|v| v.is_null() || fits(v));
    let empty = is_empty(old) && is_empty(new);
    match schema.arena.view(id, shown) {
        View::Object(object) if !object.atomic && !empty && of_one_kind(Value::is_object) => {
            (itself, fields(schema, object, old, new))
        }
        View::List(item, order) if *order != Order::Atomic && !empty && of_one_kind(Value::is_array) => {
            (itself, items(schema, item, order, old, new))
        }
        _ => (leaf, Change::default()),
    }
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(list)) => list.is_empty(),
        Some(_) => false,
    }
}

fn fields(schema: &Schema, object: &Object, old: Option<&Value>, new: Option<&Value>) -> Change {
    let none = Map::new();
    // What Go always writes, if only as a null, is as good as nothing where there was an object before.
    let go = !schema.custom && old.is_some();
    let [old, new] = [old, new].map(|value| value.and_then(Value::as_object).unwrap_or(&none));
    let seen = |value: Option<&'_ Value>| value.is_some_and(|v| !go || !v.is_null());
    let mut change = Change::default();
    for (name, old) in old {
        let Some(of) = object.field(name) else { continue };
        // A list or map of which nothing is left is still there.
        let new = new.get(name).filter(|new| seen(Some(new)) || old.is_object() || old.is_array());
        if seen(Some(old)) || new.is_some() {
            change.put(Step::field(name), compare(schema, of, Some(old), new));
        }
    }
    for (name, new) in new.iter().filter(|(name, new)| !old.contains_key(*name) && seen(Some(new))) {
        if let Some(of) = object.field(name) {
            change.put(Step::field(name), compare(schema, of, None, Some(new)));
        }
    }
    change
}

/// Items by what they are known by; several of one kind are compared as they are.
fn items(schema: &Schema, item: Id, order: &Order, old: Option<&Value>, new: Option<&Value>) -> Change {
    let (old, mut new) = (by_step(schema, item, order, old), by_step(schema, item, order, new));
    let mut change = Change::default();
    for (step, was) in old {
        let is = new.remove(&step).unwrap_or_default();
        let outcome = match (&*was, &*is) {
            ([was], [is]) => compare(schema, item, Some(was), Some(is)),
            ([was], []) => compare(schema, item, Some(was), None),
            (_, []) => (Mark::Removed, Change::default()),
            (was, is) if was == is => (Mark::None, Change::default()),
            _ => (Mark::Modified, Change::default()),
        };
        change.put(step, outcome);
    }
    for (step, is) in new {
        let outcome = match &*is {
            [is] => compare(schema, item, None, Some(is)),
            _ => (Mark::Added, Change::default()),
        };
        change.put(step, outcome);
    }
    change
}

fn by_step<'a>(
    schema: &Schema,
    item: Id,
    order: &Order,
    list: Option<&'a Value>,
) -> BTreeMap<Step, Vec<&'a Value>> {
    let mut found: BTreeMap<Step, Vec<&Value>> = BTreeMap::new();
    for value in list.and_then(Value::as_array).into_iter().flatten() {
        found.entry(step(schema, item, order, value)).or_default().push(value);
    }
    found
}
