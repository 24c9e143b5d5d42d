//! How objects go: at once, after their finalizers, or after a grace period.

use serde_json::{Value, json};

use super::State;
use super::write::{By, set, text, time};
use crate::demo::clock::later;
use crate::demo::resources::Resource;
use crate::demo::status::Status;
use crate::demo::store::{Key, Object};

/// What becomes of what an object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// It goes afterwards.
    Background,
    /// It goes first.
    Foreground,
    /// It stays.
    Orphan,
}

/// `DeleteOptions`.
#[derive(Clone, Debug)]
pub struct Options {
    /// What becomes of what it owns.
    pub propagation: Propagation,
    /// Whether that was said; else finalizers that are there decide.
    pub propagation_said: bool,
    /// Only the object of this identity.
    pub uid: Option<String>,
    /// Only this state of it.
    pub resource_version: Option<String>,
    /// Seconds that a pod has to end; the pod's own when not said.
    pub grace: Option<i64>,
    /// Nothing is deleted.
    pub dry_run: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            propagation: Propagation::Background,
            propagation_said: false,
            uid: None,
            resource_version: None,
            grace: None,
            dry_run: false,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Deleted {
    /// It is gone.
    Gone(Object),
    /// It is going: finalizers or a grace period hold it.
    Going(Object),
}

/// Namespaces without which a cluster is none.
const NEEDED: &[&str] = &["default", "kube-system", "kube-public"];

/// What stands in the way of an object that waits for what it owns.
pub(in crate::demo) const FOREGROUND: &str = "foregroundDeletion";
/// What stands in the way of an object whose dependents are set free first.
pub(in crate::demo) const ORPHAN: &str = "orphan";

impl State {
    /// Deletes an object, or begins to.
    ///
    /// # Errors
    /// When it is not there, or a precondition does not hold.
    pub fn delete(&mut self, resource: &Resource, key: &Key, options: &Options) -> Result<Deleted, Status> {
        if &*resource.kind == "Namespace" && NEEDED.contains(&&*key.name) {
            let message =
                format!("namespaces \"{}\" is forbidden: this namespace may not be deleted", key.name);
            return Err(Status::forbidden(resource, &key.name, message));
        }
        let old = self.store.get(key).cloned().ok_or_else(|| Status::not_found(resource, &key.name))?;
        check(resource, key, &old, options)?;
        let mut new = Value::clone(&old);
        hold(&mut new, options);
        if &*resource.kind == "CustomResourceDefinition" && !options.dry_run {
            end_definition(&mut new, self.now);
        }
        let grace = grace(resource, &old, options);
        let held = new["metadata"]["finalizers"].as_array().is_some_and(|f| !f.is_empty());
        let going = old["metadata"]["deletionTimestamp"].is_string();
        let waits = grace > 0 || held || !self.nothing_left(resource, &new);
        if options.dry_run {
            return Ok(if waits { Deleted::Going(old) } else { Deleted::Gone(old) });
        }
        if !waits && &*resource.kind == "Pod" {
            // Its last state says that it was deleted.
            new["metadata"]["deletionTimestamp"] = time(self.now).into();
            new["metadata"]["deletionGracePeriodSeconds"] = 0.into();
            let generation = new["metadata"]["generation"].as_i64().unwrap_or_default();
            new["metadata"]["generation"] = (generation + 1).into();
            let shown = std::sync::Arc::new(new);
            self.forget(resource, key);
            return Ok(Deleted::Gone(shown));
        }
        if !waits {
            let last = self.forget(resource, key);
            return Ok(Deleted::Gone(last.unwrap_or(old)));
        }
        let seconds = grace.max(0);
        let metadata = &mut new["metadata"];
        let shorter = metadata["deletionGracePeriodSeconds"].as_i64().is_none_or(|is| seconds < is);
        if !going || (shorter && &*resource.kind == "Pod") {
            let wait = std::time::Duration::from_secs(seconds.unsigned_abs());
            metadata["deletionTimestamp"] = time(later(self.now, wait)).into();
            let is_definition = &*resource.kind == "CustomResourceDefinition";
            if &*resource.kind != "Namespace" && !is_definition {
                metadata["deletionGracePeriodSeconds"] = seconds.into();
            }
            if let Some(generation) = metadata["generation"].as_i64().filter(|_| !going && !is_definition) {
                metadata["generation"] = (generation + 1).into();
            }
        }
        if &*resource.kind == "Namespace" {
            new["status"]["phase"] = "Terminating".into();
        }
        if new == *old {
            return Ok(Deleted::Going(old));
        }
        Ok(Deleted::Going(self.keep(resource, key.clone(), new)))
    }

