//! Questions about rights.

use serde_json::{Value, json};

use super::request::Ask;
use crate::demo::resources::Resource;
use crate::demo::rights::{Deed, User, allowed, rules};
use crate::demo::state::State;
use crate::demo::status::{Cause, Status};

/// Refuses a question that asks for nothing.
pub(super) fn check(ask: &Ask, review: &Value) -> Result<(), Status> {
    let spec = &review["spec"];
    match &*ask.resource.kind {
        "SelfSubjectRulesReview" if spec["namespace"].as_str().is_none_or(str::is_empty) => {
            Err(Status::bad_request("no namespace on request"))
        }
        "SelfSubjectAccessReview" | "SubjectAccessReview"
            if spec["resourceAttributes"].is_object() == spec["nonResourceAttributes"].is_object() =>
        {
            let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
            let cause = Cause::invalid("spec.resourceAttributes", &Value::Null, why);
            let unnamed = Resource { kind: "".into(), ..Resource::clone(&ask.resource) };
            Err(Status::invalid(&unnamed, "", &[cause]))
        }
        _ => Ok(()),
    }
}

/// Answers a review, in its status.
pub(super) fn answer(state: &State, ask: &Ask, review: &mut Value) {
    let spec = review["spec"].clone();
    match &*ask.resource.kind {
        "SelfSubjectReview" => {
            review["status"] = json!({"userInfo": {"username": ask.user.name, "groups": ask.user.groups}});
        }
        "SelfSubjectRulesReview" => {
            let (resources, paths) = rules(state, &ask.user, spec["namespace"].as_str().unwrap_or_default());
            review["spec"] = json!({});
            review["status"] =
                json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false});
        }
        "SubjectAccessReview" => {
            let texts = |v: &Value| {
                v.as_array().into_iter().flatten().filter_map(|g| Some(g.as_str()?.to_owned())).collect()
            };
            let user = User {
                name: spec["user"].as_str().unwrap_or_default().to_owned(),
                groups: texts(&spec["groups"]),
            };
            review["status"] = access(state, &user, &spec);
        }
        _ => review["status"] = access(state, &ask.user, &spec),
    }
}

fn access(state: &State, user: &User, spec: &Value) -> Value {
    let path = &spec["nonResourceAttributes"];
    let attributes = &spec["resourceAttributes"];
    let text = |field: &str| attributes[field].as_str().unwrap_or_default();
    let resource = match text("subresource") {
        "" => text("resource").to_owned(),
        sub => format!("{}/{sub}", text("resource")),
    };
    let deed = if path.is_object() {
        Deed::Path {
            verb: path["verb"].as_str().unwrap_or_default(),
            path: path["path"].as_str().unwrap_or_default(),
        }
    } else {
        Deed::Resource {
            verb: text("verb"),
            group: text("group"),
            resource: &resource,
            namespace: text("namespace"),
            name: text("name"),
        }
    };
    match allowed(state, user, &deed) {
        Some(why) if why.is_empty() => json!({"allowed": true}),
        Some(why) => json!({"allowed": true, "reason": why}),
        None => json!({"allowed": false}),
    }
}
