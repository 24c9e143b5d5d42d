//! Containers of pods.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::words;
use crate::demo::status::Cause;
use crate::model::amount::Amount;

/// What is wrong with a container.
pub(super) fn container_of(at: &str, container: &Value, volumes: &BTreeSet<&str>) -> Vec<Cause> {
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
    const SAID: &[&str] = &["File", "FallbackToLogsOnError"];
    let said = container["terminationMessagePolicy"].as_str().filter(|p| !SAID.contains(p));
    causes
        .extend(said.map(|p| Cause::unsupported(format!("{at}.terminationMessagePolicy"), &json!(p), SAID)));
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
    causes.extend(identity(&format!("{at}.securityContext"), &container["securityContext"]));
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

/// Users and groups that are none.
pub(super) fn identity(at: &str, context: &Value) -> Vec<Cause> {
    let wrong = ["runAsUser", "runAsGroup", "fsGroup"].into_iter().filter_map(|field| {
        let number = context[field].as_i64().filter(|n| !(0..=i64::from(i32::MAX)).contains(n))?;
        let why = "must be between 0 and 2147483647, inclusive";
        Some(Cause::invalid(format!("{at}.{field}"), &json!(number), why))
    });
    wrong.collect()
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
