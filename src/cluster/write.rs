//! Single requests that read and change objects as a whole: what the reconciler and the editor do.
//!
//! Every write asks for strict field validation (R28). A write that a server does not answer may have been carried out:
//! whoever writes must be able to write again.

use http::{Method, Request, StatusCode};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::connect::Connection;
use super::error::{AGAIN, Asked, never_left};
use super::journal::{Begun, Sent};
use super::stream::{refusal, whole};
use crate::model::fault::{Fault, Reason};
use crate::model::name::Resource;

/// An object, or the collection it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// What it is, for people: `Deployment`.
    pub kind: String,
    /// Where the kind is served.
    pub resource: Resource,
    /// Its namespace; empty for a cluster-wide kind.
    pub namespace: String,
    /// Its name; empty for the collection.
    pub name: String,
}

impl Address {
    /// The path below the server's URL.
    pub fn path(&self) -> String {
        let Resource { group, version, plural, .. } = self.resource;
        let base =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let namespace =
            if self.namespace.is_empty() { String::new() } else { format!("/namespaces/{}", self.namespace) };
        let name = if self.name.is_empty() { String::new() } else { format!("/{}", self.name) };
        format!("{base}{namespace}/{plural}{name}")
    }

    fn words(&self, verb: &str) -> String {
        let Self { kind, namespace, name, .. } = self;
        match (namespace.as_str(), name.as_str()) {
            ("", name) => format!("{verb} {kind} {name}").trim_end().to_owned(),
            (namespace, "") => format!("{verb} {kind} in {namespace}"),
            (namespace, name) => format!("{verb} {kind} {namespace}/{name}"),
        }
    }
}

/// What an apply is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// Fields of others are left alone, and the apply fails.
    Fail,
    /// Fields of others are taken over.
    Force,
}

/// How a write is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// As it is.
    Earnest,
    /// The server answers what would be, and stores nothing.
    DryRun,
}

/// Reads an object; `None` when it does not exist, or its kind is not served.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn get(c: &Connection, at: &Address) -> Result<Option<Value>, Fault> {
    match send(c, at, "get", Method::GET, "", None).await {
        Ok(object) => Ok(Some(object)),
        Err(fault) if fault.reason == Reason::Missing => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Lists a collection, its items whole; a kind that is not served has none.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn list(c: &Connection, at: &Address, selector: &str) -> Result<Vec<Value>, Fault> {
    let selector: String = form_urlencoded::byte_serialize(selector.as_bytes()).collect();
    let query = if selector.is_empty() { String::new() } else { format!("?labelSelector={selector}") };
    match send(c, at, "list", Method::GET, &query, None).await {
        Ok(mut list) => match list["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Ok(Vec::new()),
        },
        Err(fault) if fault.reason == Reason::Missing => Ok(Vec::new()),
        Err(fault) => Err(fault),
    }
}

/// Applies an object as a field manager (server-side apply), and returns it as it is then.
///
/// # Errors
/// Conflicts with other managers ([`Reason::Conflict`]), and when the server refuses or does not answer.
pub async fn apply(
    c: &Connection,
    at: &Address,
    object: &Value,
    manager: &str,
    conflicts: Conflicts,
    meant: Meant,
) -> Result<Value, Fault> {
    let query = format!(
        "?fieldManager={manager}&fieldValidation=Strict&force={}{}",
        conflicts == Conflicts::Force,
        dry_run(meant)
    );
    let body = Some(("application/apply-patch+yaml", object));
    send(c, at, "apply", Method::PATCH, &query, body).await
}

/// Changes fields of an object (JSON merge patch), of its status when `sub` is `/status`. The patch carries a
/// `metadata.resourceVersion` where nothing may have changed since.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn merge(
    c: &Connection,
    at: &Address,
    sub: &str,
    patch: &Value,
    manager: &str,
) -> Result<Value, Fault> {
    merge_as(c, at, sub, patch, manager, Meant::Earnest).await
}

/// The same, or only to see what the server would make of it.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn merge_as(
    c: &Connection,
    at: &Address,
    sub: &str,
    patch: &Value,
    manager: &str,
    meant: Meant,
) -> Result<Value, Fault> {
    let query = format!("{sub}?fieldManager={manager}&fieldValidation=Strict{}", dry_run(meant));
    let body = Some(("application/merge-patch+json", patch));
    send(c, at, "change", Method::PATCH, &query, body).await
}

/// Creates an object in a collection.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn create(c: &Connection, at: &Address, object: &Value, manager: &str) -> Result<Value, Fault> {
    create_as(c, at, object, manager, Meant::Earnest).await
}

