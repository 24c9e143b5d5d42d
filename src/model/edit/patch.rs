//! What is sent of a change: a JSON merge patch (RFC 7396), with the changed fields alone.

use serde_json::{Map, Value};

/// The patch that makes `after` of `before`: changed fields, lists whole, `null` for a field that goes. `{}` when
/// nothing changed.
///
/// Such a patch cannot put a null: a field that is to be null goes instead, which is what an API server makes of it.
pub fn merge_patch(before: &Value, after: &Value) -> Value {
    let (Value::Object(before), Value::Object(after)) = (before, after) else { return after.clone() };
    let mut patch = Map::new();
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        patch.insert(name.clone(), Value::Null);
    }
    for (name, is) in after {
        match before.get(name) {
            Some(was) if was == is => {}
            Some(was) => {
                patch.insert(name.clone(), merge_patch(was, is));
            }
            None if is.is_null() => {}
            None => {
                patch.insert(name.clone(), is.clone());
            }
        }
    }
    Value::Object(patch)
}

/// What a server makes of an object and a patch.
pub fn apply_merge_patch(object: &Value, patch: &Value) -> Value {
    let mut object = object.clone();
    json_patch::merge(&mut object, patch);
    object
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::testing::{value, without_nulls};
    use super::*;

    #[test]
    fn only_what_changed_is_in_a_patch_lists_whole_and_what_goes_as_null() {
        let before = json!({"a": {"b": 1, "c": 2}, "l": [1, 2], "gone": {"x": 1}, "same": {"y": [1]}});
        let after = json!({"a": {"b": 1, "c": 3}, "l": [1], "same": {"y": [1]}, "new": {"z": {}}});
        let patch = merge_patch(&before, &after);
        assert_eq!(patch, json!({"gone": null, "a": {"c": 3}, "l": [1], "new": {"z": {}}}));
        assert_eq!(merge_patch(&after, &after), json!({}));
        assert_eq!(merge_patch(&json!({"a": 1}), &json!({"a": null, "b": null})), json!({"a": null}));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn a_patch_applied_gives_the_state_after(before in value(), after in value()) {
            let (before, after) = (without_nulls(before), without_nulls(after));
            let patch = merge_patch(&before, &after);
            prop_assert_eq!(apply_merge_patch(&before, &patch), after);
        }

        #[test]
        fn a_null_that_cannot_be_put_is_a_field_that_goes(before in value(), after in value()) {
            let (before, after) = (json!({"f": before}), json!({"f": after}));
            let made = apply_merge_patch(&before, &merge_patch(&before, &after));
            prop_assert_eq!(without_nulls(made), without_nulls(after));
        }
    }
}
