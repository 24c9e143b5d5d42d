//! Pods: run, in odd states, and their logs.

use crate::support::plane::{
    self, Odd, UNMANAGED, delete_now, odd_pod, table, unique, wait_for, wait_until_gone,
};
use futures::{AsyncBufReadExt as _, TryStreamExt as _};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{Api, DeleteParams, ListParams, LogParams, PostParams};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn the_pods_of_a_deployment_run_and_go_with_it() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let ns = unique("deployed");
    cluster.namespace(&client, &ns).await.unwrap();
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), &ns);
    deployments.create(&PostParams::default(), &deployment("web", json!({}))).await.unwrap();
    wait_for(deployments.clone(), "web", |web| web.status.as_ref().and_then(|s| s.ready_replicas) == Some(2))
        .await;
    let pods = Api::<Pod>::namespaced(client.clone(), &ns).list(&ListParams::default()).await.unwrap().items;
    let names: Vec<_> = pods.iter().map(|pod| pod.metadata.name.as_deref().unwrap()).collect();
    let printed = table(&client, &format!("/api/v1/namespaces/{ns}/pods")).await.unwrap();
    assert_eq!(names.len(), 2);
    for name in &names {
        assert_eq!(printed.cell(name, "Status"), "Running");
        assert_eq!(printed.cell(name, "Ready"), "1/1");
    }
    deployments.delete("web", &DeleteParams::background()).await.unwrap();
    for name in names {
        wait_until_gone(Api::<Pod>::namespaced(client.clone(), &ns), name).await;
    }
}

#[tokio::test]
async fn the_pods_of_a_deployment_stay_as_they_are_patched_when_unmanaged() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let ns = unique("patched");
    cluster.namespace(&client, &ns).await.unwrap();
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), &ns);
    let unmanaged = deployment("web", json!({UNMANAGED.0: UNMANAGED.1}));
    deployments.create(&PostParams::default(), &unmanaged).await.unwrap();
    let both = |web: &Deployment| web.status.as_ref().and_then(|s| s.unavailable_replicas) == Some(2);
    wait_for(deployments.clone(), "web", both).await;
    let pods: Api<Pod> = Api::namespaced(client.clone(), &ns);
    let made = pods.list(&ListParams::default()).await.unwrap().items;
    let name = made[0].metadata.name.as_deref().unwrap();
    let scheduled = |pod: &Pod| pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
    wait_for(pods.clone(), name, scheduled).await;
    plane::patch_status(&pods, name, &Odd::CrashLoopBackOff.status().unwrap()).await;
    let printed = table(&client, &format!("/api/v1/namespaces/{ns}/pods")).await.unwrap();
    assert_eq!(printed.cell(name, "Status"), "CrashLoopBackOff");
}

#[tokio::test]
async fn the_table_of_the_api_server_has_kubectls_word_for_every_odd_state() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let ns = unique("odd");
    cluster.namespace(&client, &ns).await.unwrap();
    for (number, odd) in Odd::ALL.into_iter().enumerate() {
        odd_pod(&client, &ns, &format!("odd-{number}"), odd).await.unwrap();
    }
    let path = format!("/api/v1/namespaces/{ns}/pods");
    let printed = table(&client, &path).await.unwrap();
    for (number, odd) in Odd::ALL.into_iter().enumerate() {
        assert_eq!(printed.cell(&format!("odd-{number}"), "Status"), odd.word(), "{odd:?}");
    }
    let crashing = Odd::ALL.iter().position(|odd| *odd == Odd::CrashLoopBackOff).unwrap();
    let restarts = printed.cell(&format!("odd-{crashing}"), "Restarts");
    assert!(restarts.starts_with("7 (") && restarts.ends_with(" ago)"), "{restarts}");
    for number in 0..Odd::ALL.len() {
        delete_now(&Api::<Pod>::namespaced(client.clone(), &ns), &format!("odd-{number}")).await;
    }
    assert_eq!(table(&client, &path).await.unwrap().rows().count(), 0);
}

#[tokio::test]
async fn a_node_without_a_kubelet_is_lost_when_it_is_said_to_be() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let name = unique("mortal");
    let status = async || table(&client, "/api/v1/nodes").await.unwrap().cell(&name, "Status");
    cluster.node_without_kubelet(&client, &name, "True").await.unwrap();
    assert_eq!(status().await, "Ready");
    cluster.node_without_kubelet(&client, &name, "Unknown").await.unwrap();
    let nodes: Api<Node> = Api::all(client.clone());
    let unreachable = |node: &Node| {
        let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
        taints.is_some_and(|all| all.iter().any(|t| t.key == "node.kubernetes.io/unreachable"))
    };
    wait_for(nodes.clone(), &name, unreachable).await;
    assert_eq!(status().await, "NotReady");
    delete_now(&nodes, &name).await;
}

#[tokio::test]
async fn the_log_of_each_container_is_served_and_followed() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let ns = unique("logged");
    cluster.namespace(&client, &ns).await.unwrap();
    let pods: Api<Pod> = Api::namespaced(client.clone(), &ns);
    let container = |name: &str| json!({"name": name, "image": "none"});
    let pod =
        json!({"metadata": {"name": "pod"}, "spec": {"containers": [container("main"), container("side")]}});
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    let running = |pod: &Pod| pod.status.as_ref().is_some_and(|s| s.phase.as_deref() == Some("Running"));
    wait_for(pods.clone(), "pod", running).await;

    let everyones = unique("a line in the log of every pod");
    cluster.logs().line(&everyones).unwrap();
    let all = LogParams { container: Some("main".into()), ..LogParams::default() };
    assert!(pods.logs("pod", &all).await.unwrap().lines().any(|line| line == everyones));

    let logs = cluster.logs_of(&client, &ns, "pod", &["main", "side"]).await.unwrap();
    let [main, side] = &logs[..] else { panic!("two logs: {logs:?}") };
    main.line_at("2026-01-02T03:04:05Z", "first").unwrap();
    main.line_at("2026-01-02T03:04:06Z", "second").unwrap();
    side.line("beside").unwrap();
    main.previous("before the restart").unwrap();
    let of = |container: &str| LogParams { container: Some(container.into()), ..LogParams::default() };
    let read = async |params: LogParams| pods.logs("pod", &params).await.unwrap();
    assert_eq!(read(of("main")).await, "first\nsecond\n");
    assert_eq!(read(of("side")).await, "beside\n");
    assert_eq!(read(LogParams { tail_lines: Some(1), ..of("main") }).await, "second\n");
    assert_eq!(read(LogParams { previous: true, ..of("main") }).await, "before the restart\n");
    let with_times = read(LogParams { timestamps: true, ..of("main") }).await;
    assert!(with_times.starts_with("2026-01-02T03:04:05.000000000Z first\n"), "{with_times}");

    let follow = LogParams { follow: true, tail_lines: Some(1), ..of("main") };
    let mut lines = pods.log_stream("pod", &follow).await.unwrap().lines();
    let mut next =
        async || tokio::time::timeout(Duration::from_secs(30), lines.try_next()).await.unwrap().unwrap();
    assert_eq!(next().await.as_deref(), Some("second"));
    main.line("third").unwrap();
    assert_eq!(next().await.as_deref(), Some("third"));
}

fn deployment(name: &str, annotations: Value) -> Deployment {
    let labels = json!({"app": name});
    let pod = json!({
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"containers": [{"name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.28.0"}]},
    });
    let deployment = json!({
        "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
    });
    serde_json::from_value(deployment).unwrap()
}
