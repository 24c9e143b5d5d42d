//! Reading an object as far as it can be read.
//!
//! A wrong type in one field must not hide the other forty: what a type cannot take is set aside with its path,
//! its value and the reason, and so is every field the type does not know. Nothing is lost silently. Whoever
//! acts on an object (materialising it, say) must refuse one that has unread parts; showing it needs no such care.
//! Writes never go through these types at all (design §7).

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

/// A part of an object that its type could not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Where it is, below the part that was read: `ports[1].port`.
    pub path: String,
    /// What stands there.
    pub value: Value,
    /// Why it was not taken.
    pub why: Why,
}

/// Why a part was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The type has no such field.
    Unknown,
    /// The value is not what the field holds; the reason in words.
    Type(String),
}

impl Unread {
    /// The same, with a path from one level higher.
    pub fn below(&self, root: &str) -> Self {
        let path = match self.path.as_str() {
            "" => root.to_owned(),
            path if path.starts_with('[') => format!("{root}{path}"),
            path => format!("{root}.{path}"),
        };
        Self { path, ..self.clone() }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Unknown => write!(f, "{}: not a field egret knows", self.path),
            Why::Type(why) => write!(f, "{}: {why}", self.path),
        }
    }
}

/// A `T` as far as it could be read, and what was left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tolerant<T> {
    /// What could be read.
    pub value: T,
    /// What could not.
    pub unread: Vec<Unread>,
}

impl<T> Deref for Tolerant<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<'de, T: DeserializeOwned + Serialize + Default> Deserialize<'de> for Tolerant<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (value, unread) = read(Value::deserialize(deserializer)?);
        Ok(Self { value, unread })
    }
}

impl<T: Serialize> Serialize for Tolerant<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Tolerant<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// Reads `value` as a `T`, without what `T` cannot take. `null` reads as empty.
///
/// `T` must be readable from an empty object, and so must every struct below it: all fields optional.
pub(crate) fn read<T: DeserializeOwned + Serialize + Default>(value: Value) -> (T, Vec<Unread>) {
    let mut unread = Vec::new();
    if value.is_null() {
        return (T::default(), unread);
    }
    let probe = |candidate: Value| T::deserialize(candidate).map(drop).map_err(|error| error.to_string());
    let kept = salvage(value, "", &probe, &mut unread);
    let Some(read) = kept.as_ref().and_then(|kept| T::deserialize(kept).ok()) else {
        return (T::default(), unread);
    };
    if let (Some(kept), Ok(back)) = (&kept, serde_json::to_value(&read)) {
        unknown(kept, &back, "", &mut unread);
    }
    (read, unread)
}

