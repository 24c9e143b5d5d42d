//! Pods and their templates.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::words;
use crate::demo::status::Cause;
use crate::model::amount::Amount;

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

fn container_of(at: &str, container: &Value, volumes: &BTreeSet<&str>) -> Vec<Cause> {
    let mut causes = Vec::new();
    let name = container["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        causes.push(Cause::required(format!("{at}.name"), ""));
    } else {
        causes
            .extend(words::label(name).iter().map(|w| Cause::invalid(format!("{at}.name"), &json!(name), w)));
    }
    if container["image"].as_str().unwrap_or_default().is_empty() {
        causes.push(Cause::required(format!("{at}.image"), ""));
    }
    const POLICIES: &[&str] = &["Always", "IfNotPresent", "Never"];
    let policy = container["imagePullPolicy"].as_str().filter(|p| !POLICIES.contains(p));
    causes.extend(policy.map(|p| Cause::unsupported(format!("{at}.imagePullPolicy"), &json!(p), POLICIES)));
    for (kind, limited) in [("livenessProbe", true), ("readinessProbe", false), ("startupProbe", true)] {
        if container[kind].is_object() {
            causes.extend(probe(&format!("{at}.{kind}"), &container[kind], limited));
        }
    }
    causes.extend(ports(at, container));
    for (n, variable) in container["env"].as_array().into_iter().flatten().enumerate() {
        causes.extend(environment(&format!("{at}.env[{n}]"), variable));
    }
    for (n, mount) in container["volumeMounts"].as_array().into_iter().flatten().enumerate() {
        let field = format!("{at}.volumeMounts[{n}]");
        let name = mount["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            causes.push(Cause::required(format!("{field}.name"), ""));
        } else if !volumes.contains(name) {
            let message = format!("Not found: {name:?}");
            causes.push(Cause { reason: "FieldValueNotFound", message, field: format!("{field}.name") });
        }
        if mount["mountPath"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("{field}.mountPath"), ""));
        }
    }
    causes.extend(resources(at, &container["resources"]));
    causes
}

