//! The gateways of `tests/data/gateways`, and the objects each is made of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use egret::cli::Form;
use egret::headless::render::print;
use egret::materialize::{Problem, Site, build, validate};
use egret::model::istio_gateway::IstioGateway;
use serde_json::Value;

/// What stands for the proxy's image, which only a cluster knows.
pub(super) const PROXY_IMAGE: &str = "docker.io/istio/proxyv2:1.28.0";

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gateways")
}

/// Every gateway there is: the name of its file, and the document.
pub(super) fn gateways() -> Vec<(String, Value)> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).unwrap();
        (file.file_stem().unwrap().to_string_lossy().into_owned(), serde_yaml::from_str(&text).unwrap())
    };
    files.into_iter().map(read).collect()
}

/// What a gateway is built for, but for whose it is: each of its clusters.
pub(super) fn sites(gateway: &IstioGateway) -> Vec<Site> {
    let site = Site { proxy_image: Some(PROXY_IMAGE.to_owned()), ..Site::of(gateway) };
    match gateway.spec.cluster_ids.as_deref() {
        None | Some([]) => vec![site],
        Some(ids) => ids.iter().map(|id| Site { cluster_id: Some(id.clone()), ..site.clone() }).collect(),
    }
}

#[test]
fn every_gateway_is_made_of_the_objects_that_its_golden_file_has() {
    let gateways = gateways();
    assert!(gateways.len() >= 25, "{}", gateways.len());
    let mut wrong = Vec::new();
    for (name, document) in gateways {
        let gateway = IstioGateway::read(&document).unwrap();
        let errors: Vec<Problem> = validate(&gateway).into_iter().filter(Problem::is_error).collect();
        assert_eq!(errors, [], "{name}");
        for site in sites(&gateway) {
            let place = site.cluster_id.as_ref().map(|id| format!("@{id}")).unwrap_or_default();
            let objects = build(&gateway, &site).unwrap().into_parts();
            let objects: Vec<Value> = objects.into_iter().filter_map(|(_, object)| Some(object?.0)).collect();
            let mut text = Vec::new();
            print(&objects, Form::Yaml, &mut text).unwrap();
            let file = folder().join("golden").join(format!("{name}{place}.yaml"));
            if env::var_os("EGRET_BLESS").is_some() {
                fs::write(&file, &text).unwrap();
            }
            if fs::read(&file).ok().as_ref() != Some(&text) {
                wrong.push(file);
            }
        }
    }
    assert_eq!(
        wrong,
        Vec::<PathBuf>::new(),
        "`EGRET_BLESS=1 cargo test --test it golden` writes them anew: read what changed"
    );
}

/// Paths of all fields, without the indices of lists and the keys of maps.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(inner) => inner.iter().for_each(|(name, value)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            found.insert(path.clone());
            // What is below is chosen by whoever writes it.
            let is_map = ["nnotations", "abels", "Selector", "overrides", "limits", "requests"];
            if !is_map.iter().any(|end| path.ends_with(end)) {
                fields(value, &path, found);
            }
        }),
        Value::Array(items) => items.iter().for_each(|item| fields(item, path, found)),
        _ => {}
    }
}

#[test]
fn together_they_set_every_field_of_the_type() {
    let everything = fs::read_to_string(folder().join("../istiogateways/everything.yaml")).unwrap();
    let everything: Value = serde_yaml::from_str(&everything).unwrap();
    let (mut all, mut set) = (BTreeSet::new(), BTreeSet::new());
    fields(&everything["spec"], "", &mut all);
    for (_, document) in gateways() {
        fields(&document["spec"], "", &mut set);
    }
    // A claim is of a pod's resources, which the template of a gateway does not have.
    let left: Vec<&String> =
        all.difference(&set).filter(|path| !path.starts_with("resources.claims")).collect();
    assert_eq!(left, Vec::<&String>::new());
}
