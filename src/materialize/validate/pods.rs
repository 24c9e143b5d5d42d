//! What the pods carry and where they run.

use std::collections::BTreeSet;

use super::{Found, words};
use crate::materialize::build::{LABELS, PROXY_CONFIG, TEMPLATES, read_proxy_config};
use crate::model::istio_gateway::names::SELECTOR_LABELS;
use crate::model::istio_gateway::{DnsPolicy, GatewayConfiguration, Pairs};

pub(super) fn check(c: &GatewayConfiguration, found: &mut Found) {
    labels(c.pod_labels.as_ref(), found);
    annotations(c.pod_annotations.as_ref(), found);
    words::labels("nodeSelector", c.node_selector.as_ref(), found);
    tolerations(c, found);
    environment(c, found);
    volumes(c, found);
    found.word("dnsPolicy", c.dns_policy.as_ref().map(DnsPolicy::as_str), DnsPolicy::WORDS);
    if c.dns_policy == Some(DnsPolicy::None) {
        let why = "None needs name servers, and a gateway has no field for them";
        found.error("dnsPolicy", why, "ClusterFirst");
    }
}

fn labels(labels: Option<&Pairs>, found: &mut Found) {
    words::labels("podLabels", labels, found);
    for (key, value) in labels.into_iter().flatten() {
        let path = format!("podLabels[{key}]");
        if SELECTOR_LABELS.contains(&key.as_str()) {
            let why = format!("{key} selects the gateway's pods and never changes");
            found.error(&path, why, "another key");
        }
        if let Some((_, ours)) = LABELS.iter().find(|(ours, wanted)| ours == key && wanted != value) {
            let why = format!("a gateway's pods have {key}: \"{ours}\", else Istio does not make them whole");
            found.error(&path, why, format!("\"{ours}\", or remove it"));
        }
    }
}

fn annotations(annotations: Option<&Pairs>, found: &mut Found) {
    words::annotations("podAnnotations", annotations, found);
    let get = |key: &str| annotations.and_then(|a| a.get(key));
    if get(TEMPLATES.0).is_some_and(|v| v != TEMPLATES.1) {
        let why = "a gateway's pods are made from Istio's gateway template";
        found.error(&format!("podAnnotations[{}]", TEMPLATES.0), why, "\"gateway\", or remove it");
    }
    if get(PROXY_CONFIG).is_some_and(|text| read_proxy_config(text).is_none()) {
        let path = format!("podAnnotations[{PROXY_CONFIG}]");
        found.error(&path, "this is no YAML of fields and values", "concurrency: 2");
    }
}

fn tolerations(c: &GatewayConfiguration, found: &mut Found) {
    const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    for (index, t) in c.tolerations.iter().flatten().enumerate() {
        let path = format!("tolerations[{index}]");
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (key, operator, value, effect) =
            (text(&t.key), text(&t.operator), text(&t.value), text(&t.effect));
        let exists = operator == "Exists";
        if !effect.is_empty() {
            found.word(&format!("{path}.effect"), Some(&effect), &EFFECTS);
        }
        if exists && !value.is_empty() {
            found.error(
                &format!("{path}.value"),
                "Exists takes every value",
                "remove it, or operator: Equal",
            );
        }
        if key.is_empty() && !exists {
            found.error(
                &format!("{path}.key"),
                "without a key the operator must be Exists",
                "operator: Exists",
            );
        }
        if t.toleration_seconds.is_some() && effect != "NoExecute" {
            let why = "seconds are for the effect NoExecute alone";
            found.error(&format!("{path}.tolerationSeconds"), why, "effect: NoExecute");
        }
    }
}

fn environment(c: &GatewayConfiguration, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for (index, variable) in c.env.iter().flatten().enumerate() {
        let path = format!("env[{index}].name");
        let name = &variable.name;
        if name.is_empty() || name.contains('=') || name.chars().any(char::is_control) {
            found.error(&path, format!("{name:?} is no name of a variable"), "LOG_LEVEL");
        } else if !seen.insert(name) {
            found.error(&path, format!("{name} is set twice"), "each variable once");
        }
    }
}

/// Volumes that Istio's gateway template brings.
const TAKEN: [&str; 9] = [
    "workload-socket",
    "credential-socket",
    "workload-certs",
    "istio-envoy",
    "istio-data",
    "istiod-ca-cert",
    "istio-token",
    "istio-podinfo",
    "podinfo",
];

fn volumes(c: &GatewayConfiguration, found: &mut Found) {
    let secrets = c.secret_volumes.iter().flatten().enumerate().map(|(index, v)| {
        (format!("secretVolumes[{index}]"), &v.name, "secretName", &v.secret_name, &v.mount_path)
    });
    let maps = c.config_volumes.iter().flatten().enumerate().map(|(index, v)| {
        (format!("configVolumes[{index}]"), &v.name, "configMapName", &v.config_map_name, &v.mount_path)
    });
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for (path, name, field, source, mount) in secrets.chain(maps) {
        let [name, source, mount] = [name, source, mount].map(|text| text.clone().unwrap_or_default());
        if !words::is_label_name(&name) {
            found.error(&format!("{path}.name"), format!("{name:?} is no name of a volume"), "certs");
        } else if TAKEN.contains(&name.as_str()) {
            found.error(
                &format!("{path}.name"),
                format!("Istio's own volume is called {name}"),
                format!("my-{name}"),
            );
        } else if !names.insert(name.clone()) {
            found.error(
                &format!("{path}.name"),
                format!("another volume is called {name}"),
                "each name once",
            );
        }
        if source.is_empty() {
            found.error(
                &format!("{path}.{field}"),
                "a volume needs what is in it",
                format!("{field}: certs"),
            );
        }
        if !mount.starts_with('/') || mount.contains(':') {
            found.error(
                &format!("{path}.mountPath"),
                format!("{mount:?} is no directory"),
                "/etc/istio/certs",
            );
        } else if !paths.insert(mount.trim_end_matches('/').to_owned()) {
            found.error(
                &format!("{path}.mountPath"),
                format!("another volume is at {mount}"),
                "each directory once",
            );
        }
    }
}
