use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::*;
use crate::materialize::Part;
use crate::materialize::names::{ADOPTED, TEMPLATE};

/// The objects of Istio's `gateway` chart, as a server would give them back.
fn found() -> Found {
    let text = include_str!("../../../tests/data/foreign-gateways/chart-gateway.yaml");
    let objects: Vec<Value> = serde_yaml::from_multiple(text).unwrap();
    let mut found = Found::new();
    for mut object in objects {
        let Some(part) = Part::iter().find(|part| object["kind"] == part.to_string()) else { continue };
        object["metadata"]["uid"] = format!("uid of {part}").into();
        found.insert(part, object);
    }
    found
}

#[test]
fn the_draft_asks_for_what_is_there_and_records_what_it_takes() {
    let Draft { gateway, names, .. } = draft(&found(), "egress").unwrap();
    assert_eq!(gateway["metadata"]["name"], "payments-egress");
    assert_eq!(gateway["spec"]["gatewayType"], "egress");
    assert_eq!(gateway["spec"]["autoscaleEnabled"], true);
    let ports = gateway["spec"]["ports"].as_array().unwrap();
    assert!(ports.iter().all(|port| port["name"] != "status-port"), "egret adds that one itself: {ports:?}");
    assert_eq!(names.objects["Deployment"], "uid of Deployment");
    let record: Value =
        serde_json::from_str(gateway["metadata"]["annotations"][ADOPTED].as_str().unwrap()).unwrap();
    assert_eq!(record["deployment"], "payments-egress");
}

#[test]
fn what_cannot_be_said_or_kept_is_refused_with_each_reason() {
    type Change = fn(&mut Found);
    let cases: &[(Change, &str)] = &[
        (|f| drop(f.remove(&Part::Deployment)), "it has no Deployment"),
        (
            |f| {
                let selector = &mut f.get_mut(&Part::Deployment).unwrap()["spec"]["selector"];
                selector["matchExpressions"] = json!([{"key": "app", "operator": "Exists"}]);
            },
            "selects pods by expressions",
        ),
        (
            |f| {
                f.get_mut(&Part::Service).unwrap()["metadata"]["managedFields"] =
                    json!([{"manager": "argocd-controller", "operation": "Apply"}]);
            },
            "is kept by Argo CD",
        ),
        (
            |f| {
                f.get_mut(&Part::Service).unwrap()["metadata"]["ownerReferences"] =
                    json!([{"kind": "Gateway", "name": "other", "controller": true}]);
            },
            "belongs to Gateway other",
        ),
        (
            |f| {
                f.get_mut(&Part::Deployment).unwrap()["spec"]["template"]["spec"]["serviceAccountName"] =
                    Value::Null;
            },
            "run as ServiceAccount default",
        ),
        (
            |f| f.get_mut(&Part::Service).unwrap()["spec"]["selector"] = json!({"app": "another"}),
            "its Service selects other pods",
        ),
    ];
    assert_eq!(refusals(&found()), Vec::<String>::new());
    for (change, why) in cases {
        let mut all = found();
        change(&mut all);
        let refused = draft(&all, "egress").unwrap_err().join("; ");
        assert!(refused.contains(why), "{why} is not in {refused}");
    }
}

#[test]
fn an_object_becomes_the_gateways_own_in_one_patch_that_holds_for_what_was_read() {
    let live = json!({"metadata": {
        "resourceVersion": "7",
        "annotations": {"meta.helm.sh/release-name": "r", "mine": "stays"},
        "managedFields": [
            {"manager": "helm", "operation": "Update"},
            {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status"},
            {"manager": "egret", "operation": "Apply"},
        ],
    }});
    let patch = take_over(&live, &json!({"kind": "IstioGateway"}), Some("record".to_owned()));
    assert_eq!(
        patch["metadata"],
        json!({
            "resourceVersion": "7",
            "ownerReferences": [{"kind": "IstioGateway"}],
            "managedFields": [
                {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status"},
                {"manager": "egret", "operation": "Apply"},
            ],
            "annotations": {"meta.helm.sh/release-name": null, TEMPLATE: "record"},
        })
    );
}

#[test]
fn managed_fields_of_nobody_are_a_list_with_an_empty_entry_because_an_empty_list_changes_nothing() {
    let live = json!({"metadata": {"managedFields": [{"manager": "helm", "operation": "Update"}]}});
    let patch = take_over(&live, &json!({}), None);
    assert_eq!(patch["metadata"]["managedFields"], json!([{}]));
    assert!(patch["metadata"].get("annotations").is_none());
}

#[test]
fn when_an_image_is_pulled_is_kept_where_it_is_somebodys_wish() {
    for (image, policy, kept) in [
        ("auto", "Always", false),
        ("auto", "IfNotPresent", true),
        ("registry:5000/proxyv2", "Always", false),
        ("docker.io/istio/proxyv2:latest", "Always", false),
        ("docker.io/istio/proxyv2:1.28.0", "IfNotPresent", false),
        ("docker.io/istio/proxyv2:1.28.0", "Always", true),
        ("proxyv2@sha256:00", "IfNotPresent", false),
    ] {
        let container = json!({"image": image, "imagePullPolicy": policy});
        let deployment = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
        let left = template(&deployment)["spec"]["containers"][0].get("imagePullPolicy").is_some();
        assert_eq!(left, kept, "{image} {policy}");
    }
}

#[test]
fn a_template_is_kept_without_what_the_server_filled_in_and_with_what_somebody_wrote() {
    let deployment = json!({"spec": {"template": {
        "metadata": {
            "labels": {"scheme": "HTTP"},
            "annotations": {"kubectl.kubernetes.io/restartedAt": "now", "mine": "1"},
        },
        "spec": {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 60,
            "serviceAccount": "a", "serviceAccountName": "a",
            "containers": [{
                "name": "istio-proxy",
                "image": "auto",
                "imagePullPolicy": "Always",
                "resources": {},
                "env": [{"name": "POD", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}],
                "readinessProbe": {"httpGet": {"port": 15021, "scheme": "HTTP"}, "periodSeconds": 10},
            }],
        },
    }}});
    assert_eq!(
        template(&deployment),
        json!({
            "metadata": {"labels": {"scheme": "HTTP"}, "annotations": {"mine": "1"}},
            "spec": {
                "terminationGracePeriodSeconds": 60,
                "serviceAccountName": "a",
                "containers": [{
                    "name": "istio-proxy",
                    "image": "auto",
                    "env": [{"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
                    "readinessProbe": {"httpGet": {"port": 15021}},
                }],
            },
        })
    );
}
