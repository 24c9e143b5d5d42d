//! Pods, and nodes, in the states that people call about.

use super::objects::{apply, awaited, patch_status};
use super::{Cluster, NodeSize, Result, While, kwok};
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Client;
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};

/// The annotation of a pod (or of a template's pods, or of a node) whose status KWOK leaves alone: what a test patches
/// into it stays. Such a pod never becomes Running by itself, and when deleted it stays Terminating.
pub const UNMANAGED: (&str, &str) = ("egret.test/kubelet", "none");

impl Cluster {
    /// Makes a node that no kubelet speaks for, or changes what one is said to be: `ready` is `True`, `False` or
    /// `Unknown`, which is what the controller manager says of a node that it lost. It taints such a node within 5 s.
    /// About 50 s after `True` it loses the node by itself, and only then says of its pods that they are not ready.
    /// Bind pods to it by `spec.nodeName`.
    pub async fn node_without_kubelet(&self, client: &Client, name: &str, ready: &str) -> Result<Node> {
        let mut node = kwok::node(name, &NodeSize::default());
        node["metadata"]["annotations"] = json!({UNMANAGED.0: UNMANAGED.1});
        apply(client, node).await?;
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let reason = if ready == "Unknown" { "NodeStatusUnknown" } else { "KubeletReady" };
        let condition = json!({
            "type": "Ready", "status": ready, "reason": reason, "lastHeartbeatTime": now, "lastTransitionTime": now,
        });
        Ok(patch_status(&Api::all(client.clone()), name, &json!({"conditions": [condition]})).await)
    }
}

/// A state of a pod, by the word that kubectl has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Odd {
    /// `Completed`: all containers ended well.
    Completed,
    /// `Error`: the container ended badly and is not started again.
    Error,
    /// `CrashLoopBackOff`, after seven restarts; the last run ended with code 1.
    CrashLoopBackOff,
    /// `OOMKilled`, just now.
    OomKilled,
    /// `Init:CrashLoopBackOff`.
    InitCrashLoopBackOff,
    /// `Init:0/1`: the init container runs.
    Initialising,
    /// `ImagePullBackOff`.
    ImagePullBackOff,
    /// `ErrImagePull`.
    ErrImagePull,
    /// `CreateContainerConfigError`: a Secret is missing.
    CreateContainerConfigError,
    /// `ContainerCreating`.
    ContainerCreating,
    /// `Running`, 0/1: the readiness probe fails.
    NotReady,
    /// `Evicted`.
    Evicted,
    /// `Terminating`, and it stays so.
    Terminating,
    /// `Terminating` by a finalizer.
    TerminatingByFinalizer,
    /// `Unknown`: deleted while its node is lost.
    NodeLost,
    /// `Pending`: the scheduler finds no node for it, and says so itself.
    Unschedulable,
    /// `SchedulingGated`.
    SchedulingGated,
}

impl Odd {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Completed,
        Self::Error,
        Self::CrashLoopBackOff,
        Self::OomKilled,
        Self::InitCrashLoopBackOff,
        Self::Initialising,
        Self::ImagePullBackOff,
        Self::ErrImagePull,
        Self::CreateContainerConfigError,
        Self::ContainerCreating,
        Self::NotReady,
        Self::Evicted,
        Self::Terminating,
        Self::TerminatingByFinalizer,
        Self::NodeLost,
        Self::Unschedulable,
        Self::SchedulingGated,
    ];

    /// What kubectl prints in the column STATUS.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::Error => "Error",
            Self::CrashLoopBackOff => "CrashLoopBackOff",
            Self::OomKilled => "OOMKilled",
            Self::InitCrashLoopBackOff => "Init:CrashLoopBackOff",
            Self::Initialising => "Init:0/1",
            Self::ImagePullBackOff => "ImagePullBackOff",
            Self::ErrImagePull => "ErrImagePull",
            Self::CreateContainerConfigError => "CreateContainerConfigError",
            Self::ContainerCreating => "ContainerCreating",
            Self::NotReady => "Running",
            Self::Evicted => "Evicted",
            Self::Terminating | Self::TerminatingByFinalizer => "Terminating",
            Self::NodeLost => "Unknown",
            Self::Unschedulable => "Pending",
            Self::SchedulingGated => "SchedulingGated",
        }
    }

    /// The status of such a pod, to patch into one that KWOK leaves alone. `None`: the state is not made by a status.
    pub fn status(self) -> Option<Value> {
        let ended = |code: i32, reason: &str| {
            json!({"terminated": {
                "exitCode": code, "reason": reason, "startedAt": STARTED, "finishedAt": FINISHED,
            }})
        };
        let waiting =
            |reason: &str, message: &str| json!({"waiting": {"reason": reason, "message": message}});
        let running = json!({"running": {"startedAt": STARTED}});
        Some(match self {
            Self::Completed => whole("Succeeded", None, container(ended(0, "Completed"), 0, json!({}))),
            Self::Error => whole("Failed", None, container(ended(2, "Error"), 0, json!({}))),
            Self::CrashLoopBackOff => {
                let why = "back-off 5m0s restarting failed container=istio-proxy";
                whole("Running", None, container(waiting("CrashLoopBackOff", why), 7, ended(1, "Error")))
            }
            Self::OomKilled => whole("Running", None, container(ended(137, "OOMKilled"), 1, json!({}))),
            Self::InitCrashLoopBackOff => {
                let why = "back-off 5m0s restarting failed container=prepare";
                let init = container(waiting("CrashLoopBackOff", why), 4, ended(1, "Error"));
                whole("Pending", Some(init), container(waiting("PodInitializing", ""), 0, json!({})))
            }
            Self::Initialising => {
                let init = container(running, 0, json!({}));
                whole("Pending", Some(init), container(waiting("PodInitializing", ""), 0, json!({})))
            }
            Self::ImagePullBackOff => {
                let why = "Back-off pulling image \"auto\"";
                whole("Pending", None, container(waiting("ImagePullBackOff", why), 0, json!({})))
            }
            Self::ErrImagePull => {
                let why = "failed to pull and unpack image \"auto\": not found";
                whole("Pending", None, container(waiting("ErrImagePull", why), 0, json!({})))
            }
            Self::CreateContainerConfigError => {
                let why = "secret \"egress-certs\" not found";
                whole("Pending", None, container(waiting("CreateContainerConfigError", why), 0, json!({})))
            }
            Self::ContainerCreating => {
                whole("Pending", None, container(waiting("ContainerCreating", ""), 0, json!({})))
            }
            Self::NotReady | Self::Terminating | Self::TerminatingByFinalizer => {
                whole("Running", None, container(running, 0, json!({})))
            }
            Self::Evicted => json!({
                "phase": "Failed",
                "reason": "Evicted",
                "message": "The node was low on resource: memory.",
                "startTime": STARTED,
            }),
            Self::NodeLost => {
                let mut status = whole("Running", None, container(running, 0, json!({})));
                status["reason"] = json!("NodeLost");
                status["message"] = json!("Node node-0 which was running pod is unresponsive");
                status
            }
            Self::Unschedulable | Self::SchedulingGated => return None,
        })
    }

    fn has_init_container(self) -> bool {
        matches!(self, Self::InitCrashLoopBackOff | Self::Initialising)
    }
}

