//! Who owns which field of an object: `metadata.managedFields`, as the API server keeps it.

use std::fmt;

use serde_json::{Map, Value};

/// One step into an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field of an object.
    Field(String),
    /// The item of a list that has these keys.
    Item(Map<String, Value>),
    /// The item of a set that is this.
    Value(Value),
}

/// Where a field is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldPath(pub Vec<Step>);

impl FieldPath {
    /// The same and one step further.
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// A path of fields only: `spec.replicas`.
    pub fn of_fields(text: &str) -> Self {
        Self(text.split('.').map(|field| Step::Field(field.to_owned())).collect())
    }

    /// Whether it is this path or leads through it.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// The names of the fields it goes through, without items.
    pub fn field_names(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().filter_map(|step| match step {
            Step::Field(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if name.contains(['.', '/', '[']) => write!(f, "[{name}]")?,
                Step::Field(name) if index == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Value(value) => write!(f, "[{}]", plain(value))?,
                Step::Item(keys) => {
                    let keys: Vec<String> = keys.values().map(plain).collect();
                    write!(f, "[{}]", keys.join("/"))?;
                }
            }
        }
        Ok(())
    }
}

/// A value as it stands in a sentence: text without its quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// One manager of an object.
#[derive(Clone, Copy, Debug)]
pub struct Manager<'a> {
    /// What it calls itself.
    pub name: &'a str,
    /// `Apply` or `Update`.
    pub operation: &'a str,
    /// When it last changed something, as the server wrote it.
    pub time: Option<&'a str>,
    /// Its fields in the server's form.
    fields: &'a Value,
}

/// The managers of an object, but for those of its status.
pub fn managers(object: &Value) -> impl Iterator<Item = Manager<'_>> {
    let entries = object["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries.filter(|entry| entry["subresource"] != "status").filter_map(|entry| {
        Some(Manager {
            name: entry["manager"].as_str()?,
            operation: entry["operation"].as_str()?,
            time: entry["time"].as_str(),
            fields: entry.get("fieldsV1")?,
        })
    })
}

impl Manager<'_> {
    /// Whether it owns a field.
    pub fn owns(&self, path: &FieldPath) -> bool {
        path.0.iter().try_fold(self.fields, |fields, step| next(fields, step)).is_some()
    }
}

/// Whether a manager that applies owns a field of an object.
pub fn applies(object: &Value, manager: &str, path: &FieldPath) -> bool {
    managers(object).any(|m| m.name == manager && m.operation == "Apply" && m.owns(path))
}

/// The managers of a field, but for one.
pub fn others<'a>(object: &'a Value, path: &FieldPath, but: &str) -> Vec<Manager<'a>> {
    managers(object).filter(|m| m.name != but && m.owns(path)).collect()
}

/// The fields that a manager has applied and that `desired` no longer has: what an apply would take away.
pub fn given_up(object: &Value, manager: &str, desired: &Value) -> Vec<FieldPath> {
    let mut found = Vec::new();
    for owner in managers(object).filter(|m| m.name == manager && m.operation == "Apply") {
        missing(owner.fields, Some(desired), &FieldPath::default(), &mut found);
    }
    found
}

/// The outermost owned fields that are not there.
fn missing(fields: &Value, desired: Option<&Value>, at: &FieldPath, found: &mut Vec<FieldPath>) {
    for (key, below) in fields.as_object().into_iter().flatten() {
        let Some(step) = step(key) else { continue };
        let path = at.then(step.clone());
        match desired.and_then(|desired| into(desired, &step)) {
            // The keys of an item are in it, and the uid of its object names it.
            None if is_said_elsewhere(&path) => {}
            None => found.push(path),
            // An object that is owned as a whole has no fields of its own here.
            Some(inner) => missing(below, Some(inner), &path, found),
        }
    }
}

