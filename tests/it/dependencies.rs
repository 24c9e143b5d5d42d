//! What egret is built from: one TLS, one YAML, one terminal, licences that are allowed, crates.io alone.
//!
//! `deny.toml` is the list; these tests hold it against `cargo metadata`, so that it counts on machines that
//! have no cargo-deny too. Only what this platform builds is looked at, because only that was downloaded.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use cargo_metadata::{Metadata, MetadataCommand, Node, NodeDep, Package, PackageId};

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    let mut command = MetadataCommand::new();
    command.manifest_path(file("Cargo.toml"));
    let options = ["--offline", "--locked", "--filter-platform", "host-tuple"];
    command.other_options(options.map(String::from)).exec().unwrap()
});

static DENY: LazyLock<toml::Table> = LazyLock::new(|| read("deny.toml"));

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> toml::Table {
    fs::read_to_string(file(name)).unwrap().parse().unwrap()
}

/// Everything that is built, for the program and for its tests.
fn built() -> Vec<&'static Package> {
    let packages: BTreeMap<&PackageId, &Package> = METADATA.packages.iter().map(|p| (&p.id, p)).collect();
    let resolve = METADATA.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, &Node> = resolve.nodes.iter().map(|n| (&n.id, n)).collect();
    let mut seen = BTreeSet::new();
    let mut open = vec![resolve.root.as_ref().unwrap()];
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let (node, package) = (nodes[id], packages[id]);
            open.extend(node.deps.iter().filter(|dep| switched_on(node, package, dep)).map(|dep| &dep.pkg));
        }
    }
    seen.into_iter().map(|id| packages[id]).collect()
}

/// Whether a dependency is really used. `cargo metadata` also lists optional ones that are only named in a
/// weak feature (`termwiz?/underline-color`) that switches nothing on.
fn switched_on(node: &Node, package: &Package, dep: &NodeDep) -> bool {
    let of_that_name = package.dependencies.iter().filter(|d| {
        let name = d.rename.as_ref().unwrap_or(&d.name);
        name.replace('-', "_") == dep.name
    });
    let mut declared = of_that_name.peekable();
    if declared.peek().is_none() {
        // The library has another name than its package: take it as used.
        return true;
    }
    declared.any(|d| {
        let name = d.rename.as_ref().unwrap_or(&d.name);
        let entries = node.features.iter().filter_map(|f| package.features.get(f.as_str())).flatten();
        let mut switches = entries.map(String::as_str).chain(node.features.iter().map(|f| f.as_str()));
        !d.optional
            || switches.any(|s| s == name || s == format!("dep:{name}") || s.starts_with(&format!("{name}/")))
    })
}

fn strings(value: &toml::Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect()
}

/// Whether a licence expression (SPDX, with the old `/` for OR) is met by what is allowed.
fn allowed(expression: &str, allow: &BTreeSet<&str>) -> bool {
    let text = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut at = 0;
    let met = any(&words, &mut at, allow);
    assert_eq!(at, words.len(), "not understood: {expression}");
    met
}

fn any(words: &[&str], at: &mut usize, allow: &BTreeSet<&str>) -> bool {
    let mut met = all(words, at, allow);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all(words, at, allow);
    }
    met
}

fn all(words: &[&str], at: &mut usize, allow: &BTreeSet<&str>) -> bool {
    let mut met = one(words, at, allow);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allow);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allow: &BTreeSet<&str>) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let met = any(words, at, allow);
        *at += 1;
        return met;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return allow.contains(format!("{word} WITH {exception}").as_str());
    }
    allow.contains(word)
}

#[test]
fn a_licence_expression_is_met_by_a_choice_or_by_all_it_demands() {
    let allow = BTreeSet::from(["MIT", "BSD-3-Clause", "Apache-2.0 WITH LLVM-exception"]);
    for (expression, wanted) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT/GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(GPL-3.0 OR MIT) AND BSD-3-Clause", true),
        ("(GPL-3.0 OR MIT) AND ISC", false),
        ("GPL-3.0 OR MIT AND ISC", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT WITH LLVM-exception", false),
    ] {
        assert_eq!(allowed(expression, &allow), wanted, "{expression}");
    }
}

#[test]
fn every_licence_is_allowed_and_every_exception_is_needed() {
    let licenses = &DENY["licenses"];
    let allow: BTreeSet<&str> = strings(&licenses["allow"]).into_iter().collect();
    let exceptions = licenses["exceptions"].as_array().unwrap();
    let mut wrong = Vec::new();
    for package in built() {
        let license = package.license.as_deref().unwrap_or("none");
        let mut of_it = allow.clone();
        for exception in exceptions.iter().filter(|e| e["crate"].as_str() == Some(package.name.as_str())) {
            of_it.extend(strings(&exception["allow"]));
        }
        if !allowed(license, &of_it) {
            wrong.push(format!("{} {}: {license}", package.name, package.version));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for exception in exceptions {
        let name = exception["crate"].as_str().unwrap();
        assert!(built().iter().any(|p| p.name.as_str() == name), "no longer a dependency: {name}");
    }
}

#[test]
fn nothing_banned_is_built() {
    let banned = DENY["bans"]["deny"].as_array().unwrap();
    let banned: BTreeSet<&str> = banned.iter().map(|b| b["crate"].as_str().unwrap()).collect();
    for must in
        ["aws-lc-rs", "openssl", "native-tls", "serde_yaml", "yaml-rust", "serde_norway", "tui-textarea"]
    {
        assert!(banned.contains(must), "deny.toml no longer bans {must}");
    }
    let found: Vec<String> =
        built().iter().map(|p| p.name.to_string()).filter(|n| banned.contains(n.as_str())).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn there_is_one_terminal_one_yaml_and_one_kubernetes() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in built() {
        versions.entry(package.name.to_string()).or_default().push(package.version.to_string());
    }
    let one = ["crossterm", "k8s-openapi", "kube-client", "ratatui-core", "ring", "rustls", "serde-saphyr"];
    for name in one {
        let found = versions.get(name).map_or(0, Vec::len);
        assert_eq!(found, 1, "{name}: {:?}", versions.get(name));
    }
    let yaml: Vec<_> =
        versions.keys().filter(|name| name.contains("yaml") || name.contains("saphyr")).collect();
    let known = ["granit-parser", "saphyr-parser", "serde-saphyr"];
    let others: Vec<_> = yaml.iter().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn the_names_that_stand_for_successors_stay_renames() {
    let dependencies = &read("Cargo.toml")["dependencies"];
    for (key, package) in [("serde_yaml", "serde-saphyr"), ("tui-textarea", "ratatui-textarea")] {
        assert_eq!(dependencies[key]["package"].as_str(), Some(package), "{key}");
    }
}

#[test]
fn everything_comes_from_crates_io() {
    let elsewhere: Vec<_> = METADATA
        .packages
        .iter()
        .filter(|p| p.source.as_ref().is_some_and(|s| !s.is_crates_io()))
        .map(|p| p.id.to_string())
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn the_license_of_egret_is_the_one_it_names() {
    let package = METADATA.root_package().unwrap();
    assert_eq!(package.license.as_deref(), Some("Apache-2.0"));
    let text = fs::read_to_string(file("LICENSE")).unwrap();
    for part in ["Apache License", "Version 2.0, January 2004", "END OF TERMS AND CONDITIONS"] {
        assert!(text.contains(part), "{part}");
    }
}
