//! What the server fills in: whole answers for objects as short as they can be.

use serde_json::{Value, json};

use super::objects::{deployment, pending_pod, service};
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn defaults_are_filled_in_alike() {
    check("defaults", CASES).await;
}

/// A service of this spec.
fn of_spec(spec: Value) -> Value {
    json!({"metadata": {"name": "a"}, "spec": spec})
}

/// A deployment of this pod.
fn with_pod(pod: Value) -> Value {
    let mut deployment = deployment("a", 1);
    deployment["spec"]["template"]["spec"] = pod;
    deployment
}

const HPA: &str = "horizontalpodautoscalers.autoscaling?dryRun=All";

/// An autoscaler of this spec.
fn scaler(mut spec: Value) -> Value {
    spec["scaleTargetRef"] = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"});
    of_spec(spec)
}

pub(super) const CASES: &[Case] = &[
    case!("a deployment", |r| {
        let mut body = deployment("a", 1);
        body["spec"].as_object_mut().unwrap().remove("replicas");
        let made = r.post("deployments.apps?dryRun=All", body).await.is(201);
        assert_eq!(made.at("/spec/replicas"), 1);
        assert_eq!(made.at("/spec/strategy/rollingUpdate/maxSurge"), "25%");
    }),
    case!("a deployment with everything egret writes", |r| {
        let probe = json!({"httpGet": {"path": "/healthz/ready", "port": 15021}});
        let pod = json!({
            "serviceAccountName": "sa", "securityContext": {"runAsNonRoot": true}, "terminationGracePeriodSeconds": 7,
            "containers": [{
                "name": "istio-proxy", "image": "auto", "args": ["proxy"],
                "env": [{"name": "A", "value": ""}, {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
                    {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}],
                "ports": [{"containerPort": 15090, "name": "http-envoy-prom"}],
                "readinessProbe": probe, "startupProbe": {"tcpSocket": {"port": "http"}}, "livenessProbe": {"exec": {"command": ["x"]}},
                "resources": {"requests": {"cpu": "0.5", "memory": "128Mi"}, "limits": {"cpu": 2, "memory": "1024Mi"}},
                "lifecycle": {"preStop": {"exec": {"command": ["sleep"]}}},
                "securityContext": {"capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": true},
            }],
            "volumes": [
                {"name": "e", "emptyDir": {}}, {"name": "c", "configMap": {"name": "c", "optional": true}}, {"name": "s", "secret": {"secretName": "s"}},
                {"name": "d", "downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
                {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token", "audience": "istio-ca"}}]}},
                {"name": "h", "hostPath": {"path": "/x"}},
            ],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 1, "podAffinityTerm": {"labelSelector": {"matchLabels": {"a": "b"}}, "topologyKey": "zone"}}]}},
            "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": {"matchLabels": {"a": "b"}}}],
            "tolerations": [{"key": "k", "operator": "Exists", "effect": "NoSchedule"}],
        });
        r.post("deployments.apps?dryRun=All", with_pod(pod)).await.is(201);
    }),
    case!("the image decides whether it is pulled always", |r| {
        for image in [
            "a",
            "a:latest",
            "a:1",
            "a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "example.com:80/a",
            "example.com:80/a:1",
        ] {
            let body = with_pod(json!({"containers": [{"name": "a", "image": image}]}));
            let made = r.post("deployments.apps?dryRun=All", body).await.is(201);
            let policy = made.at("/spec/template/spec/containers/0/imagePullPolicy");
            r.note(image, policy.clone());
        }
    }),
    case!("a deployment that is recreated", |r| {
        let mut body = deployment("a", 1);
        body["spec"]["strategy"] = json!({"type": "Recreate"});
        r.post("deployments.apps?dryRun=All", body.clone()).await.is(201);
        body["spec"]["strategy"] = json!({"rollingUpdate": {"maxSurge": 1}});
        r.post("deployments.apps?dryRun=All", body.clone()).await.is(201);
        body["spec"]["strategy"] = json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}});
        r.post("deployments.apps?dryRun=All", body).await.is(201);
    }),
    case!("a pod of a privileged kind, and one of the host", |r| {
        let mut pod = pending_pod("a");
        pod["spec"]["hostNetwork"] = json!(true);
        pod["spec"]["containers"][0]["ports"] = json!([{"containerPort": 80}]);
        r.post("pods?dryRun=All", pod).await.is(201);
        let mut pod = pending_pod("a");
        pod["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "1", "memory": "1Gi"}});
        let made = r.post("pods?dryRun=All", pod).await.is(201);
        assert_eq!(made.at("/status/qosClass"), "Guaranteed");
    }),
    case!("a replica set and a daemon set", |r| {
        let mut body = deployment("a", 1);
        body["kind"] = json!("ReplicaSet");
        body["spec"].as_object_mut().unwrap().remove("replicas");
        r.post("replicasets.apps?dryRun=All", body.clone()).await.is(201);
        body["kind"] = json!("DaemonSet");
        r.post("daemonsets.apps?dryRun=All", body).await.is(201);
    }),
    case!("a service", |r| {
        r.post("services?dryRun=All", service("a")).await.is(201);
    }),
    case!("services of each type", |r| {
        let ports = json!([{"name": "a", "port": 80}, {"name": "b", "port": 443, "targetPort": "https", "protocol": "UDP"}]);
        for spec in [
            json!({"type": "NodePort", "ports": ports}),
            json!({"type": "LoadBalancer", "ports": ports}),
            json!({"type": "LoadBalancer", "ports": ports, "externalTrafficPolicy": "Local"}),
            json!({"type": "LoadBalancer", "ports": ports, "allocateLoadBalancerNodePorts": false, "loadBalancerClass": "x/y"}),
            json!({"clusterIP": "None", "ports": ports}),
            json!({"clusterIP": "None", "selector": {"a": "b"}}),
            json!({"type": "ExternalName", "externalName": "example.com"}),
            json!({"ports": ports, "sessionAffinity": "ClientIP"}),
            json!({"ports": ports, "ipFamilyPolicy": "PreferDualStack"}),
        ] {
            r.post("services?dryRun=All", of_spec(spec)).await.is(201);
        }
    }),
    case!("a horizontal autoscaler", |r| {
        r.post(HPA, scaler(json!({"maxReplicas": 3}))).await.is(201);
        r.post(HPA, scaler(json!({"maxReplicas": 3, "metrics": []}))).await.is(201);
    }),
    case!("a horizontal autoscaler with metrics and behaviour", |r| {
        let resource = |name: &str, target: Value| json!({"type": "Resource", "resource": {"name": name, "target": target}});
        let metrics = json!([
            resource("cpu", json!({"type": "Utilization", "averageUtilization": 80})),
            resource("memory", json!({"type": "AverageValue", "averageValue": "1000Mi"}))
        ]);
        let behavior = json!({"scaleDown": {"stabilizationWindowSeconds": 60}, "scaleUp": {"policies": [{"type": "Pods", "value": 2, "periodSeconds": 30}]}});
        r.post(
            HPA,
            scaler(json!({"minReplicas": 2, "maxReplicas": 3, "metrics": metrics, "behavior": behavior})),
        )
        .await
        .is(201);
        r.post(HPA, scaler(json!({"maxReplicas": 3, "behavior": {}}))).await.is(201);
    }),
    case!("a disruption budget", |r| {
        r.post("poddisruptionbudgets.policy?dryRun=All", json!({"metadata": {"name": "a"}})).await;
        r.post(
            "poddisruptionbudgets.policy?dryRun=All",
            of_spec(json!({"maxUnavailable": "50%", "selector": {}})),
        )
        .await
        .is(201);
        r.post(
            "poddisruptionbudgets.policy?dryRun=All",
            of_spec(json!({"minAvailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"})),
        )
        .await
        .is(201);
    }),
    case!("rights and bindings", |r| {
        let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]);
        r.post("roles.rbac", json!({"metadata": {"name": "a"}, "rules": rules})).await.is(201);
        let binding = json!({"metadata": {"name": "a"}, "roleRef": {"kind": "Role", "name": "a"},
            "subjects": [{"kind": "User", "name": "u"}, {"kind": "Group", "name": "g"}, {"kind": "ServiceAccount", "name": "s", "namespace": "default"}]});
        r.post("rolebindings.rbac", binding).await.is(201);
        r.post(
            "/apis/rbac.authorization.k8s.io/v1/clusterroles?dryRun=All",
            json!({"metadata": {"name": "{ns}-a"}}),
        )
        .await
        .is(201);
        let wide = json!({"metadata": {"name": "{ns}-a"}, "roleRef": {"kind": "ClusterRole", "name": "x", "apiGroup": "rbac.authorization.k8s.io"}});
        r.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?dryRun=All", wide).await.is(201);
    }),
    case!("small kinds", |r| {
        r.post("secrets", json!({"metadata": {"name": "a"}})).await.is(201);
        r.post("serviceaccounts", json!({"metadata": {"name": "a"}})).await.is(201);
        r.post("leases.coordination", of_spec(json!({"holderIdentity": "me", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}))).await.is(201);
        let slice = json!({"metadata": {"name": "a"}, "addressType": "IPv4", "endpoints": [{"addresses": ["10.1.2.3"]}], "ports": [{"port": 80}]});
        r.post("endpointslices.discovery", slice).await.is(201);
        let event = json!({"metadata": {"name": "a"}, "involvedObject": {"kind": "Pod", "name": "x", "namespace": r.ns}, "reason": "R", "message": "m"});
        r.post("events", event).await.is(201);
    }),
    case!("webhooks", |r| {
        let hook = json!({"name": "a.example.com", "clientConfig": {"url": "https://example.com/x"}, "sideEffects": "None", "admissionReviewVersions": ["v1"]});
        let body = json!({"metadata": {"name": "{ns}-a"}, "webhooks": [hook]});
        let of = |plural: &str| format!("/apis/admissionregistration.k8s.io/v1/{plural}?dryRun=All");
        r.post(&of("mutatingwebhookconfigurations"), body.clone()).await.is(201);
        r.post(&of("validatingwebhookconfigurations"), body).await.is(201);
    }),
    case!("quantities are written in one way", |r| {
        let quantities = [
            "0.5",
            "500m",
            "1000m",
            "1.5",
            "0.0001",
            "1e3",
            "1E3",
            "1024Mi",
            "1536Mi",
            "1.5Gi",
            "1000000",
            "1k",
            "0",
            "128974848",
            "5e-1",
            "100n",
        ];
        for quantity in quantities {
            let body = with_pod(
                json!({"containers": [{"name": "a", "image": "a:1", "resources": {"requests": {"memory": quantity}}}]}),
            );
            let made = r.post("deployments.apps?dryRun=All", body).await;
            r.note(quantity, made.at("/spec/template/spec/containers/0/resources/requests/memory").clone());
        }
    }),
];
