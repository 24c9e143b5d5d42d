//! POST, PUT, PATCH and DELETE.

use serde_json::{Value, json};

use super::Answer;
use super::body::{Options, read_object, read_options};
use super::request::Ask;
use crate::demo::apply;
use crate::demo::resources::Resource;
use crate::demo::rights::{Deed, allowed, escalation, refusal};
use crate::demo::schema;
use crate::demo::state::State;
use crate::demo::state::delete::{Deleted, Options as DeleteOptions, Propagation};
use crate::demo::state::write::{By, Check, How, Sub, Written, remove, shown_as, text, time};
use crate::demo::status::{Cause, Status};
use crate::demo::store::{Key, Object};

fn key(ask: &Ask) -> Key {
    Key::new(&ask.resource.id, &ask.namespace, &ask.name)
}

fn by(ask: &Ask, options: &Options) -> By {
    let sub = match ask.sub.as_str() {
        "status" => Sub::Status,
        "scale" => Sub::Scale,
        _ => Sub::None,
    };
    By {
        manager: ask.manager.as_str().into(),
        dry_run: options.dry_run,
        check: options.check,
        sub,
        replaces: ask.method == http::Method::PUT,
    }
}

fn answered(ask: &Ask, written: &Written) -> Answer {
    let code = if written.created { 201 } else { 200 };
    let object = super::read::formed(&shown_as(&ask.resource, &written.object), ask.accept);
    Answer::object(code, object).warning(&written.warnings)
}

/// POST of an object.
pub(super) fn create(state: &mut State, ask: &Ask, body: &[u8]) -> Result<Answer, Status> {
    let options = read_options(ask, "CreateOptions")?;
    let object = read_object(ask, body)?;
    fits_path(ask, &object, false)?;
    escalation(state, &ask.user, &ask.resource, &ask.namespace, &object)?;
    let written = state.create(&ask.resource, &ask.namespace, object, &by(ask, &options))?;
    Ok(answered(ask, &written))
}

/// Refuses an object that belongs elsewhere than where it was sent.
fn fits_path(ask: &Ask, object: &Value, named: bool) -> Result<(), Status> {
    let namespace = text(object, "namespace").unwrap_or_default();
    if ask.resource.namespaced && !namespace.is_empty() && namespace != ask.namespace {
        let why = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Status::bad_request(why));
    }
    let name = text(object, "name").unwrap_or_default();
    if named && name.is_empty() {
        let why = format!(
            "the name of the object ({} based on URL) was undeterminable: name must be provided",
            ask.name
        );
        return Err(Status::bad_request(why));
    }
    if named && name != ask.name {
        let why =
            format!("the name of the object ({name}) does not match the name on the URL ({})", ask.name);
        return Err(Status::bad_request(why));
    }
    Ok(())
}

/// Kinds that a PUT makes when they are not there.
const MADE_BY_PUT: &[&str] = &[
    "leases.coordination.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "rolebindings.rbac.authorization.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "clusterrolebindings.rbac.authorization.k8s.io",
    "events",
];

/// PUT of an object.
pub(super) fn replace(state: &mut State, ask: &Ask, body: &[u8]) -> Result<Answer, Status> {
    let options = read_options(ask, "UpdateOptions")?;
    let object = read_object(ask, body)?;
    if ask.sub == "scale" {
        let stored = current(state, ask)?;
        return scaled(state, ask, &stored, &object, &options);
    }
    fits_path(ask, &object, true)?;
    escalation(state, &ask.user, &ask.resource, &ask.namespace, &object)?;
    let by = by(ask, &options);
    if state.store.get(&key(ask)).is_none() && MADE_BY_PUT.contains(&&*ask.resource.id) && by.sub == Sub::None
    {
        return state.create(&ask.resource, &ask.namespace, object, &by).map(|w| answered(ask, &w));
    }
    if ask.resource.custom
        && state.store.get(&key(ask)).is_some()
        && text(&object, "resourceVersion").is_none_or(str::is_empty)
    {
        let cause = Cause::invalid("metadata.resourceVersion", &json!(0), "must be specified for an update");
        // Told of the resource, not of the kind, as the server does here.
        let named = Resource { kind: ask.resource.plural.clone(), ..Resource::clone(&ask.resource) };
        return Err(Status::invalid(&named, &ask.name, &[cause]));
    }
    let written = state.update(&ask.resource, &key(ask), object, &by)?;
    Ok(answered(ask, &written))
}

