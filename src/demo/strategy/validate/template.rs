//! Pods and their templates.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::container::container_of;
use super::words;
use crate::demo::status::Cause;

/// Whose pods they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A pod's own.
    Pod,
    /// A template: its pods always restart.
    Workload,
}

/// What is wrong with the spec of a pod.
pub(super) fn spec(at: &str, spec: &Value, of: Of) -> Vec<Cause> {
    let volumes: BTreeSet<&str> =
        spec["volumes"].as_array().into_iter().flatten().filter_map(|v| v["name"].as_str()).collect();
    let mut causes = volumes_of(at, &spec["volumes"]);
    let list = |name: &str| spec[name].as_array().cloned().unwrap_or_default();
    if list("containers").is_empty() {
        causes.push(Cause::required(format!("{at}.containers"), ""));
    }
    let mut names = BTreeSet::new();
    for kind in ["containers", "initContainers"] {
        for (n, container) in list(kind).iter().enumerate() {
            let field = format!("{at}.{kind}[{n}]");
            causes.extend(container_of(&field, container, &volumes));
            let name = container["name"].as_str().unwrap_or_default().to_owned();
            if !name.is_empty() && !names.insert(name.clone()) {
                causes.push(Cause::duplicate(format!("{field}.name"), &json!(name)));
            }
        }
    }
    causes.extend(restart(at, &spec["restartPolicy"], of));
    causes.extend(dns(at, spec));
    causes.extend(super::container::identity(&format!("{at}.securityContext"), &spec["securityContext"]));
    causes.extend(super::metadata::labels(&format!("{at}.nodeSelector"), &spec["nodeSelector"]));
    if let Some(name) = spec["serviceAccountName"].as_str().filter(|n| !n.is_empty()) {
        let wrong = words::subdomain(name);
        causes.extend(
            wrong.iter().map(|w| Cause::invalid(format!("{at}.serviceAccountName"), &json!(name), w)),
        );
    }
    for (n, spread) in list("topologySpreadConstraints").iter().enumerate() {
        causes.extend(spread_of(&format!("{at}.topologySpreadConstraints[{n}]"), spread));
    }
    for (n, alias) in list("hostAliases").iter().enumerate() {
        let ip = alias["ip"].as_str().unwrap_or_default();
        if ip.parse::<std::net::IpAddr>().is_err() {
            let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
            causes.push(Cause::invalid(format!("{at}.hostAliases[{n}].ip"), &json!(ip), why));
        }
    }
    let required = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    if required.is_object() && required["nodeSelectorTerms"].as_array().is_none_or(Vec::is_empty) {
        let field = format!(
            "{at}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
        );
        causes.push(Cause::required(field, "must have at least one node selector term"));
    }
    for (n, toleration) in list("tolerations").iter().enumerate() {
        causes.extend(tolerated(&format!("{at}.tolerations[{n}]"), toleration));
    }
    causes
}

fn spread_of(at: &str, spread: &Value) -> Vec<Cause> {
    const ALL: &[&str] = &["DoNotSchedule", "ScheduleAnyway"];
    let mut causes = Vec::new();
    let skew = spread["maxSkew"].as_i64().unwrap_or_default();
    if skew < 1 {
        causes.push(Cause::invalid(format!("{at}.maxSkew"), &json!(skew), "must be greater than zero"));
    }
    if spread["topologyKey"].as_str().unwrap_or_default().is_empty() {
        causes.push(Cause::required(format!("{at}.topologyKey"), "can not be empty"));
    }
    let action = spread["whenUnsatisfiable"].as_str().unwrap_or_default();
    if !ALL.contains(&action) {
        causes.push(Cause::unsupported(format!("{at}.whenUnsatisfiable"), &json!(action), ALL));
    }
    causes
}

