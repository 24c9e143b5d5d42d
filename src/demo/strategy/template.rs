//! Pods and their templates: defaults.

use serde_json::{Value, json};

use super::fill::{each, fill, inside};
use super::quantity;

/// Defaults of a pod's spec; `whole`: of a pod, not of a template.
pub(super) fn spec(spec: &mut Value, whole: bool) {
    if !spec.is_object() {
        return;
    }
    fill(spec, "restartPolicy", "Always");
    fill(spec, "terminationGracePeriodSeconds", 30);
    fill(spec, "dnsPolicy", "ClusterFirst");
    if let Some(name) = spec.get("serviceAccountName").filter(|n| n.is_string()).cloned() {
        fill(spec, "serviceAccount", name);
    } else if let Some(name) = spec.get("serviceAccount").filter(|n| n.is_string()).cloned() {
        fill(spec, "serviceAccountName", name);
    }
    fill(spec, "securityContext", json!({}));
    fill(spec, "schedulerName", "default-scheduler");
    if whole {
        fill(spec, "enableServiceLinks", true);
    }
    let host = spec["hostNetwork"] == true;
    for list in ["initContainers", "containers"] {
        each(spec, list).for_each(|c| container(c, host, whole));
    }
    each(spec, "volumes").for_each(volume);
    quantity_of(spec, "overhead");
}

fn container(c: &mut Value, host: bool, whole: bool) {
    let image = c["image"].as_str().unwrap_or_default();
    let last = image.rsplit('/').next().unwrap_or_default();
    // What is no reference at all names no version either, and is left to the kubelet to refuse.
    let is_latest = !image.contains(' ')
        && !image.contains('@')
        && last.split_once(':').is_none_or(|(_, tag)| tag == "latest");
    let policy = if is_latest { "Always" } else { "IfNotPresent" };
    for port in each(c, "ports") {
        fill(port, "protocol", "TCP");
        if host {
            let number = port["containerPort"].clone();
            fill(port, "hostPort", number);
        }
    }
    fill(c, "resources", json!({}));
    if let Some(resources) = inside(c, "resources") {
        quantity_of(resources, "limits");
        quantity_of(resources, "requests");
        // What is limited is asked for.
        if let Some(limits) = resources.get("limits").and_then(Value::as_object).cloned().filter(|_| whole) {
            for (name, limit) in limits {
                if !resources["requests"].is_object() {
                    resources["requests"] = json!({});
                }
                fill(&mut resources["requests"], &name, limit);
            }
        }
    }
    fill(c, "terminationMessagePath", "/dev/termination-log");
    fill(c, "terminationMessagePolicy", "File");
    fill(c, "imagePullPolicy", policy);
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(p) = inside(c, name) {
            probe(p);
        }
    }
    if let Some(lifecycle) = inside(c, "lifecycle") {
        for hook in ["postStart", "preStop"] {
            if let Some(get) = inside(lifecycle, hook).and_then(|h| inside(h, "httpGet")) {
                http_get(get);
            }
        }
    }
    for variable in each(c, "env") {
        if let Some(from) = inside(variable, "valueFrom") {
            if let Some(field) = inside(from, "fieldRef") {
                fill(field, "apiVersion", "v1");
            }
            if let Some(resource) = inside(from, "resourceFieldRef") {
                fill(resource, "divisor", "0");
            }
        }
    }
}

fn http_get(get: &mut Value) {
    fill(get, "path", "/");
    fill(get, "scheme", "HTTP");
}

fn probe(p: &mut Value) {
    if let Some(get) = inside(p, "httpGet") {
        http_get(get);
    }
    for (field, number) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        if p[field] == 0 {
            p[field] = Value::Null;
        }
        fill(p, field, number);
    }
    if p["initialDelaySeconds"] == 0 {
        crate::demo::state::write::remove(p, "initialDelaySeconds");
    }
    if let Some(grpc) = inside(p, "grpc") {
        fill(grpc, "service", "");
    }
}

/// Kinds of volumes whose files have a mode.
const WITH_MODE: &[&str] = &["secret", "configMap", "projected", "downwardAPI"];

fn volume(v: &mut Value) {
    let kinds = v.as_object().map_or(0, serde_json::Map::len);
    if kinds <= 1 {
        v["emptyDir"] = json!({});
    }
    for kind in WITH_MODE {
        if let Some(of) = inside(v, kind) {
            fill(of, "defaultMode", 420);
            if *kind == "downwardAPI" {
                items_of_downward(of);
            }
            for source in each(of, "sources") {
                if let Some(token) = inside(source, "serviceAccountToken") {
                    fill(token, "expirationSeconds", 3600);
                }
                if let Some(downward) = inside(source, "downwardAPI") {
                    items_of_downward(downward);
                }
            }
        }
    }
    if let Some(path) = inside(v, "hostPath") {
        fill(path, "type", "");
    }
    if let Some(empty) = inside(v, "emptyDir")
        && empty.get("sizeLimit").is_some()
    {
        quantity::one(&mut empty["sizeLimit"]);
    }
}

fn items_of_downward(of: &mut Value) {
    for item in each(of, "items") {
        if let Some(field) = inside(item, "fieldRef") {
            fill(field, "apiVersion", "v1");
        }
    }
}

fn quantity_of(object: &mut Value, field: &str) {
    if object.get(field).is_some() {
        quantity::all(&mut object[field]);
    }
}

/// Class of a pod by what its containers ask for.
pub(super) fn quality(pod: &Value) -> &'static str {
    let lists = ["containers", "initContainers"].map(|l| pod["spec"][l].as_array());
    let all: Vec<&Value> = lists.into_iter().flatten().flatten().collect();
    let of = |c: &Value, kind: &str, name: &str| {
        c["resources"][kind][name].as_str().filter(|q| *q != "0").map(str::to_owned)
    };
    let resources = ["cpu", "memory"];
    let any = all
        .iter()
        .any(|c| resources.iter().any(|r| of(c, "requests", r).is_some() || of(c, "limits", r).is_some()));
    let full = |c: &&Value| {
        resources
            .iter()
            .all(|r| of(c, "limits", r).is_some_and(|l| of(c, "requests", r).is_none_or(|q| q == l)))
    };
    match (any, all.iter().all(full)) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