/// Keeps the largest part of `value` that `probe` accepts, and reports the rest.
///
/// A part is judged alone, wrapped in nothing but its own path; so one bad leaf costs that leaf only.
fn salvage(
    value: Value,
    path: &str,
    probe: &dyn Fn(Value) -> Result<(), String>,
    unread: &mut Vec<Unread>,
) -> Option<Value> {
    let Err(why) = probe(value.clone()) else { return Some(value) };
    // Where not even an empty container is welcome, the container itself is the mistake.
    let kept = match &value {
        Value::Object(fields) if probe(Value::Object(Map::new())).is_ok() => {
            let kept = fields.iter().filter_map(|(key, field)| {
                let alone = |v: Value| probe(Value::Object(Map::from_iter([(key.clone(), v)])));
                Some((key.clone(), salvage(field.clone(), &join(path, key), &alone, unread)?))
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) if probe(Value::Array(Vec::new())).is_ok() => {
            let kept = items.iter().enumerate().filter_map(|(index, item)| {
                let alone = |v: Value| probe(Value::Array(vec![v]));
                salvage(item.clone(), &format!("{path}[{index}]"), &alone, unread)
            });
            Value::Array(kept.collect())
        }
        _ => {
            unread.push(Unread { path: path.to_owned(), value, why: Why::Type(why) });
            return None;
        }
    };
    match probe(kept.clone()) {
        Ok(()) => Some(kept),
        // Every part is fine alone, but not together: give up the whole.
        Err(why) => {
            unread.push(Unread { path: path.to_owned(), value, why: Why::Type(why) });
            None
        }
    }
}

/// Reports what `read` holds and `back`, the same after a trip through the type, does not.
fn unknown(read: &Value, back: &Value, path: &str, unread: &mut Vec<Unread>) {
    match (read, back) {
        (Value::Object(fields), Value::Object(known)) => {
            for (key, field) in fields.iter().filter(|(_, field)| !field.is_null()) {
                let path = join(path, key);
                match known.get(key) {
                    Some(back) => unknown(field, back, &path, unread),
                    None => unread.push(Unread { path, value: field.clone(), why: Why::Unknown }),
                }
            }
        }
        (Value::Array(items), Value::Array(known)) => {
            for (index, (item, back)) in items.iter().zip(known).enumerate() {
                unknown(item, back, &format!("{path}[{index}]"), unread);
            }
        }
        // Two spellings of one scalar (a divisor 1 and "1") are no loss.
        _ => {}
    }
}

fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    match (plain, path) {
        (false, _) => format!("{path}[{key:?}]"),
        (true, "") => key.to_owned(),
        (true, _) => format!("{path}.{key}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::api::core::v1::{EnvVar, Toleration};
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Sample {
        #[serde(skip_serializing_if = "Option::is_none")]
        number: Option<u16>,
        #[serde(skip_serializing_if = "Option::is_none")]
        labels: Option<BTreeMap<String, String>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tolerations: Option<Vec<Toleration>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        env: Option<Vec<EnvVar>>,
    }

    /// Paths of what was unread; `?` marks fields that the type does not know.
    fn paths(unread: &[Unread]) -> Vec<String> {
        let mark = |u: &Unread| if u.why == Why::Unknown { "?" } else { "" };
        unread.iter().map(|u| format!("{}{}", u.path, mark(u))).collect()
    }

    #[test]
    fn one_bad_leaf_costs_that_leaf_only() {
        let cases = [
            (json!({"number": 7, "labels": {"a": "b"}}), vec![]),
            (json!({"number": "seven", "labels": {"a": "b"}}), vec!["number"]),
            (json!({"number": 70000}), vec!["number"]),
            (json!({"labels": {"a": "b", "c": 1, "d.e/f": true}}), vec!["labels.c", "labels[\"d.e/f\"]"]),
            (json!({"labels": "a=b", "number": 1}), vec!["labels"]),
            (json!({"labels": ["a"]}), vec!["labels"]),
            (
                json!({"tolerations": [{"key": "a"}, {"key": 1, "effect": "NoSchedule"}]}),
                vec!["tolerations[1].key"],
            ),
            (json!({"tolerations": [{"key": "a", "new": {"deep": 1}}]}), vec!["tolerations[0].new?"]),
            (json!({"env": [{"value": "no name"}, "text"]}), vec!["env[1]"]),
            (json!({"number": null, "other": 1}), vec!["other?"]),
            (json!({"number": "x", "other": 1}), vec!["number", "other?"]),
        ];
        for (given, expected) in cases {
            let (_, unread) = read::<Sample>(given.clone());
            assert_eq!(paths(&unread), expected, "{given}");
        }
    }

    #[test]
    fn what_is_readable_is_read() {
        let (read, unread) = read::<Sample>(json!({"number": "seven", "labels": {"a": "b", "c": 1}}));
        assert_eq!(read.labels, Some(BTreeMap::from([("a".into(), "b".into())])));
        assert_eq!(read.number, None);
        assert_eq!(unread[0].value, json!("seven"));
        assert!(matches!(&unread[0].why, Why::Type(why) if why.contains("expected u16")), "{unread:?}");
    }

    #[test]
    fn a_document_of_another_shape_is_reported_whole() {
        for given in [json!("text"), json!(["list"]), json!(3)] {
            let (read, unread) = read::<Sample>(given.clone());
            assert_eq!(read, Sample::default());
            assert_eq!((unread.len(), &unread[0].value), (1, &given));
        }
        assert_eq!(read::<Sample>(Value::Null), (Sample::default(), vec![]));
    }
}
