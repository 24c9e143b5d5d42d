//! Objects as YAML, to be read by people.

pub mod lines;
pub mod outline;
pub mod read;
mod scalar;

use serde::ser::{Serialize, Serializer};
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
pub(crate) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What leads an object, whatever order the server sends: as `kubectl get -o yaml` prints it.
const FIRST: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// An object as YAML, its fields in the server's order behind the leading ones; `metadata.managedFields` only when
/// asked for.
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
    text(&Value::Object(in_order(value)))
}

fn in_order(value: Value) -> serde_json::Map<String, Value> {
    let Value::Object(mut fields) = value else { return serde_json::Map::new() };
    let mut ordered = serde_json::Map::with_capacity(fields.len());
    for name in FIRST {
        if let Some((name, field)) = fields.shift_remove_entry(name) {
            ordered.insert(name, field);
        }
    }
    ordered.extend(fields);
    ordered
}

/// Any value as YAML.
///
/// # Errors
/// What cannot be written as YAML.
pub fn text(value: &Value) -> Result<String, Fault> {
    serde_yaml::to_string(&Printed(value))
        .map_err(|e| Fault::new(Reason::Invalid, format!("this object cannot be written as YAML: {e}"), ""))
}

/// A value as it is printed.
struct Printed<'a>(&'a Value);

impl Serialize for Printed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                serializer.collect_map(fields.iter().map(|(name, field)| (name, Printed(field))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Printed)),
            // An API server takes no tab where the indentation of a block is to be seen.
            Value::String(text) if text.trim_start_matches('\n').starts_with('\t') => {
                serde_yaml::DoubleQuoted(text).serialize(serializer)
            }
            scalar => scalar.serialize(serializer),
        }
    }
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
    fn what_an_object_is_comes_first_and_the_rest_stays_in_the_servers_order() {
        let object: Value = serde_json::from_str(r#"{"kind":"Pod","apiVersion":"v1","b":1,"a":2}"#).unwrap();
        let lines: Vec<String> = to_yaml(&object, false).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines, ["apiVersion: v1", "kind: Pod", "b: 1", "a: 2"]);
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
