//! Objects that are replaced.

use serde_json::json;

use super::objects::{config_map, deployment, service};
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn objects_are_replaced_alike() {
    check("update", CASES).await;
}

pub(super) const CASES: &[Case] = &[
    case!("a replacement is the whole object", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "v", "l": "w"}))).await.is(201);
        let put = r.put("configmaps/a", config_map("a", json!({"k": "x"}))).await.is(200);
        assert_eq!(put.body["data"], json!({"k": "x"}));
        assert_eq!(made.uid(), put.uid());
        assert_ne!(made.version(), put.version());
    }),
    case!("a replacement with a stale version is a conflict", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "1"}))).await.is(201);
        r.merge("configmaps/a", json!({"data": {"k": "2"}})).await.is(200);
        let no = r.put("configmaps/a", made.body).await.is(409);
        assert_eq!(no.reason(), "Conflict");
        let mut odd = config_map("a", json!({}));
        odd["metadata"]["resourceVersion"] = json!("abc");
        r.put("configmaps/a", odd).await;
    }),
    case!("a replacement of what is gone is not found", |r| {
        r.put("configmaps/a", config_map("a", json!({}))).await.is(404);
    }),
    case!("a replacement of the same changes nothing", |r| {
        let made = r.post("configmaps", config_map("a", json!({"k": "v"}))).await.is(201);
        let put = r.put("configmaps/a", made.body.clone()).await.is(200);
        assert_eq!(put.body, made.body);
        let bare = r.put("configmaps/a", config_map("a", json!({"k": "v"}))).await.is(200);
        assert_eq!(bare.version(), made.version());
    }),
    case!("another name or uid in the body is refused", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        r.put("configmaps/a", config_map("b", json!({}))).await.is(400);
        r.put("configmaps/a", json!({"data": {}})).await.is(400);
        let mut other = config_map("a", json!({}));
        other["metadata"]["uid"] = json!("11111111-1111-4111-8111-111111111111");
        r.put("configmaps/a", other).await.is(409);
        let elsewhere = json!({"metadata": {"name": "a", "namespace": "default"}});
        r.put("configmaps/a", elsewhere).await.is(400);
    }),
    case!("generation counts changes of the spec alone", |r| {
        let r = r.alone();
        let made = r.post("deployments.apps", deployment("a", 0)).await.is(201);
        assert_eq!(made.at("/metadata/generation"), 1);
        r.until("deployments.apps/a", |a| a.at("/status/observedGeneration") == 1).await;
        let labelled =
            r.merge("deployments.apps/a", json!({"metadata": {"labels": {"x": "y"}}})).await.is(200);
        assert_eq!(labelled.at("/metadata/generation"), 1);
        let paused = r.merge("deployments.apps/a", json!({"spec": {"paused": true}})).await.is(200);
        assert_eq!(paused.at("/metadata/generation"), 2);
        let forged = r.merge("deployments.apps/a", json!({"metadata": {"generation": 40}})).await.is(200);
        assert_eq!(forged.at("/metadata/generation"), 2);
    }),
    case!("the spec does not change the status, nor the status the spec", |r| {
        let mut body = deployment("a", 0);
        body["spec"]["paused"] = json!(true);
        body["status"] = json!({"replicas": 7});
        let made = r.post("deployments.apps", body).await.is(201);
        assert!(made.at("/status/replicas").is_null());
        r.until("deployments.apps/a", |a| a.at("/status/observedGeneration") == 1).await;
        let no = json!({"spec": {"paused": false}, "status": {"collisionCount": 3}});
        let put = r.merge("deployments.apps/a/status", no).await.is(200);
        assert_eq!(put.at("/spec/paused"), true);
        assert_eq!(put.at("/status/collisionCount"), 3);
    }),
    case!("the status of a pod disruption budget is its own subresource", |r| {
        let spec = json!({"minAvailable": 1, "selector": {"matchLabels": {"app": "none"}}});
        let pdb = json!({"metadata": {"name": "a"}, "spec": spec, "status": {"expectedPods": 9}});
        let made = r.post("poddisruptionbudgets.policy", pdb).await.is(201);
        assert_eq!(made.at("/status/expectedPods"), 0);
    }),
    case!("a service keeps its address without saying so", |r| {
        let made = r.post("services", service("a")).await.is(201);
        let mut body = service("a");
        body["spec"]["ports"] = json!([{"port": 81}]);
        let put = r.put("services/a", body).await.is(200);
        assert_eq!(put.at("/spec/clusterIP"), made.at("/spec/clusterIP"));
    }),
    case!("a service keeps its node port without saying so", |r| {
        let mut body = service("a");
        body["spec"]["type"] = json!("NodePort");
        let made = r.post("services", body.clone()).await.is(201);
        let put = r.put("services/a", body.clone()).await.is(200);
        assert_eq!(put.at("/spec/ports/0/nodePort"), made.at("/spec/ports/0/nodePort"));
        body["spec"]["type"] = json!("ClusterIP");
        let plain = r.put("services/a", body.clone()).await.is(200);
        assert!(plain.at("/spec/ports/0/nodePort").is_null());
        body["spec"] = json!({"type": "ExternalName", "externalName": "example.com"});
        let named = r.put("services/a", body).await.is(200);
        assert!(named.at("/spec/clusterIP").is_null());
    }),
    case!("the address of a service cannot change", |r| {
        r.post("services", service("a")).await.is(201);
        r.merge("services/a", json!({"spec": {"clusterIP": "10.96.3.3"}})).await.is(422);
        r.merge("services/a", json!({"spec": {"clusterIP": "None"}})).await.is(422);
    }),
    case!("a taken address or node port is refused", |r| {
        let spec = json!({"type": "NodePort", "clusterIP": "10.96.55.5", "ports": [{"port": 80, "nodePort": 31555}]});
        let with = |name: &str, spec: &serde_json::Value| json!({"metadata": {"name": name}, "spec": spec});
        r.post("services", with("a", &spec)).await.is(201);
        r.post("services", with("b", &spec)).await.is(422);
        let port = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 31555}]});
        r.post("services", with("b", &port)).await.is(422);
        let out = json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 80}]});
        r.post("services", with("b", &out)).await.is(422);
        r.post("services", with("b", &json!({"clusterIP": "192.168.1.1", "ports": [{"port": 80}]})))
            .await
            .is(422);
    }),
    case!("the selector of a deployment cannot change", |r| {
        let r = r.alone();
        r.post("deployments.apps", deployment("a", 0)).await.is(201);
        let other = json!({"spec": {"selector": {"matchLabels": {"app": "b"}},
            "template": {"metadata": {"labels": {"app": "b"}}}}});
        r.merge("deployments.apps/a", other).await.is(422);
        r.merge("deployments.apps/a", json!({"spec": {"selector": {"matchLabels": {"app": "b"}}}}))
            .await
            .is(422);
    }),
    case!("what a binding refers to cannot change", |r| {
        let reference =
            |name: &str| json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name});
        let binding = json!({"metadata": {"name": "a"}, "roleRef": reference("one"), "subjects": []});
        r.post("rolebindings.rbac", binding).await.is(201);
        r.merge("rolebindings.rbac/a", json!({"roleRef": reference("two")})).await.is(422);
    }),
    case!("the name and the uid of an object cannot be patched", |r| {
        r.post("configmaps", config_map("a", json!({}))).await.is(201);
        r.merge("configmaps/a", json!({"metadata": {"name": "b"}})).await.is(400);
        r.merge("configmaps/a", json!({"metadata": {"uid": "11111111-1111-4111-8111-111111111111"}}))
            .await
            .is(422);
        r.merge("configmaps/a", json!({"metadata": {"namespace": "default"}})).await.is(400);
        r.merge("configmaps/a", json!({"metadata": {"creationTimestamp": null}})).await.is(200);
        r.merge("configmaps/a", json!({"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z"}})).await;
        r.merge("configmaps/a", json!({"metadata": {"resourceVersion": "1"}})).await.is(409);
    }),
    case!("a pod changes in few ways", |r| {
        r.post("pods", super::objects::pending_pod("a")).await.is(201);
        r.until("pods/a", |pod| pod.at("/status/conditions/0").is_object()).await;
        r.merge("pods/a", json!({"metadata": {"labels": {"x": "y"}}})).await.is(200);
        r.merge("pods/a", json!({"spec": {"restartPolicy": "Never"}})).await.is(422);
    }),
    case!("scale reads and writes the replicas of a deployment", |r| {
        let mut body = deployment("a", 0);
        body["spec"]["paused"] = json!(true);
        r.post("deployments.apps", body).await.is(201);
        r.until("deployments.apps/a", |a| a.at("/status/observedGeneration") == 1).await;
        let scale = r.get("deployments.apps/a/scale").await.is(200);
        assert_eq!(scale.at("/spec/replicas"), &json!(null));
        let mut more = scale.body.clone();
        more["spec"]["replicas"] = json!(2);
        r.put("deployments.apps/a/scale?dryRun=All", more).await.is(200);
        r.merge("deployments.apps/a/scale", json!({"spec": {"replicas": 3}})).await.is(200);
        let scaled = r.until("deployments.apps/a", |a| a.at("/status/observedGeneration") == 2).await;
        assert_eq!(scaled.at("/spec/replicas"), 3);
        r.note("managers", json!({"managedFields": scaled.at("/metadata/managedFields")}));
        r.merge("deployments.apps/a/scale", json!({"spec": {"replicas": -1}})).await.is(422);
        r.get("deployments.apps/none/scale").await.is(404);
        r.put("deployments.apps/a/scale", scale.body).await.is(409);
    }),
];
