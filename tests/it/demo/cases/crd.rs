//! Kinds that are defined by the user.

use serde_json::{Value, json};

use super::objects::config_map;
use crate::demo::run::Run;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn custom_kinds_behave_alike() {
    check("crd", CASES).await;
}

/// A definition of `things.NS.example.com` with these versions.
pub(super) fn definition(versions: Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.{ns}.example.com"},
        "spec": {
            "group": "{ns}.example.com", "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "shortNames": ["th"], "categories": ["all"]},
            "versions": versions,
        },
    })
}

/// One version with a schema of `spec` and `status`.
pub(super) fn version(spec: Value) -> Value {
    let schema = json!({"type": "object", "properties": {
        "spec": spec,
        "status": {"type": "object", "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}}},
    }});
    json!({"name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": schema}})
}

/// A definition whose objects may hold `spec.n`, `spec.text` and `spec.list`.
pub(super) fn plain(_: &str) -> Value {
    definition(json!([version(json!({"type": "object", "properties": {
        "n": {"type": "integer", "minimum": 0}, "text": {"type": "string"},
        "list": {"type": "array", "items": {"type": "string"}},
    }}))]))
}

/// Defines a kind, and waits until it can be used.
pub(super) async fn define(r: &Run, definition: Value) {
    r.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition).await.is(201);
    established(r).await;
}

pub(super) const CRD: &str =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{ns}.example.com";
const THINGS: &str = "things.{ns}.example.com";

async fn established(r: &Run) {
    r.until(CRD, |crd| {
        let conditions = crd.at("/status/conditions").as_array();
        conditions.is_some_and(|c| c.iter().any(|c| c["type"] == "Established" && c["status"] == "True"))
    })
    .await;
    // It is served a moment after that.
    served(r).await;
}

async fn served(r: &Run) {
    r.retry("/apis/{ns}.example.com/v1/things", |list| list.code == 200).await;
    r.retry("/apis/{ns}.example.com/v1", |list| list.code == 200).await;
}

/// A thing.
pub(super) fn thing(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "{ns}.example.com/v1", "kind": "Thing", "metadata": {"name": name}, "spec": spec})
}

/// The path of a thing.
pub(super) fn path(rest: &str) -> String {
    format!("{THINGS}{rest}")
}

