//! What only a cluster knows: names that are completed at a prompt, and what the doctor sees.

use std::process::Command;

use crate::support::plane::Cluster;
use crate::support::session::with_gateways;

async fn egret(cluster: &'static Cluster, set: &[(&str, &str)], line: &str) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(line.split(' ')).env_clear().env("HOME", home.path());
    command.env("KUBECONFIG", cluster.kubeconfig()).envs(set.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn names_of_gateways_are_completed_from_the_cluster_that_the_line_names() {
    let cluster = with_gateways().await;
    let asks = [("EGRET_COMPLETE", "fish")];
    let (code, out, err) = egret(cluster, &asks, "-- egret metrics -A payments-").await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let names: Vec<&str> = out.lines().map(|line| line.split('\t').next().unwrap_or_default()).collect();
    assert!(names.contains(&"payments-egress"), "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("payments-")), "{names:?}");
    let (_, out, _) = egret(cluster, &asks, "-- egret get gateways -A payments-").await;
    assert!(out.contains("payments-egress"), "{out}");
}

#[tokio::test]
async fn the_doctor_tells_version_round_trip_and_rights_of_a_cluster_and_writes_nothing_there() {
    let cluster = with_gateways().await;
    let (code, out, err) = egret(cluster, &[], "doctor --self").await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let line = |name: &str| {
        let found = out.lines().find(|line| line.trim_start().starts_with(name));
        found.unwrap_or_else(|| panic!("no {name}:\n{out}")).to_owned()
    };
    assert!(line("Kubernetes version").contains("v1."), "{out}");
    assert!(line("round trip").contains(" ms ("), "{out}");
    assert!(line("may list pods").ends_with("yes"), "{out}");
    assert!(line("may create pods/exec").ends_with("yes"), "{out}");
    assert!(line("server").contains("https://127.0.0.1:"), "{out}");
    let (_, out, _) = egret(cluster, &[], "doctor --self --anonymous").await;
    assert!(out.contains("server-a") && !out.contains("127.0.0.1"), "{out}");
}
