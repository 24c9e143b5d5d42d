//! Deleting.

use serde_json::{Value, json};

use super::objects::{config_map, deployment, labelled, pending_pod, service};
use crate::demo::run::Run;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn objects_are_deleted_alike() {
    check("delete", CASES).await;
}

/// A config map that the other one owns.
async fn owned(r: &Run, name: &str, owner: &str, blocks: bool) -> Value {
    let uid = r.look(&format!("configmaps/{owner}")).await.uid();
    let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": owner, "uid": uid, "blockOwnerDeletion": blocks});
    let body = json!({"metadata": {"name": name, "ownerReferences": [reference]}});
    r.post("configmaps", body).await.is(201).body
}

/// Waits until something is gone.
async fn gone(r: &Run, path: &str) {
    r.until(path, |answer| answer.code == 404).await;
}

pub(super) const CASES: &[Case] = &[
    case!("deleting answers with what was deleted", |r| {
        r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        let status = r.delete("configmaps/a").await.is(200);
        assert_eq!(status.at("/status"), "Success");
        r.delete("configmaps/a").await.is(404);
        r.post("services", service("a")).await.is(201);
        let object = r.delete("services/a").await.is(200);
        r.note("kind", object.at("/kind").clone());
        for (path, body) in [
            ("secrets", json!({"metadata": {"name": "a"}})),
            ("serviceaccounts", json!({"metadata": {"name": "a"}})),
            ("roles.rbac", json!({"metadata": {"name": "a"}})),
            ("leases.coordination", json!({"metadata": {"name": "a"}})),
            (
                "endpointslices.discovery",
                json!({"metadata": {"name": "a"}, "addressType": "IPv4", "endpoints": []}),
            ),
            ("poddisruptionbudgets.policy", json!({"metadata": {"name": "a"}, "spec": {"minAvailable": 1}})),
        ] {
            r.post(path, body).await.is(201);
            r.delete(&format!("{path}/a")).await.is(200);
        }
    }),
    case!("a finalizer keeps an object until it is taken away", |r| {
        let mut body = config_map("a", json!({"k": "v"}));
        body["metadata"]["finalizers"] = json!(["example.com/f", "example.com/g"]);
        r.post("configmaps", body).await.is(201);
        let deleted = r.delete("configmaps/a").await.is(200);
        assert!(deleted.at("/metadata/deletionTimestamp").is_string());
        let again = r.delete("configmaps/a").await.is(200);
        assert_eq!(deleted.at("/metadata/resourceVersion"), again.at("/metadata/resourceVersion"));
        r.merge("configmaps/a", json!({"data": {"k": "w"}})).await.is(200);
        r.merge("configmaps/a", json!({"metadata": {"finalizers": ["example.com/f", "example.com/h"]}}))
            .await
            .is(422);
        r.merge("configmaps/a", json!({"metadata": {"finalizers": ["example.com/g"]}})).await.is(200);
        r.post("configmaps", config_map("a", json!({}))).await.is(409);
        let last = r.merge("configmaps/a", json!({"metadata": {"finalizers": null}})).await.is(200);
        assert_eq!(last.at("/data/k"), "w");
        r.get("configmaps/a").await.is(404);
    }),
    case!("what is being deleted cannot be brought back", |r| {
        let mut body = config_map("a", json!({}));
        body["metadata"]["finalizers"] = json!(["example.com/f"]);
        r.post("configmaps", body).await.is(201);
        r.delete("configmaps/a").await.is(200);
        let back = r.merge("configmaps/a", json!({"metadata": {"deletionTimestamp": null}})).await;
        assert!(back.at("/metadata/deletionTimestamp").is_string());
        r.merge("configmaps/a", json!({"metadata": {"deletionTimestamp": "2001-01-01T00:00:00Z"}})).await;
        r.json_patch("configmaps/a", json!([{"op": "remove", "path": "/metadata/finalizers/0"}]))
            .await
            .is(200);
        r.get("configmaps/a").await.is(404);
    }),
    case!("preconditions of uid and version guard a deletion", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        let with = |preconditions: Value| json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions});
        r.delete_with("configmaps/a", with(json!({"uid": "11111111-1111-4111-8111-111111111111"})))
            .await
            .is(409);
        r.delete_with("configmaps/a", with(json!({"resourceVersion": "1"}))).await.is(409);
        r.delete_with("configmaps/a", with(json!({"uid": made.uid(), "resourceVersion": made.version()})))
            .await
            .is(200);
        r.delete_with("configmaps/a", with(json!({"uid": made.uid()}))).await.is(404);
    }),
    case!("options that are none are refused", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        r.delete("configmaps/a?propagationPolicy=Sideways").await.is(422);
        r.delete_with("configmaps/a", json!({"propagationPolicy": "Sideways"})).await.is(422);
        r.delete_with("configmaps/a", json!({"propagationPolicy": "Orphan", "orphanDependents": true}))
            .await
            .is(422);
        r.delete_with("configmaps/a", json!({"dryRun": ["Some"]})).await.is(422);
        r.delete_with("configmaps/a", json!({"kind": "Other", "apiVersion": "v1"})).await.is(400);
        r.delete_with("configmaps/a", json!({"kind": "DeleteOptions", "apiVersion": "v1", "unknown": 1}))
            .await;
        r.get("configmaps/a").await;
        r.delete_with("configmaps/a", json!({"gracePeriodSeconds": -1})).await;
    }),
    case!("a dry run deletes nothing", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        r.delete("configmaps/a?dryRun=All").await.is(200);
        r.delete_with("configmaps/a", json!({"dryRun": ["All"]})).await.is(200);
        r.get("configmaps/a").await.is(200);
    }),
    case!("what an object owns goes after it", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        owned(&r, "b", "a", false).await;
        owned(&r, "c", "b", false).await;
        r.delete("configmaps/a").await.is(200);
        gone(&r, "configmaps/b").await;
        gone(&r, "configmaps/c").await;
    }),
    case!("in the foreground what is owned goes first", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        let mut held = owned(&r, "b", "a", true).await;
        held["metadata"]["finalizers"] = json!(["example.com/f"]);
        r.put("configmaps/b", held).await.is(200);
        let deleted = r.delete_with("configmaps/a", json!({"propagationPolicy": "Foreground"})).await.is(200);
        assert_eq!(deleted.at("/metadata/finalizers"), &json!(["foregroundDeletion"]));
        r.get_when("configmaps/b", |b| b.at("/metadata/deletionTimestamp").is_string()).await;
        r.get("configmaps/a").await.is(200);
        r.merge("configmaps/b", json!({"metadata": {"finalizers": null}})).await.is(200);
        gone(&r, "configmaps/a").await;
    }),
    case!("orphans stay, without their owner", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        owned(&r, "b", "a", true).await;
        let deleted = r.delete("configmaps/a?propagationPolicy=Orphan").await.is(200);
        assert_eq!(deleted.at("/metadata/finalizers"), &json!(["orphan"]));
        gone(&r, "configmaps/a").await;
        let left = r.get("configmaps/b").await.is(200);
        assert!(left.at("/metadata/ownerReferences").is_null());
    }),
    case!("what has another owner stays", |r| {
        let a = r.post("configmaps", config_map("a", json!({}))).await.is(201).uid();
        let b = r.post("configmaps", config_map("b", json!({}))).await.is(201).uid();
        let reference = |name: &str, uid: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid});
        let both =
            json!({"metadata": {"name": "c", "ownerReferences": [reference("a", &a), reference("b", &b)]}});
        r.post("configmaps", both).await.is(201);
        r.delete("configmaps/a").await.is(200);
        r.get_when("configmaps/c", |c| c.at("/metadata/ownerReferences/1").is_null()).await;
        r.delete("configmaps/b").await.is(200);
        gone(&r, "configmaps/c").await;
    }),
    case!("what is owned by nobody there goes", |r| {
        let reference = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "none", "uid": "11111111-1111-4111-8111-111111111111"});
        r.post("configmaps", json!({"metadata": {"name": "a", "ownerReferences": [reference]}}))
            .await
            .is(201);
        gone(&r, "configmaps/a").await;
    }),
    case!("a deployment takes its replica sets and pods with it", |r| {
        r.post("deployments.apps", deployment("a", 1)).await.is(201);
        r.until("pods?labelSelector=app%3Da", |pods| pods.items().len() == 1).await;
        r.delete("deployments.apps/a").await.is(200);
        r.until("replicasets.apps", |list| list.items().is_empty()).await;
        r.until("pods", |list| list.items().is_empty()).await;
    }),
    case!("a deployment that is orphaned leaves its replica sets", |r| {
        r.post("deployments.apps", deployment("a", 1)).await.is(201);
        r.until("deployments.apps/a", |a| a.at("/status/availableReplicas") == 1).await;
        r.delete("deployments.apps/a?propagationPolicy=Orphan").await.is(200);
        gone(&r, "deployments.apps/a").await;
        let sets = r.look("replicasets.apps").await;
        assert_eq!(sets.items().len(), 1);
        assert!(sets.at("/items/0/metadata/ownerReferences").is_null());
        let pods = r.look("pods").await;
        assert_eq!(pods.at("/items/0/metadata/ownerReferences/0/kind"), "ReplicaSet");
    }),
    case!("a collection is deleted by its selector", |r| {
        for (name, label) in [("a", "x"), ("b", "x"), ("c", "y")] {
            r.post("configmaps", labelled(name, label)).await.is(201);
        }
        r.delete("configmaps?labelSelector=l%3Dx&dryRun=All").await.is(200);
        let deleted = r.delete("configmaps?labelSelector=l%3Dx").await.is(200);
        assert_eq!(deleted.names(), ["a", "b"]);
        let left = r.get("configmaps?labelSelector=l").await.is(200);
        assert_eq!(left.names(), ["c"]);
        r.delete("configmaps?fieldSelector=metadata.name%3Dc").await.is(200);
        r.delete("configmaps?labelSelector=l%3Dnone").await.is(200);
        r.delete("services").await.is(200);
    }),
    case!("a pod that no node has goes at once", |r| {
        r.post("pods", pending_pod("a")).await.is(201);
        r.until("pods/a", |pod| pod.at("/status/conditions/0").is_object()).await;
        let answer = r.delete("pods/a").await.is(200);
        assert_eq!(answer.at("/metadata/deletionGracePeriodSeconds"), 0);
        gone(&r, "pods/a").await;
    }),
    case!("a pod on a node gets its grace", |r| {
        let mut pod = pending_pod("a");
        pod["spec"]["nodeName"] = json!("no-such-node");
        pod["metadata"]["finalizers"] = json!(["example.com/f"]);
        r.post("pods", pod).await.is(201);
        let answer = r.delete("pods/a").await.is(200);
        assert_eq!(answer.at("/metadata/deletionGracePeriodSeconds"), 30);
        let sooner = r.delete_with("pods/a", json!({"gracePeriodSeconds": 5})).await.is(200);
        assert_eq!(sooner.at("/metadata/deletionGracePeriodSeconds"), 5);
        let later = r.delete_with("pods/a", json!({"gracePeriodSeconds": 60})).await.is(200);
        assert_eq!(later.at("/metadata/deletionGracePeriodSeconds"), 5);
        r.delete_with("pods/a", json!({"gracePeriodSeconds": 0})).await.is(200);
        r.merge("pods/a", json!({"metadata": {"finalizers": null}})).await;
    }),
    case!("a namespace takes all it holds with it", |r| {
        let path = "/api/v1/namespaces/{ns}-b";
        r.post("/api/v1/namespaces", json!({"metadata": {"name": "{ns}-b"}})).await.is(201);
        let inside = format!("{path}/configmaps");
        let mut held = config_map("a", json!({}));
        held["metadata"]["finalizers"] = json!(["example.com/f"]);
        r.post(&inside, held).await.is(201);
        let deleted = r.delete(path).await.is(200);
        assert_eq!(deleted.at("/status/phase"), "Terminating");
        r.post(&inside, config_map("b", json!({}))).await.is(403).says("because it is being terminated");
        r.get_when(path, |n| n.at("/status/conditions/4").is_object()).await;
        r.until(&format!("{inside}/a"), |a| a.at("/metadata/deletionTimestamp").is_string()).await;
        r.merge(&format!("{inside}/a"), json!({"metadata": {"finalizers": null}})).await.is(200);
        gone(&r, path).await;
        r.get(&inside).await.is(200);
        r.post(&inside, config_map("b", json!({}))).await.is(404);
    }),
    case!("a namespace that kubernetes needs stays", |r| {
        r.delete("/api/v1/namespaces/kube-system?dryRun=All").await.is(403);
        r.delete("/api/v1/namespaces/default?dryRun=All").await.is(403);
    }),
    case!("a namespace has a name, a phase and a finalizer", |r| {
        r.post(
            "/api/v1/namespaces?dryRun=All",
            json!({"metadata": {"name": "{ns}-c", "labels": {"a": "b"}}}),
        )
        .await
        .is(201);
        r.post("/api/v1/namespaces", json!({"metadata": {"name": "Not.Ok"}})).await.is(422);
        r.get("/api/v1/namespaces/{ns}").await.is(200);
        r.merge(
            "/api/v1/namespaces/{ns}",
            json!({"metadata": {"labels": {"kubernetes.io/metadata.name": "x"}}}),
        )
        .await;
    }),
    case!("deleting a service gives its address back", |r| {
        let with = |name: &str| {
            json!({"metadata": {"name": name},
            "spec": {"clusterIP": "10.96.99.9", "type": "NodePort", "ports": [{"port": 80, "nodePort": 31999}]}})
        };
        r.post("services", with("a")).await.is(201);
        r.delete("services/a").await.is(200);
        r.post("services", with("b")).await.is(201);
        r.delete("services/b").await.is(200);
    }),
];
