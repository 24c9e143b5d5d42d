//! Objects as YAML, to be read by people.

pub mod lines;

use serde_json::Value;

use super::fault::{Fault, Reason};

/// A token of YAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter)]
pub enum Token {
    /// The key of a mapping.
    Key,
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true`, `false`.
    Bool,
    /// `null`.
    Null,
    /// A comment.
    Comment,
    /// Dashes, colons, brackets, indicators.
    Punctuation,
}

/// An annotation that repeats the whole object, and of a Secret its data.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object as YAML, in the order in which the server sent its fields; `metadata.managedFields` only when asked for.
///
/// # Errors
/// A Secret, which is never shown (R27); and what cannot be written as YAML.
pub fn to_yaml(value: &Value, managed_fields: bool) -> Result<String, Fault> {
    if value["kind"] == "Secret" {
        let summary =
            format!("Secret {} is not shown", value["metadata"]["name"].as_str().unwrap_or_default());
        return Err(Fault::new(Reason::Denied, summary, "egret never reads the data of Secrets."));
    }
    let mut value = value.clone();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        if !managed_fields {
            metadata.shift_remove("managedFields");
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.shift_remove(LAST_APPLIED);
        }
    }
    text(&value)
}

/// Any value as YAML.
///
/// # Errors
/// What cannot be written as YAML.
pub fn text(value: &Value) -> Result<String, Fault> {
    serde_yaml::to_string(value)
        .map_err(|e| Fault::new(Reason::Invalid, format!("this object cannot be written as YAML: {e}"), ""))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn managed_fields_show_only_when_asked_for_and_the_applied_copy_never() {
        let object = json!({
            "kind": "Pod",
            "metadata": {
                "name": "p",
                "annotations": {"a": "b", "kubectl.kubernetes.io/last-applied-configuration": "{\"x\":1}"},
                "managedFields": [{"manager": "kubectl"}],
            },
        });
        let hidden = to_yaml(&object, false).unwrap();
        assert!(!hidden.contains("managedFields") && !hidden.contains("last-applied"), "{hidden}");
        let shown = to_yaml(&object, true).unwrap();
        assert!(shown.contains("manager: kubectl") && !shown.contains("last-applied"), "{shown}");
    }

    #[test]
    fn fields_stay_in_the_servers_order() {
        let object: Value = serde_json::from_str(r#"{"kind":"Pod","apiVersion":"v1","b":1,"a":2}"#).unwrap();
        let lines: Vec<String> = to_yaml(&object, false).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines, ["kind: Pod", "apiVersion: v1", "b: 1", "a: 2"]);
    }

    #[test]
    fn a_secret_is_refused() {
        let fault =
            to_yaml(&json!({"kind": "Secret", "metadata": {"name": "s"}, "data": {"k": "dmFsdWU="}}), true)
                .unwrap_err();
        assert_eq!(fault.reason, Reason::Denied);
        assert!(!format!("{fault:?}").contains("dmFsdWU="));
    }
}
