use serde_json::{Value, json};

use super::*;

/// A gateway's pod that does not come up, as an API server sends it.
fn crashing() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": "istio-egressgateway-7c9f-abcde", "namespace": "istio-system", "uid": "u",
            "creationTimestamp": "2026-05-01T11:00:00Z",
            "labels": {"app": "istio-egressgateway", "istio": "egressgateway"},
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "{\"secret\": \"hunter2\"}",
                "proxy.istio.io/config": "concurrency: 2\nstatusPort: 15020\n",
            },
            "ownerReferences": [{"kind": "ReplicaSet", "name": "istio-egressgateway-7c9f", "uid": "r", "controller": true}],
        },
        "spec": {
            "nodeName": "node-1", "serviceAccountName": "istio-egressgateway", "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "initContainers": [
                {"name": "sysctl", "image": "busybox:1.36", "command": ["sh", "-c", "sysctl -w a=1"]},
                {"name": "agent", "image": "agent:1", "restartPolicy": "Always"},
            ],
            "containers": [{
                "name": "istio-proxy", "image": "docker.io/istio/proxyv2:1.28.0", "args": ["proxy", "router"],
                "ports": [{"containerPort": 15090, "protocol": "TCP", "name": "http-envoy-prom"}],
                "resources": {"limits": {"cpu": "2", "memory": "1Gi"}},
                "readinessProbe": {"httpGet": {"path": "/healthz/ready", "port": 15021, "scheme": "HTTP"},
                    "periodSeconds": 15, "timeoutSeconds": 3, "failureThreshold": 4, "successThreshold": 1},
                "env": [
                    {"name": "PILOT_CERT_PROVIDER", "value": "istiod"},
                    {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}},
                    {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "mode"}}},
                    {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
                    {"name": "EMPTY"},
                ],
                "envFrom": [{"secretRef": {"name": "more"}, "prefix": "X_"}],
                "volumeMounts": [{"name": "certs", "mountPath": "/etc/certs"}, {"name": "istio-token", "mountPath": "/t"}],
            }],
            "volumes": [
                {"name": "certs", "secret": {"secretName": "egress-certs", "optional": true}},
                {"name": "istio-token", "projected": {"sources": [{"serviceAccountToken": {"audience": "istio-ca"}}]}},
                {"name": "data", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
                {"name": "podinfo", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
                {"name": "disk", "awsElasticBlockStore": {"volumeID": "v"}},
            ],
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"operator": "Exists"},
            ],
        },
        "status": {
            "phase": "Running", "hostIP": "192.168.1.5", "podIP": "10.0.0.7", "qosClass": "Burstable",
            "podIPs": [{"ip": "10.0.0.7"}, {"ip": "fd00::7"}],
            "startTime": "2026-05-01T11:00:01Z",
            "conditions": [
                {"type": "Initialized", "status": "True", "lastTransitionTime": "2026-05-01T11:00:10Z"},
                {"type": "Ready", "status": "False", "reason": "ContainersNotReady",
                    "message": "containers with unready status: [istio-proxy]", "lastTransitionTime": "2026-05-01T11:55:00Z"},
                {"type": "example.com/gate", "status": "Unknown", "lastTransitionTime": null},
            ],
            "initContainerStatuses": [
                {"name": "sysctl", "ready": true, "restartCount": 0, "state": {"terminated":
                    {"exitCode": 0, "reason": "Completed", "startedAt": "2026-05-01T11:00:02Z", "finishedAt": "2026-05-01T11:00:04Z"}}},
                {"name": "agent", "ready": true, "started": true, "restartCount": 0,
                    "state": {"running": {"startedAt": "2026-05-01T11:00:05Z"}}},
            ],
            "containerStatuses": [{
                "name": "istio-proxy", "ready": false, "restartCount": 6, "imageID": "docker.io/istio/proxyv2@sha256:abc",
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "startedAt": "2026-05-01T11:52:00Z",
                    "finishedAt": "2026-05-01T11:55:00Z"}},
            }],
        },
    })
}

#[test]
fn a_pod_that_crashes_says_why_and_since_when() {
    let said = pod(&crashing(), now());
    is_tidy(&said);
    says(
        &said,
        &[
            "! Status: CrashLoopBackOff",
            "! Trouble: CrashLoopBackOff in istio-proxy: exit 137 OOMKilled",
            "~ Ready: 1 of 2 containers",
            "~ Restarts: 6  [last 5m ago, 2026-05-01 11:55:00 UTC]",
            "Node: node-1  [192.168.1.5]",
            "Pod IP: 10.0.0.7, fd00::7",
            "Owner: ReplicaSet istio-egressgateway-7c9f",
            "Service account: istio-egressgateway",
            "Quality of service: Burstable (requests below limits)",
            "Created: 60m ago, 2026-05-01 11:00:00 UTC",
            "Initialized: yes  [for 59m]",
            "! Ready: no, ContainersNotReady: containers with unready status: [istio-proxy]  [for 5m]",
            "~ example.com/gate: unknown",
        ],
    );
}