/// What is strange about the spec of a pod, and let pass.
pub(super) fn warnings(at: &str, spec: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for kind in ["containers", "initContainers"] {
        for (n, container) in spec[kind].as_array().into_iter().flatten().enumerate() {
            for of in ["limits", "requests"] {
                let memory = container["resources"][of]["memory"].as_str().unwrap_or_default();
                if memory.ends_with('m') || memory.contains("e-") {
                    let field = format!("{at}.{kind}[{n}].resources.{of}[memory]");
                    all.push(format!(
                        "{field}: fractional byte value {memory:?} is invalid, must be an integer"
                    ));
                }
            }
        }
    }
    for (n, spread) in spec["topologySpreadConstraints"].as_array().into_iter().flatten().enumerate() {
        if spread["labelSelector"].is_null() {
            let field = format!("{at}.topologySpreadConstraints[{n}].labelSelector");
            all.push(format!("{field}: a null labelSelector results in matching no pod"));
        }
    }
    if spec["terminationGracePeriodSeconds"].as_i64().is_some_and(|s| s < 0) {
        let why = "must be >= 0; negative values are invalid and will be treated as 1";
        all.push(format!("{at}.terminationGracePeriodSeconds: {why}"));
    }
    all
}

fn restart(at: &str, policy: &Value, of: Of) -> Option<Cause> {
    let all: &[&str] = if of == Of::Workload { &["Always"] } else { &["Always", "OnFailure", "Never"] };
    let text = policy.as_str().filter(|p| !all.contains(p))?;
    Some(Cause::unsupported(format!("{at}.restartPolicy"), &json!(text), all))
}

fn dns(at: &str, spec: &Value) -> Option<Cause> {
    const ALL: &[&str] = &["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
    let policy = spec["dnsPolicy"].as_str()?;
    if !ALL.contains(&policy) {
        return Some(Cause::unsupported(format!("{at}.dnsPolicy"), &json!(policy), ALL));
    }
    let missing = policy == "None" && spec["dnsConfig"].is_null();
    missing.then(|| {
        Cause::required(format!("{at}.dnsConfig"), "must provide `dnsConfig` when `dnsPolicy` is None")
    })
}

fn tolerated(at: &str, toleration: &Value) -> Vec<Cause> {
    let operator = toleration["operator"].as_str().unwrap_or("Equal");
    let key = toleration["key"].as_str().unwrap_or_default();
    let mut causes = Vec::new();
    if key.is_empty() && operator != "Exists" {
        let why =
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        causes.push(Cause::invalid(format!("{at}.operator"), &json!(operator), why));
    }
    if !["Equal", "Exists"].contains(&operator) {
        causes.push(Cause::unsupported(format!("{at}.operator"), &json!(operator), &["Equal", "Exists"]));
    }
    causes
}

fn volumes_of(at: &str, volumes: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut seen = BTreeSet::new();
    for (n, volume) in volumes.as_array().into_iter().flatten().enumerate() {
        let kinds: Vec<&String> =
            volume.as_object().into_iter().flat_map(serde_json::Map::keys).filter(|k| *k != "name").collect();
        if let Some(second) = kinds.get(1) {
            let why = "may not specify more than 1 volume type";
            causes.push(Cause::forbidden(format!("{at}.volumes[{n}].{second}"), why));
        }
        for (kind, name) in [("secret", "secretName"), ("configMap", "name")] {
            if volume[kind].is_object() && volume[kind][name].as_str().unwrap_or_default().is_empty() {
                causes.push(Cause::required(format!("{at}.volumes[{n}].{kind}.{name}"), ""));
            }
        }
        let field = format!("{at}.volumes[{n}].name");
        let name = volume["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(field, ""));
        } else if !seen.insert(name) {
            causes.push(Cause::duplicate(field, &json!(name)));
        } else {
            causes.extend(words::label(name).iter().map(|w| Cause::invalid(&*field, &json!(name), w)));
        }
    }
    causes
}

/// What of a pod may not change: nearly all.
pub(super) fn changed(new: &Value, old: &Value) -> Option<Cause> {
    const WHY: &str = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
    let kept = |pod: &Value| {
        let mut spec = pod["spec"].clone();
        for list in ["containers", "initContainers"] {
            for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                container["image"] = Value::Null;
            }
        }
        for field in ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"] {
            crate::demo::state::write::remove(&mut spec, field);
        }
        spec
    };
    (kept(new) != kept(old)).then(|| Cause::forbidden("spec", WHY))
}
