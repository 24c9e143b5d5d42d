//! The other kinds.

use serde_json::{Value, json};

use crate::demo::status::Cause;

/// What is wrong with one.
pub(super) fn check(kind: &str, object: &Value) -> Vec<Cause> {
    match kind {
        "Role" | "ClusterRole" => rules(object, kind == "Role"),
        "RoleBinding" | "ClusterRoleBinding" => binding(object),
        "ConfigMap" | "Secret" => data(object),
        "Lease" => {
            let seconds = &object["spec"]["leaseDurationSeconds"];
            let wrong = seconds.as_i64().filter(|n| *n < 1);
            let cause = |_| Cause::invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0");
            wrong.map(cause).into_iter().collect()
        }
        "EndpointSlice" => slice(object),
        "Event" => {
            let (own, of) = (&object["metadata"]["namespace"], &object["involvedObject"]["namespace"]);
            let wrong = of.is_string() && of != own;
            let cause = || Cause::invalid("involvedObject.namespace", of, "does not match event.namespace");
            wrong.then(cause).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn rules(role: &Value, namespaced: bool) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (n, rule) in role["rules"].as_array().into_iter().flatten().enumerate() {
        let empty = |field: &str| rule[field].as_array().is_none_or(Vec::is_empty);
        let paths = !empty("nonResourceURLs");
        let mut needs = |field: &str, why: &str| {
            if empty(field) {
                causes.push(Cause::required(format!("rules[{n}].{field}"), why));
            }
        };
        needs("verbs", "verbs must contain at least one value");
        if paths && namespaced {
            let why = "namespaced rules cannot apply to non-resource URLs";
            causes.push(Cause::invalid(format!("rules[{n}].nonResourceURLs"), &rule["nonResourceURLs"], why));
            continue;
        }
        if !paths {
            needs("apiGroups", "resource rules must supply at least one api group");
            needs("resources", "resource rules must supply at least one resource");
        }
    }
    causes
}

fn binding(binding: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let role = &binding["roleRef"];
    let kind = role["kind"].as_str().unwrap_or_default();
    let kinds: &[&str] =
        if binding["kind"] == "RoleBinding" { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&kind) {
        causes.push(Cause::unsupported("roleRef.kind", &json!(kind), kinds));
    }
    if role["name"].as_str().unwrap_or_default().is_empty() {
        causes.push(Cause::required("roleRef.name", ""));
    }
    for (n, subject) in binding["subjects"].as_array().into_iter().flatten().enumerate() {
        let kind = subject["kind"].as_str().unwrap_or_default();
        const SUBJECTS: &[&str] = &["ServiceAccount", "User", "Group"];
        if !SUBJECTS.contains(&kind) {
            causes.push(Cause::unsupported(format!("subjects[{n}].kind"), &json!(kind), SUBJECTS));
        }
        if subject["name"].as_str().unwrap_or_default().is_empty() {
            causes.push(Cause::required(format!("subjects[{n}].name"), ""));
        }
    }
    causes
}

/// Why a text is no key of data.
const KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

fn data(object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in ["data", "binaryData"] {
        for (key, _) in object[field].as_object().into_iter().flatten() {
            let fits = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
            if !fits {
                causes.push(Cause::invalid(format!("{field}[{key}]"), &json!(key), KEY));
            }
            if field == "binaryData" && object["data"].get(key).is_some() {
                causes.push(Cause::invalid(
                    format!("data[{key}]"),
                    &json!(key),
                    "duplicate of key present in binaryData",
                ));
            }
        }
    }
    causes
}

/// What never changes.
pub(super) fn unchanged(kind: &str, new: &Value, old: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if kind == "Secret" && new["type"] != old["type"] {
        causes.push(Cause::invalid("type", &new["type"], "field is immutable"));
    }
    if old["immutable"] == true {
        let why = "field is immutable when `immutable` is set";
        if new["immutable"] != true {
            causes.push(Cause::forbidden("immutable", why));
        }
        for field in ["data", "binaryData"].into_iter().filter(|f| new[*f] != old[*f]) {
            causes.push(Cause::forbidden(field, why));
        }
    }
    causes
}

fn slice(slice: &Value) -> Vec<Cause> {
    const TYPES: &[&str] = &["FQDN", "IPv4", "IPv6"];
    let kind = slice["addressType"].as_str().unwrap_or_default();
    if !TYPES.contains(&kind) {
        return vec![Cause::unsupported("addressType", &json!(kind), TYPES)];
    }
    let mut causes = Vec::new();
    for (n, endpoint) in slice["endpoints"].as_array().into_iter().flatten().enumerate() {
        for (m, address) in endpoint["addresses"].as_array().into_iter().flatten().enumerate() {
            let text = address.as_str().unwrap_or_default();
            if kind != "FQDN" && text.parse::<std::net::IpAddr>().is_err() {
                let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
                causes.push(Cause::invalid(format!("endpoints[{n}].addresses[{m}]"), address, why));
            }
        }
    }
    causes
}
