//! Autoscalers and budgets.

use serde_json::{Value, json};

use super::workload::{selector_parts, share};
use crate::demo::status::Cause;

const KINDS: &[&str] = &["ContainerResource", "External", "Object", "Pods", "Resource"];

/// What is wrong with an autoscaler.
pub(super) fn autoscaler(object: &Value) -> Vec<Cause> {
    let spec = &object["spec"];
    let (least, most) = (spec["minReplicas"].as_i64(), spec["maxReplicas"].as_i64().unwrap_or_default());
    let mut causes = Vec::new();
    if let Some(least) = least.filter(|n| *n < 1) {
        causes.push(Cause::invalid("spec.minReplicas", &json!(least), "must be greater than or equal to 1"));
    }
    if most < 1 {
        causes.push(Cause::required("spec.maxReplicas", "must be set and greater than 0"));
    }
    if least.is_some_and(|least| most < least) {
        let why = "must be greater than or equal to `minReplicas`";
        causes.push(Cause::invalid("spec.maxReplicas", &json!(most), why));
    }
    let target = &spec["scaleTargetRef"];
    let text = |field: &str| target[field].as_str().unwrap_or_default();
    for field in ["kind", "name"].into_iter().filter(|f| text(f).is_empty()) {
        causes.push(Cause::required(format!("spec.scaleTargetRef.{field}"), ""));
    }
    if !text("apiVersion").contains('/') {
        let why = "apiVersion must specify API group";
        causes.push(Cause::invalid("spec.scaleTargetRef.apiVersion", &json!(text("apiVersion")), why));
    }
    for (n, metric) in spec["metrics"].as_array().into_iter().flatten().enumerate() {
        causes.extend(metric_of(&format!("spec.metrics[{n}]"), metric));
    }
    if least == Some(0) {
        let why = "must specify at least one Object or External metric to support scaling to zero replicas";
        causes.push(Cause::forbidden("spec.metrics", why));
    }
    for way in ["scaleUp", "scaleDown"] {
        causes.extend(behaviour(&format!("spec.behavior.{way}"), &spec["behavior"][way]));
    }
    causes
}

fn metric_of(at: &str, metric: &Value) -> Vec<Cause> {
    let kind = metric["type"].as_str().unwrap_or_default();
    if !KINDS.contains(&kind) {
        // Found by two checks, as by the server's.
        let cause = Cause::unsupported(format!("{at}.type"), &json!(kind), KINDS);
        return vec![cause.clone(), cause];
    }
    let source = format!("{}{}", kind[..1].to_lowercase(), &kind[1..]);
    if !metric[&source].is_object() {
        let why = "must populate information for the given metric source";
        return vec![Cause::required(format!("{at}.{source}"), why)];
    }
    let field = format!("{at}.{source}.target");
    let target = &metric[&source]["target"];
    let mut causes = Vec::new();
    match (
        target["type"].as_str().unwrap_or_default(),
        &target["averageUtilization"],
        &target["averageValue"],
    ) {
        ("Utilization", Value::Null, Value::Null) if kind == "Resource" => {
            let why = "must set either a target raw value or a target utilization";
            causes.push(Cause::required(format!("{field}.averageUtilization"), why));
        }
        ("Utilization", value, _) if value.as_i64().is_some_and(|n| n < 1) => {
            causes.push(Cause::invalid(
                format!("{field}.averageUtilization"),
                value,
                "must be greater than 0",
            ));
        }
        ("AverageValue", _, value) if value.as_str().is_some_and(|v| v.starts_with('-') || v == "0") => {
            causes.push(Cause::invalid(format!("{field}.averageValue"), value, "must be positive"));
        }
        _ => {}
    }
    causes
}

fn behaviour(at: &str, rules: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if let Some(window) = rules["stabilizationWindowSeconds"].as_i64().filter(|w| *w > 3600) {
        let why = "must be less than or equal to 3600";
        causes.push(Cause::invalid(format!("{at}.stabilizationWindowSeconds"), &json!(window), why));
    }
    for (n, policy) in rules["policies"].as_array().into_iter().flatten().enumerate() {
        let field = format!("{at}.policies[{n}]");
        let kind = policy["type"].as_str().unwrap_or_default();
        if !["Percent", "Pods"].contains(&kind) {
            causes.push(Cause::unsupported(format!("{field}.type"), &json!(kind), &["Percent", "Pods"]));
        }
        for number in ["value", "periodSeconds"] {
            let value = policy[number].as_i64().unwrap_or_default();
            if value < 1 {
                causes.push(Cause::invalid(
                    format!("{field}.{number}"),
                    &json!(value),
                    "must be greater than zero",
                ));
            }
        }
    }
    causes
}

/// What is wrong with a budget.
pub(super) fn budget(object: &Value) -> Vec<Cause> {
    let spec = &object["spec"];
    let (least, most) = (&spec["minAvailable"], &spec["maxUnavailable"]);
    let mut causes = Vec::new();
    if !least.is_null() && !most.is_null() {
        let shown = json!({"MinAvailable": least, "Selector": spec["selector"], "MaxUnavailable": most,
            "UnhealthyPodEvictionPolicy": spec["unhealthyPodEvictionPolicy"]});
        causes.push(Cause::invalid("spec", &shown, "minAvailable and maxUnavailable cannot be both set"));
    }
    for (field, value) in [("spec.minAvailable", least), ("spec.maxUnavailable", most)] {
        if !value.is_null() {
            causes.extend(share(field, value, true));
        }
    }
    const POLICIES: &[&str] = &["AlwaysAllow", "IfHealthyBudget"];
    if let Some(policy) = spec["unhealthyPodEvictionPolicy"].as_str().filter(|p| !POLICIES.contains(p)) {
        causes.push(Cause::unsupported("spec.unhealthyPodEvictionPolicy", &json!(policy), POLICIES));
    }
    causes.extend(selector_parts("spec.selector", &spec["selector"]));
    causes
}
