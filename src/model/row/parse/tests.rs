//! Rows from JSON as a server sends it.

mod pod_status;

use serde_json::{Value, json};

use crate::model::name::Kind;
use crate::model::row::{
    DaemonSetRow, DeploymentRow, EndpointSliceRow, GatewayApiRow, GatewayClassRow, HpaRow, IstioGatewayRow,
    PdbRow, PodRow, ReplicaSetRow, Row, ServiceRow,
};

fn parse<T: Row>(object: &Value) -> T {
    T::parse(object.to_string().as_bytes()).expect("a row")
}

#[test]
fn what_is_missing_or_null_reads_as_the_default() {
    fn bare<T: Row>() {
        for json in [
            r#"{}"#,
            r#"{"metadata":null,"spec":null,"status":null}"#,
            r#"{"metadata":{"name":"a","labels":null,"ownerReferences":null,"creationTimestamp":null},"spec":{},"status":{}}"#,
        ] {
            let row = T::parse(json.as_bytes()).unwrap_or_else(|error| panic!("{} {json}: {error}", T::KIND));
            assert_eq!(row.meta().created, None);
        }
    }
    bare::<PodRow>();
    bare::<DeploymentRow>();
    bare::<DaemonSetRow>();
    bare::<ReplicaSetRow>();
    bare::<ServiceRow>();
    bare::<EndpointSliceRow>();
    bare::<HpaRow>();
    bare::<PdbRow>();
    bare::<GatewayApiRow>();
    bare::<GatewayClassRow>();
    bare::<IstioGatewayRow>();
}

