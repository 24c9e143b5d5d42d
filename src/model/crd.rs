//! CustomResourceDefinitions, generated from the types.
//!
//! The shape comes from the Rust types, what a person must not get wrong from the tables in `crd/rules.rs`. The result is
//! what `assets/crds` holds; a test compares. It follows R4 (the label that makes egret the keeper), R25 and R28.
//! Validation here is a courtesy: ASM's own CRD is another one, so nothing else may rely on it.

mod rules;

use kube::CustomResourceExt;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::egress_traffic_policy::EgressTrafficPolicy;
use super::istio_gateway::{IstioGateway, VERSIONS};

/// The label on a CRD that makes egret the keeper of its objects (R4), and its value.
pub const KEEPER_LABEL: (&str, &str) = ("app.kubernetes.io/managed-by", "egret");

/// Largest CRD file: `kubectl apply` copies it into an annotation, which may hold 256 KiB.
pub const MAX_BYTES: usize = 200 * 1024;

/// A CRD that could not be generated: a table and the types disagree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrdError {
    /// A rule is about a field that the type does not have.
    #[error("no field {0} to attach a rule to")]
    NoField(String),
    /// The document could not be written as YAML.
    #[error("cannot write YAML: {0}")]
    Yaml(String),
}

/// What a CRD is called, and what `kubectl get` shows of its objects.
struct Face {
    singular: &'static str,
    short_names: &'static [&'static str],
    /// Name, type, JSON path, priority (0 always, 1 in wide only).
    columns: &'static [(&'static str, &'static str, &'static str, u8)],
    /// Validation by path; see `rules`.
    rules: Vec<(String, Value)>,
}

/// Writes a CRD as YAML.
pub type Generate = fn() -> Result<String, CrdError>;

/// The file names in `assets/crds`, and what writes each.
pub fn all() -> [(&'static str, Generate); 2] {
    [("istiogateways.yaml", istio_gateway), ("asmegresstrafficpolicies.yaml", egress_traffic_policy)]
}

/// The CRD of `IstioGateway`, as YAML.
pub fn istio_gateway() -> Result<String, CrdError> {
    yaml::<IstioGateway>(Face {
        singular: "istiogateway",
        // `gw` is Istio's Gateway and `gtw` Gateway API's.
        short_names: &["igw"],
        columns: &[
            ("Type", "string", ".spec.gatewayType", 0),
            ("Service type", "string", ".spec.serviceType", 0),
            ("Status", "string", ".status.Status", 0),
            ("Address", "string", ".status.GatewayAddress[0]", 0),
            ("Error", "string", ".status.ErrorMessage", 1),
            ("Age", "date", ".metadata.creationTimestamp", 0),
        ],
        rules: rules::istio_gateway(),
    })
}

/// The CRD of `ASMEgressTrafficPolicy`, as YAML.
pub fn egress_traffic_policy() -> Result<String, CrdError> {
    yaml::<EgressTrafficPolicy>(Face {
        singular: "asmegresstrafficpolicy",
        short_names: &["etp"],
        columns: &[
            ("ByEgressGateway", "string", ".spec.byEgressGateway.name", 0),
            ("Status", "string", ".status.message", 0),
            ("Age", "date", ".metadata.creationTimestamp", 0),
        ],
        rules: rules::egress_traffic_policy(),
    })
}

fn yaml<K: CustomResourceExt>(face: Face) -> Result<String, CrdError> {
    let derived = serde_json::to_value(K::crd()).map_err(|error| CrdError::Yaml(error.to_string()))?;
    let document = document(&derived, face)?;
    let body =
        serde_yaml::to_string(&Written(&document)).map_err(|error| CrdError::Yaml(error.to_string()))?;
    Ok(format!(
        "# Generated from the types in src/model; `EGRET_BLESS=1 cargo test --lib crd` writes it anew.\n{body}"
    ))
}

/// A document as it is written: the schemas of [`FOREIGN`] types in flow style, the rest in block style.
struct Written<'a>(&'a Value);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, field) in fields {
                    if field.is_object() && FOREIGN.contains(&name.as_str()) {
                        map.serialize_entry(name, &serde_yaml::FlowMap(field))?;
                    } else {
                        map.serialize_entry(name, &Written(field))?;
                    }
                }
                map.end()
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Written)),
            scalar => scalar.serialize(serializer),
        }
    }
}