/// The same, or only to see what the server would make of it.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn create_as(
    c: &Connection,
    at: &Address,
    object: &Value,
    manager: &str,
    meant: Meant,
) -> Result<Value, Fault> {
    let query = format!("?fieldManager={manager}&fieldValidation=Strict{}", dry_run(meant));
    let body = Some(("application/json", object));
    send(c, at, "create", Method::POST, &query, body).await
}

/// Replaces an object with one that carries its `resourceVersion`.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn replace(c: &Connection, at: &Address, object: &Value, manager: &str) -> Result<Value, Fault> {
    let query = format!("?fieldManager={manager}&fieldValidation=Strict");
    let body = Some(("application/json", object));
    send(c, at, "replace", Method::PUT, &query, body).await
}

/// What becomes of what a deleted object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
pub enum Dependents {
    /// It goes after it.
    Background,
    /// It stays, and is nobody's then.
    Orphan,
}

/// Deletes an object if it is still the one of this uid; one that is gone is as good. What it owns goes after it.
///
/// # Errors
/// When the server refuses or does not answer, or another object has the name now.
pub async fn delete(c: &Connection, at: &Address, uid: &str) -> Result<(), Fault> {
    delete_with(c, at, uid, Dependents::Background).await
}

/// The same, with what becomes of what it owns.
///
/// # Errors
/// When the server refuses or does not answer, or another object has the name now.
pub async fn delete_with(
    c: &Connection,
    at: &Address,
    uid: &str,
    dependents: Dependents,
) -> Result<(), Fault> {
    let options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions",
        "preconditions": {"uid": uid}, "propagationPolicy": dependents.to_string(),
    });
    match send(c, at, "delete", Method::DELETE, "", Some(("application/json", &options))).await {
        Ok(_) => Ok(()),
        Err(fault) if fault.reason == Reason::Missing => Ok(()),
        Err(fault) => Err(fault),
    }
}

fn dry_run(meant: Meant) -> &'static str {
    match meant {
        Meant::Earnest => "",
        Meant::DryRun => "&dryRun=All",
    }
}

async fn send(
    c: &Connection,
    at: &Address,
    verb: &str,
    method: Method,
    query: &str,
    body: Option<(&str, &Value)>,
) -> Result<Value, Fault> {
    let asked = Asked::new(&c.cluster, at.words(verb));
    c.authorized().await?;
    let mut request = Request::builder()
        .method(method)
        .uri(format!("{}{query}", at.path()))
        .header("accept", "application/json");
    let mut bytes = Vec::new();
    if let Some((kind, body)) = body {
        request = request.header("content-type", kind);
        bytes = as_yaml_too(&body.to_string()).into_bytes();
    }
    let request = request.body(Body::from(bytes));
    let request = request.map_err(|e| asked.because(Reason::Invalid, &e.to_string(), ""))?;
    let mut told = match *request.method() {
        Method::GET => Begun::nothing(),
        _ => c.journal.begin(c, at, Sent { verb, query, body: body.map(|(_, body)| body) }),
    };
    let answer = timeout(c.patience.answer, c.client.send(request)).await.map_err(|_| {
        let why = format!("no answer in {} s", c.patience.answer.as_secs_f32());
        asked.because(Reason::Unreachable, &why, AGAIN)
    })?;
    let answer = answer.map_err(|e| {
        if never_left(&e) {
            told.never_left();
        }
        asked.fault(&e)
    })?;
    let status = answer.status();
    if !matches!(status, StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED) {
        let fault = refusal(c, answer, &asked).await;
        told.refused(status.as_u16(), &fault);
        return Err(fault);
    }
    told.done(None);
    let bytes = whole(c, answer.into_body(), &asked).await?;
    let object = serde_json::from_slice(&bytes)
        .map_err(|_| asked.because(Reason::Server, "the answer is no object", AGAIN))?;
    told.done(Some(&object));
    Ok(object)
}

/// JSON that says the same when it is read as YAML, which is how a server reads what is applied: there control characters
/// are an error, and what YAML takes for an end of line would become a space. They are only found within texts.
fn as_yaml_too(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_reads_otherwise_is_escaped_and_means_the_same() {
        let object =
            serde_json::json!({"a": "\u{7f}\u{85}\u{9b}2J\u{2028}\u{2029}\u{feff}\u{ffff}", "ä": "漢 ok"});
        let text = as_yaml_too(&object.to_string());
        assert_eq!(text, r#"{"a":"\u007f\u0085\u009b2J\u2028\u2029\ufeff\uffff","ä":"漢 ok"}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), object);
    }
}
