//! What built-in kinds refuse.

use serde_json::{Value, json};

use super::objects::{deployment, pending_pod, service};
use crate::demo::run::Run;
use crate::demo::table::{Case, case, check};

#[tokio::test]
async fn wrong_objects_are_refused_alike() {
    check("validation", CASES).await;
}

/// Posts a deployment with one thing changed, which is refused.
async fn wrong_deployment(r: &Run, pointer: &str, value: Value) {
    let mut body = deployment("a", 1);
    set(&mut body, pointer, value);
    r.post("deployments.apps?dryRun=All", body).await.is(422);
}

/// Posts a deployment with one thing changed, which is taken though one would not think so.
async fn odd_deployment(r: &Run, pointer: &str, value: Value) {
    let mut body = deployment("a", 1);
    set(&mut body, pointer, value);
    r.post("deployments.apps?dryRun=All", body).await.is(201);
}

/// Posts a deployment whose container has one thing changed.
async fn wrong_container(r: &Run, key: &str, value: Value) {
    wrong_deployment(r, &format!("/spec/template/spec/containers/0/{key}"), value).await;
}

/// Sets what a pointer names; null removes it.
fn set(body: &mut Value, pointer: &str, value: Value) {
    let (outer, key) = pointer.rsplit_once('/').unwrap();
    let outer = body.pointer_mut(outer).unwrap().as_object_mut().unwrap();
    match value {
        Value::Null => outer.remove(key),
        value => outer.insert(key.to_owned(), value),
    };
}

/// Posts a service of a spec, which is refused.
async fn wrong_service(r: &Run, spec: Value) {
    r.post("services?dryRun=All", json!({"metadata": {"name": "a"}, "spec": spec})).await.is(422);
}

/// Posts an autoscaler of a spec, which is refused.
async fn wrong_scaler(r: &Run, mut spec: Value) {
    if spec["scaleTargetRef"].is_null() {
        spec["scaleTargetRef"] = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"});
    }
    r.post(
        "horizontalpodautoscalers.autoscaling?dryRun=All",
        json!({"metadata": {"name": "a"}, "spec": spec}),
    )
    .await
    .is(422);
}

