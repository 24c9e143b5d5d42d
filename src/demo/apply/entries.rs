//! `metadata.managedFields`: who owns what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::encode;
use super::fields::Fields;

/// Who wrote, and how. Their order is that in which conflicts are told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner {
    pub(super) manager: String,
    /// `Apply` or `Update`.
    pub(super) operation: String,
    /// Of what is applied it does not matter.
    pub(super) api_version: String,
    pub(super) subresource: String,
}

impl Owner {
    pub(super) fn applies(&self) -> bool {
        self.operation == "Apply"
    }

    /// As conflicts name it.
    pub(super) fn shown(&self) -> String {
        let mut shown = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            shown += &format!(" with subresource {:?}", self.subresource);
        }
        if !self.applies() {
            shown += &format!(" using {}", self.api_version);
        }
        shown
    }
}

/// What somebody owns.
#[derive(Clone, Debug, Default)]
pub(super) struct Owned {
    pub(super) fields: Fields,
    /// When it was last written; nobody knows of what was applied without a change.
    pub(super) time: Option<String>,
    /// The version in which it was written.
    pub(super) api_version: String,
}

/// All owners.
pub(super) type Owners = BTreeMap<Owner, Owned>;

/// From an object; nothing: somebody wrote what is none.
pub(super) fn decode(entries: Option<&Value>) -> Option<Owners> {
    let mut owners = Owners::new();
    for entry in entries.and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        if !["Apply", "Update"].contains(&&*text("operation")) {
            return None;
        }
        let owner = owner(text("manager"), text("operation"), &text("apiVersion"), text("subresource"));
        let owned = Owned {
            fields: match &entry["fieldsV1"] {
                Value::Null => Fields::default(),
                // As it is stored.
                Value::String(text) => encode::decode(&serde_json::from_str(text).ok()?)?,
                fields => encode::decode(fields)?,
            },
            time: entry["time"].as_str().map(str::to_owned),
            api_version: text("apiVersion"),
        };
        owners.insert(owner, owned);
    }
    Some(owners)
}

pub(super) fn owner(manager: String, operation: String, api_version: &str, subresource: String) -> Owner {
    let api_version = if operation == "Apply" { "" } else { api_version };
    Owner { manager, operation, api_version: api_version.to_owned(), subresource }
}

/// As many owners by update as are kept apart.
const MOST: usize = 10;

/// Who owns what the oldest of too many owned.
const ANCIENT: &str = "ancient-changes";

/// Lays the oldest owners by update together, those of one version, until there are few enough.
pub(super) fn cap(owners: &mut Owners) {
    let oldest: Vec<Owner> =
        sorted(owners).into_iter().map(|(o, _)| o.clone()).filter(|o| !o.applies()).collect();
    let mut firsts: BTreeMap<String, Owner> = BTreeMap::new();
    for one in oldest {
        if owners.keys().filter(|owner| !owner.applies()).count() <= MOST {
            return;
        }
        let bucket = owner(ANCIENT.to_owned(), "Update".to_owned(), &one.api_version, String::new());
        // The first of a version stays alone until a second is laid to it.
        let Some(first) = firsts.get(&one.api_version).cloned() else {
            firsts.insert(one.api_version.clone(), one);
            continue;
        };
        for old in [first, one].into_iter().filter(|old| *old != bucket) {
            let Some(old) = owners.remove(&old) else { continue };
            let heap = owners.entry(bucket.clone()).or_default();
            heap.fields = std::mem::take(&mut heap.fields).union(&old.fields);
            heap.time = heap.time.take().max(old.time);
            heap.api_version = old.api_version;
        }
    }
}

/// Appliers first, then by time and name.
fn sorted(owners: &Owners) -> Vec<(&Owner, &Owned)> {
    let mut sorted: Vec<(&Owner, &Owned)> = owners.iter().collect();
    let key = |owner: &Owner| (owner.manager.clone(), owner.api_version.clone(), owner.subresource.clone());
    sorted.sort_by(|(a, of_a), (b, of_b)| {
        a.operation
            .cmp(&b.operation)
            .then_with(|| of_a.time.cmp(&of_b.time))
            .then_with(|| key(a).cmp(&key(b)))
    });
    sorted
}

/// Into an object. Who owns nothing is not listed.
pub(super) fn encode(owners: &Owners, object: &mut Value) {
    let owning = sorted(owners).into_iter().filter(|(_, owned)| !owned.fields.is_empty());
    let entries: Vec<Value> = owning.map(|(owner, owned)| entry(owner, owned)).collect();
    put(object, (!entries.is_empty()).then_some(Value::Array(entries)));
}

/// Sets the managed fields as they are, or takes them away.
pub(super) fn put(object: &mut Value, entries: Option<Value>) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        if let (Some(entries), Some(map)) = (entries, object.as_object_mut()) {
            map.insert("metadata".to_owned(), json!({ "managedFields": entries }));
        }
        return;
    };
    match entries {
        Some(entries) => metadata.insert("managedFields".to_owned(), entries),
        None => metadata.shift_remove("managedFields"),
    };
}

fn entry(owner: &Owner, owned: &Owned) -> Value {
    let mut entry = Map::new();
    let mut set = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    set("manager", owner.manager.as_str().into());
    set("operation", owner.operation.as_str().into());
    set("apiVersion", owned.api_version.as_str().into());
    if let Some(time) = &owned.time {
        set("time", time.as_str().into());
    }
    set("fieldsType", "FieldsV1".into());
    set("fieldsV1", encode::encode(&owned.fields));
    if !owner.subresource.is_empty() {
        set("subresource", owner.subresource.as_str().into());
    }
    Value::Object(entry)
}

/// A moment as the server writes it: whole seconds.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