pub(super) const CASES: &[Case] = &[
    case!("a definition is accepted, established and found", |r| {
        r.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", plain("")).await.is(201);
        established(&r).await;
        r.get(CRD).await.is(200);
        r.retry("/apis/{ns}.example.com", |group| group.code == 200).await;
        r.get("/apis/{ns}.example.com").await.is(200);
        r.get("/apis/{ns}.example.com/v1").await.is(200);
        let groups = r.look("/apis").await;
        let ours = groups
            .at("/groups")
            .as_array()
            .unwrap()
            .iter()
            .find(|g| g["name"] == format!("{}.example.com", r.ns));
        r.note("the group", json!(ours));
    }),
    case!("custom objects are made, changed and deleted", |r| {
        define(&r, plain("")).await;
        let made = r.post(&path(""), thing("a", json!({"n": 1}))).await.is(201);
        assert_eq!(made.at("/metadata/generation"), 1);
        r.get(&path("/a")).await.is(200);
        let patched = r.merge(&path("/a"), json!({"spec": {"n": 2}})).await.is(200);
        assert_eq!(patched.at("/metadata/generation"), 2);
        r.json_patch(&path("/a"), json!([{"op": "add", "path": "/spec/text", "value": "x"}])).await.is(200);
        let labelled = r.merge(&path("/a"), json!({"metadata": {"labels": {"x": "y"}}})).await.is(200);
        assert_eq!(labelled.at("/metadata/generation"), 3);
        r.get(&path("")).await.is(200);
        r.put(&path("/a"), labelled.body).await.is(200);
        r.delete(&path("/a")).await.is(200);
        r.get(&path("/a")).await.is(404);
    }),
    case!("a custom object is replaced only with its version", |r| {
        define(&r, plain("")).await;
        r.post(&path(""), thing("a", json!({"n": 1}))).await.is(201);
        r.put(&path("/a"), thing("a", json!({"n": 2}))).await.is(422);
        r.post(&path(""), thing("a", json!({"n": 1}))).await.is(409);
        r.put(&path("/none"), thing("none", json!({}))).await;
    }),
    case!("a custom object must say its kind and version", |r| {
        define(&r, plain("")).await;
        r.post(&path(""), json!({"metadata": {"name": "a"}})).await.is(400);
        r.post(
            &path(""),
            json!({"apiVersion": "{ns}.example.com/v1", "kind": "Other", "metadata": {"name": "a"}}),
        )
        .await;
        r.post(
            &path(""),
            json!({"apiVersion": "{ns}.example.com/v2", "kind": "Thing", "metadata": {"name": "a"}}),
        )
        .await;
        r.post(&path(""), json!({"apiVersion": "{ns}.example.com/v1", "kind": "Thing", "metadata": {}}))
            .await;
        r.post(&path(""), thing("Upper", json!({}))).await.is(422);
        r.get("/apis/{ns}.example.com/v2/namespaces/{ns}/things").await.is(404);
    }),
    case!("the status of a custom object is apart", |r| {
        define(&r, plain("")).await;
        let mut body = thing("a", json!({"n": 1}));
        body["status"] = json!({"replicas": 3});
        let made = r.post(&path(""), body).await.is(201);
        assert!(made.at("/status").is_null());
        let status = r
            .merge(
                &path("/a/status"),
                json!({"spec": {"n": 9}, "status": {"replicas": 2}, "metadata": {"labels": {"x": "y"}}}),
            )
            .await
            .is(200);
        assert_eq!((status.at("/spec/n"), status.at("/status/replicas")), (&json!(1), &json!(2)));
        assert_eq!(status.at("/metadata/generation"), 1);
        let both = r.merge(&path("/a"), json!({"spec": {"n": 2}, "status": {"replicas": 7}})).await.is(200);
        assert_eq!(both.at("/status/replicas"), 2);
        r.merge(&path("/a/status"), json!({"status": {"replicas": "x"}})).await.is(422);
        r.get(&path("/a/status")).await.is(200);
    }),
    case!("without a status subresource the status is a field", |r| {
        let mut one = version(json!({"type": "object"}));
        one.as_object_mut().unwrap().remove("subresources");
        define(&r, definition(json!([one]))).await;
        let mut body = thing("a", json!({}));
        body["status"] = json!({"replicas": 3});
        let made = r.post(&path(""), body).await.is(201);
        assert_eq!(made.at("/status/replicas"), 3);
        r.merge(&path("/a/status"), json!({"status": {}})).await.is(404);
        let changed = r.merge(&path("/a"), json!({"status": {"replicas": 4}})).await.is(200);
        assert_eq!(changed.at("/metadata/generation"), 2);
    }),
    case!("a custom object is scaled", |r| {
        let mut one = version(json!({"type": "object", "properties": {"replicas": {"type": "integer"}}}));
        one["subresources"]["scale"] = json!({"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.selector"});
        define(&r, definition(json!([one]))).await;
        r.post(&path(""), thing("a", json!({"replicas": 2}))).await.is(201);
        r.post(&path(""), thing("b", json!({}))).await.is(201);
        r.merge(&path("/a/status"), json!({"status": {"replicas": 1, "selector": "app=a"}})).await.is(200);
        let scale = r.get(&path("/a/scale")).await.is(200);
        r.get(&path("/b/scale")).await;
        r.merge(&path("/a/scale"), json!({"spec": {"replicas": 5}})).await.is(200);
        let mut again = scale.body.clone();
        again["metadata"].as_object_mut().unwrap().remove("resourceVersion");
        again["spec"]["replicas"] = json!(4);
        r.put(&path("/a/scale"), again).await.is(200);
        r.put(&path("/a/scale"), scale.body).await.is(409);
        r.get(&path("/a")).await.is(200);
    }),
    case!("two versions show one object", |r| {
        let (v1, mut v2) = (
            version(json!({"type": "object", "properties": {"n": {"type": "integer"}}})),
            version(json!({"type": "object", "properties": {"n": {"type": "integer"}}})),
        );
        v2["name"] = json!("v2");
        v2["storage"] = json!(false);
        define(&r, definition(json!([v1, v2]))).await;
        r.post(&path(""), thing("a", json!({"n": 1}))).await.is(201);
        let v2 = "/apis/{ns}.example.com/v2/namespaces/{ns}/things";
        let other = r.get(&format!("{v2}/a")).await.is(200);
        assert_eq!(other.text("/apiVersion"), format!("{}.example.com/v2", r.ns));
        r.merge(&format!("{v2}/a?fieldManager=two"), json!({"spec": {"n": 2}})).await.is(200);
        r.get(&path("")).await.is(200);
        r.get(&path("/a")).await.is(200);
    }),
    case!("a version that is not served is not there", |r| {
        let (v1, mut v2) = (version(json!({"type": "object"})), version(json!({"type": "object"})));
        v2["name"] = json!("v2");
        v2["storage"] = json!(false);
        v2["served"] = json!(false);
        define(&r, definition(json!([v1, v2]))).await;
        r.get("/apis/{ns}.example.com/v2/namespaces/{ns}/things").await.is(404);
        r.get("/apis/{ns}.example.com/v2").await.is(404);
    }),
    case!("deleting a definition removes its objects", |r| {
        define(&r, plain("")).await;
        r.post(&path(""), thing("a", json!({"n": 1}))).await.is(201);
        r.delete(CRD).await.is(200);
        r.until(CRD, |crd| crd.code == 404).await;
        r.retry(&path("/a"), |gone| gone.code == 404 && !gone.body["details"]["name"].is_string()).await;
        r.get(&path("")).await.is(404);
        r.get("/apis/{ns}.example.com/v1").await.is(404);
        define(&r, plain("")).await;
        assert!(r.get(&path("")).await.names().is_empty());
    }),
    case!("custom objects are selected by labels and names", |r| {
        define(&r, plain("")).await;
        for name in ["a", "b"] {
            let mut body = thing(name, json!({}));
            body["metadata"]["labels"] = json!({"l": name});
            r.post(&path(""), body).await.is(201);
        }
        assert_eq!(r.get(&path("?labelSelector=l%3Da")).await.names(), ["a"]);
        assert_eq!(r.get(&path("?fieldSelector=metadata.name%3Db")).await.names(), ["b"]);
        r.get(&path("?fieldSelector=spec.n%3D1")).await.is(400);
        r.delete(&path("?labelSelector=l%3Da")).await.is(200);
        assert_eq!(r.look(&path("")).await.names(), ["b"]);
    }),
    case!("custom objects are watched", |r| {
        define(&r, plain("")).await;
        r.post(&path(""), thing("a", json!({}))).await.is(201);
        let mut watch = r.watch(&path("?watch=1")).await;
        watch.take(1).await;
        r.merge(&path("/a"), json!({"spec": {"n": 4}})).await.is(200);
        r.delete(&path("/a")).await.is(200);
        watch.take(2).await;
    }),
    case!("a kind for the whole cluster has no namespace", |r| {
        let mut wide = plain("");
        wide["spec"]["scope"] = json!("Cluster");
        define(&r, wide).await;
        r.post("/apis/{ns}.example.com/v1/things", thing("a", json!({}))).await.is(201);
        r.get("/apis/{ns}.example.com/v1/things/a").await.is(200);
        r.get(&path("/a")).await.is(404);
        r.post(&path(""), thing("b", json!({}))).await;
    }),
    case!("patches that only built-in kinds take are refused", |r| {
        define(&r, plain("")).await;
        r.post(&path(""), thing("a", json!({}))).await.is(201);
        let strategic = |path: &str| {
            crate::demo::ask::Ask::new("PATCH", path).text("application/strategic-merge-patch+json", "{}")
        };
        r.ask(strategic(&path("/a"))).await.is(415);
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        r.ask(strategic("configmaps/a")).await;
    }),
];
