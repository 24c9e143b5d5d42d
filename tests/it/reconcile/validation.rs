//! What the CRD refuses and ASM's examples ask for, judged by egret's own validation.

use std::fs;

use egret::materialize::{Problem, validate};
use egret::model::istio_gateway::IstioGateway;
use serde_json::Value;

/// The documents of a folder: name, first line, object.
fn documents(folder: &str) -> Vec<(String, String, Value)> {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/istiogateways").join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|e| e == "yaml"));
    files
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let first = text.lines().next().unwrap_or_default().to_owned();
            (
                file.file_name().unwrap().to_string_lossy().into_owned(),
                first,
                serde_yaml::from_str(&text).unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_document_that_the_crd_refuses_is_refused_here_too() {
    let bad = documents("bad");
    assert!(bad.len() >= 30);
    for (file, crd_says, object) in bad {
        // An absent spec is an empty one, and the API server's own quantities may be fractions.
        if ["no-spec.yaml", "quantity-fraction.yaml"].contains(&file.as_str()) {
            continue;
        }
        let gateway = IstioGateway::read(&object).unwrap();
        assert!(validate(&gateway).iter().any(Problem::is_error), "{file}: {crd_says}");
    }
}

#[test]
fn asms_own_examples_can_be_built() {
    let examples = documents("");
    assert!(examples.len() >= 5);
    for (file, _, object) in examples {
        // It sets every field, also those that exclude each other.
        if file == "everything.yaml" {
            continue;
        }
        let errors: Vec<Problem> =
            validate(&IstioGateway::read(&object).unwrap()).into_iter().filter(Problem::is_error).collect();
        assert_eq!(errors, [], "{file}");
    }
}