    /// Deletes an object as a controller does: in the background, without conditions.
    ///
    /// # Errors
    /// When it is not there.
    pub fn remove(&mut self, key: &Key) -> Result<Deleted, Status> {
        let resource = self.resource(&key.resource)?;
        self.delete(&resource, key, &Options::default())
    }

    /// Whether nothing but finalizers and grace keeps a deleted object: a namespace waits for what is in it, a
    /// definition for its objects.
    pub(in crate::demo) fn nothing_left(&self, resource: &Resource, object: &Value) -> bool {
        match &*resource.kind {
            "Namespace" => object["spec"]["finalizers"].as_array().is_none_or(Vec::is_empty),
            _ => true,
        }
    }

    /// Takes a finalizer off; the object goes when it was the last.
    ///
    /// # Errors
    /// When the object is not there.
    pub fn release(&mut self, key: &Key, finalizer: &str, manager: &str) -> Result<(), Status> {
        let resource = self.resource(&key.resource)?;
        let old = self.store.get(key).cloned().ok_or_else(|| Status::not_found(&resource, &key.name))?;
        let mut new = Value::clone(&old);
        let metadata = &mut new["metadata"];
        if let Some(all) = metadata.get_mut("finalizers").and_then(serde_json::Value::as_array_mut) {
            all.retain(|f| f != finalizer);
        }
        if metadata["finalizers"].as_array().is_some_and(Vec::is_empty) {
            set(metadata, "finalizers", None);
        }
        if new == *old {
            return Ok(());
        }
        self.update(&resource, key, new, &By::controller(manager)).map(drop)
    }
}

/// What holds a definition until its objects are gone.
pub(in crate::demo) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// A definition that is deleted waits for its objects, and says so.
fn end_definition(crd: &mut Value, now: jiff::Timestamp) {
    if crd["metadata"]["deletionTimestamp"].is_string() {
        return;
    }
    let mut all: Vec<Value> = crd["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    all.push(CLEANUP.into());
    crd["metadata"]["finalizers"] = all.into();
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    let condition = json!({"type": "Terminating", "status": "True", "lastTransitionTime": time(now),
        "reason": "InstanceDeletionPending", "message": message});
    if let Some(conditions) = crd["status"].get_mut("conditions").and_then(Value::as_array_mut) {
        conditions.push(condition);
    }
}

fn check(resource: &Resource, key: &Key, old: &Value, options: &Options) -> Result<(), Status> {
    // Told of the kind, not of the resource, as the server does here.
    let wrong = |why: String| {
        let mut status = Status::conflict(resource, &key.name, &why);
        let kind = resource.qualified_kind();
        status.message = format!("Operation cannot be fulfilled on {kind} \"{}\": {why}", key.name);
        status.details["kind"] = (*resource.kind).into();
        status
    };
    let is = |field| text(old, field).unwrap_or_default();
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != is("uid")) {
        return Err(wrong(format!(
            "the UID in the precondition ({uid}) does not match the UID in record ({}). The object might have been \
             deleted and then recreated",
            is("uid")
        )));
    }
    if let Some(version) = options.resource_version.as_deref().filter(|v| *v != is("resourceVersion")) {
        return Err(wrong(format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). The \
             object might have been modified",
            is("resourceVersion")
        )));
    }
    Ok(())
}

/// Puts the finalizer of the propagation on an object.
fn hold(object: &mut Value, options: &Options) {
    let wanted = match options.propagation {
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
        Propagation::Background => None,
    };
    if !options.propagation_said {
        return;
    }
    let metadata = &mut object["metadata"];
    let mut all: Vec<Value> = metadata["finalizers"].as_array().cloned().unwrap_or_default();
    all.retain(|f| f != FOREGROUND && f != ORPHAN);
    all.extend(wanted.map(|f| json!(f)));
    set(metadata, "finalizers", (!all.is_empty()).then_some(Value::Array(all)));
}

/// Seconds that an object has to end: only pods that run somewhere take any.
fn grace(resource: &Resource, object: &Value, options: &Options) -> i64 {
    let ended = matches!(object["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if &*resource.kind != "Pod" || object["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        return 0;
    }
    match options.grace {
        Some(0) => 0,
        _ if ended => 0,
        Some(seconds) => seconds,
        None => object["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30),
    }
}
