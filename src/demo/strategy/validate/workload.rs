//! Deployments, ReplicaSets, DaemonSets.

use serde_json::{Value, json};

use super::{immutable, metadata, not_negative, template, words};
use crate::demo::select::Labels;
use crate::demo::status::Cause;

/// What is wrong with one.
pub(super) fn check(kind: &str, object: &Value) -> Vec<Cause> {
    let spec = &object["spec"];
    let mut causes = not_negative("spec.replicas", &spec["replicas"]);
    let selector = &spec["selector"];
    causes.extend(selector_of(kind, selector));
    let labels = &spec["template"]["metadata"]["labels"];
    let is_sound = causes.iter().all(|c| !c.field.starts_with("spec.selector."));
    let is_empty = selector.as_object().is_some_and(serde_json::Map::is_empty);
    if is_sound && !is_empty && (selector.is_null() || !Labels::of_object(selector).fit_labels(labels)) {
        let why = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", labels, why));
    }
    causes.extend(metadata::labels("spec.template.labels", labels));
    causes.extend(template::spec("spec.template.spec", &spec["template"]["spec"], template::Of::Workload));
    if kind == "Deployment" {
        causes.extend(strategy(&spec["strategy"]));
        for field in ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"] {
            causes.extend(not_negative(&format!("spec.{field}"), &spec[field]));
        }
        let (deadline, ready) =
            (spec["progressDeadlineSeconds"].as_i64(), spec["minReadySeconds"].as_i64().unwrap_or_default());
        if deadline.is_some_and(|d| d >= 0 && d <= ready) {
            let why = "must be greater than minReadySeconds";
            causes.push(Cause::invalid(
                "spec.progressDeadlineSeconds",
                &spec["progressDeadlineSeconds"],
                why,
            ));
        }
    }
    causes
}

fn selector_of(kind: &str, selector: &Value) -> Vec<Cause> {
    let word = kind.to_lowercase();
    if selector.is_null() {
        return vec![Cause::required("spec.selector", "")];
    }
    let mut causes = selector_parts("spec.selector", selector);
    if !causes.is_empty() && selector["matchExpressions"].is_array() {
        causes.push(Cause::invalid("spec.selector", selector, "invalid label selector"));
    }
    if selector.as_object().is_some_and(serde_json::Map::is_empty) {
        causes.push(Cause::invalid(
            "spec.selector",
            selector,
            &format!("empty selector is invalid for {word}"),
        ));
    }
    causes
}

/// What is wrong with the parts of a selector.
pub(super) fn selector_parts(field: &str, selector: &Value) -> Vec<Cause> {
    let mut causes = metadata::labels(&format!("{field}.matchLabels"), &selector["matchLabels"]);
    for (n, expression) in selector["matchExpressions"].as_array().into_iter().flatten().enumerate() {
        let at = format!("{field}.matchExpressions[{n}]");
        let values = expression["values"].as_array().map_or(0, Vec::len);
        match expression["operator"].as_str().unwrap_or_default() {
            "In" | "NotIn" if values == 0 => {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                causes.push(Cause::required(format!("{at}.values"), why));
            }
            "Exists" | "DoesNotExist" if values > 0 => {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                causes.push(Cause::forbidden(format!("{at}.values"), why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => causes.push(Cause::invalid(
                format!("{at}.operator"),
                &json!(other),
                "not a valid selector operator",
            )),
        }
        let key = expression["key"].as_str().unwrap_or_default();
        causes.extend(words::key(key).iter().map(|w| Cause::invalid(format!("{at}.key"), &json!(key), w)));
    }
    causes
}

fn strategy(strategy: &Value) -> Vec<Cause> {
    const ROLLING: &str = "spec.strategy.rollingUpdate";
    let rolling = &strategy["rollingUpdate"];
    match strategy["type"].as_str().unwrap_or_default() {
        "Recreate" if !rolling.is_null() => {
            vec![Cause::forbidden(ROLLING, "may not be specified when strategy `type` is 'Recreate'")]
        }
        "Recreate" => Vec::new(),
        "RollingUpdate" => {
            let mut causes = share(&format!("{ROLLING}.maxUnavailable"), &rolling["maxUnavailable"], true);
            causes.extend(share(&format!("{ROLLING}.maxSurge"), &rolling["maxSurge"], false));
            let none = |value: &Value| *value == 0 || value == "0%" || value == "0";
            if none(&rolling["maxUnavailable"]) && none(&rolling["maxSurge"]) {
                let why = "may not be 0 when `maxSurge` is 0";
                causes.push(Cause::invalid(
                    format!("{ROLLING}.maxUnavailable"),
                    &rolling["maxUnavailable"],
                    why,
                ));
            }
            causes
        }
        other => {
            let shown = json!({"Type": other, "RollingUpdate": null});
            vec![Cause::unsupported("spec.strategy", &shown, &["Recreate", "RollingUpdate"])]
        }
    }
}

/// A number or a share, not below 0; `limited`: not above 100%.
pub(super) fn share(field: &str, value: &Value, limited: bool) -> Vec<Cause> {
    let Some(text) = value.as_str() else { return not_negative(field, value) };
    let digits = text.strip_suffix('%').filter(|d| !d.is_empty() && d.chars().all(|c| c.is_ascii_digit()));
    match digits.map(|d| d.parse::<u64>().unwrap_or(u64::MAX)) {
        None => {
            let why = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
            vec![Cause::invalid(field, value, why)]
        }
        Some(percent) if limited && percent > 100 => {
            vec![Cause::invalid(field, value, "must not be greater than 100%")]
        }
        Some(_) => Vec::new(),
    }
}

/// What never changes.
pub(super) fn unchanged(new: &Value, old: &Value) -> Vec<Cause> {
    immutable("spec.selector", new, old, "field is immutable")
}
