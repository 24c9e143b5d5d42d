//! What is served: versions, groups, resources, and the few paths that are no API.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Answer;
use crate::demo::resources::{Resource, Resources};
use crate::demo::schema::openapi;
use crate::demo::status::Status;

/// Version that the simulated servers say they are: what the conformance table holds them to.
const VERSION: (&str, &str, &str) = ("1", "36", "v1.36.3");

/// What asks for all groups and resources in one piece.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Answers a path that is no resource.
pub(super) fn answer(path: &str, accept: &str, resources: &Resources) -> Result<Answer, Status> {
    if matches!(path, "/api" | "/apis") && accept.split(',').any(|a| a.trim() == AGGREGATED) {
        return Ok(Answer::Typed(AGGREGATED, aggregated(resources, path == "/api")));
    }
    let steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    match &*steps {
        ["healthz" | "livez" | "readyz"] => Ok(Answer::text(200, "ok")),
        ["version"] => Ok(Answer::value(200, version())),
        ["api"] => {
            let cidrs = json!([{"clientCIDR": "0.0.0.0/0", "serverAddress": "demo"}]);
            Ok(Answer::value(
                200,
                json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": cidrs}),
            ))
        }
        ["apis"] => Ok(Answer::value(200, groups(resources))),
        ["api", version] => resource_list(resources, "", version),
        ["apis", name] => {
            let found = groups(resources)["groups"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|g| g["name"] == *name)
                .cloned();
            let mut group = found.ok_or(()).or_else(|()| missing())?;
            if let Value::Object(map) = &mut group {
                map.shift_insert(0, "kind".into(), "APIGroup".into());
                map.shift_insert(1, "apiVersion".into(), "v1".into());
            }
            Ok(Answer::value(200, group))
        }
        ["apis", group, version] => resource_list(resources, group, version),
        ["openapi", "v3"] => Ok(Answer::value(200, openapi::index(resources))),
        ["openapi", "v3", "api", version] => described(resources, "", version),
        ["openapi", "v3", "apis", group, version] => described(resources, group, version),
        _ => Ok(Answer::text(404, "404 page not found\n")),
    }
}

/// The fields of the kinds of a group and version.
fn described(resources: &Resources, group: &str, version: &str) -> Result<Answer, Status> {
    let document = openapi::document(resources, group, version);
    document.ok_or(()).or_else(|()| missing()).map(|document| Answer::value(200, document))
}

/// What is not served at all has no `Status`.
fn missing() -> Result<Value, Status> {
    Err(Status::new(404, "", "404 page not found\n"))
}

fn version() -> Value {
    let (major, minor, git) = VERSION;
    json!({
        "major": major, "minor": minor, "emulationMajor": major, "emulationMinor": minor, "minCompatibilityMajor": major,
        "minCompatibilityMinor": "35", "gitVersion": git, "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "demo",
    })
}

/// The order in which a server lists its own groups; those of custom resources follow by name.
const ORDER: &[&str] = &[
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
];

/// A version of a group, with what it serves.
struct Version<'a> {
    name: &'a str,
    resources: Vec<&'a Resource>,
}

