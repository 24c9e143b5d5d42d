//! The kubeconfig as kubectl reads it: by the program itself, in an environment of its own.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::support::fake::Fake;
use crate::support::plane::shared;

/// Runs `egret`: what it printed, and what it complained of.
fn egret(line: &str, environment: &[(&str, &str)]) -> (String, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(line.split_whitespace()).env_clear().env("HOME", home.path()).stdin(Stdio::null());
    let output = command.envs(environment.iter().copied()).output().unwrap();
    let text =
        |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&home.path().display().to_string(), "~");
    (text(output.stdout), text(output.stderr))
}

/// A file with contexts, each of a server.
fn write(file: &Path, current: &str, contexts: &[(&str, &str)]) {
    let list = |make: &dyn Fn(&str, &str) -> String| {
        contexts.iter().map(|(name, url)| make(name, url)).collect::<Vec<_>>().join(", ")
    };
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: '{current}'\nusers: [{{name: me, user: {{}}}}]\n\
         clusters: [{}]\ncontexts: [{}]\n",
        list(&|name, url| format!("{{name: {name}, cluster: {{server: '{url}'}}}}")),
        list(&|name, _| format!("{{name: {name}, context: {{cluster: {name}, user: me}}}}")),
    );
    fs::write(file, text).unwrap();
}

