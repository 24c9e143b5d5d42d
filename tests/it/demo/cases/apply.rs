//! Server-side apply.

use serde_json::{Value, json};

use super::objects::{config_map, deployment, service};
use crate::demo::answer::Answer;
use crate::demo::ask::Ask;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn objects_are_applied_alike() {
    check("apply", CASES).await;
}

/// A deployment of which this pod template's spec is said.
fn with_pod(spec: Value) -> Value {
    let mut deployment = deployment("a", 0);
    deployment["spec"]["template"]["spec"] = spec;
    deployment
}

/// Names in a list of an answer.
fn names(answer: &Answer, pointer: &str) -> Vec<String> {
    let list = answer.at(pointer).as_array().unwrap();
    list.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

pub(super) const CASES: &[Case] = &[
    case!("applying makes what is not there", |r| {
        let r = r.alone();
        let made = r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(201);
        assert_eq!(made.at("/metadata/managedFields/0/operation"), "Apply");
        r.apply("deployments.apps/a?fieldManager=one", deployment("a", 0)).await.is(201);
        r.apply("services/a?fieldManager=one", service("a")).await.is(201);
    }),
    case!("applying the same twice changes nothing", |r| {
        let made = r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(201);
        let again =
            r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(200);
        assert_eq!(made.body, again.body);
    }),
    case!("applying less removes what the manager owned alone", |r| {
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v", "l": "w"}))).await.is(201);
        let less = r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"l": "w"}))).await.is(200);
        assert_eq!(less.body["data"], json!({"l": "w"}));
        let none = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        let none = r.apply("configmaps/a?fieldManager=one", none).await.is(200);
        assert!(none.at("/data").is_null());
    }),
    case!("applying what another applied differently is a conflict", |r| {
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(201);
        let no = r.apply("configmaps/a?fieldManager=two", config_map("a", json!({"k": "w"}))).await.is(409);
        let no = no.says("Apply failed with 1 conflict: conflict with \"one\": .data.k");
        assert_eq!(no.at("/details/causes/0/reason"), "FieldManagerConflict");
    }),
    case!("conflicts with several managers and fields are all told", |r| {
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v", "l": "v"}))).await.is(201);
        r.apply("configmaps/a?fieldManager=two", config_map("a", json!({"m": "v", "l": "v"}))).await.is(200);
        r.merge("configmaps/a?fieldManager=three", json!({"data": {"n": "v"}})).await.is(200);
        let all = json!({"k": "w", "l": "w", "m": "w", "n": "w"});
        r.apply("configmaps/a?fieldManager=four", config_map("a", all)).await.is(409);
    }),
    case!("a conflict in a list is told by its key", |r| {
        let r = r.alone();
        r.apply("deployments.apps/a?fieldManager=one", deployment("a", 0)).await.is(201);
        let mut other = deployment("a", 3);
        other["spec"]["template"]["spec"]["containers"][0]["image"] = json!("example.com/a:2");
        r.apply("deployments.apps/a?fieldManager=two", other).await.is(409);
    }),
    case!("force takes the fields over", |r| {
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v", "l": "v"}))).await.is(201);
        let path = "configmaps/a?fieldManager=two&force=true";
        let forced = r.apply(path, config_map("a", json!({"k": "w"}))).await.is(200);
        assert_eq!(forced.body["data"], json!({"k": "w", "l": "v"}));
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"l": "v"}))).await.is(200);
    }),
    case!("what two managers apply alike both own", |r| {
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(201);
        r.apply("configmaps/a?fieldManager=two", config_map("a", json!({"k": "v"}))).await.is(200);
        let left = r.apply("configmaps/a?fieldManager=one", config_map("a", json!({}))).await.is(200);
        assert_eq!(left.at("/data/k"), "v");
        let gone = r.apply("configmaps/a?fieldManager=two", config_map("a", json!({}))).await.is(200);
        assert!(gone.at("/data/k").is_null());
    }),
    case!("an update takes an applied field away, and applying it again is a conflict", |r| {
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v", "l": "v"}))).await.is(201);
        r.merge("configmaps/a?fieldManager=two", json!({"data": {"k": "w"}})).await.is(200);
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v", "l": "v"}))).await.is(409);
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"l": "v"}))).await.is(200);
    }),
    case!("the same manager owns by apply and by update apart", |r| {
        r.post("configmaps?fieldManager=one", config_map("a", json!({"k": "v", "l": "v"}))).await.is(201);
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(200);
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "w"}))).await;
        r.apply("configmaps/a?fieldManager=one&force=true", config_map("a", json!({"k": "w"}))).await.is(200);
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({}))).await.is(200);
    }),
    case!("the containers of two managers are merged by name", |r| {
        let r = r.alone();
        let one = with_pod(
            json!({"containers": [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}]}),
        );
        r.apply("deployments.apps/a?fieldManager=one", one).await.is(201);
        let of_two = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": {"containers": [
            {"name": "b", "image": "b:1"},
            {"name": "a", "env": [{"name": "Y", "value": "2"}], "ports": [{"containerPort": 8080, "name": "http"}]},
        ]}}}});
        let both = r.apply("deployments.apps/a?fieldManager=two", of_two).await.is(200);
        r.note("containers", json!(names(&both, "/spec/template/spec/containers")));
        let none = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}});
        let left = r.apply("deployments.apps/a?fieldManager=two", none).await.is(200);
        assert_eq!(names(&left, "/spec/template/spec/containers"), ["a"]);
        assert_eq!(names(&left, "/spec/template/spec/containers/0/env"), ["X"]);
    }),
    case!("the order of a list is that of who applies it", |r| {
        let r = r.alone();
        let list = |names: &[&str]| {
            let of = |name: &&str| json!({"name": name, "image": "a:1"});
            with_pod(json!({"containers": names.iter().map(of).collect::<Vec<_>>()}))
        };
        r.apply("deployments.apps/a?fieldManager=one", list(&["a", "b", "c"])).await.is(201);
        let turned = r.apply("deployments.apps/a?fieldManager=one", list(&["c", "a", "b"])).await.is(200);
        assert_eq!(names(&turned, "/spec/template/spec/containers"), ["c", "a", "b"]);
        let between = r.apply("deployments.apps/a?fieldManager=one", list(&["c", "x", "b"])).await.is(200);
        assert_eq!(names(&between, "/spec/template/spec/containers"), ["c", "x", "b"]);
        let more = r
            .apply("deployments.apps/a?fieldManager=two&force=true", list(&["y", "b", "z", "c"]))
            .await
            .is(200);
        r.note("order", json!(names(&more, "/spec/template/spec/containers")));
    }),
    case!("volumes, mounts and environment are merged by their keys", |r| {
        let r = r.alone();
        let pod = json!({
            "containers": [{"name": "a", "image": "a:1", "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]}],
            "volumes": [{"name": "v", "emptyDir": {}}, {"name": "c", "configMap": {"name": "c"}}],
            "tolerations": [{"key": "k", "operator": "Exists"}],
            "imagePullSecrets": [{"name": "s"}], "hostAliases": [{"ip": "10.1.1.1", "hostnames": ["h"]}],
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
        });
        r.apply("deployments.apps/a?fieldManager=one", with_pod(pod.clone())).await.is(201);
        let mut other = pod;
        other["volumes"] = json!([{"name": "d", "emptyDir": {"medium": "Memory"}}]);
        other["tolerations"] = json!([{"key": "l", "operator": "Exists"}]);
        r.apply("deployments.apps/a?fieldManager=two", with_pod(other.clone())).await.is(409);
        r.apply("deployments.apps/a?fieldManager=two&force=true", with_pod(other)).await.is(200);
    }),
    case!("the ports of a service are merged by port and protocol", |r| {
        let with = |ports: Value| {
            let mut service = service("a");
            service["spec"]["ports"] = ports;
            service
        };
        let one = with(json!([{"name": "x", "port": 80, "protocol": "TCP"}]));
        r.apply("services/a?fieldManager=one", one).await.is(201);
        let two = with(json!([{"name": "y", "port": 80, "protocol": "UDP"}, {"name": "z", "port": 81}]));
        let both = r.apply("services/a?fieldManager=two", two).await.is(200);
        r.note("ports", json!(names(&both, "/spec/ports")));
        let renamed = with(json!([{"name": "w", "port": 80}]));
        r.apply("services/a?fieldManager=two", renamed).await.is(409);
        let left = with(json!([{"name": "y", "port": 80, "protocol": "UDP"}]));
        r.apply("services/a?fieldManager=two", left).await.is(200);
    }),
    case!("a service that is applied again keeps its address and node port", |r| {
        let mut body = service("a");
        body["spec"]["type"] = json!("LoadBalancer");
        let made = r.apply("services/a?fieldManager=one", body.clone()).await.is(201);
        body["spec"]["ports"][0]["targetPort"] = json!("http");
        let again = r.apply("services/a?fieldManager=one", body).await.is(200);
        assert_eq!(made.at("/spec/ports/0/nodePort"), again.at("/spec/ports/0/nodePort"));
        assert_eq!(made.at("/spec/clusterIP"), again.at("/spec/clusterIP"));
    }),
    case!("atomic lists and maps belong to one manager", |r| {
        let r = r.alone();
        let pod = |args: Value, selector: Value| {
            with_pod(
                json!({"containers": [{"name": "a", "image": "a:1", "args": args}], "nodeSelector": selector}),
            )
        };
        r.apply("deployments.apps/a?fieldManager=one", pod(json!(["x"]), json!({"k": "v"}))).await.is(201);
        r.apply("deployments.apps/a?fieldManager=two", pod(json!(["x", "y"]), json!({"l": "w"})))
            .await
            .is(409);
        let path = "deployments.apps/a?fieldManager=two&force=true";
        let forced = r.apply(path, pod(json!(["y"]), json!({"l": "w"}))).await.is(200);
        assert_eq!(forced.at("/spec/template/spec/containers/0/args"), &json!(["y"]));
        assert_eq!(forced.at("/spec/template/spec/nodeSelector"), &json!({"l": "w"}));
    }),
    case!("finalizers and owners are sets that managers share", |r| {
        let mut owners = Vec::new();
        for name in ["x", "y"] {
            owners.push((name, r.post("configmaps", config_map(name, json!({}))).await.is(201).uid()));
        }
        let with = |finalizer: &str, owner: usize| {
            let (name, uid) = &owners[owner];
            let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid});
            json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "finalizers": [finalizer], "ownerReferences": [owner]}})
        };
        r.apply("configmaps/a?fieldManager=one", with("example.com/a", 0)).await.is(201);
        r.apply("configmaps/a?fieldManager=two", with("example.com/b", 1)).await.is(200);
        let bare = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}});
        let left = r.apply("configmaps/a?fieldManager=one", bare).await.is(200);
        assert_eq!(left.at("/metadata/finalizers"), &json!(["example.com/b"]));
        r.merge("configmaps/a", json!({"metadata": {"finalizers": null}})).await.is(200);
    }),
    case!("applying needs a manager, a kind and the right name", |r| {
        r.apply("configmaps/a", config_map("a", json!({}))).await.is(422);
        r.apply("configmaps/a?fieldManager=", config_map("a", json!({}))).await.is(422);
        r.apply("configmaps/a?fieldManager=one", json!({"metadata": {"name": "a"}})).await.is(400);
        r.apply("configmaps/a?fieldManager=one", json!({"apiVersion": "v1", "metadata": {"name": "a"}}))
            .await;
        r.apply("configmaps/a?fieldManager=one", config_map("b", json!({}))).await.is(400);
        let other = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
        r.apply("configmaps/a?fieldManager=one", other).await;
        let version = json!({"apiVersion": "v9", "kind": "ConfigMap", "metadata": {"name": "a"}});
        r.apply("configmaps/a?fieldManager=one", version).await;
        let nameless = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "v"}});
        r.apply("configmaps/nameless?fieldManager=one", nameless).await;
    }),
    case!("managed fields cannot be applied", |r| {
        let mut body = config_map("a", json!({"k": "v"}));
        body["metadata"]["managedFields"] =
            json!([{"manager": "x", "operation": "Apply", "apiVersion": "v1"}]);
        r.apply("configmaps/a?fieldManager=one", body.clone()).await.is(400);
        body["metadata"]["managedFields"] = json!([]);
        r.apply("configmaps/a?fieldManager=one", body).await;
    }),
    case!("a body that is no object cannot be applied", |r| {
        let ask = |text: &str| {
            Ask::new("PATCH", "configmaps/a?fieldManager=one").text("application/apply-patch+yaml", text)
        };
        r.ask(ask("")).await;
        r.ask(ask("[]")).await;
        r.ask(ask("a: b: c")).await;
        r.ask(ask("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n")).await.is(201);
    }),
    case!("what does not fit the schema cannot be applied", |r| {
        let r = r.alone();
        let mut wrong = deployment("a", 0);
        wrong["spec"]["replicas"] = json!("two");
        r.apply("deployments.apps/a?fieldManager=one", wrong).await;
        let mut unknown = deployment("a", 0);
        unknown["spec"]["replics"] = json!(2);
        r.apply("deployments.apps/a?fieldManager=one", unknown.clone()).await;
        r.apply("deployments.apps/a?fieldManager=one&fieldValidation=Strict", unknown.clone()).await;
        r.apply("deployments.apps/b?fieldManager=one&fieldValidation=Ignore", unknown).await;
        let twice =
            with_pod(json!({"containers": [{"name": "a", "image": "a:1"}, {"name": "a", "image": "a:2"}]}));
        r.apply("deployments.apps/c?fieldManager=one", twice).await;
        let keyless = with_pod(json!({"containers": [{"image": "a:1"}]}));
        r.apply("deployments.apps/d?fieldManager=one", keyless).await;
    }),
    case!("an object that is applied is validated", |r| {
        let r = r.alone();
        let mut wrong = deployment("a", 0);
        wrong["spec"]["selector"] = json!({"matchLabels": {"app": "b"}});
        r.apply("deployments.apps/a?fieldManager=one", wrong).await.is(422);
        r.apply("configmaps/Upper?fieldManager=one", config_map("Upper", json!({}))).await.is(422);
    }),
    case!("applying with a version is a precondition", |r| {
        let mut body = config_map("a", json!({"k": "v"}));
        body["metadata"]["resourceVersion"] = json!("1");
        // Of what is not there it is none.
        r.apply("configmaps/a?fieldManager=one", body.clone()).await.is(201);
        r.apply("configmaps/a?fieldManager=one", body).await.is(409);
        let uid = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "uid": "11111111-1111-4111-8111-111111111111"}});
        r.apply("configmaps/a?fieldManager=one", uid.clone()).await;
        r.apply("configmaps/none?fieldManager=one", uid).await;
    }),
    case!("a dry run of applying leaves nothing", |r| {
        r.apply("configmaps/a?fieldManager=one&dryRun=All", config_map("a", json!({"k": "v"}))).await.is(201);
        r.get("configmaps/a").await.is(404);
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(201);
        let path = "configmaps/a?fieldManager=two&dryRun=All&force=true";
        r.apply(path, config_map("a", json!({"k": "w"}))).await.is(200);
        assert_eq!(r.get("configmaps/a").await.at("/data/k"), "v");
    }),
    case!("the status is applied apart", |r| {
        let mut body = deployment("a", 0);
        body["spec"]["paused"] = json!(true);
        r.apply("deployments.apps/a?fieldManager=one", body).await.is(201);
        r.until("deployments.apps/a", |a| a.at("/status/observedGeneration") == 1).await;
        let status = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
            "spec": {"paused": false}, "status": {"collisionCount": 4,
            "conditions": [{"type": "Mine", "status": "True", "reason": "Because", "message": "so"}]}});
        let applied = r.apply("deployments.apps/a/status?fieldManager=two", status).await.is(200);
        assert_eq!(applied.at("/status/collisionCount"), 4);
        assert_eq!(applied.at("/spec/paused"), true);
        let missing = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "none"}, "status": {}});
        r.apply("deployments.apps/none/status?fieldManager=two", missing).await.is(404);
    }),
    case!("labels and annotations are merged key by key", |r| {
        let with = |labels: Value, annotations: Value| {
            json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "labels": labels, "annotations": annotations}})
        };
        r.apply("configmaps/a?fieldManager=one", with(json!({"a": "1"}), json!({"x/y": "1"}))).await.is(201);
        r.apply("configmaps/a?fieldManager=two", with(json!({"b": "1"}), json!({"x/z": "1"}))).await.is(200);
        let left = r.apply("configmaps/a?fieldManager=one", with(json!({"c": "1"}), json!({}))).await.is(200);
        assert_eq!(left.at("/metadata/labels"), &json!({"b": "1", "c": "1"}));
        r.apply("configmaps/a?fieldManager=one", with(json!(null), json!(null))).await.is(200);
    }),
    case!("null in what is applied is owned like a value", |r| {
        let r = r.alone();
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": "v"}))).await.is(201);
        r.apply("configmaps/a?fieldManager=one", config_map("a", json!({"k": null}))).await;
        let mut body = deployment("a", 0);
        body["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "X", "value": null}]);
        body["spec"]["template"]["metadata"]["annotations"] = json!(null);
        body["spec"]["template"]["spec"]["nodeSelector"] = json!({});
        body["spec"]["template"]["spec"]["tolerations"] = json!([]);
        r.apply("deployments.apps/a?fieldManager=one", body).await;
    }),
    case!("many managers' updates are kept apart by what they write", |r| {
        r.apply("configmaps/a?fieldManager=owner", config_map("a", json!({"k": "v"}))).await.is(201);
        for number in 0..12 {
            let patch = json!({"data": {format!("k{number}"): "v"}});
            // Those of one second are in the order of their names.
            r.merge(&format!("configmaps/a?fieldManager=m{number:02}"), patch).await.is(200);
        }
    }),
    case!("a horizontal autoscaler and a disruption budget are applied", |r| {
        let hpa = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "a"},
            "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"}, "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]}});
        r.apply("horizontalpodautoscalers.autoscaling/a?fieldManager=one", hpa).await.is(201);
        let pdb = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "a"},
            "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "none"}}}});
        r.apply("poddisruptionbudgets.policy/a?fieldManager=one", pdb).await.is(201);
    }),
];
