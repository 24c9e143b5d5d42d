//! What KWOK is told: how nodes and pods come up, what a pod's log is, and what it may leave alone.

use super::parts::Parts;
use super::{Result, While};
use serde_json::{Value, json};
use std::path::Path;

/// How much one simulated node holds.
#[derive(Debug, Clone)]
pub struct NodeSize {
    /// Processors, as a Kubernetes quantity.
    pub cpu: String,
    /// Memory, as a Kubernetes quantity.
    pub memory: String,
    /// How many pods.
    pub pods: usize,
}

impl Default for NodeSize {
    fn default() -> Self {
        Self { cpu: "32".to_owned(), memory: "128Gi".to_owned(), pods: 110 }
    }
}

/// The kinds that KWOK reads from the API server, so that a test can say them of one pod.
pub(super) const KINDS: &str = "Logs,PortForward";

/// The definitions of those kinds.
pub(super) fn crds(parts: &Parts) -> Result<Vec<String>> {
    ["logs", "portforwards"]
        .iter()
        .map(|plural| parts.text("kwok", &format!("kustomize/crd/bases/kwok.x-k8s.io_{plural}.yaml")))
        .collect()
}

/// Writes the configuration file.
pub(super) fn write_config(file: &Path, parts: &Parts, log: &Path, previous: &Path) -> Result<()> {
    let mut documents = Vec::new();
    for stage in [
        "node/fast/node-initialize",
        "node/heartbeat/node-heartbeat",
        "pod/fast/pod-ready",
        "pod/fast/pod-complete",
        "pod/fast/pod-delete",
    ] {
        documents.push(parts.text("kwok", &format!("kustomize/stage/{stage}.yaml"))?);
    }
    documents.push(
        json!({
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterLogs",
            "metadata": {"name": "all-pods"},
            "spec": {"logs": [{"logsFile": log, "previousLogsFile": previous, "follow": true}]},
        })
        .to_string(),
    );
    std::fs::write(file, documents.join("\n---\n")).while_doing(format_args!("writing {}", file.display()))
}

/// A node that KWOK brings to life.
pub(super) fn node(name: &str, size: &NodeSize) -> Value {
    let room = json!({"cpu": size.cpu, "memory": size.memory, "pods": size.pods.to_string()});
    json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "node.kubernetes.io/instance-type": "simulated",
                "topology.kubernetes.io/zone": "zone-a",
            },
        },
        "status": {"allocatable": room, "capacity": room},
    })
}
