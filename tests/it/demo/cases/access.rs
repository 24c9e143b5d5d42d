//! Who may do what.

use serde_json::{Value, json};

use super::objects::config_map;
use crate::demo::answer::Answer;
use crate::demo::ask::Ask;
use crate::demo::run::Run;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn access_is_decided_alike() {
    check("access", CASES).await;
}

const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

/// Lets `jane` read config maps in the namespace of the case.
async fn let_read(r: &Run) {
    let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]);
    r.post("roles.rbac", json!({"metadata": {"name": "reader"}, "rules": rules})).await.is(201);
    bind(r, "Role", "reader", json!([{"kind": "User", "name": "jane"}])).await;
    allowed(r, "configmaps").await;
}

/// Binds a role in the namespace.
async fn bind(r: &Run, kind: &str, name: &str, subjects: Value) {
    let body = json!({"metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}, "subjects": subjects});
    r.post("rolebindings.rbac", body).await.is(201);
}

/// Waits until `jane` may list: the authorizer learns of rights a moment later.
async fn allowed(r: &Run, path: &str) {
    r.settle(Ask::get(path).user("jane"), |answer| answer.code == 200).await;
}

/// A review of whether one may.
fn may(attributes: Value) -> Value {
    json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}})
}

/// Notes the rules of a review, which come in any order.
fn rules(r: &Run, review: &Answer) {
    for key in ["resourceRules", "nonResourceRules"] {
        let mut rules = review.at("/status")[key].as_array().unwrap().clone();
        rules.sort_by_key(Value::to_string);
        r.note(key, json!(rules));
    }
    r.note("incomplete", review.at("/status/incomplete").clone());
}

/// A request with a body, as jane.
fn as_jane(method: &'static str, path: &str, body: &Value) -> Ask {
    Ask::new(method, path).json(body).user("jane")
}