/// The whole CRD from the one kube derived: one schema for every version, ours to store the first.
fn document(derived: &Value, face: Face) -> Result<Value, CrdError> {
    let mut schema = derived["spec"]["versions"][0]["schema"].clone();
    let root = &mut schema["openAPIV3Schema"];
    plain(root, false);
    for (path, rule) in face.rules {
        let node = at(root, &path).ok_or_else(|| CrdError::NoField(path.clone()))?;
        amend(node, rule);
    }
    let column = |&(name, kind, path, priority): &(&str, &str, &str, u8)| {
        let mut column = json!({"name": name, "type": kind, "jsonPath": path});
        if priority > 0 {
            column["priority"] = priority.into();
        }
        column
    };
    let columns: Vec<Value> = face.columns.iter().map(column).collect();
    let version = |(index, name): (usize, &str)| {
        json!({
            "name": name,
            "served": true,
            "storage": index == 0,
            "subresources": {"status": {}},
            "additionalPrinterColumns": columns,
            "schema": schema,
        })
    };
    Ok(json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": derived["metadata"]["name"], "labels": {KEEPER_LABEL.0: KEEPER_LABEL.1}},
        "spec": {
            "group": derived["spec"]["group"],
            "scope": "Namespaced",
            "names": {
                "kind": derived["spec"]["names"]["kind"],
                "listKind": format!("{}List", derived["spec"]["names"]["kind"].as_str().unwrap_or_default()),
                "plural": derived["spec"]["names"]["plural"],
                "singular": face.singular,
                "shortNames": face.short_names,
                // Not `all`: `kubectl delete all --all` must not take gateways along.
                "categories": ["egret"],
            },
            "conversion": {"strategy": "None"},
            "versions": VERSIONS.into_iter().enumerate().map(version).collect::<Vec<_>>(),
        },
    }))
}

/// Fields that hold Kubernetes' own types: in a CRD they keep their shape, lose their prose (R25) and fill one line.
const FOREIGN: [&str; 5] = ["affinity", "tolerations", "env", "lifecycle", "claims"];

/// Whether what is inside a field is described elsewhere: by Kubernetes, or for an override by the fields of `spec`.
fn described_elsewhere(field: &str) -> bool {
    FOREIGN.contains(&field) || field == "overrides"
}

/// Takes away what an API server does not want or a reader does not need: titles, Rust's integer formats, prose where
/// it is not wanted, and `null` as a value (as in ASM's CRD: a create drops it, a server-side apply refuses it).
fn plain(schema: &mut Value, bare: bool) {
    let Value::Object(node) = schema else { return };
    node.remove("title");
    node.remove("nullable");
    if bare {
        node.remove("description");
    }
    if node.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        node.remove("format");
    }
    if let Some(Value::Array(words)) = node.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    for bound in ["minimum", "maximum"] {
        if let Some(whole) = node.get(bound).and_then(Value::as_f64).filter(|bound| bound.fract() == 0.0) {
            node.insert(bound.into(), json!(whole as i64));
        }
    }
    // The field itself keeps its description: that one is ours.
    let fields = node.get_mut("properties").and_then(Value::as_object_mut);
    for (name, field) in fields.into_iter().flatten() {
        let ours = field.get("description").filter(|_| !bare).cloned();
        plain(field, bare || described_elsewhere(name));
        if let (Some(ours), Value::Object(field)) = (ours, field) {
            field.insert("description".into(), ours);
        }
    }
    for inner in ["items", "additionalProperties"] {
        node.get_mut(inner).into_iter().for_each(|inner| plain(inner, bare));
    }
}

/// The part of a schema that a path names: `spec.ports[].port`, `spec.overrides{}.cpu`; empty for the whole.
fn at<'a>(schema: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let mut node = schema;
    for step in path.split('.').filter(|step| !step.is_empty()) {
        let marks = [("[]", "items"), ("{}", "additionalProperties")];
        let marked = marks.iter().find_map(|(mark, inner)| Some((step.strip_suffix(mark)?, *inner)));
        node = node.get_mut("properties")?.get_mut(marked.map_or(step, |(field, _)| field))?;
        if let Some((_, inner)) = marked {
            node = node.get_mut(inner)?;
        }
    }
    Some(node)
}

/// Lays a rule over a schema, key by key; `null` takes a key away, lists of CEL rules add up.
fn amend(schema: &mut Value, rule: Value) {
    let (Value::Object(node), Value::Object(rule)) = (schema, rule) else { return };
    for (key, value) in rule {
        match (node.get_mut(&key), value) {
            (_, Value::Null) => drop(node.remove(&key)),
            (Some(Value::Array(known)), Value::Array(more)) if key == rules::CEL => known.extend(more),
            (_, value) => drop(node.insert(key, value)),
        }
    }
}

/// An object schema with these fields only.
fn object(fields: impl IntoIterator<Item = (String, Value)>) -> Value {
    json!({"type": "object", "properties": Map::from_iter(fields)})
}

#[cfg(test)]
mod tests;