#[test]
fn each_container_says_what_it_does_and_how_it_last_ended() {
    let said = pod(&crashing(), now());
    says(
        &said,
        &[
            "# Init container sysctl",
            "State: ended: Completed, exit code 0, ran 2s  [59m ago, 2026-05-01 11:00:04 UTC]",
            "Command: sh -c sysctl -w a=1",
            "# Sidecar agent",
            "State: running  [for 59m]",
            "# Container istio-proxy",
            "! State: waiting: CrashLoopBackOff, back-off 5m0s restarting failed container",
            "~ Ended before: OOMKilled, exit code 137 (it was killed, SIGKILL), ran 3m  [5m ago, 2026-05-01 11:55:00 UTC]",
            "~ Ready: no",
            "~ Restarts: 6",
            "Image: docker.io/istio/proxyv2:1.28.0  [sha256:abc]",
            "Ports: 15090/TCP (http-envoy-prom)",
            "Limits: cpu 2, memory 1Gi",
            "Requests: none",
            "Readiness: GET /healthz/ready on 15021, every 15 s, answer within 3 s, fails after 4",
            "Mounts: 2 volumes",
        ],
    );
}

#[test]
fn secrets_are_only_named_and_the_last_applied_configuration_is_never_shown() {
    let said = pod(&crashing(), now());
    says(
        &said,
        &[
            "Environment: all of secret/more with X_ before each name",
            "PILOT_CERT_PROVIDER=istiod",
            "TOKEN=secret/api token",
            "MODE=configmap/settings mode",
            "POD_NAME=field metadata.name",
            "CPU=resource limits.cpu",
            "EMPTY=(empty)",
            "certs: Secret egress-certs, optional",
            "istio-token: token for istio-ca",
            "data: empty directory, in memory, at most 64Mi",
            "podinfo: fields of the pod (metadata.labels)",
            "disk: awsElasticBlockStore",
        ],
    );
    let text = to_text(&said);
    assert!(!text.contains("hunter2") && !text.contains("last-applied"), "{text}");
}

#[test]
fn labels_tolerations_and_annotations_have_a_line_each() {
    says(
        &pod(&crashing(), now()),
        &[
            "Node selector: any node",
            "Tolerations: node.kubernetes.io/not-ready:NoExecute for 300 s",
            "any taint",
            "app=istio-egressgateway",
            "istio=egressgateway",
            "proxy.istio.io/config=concurrency: 2",
            "    statusPort: 15020",
            "Grace at the end: 30 s",
        ],
    );
}

#[test]
fn a_value_of_several_lines_cannot_pass_for_another_label() {
    let hostile = with(crashing(), "/metadata/labels/a", json!("b\nistio=someone-else"));
    says(&pod(&hostile, now()), &["a=b", "    istio=someone-else"]);
}

#[test]
fn a_pod_that_no_node_takes_says_what_the_scheduler_says() {
    let pending = json!({
        "metadata": {"name": "p", "namespace": "n", "creationTimestamp": "2026-05-01T11:50:00Z"},
        "spec": {"containers": [{"name": "istio-proxy", "image": "auto"}]},
        "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient cpu.", "lastTransitionTime": "2026-05-01T11:50:00Z"}]},
    });
    let said = pod(&pending, now());
    is_tidy(&said);
    says(
        &said,
        &[
            "! Status: Pending",
            "! Trouble: Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.",
            "Node: none yet",
            "Pod IP: –",
            "~ Owner: none: nobody makes it again when it is gone",
            "! PodScheduled: no, Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.  [for 10m]",
            "State: not started",
            "! Image: auto: the injector did not replace it, so the proxy cannot start",
        ],
    );
}

#[test]
fn a_pod_whose_grace_is_over_says_what_it_waits_for() {
    let ending = with(crashing(), "/metadata/deletionTimestamp", json!("2026-05-01T11:50:00Z"));
    let ending = with(ending, "/metadata/deletionGracePeriodSeconds", json!(30));
    let ending = with(ending, "/metadata/finalizers", json!(["example.com/hold"]));
    says(
        &pod(&ending, now()),
        &[
            "Status: Terminating",
            "~ Being deleted: 30 s of grace, waits for example.com/hold  [overdue for 10m]",
        ],
    );
}

#[test]
fn odd_objects_are_described_as_far_as_they_go() {
    for odd in [
        json!({}),
        json!({"metadata": {"name": "x", "labels": {"a": 1}}, "spec": {"containers": [{}]}, "status": {"conditions": [{}]}}),
    ] {
        is_tidy(&pod(&odd, now()));
    }
    says(&pod(&json!("text"), now()), &["Its YAML shows it as it is."]);
}
