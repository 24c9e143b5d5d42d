//! What controllers make of objects.

use serde_json::{Value, json};

use super::objects::{deployment, pending_pod, service};
use crate::demo::answer::Answer;
use crate::demo::run::Run;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn controllers_act_alike() {
    check("workload", CASES).await;
}

/// A rollout is complete, and its status is of this generation.
fn complete(replicas: u64) -> impl Fn(&Answer) -> bool {
    move |answer| {
        let status = answer.at("/status");
        let count = |key: &str| status[key].as_u64().unwrap_or_default();
        status["observedGeneration"] == *answer.at("/metadata/generation")
            && ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas"]
                .iter()
                .all(|key| count(key) == replicas)
            && condition(answer, "Available")["status"] == "True"
            && (replicas == 0 || condition(answer, "Progressing")["reason"] == "NewReplicaSetAvailable")
    }
}

/// A condition by its type.
fn condition<'a>(answer: &'a Answer, kind: &str) -> &'a Value {
    let conditions = answer.at("/status/conditions").as_array();
    conditions.and_then(|all| all.iter().find(|c| c["type"] == kind)).unwrap_or(&Value::Null)
}

/// Makes a deployment and waits until it runs.
async fn rolled_out(r: &Run, name: &str, replicas: u32) {
    r.post("deployments.apps", deployment(name, replicas)).await.is(201);
    r.until(&format!("deployments.apps/{name}"), complete(replicas.into())).await;
}

/// Reason, type, message, count and source of the events of one object, sorted.
async fn events(r: &Run, kind: &str, at_least: usize) -> Vec<Value> {
    // Of kubelets, too, there are events, but not with KWOK.
    let path = format!("events?fieldSelector=involvedObject.kind%3D{kind},source!%3Dkubelet");
    let list = r.until(&path, |list| list.items().len() >= at_least).await;
    let of = |e: &Value| {
        json!([e["type"], e["reason"], e["message"], e["source"], e["count"], e["reportingComponent"]])
    };
    let mut all: Vec<Value> = list.items().iter().map(of).collect();
    all.sort_by_key(Value::to_string);
    // The scheduler may have tried again.
    all.dedup();
    all
}

