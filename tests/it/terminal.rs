//! egret as a guest of the terminal: what it says to it, how it takes it and gives it back.
#![allow(clippy::disallowed_methods, reason = "tests measure time")]

mod bytes;
mod contexts;
mod demo;
mod ends;
mod forwards;
mod hostile;
mod mouse;
mod sizes;
mod slow;
mod views;

use std::path::PathBuf;
use std::time::Duration;

use crate::support::place::Place;

/// A kubeconfig of a server that refuses every connection: enough for a screen.
fn nowhere() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = "apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: nobody, user: {}}]
contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}]
";
    std::fs::write(&file, text).unwrap();
    (dir, file)
}

const SOON: Duration = Duration::from_secs(10);
