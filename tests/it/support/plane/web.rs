//! HTTP on this machine: what is asked of proxies, and the load that goes through them.

use super::{Error, Result, While};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::collections::BTreeMap;

/// What is sent through a gateway: so many requests for this path of this host.
#[derive(Debug, Clone)]
pub struct Load {
    /// The external host.
    pub host: &'static str,
    /// What is asked of it; see [`super::Upstream`] for what it makes of a path.
    pub path: String,
    /// How often.
    pub times: u32,
}

impl Load {
    /// So many requests that are answered with this code.
    pub fn code(host: &'static str, code: u16, times: u32) -> Self {
        Self { host, path: format!("/status/{code}"), times }
    }
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// The body of an answer of a server on this port, whatever its code.
pub(super) async fn get(port: u16, path: &str) -> Result<String> {
    let what = format!("asking port {port} for {path}");
    let request = http::Request::get(format!("http://127.0.0.1:{port}{path}")).body(Full::default());
    let answer = client().request(request.while_doing(&what)?).await.while_doing(&what)?;
    let body = answer.into_body().collect().await.while_doing(&what)?;
    String::from_utf8(body.to_bytes().to_vec()).while_doing(&what)
}

/// Sends a load through the gateway on this port, one request after the other on one connection: how many answers came
/// with each code.
pub async fn send(port: u16, loads: &[Load]) -> Result<BTreeMap<u16, u32>> {
    let client = client();
    let mut codes = BTreeMap::new();
    for load in loads {
        let what = format!("sending {} to {}", load.path, load.host);
        for _ in 0..load.times {
            let request = http::Request::get(format!("http://127.0.0.1:{port}{}", load.path))
                .header(http::header::HOST, load.host)
                .body(Full::default())
                .while_doing(&what)?;
            let answer = client.request(request).await.while_doing(&what)?;
            let code = answer.status().as_u16();
            answer.into_body().collect().await.while_doing(&what)?;
            *codes.entry(code).or_default() += 1;
        }
    }
    Ok(codes)
}

/// Sends so many requests at once, each on a connection of its own, and waits for none of the answers: they hold what a
/// circuit breaker counts for as long as the result lives.
pub async fn hold(
    port: u16,
    host: &'static str,
    path: &str,
    times: u32,
) -> tokio::task::JoinSet<Result<u16>> {
    let mut held = tokio::task::JoinSet::new();
    for _ in 0..times {
        let (client, path) = (client(), path.to_owned());
        held.spawn(async move {
            let request = http::Request::get(format!("http://127.0.0.1:{port}{path}"))
                .header(http::header::HOST, host)
                .body(Full::default())
                .map_err(|why| Error(why.to_string()))?;
            let answer = client.request(request).await.while_doing("holding a request")?;
            Ok(answer.status().as_u16())
        });
    }
    held
}

/// Whether a gateway on this port serves a host.
pub(super) async fn answers(port: u16, host: &str) -> bool {
    let asked = async {
        let request = http::Request::get(format!("http://127.0.0.1:{port}/status/200"))
            .header(http::header::HOST, host)
            .body(Full::default())
            .ok()?;
        client().request(request).await.ok().map(|answer| answer.status().is_success())
    };
    asked.await.unwrap_or_default()
}
