//! How stored objects change: what is kept of the old state, what may not change.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::State;
use super::write::{Around, By, Check, How, Sub, Written, complete, remove, set, shown_as, text};
use crate::demo::resources::Resource;
use crate::demo::schema;
use crate::demo::status::{Cause, Status};
use crate::demo::store::Key;
use crate::demo::strategy;

impl State {
    /// Writes another state of an object that is there.
    ///
    /// # Errors
    /// As the server refuses it.
    pub fn update(
        &mut self,
        resource: &Resource,
        key: &Key,
        object: Value,
        by: &By,
    ) -> Result<Written, Status> {
        self.update_as(resource, key, object, by, How::Written)
    }

    pub(in crate::demo) fn update_as(
        &mut self,
        resource: &Resource,
        key: &Key,
        mut new: Value,
        by: &By,
        how: How,
    ) -> Result<Written, Status> {
        let old = self.store.get(key).cloned().ok_or_else(|| Status::not_found(resource, &key.name))?;
        let untracked = new["metadata"]["managedFields"].as_array().is_some_and(Vec::is_empty);
        let warnings = match how {
            How::Written => self.take_in(resource, &mut new, by)?,
            How::Applied => Vec::new(),
        };
        if untracked {
            new["metadata"]["managedFields"] = json!([]);
        }
        if resource.namespaced && new["metadata"].is_object() {
            new["metadata"]["namespace"] = (*key.namespace).into();
        }
        unchanged_since(resource, key, &old, &new, by.replaces)?;
        // A controller changes what is stored, as it is stored.
        let as_stored = by.check == Check::Trusted && !resource.custom;
        let old_shown = if as_stored { old.clone() } else { shown_as(resource, &old) };
        let old = &*old_shown;
        if by.check != Check::Trusted {
            complete(resource, &mut new);
        }
        let other_uid = text(&new, "uid").filter(|uid| !uid.is_empty() && Some(*uid) != text(old, "uid"));
        let other_uid =
            other_uid.map(|uid| Cause::invalid("metadata.uid", &json!(uid), "field is immutable"));
        if let Some(cause) = other_uid {
            return Err(Status::invalid(resource, &key.name, &[cause.clone(), cause]));
        }
        carry_metadata(old, &mut new, matches!(how, How::Written));
        let given = self.given(resource);
        let done = self.checked(resource, key, &mut new, old, by, how);
        if let Some(given) = given.filter(|_| done.is_err() || by.dry_run) {
            self.addresses = given;
        }
        done?;
        let mut warnings = warnings;
        if by.check != Check::Trusted && !resource.custom {
            warnings.extend(strategy::warnings(&resource.kind, &new));
        }
        let answer = |object, warnings| Ok(Written { object, created: false, warnings });
        if by.dry_run {
            return answer(Arc::new(new), warnings);
        }
        // A controller's write was compared before it came here.
        if by.check != Check::Trusted && same(old, &new) {
            return answer(self.store.get(key).cloned().unwrap_or_default(), warnings);
        }
        let going = new["metadata"]["deletionTimestamp"].is_string();
        let held = new["metadata"]["finalizers"].as_array().is_some_and(|f| !f.is_empty());
        if going && !held && self.nothing_left(resource, &new) {
            let last = self.keep(resource, key.clone(), new);
            self.forget(resource, key);
            return answer(last, warnings);
        }
        let object = self.keep(resource, key.clone(), new);
        answer(object, warnings)
    }

