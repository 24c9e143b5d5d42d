//! What this user may do, as the server answers when it is asked (R24).

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::connect::Connection;
use crate::model::name::Kind;

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// `get`, `list`, `create`, `patch`, …
    pub verb: &'a str,
    /// The kind it is done to.
    pub kind: Kind,
    /// `log`, `portforward`, `status`, …; empty for the object itself.
    pub subresource: &'a str,
    /// Namespace; empty for all, or for a cluster-wide kind.
    pub namespace: &'a str,
    /// Name; empty for any.
    pub name: &'a str,
}

/// Whether this user may. `None`: it cannot be told, which is no refusal: what is tried will tell.
pub async fn may(c: &Connection, action: Action<'_>) -> Option<bool> {
    let resource = action.kind.resource();
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {
            "verb": action.verb,
            "group": resource.group,
            "version": resource.version,
            "resource": resource.plural,
            "subresource": action.subresource,
            "namespace": action.namespace,
            "name": action.name,
        }},
    });
    let request = Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        .header("content-type", "application/json")
        .body(review.to_string().into_bytes().into())
        .ok()?;
    let asking = async {
        let answer = c.client.send(request).await.ok()?;
        if answer.status() != StatusCode::CREATED {
            return None;
        }
        let body = answer.into_body().collect().await.ok()?.to_bytes();
        serde_json::from_slice::<Value>(&body).ok()?["status"]["allowed"].as_bool()
    };
    timeout(c.patience.answer, asking).await.ok()?
}
