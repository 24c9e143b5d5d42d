//! The two servers.

use std::sync::Arc;
use std::time::Duration;

use egret::demo::world::World;
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use serde_json::Value;

use super::answer::Answer;
use super::ask::Ask;
use super::watch::PATIENCE;
use crate::support::plane::shared_with_crds;

/// One server under test.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) name: &'static str,
    client: Client,
    /// Lets time pass, where time is simulated.
    pub(super) advance: Option<Arc<dyn Fn(Duration) + Send + Sync>>,
}

/// The real one.
pub(super) async fn real() -> Server {
    Server { name: "real", client: shared_with_crds().await.admin().await, advance: None }
}

/// The simulated one: an empty cluster with three nodes of 32 processors, `node-0` and on; one for all cases, as the
/// real one is.
pub(super) fn simulated() -> Option<Server> {
    static WORLD: std::sync::OnceLock<World> = std::sync::OnceLock::new();
    let world = WORLD.get_or_init(|| World::plain(1)).clone();
    let client = world.client("plain")?;
    Some(Server { name: "simulated", client, advance: Some(Arc::new(move |by| world.advance(by))) })
}

impl Server {
    /// Asks, and waits for the headers.
    pub(super) async fn open(&self, ask: &Ask, ns: &str) -> http::Response<Body> {
        self.client.send(ask.request(ns)).await.unwrap()
    }

    /// Asks, and waits for the whole answer.
    pub(super) async fn ask(&self, ask: &Ask, ns: &str) -> Answer {
        let whole = async { whole(self.open(ask, ns).await).await };
        match tokio::time::timeout(PATIENCE, whole).await {
            Ok(answer) => answer,
            Err(_) => panic!("no end of the answer to {}", ask.shown()),
        }
    }
}

/// The whole of an answer that ends.
pub(super) async fn whole(response: http::Response<Body>) -> Answer {
    let (head, body) = response.into_parts();
    let header = |name: &str| head.headers.get_all(name).into_iter().map(|v| v.to_str().unwrap().to_owned());
    let content_type = header("content-type").next().unwrap_or_default();
    let warnings = header("warning").collect();
    // An upgraded connection has no body that ends.
    let bytes =
        if head.status == 101 { bytes::Bytes::new() } else { body.collect().await.unwrap().to_bytes() };
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&bytes).unwrap_or_else(|_| text())
    };
    Answer { code: head.status.as_u16(), content_type, warnings, body }
}
