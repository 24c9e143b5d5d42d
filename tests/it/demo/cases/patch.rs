//! Merge patches and JSON patches.

use serde_json::json;

use super::objects::{config_map, deployment, service};
use crate::demo::ask::Ask;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn patches_change_alike() {
    check("patch", CASES).await;
}

pub(super) const CASES: &[Case] = &[
    case!("a merge patch sets, and null removes", |r| {
        r.post("configmaps", config_map("a", json!({"k": "v", "l": "w"}))).await.is(201);
        let patch = json!({"metadata": {"labels": {"x": "y"}}, "data": {"k": null, "m": "n"}});
        let patched = r.merge("configmaps/a", patch).await.is(200);
        assert_eq!(patched.body["data"], json!({"l": "w", "m": "n"}));
        r.merge("configmaps/a", json!({"metadata": {"labels": null}, "data": null})).await.is(200);
    }),
    case!("a merge patch replaces lists whole", |r| {
        let r = r.alone();
        r.post("deployments.apps", deployment("a", 0)).await.is(201);
        let other = json!([{"name": "b", "image": "example.com/b:1"}]);
        let patch = json!({"spec": {"template": {"spec": {"containers": other}}}});
        let patched = r.merge("deployments.apps/a?dryRun=All", patch).await.is(200);
        assert_eq!(patched.at("/spec/template/spec/containers/0/name"), "b");
        assert!(patched.at("/spec/template/spec/containers/1").is_null());
    }),
    case!("a merge patch that changes nothing changes nothing", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        let patched = r.merge("configmaps/a", json!({"data": {"k": "v", "none": null}})).await.is(200);
        assert_eq!(patched.body, made.body);
        r.merge("configmaps/a", json!({})).await.is(200);
    }),
    case!("a merge patch with a stale version is a conflict", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        let version = made.version();
        let patch = |k: &str| json!({"metadata": {"resourceVersion": version}, "data": {"k": k}});
        r.merge("configmaps/a", patch("1")).await.is(200);
        r.merge("configmaps/a", patch("2")).await.is(409);
    }),
    case!("a patch of what is not there is not found", |r| {
        r.merge("configmaps/a", json!({"data": {}})).await.is(404);
        r.json_patch("configmaps/a", json!([])).await.is(404);
        r.merge("deployments.apps/a/status", json!({})).await.is(404);
        r.merge("deployments.apps/a/scale", json!({})).await.is(404);
    }),
    case!("a merge patch that is none is refused", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        let patch = |text: &str| Ask::new("PATCH", "configmaps/a").text("application/merge-patch+json", text);
        r.ask(patch("{")).await.is(400);
        r.ask(patch("[]")).await;
        r.ask(patch("7")).await;
        r.merge("configmaps/a", json!({"data": {"k": 7}})).await;
        r.merge("configmaps/a", json!({"data": "text"})).await;
    }),
    case!("a merge patch is validated", |r| {
        let r = r.alone();
        r.post("deployments.apps", deployment("a", 0)).await.is(201);
        r.merge("deployments.apps/a", json!({"spec": {"replicas": -1}})).await.is(422);
        r.merge("deployments.apps/a", json!({"spec": {"template": {"spec": {"containers": []}}}}))
            .await
            .is(422);
        r.post("services", service("a")).await.is(201);
        r.merge("services/a", json!({"kind": "Other"})).await.is(422);
        r.merge("services/a", json!({"apiVersion": "v7"})).await;
        r.merge("services/a", json!({"spec": {"ports": "two"}})).await.is(422);
    }),
    case!("an unknown field in a patch is warned of or refused", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        let patch = json!({"dta": {"k": "v"}, "metadata": {"lables": {}}});
        r.merge("configmaps/a?fieldValidation=Strict", patch.clone()).await;
        r.merge("configmaps/a?fieldValidation=Warn", patch.clone()).await.is(200);
        r.merge("configmaps/a?fieldValidation=Ignore", patch.clone()).await.is(200);
        r.merge("configmaps/a", patch).await.is(200);
        let operations = json!([{"op": "add", "path": "/dta", "value": {}}]);
        r.json_patch("configmaps/a?fieldValidation=Strict", operations).await;
    }),
    case!("a JSON patch adds, replaces, moves, copies and removes", |r| {
        r.post("configmaps", config_map("a", json!({"k": "v", "l": "w"}))).await.is(201);
        let operations = json!([
            {"op": "test", "path": "/data/k", "value": "v"},
            {"op": "add", "path": "/data/n", "value": "1"},
            {"op": "replace", "path": "/data/k", "value": "2"},
            {"op": "copy", "from": "/data/k", "path": "/data/c"},
            {"op": "move", "from": "/data/l", "path": "/data/m"},
            {"op": "add", "path": "/metadata/labels", "value": {"a~b": "x"}},
            {"op": "remove", "path": "/data/n"},
        ]);
        r.json_patch("configmaps/a", operations).await;
        let operations = json!([
            {"op": "add", "path": "/metadata/annotations", "value": {}},
            {"op": "add", "path": "/metadata/annotations/example.com~1a", "value": "x"},
            {"op": "copy", "from": "/data/k", "path": "/data/c"},
            {"op": "move", "from": "/data/l", "path": "/data/m"},
            {"op": "replace", "path": "/data/k", "value": "2"},
        ]);
        let patched = r.json_patch("configmaps/a", operations).await.is(200);
        assert_eq!(patched.body["data"], json!({"k": "2", "c": "v", "m": "w"}));
    }),
    case!("a JSON patch puts into lists", |r| {
        let r = r.alone();
        r.post("deployments.apps", deployment("a", 0)).await.is(201);
        let containers = "/spec/template/spec/containers";
        let b = json!({"name": "b", "image": "example.com/b:1"});
        let c = json!({"name": "c", "image": "example.com/c:1"});
        let operations = json!([
            {"op": "add", "path": format!("{containers}/-"), "value": b},
            {"op": "add", "path": format!("{containers}/0"), "value": c},
            {"op": "replace", "path": format!("{containers}/1/image"), "value": "example.com/a:2"},
        ]);
        let patched = r.json_patch("deployments.apps/a?dryRun=All", operations).await.is(200);
        let containers = patched.at("/spec/template/spec/containers").as_array().unwrap();
        let names: Vec<_> = containers.iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["c", "a", "b"]);
    }),
    case!("a JSON patch whose test fails is refused", |r| {
        r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        let test = |path: &str, value: &str| json!([{"op": "test", "path": path, "value": value}]);
        r.json_patch("configmaps/a", test("/data/k", "w")).await.is(422);
        r.json_patch("configmaps/a", test("/data/none", "w")).await.is(422);
        r.json_patch("configmaps/a", test("/data/k", "v")).await.is(200);
        let version = json!([{"op": "test", "path": "/metadata/resourceVersion", "value": "1"},
            {"op": "add", "path": "/data/k", "value": "w"}]);
        r.json_patch("configmaps/a", version).await.is(422);
    }),
    case!("a JSON patch with a path that leads nowhere is refused", |r| {
        r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        for operation in [
            json!({"op": "remove", "path": "/data/none"}),
            json!({"op": "replace", "path": "/data/none", "value": "x"}),
            json!({"op": "add", "path": "/none/deep", "value": "x"}),
            json!({"op": "copy", "from": "/data/nil", "path": "/data/x"}),
            json!({"op": "move", "from": "/data/nil", "path": "/data/x"}),
            json!({"op": "other", "path": "/data/k"}),
            json!({"op": "add", "path": "data/k", "value": "x"}),
            json!({"op": "add", "path": "/data/k"}),
            json!({"op": "replace", "path": "", "value": {}}),
        ] {
            r.json_patch("configmaps/a", json!([operation])).await;
        }
    }),
    case!("a JSON patch that is none is refused", |r| {
        r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        r.json_patch("configmaps/a", json!({"op": "remove"})).await.is(400);
        let patch = |text: &str| Ask::new("PATCH", "configmaps/a").text("application/json-patch+json", text);
        r.ask(patch("[")).await.is(400);
        r.json_patch("configmaps/a", json!([])).await;
    }),
    case!("a dry run of a patch leaves nothing", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        let patched = r.merge("configmaps/a?dryRun=All", json!({"data": {"k": "w"}})).await.is(200);
        assert_eq!(patched.at("/data/k"), "w");
        assert_eq!(r.get("configmaps/a").await.body, made.body);
    }),
    case!("a patch is written down as its manager's update", |r| {
        r.post("configmaps?fieldManager=one", config_map("a", json!({"k": "v", "l": "w"}))).await.is(201);
        r.merge("configmaps/a?fieldManager=two", json!({"data": {"k": "x", "m": "n"}})).await.is(200);
        r.merge("configmaps/a?fieldManager=one", json!({"data": {"m": null}})).await.is(200);
        r.merge("configmaps/a?fieldManager=one", json!({"data": {"k": "y"}})).await.is(200);
    }),
    case!("an empty list of managed fields resets them", |r| {
        r.post("configmaps?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(201);
        let none = r.merge("configmaps/a", json!({"metadata": {"managedFields": []}})).await.is(200);
        assert!(none.at("/metadata/managedFields").is_null());
        r.merge("configmaps/a", json!({"data": {"k": "w"}})).await.is(200);
        r.merge("configmaps/a", json!({"metadata": {"managedFields": [{}]}})).await;
    }),
    case!("force and a missing manager are for apply alone", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        r.merge("configmaps/a?force=true", json!({})).await.is(422);
    }),
];
