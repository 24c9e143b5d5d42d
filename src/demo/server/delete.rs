//! DELETE of one object, or of all that a selection fits.

use serde_json::{Value, json};

use super::Answer;
use super::body::read_options;
use super::patch::unreadable;
use super::request::Ask;
use super::write::key;
use crate::demo::state::State;
use crate::demo::state::delete::{Deleted, Options as DeleteOptions, Propagation};
use crate::demo::state::write::shown_as;
use crate::demo::status::{Cause, Status};
use crate::demo::store::{Key, Object};

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
            Ok(Answer::object(200, shown_as(resource, &object)))
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
