//! The tables of egret say what the API server's own tables say, cell by cell.

use std::sync::Arc;

use egret::model::columns::columns;
use egret::model::snapshot::Snapshot;
use egret::model::table::{Item, Subject, TableKind};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::Client;
use kube::api::{Api, DeleteParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::support::SOON;
use super::support::view::View;
use crate::support::plane::{
    self, Odd, Table, UNMANAGED, delete_now, odd_pod, patch_status, table, unique, wait_for,
};

#[tokio::test]
async fn pods_look_as_the_api_server_prints_them_in_every_odd_state() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let ns = unique("oracle");
    cluster.namespace(&client, &ns).await.unwrap();
    let api: Api<Pod> = Api::namespaced(client.clone(), &ns);
    let mut names = Vec::new();
    for (number, odd) in Odd::ALL.into_iter().enumerate() {
        let name = format!("odd-{number}-{}", format!("{odd:?}").to_lowercase());
        odd_pod(&client, &ns, &name, odd).await.unwrap();
        names.push(name);
    }
    for (name, spec, status) in odder() {
        names.push(odder_pod(&api, name, &spec, &status).await);
    }
    names.push(running(&api).await);

    let mut view = View::open(cluster.kubeconfig(), &[&ns]);
    let path = format!("/api/v1/namespaces/{ns}/pods");
    let last = api.get("running").await.unwrap().metadata.resource_version.unwrap();
    let there = |s: &Snapshot| {
        s.complete()
            && s.pods.len() == names.len()
            && s.pods.iter().any(|p| *p.meta.resource_version == *last)
    };
    let snapshot = view.until(0, "all pods", SOON, there).await;
    let pairs = [
        ("ready", "Ready"),
        ("status", "Status"),
        ("restarts", "Restarts"),
        ("age", "Age"),
        ("ip", "IP"),
        ("node", "Node"),
    ];
    let items: Vec<Item> = snapshot.pods.iter().map(|p| item(&snapshot, Subject::Pod(p.clone()))).collect();
    assert_same(&client, &path, TableKind::Pods, &items, &pairs).await;
    for name in &names {
        delete_now(&api, name).await;
    }
}

#[tokio::test]
async fn services_look_as_the_api_server_prints_them_whatever_their_type() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let ns = unique("oracle");
    cluster.namespace(&client, &ns).await.unwrap();
    let api: Api<Service> = Api::namespaced(client.clone(), &ns);
    for (name, spec, balanced) in services() {
        let service = json!({"metadata": {"name": name}, "spec": spec});
        api.create(&PostParams::default(), &serde_json::from_value(service).unwrap()).await.unwrap();
        if !balanced.is_null() {
            patch_status(&api, name, &json!({"loadBalancer": {"ingress": balanced}})).await;
        }
    }
    let mut view = View::open(cluster.kubeconfig(), &[&ns]);
    let snapshot = view.complete(0).await;
    assert_eq!(snapshot.services.len(), services().len());
    let pairs = [
        ("type", "Type"),
        ("cluster-ip", "Cluster-IP"),
        ("external-ip", "External-IP"),
        ("ports", "Port(s)"),
        ("age", "Age"),
        ("selector", "Selector"),
    ];
    let items: Vec<Item> =
        snapshot.services.iter().map(|s| item(&snapshot, Subject::Service(s.clone()))).collect();
    let path = format!("/api/v1/namespaces/{ns}/services");
    assert_same(&client, &path, TableKind::Services, &items, &pairs).await;
}

fn item(snapshot: &Arc<Snapshot>, subject: Subject) -> Item {
    Item { cluster: snapshot.cluster.clone(), stale: false, subject, live: None, beside: None }
}

/// Compares cell by cell. The server prints ages of its own moment, which lies between our asking and its answer: a
/// cell may be that of any second of them.
async fn assert_same(client: &Client, path: &str, kind: TableKind, items: &[Item], pairs: &[(&str, &str)]) {
    let before = Timestamp::now();
    let printed: Table = table(client, path).await.unwrap();
    let after = Timestamp::now();
    let rows: Vec<&str> = printed.rows().map(|(_, name)| name).collect();
    let ours: Vec<String> = items.iter().map(|i| i.id().name.to_string()).collect();
    assert_eq!(ours, rows);
    let mut wrong = Vec::new();
    for item in items {
        for (id, title) in pairs {
            let column = columns(kind).iter().find(|c| c.id == *id).unwrap();
            let name = item.id().name;
            let theirs = printed.cell(&name, title);
            let mut moment = before;
            let mut said = Vec::new();
            while moment <= after + SignedDuration::from_secs(1) {
                said.push(column.cell(item, moment).text.into_owned());
                moment += SignedDuration::from_millis(250);
            }
            if !said.contains(&theirs) {
                wrong.push(format!("{name} {title}: {theirs:?}, not {:?}", said[0]));
            }
        }
    }
    assert!(wrong.is_empty(), "the API server says\n{}", wrong.join("\n"));
}