fn names(out: &str) -> Vec<&str> {
    out.lines().map(|line| line.rsplit('/').next().unwrap_or(line)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_files_are_one_in_which_the_first_to_say_something_wins() {
    let (first, second) = (Fake::start(|_| None).await, Fake::start(|_| None).await);
    let dir = tempfile::tempdir().unwrap();
    let [one, two, none] = ["one", "two", "none"].map(|name| dir.path().join(name));
    write(&one, "", &[("both", &first.url), ("only-one", &first.url)]);
    write(&two, "only-two", &[("both", &second.url), ("only-two", &second.url)]);
    let list = std::env::join_paths([&none, &one, &two]).unwrap();
    let environment = [("KUBECONFIG", list.to_str().unwrap())];
    let run = async |line: &'static str| {
        let owned: Vec<(String, String)> =
            environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        tokio::task::spawn_blocking(move || {
            let pairs: Vec<(&str, &str)> = owned.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            egret(line, &pairs)
        })
        .await
        .unwrap()
    };
    let (out, err) = run("get clusters --all-contexts -o name").await;
    assert_eq!(names(&out), ["both", "only-one", "only-two"], "{err}");
    assert_eq!(err, "");
    // What `both` means is said by the first file.
    assert!(first.asked().len() > second.asked().len());
    let before = second.asked().len();
    run("get clusters --context both -o name").await;
    assert_eq!(second.asked().len(), before);
    // An empty current context says nothing: that of the second file counts.
    let (out, _) = run("get clusters -o name").await;
    assert_eq!(names(&out), ["only-two"]);
    let (out, _) = run("get clusters --context only-* -o name").await;
    assert_eq!(names(&out), ["only-one", "only-two"]);
    let (out, err) = run("get clusters --context nope").await;
    assert_eq!(out, "");
    assert!(
        err.starts_with("egret: the kubeconfig has no context `nope`; there are both, only-one, only-two"),
        "{err}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_line_and_none_of_its_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let path = file.display().to_string();
    fs::write(&file, "apiVersion: v1\nkind: Config\nusers:\n- name: me\n  user: {token: s3cret\n").unwrap();
    let (out, err) = egret("get clusters", &[("KUBECONFIG", &path)]);
    assert_eq!(out, "");
    assert!(err.starts_with(&format!("egret: kubeconfig {path}: ")), "{err}");
    assert!(err.contains("line "), "{err}");
    assert!(!err.contains("s3cret"), "{err}");
    // Of the wrong shape.
    fs::write(&file, "apiVersion: v1\nkind: Config\ncontexts: 5\n").unwrap();
    let (_, err) = egret("get clusters", &[("KUBECONFIG", &path)]);
    assert!(err.starts_with(&format!("egret: kubeconfig {path}: ")), "{err}");
    assert!(err.contains("line 3"), "{err}");
    // Nothing in it, a folder, and nothing there.
    fs::write(&file, "").unwrap();
    let (_, err) = egret("get clusters", &[("KUBECONFIG", &path)]);
    assert!(err.contains("the kubeconfig has no context"), "{err}");
    let folder = dir.path().display().to_string();
    let (_, err) = egret("get clusters", &[("KUBECONFIG", &folder)]);
    assert!(err.starts_with(&format!("egret: kubeconfig {folder}: ")), "{err}");
    let missing = dir.path().join("missing").display().to_string();
    let (_, err) = egret(&format!("get clusters --kubeconfig {missing}"), &[]);
    assert!(err.starts_with(&format!("egret: kubeconfig {missing}: ")), "{err}");
    let (_, err) = egret("get clusters", &[]);
    assert!(err.starts_with("egret: there is no kubeconfig; looked at ~/.kube/config"), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_plugins_beside_the_file_are_found_from_anywhere() {
    use base64::Engine as _;
    let cluster = shared().await;
    let dir = tempfile::tempdir().unwrap();
    let mut text = fs::read_to_string(cluster.kubeconfig()).unwrap();
    // The data of the file become files beside it.
    for (key, file) in
        [("certificate-authority", "ca.pem"), ("client-certificate", "me.pem"), ("client-key", "me.key")]
    {
        let begin = format!("{key}-data: ");
        let data = text.lines().find_map(|l| l.trim().strip_prefix(&begin)).unwrap().to_owned();
        let pem = base64::engine::general_purpose::STANDARD.decode(&data).unwrap();
        fs::write(dir.path().join(file), pem).unwrap();
        text = text.replace(&format!("{begin}{data}"), &format!("{key}: {file}"));
    }
    let file = dir.path().join("config");
    fs::write(&file, text).unwrap();
    let path = file.display().to_string();
    let run = |path: String| {
        tokio::task::spawn_blocking(move || egret("get clusters -o name", &[("KUBECONFIG", &path)]))
    };
    let (out, err) = run(path.clone()).await.unwrap();
    assert_eq!((names(&out), err.as_str()), (vec!["shared"], ""));
    fs::remove_file(dir.path().join("me.key")).unwrap();
    let (_, err) = run(path).await.unwrap();
    assert!(err.contains("shared: the kubeconfig cannot be used: "), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_context_whose_cluster_or_user_is_not_there_is_told_and_the_others_are_opened() {
    let good = Fake::start(|_| None).await;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: gone\nusers: [{{name: me, user: {{}}}}]\n\
         clusters: [{{name: good, cluster: {{server: '{}'}}}}]\ncontexts:\n\
         - {{name: good, context: {{cluster: good, user: me}}}}\n\
         - {{name: no-cluster, context: {{cluster: nowhere, user: me}}}}\n\
         - {{name: no-user, context: {{cluster: good, user: nobody}}}}\n",
        good.url
    );
    fs::write(&file, text).unwrap();
    let path = file.display().to_string();
    let (out, err) = tokio::task::spawn_blocking(move || {
        egret("get clusters --all-contexts -o wide", &[("KUBECONFIG", &path)])
    })
    .await
    .unwrap();
    let line = |name: &str| out.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
    assert!(line("good ").contains("v1.36.0-fake"), "{out}\n{err}");
    assert!(err.contains("no-cluster: the kubeconfig cannot be used"), "{err}");
    let path = file.display().to_string();
    let (_, err) =
        tokio::task::spawn_blocking(move || egret("get clusters", &[("KUBECONFIG", &path)])).await.unwrap();
    assert!(err.contains("the kubeconfig has no current context"), "{err}");
    assert!(err.contains("there are good, no-cluster, no-user"), "{err}");
}
