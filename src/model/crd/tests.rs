use std::path::Path;

use super::*;

/// Calls `look` with every schema below `schema`, and with its path.
fn walk(schema: &Value, path: &str, look: &mut dyn FnMut(&str, &Map<String, Value>)) {
    let Some(node) = schema.as_object() else { return };
    look(path, node);
    for (name, field) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        walk(field, &format!("{path}.{name}"), look);
    }
    for (inner, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if let Some(inner) = node.get(inner) {
            walk(inner, &format!("{path}{mark}"), look);
        }
    }
}

/// The CRDs: file name, text, and what the text means.
fn documents() -> Vec<(&'static str, String, Value)> {
    let read = |(name, make): (&'static str, Generate)| {
        let text = make().unwrap();
        let document = serde_yaml::from_str(&text).unwrap();
        (name, text, document)
    };
    all().map(read).into()
}

#[test]
fn the_crds_in_assets_equal_the_types() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/crds");
    for (name, text, _) in documents() {
        let file = assets.join(name);
        if std::env::var_os("EGRET_BLESS").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(found == text, "{name} is out of date: run `EGRET_BLESS=1 cargo test --lib crd`");
    }
}

#[test]
fn the_text_of_a_crd_means_the_document_it_was_made_of() {
    let derived = serde_json::to_value(IstioGateway::crd()).unwrap();
    let face = Face { singular: "x", short_names: &[], columns: &[], rules: rules::istio_gateway() };
    let document = document(&derived, face).unwrap();
    let text = serde_yaml::to_string(&Written(&document)).unwrap();
    assert_eq!(serde_yaml::from_str::<Value>(&text).unwrap(), document);
}

#[test]
fn a_crd_fits_into_the_annotation_of_kubectl_apply() {
    for (name, text, _) in documents() {
        assert!(text.len() < MAX_BYTES, "{name} has {} bytes", text.len());
    }
}

#[test]
fn every_version_is_served_with_one_schema_and_the_first_is_stored() {
    for (name, _, document) in documents() {
        let versions = document["spec"]["versions"].as_array().unwrap();
        let found: Vec<_> = versions
            .iter()
            .map(|v| (v["name"].as_str().unwrap(), v["served"].as_bool(), v["storage"].as_bool()))
            .collect();
        assert_eq!(found, [("v1beta1", Some(true), Some(true)), ("v1", Some(true), Some(false))], "{name}");
        assert_eq!(versions[0]["schema"], versions[1]["schema"], "{name}");
        assert_eq!(versions[0]["subresources"], json!({"status": {}}), "{name}");
        assert_eq!(document["spec"]["conversion"], json!({"strategy": "None"}), "{name}");
        assert_eq!(document["metadata"]["labels"]["app.kubernetes.io/managed-by"], "egret", "{name}");
    }
}

#[test]
fn no_schema_keeps_what_it_does_not_know() {
    for (name, _, document) in documents() {
        walk(&document["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "", &mut |path, node| {
            assert!(!node.contains_key("x-kubernetes-preserve-unknown-fields"), "{name}{path}");
            assert!(node.get("additionalProperties") != Some(&json!(true)), "{name}{path}");
            let typed = node.contains_key("type") || node.contains_key("x-kubernetes-int-or-string");
            assert!(typed, "{name}{path} has no type");
        });
    }
}

#[test]
fn fields_explain_themselves_down_to_types_that_are_not_ours() {
    for (name, _, document) in documents() {
        walk(&document["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "", &mut |path, node| {
            let steps: Vec<&str> =
                path.split('.').map(|s| s.trim_end_matches(['[', ']', '{', '}'])).collect();
            let below = steps.iter().rev().skip(1).any(|step| described_elsewhere(step));
            let field =
                !path.ends_with(['}', ']']) && !path.contains("kernel.parameters.") && !path.is_empty();
            if below {
                assert!(!node.contains_key("description"), "{name}{path} is described");
            } else if field {
                assert!(node.contains_key("description"), "{name}{path} is not described");
            }
        });
    }
}

#[test]
fn quantities_and_target_ports_are_numbers_or_text() {
    let (_, _, document) = documents().swap_remove(0);
    let mut found = Vec::new();
    walk(&document["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "", &mut |path, node| {
        if node.contains_key("x-kubernetes-int-or-string") && path.starts_with(".spec.") {
            found.push(path.trim_start_matches(".spec.overrides{}").to_owned());
        }
    });
    for path in [
        ".resources.limits{}",
        ".resources.requests{}",
        ".sds.resources.limits{}",
        ".ports[].targetPort",
        ".meshExpansionPorts[].targetPort",
        ".env[].valueFrom.resourceFieldRef.divisor",
    ] {
        assert!(found.iter().any(|f| f == path), "{path} in an override: {found:?}");
        assert!(found.contains(&format!(".spec{path}")), "{path}: {found:?}");
    }
}

#[test]
fn a_rule_about_a_field_that_does_not_exist_is_an_error() {
    let derived = serde_json::to_value(IstioGateway::crd()).unwrap();
    let rules = vec![("spec.ports[].colour".to_owned(), json!({}))];
    let face = Face { singular: "x", short_names: &[], columns: &[], rules };
    assert_eq!(document(&derived, face), Err(CrdError::NoField("spec.ports[].colour".into())));
}