#[test]
fn an_error_says_what_was_not_readable() {
    let error =
        ServiceRow::parse(br#"{"spec":{"ports":[{"port":"http"}]}}"#).expect_err("a port is a number");
    assert!(error.to_string().contains("invalid type: string \"http\", expected i64"), "{error}");
    assert!(PodRow::parse(b"{\"metadata\":{\"name\":\"a").is_err(), "cut off");
}

#[test]
fn metadata_keeps_what_rules_read() {
    let row: PodRow = parse(&json!({"metadata": {
        "name": "a\u{7}\"quoted\"", "namespace": "istio-system", "uid": "u-1", "resourceVersion": "42", "generation": 3,
        "creationTimestamp": "2026-05-01T10:00:00Z", "deletionTimestamp": "2026-05-01T11:00:00Z",
        "finalizers": ["example.com/hold"],
        "labels": {"istio": "egressgateway", "app": "istio-egressgateway"},
        "annotations": {"inject.istio.io/templates": "gateway", "example.com/other": "dropped"},
        "ownerReferences": [
            {"kind": "Node", "name": "n", "uid": "u-0"},
            {"kind": "ReplicaSet", "name": "rs", "uid": "u-2", "controller": true},
        ],
        "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
    }}));
    let meta = &row.meta;
    assert_eq!(&*meta.name, "a\u{7}\"quoted\"", "escapes are undone");
    assert_eq!((&*meta.uid, &*meta.resource_version, meta.generation), ("u-1", "42", 3));
    assert_eq!(meta.created.map(|at| at.to_string()).as_deref(), Some("2026-05-01T10:00:00Z"));
    assert_eq!(meta.deleting.map(|at| at.to_string()).as_deref(), Some("2026-05-01T11:00:00Z"));
    assert_eq!(&*meta.finalizers, &["example.com/hold".into()]);
    assert_eq!(meta.labels.get("istio"), Some("egressgateway"));
    assert_eq!(meta.annotations.iter().collect::<Vec<_>>(), [("inject.istio.io/templates", "gateway")]);
    assert_eq!(meta.owner.as_ref().map(|owner| &*owner.uid), Some("u-2"), "the controller, not the first");
}

fn deployment(spec: Value, status: Value) -> Value {
    json!({"metadata": {"name": "istio-egressgateway", "generation": 2}, "spec": spec, "status": status})
}

#[test]
fn a_deployment_keeps_its_counts_its_proxy_and_its_template_labels() {
    let spec = json!({
        "replicas": 3, "paused": true,
        "selector": {"matchLabels": {"app": "istio-egressgateway", "istio": "egressgateway"}},
        "template": {
            "metadata": {
                "labels": {"app": "istio-egressgateway", "security.istio.io/tlsMode": "istio"},
                "annotations": {"inject.istio.io/templates": "gateway", "sidecar.istio.io/proxyCPU": "1", "prometheus.io/port": "15020"},
            },
            "spec": {"serviceAccountName": "istio-egressgateway", "hostNetwork": true, "containers": [
                {"name": "logger", "image": "busybox:1"},
                {"name": "istio-proxy", "image": "auto", "resources": {"limits": {"cpu": 2, "memory": "4G"}, "requests": {"cpu": "200m"}}},
            ]},
        },
    });
    let status = json!({
        "observedGeneration": 2, "replicas": 4, "readyReplicas": 2, "updatedReplicas": 1, "availableReplicas": 2,
        "conditions": [{"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "message": "no",
            "lastTransitionTime": "2026-05-01T10:00:00Z"}],
    });
    let row = parse::<DeploymentRow>(&deployment(spec, status)).0;
    assert_eq!(row.kind, Kind::Deployment);
    assert_eq!((row.wanted, row.current, row.ready, row.updated, row.available), (3, 4, 2, 1, 2));
    assert_eq!((row.meta.generation, row.observed_generation), (2, 2));
    assert_eq!(&*row.proxy_image, "auto");
    assert_eq!(row.limits, ("2".into(), "4G".into()), "a quantity may be a number");
    assert_eq!(row.requests, ("200m".into(), "".into()));
    assert_eq!(row.pod_labels.get("security.istio.io/tlsMode"), Some("istio"));
    assert_eq!(row.pod_annotations.iter().len(), 2, "prometheus.io is not kept");
    assert!(row.paused && row.host_network && !row.is_router && !row.selector_has_expressions);
    assert_eq!(&*row.conditions[0].reason, "MinimumReplicasUnavailable");
    assert_eq!(&*row.service_account, "istio-egressgateway");
}

#[test]
fn replicas_that_are_not_written_are_one() {
    assert_eq!(parse::<DeploymentRow>(&deployment(json!({}), json!({}))).0.wanted, 1);
    assert_eq!(parse::<DeploymentRow>(&deployment(json!({"replicas": 0}), json!({}))).0.wanted, 0);
}

#[test]
fn a_router_is_told_from_a_sidecar_by_its_arguments() {
    let cases = [
        (json!(["proxy", "router", "--domain", "x"]), true),
        (json!(["--log", "proxy", "router"]), true),
        (json!(["proxy", "sidecar", "--domain", "x"]), false),
        (json!(["router", "proxy"]), false),
        (json!(null), false),
    ];
    for (args, router) in cases {
        let spec = json!({"template": {"spec": {"containers": [{"name": "app"}, {"name": "istio-proxy", "args": args}]}}});
        assert_eq!(parse::<DeploymentRow>(&deployment(spec, json!({}))).0.is_router, router, "{args}");
    }
}

#[test]
fn a_daemon_set_counts_nodes() {
    let status = json!({"desiredNumberScheduled": 3, "currentNumberScheduled": 2, "numberReady": 1,
        "updatedNumberScheduled": 2, "numberAvailable": 1, "observedGeneration": 7});
    let selector = json!({"selector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}});
    let row = parse::<DaemonSetRow>(&deployment(selector, status)).0;
    assert_eq!(row.kind, Kind::DaemonSet);
    assert_eq!((row.wanted, row.current, row.ready, row.updated, row.available), (3, 2, 1, 2, 1));
    assert!(row.selector_has_expressions && row.selector.is_empty());
}

#[test]
fn a_replica_set_keeps_why_it_makes_no_pods() {
    let row: ReplicaSetRow = parse(&json!({
        "metadata": {"name": "rs", "ownerReferences": [{"kind": "Deployment", "name": "d", "uid": "u", "controller": true}]},
        "spec": {"replicas": 2, "template": {"spec": {"containers": []}}},
        "status": {"replicas": 0, "conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "quota"}]},
    }));
    assert_eq!((row.wanted, row.ready), (2, 0));
    assert!(row.conditions[0].is_true());
}

#[test]
fn a_service_keeps_ports_addresses_and_selector() {
    let row: ServiceRow = parse(&json!({
        "metadata": {"name": "s"},
        "spec": {
            "type": "LoadBalancer", "clusterIP": "10.96.0.7", "externalIPs": ["192.0.2.9"], "externalTrafficPolicy": "Local",
            "selector": {"istio": "egressgateway"},
            "ports": [
                {"name": "http-0", "port": 80, "targetPort": "http", "nodePort": 30080, "appProtocol": "http"},
                {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 5353},
            ],
        },
        "status": {"loadBalancer": {"ingress": [{"hostname": "lb.example.com"}, {"ip": "192.0.2.1"}, {"ip": "192.0.2.1"}]}},
    }));
    assert_eq!(&*row.external, &["192.0.2.1".into(), "lb.example.com".into(), "192.0.2.9".into()]);
    assert_eq!(&*row.load_balancer, &["192.0.2.1".into(), "lb.example.com".into()]);
    let ports: Vec<_> = row.ports.iter().map(|p| (&*p.protocol, p.port, &*p.target, p.node_port)).collect();
    assert_eq!(ports, [("TCP", 80, "http", 30080), ("UDP", 53, "5353", 0)]);
    let named: ServiceRow = parse(&json!({"spec": {"type": "ExternalName", "externalName": "example.com"}}));
    assert_eq!(&*named.external, &["example.com".into()]);
}

#[test]
fn an_endpoint_without_conditions_is_ready() {
    let row: EndpointSliceRow = parse(&json!({
        "metadata": {"name": "s-1", "labels": {"kubernetes.io/service-name": "s"}},
        "endpoints": [
            {"addresses": ["10.0.0.1"], "conditions": {"ready": false, "terminating": true},
             "targetRef": {"kind": "Pod", "name": "p"}, "nodeName": "n"},
            {"addresses": ["10.0.0.2", "10.0.0.3"], "conditions": {}},
            {"addresses": null},
        ],
        "ports": [{"name": "http", "port": 8080}, {"name": null, "port": null}],
    }));
    let seen: Vec<_> =
        row.endpoints.iter().map(|e| (&*e.address, e.ready, e.terminating, &*e.pod, &*e.node)).collect();
    let wanted =
        [("10.0.0.1", false, true, "p", "n"), ("10.0.0.2", true, false, "", ""), ("", true, false, "", "")];
    assert_eq!(seen, wanted);
    assert_eq!(&*row.ports, &[("http".into(), 8080), ("".into(), 0)]);
}

#[test]
fn an_autoscaler_gives_targets_as_kubectl_writes_them() {
    let row: HpaRow = parse(&json!({
        "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d"}, "minReplicas": null, "maxReplicas": 5, "metrics": [
            {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}},
            {"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "500Mi"}}},
            {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "1k"}}},
            {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "30"}}},
        ]},
        "status": {"currentReplicas": 2, "desiredReplicas": 3, "currentMetrics": [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 12, "averageValue": "24m"}}},
            {"type": ""},
            {"type": "Pods", "pods": {"metric": {"name": "rps"}, "current": {"averageValue": "12"}}},
        ], "conditions": [{"type": "ScalingActive", "status": "True"}]},
    }));
    assert_eq!((row.min, row.max, row.current, row.desired), (1, 5, 2, 3));
    let metrics: Vec<_> = row.metrics.iter().map(|m| (&*m.name, &*m.target, m.current.as_deref())).collect();
    assert_eq!(
        metrics,
        [
            ("cpu", "80%", Some("12%")),
            ("memory", "500Mi", None),
            ("rps", "1k", Some("12")),
            ("queue", "30", None)
        ]
    );
    assert_eq!(row.target, ("Deployment".into(), "d".into()));
}

