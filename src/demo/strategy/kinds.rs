//! The other kinds: their defaults.

use serde_json::{Value, json};

use super::fill::{drop_empty_map, each, fill, inside, trim};
use super::{quantity, template};
use crate::demo::state::write::remove;

/// Deployments, ReplicaSets, DaemonSets.
pub(super) fn workload(object: &mut Value) {
    let kind = object["kind"].as_str().unwrap_or_default().to_owned();
    let labels = object["spec"]["template"]["metadata"]["labels"].clone();
    let Some(spec) = inside(object, "spec") else { return };
    if kind != "DaemonSet" {
        fill(spec, "replicas", 1);
    }
    match &*kind {
        "Deployment" => {
            fill(spec, "strategy", json!({}));
            fill(&mut spec["strategy"], "type", "RollingUpdate");
            if spec["strategy"]["type"] == "RollingUpdate" {
                fill(&mut spec["strategy"], "rollingUpdate", json!({}));
                fill(&mut spec["strategy"]["rollingUpdate"], "maxUnavailable", "25%");
                fill(&mut spec["strategy"]["rollingUpdate"], "maxSurge", "25%");
            }
            fill(spec, "revisionHistoryLimit", 10);
            fill(spec, "progressDeadlineSeconds", 600);
        }
        "DaemonSet" => {
            fill(spec, "updateStrategy", json!({}));
            fill(&mut spec["updateStrategy"], "type", "RollingUpdate");
            if spec["updateStrategy"]["type"] == "RollingUpdate" {
                fill(&mut spec["updateStrategy"], "rollingUpdate", json!({}));
                fill(&mut spec["updateStrategy"]["rollingUpdate"], "maxUnavailable", 1);
                fill(&mut spec["updateStrategy"]["rollingUpdate"], "maxSurge", 0);
            }
            fill(spec, "revisionHistoryLimit", 10);
        }
        _ => {}
    }
    if spec["minReadySeconds"] == 0 {
        remove(spec, "minReadySeconds");
    }
    if spec["paused"] == false {
        remove(spec, "paused");
    }
    if let Some(of) = inside(&mut spec["template"], "spec") {
        template::spec(of, false);
        trim(of, &["securityContext", "emptyDir", "type"]);
    }
    if kind == "DaemonSet" {
        const GENERATION: &str = "deprecated.daemonset.template.generation";
        if !object["metadata"]["annotations"].is_object() {
            object["metadata"]["annotations"] = json!({});
        }
        fill(&mut object["metadata"]["annotations"], GENERATION, "1");
    }
    if kind == "ReplicaSet" && labels.is_object() && object["spec"]["selector"].is_null() {
        object["spec"]["selector"] = json!({"matchLabels": labels});
    }
}

/// When conditions changed is always said, if only as nothing; `also`: what else is.
pub(super) fn conditions(object: &mut Value, also: &[&str]) {
    let Some(status) = inside(object, "status") else { return };
    for condition in each(status, "conditions") {
        fill_null(condition, "lastTransitionTime");
        also.iter().for_each(|time| fill_null(condition, time));
    }
}

/// HorizontalPodAutoscalers.
pub(super) fn autoscaler(object: &mut Value) {
    let Some(spec) = inside(object, "spec") else { return };
    fill(spec, "minReplicas", 1);
    if spec["metrics"].as_array().is_none_or(Vec::is_empty) {
        spec["metrics"] = json!([{"type": "Resource", "resource": {"name": "cpu",
            "target": {"type": "Utilization", "averageUtilization": 80}}}]);
    }
    for metric in each(spec, "metrics") {
        for source in ["resource", "pods", "object", "external", "containerResource"] {
            let target = inside(metric, source).and_then(|s| inside(s, "target"));
            for field in ["value", "averageValue"] {
                if let Some(value) = target.as_ref().and_then(|t| t.get(field)).cloned() {
                    let mut value = value;
                    quantity::one(&mut value);
                    metric[source]["target"][field] = value;
                    break;
                }
            }
        }
    }
    let Some(behavior) = inside(spec, "behavior") else { return };
    let up = json!([{"type": "Pods", "value": 4, "periodSeconds": 15}, {"type": "Percent", "value": 100, "periodSeconds": 15}]);
    let down = json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]);
    for (way, policies) in [("scaleUp", up), ("scaleDown", down)] {
        fill(behavior, way, json!({}));
        fill(&mut behavior[way], "selectPolicy", "Max");
        if behavior[way]["policies"].as_array().is_none_or(Vec::is_empty) {
            behavior[way]["policies"] = policies;
        }
    }
    fill(&mut behavior["scaleUp"], "stabilizationWindowSeconds", 0);
}

