//! Secret data reaches no screen, no output and no file (R27).

use std::path::Path;
use std::process::Command;

use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::api::{Api, PostParams};
use serde_json::json;

use crate::support::plane::{self, unique, wait_for};
use crate::support::session::egret;

/// What must never be seen, as text and as the API server keeps it.
const PLANTED: &str = "hunter2-never-to-be-seen";
const ENCODED: &str = "aHVudGVyMi1uZXZlci10by1iZS1zZWVu";

fn is_free_of_it(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(!text.contains(PLANTED) && !text.contains(ENCODED), "{what} shows the planted secret");
}

/// Every file below a folder.
fn files(below: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(below).unwrap().map(|e| e.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn a_planted_secret_reaches_no_screen_no_output_and_no_file() {
    let cluster = plane::shared().await;
    let client = cluster.admin().await;
    let ns = unique("planted");
    cluster.namespace(&client, &ns).await.unwrap();
    let secret = json!({
        "metadata": {
            "name": "planted",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": format!("{{\"data\":{{\"k\":\"{ENCODED}\"}}}}")},
        },
        "stringData": {"k": PLANTED},
    });
    let secrets: Api<Secret> = Api::namespaced(client.clone(), &ns);
    secrets.create(&PostParams::default(), &serde_json::from_value(secret).unwrap()).await.unwrap();
    let pod = json!({
        "metadata": {
            "name": "holder",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": format!("{{\"env\":\"{PLANTED}\"}}")},
        },
        "spec": {
            "containers": [{
                "name": "main",
                "image": "docker.io/istio/proxyv2:1.28.0",
                "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "planted", "key": "k"}}}],
                "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            }],
            "volumes": [{"name": "v", "secret": {"secretName": "planted"}}],
        },
    });
    let pods: Api<Pod> = Api::namespaced(client.clone(), &ns);
    pods.create(&PostParams::default(), &serde_json::from_value(pod).unwrap()).await.unwrap();
    wait_for(pods, "holder", |pod: &Pod| {
        pod.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Running")
    })
    .await;
    let mark = cluster.mark().await.unwrap();

    let session = egret(cluster.kubeconfig(), &format!("--view pods -n {ns}")).go();
    session.sees("1/1 clusters").sees("holder").keys("w enter").sees("1 overview").sees("Status");
    for _ in 0..6 {
        session.keys("page-down");
    }
    session.keys("2").sees("holder").keys("3").sees("kind: Pod").keys("m end").sees("status");
    session.keys("C").sees("clipboard").keys("esc").sees("NAME");
    // Edited and left: the draft is on the disk.
    session
        .keys("home enter E")
        .sees("unchanged")
        .keys("#")
        .sees("modified")
        .keys("esc")
        .sees("the draft of Pod");
    // The name of the Secret may be seen; that is how one knows that these screens were the right ones.
    is_free_of_it("the screen", &session.raw());
    let home = session.home().to_owned();
    session.keys("q");
    let kept = files(&home);
    assert!(kept.iter().any(|file| file.to_string_lossy().contains("drafts")), "{kept:?}");
    for file in kept {
        is_free_of_it(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }

    for what in ["clusters", "gateways", "services", "pods"] {
        for form in ["table", "wide", "json", "yaml"] {
            let output = Command::new(env!("CARGO_BIN_EXE_egret"))
                .args(["get", what, "-o", form, "-n", &ns])
                .env("KUBECONFIG", cluster.kubeconfig())
                .env("HOME", &home)
                .output()
                .unwrap();
            is_free_of_it(&format!("get {what} -o {form}"), &output.stdout);
            is_free_of_it(&format!("the errors of get {what} -o {form}"), &output.stderr);
        }
    }
    let asked = cluster.audit_since(mark).await.unwrap();
    assert!(asked.iter().any(|e| e.uri.contains(&ns)), "the audit log holds what egret asked");
    let for_secrets: Vec<_> = asked
        .iter()
        .filter(|e| {
            e.uri.contains(&ns) && e.uri.contains("/secrets") && !e.user_agent.starts_with("egret-test")
        })
        .collect();
    assert!(for_secrets.is_empty(), "{for_secrets:?}");
}
