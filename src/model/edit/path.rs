//! Where a field of an object is, as people and validation write it: `spec.ports[0].port`, `spec.podLabels["a/b"]`.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// One step into an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A field of an object.
    Field(String),
    /// The item of a list at this place, from 0.
    Index(usize),
}

/// Where a field is, from the top of the object; empty: the whole object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The field of this one with that name.
    pub fn field(&self, name: &str) -> Self {
        self.then(Step::Field(name.to_owned()))
    }

    /// The item of this one at that place.
    pub fn index(&self, at: usize) -> Self {
        self.then(Step::Index(at))
    }

    /// The same and one step further.
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// Whether it is this path or leads through it.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The value there.
    pub fn get<'a>(&self, object: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(object, |value, step| match step {
            Step::Field(name) => value.get(name),
            Step::Index(at) => value.get(at),
        })
    }

    /// Puts a value there, and the objects that lead to it where they are missing; `None` takes the field away, and an
    /// object left empty by it, but for the first of the path. An item of a list that is one behind the last is added;
    /// one further behind changes nothing.
    pub fn set(&self, object: &mut Value, value: Option<Value>) {
        set(object, &self.0, value, 0);
    }
}

fn set(at: &mut Value, steps: &[Step], value: Option<Value>, depth: usize) {
    let Some((step, rest)) = steps.split_first() else {
        *at = value.unwrap_or(Value::Null);
        return;
    };
    match step {
        Step::Field(name) => {
            if !at.is_object() {
                if value.is_none() {
                    return;
                }
                *at = Value::Object(serde_json::Map::new());
            }
            let Some(fields) = at.as_object_mut() else { return };
            if value.is_none() {
                let Some(inner) = fields.get_mut(name) else { return };
                if !rest.is_empty() {
                    set(inner, rest, None, depth + 1);
                }
                if rest.is_empty() || (depth > 0 && inner.as_object().is_some_and(serde_json::Map::is_empty))
                {
                    fields.shift_remove(name);
                }
                return;
            }
            set(fields.entry(name.clone()).or_insert(Value::Null), rest, value, depth + 1);
        }
        Step::Index(index) => {
            if !at.is_array() {
                if value.is_none() {
                    return;
                }
                *at = Value::Array(Vec::new());
            }
            let Some(items) = at.as_array_mut() else { return };
            if value.is_none() && rest.is_empty() {
                if *index < items.len() {
                    items.remove(*index);
                }
                return;
            }
            if *index == items.len() && value.is_some() {
                items.push(Value::Null);
            }
            if let Some(item) = items.get_mut(*index) {
                set(item, rest, value, depth + 1);
            }
        }
    }
}

/// Whether a name stands in a path without quotes.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '$'))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(at) => write!(f, "[{at}]")?,
                Step::Field(name) if !is_plain(name) => write!(f, "[{}]", Value::from(name.as_str()))?,
                Step::Field(name) if index == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = String;

    /// Reads what [`Display`](fmt::Display) writes, and what API servers write: keys in brackets without quotes too.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no path of fields");
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix("[\"") {
                let mut reader = serde_json::Deserializer::from_str(&rest[1..]).into_iter::<String>();
                let name = reader.next().and_then(Result::ok).ok_or_else(wrong)?;
                let used = reader.byte_offset();
                steps.push(Step::Field(name));
                rest = inner.get(used - 1..).and_then(|r| r.strip_prefix(']')).ok_or_else(wrong)?;
            } else if let Some(inner) = rest.strip_prefix('[') {
                let (key, after) = inner.split_once(']').ok_or_else(wrong)?;
                let step = key.parse().map_or_else(|_| Step::Field(key.to_owned()), Step::Index);
                steps.push(step);
                rest = after;
            } else {
                let inner = if steps.is_empty() { rest } else { rest.strip_prefix('.').ok_or_else(wrong)? };
                let end = inner.find(['.', '[']).unwrap_or(inner.len());
                if end == 0 {
                    return Err(wrong());
                }
                steps.push(Step::Field(inner[..end].to_owned()));
                rest = &inner[end..];
            }
        }
        Ok(Self(steps))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_path_reads_back_as_it_is_written() {
        for text in
            ["spec.ports[0].port", "spec.podLabels[\"a/b.c\"]", "metadata.annotations[\"x\\\"y\"].z", ""]
        {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
        assert_eq!("a[k/v].b".parse::<Path>().unwrap().to_string(), "a[\"k/v\"].b");
        for wrong in ["a..b", "a[0", ".a", "a[0]b"] {
            assert!(wrong.parse::<Path>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_value_is_put_and_taken_away_with_what_leads_to_it() {
        let mut object = json!({"spec": {"replicas": 1}});
        let set = |object: &mut Value, path: &str, value| path.parse::<Path>().unwrap().set(object, value);
        set(&mut object, "spec.resources.limits.cpu", Some(json!("2")));
        set(&mut object, "spec.ports[0].port", Some(json!(80)));
        set(&mut object, "spec.ports[5].port", Some(json!(81)));
        assert_eq!(
            object,
            json!({"spec": {"replicas": 1, "resources": {"limits": {"cpu": "2"}}, "ports": [{"port": 80}]}})
        );
        set(&mut object, "spec.resources.limits.cpu", None);
        set(&mut object, "spec.ports[0]", None);
        set(&mut object, "spec.nothing.here", None);
        assert_eq!(object, json!({"spec": {"replicas": 1, "ports": []}}));
        set(&mut object, "spec.replicas", None);
        set(&mut object, "spec.ports", None);
        assert_eq!(object, json!({"spec": {}}), "the first object of the path stays");
    }
}
