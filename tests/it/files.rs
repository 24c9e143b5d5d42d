//! Every file of the repository: short enough to be read, and nothing of the machine it was made on.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// No source file is longer.
const LONGEST: usize = 500;

/// All files of the clone that are not made by building.
fn files() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !["target", ".git"].contains(&name.as_str()) {
                folders.push(path);
            } else if path.is_file() {
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn no_source_file_is_too_long_to_be_read() {
    let long: Vec<_> = files()
        .into_iter()
        .filter(|(name, _)| name.starts_with("src/") && name.ends_with(".rs"))
        .map(|(name, path)| (fs::read_to_string(path).unwrap().lines().count(), name))
        .filter(|(lines, _)| *lines > LONGEST)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn no_file_names_the_machine_or_the_mirror_it_was_made_with() {
    // Each is written so that it does not find itself.
    let traces = Regex::new(concat!(
        r"/(root|home/[a-z]\w*|Users/[A-Za-z]\w*|work/(main|wt|shared|\.library))\b",
        r"|replace[-]with\s*=|registry[-]index|GOPROXY[=]|GONOSUMDB[=]|index[.]crates[.]io[-]"
    ))
    .unwrap();
    let mut found = Vec::new();
    for (name, path) in files() {
        // Not text: nothing to read.
        let Ok(text) = fs::read_to_string(path) else { continue };
        for (at, line) in text.lines().enumerate().filter(|(_, line)| traces.is_match(line)) {
            found.push(format!("{name}:{}: {line}", at + 1));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_lock_file_names_crates_io_alone() {
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    let elsewhere: Vec<_> = lock
        .lines()
        .filter(|l| l.starts_with("source = "))
        .filter(|l| *l != "source = \"registry+https://github.com/rust-lang/crates.io-index\"")
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}