/// Sources that a variable may be taken from.
const SOURCES: &[&str] = &["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

fn environment(at: &str, variable: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let name = variable["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        causes.push(Cause::required(format!("{at}.name"), ""));
    } else if !name.chars().all(|c| (' '..='~').contains(&c) && c != '=') {
        let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
        causes.push(Cause::invalid(format!("{at}.name"), &json!(name), why));
    }
    let from = &variable["valueFrom"];
    if !from.is_object() {
        return causes;
    }
    let field = format!("{at}.valueFrom");
    if variable["value"].as_str().is_some_and(|v| !v.is_empty()) {
        causes.push(Cause::invalid(field, &json!(""), "may not be specified when `value` is not empty"));
    } else if SOURCES.iter().all(|s| from[*s].is_null()) {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        causes.push(Cause::invalid(field, &json!(""), why));
    } else {
        for source in ["configMapKeyRef", "secretKeyRef"].into_iter().filter(|s| from[*s].is_object()) {
            let name = from[source]["name"].as_str().unwrap_or_default();
            let wrong = words::subdomain(name);
            causes.extend(
                wrong.iter().map(|w| Cause::invalid(format!("{field}.{source}.name"), &json!(name), w)),
            );
            if from[source]["key"].as_str().unwrap_or_default().is_empty() {
                causes.push(Cause::required(format!("{field}.{source}.key"), ""));
            }
        }
        if let Some(path) = from["fieldRef"]["fieldPath"].as_str().filter(|p| !is_downward(p)) {
            let why = format!("error converting fieldPath: field label not supported: {path}");
            causes.push(Cause::invalid(format!("{field}.fieldRef.fieldPath"), &json!(path), &why));
        }
    }
    causes
}

/// Whether a pod may be told this of itself.
fn is_downward(path: &str) -> bool {
    const FIELDS: &[&str] = &[
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "metadata.labels",
        "metadata.annotations",
        "spec.nodeName",
        "spec.serviceAccountName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "status.hostIP",
        "status.hostIPs",
        "status.podIP",
        "status.podIPs",
        "status.phase",
    ];
    FIELDS.contains(&path)
        || path.starts_with("metadata.labels['")
        || path.starts_with("metadata.annotations['")
}

fn ports(at: &str, container: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut names = BTreeSet::new();
    for (n, port) in container["ports"].as_array().into_iter().flatten().enumerate() {
        let field = format!("{at}.ports[{n}]");
        if let Some(name) = port["name"].as_str().filter(|n| !n.is_empty()) {
            causes.extend(
                port_name(name).iter().map(|w| Cause::invalid(format!("{field}.name"), &json!(name), w)),
            );
            if !names.insert(name) {
                causes.push(Cause::duplicate(format!("{field}.name"), &json!(name)));
            }
        }
        match port["containerPort"].as_i64().unwrap_or_default() {
            0 => causes.push(Cause::required(format!("{field}.containerPort"), "")),
            number => causes.extend(in_range(&format!("{field}.containerPort"), number)),
        }
        if let Some(number) = port["hostPort"].as_i64().filter(|n| *n != 0) {
            causes.extend(in_range(&format!("{field}.hostPort"), number));
        }
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        if !["SCTP", "TCP", "UDP"].contains(&protocol) {
            causes.push(Cause::unsupported(
                format!("{field}.protocol"),
                &json!(protocol),
                &["SCTP", "TCP", "UDP"],
            ));
        }
    }
    causes
}

/// A number that is no port.
pub(super) fn in_range(field: &str, number: i64) -> Option<Cause> {
    let fits = (1..=65535).contains(&number);
    (!fits).then(|| Cause::invalid(field, &json!(number), "must be between 1 and 65535, inclusive"))
}

/// Why a text is no name of a port; empty: it is one.
pub(super) fn port_name(name: &str) -> Vec<String> {
    let mut why = Vec::new();
    if name.len() > 15 {
        why.push("must be no more than 15 characters".to_owned());
    }
    if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        why.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !name.chars().any(|c| c.is_ascii_lowercase()) {
        why.push("must contain at least one letter (a-z)".to_owned());
    }
    if name.contains("--") {
        why.push("must not contain consecutive hyphens".to_owned());
    }
    if name.starts_with('-') || name.ends_with('-') {
        why.push("must not begin or end with a hyphen".to_owned());
    }
    why
}

fn probe(at: &str, probe: &Value, single: bool) -> Vec<Cause> {
    let handlers: Vec<&str> =
        ["exec", "httpGet", "tcpSocket", "grpc"].into_iter().filter(|h| probe[*h].is_object()).collect();
    let mut causes = Vec::new();
    for (n, handler) in handlers.iter().enumerate() {
        let field = format!("{at}.{handler}");
        if n > 0 {
            causes.push(Cause::forbidden(field, "may not specify more than 1 handler type"));
            continue;
        }
        if *handler == "httpGet" || *handler == "tcpSocket" {
            causes.extend(target(&format!("{field}.port"), &probe[*handler]["port"]));
        }
        let scheme = probe[*handler]["scheme"].as_str().unwrap_or("HTTP");
        if *handler == "httpGet" && !["HTTP", "HTTPS"].contains(&scheme) {
            causes.push(Cause::unsupported(format!("{field}.scheme"), &json!(scheme), &["HTTP", "HTTPS"]));
        }
    }
    if handlers.is_empty() {
        causes.push(Cause::required(at, "must specify a handler type"));
    }
    for field in
        ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
    {
        causes.extend(super::not_negative(&format!("{at}.{field}"), &probe[field]));
    }
    if single && probe["successThreshold"].as_i64().is_some_and(|n| n > 1) {
        causes.push(Cause::invalid(
            format!("{at}.successThreshold"),
            &probe["successThreshold"],
            "must be 1",
        ));
    }
    causes
}

/// A port by number or by name.
fn target(field: &str, port: &Value) -> Vec<Cause> {
    match port {
        Value::String(name) => port_name(name).iter().map(|w| Cause::invalid(field, port, w)).collect(),
        other => in_range(field, other.as_i64().unwrap_or_default()).into_iter().collect(),
    }
}

/// Resources that every container may ask for.
const STANDARD: &[&str] = &["cpu", "memory", "ephemeral-storage"];

fn resources(at: &str, resources: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let amount = |value: &Value| value.as_str().and_then(|t| t.parse::<Amount>().ok());
    for kind in ["limits", "requests"] {
        for (name, value) in resources[kind].as_object().into_iter().flatten() {
            let field = format!("{at}.resources.{kind}[{name}]");
            let known = STANDARD.contains(&name.as_str()) || name.starts_with("hugepages-");
            let wrong = words::key(name);
            causes.extend(wrong.iter().map(|w| Cause::invalid(&*field, &json!(name), w)));
            if wrong.is_empty() && !known && !name.contains('/') {
                let why = "must be a standard resource type or fully qualified";
                causes.push(Cause::invalid(&*field, &json!(name), why));
            }
            if !known && !name.contains('/') {
                causes.push(Cause::invalid(
                    &*field,
                    &json!(name),
                    "must be a standard resource for containers",
                ));
            }
            if amount(value).is_some_and(|a| a.is_negative()) {
                causes.push(Cause::invalid(field, value, "must be greater than or equal to 0"));
            } else if kind == "requests"
                && let Some((asked, limit)) = amount(value).zip(amount(&resources["limits"][name]))
                && asked > limit
            {
                let why = format!("must be less than or equal to {name} limit of {limit}");
                causes.push(Cause::invalid(format!("{at}.resources.requests"), value, &why));
            }
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
