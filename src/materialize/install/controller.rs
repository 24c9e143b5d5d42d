//! The controller's own objects, but for its rights.

use serde_json::{Value, json};

use crate::materialize::names::MANAGED_BY;

/// What everything of the controller is called.
pub const NAME: &str = "egret-controller";

/// The label that its pods are selected by.
pub const SELECTOR: &str = "app.kubernetes.io/name";

/// Where it answers probes and tells its metrics.
pub const PORT: u16 = 8080;

/// Numbers that own nothing on any node: no user of the image is needed.
const NOBODY: u32 = 65532;

/// Metadata of an object of the controller; no namespace: a cluster-wide kind.
pub(super) fn metadata(name: &str, namespace: Option<&str>) -> Value {
    let mut metadata = json!({"name": name});
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    metadata["labels"] = json!({SELECTOR: NAME, MANAGED_BY.0: MANAGED_BY.1});
    metadata
}

pub(super) fn service_account(namespace: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata(NAME, Some(namespace))})
}

/// For whoever scrapes `/metrics`: a ServiceMonitor would need a CRD that not every cluster has.
pub(super) fn service(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(NAME, Some(namespace)),
        "spec": {
            "selector": {SELECTOR: NAME},
            "ports": [{"name": "http-metrics", "port": PORT, "protocol": "TCP", "targetPort": "http"}],
        },
    })
}

/// One of the two may always go: nodes are drained without asking.
pub(super) fn disruption_budget(namespace: &str) -> Value {
    json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(NAME, Some(namespace)),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {SELECTOR: NAME}}},
    })
}

/// Two replicas, of which one holds the lease: the pods of a node that died stay there for five minutes, and until then
/// no gateway could be changed or deleted. Nothing that a gateway carries depends on either.
pub(super) fn deployment(namespace: &str, image: &str, cluster_id: Option<&str>) -> Value {
    let listen = format!("0.0.0.0:{PORT}");
    let mut args = vec!["controller", "--namespace", namespace, "--listen", &listen];
    args.extend(cluster_id.iter().flat_map(|id| ["--cluster-id", *id]));
    let labels = json!({
        SELECTOR: NAME,
        MANAGED_BY.0: MANAGED_BY.1,
        // The mesh has no business with it, and it must start without istiod.
        "sidecar.istio.io/inject": "false",
        "istio.io/dataplane-mode": "none",
    });
    let probe = |path: &str, failures: u32| json!({"httpGet": {"path": path, "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 5, "failureThreshold": failures});
    let container = json!({
        "name": "controller",
        "image": image,
        "args": args,
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        // It answers once it has asked the API server who it is: that may take its time.
        "livenessProbe": probe("/healthz", 6),
        "readinessProbe": probe("/readyz", 1),
        // No limit of CPU: who is throttled renews its lease late.
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": true,
        },
    });
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(NAME, Some(namespace)),
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {SELECTOR: NAME}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "serviceAccountName": NAME,
                    // Giving the lease back is one request, for which a server has 15 s.
                    "terminationGracePeriodSeconds": 30,
                    "securityContext": {
                        "runAsNonRoot": true,
                        "runAsUser": NOBODY,
                        "runAsGroup": NOBODY,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "topologySpreadConstraints": [{
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": {SELECTOR: NAME}},
                    }],
                    "containers": [container],
                },
            },
        },
    })
}
