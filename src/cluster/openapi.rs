//! What fields the kinds of a cluster have, as its API server says.

use std::sync::Arc;

use http::StatusCode;
use serde_json::Value;

use super::connect::Connection;
use super::error::Asked;
use super::stream::{get, refusal, whole_up_to};
use crate::model::fault::{Fault, Reason};
use crate::model::schema::{Schema, read};

/// Largest document that is read: several times what the largest groups have.
const LARGEST: usize = 64 << 20;

/// The schema of a kind; `None` when the cluster does not serve it, or does not say.
///
/// # Errors
/// When the server refuses or does not answer, or the answer is not what it should be.
pub async fn schema(c: &Connection, api_version: &str, kind: &str) -> Result<Option<Arc<Schema>>, Fault> {
    let Some(path) = path(api_version) else { return Ok(None) };
    let asked = Asked::new(&c.cluster, format!("read the fields of {kind}"));
    let answer = get(c, &path, &asked, c.patience.answer).await?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        _ => return Err(refusal(c, answer, &asked).await),
    }
    let body = whole_up_to(c, answer.into_body(), LARGEST, &asked).await?;
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let (group, version, kind) = (group.to_owned(), version.to_owned(), kind.to_owned());
    // The documents of large groups take a while: the caller goes on meanwhile.
    let parsed = tokio::task::spawn_blocking(move || {
        serde_json::from_slice::<Value>(&body).map(|document| read(&document, &group, &version, &kind))
    });
    let unread = |why: &str| asked.because(Reason::Server, why, "");
    match parsed.await {
        Ok(Ok(schema)) => Ok(schema),
        Ok(Err(e)) => {
            Err(unread(&format!("the answer cannot be read (line {} column {})", e.line(), e.column())))
        }
        Err(_) => Err(unread("the answer cannot be read")),
    }
}

/// Where a group and version is described; `None`: it cannot be one.
fn path(api_version: &str) -> Option<String> {
    let is_plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    };
    match api_version.split_once('/') {
        None => is_plain(api_version).then(|| format!("/openapi/v3/api/{api_version}")),
        Some((group, version)) => (is_plain(group) && is_plain(version) && group.contains(|c| c != '.'))
            .then(|| format!("/openapi/v3/apis/{group}/{version}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_and_version_lead_to_a_path_and_anything_else_to_none() {
        assert_eq!(path("v1").as_deref(), Some("/openapi/v3/api/v1"));
        assert_eq!(path("apps/v1").as_deref(), Some("/openapi/v3/apis/apps/v1"));
        for wrong in ["", "a/b/c", "../v1", "a b/v1", "apps/", "v1?x=y", "/v1"] {
            assert_eq!(path(wrong), None, "{wrong}");
        }
    }
}