/// What is served, by group and version, the preferred one first.
fn grouped(resources: &Resources) -> Vec<(&str, Vec<Version<'_>>)> {
    let mut groups: BTreeMap<&str, Vec<Version<'_>>> = BTreeMap::new();
    for resource in resources.iter().map(AsRef::as_ref) {
        let versions = groups.entry(&resource.group).or_default();
        match versions.iter_mut().find(|v| *v.name == *resource.version) {
            Some(version) => version.resources.push(resource),
            None => versions.push(Version { name: &resource.version, resources: vec![resource] }),
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(name, _)| ORDER.iter().position(|o| o == name).unwrap_or(ORDER.len()));
    for (_, versions) in &mut groups {
        versions.sort_by_key(|v| std::cmp::Reverse(rank(v.name)));
    }
    groups
}

fn groups(resources: &Resources) -> Value {
    let named = grouped(resources).into_iter().filter(|(name, _)| !name.is_empty());
    let shown = named.map(|(name, versions)| {
        let shown =
            |v: &Version<'_>| json!({"groupVersion": format!("{name}/{}", v.name), "version": v.name});
        let all: Vec<Value> = versions.iter().map(shown).collect();
        json!({"name": name, "versions": all, "preferredVersion": all.first()})
    });
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": shown.collect::<Vec<_>>()})
}

/// Stable before beta before alpha, newer before older.
fn rank(version: &str) -> (u8, u32, u32) {
    let numbers: Vec<u32> =
        version.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
    let (major, minor) =
        (numbers.first().copied().unwrap_or_default(), numbers.get(1).copied().unwrap_or_default());
    let level = match (version.contains("alpha"), version.contains("beta")) {
        (true, _) => 0,
        (_, true) => 1,
        _ => 2,
    };
    (level, major, minor)
}

fn resource_list(resources: &Resources, group: &str, version: &str) -> Result<Answer, Status> {
    let served: Vec<&Resource> = resources
        .iter()
        .filter(|r| *r.group == *group && *r.version == *version)
        .map(AsRef::as_ref)
        .collect();
    if served.is_empty() {
        return missing().map(|v| Answer::value(404, v));
    }
    let group_version = served[0].api_version();
    let all: Vec<Value> = served.iter().flat_map(|r| shown(r)).collect();
    let mut list = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": all});
    // The core group's list is older than the habit of saying so.
    if group.is_empty() {
        crate::demo::state::write::remove(&mut list, "apiVersion");
    }
    Ok(Answer::value(200, list))
}

/// All groups, versions and resources in one piece.
fn aggregated(resources: &Resources, core: bool) -> Value {
    let asked = grouped(resources).into_iter().filter(|(name, _)| name.is_empty() == core);
    let shown = asked.map(|(name, versions)| {
        let versions = versions.into_iter().map(|version| {
            let resources: Vec<Value> = version.resources.into_iter().map(piece).collect();
            json!({"version": version.name, "resources": resources, "freshness": "Current"})
        });
        let metadata = if core {
            json!({"creationTimestamp": null})
        } else {
            json!({"name": name, "creationTimestamp": null})
        };
        json!({"metadata": metadata, "versions": versions.collect::<Vec<_>>()})
    });
    let items: Vec<Value> = shown.collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

/// A resource of the one piece.
fn piece(resource: &Resource) -> Value {
    let mut listed = shown(resource).into_iter();
    let own = listed.next().unwrap_or_default();
    let kind = |kind: &Value, of: &Value| {
        let text = |field: &str| of[field].as_str().unwrap_or_default().to_owned();
        json!({"group": text("group"), "version": text("version"), "kind": kind})
    };
    let subs: Vec<Value> = listed
        .map(|sub| {
            let name = sub["name"].as_str().and_then(|n| n.split_once('/')).map_or("", |(_, n)| n).to_owned();
            json!({"subresource": name, "responseKind": kind(&sub["kind"], &sub), "verbs": sub["verbs"]})
        })
        .collect();
    let mut piece = json!({
        "resource": own["name"], "responseKind": kind(&own["kind"], &own),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" }, "singularResource": own["singularName"],
        "verbs": own["verbs"],
    });
    for field in ["shortNames", "categories"] {
        if own[field].is_array() {
            piece[field] = own[field].clone();
        }
    }
    if !subs.is_empty() {
        piece["subresources"] = subs.into();
    }
    piece
}

/// Subresources of pods, with the verbs of each.
const OF_PODS: &[(&str, &str, &[&str])] = &[
    ("log", "Pod", &["get"]),
    ("portforward", "PodPortForwardOptions", &["create", "get"]),
    ("proxy", "PodProxyOptions", &["create", "delete", "get", "patch", "update"]),
];

/// A resource and its subresources.
fn shown(resource: &Resource) -> Vec<Value> {
    let Resource { plural, singular, kind, namespaced, .. } = resource;
    let mut own = json!({
        "name": **plural, "singularName": **singular, "namespaced": namespaced, "kind": **kind, "verbs": resource.verbs,
    });
    for (field, list) in [("shortNames", &resource.short_names), ("categories", &resource.categories)] {
        if !list.is_empty() {
            own[field] = list.iter().map(|s| Value::from(&**s)).collect();
        }
    }
    let mut all = vec![own];
    let sub = |name: &str, kind: &str, verbs: &[&str]| json!({"name": format!("{plural}/{name}"), "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": verbs});
    if &**kind == "Pod" {
        all.extend(OF_PODS.iter().map(|(name, kind, verbs)| sub(name, kind, verbs)));
    }
    if resource.scale.is_some() {
        let mut scale = sub("scale", "Scale", &["get", "patch", "update"]);
        scale["group"] = "autoscaling".into();
        scale["version"] = "v1".into();
        all.push(scale);
    }
    if resource.status {
        all.push(sub("status", kind, &["get", "patch", "update"]));
    }
    all
}
