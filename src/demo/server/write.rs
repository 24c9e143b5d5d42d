//! POST, PUT and server-side apply.

use serde_json::{Value, json};

use super::Answer;
use super::body::{Options, read_object, read_options};
use super::request::Ask;
use super::scale::scaled;
use super::twice;
use crate::demo::apply;
use crate::demo::resources::Resource;
use crate::demo::rights::{Deed, allowed, escalation, refusal};
use crate::demo::state::State;
use crate::demo::state::write::{By, How, Sub, Written, remove, shown_as, text, time};
use crate::demo::status::{Cause, Status};
use crate::demo::store::{Key, Object};

pub(super) fn key(ask: &Ask) -> Key {
    Key::new(&ask.resource.id, &ask.namespace, &ask.name)
}

pub(super) fn by(ask: &Ask, options: &Options) -> By {
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
        twice: Vec::new(),
    }
}

pub(super) fn answered(ask: &Ask, written: &Written) -> Answer {
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
    let by = By { twice: twice::keys(body), ..by(ask, &options) };
    let written = state.create(&ask.resource, &ask.namespace, object, &by)?;
    Ok(answered(ask, &written))
}

/// Refuses an object that belongs elsewhere than where it was sent.
pub(super) fn fits_path(ask: &Ask, object: &Value, named: bool) -> Result<(), Status> {
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
    let by = By { twice: twice::keys(body), ..by(ask, &options) };
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

pub(super) fn current(state: &State, ask: &Ask) -> Result<Object, Status> {
    let found = state.store.get(&key(ask)).ok_or_else(|| Status::not_found(&ask.resource, &ask.name))?;
    Ok(shown_as(&ask.resource, found))
}

/// Server-side apply.
pub(super) fn applied(
    state: &mut State,
    ask: &Ask,
    body: &[u8],
    options: &Options,
) -> Result<Answer, Status> {
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
        let name = text(&config, "name").filter(|n| !n.is_empty()).unwrap_or(&ask.name);
        let of = format!("{said}/{name}; {}, Kind={}", resource.api_version(), resource.kind);
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
    let fits = || fits_path(ask, &config, true);
    let mut result = result;
    result["metadata"]["name"] = ask.name.as_str().into();
    escalation(state, &ask.user, resource, &ask.namespace, &result)?;
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