fn current(state: &State, ask: &Ask) -> Result<Object, Status> {
    let found = state.store.get(&key(ask)).ok_or_else(|| Status::not_found(&ask.resource, &ask.name))?;
    Ok(shown_as(&ask.resource, found))
}

/// Kinds of patch that are understood, of those that a real server understands too.
const PATCHES: &[&str] =
    &["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];

/// PATCH of an object.
pub(super) fn patch(state: &mut State, ask: &Ask, body: &[u8]) -> Result<Answer, Status> {
    let kind = ask.content_type.as_str();
    if ask.resource.custom && kind == "application/strategic-merge-patch+json" {
        return Err(Status::unsupported_media(PATCHES));
    }
    if !PATCHES.contains(&kind) {
        let mut refused = Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type");
        refused.details = json!({});
        return Err(refused);
    }
    let options = read_options(ask, "PatchOptions")?;
    if kind == "application/apply-patch+yaml" {
        return applied(state, ask, body, &options);
    }
    let stored = current(state, ask)?;
    let shown = if ask.sub == "scale" { scale_of(&ask.resource, &stored) } else { Value::clone(&stored) };
    let patched =
        if kind == "application/merge-patch+json" { merged(shown, body) } else { edited(shown, body) }?;
    if ask.sub == "scale" {
        return scaled(state, ask, &stored, &patched, &options);
    }
    fits_path(ask, &patched, true)?;
    fits_kind(ask, &patched, options.check)?;
    let mut written = state.update(&ask.resource, &key(ask), patched, &by(ask, &options))?;
    written.warnings.sort();
    Ok(answered(ask, &written))
}

/// Refuses what a patch made of an object when it is none of its kind any more.
fn fits_kind(ask: &Ask, patched: &Value, check: Check) -> Result<(), Status> {
    let (resource, schema) = (&ask.resource, ask.resource.schema());
    let other = patched["kind"] != *resource.kind || patched["apiVersion"] != *resource.api_version();
    let strict = check == Check::Strict;
    let unknown = if strict { schema::unknown_fields(&schema, patched) } else { Vec::new() };
    let why = if other {
        let said = |field: &str| patched[field].as_str().unwrap_or_default().to_owned();
        let (kind, version) = (said("kind"), said("apiVersion"));
        format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        )
    } else if let Err(why) = schema::decode(&schema, patched) {
        why
    } else if !unknown.is_empty() {
        format!("strict decoding error: {}", unknown.join(", "))
    } else {
        return Ok(());
    };
    let cause = Cause::invalid("patch", &json!(patched.to_string()), &why);
    let unnamed = Resource { kind: "".into(), group: "".into(), ..Resource::clone(resource) };
    Err(Status::invalid(&unnamed, "", &[cause]))
}

/// A body that is no patch; `type_name` is what Go would read it into.
fn unreadable(body: &[u8], type_name: &str) -> Status {
    let why = match serde_json::from_slice::<Value>(body) {
        Err(error) if error.is_eof() => "unexpected end of JSON input".to_owned(),
        Err(_) => {
            let first = String::from_utf8_lossy(body).trim_start().chars().next().unwrap_or(' ');
            format!("invalid character {first:?} looking for beginning of value").replace('"', "'")
        }
        Ok(value) => {
            let kind = match value {
                Value::Array(_) => "array",
                Value::String(_) => "string",
                Value::Number(_) => "number",
                Value::Bool(_) => "bool",
                _ => "object",
            };
            format!("json: cannot unmarshal {kind} into Go value of type {type_name}")
        }
    };
    Status::bad_request(format!("error decoding patch: {why}"))
}

fn merged(mut object: Value, body: &[u8]) -> Result<Value, Status> {
    let unread = || unreadable(body, "map[string]interface {}");
    let patch: Value = serde_json::from_slice(body).map_err(|_| unread())?;
    if !patch.is_object() {
        return Err(unread());
    }
    json_patch::merge(&mut object, &patch);
    Ok(object)
}

