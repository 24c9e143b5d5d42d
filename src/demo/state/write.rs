//! How objects come to be stored: checks, defaults, what the server fills in, managed fields.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::State;
use crate::demo::addresses::Addresses;
use crate::demo::admission;
use crate::demo::apply;
use crate::demo::resources::Resource;
use crate::demo::schema;
use crate::demo::status::{Cause, Status};
use crate::demo::store::{Key, Object};
use crate::demo::strategy::{self, Surroundings};

/// What is done about fields that a kind does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// They are dropped.
    Ignore,
    /// They are dropped, and a warning says so.
    Warn,
    /// They are an error.
    Strict,
    /// There are none: what controllers write is known to fit.
    Trusted,
}

/// Which part of an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sub {
    /// All but the status, where that is apart.
    None,
    /// The status.
    Status,
    /// The replicas, through `/scale`.
    Scale,
}

impl Sub {
    /// As `managedFields` name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Status => "status",
            Self::Scale => "scale",
        }
    }
}

/// Who writes, and how.
#[derive(Clone, Debug)]
pub struct By {
    /// Field manager.
    pub manager: Arc<str>,
    /// Nothing is kept.
    pub dry_run: bool,
    /// What is done about unknown fields.
    pub check: Check,
    /// What is written.
    pub sub: Sub,
    /// Whether the whole object is sent.
    pub replaces: bool,
    /// Keys that were sent twice, as they are told of.
    pub twice: Vec<String>,
}

impl By {
    /// A controller, or the story.
    pub fn controller(manager: &str) -> Self {
        Self {
            manager: manager.into(),
            dry_run: false,
            check: Check::Trusted,
            sub: Sub::None,
            replaces: false,
            twice: Vec::new(),
        }
    }
}

/// What came of a write.
#[derive(Clone, Debug)]
pub struct Written {
    /// As it is stored now, or would be.
    pub object: Object,
    /// Whether it was not there before.
    pub created: bool,
    /// For the `Warning` headers.
    pub warnings: Vec<String>,
}

/// Kinds whose objects come and go.
const FLEETING: &[&str] = &["Pod", "Event", "EndpointSlice", "ReplicaSet", "Node"];

/// How an object is made: by a manager's writes, or by what it applies.
#[derive(Clone, Copy, Debug)]
pub(in crate::demo) enum How {
    Written,
    /// Managed fields are in the object already.
    Applied,
}

/// What a strategy may ask of a cluster; with a dry run nothing is given for good.
struct Around<'a> {
    state: &'a mut State,
}

impl Surroundings for Around<'_> {
    fn now(&self) -> jiff::Timestamp {
        self.state.now
    }
    fn allocate_cluster_ip(&mut self, wanted: Option<&str>) -> Result<String, String> {
        self.state.addresses.cluster_ip(wanted)
    }
    fn release_cluster_ip(&mut self, ip: &str) {
        self.state.addresses.release_ip(ip);
    }
    fn allocate_node_port(&mut self, wanted: Option<u16>) -> Result<u16, String> {
        self.state.addresses.node_port(wanted)
    }
    fn release_node_port(&mut self, port: u16) {
        self.state.addresses.release_port(port);
    }
    fn exists(&self, resource: &str, namespace: &str, name: &str) -> bool {
        self.state.get(resource, namespace, name).is_some()
    }
}

impl State {
    /// Makes an object.
    ///
    /// # Errors
    /// As the server refuses it.
    pub fn create(
        &mut self,
        resource: &Resource,
        namespace: &str,
        object: Value,
        by: &By,
    ) -> Result<Written, Status> {
        self.create_as(resource, namespace, object, by, How::Written)
    }