pub(super) const CASES: &[Case] = &[
    case!("a deployment makes a replica set, which makes pods", |r| {
        rolled_out(&r, "a", 2).await;
        r.get("deployments.apps/a").await.is(200);
        let sets = r.get_when("replicasets.apps", |l| l.at("/items/0/status/availableReplicas") == 2).await;
        assert_eq!(
            sets.at("/items/0/metadata/ownerReferences/0/uid"),
            &json!(r.look("deployments.apps/a").await.uid())
        );
        let pods = r.look("pods").await;
        assert_eq!(pods.items().len(), 2);
        let start = format!("{}-", sets.text("/items/0/metadata/name"));
        assert!(pods.names().iter().all(|name| name.starts_with(&start)), "{:?}", pods.names());
        r.note("a pod's metadata", pods.at("/items/0/metadata").clone());
        r.note("a pod's spec", pods.at("/items/0/spec").clone());
    }),
    case!("a running pod says what it is", |r| {
        let mut pod = pending_pod("a");
        pod["spec"].as_object_mut().unwrap().remove("nodeSelector");
        r.post("pods", pod).await.is(201);
        let running = r.until("pods/a", |p| condition(p, "Ready")["status"] == "True").await;
        let status = running.at("/status");
        // More than these a kubelet says, and KWOK does not.
        for kind in ["PodScheduled", "Initialized", "ContainersReady", "Ready"] {
            r.note(kind, condition(&running, kind)["status"].clone());
        }
        r.note("phase", json!([status["phase"], status["qosClass"]]));
        let container = &status["containerStatuses"][0];
        r.note(
            "container",
            json!([container["name"], container["image"], container["ready"], container["restartCount"]]),
        );
        assert!(status["podIP"].is_string() && status["podIPs"][0]["ip"] == status["podIP"]);
        assert!(container["state"]["running"]["startedAt"].is_string());
    }),
    case!("a deployment that is changed rolls over to a new replica set", |r| {
        rolled_out(&r, "a", 3).await;
        let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/a:2"}]);
        r.json_patch("deployments.apps/a", image).await.is(200);
        let sets_done = |list: &Answer| {
            list.items().len() == 2 && list.items().iter().any(|s| s["status"]["replicas"] == 0)
        };
        r.until("deployments.apps/a", complete(3)).await;
        let sets = r.until("replicasets.apps", sets_done).await;
        let mut of: Vec<Value> = sets
            .items()
            .iter()
            .map(|s| {
                json!([
                    s["metadata"]["annotations"],
                    s["spec"]["replicas"],
                    s["status"]["replicas"],
                    s["spec"]["template"]["spec"]["containers"][0]["image"]
                ])
            })
            .collect();
        of.sort_by_key(Value::to_string);
        r.note("replica sets", json!(of));
        r.get("deployments.apps/a").await.is(200);
        assert_eq!(
            r.look("deployments.apps/a").await.at("/metadata/annotations/deployment.kubernetes.io~1revision"),
            "2"
        );
    }),
    case!("a rollout never has more or fewer pods than it may", |r| {
        let mut body = deployment("a", 4);
        body["spec"]["strategy"] = json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
        r.post("deployments.apps", body).await.is(201);
        let settled = r.until("deployments.apps/a", complete(4)).await;
        let path = format!(
            "deployments.apps?watch=1&fieldSelector=metadata.name%3Da&resourceVersion={}",
            settled.version()
        );
        let mut watch = r.peek(&path).await;
        let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/a:2"}]);
        r.json_patch("deployments.apps/a", image).await.is(200);
        loop {
            let event = watch.next().await.unwrap();
            let status = &event["object"]["status"];
            let count = |key: &str| status[key].as_u64().unwrap_or_default();
            assert!(count("replicas") <= 5 && count("availableReplicas") >= 4, "{status}");
            if status["observedGeneration"] == 2 && count("replicas") == 4 && count("updatedReplicas") == 4 {
                break;
            }
        }
        r.until("deployments.apps/a", complete(4)).await;
        r.get("deployments.apps/a").await.is(200);
    }),
    case!("a deployment is scaled up and down", |r| {
        rolled_out(&r, "a", 1).await;
        r.merge("deployments.apps/a/scale", json!({"spec": {"replicas": 3}})).await.is(200);
        r.until("deployments.apps/a", complete(3)).await;
        r.merge("deployments.apps/a", json!({"spec": {"replicas": 0}})).await.is(200);
        r.until("deployments.apps/a", complete(0)).await;
        r.until("pods", |pods| pods.items().is_empty()).await;
        let now = r.get("deployments.apps/a").await.is(200);
        assert!(now.at("/status/replicas").is_null());
        let mut all = events(&r, "Deployment", 3).await;
        all.sort_by_key(Value::to_string);
        r.note("events", json!(all));
    }),
    case!("going back to an earlier template takes its replica set up again", |r| {
        rolled_out(&r, "a", 1).await;
        let first = r.look("replicasets.apps").await.text("/items/0/metadata/name");
        let image = |tag: &str| json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": format!("example.com/a:{tag}")}]);
        r.json_patch("deployments.apps/a", image("2")).await.is(200);
        r.until("deployments.apps/a", complete(1)).await;
        r.json_patch("deployments.apps/a", image("1")).await.is(200);
        r.until("deployments.apps/a", complete(1)).await;
        let path = format!("replicasets.apps/{first}");
        let set = r.until(&path, |s| s.at("/status/availableReplicas") == 1).await;
        r.note("annotations", set.at("/metadata/annotations").clone());
        assert_eq!(set.at("/metadata/annotations/deployment.kubernetes.io~1revision"), "3");
    }),
    case!("a paused deployment makes nothing", |r| {
        let mut body = deployment("a", 1);
        body["spec"]["paused"] = json!(true);
        r.post("deployments.apps", body).await.is(201);
        let paused = r
            .until("deployments.apps/a", |a| {
                condition(a, "Progressing")["reason"] == "DeploymentPaused"
                    && a.at("/status/observedGeneration") == 1
            })
            .await;
        r.note("conditions", paused.at("/status/conditions").clone());
        assert!(r.get("replicasets.apps").await.items().is_empty());
        r.merge("deployments.apps/a", json!({"spec": {"paused": false}})).await.is(200);
        r.until("deployments.apps/a", complete(1)).await;
        r.get("deployments.apps/a").await.is(200);
    }),
    case!("a deployment that is recreated ends all pods first", |r| {
        let mut body = deployment("a", 2);
        body["spec"]["strategy"] = json!({"type": "Recreate"});
        r.post("deployments.apps", body).await.is(201);
        r.until("deployments.apps/a", complete(2)).await;
        let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.com/a:2"}]);
        r.json_patch("deployments.apps/a", image).await.is(200);
        r.until("deployments.apps/a", complete(2)).await;
        r.get("deployments.apps/a").await.is(200);
    }),
    case!("what a controller does is told in events", |r| {
        rolled_out(&r, "a", 1).await;
        r.note("of the deployment", json!(events(&r, "Deployment", 1).await));
        r.note("of the replica set", json!(events(&r, "ReplicaSet", 1).await));
        let scheduled = events(&r, "Pod", 1).await;
        let text = scheduled[0][2].as_str().unwrap();
        assert!(text.starts_with(&format!("Successfully assigned {}/a-", r.ns)), "{text}");
        r.note("of the pod", json!([scheduled[0][0], scheduled[0][1], scheduled[0][3], scheduled[0][5]]));
    }),
    case!("a whole event", |r| {
        r.post("deployments.apps", deployment("a", 1)).await.is(201);
        let path = "events?fieldSelector=involvedObject.kind%3DDeployment";
        r.get_when(path, |list| list.items().len() == 1).await;
    }),
    case!("a pod that wants too much waits, and says why", |r| {
        let mut pod = pending_pod("a");
        pod["spec"] = json!({"containers": [{"name": "a", "image": "a:1", "resources": {"requests": {"cpu": "1000"}}}]});
        r.post("pods", pod).await.is(201);
        let pending =
            r.get_when("pods/a", |p| condition(p, "PodScheduled")["reason"] == "Unschedulable").await;
        r.note("condition", condition(&pending, "PodScheduled").clone());
        r.note("events", json!(events(&r, "Pod", 1).await));
    }),
    case!("reasons of the scheduler are counted by node", |r| {
        let with = |spec: Value| json!({"metadata": {"generateName": "p-"}, "spec": spec});
        let one = json!([{"name": "a", "image": "a:1"}]);
        let much = |resource: &str| json!([{"name": "a", "image": "a:1", "resources": {"requests": {resource: "9000Gi"}}}]);
        for spec in [
            json!({"containers": one, "nodeSelector": {"no": "where"}}),
            json!({"containers": much("memory")}),
            json!({"containers": much("cpu"), "nodeSelector": {"kubernetes.io/hostname": "node-0"}}),
            json!({"containers": [{"name": "a", "image": "a:1", "resources": {"requests": {"cpu": "1000", "memory": "9000Gi"}}}]}),
            json!({"containers": one, "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"no": "where"}}, "topologyKey": "kubernetes.io/hostname"}]}}}),
            json!({"containers": one, "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["zone-z"]}]}]}}}}),
        ] {
            let name = r.post("pods", with(spec)).await.is(201).text("/metadata/name");
            let path = format!("pods/{name}");
            let pending = r.until(&path, |p| condition(p, "PodScheduled")["reason"] == "Unschedulable").await;
            r.note("condition", condition(&pending, "PodScheduled").clone());
        }
    }),
    case!("a deployment whose pods wait is not available", |r| {
        let mut body = deployment("a", 2);
        body["spec"]["template"]["spec"]["nodeSelector"] = json!({"no": "where"});
        r.post("deployments.apps", body).await.is(201);
        let waiting = |a: &Answer| {
            condition(a, "Available")["status"] == "False"
                && a.at("/status/unavailableReplicas") == 2
                && a.at("/status/updatedReplicas") == 2
                && condition(a, "Progressing")["reason"] == "ReplicaSetUpdated"
        };
        r.get_when("deployments.apps/a", waiting).await;
    }),
    case!("a deployment that makes no progress says so after its deadline", |r| {
        let mut body = deployment("a", 1);
        body["spec"]["template"]["spec"]["nodeSelector"] = json!({"no": "where"});
        body["spec"]["progressDeadlineSeconds"] = json!(2);
        r.post("deployments.apps", body).await.is(201);
        let late = |a: &Answer| condition(a, "Progressing")["reason"] == "ProgressDeadlineExceeded";
        r.get_when("deployments.apps/a", late).await;
    }),
    case!("a service gets the endpoints of its ready pods", |r| {
        let mut body = service("a");
        body["spec"]["ports"] = json!([{"name": "http", "port": 80, "targetPort": 8080}]);
        r.post("services", body).await.is(201);
        let empty = r.get_when("endpointslices.discovery", |list| list.items().len() == 1).await;
        assert!(empty.at("/items/0/endpoints/0").is_null());
        rolled_out(&r, "a", 1).await;
        let ready = |list: &Answer| list.at("/items/0/endpoints/0/conditions/ready") == &json!(true);
        let slices = r.get_when("endpointslices.discovery", ready).await;
        assert_eq!(slices.at("/items/0/ports/0/port"), 8080);
        r.merge("deployments.apps/a", json!({"spec": {"replicas": 0}})).await.is(200);
        r.until("endpointslices.discovery", |list| list.at("/items/0/endpoints/0").is_null()).await;
        r.delete("services/a").await.is(200);
        r.until("endpointslices.discovery", |list| list.items().is_empty()).await;
    }),
    case!("a disruption budget counts its pods", |r| {
        rolled_out(&r, "a", 3).await;
        let body = |name: &str, spec: Value| json!({"metadata": {"name": name}, "spec": spec});
        let selector = json!({"matchLabels": {"app": "a"}});
        let counted =
            |pdb: &Answer| pdb.at("/status/expectedPods") == 3 && pdb.at("/status/currentHealthy") == 3;
        r.post("poddisruptionbudgets.policy", body("a", json!({"minAvailable": 2, "selector": selector})))
            .await
            .is(201);
        r.get_when("poddisruptionbudgets.policy/a", counted).await;
        r.post(
            "poddisruptionbudgets.policy",
            body("b", json!({"maxUnavailable": "34%", "selector": selector})),
        )
        .await
        .is(201);
        let b = r.get_when("poddisruptionbudgets.policy/b", counted).await;
        r.note("allowed", b.at("/status/disruptionsAllowed").clone());
        r.post(
            "poddisruptionbudgets.policy",
            body("c", json!({"minAvailable": "100%", "selector": selector})),
        )
        .await
        .is(201);
        let c = r.get_when("poddisruptionbudgets.policy/c", counted).await;
        assert_eq!(c.at("/status/disruptionsAllowed"), 0);
    }),
    case!("an autoscaler without metrics says so", |r| {
        rolled_out(&r, "a", 1).await;
        let spec = json!({"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}, "minReplicas": 1, "maxReplicas": 3,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]});
        r.post("horizontalpodautoscalers.autoscaling", json!({"metadata": {"name": "a"}, "spec": spec}))
            .await
            .is(201);
    }),
    case!("a pod that is deleted is replaced", |r| {
        rolled_out(&r, "a", 1).await;
        let pods = r.look("pods").await;
        let (name, uid) = (pods.text("/items/0/metadata/name"), pods.text("/items/0/metadata/uid"));
        r.delete(&format!("pods/{name}")).await.is(200);
        let other = |list: &Answer| list.items().len() == 1 && list.text("/items/0/metadata/uid") != uid;
        r.until("pods", other).await;
        r.until("deployments.apps/a", complete(1)).await;
    }),
    case!("a daemon set runs on every node", |r| {
        let mut body = deployment("a", 1);
        body["kind"] = json!("DaemonSet");
        body["spec"].as_object_mut().unwrap().remove("replicas");
        r.post("daemonsets.apps", body).await.is(201);
        r.get_when("daemonsets.apps/a", |a| a.at("/status/numberAvailable") == 3).await;
    }),
    case!("old replica sets are kept up to the limit", |r| {
        let mut body = deployment("a", 1);
        body["spec"]["revisionHistoryLimit"] = json!(1);
        r.post("deployments.apps", body).await.is(201);
        r.until("deployments.apps/a", complete(1)).await;
        for tag in ["2", "3", "4"] {
            let image = json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": format!("example.com/a:{tag}")}]);
            r.json_patch("deployments.apps/a", image).await.is(200);
            r.until("deployments.apps/a", complete(1)).await;
        }
        let sets = r.until("replicasets.apps", |list| list.items().len() == 2).await;
        let mut revisions: Vec<&Value> = sets
            .items()
            .iter()
            .map(|s| &s["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
            .collect();
        revisions.sort_by_key(|r| r.to_string());
        assert_eq!(revisions, ["3", "4"]);
    }),
];