/// What every object carries, whoever applies it.
fn is_said_elsewhere(path: &FieldPath) -> bool {
    let names: Vec<&str> = path.field_names().collect();
    matches!(
        names.as_slice(),
        ["apiVersion" | "kind"] | ["metadata", "name" | "namespace" | "uid" | "resourceVersion"]
    )
}

fn next<'a>(fields: &'a Value, wanted: &Step) -> Option<&'a Value> {
    fields.as_object()?.iter().find_map(|(key, below)| {
        let step = step(key)?;
        let same = match (&step, wanted) {
            // A path from a document may say more of an item than its keys.
            (Step::Item(keys), Step::Item(wanted)) => keys.iter().all(|(k, v)| wanted.get(k) == Some(v)),
            (step, wanted) => step == wanted,
        };
        same.then_some(below)
    })
}

/// The value that a step leads to.
pub fn into<'a>(value: &'a Value, step: &Step) -> Option<&'a Value> {
    match step {
        Step::Field(name) => value.get(name),
        Step::Value(wanted) => value.as_array()?.iter().find(|item| *item == wanted),
        Step::Item(keys) => {
            value.as_array()?.iter().find(|item| keys.iter().all(|(k, v)| item.get(k) == Some(v)))
        }
    }
}

/// `f:name`, `k:{…}` or `v:…`; `.` is the thing itself.
fn step(key: &str) -> Option<Step> {
    match key.split_at_checked(2)? {
        ("f:", name) => Some(Step::Field(name.to_owned())),
        ("k:", keys) => serde_json::from_str(keys).ok().map(Step::Item),
        ("v:", value) => serde_json::from_str(value).ok().map(Step::Value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment() -> Value {
        json!({"metadata": {"managedFields": [
            {"manager": "egret", "operation": "Apply", "fieldsV1": {
                "f:metadata": {"f:labels": {"f:app": {}}, "f:ownerReferences": {"k:{\"uid\":\"u\"}": {}}},
                "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {
                    "f:nodeSelector": {},
                    "f:containers": {"k:{\"name\":\"istio-proxy\"}": {".": {}, "f:name": {}, "f:image": {}}},
                }}},
            }},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale",
             "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
             "fieldsV1": {"f:status": {"f:replicas": {}}}},
        ]}})
    }

    #[test]
    fn what_was_applied_and_is_no_longer_desired_is_given_up() {
        let desired = json!({
            "metadata": {"labels": {"app": "a"}, "ownerReferences": [{"uid": "u", "name": "x"}]},
            "spec": {"template": {"spec": {"containers": [{"name": "istio-proxy"}]}}},
        });
        let paths: Vec<String> =
            given_up(&deployment(), "egret", &desired).iter().map(ToString::to_string).collect();
        assert_eq!(
            paths,
            [
                "spec.replicas",
                "spec.template.spec.nodeSelector",
                "spec.template.spec.containers[istio-proxy].image"
            ]
        );
    }

    #[test]
    fn the_others_who_own_a_field_are_named_and_those_of_the_status_are_not() {
        let path = FieldPath::of_fields("spec.replicas");
        assert!(applies(&deployment(), "egret", &path));
        let object = deployment();
        let others: Vec<&str> = others(&object, &path, "egret").iter().map(|m| m.name).collect();
        assert_eq!(others, ["kube-controller-manager"]);
        assert!(!applies(&deployment(), "kube-controller-manager", &path), "an update is no apply");
    }

    #[test]
    fn paths_read_as_people_write_them() {
        let keys = json!({"containerPort": 80, "protocol": "TCP"});
        let path = FieldPath::of_fields("spec.ports").then(Step::Item(keys.as_object().unwrap().clone()));
        assert_eq!(path.to_string(), "spec.ports[80/TCP]");
        let path = FieldPath::of_fields("metadata.labels").then(Step::Field("a.b/c".into()));
        assert_eq!(path.to_string(), "metadata.labels[a.b/c]");
    }
}
