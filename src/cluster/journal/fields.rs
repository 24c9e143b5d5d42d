//! Which fields a write was about: their paths, never what is in them.

use serde_json::Value;

use crate::model::edit::Path;

/// Most paths of one write: an object made anew by apply has hundreds.
const MOST: usize = 200;

/// What says which object is meant, and is not changed by it.
const IDENTITY: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "metadata.resourceVersion",
    "metadata.managedFields",
];

/// What of a Secret is not even named field by field.
const CLOSED: &[&str] = &["data", "stringData"];

/// The fields that a body is about.
pub(super) fn sent(verb: &str, kind: &str, body: Option<&Value>) -> Vec<String> {
    match (verb, body) {
        ("delete", _) | (_, None) => Vec::new(),
        ("create", _) => vec!["*".to_owned()],
        (_, Some(body)) => leaves(kind, body),
    }
}

/// The paths of all leaves. A list is one: where it differs cannot be told from what is sent.
fn leaves(kind: &str, body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(&Path::default(), body, kind == "Secret", &mut found);
    if found.len() > MOST {
        let more = found.len() - MOST;
        found.truncate(MOST);
        found.push(format!("and {more} more"));
    }
    found
}

fn walk(at: &Path, value: &Value, is_secret: bool, found: &mut Vec<String>) {
    let text = at.to_string();
    if IDENTITY.contains(&text.as_str()) {
        return;
    }
    let is_closed = is_secret && CLOSED.contains(&text.as_str());
    match value.as_object().filter(|fields| !fields.is_empty() && !is_closed) {
        Some(fields) => {
            for (name, value) in fields {
                walk(&at.field(name), value, is_secret, found);
            }
        }
        None => found.push(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_is_told_by_the_paths_of_its_leaves_and_by_no_value() {
        let patch = json!({
            "apiVersion": "v1", "kind": "X",
            "metadata": {"name": "out", "uid": "u", "resourceVersion": "7", "annotations": {"a.b/c": "VALUE", "gone": null}},
            "spec": {"replicaCount": 4, "ports": [{"name": "VALUE"}], "empty": {}},
        });
        let wanted = [
            r#"metadata.annotations["a.b/c"]"#,
            "metadata.annotations.gone",
            "spec.replicaCount",
            "spec.ports",
            "spec.empty",
        ];
        assert_eq!(sent("change", "IstioGateway", Some(&patch)), wanted);
        assert_eq!(sent("create", "IstioGateway", Some(&patch)), ["*"]);
        assert!(sent("delete", "IstioGateway", Some(&patch)).is_empty());
    }

    #[test]
    fn nothing_below_the_data_of_a_secret_is_named() {
        let secret = json!({
            "metadata": {"name": "s", "labels": {"a": "b"}},
            "data": {"password": "aGk="}, "stringData": {"token": "hi"}, "type": "Opaque",
        });
        assert_eq!(
            sent("apply", "Secret", Some(&secret)),
            ["metadata.labels.a", "data", "stringData", "type"]
        );
    }

    #[test]
    fn a_large_object_is_cut_and_says_by_how_much() {
        let labels: serde_json::Map<String, Value> = (0..250).map(|n| (format!("l{n}"), json!(""))).collect();
        let told = sent("apply", "Service", Some(&json!({"metadata": {"labels": labels}})));
        assert_eq!((told.len(), told[MOST].as_str()), (MOST + 1, "and 50 more"));
    }
}
