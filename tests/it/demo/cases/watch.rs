//! Watches.

use serde_json::{Value, json};

use super::objects::{config_map, labelled, service};
use crate::demo::table::{Case, case, check};
use crate::demo::watch::brief;

#[tokio::test]
async fn watches_tell_alike() {
    check("watch", CASES).await;
}

pub(super) const CASES: &[Case] = &[
    case!("a watch from a list tells what came after it", |r| {
        r.post("configmaps", labelled("a", "x")).await.is(201);
        let version = r.look("configmaps").await.version();
        let path = format!("configmaps?watch=1&labelSelector=l&resourceVersion={version}");
        let mut watch = r.watch(&path).await;
        r.post("configmaps", labelled("b", "x")).await.is(201);
        r.merge("configmaps/a", json!({"data": {"k": "v"}})).await.is(200);
        r.delete("configmaps/b").await.is(200);
        let events = watch.take(3).await;
        assert_eq!(brief(&events), ["ADDED b", "MODIFIED a", "DELETED b"]);
    }),
    case!("a watch that starts late tells the same", |r| {
        let version = r.look("configmaps").await.version();
        r.post("configmaps", labelled("a", "x")).await.is(201);
        r.merge("configmaps/a", json!({"data": {"k": "v"}})).await.is(200);
        r.delete("configmaps/a").await.is(200);
        let path = format!("configmaps?watch=true&labelSelector=l&resourceVersion={version}");
        let events = r.watch(&path).await.take(3).await;
        assert_eq!(brief(&events), ["ADDED a", "MODIFIED a", "DELETED a"]);
        // The object that is gone has the version of its end.
        let versions: Vec<u64> = events
            .iter()
            .map(|e| e["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
    }),
    case!("a watch is resumed from the version of an event", |r| {
        let version = r.look("configmaps").await.version();
        let path = |version: &str| format!("configmaps?watch=1&labelSelector=l&resourceVersion={version}");
        let mut first = r.watch(&path(&version)).await;
        r.post("configmaps", labelled("a", "x")).await.is(201);
        let seen = first.take(1).await;
        drop(first);
        r.post("configmaps", labelled("b", "x")).await.is(201);
        let version = seen[0]["object"]["metadata"]["resourceVersion"].as_str().unwrap();
        let events = r.watch(&path(version)).await.take(1).await;
        assert_eq!(brief(&events), ["ADDED b"]);
    }),
    case!("a watch without a version begins with what is there", |r| {
        r.post("services", service("b")).await.is(201);
        r.post("services", service("a")).await.is(201);
        let mut watch = r.watch("services?watch=1").await;
        let events = watch.take(2).await;
        assert_eq!(brief(&events), ["ADDED a", "ADDED b"]);
        r.delete("services/a").await.is(200);
        assert_eq!(brief(&watch.take(1).await), ["DELETED a"]);
    }),
    case!("a watch from version 0 begins with what is there", |r| {
        r.post("services", service("a")).await.is(201);
        let events = r.watch("services?watch=1&resourceVersion=0").await.take(1).await;
        assert_eq!(brief(&events), ["ADDED a"]);
    }),
    case!("what no longer fits the selector is told as deleted", |r| {
        let version = r.look("configmaps").await.version();
        let path = format!("configmaps?watch=1&labelSelector=l%3Dx&resourceVersion={version}");
        let mut watch = r.watch(&path).await;
        r.post("configmaps", labelled("a", "y")).await.is(201);
        let label = |value: &str| json!({"metadata": {"labels": {"l": value}}});
        r.merge("configmaps/a", label("x")).await.is(200);
        r.merge("configmaps/a", json!({"data": {"k": "v"}})).await.is(200);
        r.merge("configmaps/a", label("y")).await.is(200);
        r.delete("configmaps/a").await.is(200);
        r.post("configmaps", labelled("b", "x")).await.is(201);
        let events = watch.take(4).await;
        assert_eq!(brief(&events), ["ADDED a", "MODIFIED a", "DELETED a", "ADDED b"]);
        // Told as it was when it fitted, with the version of the change.
        assert_eq!(events[2]["object"]["metadata"]["labels"]["l"], "x");
    }),
    case!("one object is watched by its name", |r| {
        let version = r.look("configmaps").await.version();
        let path = format!("configmaps?watch=1&fieldSelector=metadata.name%3Da&resourceVersion={version}");
        let mut watch = r.watch(&path).await;
        r.post("configmaps", config_map("b", json!({}))).await.is(201);
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        assert_eq!(brief(&watch.take(1).await), ["ADDED a"]);
        let mut old =
            r.watch(&format!("/api/v1/watch/namespaces/{{ns}}/configmaps/a?resourceVersion={version}")).await;
        assert_eq!(brief(&old.take(1).await), ["ADDED a"]);
    }),
    case!("a watch ends at its time", |r| {
        r.post("services", service("a")).await.is(201);
        let version = r.look("services").await.version();
        let path = format!("services?watch=1&timeoutSeconds=1&resourceVersion={version}");
        let events = r.watch(&path).await.rest().await;
        assert_eq!(events, Vec::<Value>::new());
        r.get("services?watch=1&timeoutSeconds=x").await.is(400);
    }),
    case!("bookmarks come only when they are asked for, and before the end", |r| {
        r.post("services", service("a")).await.is(201);
        let version = r.look("services").await.version();
        let path =
            format!("services?watch=1&timeoutSeconds=8&allowWatchBookmarks=true&resourceVersion={version}");
        let mut watch = r.peek(&path).await;
        let first = watch.next().await.unwrap();
        assert_eq!(first["type"], "BOOKMARK");
        r.note("a bookmark", first);
        // How many come is for the server to choose.
        while let Some(event) = watch.next().await {
            assert_eq!(event["type"], "BOOKMARK");
        }
    }),
    case!("a version that is too old is gone", |r| {
        // The history of a custom kind begins with its definition.
        super::crd::define(&r, super::crd::plain("{ns}")).await;
        let events = r.watch("things.{ns}.example.com?watch=1&resourceVersion=1").await.rest().await;
        assert_eq!(events[0]["object"]["code"], 410);
    }),
    case!("a watch cannot be opened on nonsense", |r| {
        r.get("services?watch=1&resourceVersion=abc").await;
        r.get("services?watch=1&labelSelector=!").await.is(400);
        r.get("services?watch=1&fieldSelector=spec.none%3D1").await.is(400);
        r.get("things?watch=1").await.is(404);
        r.get("services?watch=1&resourceVersion=1&resourceVersionMatch=Exact").await;
    }),
    case!("a dry run is not seen by a watch", |r| {
        r.post("services", service("a")).await.is(201);
        let version = r.look("services").await.version();
        let mut watch = r.watch(&format!("services?watch=1&resourceVersion={version}")).await;
        r.post("services?dryRun=All", service("b")).await.is(201);
        r.merge("services/a?dryRun=All", json!({"metadata": {"labels": {"x": "y"}}})).await.is(200);
        r.delete_with("services/a", json!({"dryRun": ["All"]})).await.is(200);
        r.delete("services/a?dryRun=All").await.is(200);
        r.merge("services/a", json!({"metadata": {"labels": {"x": "z"}}})).await.is(200);
        assert_eq!(brief(&watch.take(1).await), ["MODIFIED a"]);
    }),
    case!("a write that changes nothing is not seen by a watch", |r| {
        let made = r.post("services", service("a")).await.is(201);
        let version = r.look("services").await.version();
        let mut watch = r.watch(&format!("services?watch=1&resourceVersion={version}")).await;
        r.put("services/a", made.body).await.is(200);
        r.merge("services/a", json!({"metadata": {"labels": {}}})).await.is(200);
        r.merge("services/a", json!({"metadata": {"labels": {"x": "z"}}})).await.is(200);
        assert_eq!(brief(&watch.take(1).await), ["MODIFIED a"]);
    }),
    case!("a list that is watched at once ends with a bookmark", |r| {
        r.post("services", service("a")).await.is(201);
        let query =
            "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
        let mut watch = r.watch(&format!("services?{query}&timeoutSeconds=5")).await.with_bookmarks();
        let events = watch.take(2).await;
        assert_eq!(events[1]["type"], "BOOKMARK");
        r.get("services?watch=1&sendInitialEvents=true").await;
        r.get("services?sendInitialEvents=true").await;
    }),
    case!("metadata alone is watched when it is asked for", |r| {
        r.post("configmaps", labelled("a", "x")).await.is(201);
        let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        let ask = crate::demo::ask::Ask::get("configmaps?watch=1&labelSelector=l").accept(accept);
        let events = r.watch_as(ask).await.take(1).await;
        assert_eq!(events[0]["object"]["kind"], "PartialObjectMetadata");
    }),
];
