//! Logs, proxies and tunnels.

use serde_json::json;

use super::objects::pending_pod;
use crate::demo::ask::Ask;
use crate::demo::run::Run;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn streams_begin_alike() {
    check("streams", CASES).await;
}

/// A pod that no node has, which the scheduler has seen.
async fn waiting(r: &Run) {
    r.post("pods", pending_pod("a")).await.is(201);
    r.until("pods/a", |pod| pod.at("/status/conditions/0").is_object()).await;
}

/// A pod that runs.
async fn running(r: &Run, containers: serde_json::Value) {
    r.post("pods", json!({"metadata": {"name": "a"}, "spec": {"containers": containers}})).await.is(201);
    r.until("pods/a", |pod| pod.at("/status/phase") == "Running").await;
}

/// A request for an upgrade.
fn upgrade(path: &str) -> Ask {
    Ask::get(path)
        .accept("*/*")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("sec-websocket-protocol", "v4.channel.k8s.io")
}

pub(super) const CASES: &[Case] = &[
    case!("the log of a pod that is not there", |r| {
        r.get("pods/none/log").await.is(404);
    }),
    case!("the log of a pod that no node has", |r| {
        waiting(&r).await;
        r.get("pods/a/log").await;
        r.get("pods/a/log?container=none").await.is(400);
    }),
    case!("the log of a container must be chosen among several", |r| {
        running(&r, json!([{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}])).await;
        r.get("pods/a/log").await;
        r.get("pods/a/log?container=none").await.is(400);
        let log = r.hidden(Ask::get("pods/a/log?container=b").accept("*/*")).await.is(200);
        r.note("type", json!(log.content_type));
    }),
    case!("options of a log are checked", |r| {
        running(&r, json!([{"name": "a", "image": "a:1"}])).await;
        r.get("pods/a/log?tailLines=-1").await.is(422);
        r.get("pods/a/log?sinceSeconds=0").await.is(422);
        r.get("pods/a/log?limitBytes=0").await.is(422);
        r.get("pods/a/log?tailLines=x").await.is(400);
        r.get("pods/a/log?sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z").await.is(422);
        let log = r.hidden(Ask::get("pods/a/log").accept("*/*")).await.is(200);
        r.note("type", json!(log.content_type));
    }),
    case!("a tunnel to a pod that is not there", |r| {
        r.get("pods/none/portforward").await.is(404);
        r.ask(upgrade("pods/none/portforward?ports=80")).await.is(404);
    }),
    case!("a tunnel to a pod that no node has", |r| {
        waiting(&r).await;
        r.get("pods/a/portforward").await.is(400);
        r.ask(upgrade("pods/a/portforward?ports=80")).await;
    }),
    case!("a tunnel to a pod that runs", |r| {
        running(&r, json!([{"name": "a", "image": "a:1"}])).await;
        let opened = r.hidden(upgrade("pods/a/portforward?ports=80")).await;
        assert_eq!(opened.code, 101);
        r.get("pods/a/portforward?ports=80").await.is(400);
        r.get("pods/a/portforward").await.is(400);
    }),
    case!("a proxy to a pod that is not there, or has no address", |r| {
        r.get("pods/none/proxy/").await.is(404);
        r.get("pods/none:80/proxy/x").await.is(404);
        waiting(&r).await;
        r.get("pods/a/proxy/").await;
        r.get("pods/a:8080/proxy/stats").await;
    }),
    case!("a proxy to a name that is none", |r| {
        r.get("pods/http:a:b:c/proxy/").await;
    }),
];
