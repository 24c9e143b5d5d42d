//! Objects that are made, and those that are not.

use serde_json::json;

use super::objects::{config_map, deployment, labelled, pending_pod};
use crate::demo::ask::Ask;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn objects_are_made_and_refused_alike() {
    check("create", CASES).await;
}

pub(super) const CASES: &[Case] = &[
    case!("an object is made and is there", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        let got = r.get("configmaps/a").await.is(200);
        assert_eq!(made.body, got.body);
        assert!(made.at("/metadata/generation").is_null());
    }),
    case!("kind and version may be left out, and the namespace", |r| {
        r.post("configmaps", json!({"metadata": {"name": "a"}})).await.is(201);
        r.post("services", json!({"metadata": {"name": "a"}, "spec": {"ports": [{"port": 1}]}}))
            .await
            .is(201);
    }),
    case!("what the server sets cannot be set", |r| {
        let of_server = json!({"name": "a", "uid": "11111111-1111-4111-8111-111111111111", "generation": 7,
            "creationTimestamp": "2020-01-01T00:00:00Z", "selfLink": "/here",
            "deletionTimestamp": "2020-01-01T00:00:00Z", "deletionGracePeriodSeconds": 3});
        let made = r.post("configmaps", json!({"metadata": of_server})).await.is(201);
        assert_ne!(made.uid(), "11111111-1111-4111-8111-111111111111");
        assert!(made.at("/metadata/deletionTimestamp").is_null());
        let versioned = json!({"metadata": {"name": "b", "resourceVersion": "1"}});
        r.post("configmaps", versioned)
            .await
            .says("resourceVersion should not be set on objects to be created");
    }),
    case!("a name is made up from generateName", |r| {
        let made = r.post("configmaps", json!({"metadata": {"generateName": "made-"}})).await.is(201);
        let name = made.text("/metadata/name");
        assert!(name.starts_with("made-") && name.len() == 10, "{name}");
        r.get(&format!("configmaps/{name}")).await.is(200);
    }),
    case!("a name wins over generateName", |r| {
        r.post("configmaps", json!({"metadata": {"generateName": "made-", "name": "a"}})).await.is(201);
    }),
    case!("without a name nothing is made", |r| {
        r.post("configmaps", json!({"data": {}})).await.is(422);
        r.post("deployments.apps", json!({"spec": {}})).await.is(422);
    }),
    case!("a name that is none is refused", |r| {
        for name in ["Upper", "-a", "a_b", "a..b", "a/b"] {
            r.post("configmaps", config_map(name, json!({}))).await.is(422);
        }
        r.post("configmaps", config_map(&"a".repeat(254), json!({}))).await.is(422);
        for name in ["1a", "-a", "A"] {
            let service = json!({"metadata": {"name": name}, "spec": {"ports": [{"port": 1}]}});
            r.post("services", service).await;
        }
    }),
    case!("labels and annotations are checked", |r| {
        let labels = json!({"-a": "x", "ok": "not ok!", "a/b/c": "", "long": "a".repeat(64)});
        let one = |labels: serde_json::Value| json!({"metadata": {"name": "a", "labels": labels}});
        for (key, value) in labels.as_object().unwrap() {
            r.post("configmaps", one(json!({key: value}))).await.is(422);
        }
        r.post("configmaps", json!({"metadata": {"name": "a", "annotations": {"-a": "x"}}})).await.is(422);
        r.post("configmaps", json!({"metadata": {"name": "a", "finalizers": ["plain", "a/b/c"]}}))
            .await
            .is(422);
    }),
    case!("an owner reference is checked", |r| {
        let owners = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "b", "uid": ""}, {"apiVersion": "", "kind": "", "name": "", "uid": "x"}]);
        r.post("configmaps", json!({"metadata": {"name": "a", "ownerReferences": owners}})).await.is(422);
        let two = json!([
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "b", "uid": "b", "controller": true},
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "c", "controller": true},
        ]);
        r.post("configmaps", json!({"metadata": {"name": "a", "ownerReferences": two}})).await.is(422);
    }),
    case!("an object is not made twice", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        let again = r.post("configmaps", config_map("a", json!({}))).await.is(409);
        assert_eq!(again.reason(), "AlreadyExists");
        r.post("deployments.apps", deployment("a", 0)).await.is(201);
        r.post("deployments.apps", deployment("a", 0))
            .await
            .is(409)
            .says("deployments.apps \"a\" already exists");
    }),
    case!("an object that is not there is not found", |r| {
        let missing = r.get("configmaps/none").await.is(404);
        assert_eq!(missing.reason(), "NotFound");
        r.get("deployments.apps/none").await.is(404);
        r.get("/api/v1/namespaces/none-such").await.is(404);
        r.get("/api/v1/namespaces/none-such/configmaps/a").await.is(404);
        r.get("/api/v1/namespaces/none-such/configmaps").await.is(200);
    }),
    case!("in a namespace that is not there nothing is made", |r| {
        r.post("/api/v1/namespaces/none-such/configmaps", json!({"metadata": {"name": "a"}})).await.is(404);
    }),
    case!("what is not served is not found", |r| {
        r.get("/nothing").await.is(404);
        r.get("/apis/none.example.com").await.is(404);
        r.get("/apis/none.example.com/v1").await.is(404);
        r.get("/apis/none.example.com/v1/things").await.is(404);
        r.get("/apis/none.example.com/v1/namespaces/{ns}/things/a").await.is(404);
        r.get("/apis/apps/v9/deployments").await.is(404);
        r.get("/api/v1/things").await.is(404);
        r.get("/api/v1/namespaces/{ns}/things").await.is(404);
        r.get("configmaps/a/status").await.is(404);
        r.post("/api/v1/namespaces/{ns}/things", json!({})).await.is(404);
    }),
    case!("a body of another kind is refused", |r| {
        let other = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
        r.post("configmaps", other).await.is(400);
        let version = json!({"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}});
        r.post("configmaps", version).await.is(400);
        let group = json!({"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "a"}});
        r.post("deployments.apps", group).await.is(400);
        let unknown = json!({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "a"}});
        r.post("configmaps", unknown).await.is(400);
    }),
    case!("a body of another namespace is refused", |r| {
        let other = json!({"metadata": {"name": "a", "namespace": "default"}});
        let no = r.post("configmaps", other).await.is(400);
        assert_eq!(no.reason(), "BadRequest");
    }),
    case!("a body that cannot be read is refused", |r| {
        let post = |text: &str| Ask::new("POST", "configmaps").text("application/json", text);
        r.ask(post("{")).await.is(400);
        r.ask(post("")).await.is(400);
        r.ask(post("[]")).await.is(400);
        r.ask(post(r#"{"metadata": {"name": 7}}"#)).await.is(400);
        r.ask(post(r#"{"metadata": {"name": "a"}, "data": {"k": 7}}"#)).await.is(400);
        let number = r#"{"metadata": {"name": "a"}, "spec": {"replicas": "two"}}"#;
        r.ask(Ask::new("POST", "deployments.apps").text("application/json", number)).await.is(400);
    }),
    case!("a body of a type that nobody reads is refused", |r| {
        r.ask(Ask::new("POST", "configmaps").text("text/plain", "{}")).await.is(415);
        r.ask(Ask::new("PUT", "configmaps/a").text("text/plain", "{}")).await.is(415);
        r.ask(Ask::new("PATCH", "configmaps/a").text("application/json", "{}")).await.is(415);
    }),
    case!("YAML is read too", |r| {
        let yaml = "metadata:\n  name: a\ndata:\n  k: v\n";
        r.ask(Ask::new("POST", "configmaps").text("application/yaml", yaml)).await.is(201);
    }),
    case!("an answer nobody can write is refused", |r| {
        r.ask(Ask::get("configmaps").accept("text/html")).await.is(406);
    }),
    case!("what is not allowed on a path is said", |r| {
        r.put("configmaps", json!({})).await.is(405);
        r.post("configmaps/a", json!({})).await.is(405);
        r.delete("/api/v1/namespaces").await.is(405);
        r.post("pods/a/status", json!({})).await.is(405);
        r.delete("deployments.apps/a/scale").await.is(405);
        r.get("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews").await.is(405);
        r.ask(Ask::new("HEAD", "configmaps/a")).await;
    }),
    case!("a dry run makes nothing", |r| {
        let made = r.post("configmaps?dryRun=All", config_map("a", json!({"k": "v"}))).await.is(201);
        assert!(made.at("/metadata/resourceVersion").is_null());
        r.get("configmaps/a").await.is(404);
        r.post("configmaps?dryRun=Some", config_map("a", json!({}))).await.is(422);
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        r.post("configmaps?dryRun=All", config_map("a", json!({}))).await.is(409);
    }),
    case!("a dry run of a service gets an address that is given back", |r| {
        let spec = json!({"ports": [{"port": 80}], "clusterIP": "10.96.77.7"});
        let fixed = |name: &str| json!({"metadata": {"name": name}, "spec": spec});
        r.post("services?dryRun=All", fixed("a")).await.is(201);
        r.post("services?dryRun=All", fixed("b")).await.is(201);
    }),
    case!("a field manager has a short printable name", |r| {
        let made = r.post("configmaps?fieldManager=me", config_map("a", json!({"k": "v"}))).await.is(201);
        assert_eq!(made.at("/metadata/managedFields/0/manager"), "me");
        let long = format!("configmaps?fieldManager={}", "m".repeat(129));
        r.post(&long, config_map("b", json!({}))).await.is(422);
        r.post("configmaps?fieldManager=a%07b", config_map("c", json!({}))).await.is(422);
    }),
    case!("an unknown field is dropped, warned of or refused", |r| {
        let body = |name: &str| json!({"metadata": {"name": name, "lables": {}}, "dta": {"k": "v"}, "data": {"k": "v"}});
        r.post("configmaps?fieldValidation=Ignore", body("a")).await.is(201);
        let warned = r.post("configmaps?fieldValidation=Warn", body("b")).await.is(201);
        assert_eq!(warned.warnings.len(), 2);
        r.post("configmaps", body("c")).await.is(201);
        r.post("configmaps?fieldValidation=Strict", body("d")).await.is(400);
        r.post("configmaps?fieldValidation=Loose", body("d")).await.is(422);
    }),
    case!("an unknown field deep in a deployment is named by its path", |r| {
        let mut body = deployment("a", 0);
        body["spec"]["template"]["spec"]["containers"][0]["imagge"] = json!("x");
        body["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"containerPort": 1, "prt": 2}]);
        body["spec"]["strategi"] = json!({});
        r.post("deployments.apps?fieldValidation=Strict", body.clone()).await.is(400);
        r.post("deployments.apps?fieldValidation=Warn", body).await.is(201);
    }),
    case!("a key that is there twice is warned of", |r| {
        let twice = r#"{"metadata": {"name": "a"}, "data": {"k": "1", "k": "2"}}"#;
        let post = |path: &str| Ask::new("POST", path).text("application/json", twice);
        r.ask(post("configmaps?fieldValidation=Strict")).await.is(400);
        r.ask(post("configmaps?fieldValidation=Warn")).await.is(201);
    }),
    case!("a config map may hold what it may hold", |r| {
        r.post("configmaps", config_map("a", json!({"not ok": "v"}))).await.is(422);
        let both = json!({"metadata": {"name": "a"}, "data": {"k": "v"}, "binaryData": {"k": "dg=="}});
        r.post("configmaps", both).await.is(422);
        r.post("configmaps", json!({"metadata": {"name": "a"}, "immutable": true, "data": {"k": "v"}})).await;
        r.merge("configmaps/a", json!({"data": {"k": "w"}})).await.is(422);
    }),
    case!("a secret's text becomes data", |r| {
        let made =
            r.post("secrets", json!({"metadata": {"name": "a"}, "stringData": {"k": "v"}})).await.is(201);
        assert_eq!(made.at("/data/k"), "dg==");
        r.post("secrets", json!({"metadata": {"name": "b"}, "data": {"k": "not base64"}})).await.is(400);
        r.merge("secrets/a", json!({"type": "other"})).await.is(422);
    }),
    case!("a pod gets its defaults, and labels stay in order", |r| {
        let mut pod = pending_pod("a");
        pod["metadata"]["labels"] = json!({"z": "1", "a": "2"});
        pod["spec"]["restartPolicy"] = json!("Never");
        r.post("pods?dryRun=All", pod).await.is(201);
    }),
    case!("made objects are listed by name", |r| {
        for name in ["b", "a-", "a", "a.b", "a-b"] {
            r.post("configmaps", labelled(name, "x")).await;
        }
        let list = r.get("configmaps?labelSelector=l%3Dx").await.is(200);
        assert_eq!(list.names(), ["a", "a-b", "a.b", "b"]);
    }),
];