#[test]
fn a_budget_is_a_number_or_a_percentage() {
    let spec = json!({"minAvailable": 1, "maxUnavailable": "25%", "selector": {"matchLabels": {"app": "a"}}});
    let row: PdbRow = parse(&json!({"spec": spec, "status": {"disruptionsAllowed": 2}}));
    assert_eq!(
        (row.min_available.as_deref(), row.max_unavailable.as_deref(), row.allowed),
        (Some("1"), Some("25%"), 2)
    );
    assert_eq!(parse::<PdbRow>(&json!({"spec": {"minAvailable": null}})).min_available, None);
}

#[test]
fn a_gateway_api_gateway_and_its_class() {
    let row: GatewayApiRow = parse(&json!({
        "spec": {"gatewayClassName": "istio", "addresses": [{"type": "Hostname", "value": "istio-egress.istio-system.svc"}],
            "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        "status": {"addresses": [{"value": "10.0.0.1"}], "conditions": [{"type": "Programmed", "status": "True"}]},
    }));
    assert_eq!(&*row.class, "istio");
    let listeners: Vec<_> = row.listeners.iter().map(|one| (&*one.name, one.port, &*one.protocol)).collect();
    assert_eq!(listeners, [("http", 80, "HTTP")]);
    assert_eq!(
        (&*row.bound_to, &*row.addresses),
        (&["istio-egress.istio-system.svc".into()][..], &["10.0.0.1".into()][..])
    );
    let class: GatewayClassRow = parse(&json!({"spec": {"controllerName": "istio.io/gateway-controller"}}));
    assert_eq!(&*class.controller, "istio.io/gateway-controller");
}

#[test]
fn a_custom_resource_is_kept_whole_but_for_what_repeats_it() {
    let row: IstioGatewayRow = parse(&json!({
        "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
        "metadata": {"name": "egressgateway", "namespace": "istio-system", "uid": "u",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"secret\":1}", "example.com/mine": "kept"},
            "managedFields": [
                {"manager": "kubectl-edit", "operation": "Update", "time": "2026-05-01T10:00:00Z", "fieldsV1": {"f:spec": {}}},
                {"manager": "egret", "operation": "Apply"},
            ]},
        "spec": {"replicaCount": 2, "ofTheFuture": {"kept": true}},
        "status": {"Status": "Available"},
    }));
    let managers: Vec<_> =
        row.managers.iter().map(|m| (&*m.manager, &*m.operation, m.time.is_some())).collect();
    assert_eq!(managers, [("kubectl-edit", "Update", true), ("egret", "Apply", false)]);
    assert_eq!((&*row.meta.name, &*row.meta.uid), ("egressgateway", "u"));
    assert_eq!(row.object["metadata"]["annotations"], json!({"example.com/mine": "kept"}));
    assert_eq!(row.object["metadata"].get("managedFields"), None);
    assert_eq!(row.object["spec"]["ofTheFuture"]["kept"], true);
    assert_eq!(row.object["status"]["Status"], "Available");
}