/// A JSON patch, one operation after the other. Where the server is more lenient than the standard, so are we.
fn edited(mut object: Value, body: &[u8]) -> Result<Value, Status> {
    let unread = || unreadable(body, "[]handlers.jsonPatchOp");
    let patch: Value = serde_json::from_slice(body).map_err(|_| unread())?;
    let Value::Array(operations) = patch else { return Err(unread()) };
    let failed = || {
        let message = "the server rejected our request due to an error in our request";
        Status { details: json!({}), ..Status::new(422, "Invalid", message) }
    };
    for mut operation in operations {
        for field in ["path", "from"] {
            if let Some(path) = operation[field].as_str().filter(|p| !p.starts_with('/') && !p.is_empty()) {
                let rest = path.split_once('/').map_or("", |(_, rest)| rest);
                operation[field] = format!("/{rest}").into();
            }
        }
        let from_nothing = operation["from"].as_str().is_some_and(|p| object.pointer(p).is_none());
        if operation["op"] == "copy" && from_nothing {
            operation["op"] = "add".into();
        }
        let missing = operation["path"].as_str().is_some_and(|p| object.pointer(p).is_none());
        if operation["op"] == "replace" && missing {
            operation["op"] = "add".into();
        }
        if operation["op"] == "add" && operation.get("value").is_none() {
            operation["value"] = Value::Null;
        }
        let one: json_patch::PatchOperation = serde_json::from_value(operation).map_err(|_| failed())?;
        json_patch::patch(&mut object, &[one]).map_err(|_| failed())?;
    }
    Ok(object)
}

/// Server-side apply.
fn applied(state: &mut State, ask: &Ask, body: &[u8], options: &Options) -> Result<Answer, Status> {
    let resource = &ask.resource;
    let config = read_object(ask, body)?;
    if config["metadata"].get("managedFields").is_some_and(|m| !m.is_null()) {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let mut config = config;
    let said = text(&config, "namespace").unwrap_or_default().to_owned();
    if resource.namespaced {
        fits_path(ask, &config, false)?;
        config["metadata"]["namespace"] = ask.namespace.as_str().into();
    }
    let by = by(ask, options);
    apply::misfit(&resource.schema(), &config).map_err(|why| {
        let of = format!("{said}/{}; {}, Kind={}", ask.name, resource.api_version(), resource.kind);
        Status::new(500, "", format!("failed to create typed patch object ({of}): {why}"))
    })?;
    let applier = apply::Applier {
        manager: &ask.manager,
        force: options.force,
        time: state.now,
        subresource: by.sub.name(),
    };
    let live = state.store.get(&key(ask)).map(|object| shown_as(resource, object));
    let result =
        apply::apply(&resource.schema(), live.as_deref(), &config, &applier).map_err(|conflicts| {
            let message = apply::conflicts_message(&conflicts);
            let causes: Vec<(String, String)> = conflicts.into_iter().map(|c| (c.message, c.field)).collect();
            Status::apply_conflicts(message, &causes)
        })?;
    let nameless = text(&config, "name").is_none_or(str::is_empty);
    let fits = || if nameless { Ok(()) } else { fits_path(ask, &config, true) };
    let mut result = result;
    result["metadata"]["name"] = ask.name.as_str().into();
    let written = match &live {
        Some(_) => {
            fits()?;
            state.update_as(resource, &key(ask), result, &by, How::Applied)?
        }
        None if by.sub != Sub::None => return Err(Status::not_found(resource, &ask.name)),
        None => {
            may_create(state, ask)?;
            if let Some(uid) = text(&config, "uid").filter(|u| !u.is_empty()) {
                let why = format!(
                    "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
                );
                return Err(Status::conflict(resource, &ask.name, &why));
            }
            fits()?;
            state.create_as(resource, &ask.namespace, result, &by, How::Applied)?
        }
    };
    Ok(answered(ask, &written))
}

/// A patch that makes an object needs the right to make one.
fn may_create(state: &State, ask: &Ask) -> Result<(), Status> {
    let deed = Deed::Resource {
        verb: "create",
        group: &ask.resource.group,
        resource: &ask.resource.plural,
        namespace: &ask.namespace,
        name: &ask.name,
    };
    match allowed(state, &ask.user, &deed) {
        Some(_) => Ok(()),
        None => Err(refusal(&ask.user, &ask.resource, &deed)),
    }
}

/// What `/scale` shows.
pub(super) fn scale_of(resource: &Resource, object: &Value) -> Value {
    let Some(paths) = &resource.scale else { return Value::Null };
    let number = |path: &str| object.pointer(path).and_then(Value::as_i64).unwrap_or_default();
    let metadata = &object["metadata"];
    let mut shown = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = metadata.get(field) {
            shown[field] = value.clone();
        }
    }
    let mut status = json!({"replicas": number(&paths.status)});
    let selector = if paths.selector.is_empty() {
        selector_text(&object["spec"]["selector"])
    } else {
        object.pointer(&paths.selector).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    if !selector.is_empty() {
        status["selector"] = selector.into();
    }
    let mut spec = json!({});
    if number(&paths.spec) != 0 {
        spec["replicas"] = number(&paths.spec).into();
    }
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": shown, "spec": spec, "status": status})
}

/// A selector as one line.
fn selector_text(selector: &Value) -> String {
    let map = selector["matchLabels"].as_object().into_iter().flatten();
    let mut parts: Vec<String> =
        map.map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = expression["key"].as_str().unwrap_or_default();
        let values: Vec<&str> =
            expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        parts.push(match expression["operator"].as_str().unwrap_or_default() {
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            _ => format!("{key} in ({})", values.join(",")),
        });
    }
    parts.sort();
    parts.join(",")
}

