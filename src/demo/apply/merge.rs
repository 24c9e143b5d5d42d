//! Putting what is applied into what is there, and taking out what is no longer applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::claim::step;
use super::fields::{Fields, Step};
use crate::demo::schema::{Id, Order, Schema, View};

/// What is there, with what is applied.
pub(super) fn merge(schema: &Schema, live: &Value, config: &Value) -> Value {
    merge_at(schema, schema.root, live, config)
}

fn merge_at(schema: &Schema, id: Id, live: &Value, config: &Value) -> Value {
    let shown = if config.is_null() { live } else { config };
    match (schema.arena.view(id, shown), live, config) {
        (View::Object(object), Value::Object(_), Value::Null) if !object.atomic => live.clone(),
        (View::List(_, order), Value::Array(_), Value::Null) if *order != Order::Atomic => live.clone(),
        (View::Object(object), Value::Object(live), Value::Object(config)) if !object.atomic => {
            let mut merged: Map<String, Value> = live.clone();
            for (name, config) in config {
                let value = match (live.get(name), object.field(name)) {
                    (Some(live), Some(of)) => merge_at(schema, of, live, config),
                    _ => config.clone(),
                };
                merged.insert(name.clone(), value);
            }
            Value::Object(merged)
        }
        (View::List(item, order), Value::Array(live), Value::Array(config)) if *order != Order::Atomic => {
            Value::Array(merge_items(schema, item, order, live, config))
        }
        _ => config.clone(),
    }
}

/// Items that are applied come in the order in which they are applied; the others keep their places between them.
fn merge_items(schema: &Schema, item: Id, order: &Order, live: &[Value], config: &[Value]) -> Vec<Value> {
    let known_by =
        |list: &[Value]| -> Vec<Step> { list.iter().map(|value| step(schema, item, order, value)).collect() };
    let (live_steps, config_steps) = (known_by(live), known_by(config));
    let in_config: BTreeSet<&Step> = config_steps.iter().collect();
    let in_live: BTreeMap<&Step, usize> =
        live_steps.iter().enumerate().map(|(at, step)| (step, at)).collect();
    let mut merged = Vec::with_capacity(live.len().max(config.len()));
    let mut at = 0;
    for (next, (wanted, value)) in config_steps.iter().zip(config).enumerate() {
        // The item of both lists that comes next: what stands before it in the live one goes first.
        let due = config_steps[next..].iter().find(|step| in_live.contains_key(step));
        while let Some(here) = live_steps.get(at).filter(|here| due != Some(*here)) {
            if !in_config.contains(here) {
                merged.push(live[at].clone());
            }
            at += 1;
        }
        merged.push(match in_live.get(wanted) {
            Some(here) => merge_at(schema, item, &live[*here], value),
            None => value.clone(),
        });
        if live_steps.get(at) == Some(wanted) {
            at += 1;
        }
    }
    let left = live_steps.iter().zip(live).skip(at);
    merged.extend(left.filter(|(step, _)| !in_config.contains(step)).map(|(_, value)| value.clone()));
    merged
}

/// A value without some of its fields; what has nothing left is null.
pub(super) fn remove(schema: &Schema, value: &Value, fields: &Fields) -> Value {
    remove_at(schema, schema.root, value, fields)
}

fn remove_at(schema: &Schema, id: Id, value: &Value, fields: &Fields) -> Value {
    match (schema.arena.view(id, value), value) {
        (View::Object(object), Value::Object(map)) => {
            let mut left = Map::new();
            for (name, value) in map {
                let step = Step::field(name);
                if fields.has(&step) {
                    continue;
                }
                let value = match (fields.below(&step), object.field(name)) {
                    (Some(below), Some(of)) => remove_at(schema, of, value, below),
                    _ => value.clone(),
                };
                left.insert(name.clone(), value);
            }
            if left.is_empty() { Value::Null } else { Value::Object(left) }
        }
        (View::List(item, order), Value::Array(list)) if *order != Order::Atomic => {
            let mut left = Vec::new();
            for value in list {
                let step = step(schema, item, order, value);
                if !fields.has(&step) {
                    left.push(match fields.below(&step) {
                        Some(below) => remove_at(schema, item, value, below),
                        None => value.clone(),
                    });
                }
            }
            if left.is_empty() { Value::Null } else { Value::Array(left) }
        }
        _ => value.clone(),
    }
}
