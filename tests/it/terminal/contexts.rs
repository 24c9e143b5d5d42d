//! Contexts that come, change and go in the kubeconfig while egret runs.

use std::fs;
use std::path::Path;

use crate::support::session::egret;

/// A kubeconfig of these contexts, each with its server.
fn written(file: &Path, contexts: &[(&str, &str)]) {
    let each = |(name, server): &(&str, &str)| {
        (
            format!("{{name: {name}, cluster: {{server: '{server}'}}}}"),
            format!("{{name: {name}, context: {{cluster: {name}, user: nobody}}}}"),
        )
    };
    let (clusters, contexts): (Vec<_>, Vec<_>) = contexts.iter().map(each).unzip();
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: one\nclusters: [{}]\nusers: [{{name: nobody, user: {{}}}}]\ncontexts: [{}]\n",
        clusters.join(", "),
        contexts.join(", ")
    );
    // As kubectl and editors do: another file takes its place.
    let half = file.with_extension("half");
    fs::write(&half, text).unwrap();
    fs::rename(half, file).unwrap();
}

const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn contexts_come_and_go_while_egret_runs_and_a_broken_file_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    written(&file, &[("one", NOWHERE)]);
    let second = dir.path().join("second");
    let both = format!("{}:{}", file.display(), second.display());
    let session = egret(both.as_ref(), "").go();
    session.sees("0/1 clusters").keys("z c").sees("find:").sees("one");

    written(&file, &[("one", NOWHERE), ("two", NOWHERE)]);
    session.sees("New in the kubeconfig: two").sees("○ two").keys("esc");
    // A file that `KUBECONFIG` lists and that was not there.
    written(&second, &[("three", NOWHERE)]);
    session.sees("New in the kubeconfig: three");

    fs::write(&file, "contexts: [").unwrap();
    session.sees("The contexts from before stay");
    session.keys("z c").sees("two").sees("three").keys("esc");
    written(&file, &[("one", NOWHERE)]);
    session.sees("No longer in the kubeconfig: two");

    session.command("open-context t*").sees("0/2 clusters");
    session.command("close-context three").sees("0/1 clusters");
}

#[test]
fn an_open_context_whose_entry_changes_says_so_and_is_opened_anew_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    written(&file, &[("one", NOWHERE), ("two", NOWHERE)]);
    let session = egret(&file, "").go();
    session.sees("0/1 clusters");
    written(&file, &[("one", "http://127.0.0.1:2"), ("two", NOWHERE)]);
    session.sees("one: its kubeconfig entry changed: close and open it");
    session.command("close-context one").sees("0/0 clusters");
    session.command("open-context one").sees("0/1 clusters").keys("1").sees("127.0.0.1:2");
    written(&file, &[("two", NOWHERE)]);
    session.sees("one is no longer in the kubeconfig; it stays open");
    let kept = session.home().join(".local/state/egret/contexts.json");
    assert!(fs::read_to_string(kept).unwrap().contains("\"one\""));
}
