//! Facts of the build, for `egret --version`.
//!
//! The commit is asked for in release builds alone: otherwise every commit would have everything built anew, or the facts
//! would be those of an older one.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=assets/build.rs");
    println!("cargo::rerun-if-env-changed=EGRET_COMMIT");
    let profile = env::var("PROFILE").unwrap_or_default();
    let commit = match env::var("EGRET_COMMIT") {
        Ok(commit) => commit,
        Err(_) if profile == "release" => commit(),
        Err(_) => String::new(),
    };
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let rustc = said(&rustc, &["--version"]).unwrap_or_default();
    let target = env::var("TARGET").unwrap_or_default();
    for (name, value) in [("COMMIT", commit), ("PROFILE", profile), ("RUSTC", rustc), ("TARGET", target)] {
        println!("cargo::rustc-env=EGRET_BUILD_{name}={value}");
    }
}

/// The commit, its day, and whether what is built differs from it; empty: this is no clone.
fn commit() -> String {
    for path in [".git/HEAD", ".git/index", "src", "themes", "assets", "Cargo.lock"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let Some(commit) = said("git", &["log", "-1", "--format=%h, %cs"]) else { return String::new() };
    match said("git", &["status", "--porcelain", "--untracked-files=no"]) {
        Some(changed) if !changed.is_empty() => format!("{commit}, changed since"),
        _ => commit,
    }
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
