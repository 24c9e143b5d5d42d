//! Objects for property tests: small, and alike enough that their fields meet.

use proptest::prelude::*;
use serde_json::{Value, json};

/// Any value.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[abc]", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// An object with fields, lists without names and lists with names, as those of a cluster are.
pub(super) fn object() -> impl Strategy<Value = Value> {
    let ports = prop::collection::btree_map("[abcd]", (1..4, value()), 0..4).prop_map(|items| {
        let item = |(name, (port, more))| json!({"name": name, "port": port, "more": more});
        Value::Array(items.into_iter().map(item).collect())
    });
    let turned = (ports, any::<bool>()).prop_map(|(ports, turn)| match ports {
        Value::Array(mut items) if turn => {
            items.reverse();
            Value::Array(items)
        }
        other => other,
    });
    (value(), turned, prop::collection::btree_map("[abc]", 0..3, 0..3)).prop_map(|(free, ports, labels)| {
        json!({"metadata": {"labels": labels, "resourceVersion": "1"}, "spec": {"free": free, "ports": ports}})
    })
}

/// The value without fields that are null, as a server keeps it. Items stay.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, field)| !field.is_null());
            Value::Object(kept.map(|(name, field)| (name, without_nulls(field))).collect())
        }
        other => other,
    }
}
