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
fn version(spec: Value) -> Value {
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

const CRD: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{ns}.example.com";
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
fn thing(name: &str, spec: Value) -> Value {
    json!({"apiVersion": "{ns}.example.com/v1", "kind": "Thing", "metadata": {"name": name}, "spec": spec})
}

/// The path of a thing.
fn path(rest: &str) -> String {
    format!("{THINGS}{rest}")
}

const CASES: &[Case] = &[
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
    case!("types are checked", |r| {
        define(&r, plain("")).await;
        r.post(&path(""), thing("a", json!({"n": "one"}))).await.is(422);
        r.post(&path(""), thing("a", json!({"n": 1.5, "text": 7}))).await.is(422);
        r.post(&path(""), thing("a", json!({"list": "x"}))).await.is(422);
        r.post(&path(""), thing("a", json!({"list": [1, null]}))).await.is(422);
        r.post(&path(""), thing("a", json!([]))).await.is(422);
        r.post(&path(""), thing("a", json!({"n": -1}))).await.is(422);
        r.post(&path(""), thing("a", json!({"n": null}))).await;
    }),
    case!("ranges, lengths, patterns, enums and formats are checked", |r| {
        define(&r, definition(json!([version(json!({"type": "object", "required": ["must", "too"], "properties": {
            "must": {"type": "string"}, "too": {"type": "string"},
            "mode": {"type": "string", "enum": ["One", "Two"]},
            "name": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 4},
            "n": {"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2},
            "list": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}},
            "map": {"type": "object", "maxProperties": 1, "additionalProperties": {"type": "integer"}},
            "port": {"x-kubernetes-int-or-string": true},
            "when": {"type": "string", "format": "date-time"},
        }}))]))).await;
        r.post(&path(""), thing("a", json!({}))).await.is(422);
        r.post(
            &path(""),
            json!({"apiVersion": "{ns}.example.com/v1", "kind": "Thing", "metadata": {"name": "b"}}),
        )
        .await
        .is(201);
        let with = |key: &str, value: Value| thing("a", json!({"must": "x", "too": "x", key: value}));
        for (key, value) in [
            ("mode", json!("Three")),
            ("mode", json!("")),
            ("name", json!("UP")),
            ("name", json!("a")),
            ("name", json!("abcde")),
            ("n", json!(0)),
            ("n", json!(10)),
            ("n", json!(3)),
            ("list", json!([])),
            ("list", json!(["a", "b", "c"])),
            ("map", json!({"a": 1, "b": 2})),
            ("map", json!({"a": "x"})),
            ("port", json!(1.5)),
            ("port", json!(true)),
            ("when", json!("yesterday")),
        ] {
            r.post(&path(""), with(key, value)).await.is(422);
        }
        let all = json!({"must": "x", "too": "x", "mode": "One", "name": "abc", "n": 4, "list": ["a"], "map": {"a": 1},
            "port": "80", "when": "2026-01-01T00:00:00Z"});
        r.post(&path("?dryRun=All"), thing("a", all)).await.is(201);
        let wrong = json!({"mode": "Three", "n": 10, "list": [1]});
        r.post(&path(""), thing("a", wrong)).await.is(422);
    }),
    case!("defaults are filled in, and unknown fields dropped", |r| {
        define(&r, definition(json!([version(json!({"type": "object", "default": {}, "properties": {
            "n": {"type": "integer", "default": 3}, "text": {"type": "string", "default": "x"},
            "deep": {"type": "object", "default": {}, "properties": {"b": {"type": "boolean", "default": true}}},
            "none": {"type": "object", "properties": {"b": {"type": "boolean", "default": true}}},
            "list": {"type": "array", "items": {"type": "object", "properties": {
                "name": {"type": "string"}, "mode": {"type": "string", "default": "One"}}}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "nullable": {"type": "string", "nullable": true, "default": "y"},
        }}))]))).await;
        let empty = json!({"apiVersion": "{ns}.example.com/v1", "kind": "Thing", "metadata": {"name": "a"}});
        let made = r.post(&path(""), empty).await.is(201);
        assert_eq!(made.at("/spec"), &json!({"deep": {"b": true}, "n": 3, "nullable": "y", "text": "x"}));
        let some = json!({"n": null, "unknown": 1, "list": [{"name": "a", "other": 2}], "free": {"any": {"thing": 1}}, "nullable": null});
        let made = r.post(&path("?fieldValidation=Ignore"), thing("b", some.clone())).await.is(201);
        assert!(made.at("/spec/unknown").is_null());
        r.post(&path("?fieldValidation=Warn"), thing("c", some.clone())).await.is(201);
        r.post(&path("?fieldValidation=Strict"), thing("d", some)).await.is(400);
        let top = json!({"apiVersion": "{ns}.example.com/v1", "kind": "Thing", "metadata": {"name": "e", "extra": 1}, "extra": 1});
        r.post(&path("?fieldValidation=Strict"), top.clone()).await.is(400);
        r.post(&path("?fieldValidation=Warn"), top).await.is(201);
    }),
    case!("rules of the common expression language are checked", |r| {
        define(&r, definition(json!([version(json!({"type": "object",
            "x-kubernetes-validations": [
                {"rule": "self.min <= self.max", "message": "min must not be above max"},
                {"rule": "!has(self.text) || self.text.startsWith('x')", "messageExpression": "'text is ' + self.text", "fieldPath": ".text"},
                {"rule": "self.min >= 0"},
                {"rule": "self.max < 100", "message": "too much", "reason": "FieldValueForbidden"},
            ],
            "required": ["min", "max"],
            "properties": {"min": {"type": "integer"}, "max": {"type": "integer"},
                "text": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "text is immutable"}]},
                "list": {"type": "array", "maxItems": 5, "items": {"type": "string", "maxLength": 10,
                    "x-kubernetes-validations": [{"rule": "self != 'no'", "message": "not no"}]}}},
        }))]))).await;
        r.post(&path(""), thing("a", json!({"min": 2, "max": 1})))
            .await
            .is(422)
            .says("min must not be above max");
        r.post(&path(""), thing("a", json!({"min": -1, "max": 200, "text": "y"}))).await.is(422);
        r.post(&path(""), thing("a", json!({"min": 1, "max": 2, "list": ["a", "no", "no"]}))).await.is(422);
        r.post(&path(""), thing("a", json!({"min": 1, "max": "x"}))).await.is(422);
        r.post(&path(""), thing("a", json!({"min": 1, "max": 2, "text": "x"}))).await.is(201);
        r.merge(&path("/a"), json!({"spec": {"text": "xy"}})).await.is(422).says("text is immutable");
        r.merge(&path("/a"), json!({"spec": {"text": null}})).await.is(200);
        r.merge(&path("/a"), json!({"spec": {"text": "xyz"}})).await.is(200);
    }),
    case!("what was wrong before may stay as it is", |r| {
        define(&r, plain("")).await;
        r.post(&path(""), thing("a", json!({"n": 5, "text": "long text"}))).await.is(201);
        let tighter = json!([{"op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/n/maximum", "value": 3}]);
        r.json_patch(CRD, tighter).await.is(200);
        r.retry_post(&path("?dryRun=All"), thing("b", json!({"n": 5})), 422).await;
        r.merge(&path("/a"), json!({"spec": {"text": "other"}})).await.is(200);
        r.merge(&path("/a"), json!({"spec": {"n": 6}})).await.is(422);
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
    case!("custom objects are applied", |r| {
        define(&r, definition(json!([version(json!({"type": "object", "properties": {
            "n": {"type": "integer"},
            "map": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "v": {"type": "integer"}}}},
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
            "list": {"type": "array", "items": {"type": "string"}},
            "atomic": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
        }}))]))).await;
        let one =
            json!({"n": 1, "map": [{"name": "a", "v": 1}], "set": ["x"], "list": ["x"], "atomic": {"a": 1}});
        r.apply(&path("/a?fieldManager=one"), thing("a", one)).await.is(201);
        let two = json!({"map": [{"name": "b", "v": 2}], "set": ["y"]});
        let both = r.apply(&path("/a?fieldManager=two"), thing("a", two)).await.is(200);
        assert_eq!(both.at("/spec/set"), &json!(["x", "y"]));
        r.apply(
            &path("/a?fieldManager=two"),
            thing(
                "a",
                json!({"list": ["x", "y"], "atomic": {"b": 1}, "n": 2, "map": [{"name": "a", "v": 3}]}),
            ),
        )
        .await
        .is(409);
        let left = r.apply(&path("/a?fieldManager=one"), thing("a", json!({"n": 1}))).await.is(200);
        assert_eq!(left.at("/spec/set"), &json!(["y"]));
        r.apply(&path("/c?fieldManager=one"), thing("c", json!({"map": [{"name": "a"}, {"name": "a"}]})))
            .await;
        r.apply(&path("/c?fieldManager=one"), thing("c", json!({"set": ["a", "a"]}))).await;
        r.post(&path(""), thing("c", json!({"set": ["a", "a"], "map": [{"name": "a"}, {"name": "a"}]})))
            .await
            .is(422);
        r.apply(&path("/d?fieldManager=one&fieldValidation=Strict"), thing("d", json!({"none": 1}))).await;
        r.apply(&path("/d?fieldManager=one"), thing("d", json!({"n": "x"}))).await;
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
    case!("a definition that is wrong is refused", |r| {
        let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let mut named = plain("");
        named["metadata"]["name"] = json!("others.{ns}.example.com");
        r.post(crds, named).await.is(422);
        let mut schemaless = plain("");
        schemaless["spec"]["versions"][0].as_object_mut().unwrap().remove("schema");
        r.post(crds, schemaless).await.is(422);
        let mut twice = plain("");
        let mut second = twice["spec"]["versions"][0].clone();
        second["name"] = json!("v2");
        twice["spec"]["versions"].as_array_mut().unwrap().push(second);
        r.post(crds, twice).await.is(422);
        let mut typeless = plain("");
        typeless["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] =
            json!({"properties": {}});
        r.post(crds, typeless).await.is(422);
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
