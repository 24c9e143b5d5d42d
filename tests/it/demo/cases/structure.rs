//! What the structure of a custom kind asks of its objects.

use serde_json::{Value, json};

use super::crd::{CRD, define, definition, path, plain, thing, version};
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn custom_objects_are_checked_alike() {
    check("structure", CASES).await;
}

pub(super) const CASES: &[Case] = &[
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
        let mut unstored = plain("");
        unstored["spec"]["versions"][0]["storage"] = json!(false);
        r.post(crds, unstored).await.is(422);
        let mut typeless = plain("");
        typeless["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"] =
            json!({"properties": {}});
        r.post(crds, typeless).await.is(422);
    }),
];