/// Writes replicas through `/scale`.
fn scaled(
    state: &mut State,
    ask: &Ask,
    stored: &Value,
    scale: &Value,
    options: &Options,
) -> Result<Answer, Status> {
    let Some(paths) = ask.resource.scale.clone() else { return Err(Status::nowhere()) };
    fits_path(ask, scale, true)?;
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or_default();
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &json!(replicas), "must be greater than or equal to 0");
        let scale =
            Resource { kind: "Scale".into(), group: "autoscaling".into(), ..Resource::clone(&ask.resource) };
        return Err(Status::invalid(&scale, &ask.name, &[cause]));
    }
    let mut new = stored.clone();
    if let Some(version) = scale["metadata"]["resourceVersion"].as_str().filter(|v| !v.is_empty()) {
        new["metadata"]["resourceVersion"] = version.into();
    }
    put(&mut new, &paths.spec, replicas.into());
    let by = By { sub: Sub::Scale, ..by(ask, options) };
    let written = state.update(&ask.resource, &key(ask), new, &by)?;
    Ok(Answer::value(200, scale_of(&ask.resource, &written.object)))
}

/// Sets the value at a JSON pointer, making the maps on the way.
fn put(object: &mut Value, pointer: &str, value: Value) {
    let mut at = object;
    for step in pointer.split('/').filter(|s| !s.is_empty()) {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[step];
    }
    *at = value;
}

/// Reads `DeleteOptions` from body and query.
fn delete_options(ask: &Ask, body: &[u8]) -> Result<DeleteOptions, Status> {
    let said: Value = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body).map_err(|_| unreadable(body, "v1.DeleteOptions"))?
    };
    if said["kind"].as_str().is_some_and(|k| !k.is_empty() && k != "DeleteOptions") {
        let (kind, version) =
            (said["kind"].as_str().unwrap_or_default(), said["apiVersion"].as_str().unwrap_or_default());
        let why = format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        );
        return Err(Status::bad_request(why));
    }
    let policy = said["propagationPolicy"].as_str().or(ask.query.get("propagationPolicy"));
    let orphans = said["orphanDependents"].as_bool();
    if policy.is_some() && orphans.is_some() {
        let why = "orphanDependents and deletionPropagation cannot be both set";
        let cause = Cause::invalid("propagationPolicy", &json!(policy), why);
        return Err(Status::wrong_options("DeleteOptions", "", &[cause]));
    }
    let (propagation, propagation_said) = match (policy, orphans) {
        (Some("Foreground"), _) => (Propagation::Foreground, true),
        (Some("Orphan"), _) | (None, Some(true)) => (Propagation::Orphan, true),
        (Some("Background"), _) | (None, Some(false)) => (Propagation::Background, true),
        (Some(other), _) => return Err(wrong_policy(other)),
        (None, None) => (Propagation::Background, false),
    };
    let own = |field: &str| said["preconditions"][field].as_str().map(str::to_owned);
    if let Some(wrong) = said["dryRun"].as_array().filter(|d| d.iter().any(|v| v != "All")) {
        let cause = Cause::unsupported("dryRun", &Value::Array(wrong.clone()), &["All"]);
        return Err(Status::wrong_options("DeleteOptions", "", &[cause]));
    }
    let dry = said["dryRun"].as_array().is_some_and(|d| d.iter().any(|v| v == "All"));
    Ok(DeleteOptions {
        propagation,
        propagation_said,
        uid: own("uid"),
        resource_version: own("resourceVersion"),
        grace: said["gracePeriodSeconds"].as_i64().or(ask.query.number("gracePeriodSeconds")?),
        dry_run: dry || read_options(ask, "DeleteOptions")?.dry_run,
    })
}