const STARTED: &str = "2026-01-01T00:00:00Z";
const FINISHED: &str = "2026-01-01T00:01:00Z";

fn container(state: Value, restarts: u32, last: Value) -> Value {
    json!({"state": state, "lastState": last, "restartCount": restarts, "ready": false, "image": IMAGE, "imageID": ""})
}

fn whole(phase: &str, init: Option<Value>, mut main: Value) -> Value {
    let initialised = if init.is_some() { "False" } else { "True" };
    let condition =
        |kind: &str, status: &str| json!({"type": kind, "status": status, "lastTransitionTime": STARTED});
    main["name"] = json!("istio-proxy");
    let mut status = json!({
        "phase": phase,
        "startTime": STARTED,
        "conditions": [
            condition("PodScheduled", "True"),
            condition("Initialized", initialised),
            condition("ContainersReady", "False"),
            condition("Ready", "False"),
        ],
        "containerStatuses": [main],
    });
    if let Some(mut init) = init {
        init["name"] = json!("prepare");
        status["initContainerStatuses"] = json!([init]);
    }
    status
}

const IMAGE: &str = "docker.io/istio/proxyv2:1.28.0";

/// Makes a pod with the container `istio-proxy` (and `prepare` where init containers matter) in that state, and waits
/// until the API server shows it. It has the label `app` of its name. [`super::delete_now`] takes it away.
pub async fn odd_pod(client: &Client, namespace: &str, name: &str, odd: Odd) -> Result<Pod> {
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let mut pod = json!({
        "metadata": {"name": name, "labels": {"app": name}, "annotations": {UNMANAGED.0: UNMANAGED.1}},
        "spec": {"containers": [{"name": "istio-proxy", "image": IMAGE}]},
    });
    match odd {
        Odd::Unschedulable => pod["spec"]["nodeSelector"] = json!({"egret.test/no-such": "node"}),
        Odd::SchedulingGated => pod["spec"]["schedulingGates"] = json!([{"name": "egret.test/gate"}]),
        // Bound here, not by the scheduler: nothing but the test has a say in it.
        _ => pod["spec"]["nodeName"] = json!("node-0"),
    }
    if odd.has_init_container() {
        pod["spec"]["initContainers"] = json!([{"name": "prepare", "image": IMAGE}]);
    }
    if odd == Odd::TerminatingByFinalizer {
        pod["metadata"]["finalizers"] = json!(["egret.test/stays"]);
    }
    let what = format!("making the pod {name}");
    let pod = serde_json::from_value(pod).while_doing(&what)?;
    let mut pod: Pod = api.create(&PostParams::default(), &pod).await.while_doing(&what)?;
    if let Some(status) = odd.status() {
        pod = patch_status(&api, name, &status).await;
    }
    match odd {
        Odd::Terminating | Odd::TerminatingByFinalizer | Odd::NodeLost => {
            api.delete(name, &DeleteParams::default()).await.while_doing(&what)?;
            awaited(api, name, |pod: &Pod| pod.metadata.deletion_timestamp.is_some()).await
        }
        Odd::Unschedulable | Odd::SchedulingGated => {
            let told = |pod: &Pod| {
                let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
                conditions
                    .is_some_and(|all| all.iter().any(|c| c.type_ == "PodScheduled" && c.status == "False"))
            };
            awaited(api, name, told).await
        }
        _ => Ok(pod),
    }
}
