//! How objects come to be stored: checks, defaults, what the server fills in, managed fields.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{State, order, packed};
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
pub(super) struct Around<'a> {
    pub(super) state: &'a mut State,
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
    pub(super) fn given(&self, resource: &Resource) -> Option<Addresses> {
        (&*resource.kind == "Service").then(|| self.addresses.clone())
    }

    /// Notes who wrote what. In the years before the story begins nobody will ask that of what comes and goes.
    pub(super) fn note(&self, resource: &Resource, old: Option<&Value>, new: &mut Value, by: &By) {
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
        if object["metadata"].get("resourceVersion").is_none() {
            // The store fills it in, in its place.
            object["metadata"]["resourceVersion"] = "".into();
        }
        order::tidy(&mut object, resource.custom);
        packed::pack(&mut object);
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
    let is_of_version = !resource.custom || object["apiVersion"] == resource.api_version();
    if is_of_version && !packed::is_packed(object) {
        return object.clone();
    }
    let mut shown = Value::clone(object);
    if !is_of_version {
        shown["apiVersion"] = resource.api_version().into();
    }
    packed::unpack(&mut shown);
    Arc::new(shown)
}

/// Defaults of the kind.
pub(super) fn complete(resource: &Resource, object: &mut Value) {
    schema::default(&resource.schema(), object);
    if !resource.custom {
        strategy::default(&resource.group, &resource.kind, object);
    }
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