fn wrong_policy(policy: &str) -> Status {
    let message = format!(
        "Unsupported value: {policy:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
    );
    let mut refused = Status::new(
        422,
        "Invalid",
        format!("DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: {message}"),
    );
    refused.details = json!({"group": "meta.k8s.io", "kind": "DeleteOptions", "causes": [
        {"reason": "FieldValueNotSupported", "message": message, "field": "propagationPolicy"}]});
    refused
}

/// DELETE of one object.
pub(super) fn delete(state: &mut State, ask: &Ask, body: &[u8]) -> Result<Answer, Status> {
    let options = delete_options(ask, body)?;
    let resource = &ask.resource;
    match state.delete(resource, &key(ask), &options)? {
        Deleted::Going(object) => Ok(Answer::object(200, shown_as(resource, &object))),
        // Some kinds answer with what they were.
        Deleted::Gone(object) if matches!(&*resource.kind, "Pod" | "Service" | "ServiceAccount") => {
            Ok(Answer::object(200, object))
        }
        Deleted::Gone(object) => {
            let mut details = json!({"name": ask.name});
            if !resource.group.is_empty() {
                details["group"] = (*resource.group).into();
            }
            details["kind"] = (*resource.plural).into();
            details["uid"] = object["metadata"]["uid"].clone();
            let done = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
            Ok(Answer::value(200, done))
        }
    }
}

/// DELETE of all that a selection fits.
pub(super) fn delete_all(state: &mut State, ask: &Ask, body: &[u8]) -> Result<Answer, Status> {
    let options = delete_options(ask, body)?;
    let selection = super::read::Selection::of(ask)?;
    let namespace = (!ask.namespace.is_empty()).then_some(ask.namespace.as_str());
    let chosen: Vec<(Key, Object)> = state
        .store
        .list(&ask.resource.id, namespace)
        .filter(|(_, o)| selection.fits(o))
        .map(|(key, o)| (key.clone(), o.clone()))
        .collect();
    for (key, _) in &chosen {
        state.delete(&ask.resource, key, &options)?;
    }
    let resource = &ask.resource;
    let items: Vec<Object> = chosen.into_iter().map(|(_, o)| shown_as(resource, &o)).collect();
    let mut metadata = json!({"resourceVersion": state.store.revision().to_string()});
    if resource.custom {
        metadata["continue"] = "".into();
    }
    Ok(Answer::list(
        resource.list_kind.to_string(),
        resource.api_version(),
        metadata,
        items,
        !resource.custom,
    ))
}

/// POST to a subresource, or of a question about rights.
pub(super) fn review(state: &State, ask: &Ask, body: &[u8]) -> Result<Answer, Status> {
    let mut review = read_object(ask, body)?;
    super::reviews::check(ask, &review)?;
    let kind = &*ask.resource.kind;
    if kind.ends_with("AccessReview") {
        let writer = apply::Writer { manager: &ask.manager, time: state.now, subresource: "" };
        apply::updated(&ask.resource.schema(), None, &mut review, &writer);
    }
    super::reviews::answer(state, ask, &mut review);
    if !review["metadata"].is_object() {
        review["metadata"] = json!({});
    }
    remove(&mut review["metadata"], "name");
    if &*ask.resource.kind == "SelfSubjectReview" {
        review["metadata"]["creationTimestamp"] = time(state.now).into();
    }
    Ok(Answer::value(201, review))
}
