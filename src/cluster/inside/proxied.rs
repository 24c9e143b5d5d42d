//! Through the API server's pod proxy.

use http::{Request, StatusCode, header};
use kube::client::Body;
use kube::core::Status;
use tokio::time::timeout;

use super::body::{Limits, pour};
use super::trouble::{Trouble, Wrong, about, cut};
use super::{Got, Sink, budget};
use crate::cluster::connect::Connection;
use crate::cluster::stream::status_of;
use crate::model::clean::clean;
use crate::model::name::ObjectKey;
use crate::model::way::Way;

/// Reads a path of a port of a pod.
pub(super) async fn get(
    c: &Connection,
    pod: &ObjectKey,
    port: u16,
    path: &str,
    limits: Limits,
    into: Sink<'_>,
) -> Result<Got, Trouble> {
    let asked = about(c, pod);
    // A credential plugin has its own time: what it takes is not the server's.
    c.authorized().await.map_err(Trouble::Ends)?;
    let uri = format!("/api/v1/namespaces/{}/pods/{}:{port}/proxy{path}", pod.namespace, pod.name);
    let mut request = Request::get(uri);
    if limits.gzip {
        request = request.header(header::ACCEPT_ENCODING, "gzip");
    }
    let request = request.body(Body::empty()).map_err(|e| Trouble::Way(Wrong::Broken(e.to_string())))?;
    let answer = match timeout(budget(c), c.client.send(request)).await {
        Err(_) => return Err(Trouble::Way(Wrong::Silent(budget(c)))),
        // The server itself is not there, or refuses before it asks: no other way is better.
        Ok(Err(error)) => return Err(Trouble::Ends(asked.fault(&error))),
        Ok(Ok(answer)) => answer,
    };
    if answer.status() != StatusCode::OK {
        let status = status_of(c, answer).await;
        return Err(why(&status, port).unwrap_or_else(|| Trouble::Ends(asked.refused(&status))));
    }
    let (head, body) = answer.into_parts();
    let (wire, bytes) = pour(&head.headers, body, limits, into).await.map_err(|e| cut(&asked, &e))?;
    Ok(Got { way: Way::PodProxy(port), wire, bytes })
}

/// Whether an answer is the API server's own: the pod behind it may answer with any code.
fn is_own(status: &Status) -> bool {
    !status.reason.is_empty()
}

/// What a refusal says of the way; none: it says something of the pod, or of the person.
fn why(status: &Status, port: u16) -> Option<Trouble> {
    let way = |wrong| Some(Trouble::Way(wrong));
    let code = status.code;
    match code {
        401 if is_own(status) => None,
        403 if is_own(status) => way(Wrong::Denied(vec!["get pods/proxy"])),
        404 if is_own(status) => None,
        // Not running: it has no address yet, or none any more.
        400 if is_own(status) => way(Wrong::Broken(said(status))),
        502..=504 if status.message.contains("connection refused") => way(Wrong::Refused(port)),
        502..=504 => way(Wrong::Unreachable(said(status))),
        429 | 500 if is_own(status) => None,
        // A gate between the API server and its pods: neither of them says this.
        403 | 407 => way(Wrong::Unreachable(format!("something between answers with {code}"))),
        code => way(Wrong::Odd(port, code)),
    }
}

fn said(status: &Status) -> String {
    let said = status.message.trim_start_matches("error trying to reach service: ");
    clean(said.trim()).chars().take(200).collect()
}