pub(super) const CASES: &[Case] = &[
    case!("a user without rights is told so, for each verb", |r| {
        r.ask(Ask::get("configmaps").user("jane")).await.is(403);
        r.ask(Ask::get("configmaps/a").user("jane")).await.is(403);
        r.ask(Ask::get("configmaps?watch=1").user("jane")).await.is(403);
        r.ask(Ask::get("/api/v1/configmaps").user("jane")).await.is(403);
        r.ask(Ask::get("/api/v1/nodes").user("jane")).await.is(403);
        r.ask(Ask::get("/api/v1/nodes/node-0").user("jane")).await.is(403);
        r.ask(Ask::get("/api/v1/namespaces").user("jane")).await.is(403);
        r.ask(Ask::get("/api/v1/namespaces/{ns}").user("jane")).await.is(403);
        r.ask(as_jane("POST", "configmaps", &config_map("a", json!({})))).await.is(403);
        r.ask(as_jane("PUT", "deployments.apps/a", &json!({}))).await.is(403);
        r.ask(
            Ask::new("PATCH", "deployments.apps/a").text("application/merge-patch+json", "{}").user("jane"),
        )
        .await
        .is(403);
        r.ask(
            Ask::new("PATCH", "deployments.apps/a?fieldManager=x")
                .text("application/apply-patch+yaml", "{}")
                .user("jane"),
        )
        .await
        .is(403);
        r.ask(Ask::new("DELETE", "configmaps/a").user("jane")).await.is(403);
        r.ask(Ask::new("DELETE", "configmaps").user("jane")).await.is(403);
    }),
    case!("subresources and other paths are named in a refusal", |r| {
        r.ask(Ask::get("deployments.apps/a/scale").user("jane")).await.is(403);
        r.ask(Ask::get("deployments.apps/a/status").user("jane")).await.is(403);
        r.ask(Ask::get("pods/a/log").user("jane")).await.is(403);
        r.ask(Ask::get("pods/a/proxy/x").user("jane")).await.is(403);
        r.ask(Ask::new("POST", "pods/a/portforward").user("jane")).await.is(403);
        r.ask(Ask::get("/metrics").user("jane")).await.is(403);
        r.ask(Ask::get("/nothing").user("jane")).await.is(403);
        r.ask(Ask::get("/apis/none.example.com/v1/namespaces/{ns}/things").user("jane")).await.is(403);
    }),
    case!("everybody may ask for versions, groups and themselves", |r| {
        r.ask(Ask::get("/api").user("jane")).await.is(200);
        r.ask(Ask::get("/apis/apps/v1").user("jane")).await.is(200);
        r.ask(Ask::get("/healthz").user("jane")).await.is(200);
        r.ask(Ask::get("/version").user("jane")).await.is(200);
    }),
    case!("a role in a namespace allows what it says and no more", |r| {
        let_read(&r).await;
        r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        r.ask(Ask::get("configmaps/a").user("jane")).await.is(200);
        r.ask(Ask::get("configmaps/none").user("jane")).await.is(404);
        r.ask(as_jane("POST", "configmaps", &config_map("b", json!({})))).await.is(403);
        r.ask(Ask::get("/api/v1/configmaps").user("jane")).await.is(403);
        r.ask(Ask::get("/api/v1/namespaces/default/configmaps").user("jane")).await.is(403);
        r.ask(Ask::get("secrets").user("jane")).await.is(403);
    }),
    case!("reviews say what one may do", |r| {
        let_read(&r).await;
        for attributes in [
            json!({"namespace": r.ns, "verb": "get", "resource": "configmaps"}),
            json!({"namespace": r.ns, "verb": "delete", "resource": "configmaps"}),
            json!({"verb": "list", "resource": "configmaps"}),
            json!({"namespace": r.ns, "verb": "*", "resource": "*", "group": "*"}),
        ] {
            r.ask(as_jane("POST", ACCESS, &may(attributes))).await.is(201);
        }
        let other = json!({"spec": {"nonResourceAttributes": {"path": "/api", "verb": "get"}}});
        r.ask(as_jane("POST", ACCESS, &other)).await.is(201);
        let other = json!({"spec": {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}});
        r.ask(as_jane("POST", ACCESS, &other)).await.is(201);
        r.ask(as_jane("POST", ACCESS, &json!({"spec": {}}))).await;
    }),
    case!("the administrator may do everything, and is told why", |r| {
        let admin = r
            .post(ACCESS, may(json!({"verb": "delete", "resource": "nodes", "name": "node-0"})))
            .await
            .is(201);
        assert_eq!(admin.at("/status/allowed"), true);
        let ask = Ask::new("POST", RULES).json(&json!({"spec": {"namespace": "{ns}"}}));
        rules(&r, &r.hidden(ask).await.is(201));
    }),
    case!("the rules of a user are listed", |r| {
        let_read(&r).await;
        let rules = r.hidden(as_jane("POST", RULES, &json!({"spec": {"namespace": "{ns}"}}))).await.is(201);
        self::rules(&r, &rules);
        let resources = rules.at("/status/resourceRules").as_array().unwrap();
        assert!(resources.iter().any(|rule| rule["resources"] == json!(["configmaps"])), "{resources:?}");
        r.ask(as_jane("POST", RULES, &json!({"spec": {}}))).await.is(400);
    }),
    case!("one is told who one is", |r| {
        let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        r.ask(as_jane("POST", path, &review).header("impersonate-group", "makers")).await.is(201);
        r.post(path, review).await.is(201);
    }),
    case!("others may be asked about", |r| {
        let_read(&r).await;
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let of = |user: &str| json!({"spec": {"user": user, "resourceAttributes": {"namespace": r.ns, "verb": "get", "resource": "configmaps"}}});
        r.post(path, of("jane")).await.is(201);
        r.post(path, of("john")).await.is(201);
        r.ask(as_jane("POST", path, &of("john"))).await.is(403);
    }),
    case!("a cluster role is bound to a group in a namespace", |r| {
        let rules = json!([{"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale"], "verbs": ["*"]}]);
        let role = json!({"metadata": {"name": "{ns}-makers"}, "rules": rules});
        r.post("/apis/rbac.authorization.k8s.io/v1/clusterroles", role).await.is(201);
        let subjects = json!([{"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "makers"}]);
        bind(&r, "ClusterRole", "{ns}-makers", subjects).await;
        let ask = |path: &str| Ask::get(path).user("jane").header("impersonate-group", "makers");
        r.settle(ask("deployments.apps"), |answer| answer.code == 200).await;
        r.ask(ask("deployments.apps/none/scale")).await.is(404);
        r.ask(ask("deployments.apps/none/status")).await.is(403);
        r.ask(ask("/apis/apps/v1/deployments")).await.is(403);
    }),
    case!("rules for named objects allow only these", |r| {
        let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["a"], "verbs": ["get", "list", "delete"]}]);
        r.post("roles.rbac", json!({"metadata": {"name": "reader"}, "rules": rules})).await.is(201);
        bind(&r, "Role", "reader", json!([{"kind": "User", "name": "jane"}])).await;
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        allowed(&r, "configmaps/a").await;
        r.ask(Ask::get("configmaps/b").user("jane")).await.is(403);
        r.ask(Ask::get("configmaps").user("jane")).await.is(403);
        r.ask(Ask::get("configmaps?fieldSelector=metadata.name%3Da").user("jane")).await.is(200);
        r.ask(Ask::new("DELETE", "configmaps/a").user("jane")).await.is(200);
    }),
    case!("nobody gives away rights they do not have", |r| {
        let rules = json!([{"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": ["get", "create", "update"]},
            {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}]);
        r.post("roles.rbac", json!({"metadata": {"name": "reader"}, "rules": rules})).await.is(201);
        bind(&r, "Role", "reader", json!([{"kind": "User", "name": "jane"}])).await;
        allowed(&r, "configmaps").await;
        let role = |verbs: Value| json!({"metadata": {"name": "more"}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": verbs}]});
        r.ask(as_jane("POST", "roles.rbac", &role(json!(["get", "delete"])))).await.is(403);
        r.ask(as_jane("POST", "roles.rbac", &role(json!(["get"])))).await.is(201);
    }),
    case!("a patch that makes an object needs the right to create", |r| {
        let rules =
            json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "patch"]}]);
        r.post("roles.rbac", json!({"metadata": {"name": "reader"}, "rules": rules})).await.is(201);
        bind(&r, "Role", "reader", json!([{"kind": "User", "name": "jane"}])).await;
        allowed(&r, "configmaps").await;
        let ask = Ask::new("PATCH", "configmaps/a?fieldManager=x");
        let body = config_map("a", json!({"k": "v"})).to_string();
        r.ask(ask.text("application/apply-patch+yaml", body).user("jane")).await.is(403);
    }),
];