    pub(in crate::demo) fn create_as(
        &mut self,
        resource: &Resource,
        namespace: &str,
        mut object: Value,
        by: &By,
        how: How,
    ) -> Result<Written, Status> {
        let warnings = match how {
            How::Written => self.take_in(resource, &mut object, by)?,
            How::Applied => Vec::new(),
        };
        if resource.namespaced {
            object["metadata"]["namespace"] = namespace.into();
        }
        if text(&object, "resourceVersion").is_some_and(|v| !v.is_empty() && v != "0") {
            // What is applied may name the version that it was made from.
            if matches!(how, How::Written) {
                return Err(Status::new(
                    500,
                    "",
                    "resourceVersion should not be set on objects to be created",
                ));
            }
        }
        self.begin(resource, &mut object);
        let name = text(&object, "name").unwrap_or_default().to_owned();
        let key = Key::new(&resource.id, namespace, &name);
        self.namespace_takes(resource, &key)?;
        complete(resource, &mut object);
        let given = self.given(resource);
        let done = self.prepared(resource, &key, &mut object, by, how);
        if let Some(given) = given.filter(|_| done.is_err() || by.dry_run) {
            self.addresses = given;
        }
        done?;
        let mut warnings = warnings;
        if by.check != Check::Trusted && !resource.custom {
            warnings.extend(strategy::warnings(&resource.kind, &object));
        }
        if by.dry_run {
            return Ok(Written { object: Arc::new(object), created: true, warnings });
        }
        let object = self.keep(resource, key, object);
        Ok(Written { object, created: true, warnings })
    }

    /// What was given before a write that may come to nothing: only Services are given anything.
    fn given(&self, resource: &Resource) -> Option<Addresses> {
        (&*resource.kind == "Service").then(|| self.addresses.clone())
    }

    /// Notes who wrote what. In the years before the story begins nobody will ask that of what comes and goes.
    fn note(&self, resource: &Resource, old: Option<&Value>, new: &mut Value, by: &By) {
        if self.workload.asleep && FLEETING.contains(&&*resource.kind) {
            return;
        }
        let writer = apply::Writer { manager: &by.manager, time: self.now, subresource: by.sub.name() };
        apply::updated(&resource.schema(), old, new, &writer);
    }

    /// What the kind does to a new object, and whether it is right.
    fn prepared(
        &mut self,
        resource: &Resource,
        key: &Key,
        object: &mut Value,
        by: &By,
        how: How,
    ) -> Result<(), Status> {
        let refused = |causes: Vec<Cause>| Status::invalid(resource, &key.name, &causes);
        let mut causes = match by.check {
            Check::Trusted => Vec::new(),
            _ => strategy::validate_metadata(object, resource.namespaced, name_rule(resource)),
        };
        // Who wrote what is noted before the kind does its part: what the server allocates is nobody's.
        if matches!(how, How::Written) {
            self.note(resource, None, object, by);
        }
        if resource.custom && resource.status {
            remove(object, "status");
        }
        let allocated = if resource.custom {
            Ok(())
        } else {
            strategy::prepare_create(&resource.group, &resource.kind, object, &mut Around { state: self })
        };
        if &*resource.kind == "Pod" {
            admission::pod(object);
        }
        if by.check != Check::Trusted {
            causes.extend(if resource.custom {
                schema::validate(&resource.schema(), object, None)
            } else {
                strategy::validate_create(&resource.group, &resource.kind, object)
            });
        }
        if let Err(more) = allocated {
            causes.extend(more);
        }
        if !causes.is_empty() {
            return Err(refused(causes));
        }
        if let Some(there) = self.store.get(key) {
            let mut refused = Status::already_exists(resource, &key.name);
            if there["metadata"]["deletionTimestamp"].is_string() {
                refused.message = format!("object is being deleted: {}", refused.message);
            }
            return Err(refused);
        }
        Ok(())
    }

    /// Reads what somebody sent: types, fields that are not there, the kind's defaults.
    pub(in crate::demo) fn take_in(
        &self,
        resource: &Resource,
        object: &mut Value,
        by: &By,
    ) -> Result<Vec<String>, Status> {
        let check = by.check;
        if check == Check::Trusted {
            return Ok(Vec::new());
        }
        let schema = resource.schema();
        let (kind, version) = (&resource.kind, &resource.version);
        let unread = |why: String| {
            Status::bad_request(format!(
                "{kind} in version \"{version}\" cannot be handled as a {kind}: {why}"
            ))
        };
        schema::decode(&schema, object).map_err(unread)?;
        let mut unknown = by.twice.clone();
        unknown.extend(schema::unknown_fields(&schema, object));
        if check == Check::Strict && !unknown.is_empty() {
            return Err(unread(format!("strict decoding error: {}", unknown.join(", "))));
        }
        schema::prune(&schema, object);
        schema::settle(&schema, object);
        Ok(if check == Check::Warn { unknown } else { Vec::new() })
    }

