//! The tools, and the cache of built programs.

use crate::support::plane::parts::{self, Part};
use crate::support::plane::tools;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

#[test]
fn the_readme_names_the_tools_that_are_checked() {
    crate::readme::section("tools", &tools::readme_block());
}

#[test]
fn a_missing_tool_is_named_with_what_to_install() {
    let missing = tools::missing(OsStr::new(""));
    assert_eq!(missing.len(), tools::TOOLS.len());
    for (tool, told) in tools::TOOLS.iter().zip(missing) {
        assert!(told.starts_with(&format!("{} is missing", tool.name)), "{told}");
        assert!(told.contains(&tool.wanted()) && told.contains(tool.install), "{told}");
    }
}

#[test]
fn this_machine_has_every_tool() {
    let path = std::env::var_os("PATH").unwrap();
    assert_eq!(tools::missing(&path), Vec::<String>::new());
}

#[test]
fn a_tool_that_is_too_old_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let go = dir.path().join("go");
    for (said, expected) in
        [("go1.25.9", "Go 1.25 is too old. Please install Go ≥ 1.26"), ("go0.1", "Go 0.1 is too old")]
    {
        script(&go, &format!("echo {said}"));
        let missing = tools::missing(dir.path().as_os_str());
        assert!(missing.iter().any(|told| told.starts_with(expected)), "{missing:?}");
    }
    for said in ["go1.26.0", "go1.27rc1", "devel go1.28-0f0f0f0"] {
        script(&go, &format!("echo {said}"));
        let missing = tools::missing(dir.path().as_os_str());
        assert!(!missing.iter().any(|told| told.starts_with("Go ")), "{said}: {missing:?}");
    }
    script(&go, "echo broken >&2; exit 1");
    let missing = tools::missing(dir.path().as_os_str());
    assert!(missing.iter().any(|told| told.contains("does not run: broken")), "{missing:?}");
}

/// A Go module that builds in a second.
const TINY: Part = Part { name: "tiny", programs: &[("tiny", "egret/tiny")], files: &[], version_of: None };

#[test]
fn a_part_is_built_once_for_each_content_of_its_sources() {
    let (sources, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tiny(sources.path(), "func main() { println(1) }");
    let first = parts::built(&TINY, sources.path(), cache.path()).unwrap();
    let program = first.join("bin/tiny");
    let written = fs::metadata(&program).unwrap().modified().unwrap();
    assert_eq!(parts::built(&TINY, sources.path(), cache.path()).unwrap(), first);
    assert_eq!(fs::metadata(&program).unwrap().modified().unwrap(), written);
    tiny(sources.path(), "func main() { println(2) }");
    let second = parts::built(&TINY, sources.path(), cache.path()).unwrap();
    assert_ne!(second, first);
    assert!(second.join("bin/tiny").is_file() && program.is_file());
}

#[test]
fn a_build_that_fails_says_why_and_does_not_look_finished() {
    let (sources, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tiny(sources.path(), "func main() { nonsense }");
    for _ in 0..2 {
        let why = parts::built(&TINY, sources.path(), cache.path()).unwrap_err().to_string();
        assert!(why.starts_with("building tiny failed") && why.contains("undefined: nonsense"), "{why}");
    }
    let left: Vec<_> = cache.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["tiny.lock"]);
}

#[test]
fn what_an_interrupted_build_left_is_swept_away() {
    let (sources, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tiny(sources.path(), "func main() {}");
    let left = cache.path().join("tiny.unfinished-1");
    fs::create_dir_all(left.join("bin")).unwrap();
    let built = parts::built(&TINY, sources.path(), cache.path()).unwrap();
    assert!(built.join("bin/tiny").is_file());
    assert!(!left.exists());
}

#[test]
fn two_builds_at_once_are_one() {
    let (sources, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    tiny(sources.path(), "func main() {}");
    let build = || {
        let folder = parts::built(&TINY, sources.path(), cache.path()).unwrap();
        fs::metadata(folder.join("bin/tiny")).unwrap().modified().unwrap()
    };
    let (one, other) = std::thread::scope(|scope| {
        let (one, other) = (scope.spawn(build), scope.spawn(build));
        (one.join().unwrap(), other.join().unwrap())
    });
    assert_eq!(one, other);
}

fn tiny(sources: &Path, body: &str) {
    fs::write(sources.join("go.mod"), "module egret/tiny\n\ngo 1.26.0\n").unwrap();
    fs::write(sources.join("main.go"), format!("package main\n\n{body}\n")).unwrap();
}

fn script(file: &Path, body: &str) {
    // Renamed into place: a file that was open for writing a moment ago may not be run.
    let new = file.with_extension("new");
    fs::write(&new, format!("#!/bin/sh\n{body}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, file).unwrap();
}