pub(super) const CASES: &[Case] = &[
    case!("a deployment needs a selector, labels and containers", |r| {
        wrong_deployment(&r, "/spec/selector", Value::Null).await;
        wrong_deployment(&r, "/spec/selector", json!({})).await;
        wrong_deployment(&r, "/spec/selector", json!({"matchLabels": {"app": "b"}})).await;
        wrong_deployment(&r, "/spec/template/metadata", Value::Null).await;
        wrong_deployment(&r, "/spec/template/spec/containers", Value::Null).await;
        wrong_deployment(&r, "/spec/template", Value::Null).await;
        r.post("deployments.apps", json!({"metadata": {"name": "a"}, "spec": {}})).await.is(422);
        wrong_deployment(
            &r,
            "/spec/selector",
            json!({"matchExpressions": [{"key": "app", "operator": "Is", "values": ["x"]}]}),
        )
        .await;
    }),
    case!("the numbers of a deployment", |r| {
        wrong_deployment(&r, "/spec/replicas", json!(-1)).await;
        wrong_deployment(&r, "/spec/minReadySeconds", json!(-1)).await;
        wrong_deployment(&r, "/spec/revisionHistoryLimit", json!(-1)).await;
        wrong_deployment(&r, "/spec/progressDeadlineSeconds", json!(0)).await;
        wrong_deployment(&r, "/spec/minReadySeconds", json!(600)).await;
    }),
    case!("the strategy of a deployment", |r| {
        wrong_deployment(&r, "/spec/strategy", json!({"type": "Other"})).await;
        wrong_deployment(&r, "/spec/strategy", json!({"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}))
            .await;
        wrong_deployment(
            &r,
            "/spec/strategy",
            json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}),
        )
        .await;
        wrong_deployment(&r, "/spec/strategy", json!({"rollingUpdate": {"maxSurge": -1}})).await;
        wrong_deployment(&r, "/spec/strategy", json!({"rollingUpdate": {"maxUnavailable": "101%"}})).await;
        wrong_deployment(&r, "/spec/strategy", json!({"rollingUpdate": {"maxSurge": "many"}})).await;
    }),
    case!("the name and image of a container", |r| {
        wrong_container(&r, "image", Value::Null).await;
        odd_deployment(&r, "/spec/template/spec/containers/0/image", json!(" a")).await;
        wrong_container(&r, "name", Value::Null).await;
        wrong_container(&r, "name", json!("Upper")).await;
        wrong_container(&r, "imagePullPolicy", json!("Often")).await;
        wrong_container(&r, "terminationMessagePolicy", json!("None")).await;
        let two = json!([{"name": "a", "image": "a:1"}, {"name": "a", "image": "a:2"}]);
        wrong_deployment(&r, "/spec/template/spec/containers", two).await;
    }),
    case!("the ports of a container", |r| {
        for ports in [
            json!([{"containerPort": 0}]),
            json!([{"containerPort": 65536}]),
            json!([{"containerPort": 80, "protocol": "ICMP"}]),
            json!([{"containerPort": 80, "name": "UPPER"}]),
            json!([{"containerPort": 80, "name": "much-too-long-a-name"}]),
            json!([{"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}]),
            json!([{"containerPort": 80, "hostPort": 70000}]),
            json!([{}]),
        ] {
            wrong_container(&r, "ports", ports).await;
        }
    }),
    case!("the environment of a container", |r| {
        for env in [
            json!([{"value": "x"}]),
            json!([{"name": "a=b"}]),
            json!([{"name": "X", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
            json!([{"name": "X", "valueFrom": {}}]),
            json!([{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "spec.none"}}}]),
            json!([{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "", "key": ""}}}]),
        ] {
            wrong_container(&r, "env", env).await;
        }
    }),
    case!("the resources of a container", |r| {
        for resources in [
            json!({"requests": {"cpu": "-1"}}),
            json!({"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
            json!({"requests": {"thing": "1"}}),
            json!({"limits": {"Bad Name": "1"}}),
            json!({"requests": {"memory": "1"}, "limits": {"memory": "0"}}),
        ] {
            wrong_container(&r, "resources", resources).await;
        }
        let mut body = deployment("a", 1);
        set(&mut body, "/spec/template/spec/containers/0/resources", json!({"requests": {"cpu": "much"}}));
        r.post("deployments.apps", body).await.is(400);
    }),
    case!("the probes of a container", |r| {
        for probe in [
            json!({}),
            json!({"httpGet": {"path": "/", "port": 0}}),
            json!({"httpGet": {"path": "/", "port": "UPPER"}}),
            json!({"httpGet": {"port": 80}, "exec": {"command": ["x"]}}),
            json!({"tcpSocket": {"port": 80}, "periodSeconds": -1}),
            json!({"httpGet": {"path": "/", "port": 80, "scheme": "FTP"}}),
        ] {
            wrong_container(&r, "readinessProbe", probe).await;
        }
        wrong_container(&r, "livenessProbe", json!({"tcpSocket": {"port": 80}, "successThreshold": 2})).await;
    }),
    case!("volumes and mounts", |r| {
        wrong_container(&r, "volumeMounts", json!([{"name": "none", "mountPath": "/x"}])).await;
        let volumes = "/spec/template/spec/volumes";
        wrong_deployment(&r, volumes, json!([{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]))
            .await;
        wrong_deployment(&r, volumes, json!([{"name": "a", "emptyDir": {}, "secret": {"secretName": "s"}}]))
            .await;
        wrong_deployment(&r, volumes, json!([{"name": "Upper", "secret": {}}])).await;
        wrong_deployment(&r, volumes, json!([{"name": "a", "configMap": {}}])).await;
    }),
    case!("the rest of a pod template", |r| {
        let spec = "/spec/template/spec";
        wrong_deployment(&r, &format!("{spec}/restartPolicy"), json!("Never")).await;
        wrong_deployment(&r, &format!("{spec}/dnsPolicy"), json!("None")).await;
        odd_deployment(&r, &format!("{spec}/terminationGracePeriodSeconds"), json!(-1)).await;
        wrong_deployment(&r, &format!("{spec}/nodeSelector"), json!({"-a": "x y"})).await;
        wrong_deployment(&r, &format!("{spec}/tolerations"), json!([{"key": "a", "operator": "Is"}])).await;
        wrong_deployment(&r, &format!("{spec}/tolerations"), json!([{"operator": "Equal"}])).await;
        wrong_deployment(&r, &format!("{spec}/serviceAccountName"), json!("Not Ok")).await;
        wrong_deployment(
            &r,
            &format!("{spec}/topologySpreadConstraints"),
            json!([{"maxSkew": 0, "topologyKey": "", "whenUnsatisfiable": "Maybe"}]),
        )
        .await;
        wrong_deployment(&r, &format!("{spec}/hostAliases"), json!([{"ip": "not an address"}])).await;
        wrong_deployment(&r, "/spec/template/metadata/labels", json!({"app": "a", "-b": "not ok!"})).await;
        wrong_deployment(&r, &format!("{spec}/affinity"), json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}})).await;
        wrong_deployment(&r, &format!("{spec}/securityContext"), json!({"runAsUser": -1})).await;
    }),
    case!("many wrongs are told at once and in order", |r| {
        let mut body = deployment("Upper", 1);
        set(&mut body, "/spec/replicas", json!(-1));
        set(&mut body, "/spec/template/spec/containers/0/image", Value::Null);
        set(&mut body, "/spec/template/spec/containers/0/ports", json!([{"containerPort": 0}]));
        set(&mut body, "/spec/selector", json!({"matchLabels": {"app": "b"}}));
        set(&mut body, "/spec/strategy", json!({"type": "Other"}));
        r.post("deployments.apps", body).await.is(422);
    }),
    case!("the ports of a service", |r| {
        wrong_service(&r, json!({})).await;
        wrong_service(&r, json!({"ports": []})).await;
        wrong_service(&r, json!({"ports": [{"port": 0}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80, "targetPort": 70000}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80, "targetPort": "UPPER_CASE"}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80}, {"port": 81}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "a"}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80, "name": "a"}, {"port": 80, "name": "b"}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80, "name": "Upper"}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80, "protocol": "ICMP"}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80, "nodePort": 30000}]})).await;
        wrong_service(&r, json!({"ports": [{"port": 80, "appProtocol": "Not Ok"}]})).await;
    }),
    case!("the type and addresses of a service", |r| {
        let ports = json!([{"port": 80}]);
        wrong_service(&r, json!({"ports": ports, "type": "Other"})).await;
        wrong_service(&r, json!({"ports": ports, "clusterIP": "x"})).await;
        wrong_service(&r, json!({"ports": ports, "clusterIP": "None", "type": "NodePort"})).await;
        wrong_service(&r, json!({"type": "ExternalName"})).await;
        wrong_service(&r, json!({"type": "ExternalName", "externalName": "Not Ok"})).await;
        wrong_service(&r, json!({"ports": ports, "sessionAffinity": "Other"})).await;
        wrong_service(&r, json!({"ports": ports, "externalTrafficPolicy": "Local"})).await;
        wrong_service(&r, json!({"ports": ports, "type": "LoadBalancer", "externalTrafficPolicy": "Other"}))
            .await;
        wrong_service(&r, json!({"ports": ports, "internalTrafficPolicy": "Other"})).await;
        wrong_service(&r, json!({"ports": ports, "externalIPs": ["x", "127.0.0.1"]})).await;
        wrong_service(&r, json!({"ports": ports, "loadBalancerClass": "x"})).await;
        wrong_service(&r, json!({"ports": ports, "selector": {"-a": "not ok!"}})).await;
        wrong_service(&r, json!({"ports": ports, "loadBalancerSourceRanges": ["10.0.0.0/8"]})).await;
    }),
    case!("a horizontal autoscaler", |r| {
        wrong_scaler(&r, json!({})).await;
        wrong_scaler(&r, json!({"maxReplicas": 0})).await;
        wrong_scaler(&r, json!({"minReplicas": 3, "maxReplicas": 2})).await;
        wrong_scaler(&r, json!({"minReplicas": 0, "maxReplicas": 2})).await;
        wrong_scaler(&r, json!({"minReplicas": -1, "maxReplicas": 2})).await;
        wrong_scaler(&r, json!({"maxReplicas": 2, "scaleTargetRef": {"kind": "", "name": ""}})).await;
        wrong_scaler(&r, json!({"maxReplicas": 2, "metrics": [{"type": "Other"}]})).await;
        wrong_scaler(&r, json!({"maxReplicas": 2, "metrics": [{"type": "Resource"}]})).await;
        let target = |target: Value| json!({"maxReplicas": 2, "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]});
        wrong_scaler(&r, target(json!({"type": "Utilization"}))).await;
        wrong_scaler(&r, target(json!({"type": "Utilization", "averageUtilization": 0}))).await;
        wrong_scaler(&r, target(json!({"type": "AverageValue", "averageValue": "-1"}))).await;
        wrong_scaler(&r, json!({"maxReplicas": 2, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 4000, "policies": [{"type": "Other", "value": 0, "periodSeconds": 0}]}}})).await;
    }),
    case!("a disruption budget", |r| {
        let path = "poddisruptionbudgets.policy?dryRun=All";
        let of = |spec: Value| json!({"metadata": {"name": "a"}, "spec": spec});
        r.post(path, of(json!({"minAvailable": 1, "maxUnavailable": 1}))).await.is(422);
        r.post(path, of(json!({"minAvailable": -1}))).await.is(422);
        r.post(path, of(json!({"minAvailable": "101%"}))).await.is(422);
        r.post(path, of(json!({"minAvailable": "some"}))).await.is(422);
        r.post(path, of(json!({"minAvailable": 1, "unhealthyPodEvictionPolicy": "Other"}))).await.is(422);
        r.post(path, of(json!({"minAvailable": 1, "selector": {"matchLabels": {"-a": "x"}}}))).await.is(422);
    }),
    case!("rights and bindings", |r| {
        let role = |rule: Value| json!({"metadata": {"name": "a"}, "rules": [rule]});
        r.post("roles.rbac", role(json!({}))).await.is(422);
        r.post("roles.rbac", role(json!({"verbs": ["get"], "resources": ["pods"]}))).await.is(422);
        r.post("roles.rbac", role(json!({"verbs": ["get"], "nonResourceURLs": ["/x"]}))).await.is(422);
        let binding = |reference: Value, subjects: Value| json!({"metadata": {"name": "a"}, "roleRef": reference, "subjects": subjects});
        let good = json!({"kind": "Role", "name": "a"});
        r.post("rolebindings.rbac", binding(json!({"kind": "Other", "name": ""}), json!([]))).await.is(422);
        r.post("rolebindings.rbac", binding(good.clone(), json!([{"kind": "Other", "name": "x"}])))
            .await
            .is(422);
        r.post("rolebindings.rbac", binding(good.clone(), json!([{"kind": "ServiceAccount", "name": "x"}])))
            .await;
        r.post("rolebindings.rbac", binding(good, json!([{"kind": "User", "name": ""}]))).await.is(422);
    }),
    case!("a pod", |r| {
        let mut pod = pending_pod("a");
        pod["spec"]["containers"] = json!([]);
        r.post("pods", pod.clone()).await.is(422);
        pod["spec"]["containers"] = json!([{"name": "a"}]);
        pod["spec"]["restartPolicy"] = json!("Sometimes");
        r.post("pods", pod).await.is(422);
        r.post("pods", json!({"metadata": {"name": "a"}})).await.is(422);
    }),
    case!("an endpoint slice, a lease and an event", |r| {
        r.post(
            "endpointslices.discovery",
            json!({"metadata": {"name": "a"}, "addressType": "Other", "endpoints": []}),
        )
        .await
        .is(422);
        r.post(
            "endpointslices.discovery",
            json!({"metadata": {"name": "a"}, "addressType": "IPv4", "endpoints": [{"addresses": ["x"]}]}),
        )
        .await
        .is(422);
        r.post(
            "leases.coordination",
            json!({"metadata": {"name": "a"}, "spec": {"leaseDurationSeconds": 0}}),
        )
        .await
        .is(422);
        r.post(
            "events",
            json!({"metadata": {"name": "a"}, "involvedObject": {"kind": "Pod", "namespace": "other"}}),
        )
        .await
        .is(422);
    }),
    case!("changing a service is validated too", |r| {
        r.post("services", service("a")).await.is(201);
        r.merge("services/a", json!({"spec": {"ports": []}})).await.is(422);
        r.merge("services/a", json!({"spec": {"type": "Other"}})).await.is(422);
        r.merge("services/a", json!({"spec": {"ipFamilies": ["IPv6"]}})).await.is(422);
    }),
    case!("changing a replica set, a budget and an autoscaler is validated too", |r| {
        let mut set = deployment("a", 0);
        set["kind"] = json!("ReplicaSet");
        r.post("replicasets.apps", set).await.is(201);
        r.merge("replicasets.apps/a", json!({"spec": {"selector": {"matchLabels": {"app": "b"}}}}))
            .await
            .is(422);
        r.post(
            "poddisruptionbudgets.policy",
            json!({"metadata": {"name": "a"}, "spec": {"minAvailable": 1}}),
        )
        .await
        .is(201);
        // The controller writes its first status in its own time.
        r.until("poddisruptionbudgets.policy/a", |budget| budget.at("/status/observedGeneration") == 1).await;
        r.merge("poddisruptionbudgets.policy/a", json!({"spec": {"maxUnavailable": 1}})).await.is(422);
        r.merge("poddisruptionbudgets.policy/a", json!({"spec": {"selector": {"matchLabels": {"a": "b"}}}}))
            .await
            .is(200);
    }),
];
