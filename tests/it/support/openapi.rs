//! What the demo keeps of a real server's OpenAPI: the structure of the kinds that it serves.
//!
//! Shared by the example that writes `assets/demo/schema.json` and the test that compares it with a server.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Kinds by group and version: `(path below /openapi/v3, apiVersion, kinds)`.
pub(crate) const KINDS: &[(&str, &str, &[&str])] = &[
    (
        "api/v1",
        "v1",
        &[
            "Namespace",
            "Node",
            "Pod",
            "Service",
            "ServiceAccount",
            "ConfigMap",
            "Secret",
            "Event",
            "Endpoints",
        ],
    ),
    ("apis/apps/v1", "apps/v1", &["Deployment", "ReplicaSet", "DaemonSet"]),
    ("apis/apps/v1", "autoscaling/v1", &["Scale"]),
    ("apis/autoscaling/v2", "autoscaling/v2", &["HorizontalPodAutoscaler"]),
    ("apis/policy/v1", "policy/v1", &["PodDisruptionBudget"]),
    (
        "apis/rbac.authorization.k8s.io/v1",
        "rbac.authorization.k8s.io/v1",
        &["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
    ),
    ("apis/coordination.k8s.io/v1", "coordination.k8s.io/v1", &["Lease"]),
    ("apis/discovery.k8s.io/v1", "discovery.k8s.io/v1", &["EndpointSlice"]),
    ("apis/apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1", &["CustomResourceDefinition"]),
    (
        "apis/admissionregistration.k8s.io/v1",
        "admissionregistration.k8s.io/v1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
    ),
    (
        "apis/authorization.k8s.io/v1",
        "authorization.k8s.io/v1",
        &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"],
    ),
    ("apis/authentication.k8s.io/v1", "authentication.k8s.io/v1", &["SelfSubjectReview"]),
];

/// What is kept of a schema as it is; `$ref`, `properties`, `items` and `additionalProperties` are walked.
const KEPT: &[&str] = &[
    "type",
    "format",
    "enum",
    "default",
    "required",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-int-or-string",
    "x-kubernetes-preserve-unknown-fields",
];

const REF: &str = "#/components/schemas/";

/// Keeps of the documents (one for each line of [`KINDS`], in that order) what the demo needs: sorted, one line
/// for each type.
///
/// # Panics
/// When a kind is not there: the server is not the one that the demo is true to.
pub(crate) fn trimmed(documents: &[Value]) -> String {
    let (mut kinds, mut types) = (BTreeMap::new(), BTreeMap::new());
    for ((_, api_version, names), document) in KINDS.iter().zip(documents) {
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        for kind in *names {
            let name = name_of(schemas, api_version, kind);
            kinds.insert(format!("{api_version}/{kind}"), short(&name));
            keep(schemas, &name, &mut types);
        }
    }
    let kinds = lines(kinds.iter().map(|(kind, name)| (kind, json!(name))));
    let types = lines(types.iter().map(|(name, schema)| (name, schema.clone())));
    format!("{{\"kinds\":{{\n{kinds}\n}},\"types\":{{\n{types}\n}}}}\n")
}

fn lines<'a>(entries: impl Iterator<Item = (&'a String, Value)>) -> String {
    entries.map(|(name, value)| format!("{}:{value}", json!(name))).collect::<Vec<_>>().join(",\n")
}

/// The schema that says it is a kind.
fn name_of(schemas: &Map<String, Value>, api_version: &str, kind: &str) -> String {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let wanted = json!({"group": group, "kind": kind, "version": version});
    schemas
        .iter()
        .find(|(_, schema)| {
            let says = schema["x-kubernetes-group-version-kind"].as_array();
            says.is_some_and(|says| says.len() == 1 && says.contains(&wanted))
        })
        .unwrap_or_else(|| panic!("no {kind} in {api_version}"))
        .0
        .clone()
}

/// `io.k8s.api.apps.v1.Deployment` as `apps.v1.Deployment`.
fn short(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    parts[parts.len().saturating_sub(3)..].join(".")
}

/// Keeps a type and all that it refers to.
fn keep(schemas: &Map<String, Value>, name: &str, types: &mut BTreeMap<String, Value>) {
    if types.contains_key(&short(name)) {
        return;
    }
    types.insert(short(name), Value::Null);
    let mut used = Vec::new();
    let kept = trim(&schemas[name], &mut used);
    types.insert(short(name), kept);
    for name in used {
        keep(schemas, &name, types);
    }
}

/// What is kept of one schema; the types it refers to go to `used`.
fn trim(schema: &Value, used: &mut Vec<String>) -> Value {
    let mut kept = Map::new();
    let reference = schema.get("$ref").or_else(|| schema["allOf"][0].get("$ref")).and_then(Value::as_str);
    if let Some(name) = reference.and_then(|r| r.strip_prefix(REF)) {
        kept.insert("$ref".to_owned(), short(name).into());
        used.push(name.to_owned());
    }
    for key in KEPT {
        if let Some(value) = schema.get(key) {
            kept.insert((*key).to_owned(), value.clone());
        }
    }
    if let Some(fields) = schema["properties"].as_object() {
        let fields: BTreeMap<&String, &Value> = fields.iter().collect();
        let fields = fields.into_iter().map(|(name, field)| (name.clone(), trim(field, used))).collect();
        kept.insert("properties".to_owned(), Value::Object(fields));
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(key).filter(|inner| inner.is_object()) {
            kept.insert(key.to_owned(), trim(inner, used));
        }
    }
    Value::Object(kept)
}