fn services() -> Vec<(&'static str, Value, Value)> {
    let port = |port: u16| json!({"name": format!("p{port}"), "port": port});
    vec![
        (
            "plain",
            json!({"ports": [port(80), port(443)], "selector": {"app": "x", "istio": "egress"}}),
            Value::Null,
        ),
        ("headless", json!({"clusterIP": "None", "ports": [port(80)]}), Value::Null),
        ("headless-without-ports", json!({"clusterIP": "None", "selector": {"app": "x"}}), Value::Null),
        ("node-port", json!({"type": "NodePort", "ports": [port(80)]}), Value::Null),
        ("pending", json!({"type": "LoadBalancer", "ports": [port(80)]}), Value::Null),
        (
            "balanced",
            json!({"type": "LoadBalancer", "ports": [port(15021), port(443)]}),
            json!([{"ip": "203.0.113.9"}, {"ip": "203.0.113.10"}, {"hostname": "lb.example.com"}]),
        ),
        (
            "balanced-twice",
            json!({"type": "LoadBalancer", "ports": [port(1)], "externalIPs": ["198.51.100.7"]}),
            json!([{"ip": "203.0.113.9"}, {"ip": "203.0.113.9"}]),
        ),
        (
            "external-addresses",
            json!({"ports": [port(80)], "externalIPs": ["198.51.100.8", "198.51.100.7"]}),
            Value::Null,
        ),
        (
            "pending-with-external",
            json!({"type": "LoadBalancer", "ports": [port(80)], "externalIPs": ["198.51.100.8"]}),
            Value::Null,
        ),
        ("external-name", json!({"type": "ExternalName", "externalName": "example.com"}), Value::Null),
        (
            "without-node-ports",
            json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": false, "ports": [port(80)]}),
            Value::Null,
        ),
        (
            "udp",
            json!({"ports": [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "sctp", "port": 54, "protocol": "SCTP"}]}),
            Value::Null,
        ),
    ]
}

const STARTED: &str = "2026-01-01T00:00:00Z";