    fn checked(
        &mut self,
        resource: &Resource,
        key: &Key,
        new: &mut Value,
        old: &Value,
        by: &By,
        how: How,
    ) -> Result<(), Status> {
        let status_only = by.sub == Sub::Status;
        if matches!(how, How::Written) {
            self.note(resource, Some(old), new, by);
        }
        if resource.custom {
            let status = |of: &Value| of.get("status").cloned();
            if resource.status && !status_only {
                set(new, "status", status(old));
            } else if status_only {
                let (now, managed) = (status(new), new["metadata"]["managedFields"].take());
                *new = old.clone();
                set(new, "status", now);
                new["metadata"]["managedFields"] = managed;
            }
        }
        let mut causes = match by.check {
            Check::Trusted => Vec::new(),
            _ => strategy::validate_metadata_update(new, old, !resource.custom),
        };
        let changes_addresses = by.check != Check::Trusted || &*resource.kind == "Service";
        if !resource.custom && changes_addresses {
            let mut around = Around { state: self };
            if let Err(more) =
                strategy::prepare_update(&resource.group, &resource.kind, new, old, status_only, &mut around)
            {
                causes.extend(more);
            }
        }
        let bumps = if status_only {
            false
        } else if resource.custom {
            changes_beside_metadata(old, new, resource.status)
        } else {
            strategy::bumps_generation(&resource.group, &resource.kind, old, new)
        };
        if bumps {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or_default();
            new["metadata"]["generation"] = (generation + 1).into();
        }
        if by.check != Check::Trusted {
            causes.extend(if resource.custom {
                let mut wrong = schema::validate(&resource.schema(), new, Some(old));
                if status_only {
                    wrong.iter_mut().for_each(told_of_status);
                }
                wrong
            } else {
                strategy::validate_update(&resource.group, &resource.kind, new, old, status_only)
            });
        }
        if causes.is_empty() { Ok(()) } else { Err(Status::invalid(resource, &key.name, &causes)) }
    }
}

/// A status by itself is told of by paths that begin within it.
fn told_of_status(cause: &mut Cause) {
    if let Some(path) = cause.field.strip_prefix("status.") {
        cause.message =
            cause.message.replace(&format!("{} in body", cause.field), &format!("{path} in body"));
    }
}

/// Refuses what was made from another state of the object than the stored one.
fn unchanged_since(
    resource: &Resource,
    key: &Key,
    old: &Value,
    new: &Value,
    replaces: bool,
) -> Result<(), Status> {
    if let Some(uid) = text(new, "uid").filter(|uid| !uid.is_empty() && Some(*uid) != text(old, "uid")) {
        let is = text(old, "uid").unwrap_or_default();
        // A patch that changes it is refused as what it is.
        if !replaces {
            return Ok(());
        }
        let group = if resource.group.is_empty() { String::new() } else { format!("{}/", resource.group) };
        let place = format!("/registry/{group}{}/{}/{}", resource.plural, key.namespace, key.name);
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {place}, ResourceVersion: 0, AdditionalErrorMsg: Precondition \
             failed: UID in precondition: {uid}, UID in object meta: {is}"
        );
        return Err(Status::conflict(resource, &key.name, &why));
    }
    match text(new, "resourceVersion") {
        None | Some("" | "0") => Ok(()),
        version if version == text(old, "resourceVersion") => Ok(()),
        Some(version) if version.parse::<u64>().is_err() => {
            Err(Status::new(500, "", format!("strconv.ParseUint: parsing {version:?}: invalid syntax")))
        }
        _ => Err(Status::modified(resource, &key.name)),
    }
}

/// Metadata that nobody can write.
fn carry_metadata(old: &Value, new: &mut Value, with_managers: bool) {
    for field in [
        "uid",
        "creationTimestamp",
        "generation",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "resourceVersion",
        "selfLink",
    ] {
        set(&mut new["metadata"], field, old["metadata"].get(field).cloned());
    }
    if with_managers && new["metadata"].get("managedFields").is_none() {
        set(&mut new["metadata"], "managedFields", old["metadata"].get("managedFields").cloned());
    }
}

/// Whether a write changes nothing: when managers last wrote does not count.
fn same(old: &Value, new: &Value) -> bool {
    let but = |object: &Value| {
        let mut object = object.clone();
        remove(&mut object["metadata"], "resourceVersion");
        for entry in object["metadata"]
            .get_mut("managedFields")
            .and_then(serde_json::Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            remove(entry, "time");
        }
        object
    };
    // Most writes differ; the copies are only made when the cheap look says that they may not.
    old.get("spec") == new.get("spec") && old.get("status") == new.get("status") && but(old) == but(new)
}

/// Whether a custom resource's generation grows.
fn changes_beside_metadata(old: &Value, new: &Value, status_apart: bool) -> bool {
    let none = Map::new();
    let (old, new) = (old.as_object().unwrap_or(&none), new.as_object().unwrap_or(&none));
    let counts = |name: &&String| *name != "metadata" && !(status_apart && *name == "status");
    old.keys().chain(new.keys()).filter(counts).any(|name| old.get(name) != new.get(name))
}