    /// What the server writes into the metadata of a new object.
    fn begin(&mut self, resource: &Resource, object: &mut Value) {
        if !object["metadata"].is_object() {
            object["metadata"] = json!({});
        }
        let generated = match (text(object, "name"), text(object, "generateName")) {
            (None | Some(""), Some(stem)) if !stem.is_empty() => Some(stem.to_owned()),
            _ => None,
        };
        if let Some(stem) = generated {
            let most = stem.len().min(58);
            let name = format!("{}{}", &stem[..most], self.suffix(5));
            object["metadata"]["name"] = name.into();
        }
        let uid = self.uid();
        let metadata = &mut object["metadata"];
        for gone in ["resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
            remove(metadata, gone);
        }
        metadata["uid"] = uid.into();
        metadata["creationTimestamp"] = time(self.now).into();
        if resource.custom || strategy::has_generation(&resource.group, &resource.kind) {
            metadata["generation"] = 1.into();
        }
    }

    /// Nothing is made in a namespace that is not there, or that is going.
    fn namespace_takes(&self, resource: &Resource, key: &Key) -> Result<(), Status> {
        if !resource.namespaced {
            return Ok(());
        }
        let Some(namespace) = self.get("namespaces", "", &key.namespace) else {
            let namespaces = self.resource("namespaces")?;
            return Err(Status::not_found(&namespaces, &key.namespace));
        };
        if namespace["metadata"]["deletionTimestamp"].is_string() {
            let message = format!(
                "{} \"{}\" is forbidden: unable to create new content in namespace {} because it is being terminated",
                resource.qualified(),
                key.name,
                key.namespace
            );
            let mut refused = Status::forbidden(resource, &key.name, message);
            let cause = format!("namespace {} is being terminated", key.namespace);
            refused.details["causes"] =
                json!([{"reason": "NamespaceTerminating", "message": cause, "field": "metadata.namespace"}]);
            return Err(refused);
        }
        Ok(())
    }

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
        let old_shown = shown_as(resource, &old);
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

    /// Stores, and lets know who must.
    pub(in crate::demo) fn keep(&mut self, resource: &Resource, key: Key, mut object: Value) -> Object {
        if object["apiVersion"] != *resource.stored_as {
            object["apiVersion"] = (*resource.stored_as).into();
        }
        if &*resource.kind == "CustomResourceDefinition" {
            strategy::begin_definition(&mut object);
            // Served from the moment when its names are accepted.
            if strategy::is_established(&object) {
                self.resources.define(&object);
            }
        }
        let object = self.store.put(key.clone(), object);
        self.workload.index(&key, &object);
        self.touched(&key);
        object
    }

    /// Takes out of the store, and lets know who must.
    pub(in crate::demo) fn forget(&mut self, resource: &Resource, key: &Key) -> Option<Object> {
        let last = self.store.remove(key)?;
        match &*resource.kind {
            "CustomResourceDefinition" => self.resources.forget(&last),
            "Service" => strategy::release(&last, &mut Around { state: self }),
            _ => {}
        }
        self.went(key, last.clone());
        self.touched(key);
        Some(last)
    }
}

/// An object as a version of its resource shows it.
pub(in crate::demo) fn shown_as(resource: &Resource, object: &Object) -> Object {
    if !resource.custom || object["apiVersion"] == resource.api_version() {
        return object.clone();
    }
    let mut shown = Value::clone(object);
    shown["apiVersion"] = resource.api_version().into();
    Arc::new(shown)
}

/// Defaults of the kind.
fn complete(resource: &Resource, object: &mut Value) {
    schema::default(&resource.schema(), object);
    if !resource.custom {
        strategy::default(&resource.group, &resource.kind, object);
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

fn name_rule(resource: &Resource) -> strategy::NameRule {
    if resource.custom {
        strategy::NameRule::Subdomain
    } else {
        strategy::name_rule(&resource.group, &resource.kind)
    }
}

/// A text of the metadata.
pub(in crate::demo) fn text<'a>(object: &'a Value, field: &str) -> Option<&'a str> {
    object["metadata"][field].as_str()
}

/// Takes a field out; what follows keeps its order.
pub(in crate::demo) fn remove(object: &mut Value, field: &str) {
    if let Some(map) = object.as_object_mut() {
        map.shift_remove(field);
    }
}

/// Sets a field, or takes it out.
pub(in crate::demo) fn set(object: &mut Value, field: &str, value: Option<Value>) {
    match value {
        Some(value) => object[field] = value,
        None => remove(object, field),
    }
}

/// A moment as the server writes it: whole seconds.
pub(in crate::demo) fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