/// States beside those of [`Odd`]: name, spec, status.
fn odder() -> Vec<(&'static str, Value, Value)> {
    let image = "docker.io/istio/proxyv2:1.28.0";
    let of = |name: &str| json!({"name": name, "image": image});
    let sidecar = json!({"name": "side", "image": image, "restartPolicy": "Always"});
    let status = |name: &str, state: Value, restarts: u32, ready: bool, last: Value, started: bool| {
        json!({
            "name": name, "state": state, "lastState": last, "restartCount": restarts, "ready": ready,
            "started": started, "image": image, "imageID": "",
        })
    };
    let running = json!({"running": {"startedAt": STARTED}});
    let ended = |code: i32, signal: i32, reason: &str, at: &str| json!({"terminated": {"exitCode": code, "signal": signal, "reason": reason, "startedAt": STARTED, "finishedAt": at}});
    let waiting = |reason: &str| json!({"waiting": {"reason": reason}});
    let condition =
        |kind: &str, status: &str| json!({"type": kind, "status": status, "lastTransitionTime": STARTED});
    let none = json!({});
    let at = "2026-01-02T00:00:00Z";
    vec![
        (
            "two-of-which-one-completed",
            json!({"containers": [of("a"), of("b")]}),
            json!({"phase": "Running", "conditions": [condition("Ready", "False")], "containerStatuses": [
                status("a", ended(0, 0, "Completed", at), 0, false, none.clone(), false),
                status("b", running.clone(), 2, true, ended(1, 0, "Error", at), true),
            ]}),
        ),
        (
            "two-of-which-one-completed-ready",
            json!({"containers": [of("a"), of("b")]}),
            json!({"phase": "Running", "conditions": [condition("Ready", "True")], "containerStatuses": [
                status("a", ended(0, 0, "Completed", at), 0, false, none.clone(), false),
                status("b", running.clone(), 0, true, none.clone(), true),
            ]}),
        ),
        (
            "sidecar-that-restarted",
            json!({"initContainers": [sidecar, of("init")], "containers": [of("a")]}),
            json!({"phase": "Running", "conditions": [condition("Ready", "True"), condition("Initialized", "True")],
                "initContainerStatuses": [
                    status("side", running.clone(), 3, true, ended(1, 0, "Error", at), true),
                    status("init", ended(0, 0, "Completed", STARTED), 5, true, ended(1, 0, "Error", "2026-01-03T00:00:00Z"), false),
                ],
                "containerStatuses": [status("a", running.clone(), 1, true, ended(1, 0, "Error", STARTED), true)]}),
        ),
        (
            "sidecar-not-started",
            json!({"initContainers": [sidecar], "containers": [of("a")]}),
            json!({"phase": "Pending", "conditions": [condition("Initialized", "False")],
                "initContainerStatuses": [status("side", running.clone(), 0, false, none.clone(), false)],
                "containerStatuses": [status("a", waiting("PodInitializing"), 0, false, none.clone(), false)]}),
        ),
        (
            "sidecar-crashes-after-start",
            json!({"initContainers": [sidecar], "containers": [of("a")]}),
            json!({"phase": "Running", "conditions": [condition("Initialized", "True")],
                "initContainerStatuses": [status("side", waiting("CrashLoopBackOff"), 9, false, ended(2, 0, "Error", at), false)],
                "containerStatuses": [status("a", running.clone(), 4, true, ended(2, 0, "Error", STARTED), true)]}),
        ),
        (
            "init-by-signal",
            json!({"initContainers": [of("init")], "containers": [of("a")]}),
            json!({"phase": "Pending", "initContainerStatuses": [status("init", ended(137, 9, "", at), 1, false, none.clone(), false)]}),
        ),
        (
            "init-by-code",
            json!({"initContainers": [of("init")], "containers": [of("a")]}),
            json!({"phase": "Failed", "initContainerStatuses": [status("init", ended(3, 0, "", at), 1, false, none.clone(), false)]}),
        ),
        (
            "main-by-signal",
            json!({"containers": [of("a")]}),
            json!({"phase": "Failed", "containerStatuses": [status("a", ended(0, 15, "", at), 0, false, none.clone(), false)]}),
        ),
        (
            "main-by-code",
            json!({"containers": [of("a"), of("b")]}),
            json!({"phase": "Running", "containerStatuses": [
                status("a", ended(4, 0, "", at), 0, false, none.clone(), false),
                status("b", waiting("CrashLoopBackOff"), 1, false, ended(9, 0, "", at), false),
            ]}),
        ),
        (
            "succeeded-and-deleted",
            json!({"containers": [of("a")]}),
            json!({"phase": "Succeeded", "containerStatuses": [status("a", ended(0, 0, "Completed", at), 0, false, none.clone(), false)]}),
        ),
        ("no-status-at-all", json!({"containers": [of("a")]}), json!({})),
        (
            "reason-of-the-pod",
            json!({"containers": [of("a")]}),
            json!({"phase": "Failed", "reason": "UnexpectedAdmissionError"}),
        ),
    ]
}

async fn odder_pod(api: &Api<Pod>, name: &str, spec: &Value, status: &Value) -> String {
    let mut pod =
        json!({"metadata": {"name": name, "annotations": {UNMANAGED.0: UNMANAGED.1}}, "spec": spec});
    pod["spec"]["nodeName"] = json!("node-0");
    let deleted = name.ends_with("-deleted");
    if deleted {
        pod["metadata"]["finalizers"] = json!(["egret.test/stays"]);
    }
    api.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let patch = Patch::Merge(json!({"status": status}));
    api.patch_status(name, &PatchParams::default(), &patch).await.unwrap();
    if deleted {
        api.delete(name, &DeleteParams::default()).await.unwrap();
    }
    name.to_owned()
}

/// A pod that KWOK runs, with its address; the last one made.
async fn running(api: &Api<Pod>) -> String {
    let pod =
        json!({"metadata": {"name": "running"}, "spec": {"containers": [{"name": "a", "image": "none"}]}});
    api.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    wait_for(api.clone(), "running", |pod: &Pod| {
        pod.status.as_ref().is_some_and(|s| s.phase.as_deref() == Some("Running") && s.pod_ip.is_some())
    })
    .await;
    "running".to_owned()
}