/// Bindings: whose API a role or subject is of.
pub(super) fn binding(object: &mut Value) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    if let Some(role) = inside(object, "roleRef") {
        fill_text(role, "apiGroup", GROUP);
    }
    for subject in each(object, "subjects") {
        if matches!(subject["kind"].as_str(), Some("User" | "Group")) {
            fill_text(subject, "apiGroup", GROUP);
        }
    }
}

/// Webhook configurations.
pub(super) fn webhooks(object: &mut Value) {
    let mutates = object["kind"] == "MutatingWebhookConfiguration";
    for webhook in each(object, "webhooks") {
        fill(webhook, "failurePolicy", "Fail");
        fill(webhook, "matchPolicy", "Equivalent");
        fill(webhook, "namespaceSelector", json!({}));
        fill(webhook, "objectSelector", json!({}));
        fill(webhook, "timeoutSeconds", 10);
        if mutates {
            fill(webhook, "reinvocationPolicy", "Never");
        }
        for rule in each(webhook, "rules") {
            fill(rule, "scope", "*");
        }
        if let Some(service) = inside(webhook, "clientConfig").and_then(|c| inside(c, "service")) {
            fill(service, "port", 443);
        }
    }
}

/// Definitions of custom resources.
pub(super) fn definition(object: &mut Value) {
    let Some(spec) = inside(object, "spec") else { return };
    let kind = spec["names"]["kind"].as_str().unwrap_or_default().to_owned();
    if let Some(names) = inside(spec, "names") {
        fill(names, "singular", kind.to_lowercase());
        fill(names, "listKind", format!("{kind}List"));
    }
    fill(spec, "conversion", json!({"strategy": "None"}));
    for version in each(spec, "versions") {
        for column in each(version, "additionalPrinterColumns") {
            if column["priority"] == 0 {
                remove(column, "priority");
            }
        }
    }
}

/// Kinds with few defaults.
pub(super) fn small(kind: &str, object: &mut Value) {
    match kind {
        "Secret" => {
            fill(object, "type", "Opaque");
            secret_text(object);
            for field in ["data", "stringData"] {
                drop_empty_map(object, field);
            }
        }
        "ConfigMap" => {
            for field in ["data", "binaryData"] {
                drop_empty_map(object, field);
            }
        }
        "Namespace" => {
            let name = object["metadata"]["name"].clone();
            if !object["metadata"]["labels"].is_object() {
                object["metadata"]["labels"] = json!({});
            }
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        }
        "Event" => {
            for field in ["eventTime", "firstTimestamp", "lastTimestamp"] {
                fill_null(object, field);
            }
            fill(object, "source", json!({}));
            fill(object, "reportingComponent", "");
            fill(object, "reportingInstance", "");
        }
        "EndpointSlice" => {
            fill_null(object, "endpoints");
            fill_null(object, "ports");
            for port in each(object, "ports") {
                fill(port, "name", "");
                fill(port, "protocol", "TCP");
            }
            for endpoint in each(object, "endpoints") {
                fill(endpoint, "conditions", json!({}));
            }
        }
        "Role" | "ClusterRole" => fill_null(object, "rules"),
        "PodDisruptionBudget" => fill(object, "spec", json!({})),
        "Node" => {
            for field in ["allocatable", "capacity"] {
                if object["status"].get(field).is_some() {
                    quantity::all(&mut object["status"][field]);
                }
            }
        }
        _ => {}
    }
}

/// Sets a text that is empty.
fn fill_text(object: &mut Value, field: &str, text: &str) {
    if object[field].as_str().is_none_or(str::is_empty) {
        object[field] = text.into();
    }
}

fn fill_null(object: &mut Value, field: &str) {
    if object.get(field).is_none() {
        object[field] = Value::Null;
    }
}

/// What is written as text is stored as data.
fn secret_text(object: &mut Value) {
    use base64::Engine as _;
    let Some(texts) = object["stringData"].as_object().cloned() else {
        remove(object, "stringData");
        return;
    };
    if !object["data"].is_object() {
        object["data"] = json!({});
    }
    for (name, text) in texts {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text.as_str().unwrap_or_default());
        object["data"][&name] = encoded.into();
    }
    remove(object, "stringData");
}
