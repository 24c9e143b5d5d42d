//! The garbage collector: what an owner leaves behind goes with it, before it, or is set free.

use serde_json::Value;

use super::{pods, uid};
use crate::demo::state::State;
use crate::demo::state::delete::{FOREGROUND, ORPHAN, Options, Propagation};
use crate::demo::state::write::set;
use crate::demo::store::{Key, Object};

const WRITER: &str = "kube-controller-manager";

/// An object changed: keeps the index of owners, and acts on what has no owner any more.
pub(super) fn look(state: &mut State, key: &Key, object: Option<&Object>) {
    match object {
        Some(object) => {
            let known = state.workload.uids.insert(key.clone(), uid(object).to_owned());
            for owner in owners(object) {
                let id = owner["uid"].as_str().unwrap_or_default().to_owned();
                state.workload.owned.entry(id).or_default().insert(key.clone());
            }
            // Deleted and made again before anybody looked.
            if let Some(old) = known.filter(|old| old != uid(object)) {
                orphaned(state, &old);
            }
            if pods::is_going(object) {
                going(state, key, object);
            }
            bereft(state, key, object);
        }
        None => {
            if let Some(id) = state.workload.uids.remove(key) {
                orphaned(state, &id);
            }
            wake_owners(state, key);
        }
    }
}

fn owners(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

/// Where an owner is stored, when its kind is served.
fn place(state: &State, owner: &Value, namespace: &str) -> Option<Key> {
    let text = |field: &str| owner[field].as_str().unwrap_or_default();
    let resource = state.resources.of_kind(text("apiVersion"), text("kind"))?;
    Some(Key::new(&resource.id, if resource.namespaced { namespace } else { "" }, text("name")))
}

fn is_there(state: &State, owner: &Value, namespace: &str) -> bool {
    // An owner of a kind that is not served cannot be looked up: what it owns stays, as with the real one.
    place(state, owner, namespace)
        .is_none_or(|key| state.store.get(&key).is_some_and(|o| owner["uid"] == uid(o)))
}

/// An owner is gone: what it owned is looked at.
fn orphaned(state: &mut State, id: &str) {
    let dependents = state.workload.owned.remove(id).unwrap_or_default();
    for key in dependents {
        if let Some(object) = state.store.get(&key).cloned() {
            bereft(state, &key, &object);
        }
    }
}

/// Deletes an object none of whose owners is there; one that still has some forgets the others.
fn bereft(state: &mut State, key: &Key, object: &Object) {
    let all: Vec<Value> = owners(object).cloned().collect();
    if all.is_empty() || pods::is_going(object) {
        return;
    }
    let (here, gone): (Vec<Value>, Vec<Value>) =
        all.into_iter().partition(|o| is_there(state, o, &key.namespace));
    if gone.is_empty() {
        return;
    }
    if here.is_empty() {
        let _ = state.remove(key);
    } else {
        let _ = state.change(key, WRITER, |object| object["metadata"]["ownerReferences"] = here.into());
    }
}

/// An object waits for its dependents, or lets them go.
fn going(state: &mut State, key: &Key, object: &Object) {
    let held =
        |by: &str| object["metadata"]["finalizers"].as_array().is_some_and(|f| f.iter().any(|x| x == by));
    let dependents: Vec<(Key, Object)> = state
        .workload
        .owned_by(uid(object))
        .into_iter()
        .filter_map(|k| Some((k.clone(), state.store.get(&k)?.clone())))
        .filter(|(_, o)| owners(o).any(|r| r["uid"] == uid(object)))
        .collect();
    if held(ORPHAN) {
        let id = uid(object).to_owned();
        for (dependent, _) in &dependents {
            let _ = state.change(dependent, WRITER, |o| {
                let left: Vec<Value> = owners(o).filter(|r| r["uid"] != *id).cloned().collect();
                let metadata = &mut o["metadata"];
                set(metadata, "ownerReferences", (!left.is_empty()).then_some(Value::Array(left)));
            });
        }
        state.workload.owned.remove(&id);
        let _ = state.release(key, ORPHAN, WRITER);
    }
    if held(FOREGROUND) {
        let mut waits = false;
        for (dependent, object_) in &dependents {
            let blocks = owners(object_).any(|r| r["uid"] == uid(object) && r["blockOwnerDeletion"] == true);
            waits |= blocks;
            if !pods::is_going(object_)
                && let Ok(resource) = state.resource(&dependent.resource)
            {
                let propagation = Propagation::Foreground;
                let options = Options { propagation, propagation_said: true, ..Options::default() };
                let _ = state.delete(&resource, dependent, &options);
            }
        }
        if !waits {
            let _ = state.release(key, FOREGROUND, WRITER);
        }
    }
}

/// Something is gone: owners that wait for it look again.
fn wake_owners(state: &mut State, key: &Key) {
    let waiting: Vec<String> = state
        .workload
        .owned
        .iter()
        .filter(|(_, keys)| keys.contains(key))
        .map(|(id, _)| id.clone())
        .collect();
    for id in waiting {
        if let Some(keys) = state.workload.owned.get_mut(&id) {
            keys.remove(key);
        }
        let owner = state.workload.uids.iter().find(|(_, u)| **u == id).map(|(k, _)| k.clone());
        let object = owner.as_ref().and_then(|k| state.store.get(k).cloned());
        if let Some((owner, object)) = owner.zip(object).filter(|(_, o)| pods::is_going(o)) {
            going(state, &owner, &object);
        }
    }
}
