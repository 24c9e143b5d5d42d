//! `egret apply` and `egret delete` on the real control plane, and the journal that they leave.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use egret::cluster::write::get;
use egret::reconcile::clusters::gateway;
use serde_json::Value;

use super::support::connection;
use crate::support::plane::{Cluster, apply_yaml, shared_with_crds, unique};

/// Somebody at a shell, with a home directory and a namespace of their own.
struct Person {
    cluster: &'static Cluster,
    home: tempfile::TempDir,
    namespace: String,
}

/// What a verb printed, and its exit code.
type End = (Option<i32>, String, String);

impl Person {
    async fn new() -> Self {
        let cluster = shared_with_crds().await;
        let client = cluster.admin().await;
        for (_, generate) in egret::model::crd::all() {
            apply_yaml(&client, &generate().unwrap()).await.unwrap();
        }
        let namespace = unique("verbs");
        cluster.namespace(&client, &namespace).await.unwrap();
        Self { cluster, home: tempfile::tempdir().unwrap(), namespace }
    }

    async fn egret(&self, line: &str) -> End {
        let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
        command.args(line.split(' ')).arg("--kubeconfig").arg(self.cluster.kubeconfig());
        command.args(["-n", &self.namespace]).stdin(Stdio::null());
        command.env_clear().env("HOME", self.home.path()).env("USER", "jane");
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn file(&self, text: &str) -> String {
        let path = self.home.path().join("file.yaml");
        fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn config(&self, text: &str) {
        let folder = self.home.path().join(".config/egret");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), text).unwrap();
    }

    async fn live(&self, name: &str) -> Option<Value> {
        let c = connection(Path::new(self.cluster.kubeconfig()), true).await;
        get(&c, &gateway(&self.namespace, name)).await.unwrap()
    }

    async fn journal(&self) -> Vec<String> {
        let (code, out, err) = self.egret("journal -o json").await;
        assert_eq!((code, err.as_str()), (Some(0), ""));
        let entries: Vec<Value> = serde_json::from_str(&out).unwrap();
        let text = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let line = |e: &Value| {
            let fields: Vec<&str> =
                e["fields"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            let [user, by, verb, name, result] = ["user", "by", "verb", "name", "result"].map(|f| text(e, f));
            format!("{user} {by} {verb} {name} {} {result}", fields.join(","))
        };
        entries.iter().map(line).collect()
    }
}

fn document(name: &str, replicas: u32) -> String {
    format!(
        "apiVersion: istio.alibabacloud.com/v1beta1\nkind: IstioGateway\nmetadata: {{name: {name}}}\n\
         spec:\n  gatewayType: egress\n  replicaCount: {replicas}\n  ports: [{{name: http-0, port: 80, targetPort: 80, protocol: HTTP}}]\n"
    )
}

#[tokio::test]
async fn what_a_file_asks_for_is_shown_asked_about_made_and_recorded() {
    let person = Person::new().await;
    let file = person.file(&document("out", 1));
    let (code, out, err) = person.egret(&format!("apply -f {file} --diff")).await;
    assert!(code == Some(1) && out.contains("+  replicaCount: 1"), "{out}{err}");
    let (code, out, err) = person.egret(&format!("apply -f {file} --dry-run")).await;
    assert!(code == Some(0) && out.contains("create     IstioGateway"), "{out}{err}");
    let (code, _, err) = person.egret(&format!("apply -f {file}")).await;
    assert!(code == Some(2) && err.contains("there is no terminal to ask on; --yes says it"), "{err}");
    assert_eq!(person.live("out").await, None);
    let (code, out, err) = person.egret(&format!("apply -f {file} --yes")).await;
    assert!(code == Some(0) && out.contains("out is made."), "{out}{err}");
    assert_eq!(person.live("out").await.unwrap()["spec"]["replicaCount"], 1);
    let (code, out, err) = person.egret(&format!("apply -f {file} --diff")).await;
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "", ""), "nothing differs");
    // Changing it sends only what changes.
    let file = person.file(&document("out", 2));
    let (code, out, err) = person.egret(&format!("apply -f {file} --yes")).await;
    assert!(code == Some(0) && out.contains("spec.replicaCount: 1 → 2"), "{out}{err}");
    assert_eq!(
        person.journal().await,
        ["jane apply create out * ok", "jane apply change out spec.replicaCount ok"],
        "dry runs are not told"
    );
}

#[tokio::test]
async fn of_several_documents_none_is_made_when_one_is_wrong_and_all_that_is_wrong_is_told() {
    let person = Person::new().await;
    let wrong = document("bad", 1).replace("protocol: HTTP", "protocol: HTTQ");
    let other = "apiVersion: nowhere.example/v1\nkind: Nothing\nmetadata: {name: x}\n";
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: hunter2}\n";
    let text = format!("{}---\n{wrong}---\n{other}---\n{secret}", document("good", 1));
    let file = person.file(&text);
    let (code, _, err) = person.egret(&format!("apply -f {file} --yes")).await;
    assert_eq!(code, Some(1), "{err}");
    for said in [
        "HTTQ",
        "Nothing of nowhere.example/v1 is not served",
        "neither shows nor changes a Secret",
        "nothing was done",
    ] {
        assert!(err.contains(said), "{said} is not in {err}");
    }
    let (code, ..) = person.egret(&format!("apply -f {file} --diff")).await;
    assert_eq!(code, Some(2), "what cannot be found out is no difference");
    assert_eq!((person.live("good").await, person.journal().await.len()), (None, 0));
}

#[tokio::test]
async fn production_has_the_name_given_and_what_is_read_only_is_not_even_asked() {
    let person = Person::new().await;
    let file = person.file(&document("out", 1));
    person.config("[[context]]\nmatch = '*'\nread-only = true\n");
    for line in ["--yes", "--dry-run"] {
        let (code, out, err) = person.egret(&format!("apply -f {file} {line}")).await;
        assert!(code == Some(1) && out.is_empty() && err.contains("egret is read-only here"), "{err}");
    }
    person.config("[[context]]\nmatch = '*'\nproduction = true\n");
    let (code, out, err) = person.egret(&format!("apply -f {file} --yes")).await;
    assert!(code == Some(2) && out.contains(", production"), "{out}");
    assert!(err.contains("--confirm out says it beforehand"), "{err}");
    let (code, _, err) = person.egret(&format!("apply -f {file} --yes --confirm in")).await;
    assert!(code == Some(2) && err.contains("--confirm says in, and out is asked for"), "{err}");
    assert_eq!(person.live("out").await, None);
    let (code, _, err) = person.egret(&format!("apply -f {file} --confirm out")).await;
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(person.live("out").await.is_some());
}

#[tokio::test]
async fn a_gateway_is_deleted_after_what_is_lost_was_told_and_followed_until_it_is_gone() {
    let person = Person::new().await;
    let (code, _, err) = person.egret("delete gateway out --yes").await;
    assert!(code == Some(1) && err.contains("there is no gateway out in"), "{err}");
    let file = person.file(&document("out", 1));
    assert_eq!(person.egret(&format!("apply -f {file} --yes")).await.0, Some(0));
    let (code, out, err) = person.egret("delete gateway out").await;
    assert!(code == Some(2) && out.contains("delete     IstioGateway"), "{out}{err}");
    assert!(person.live("out").await.is_some());
    let (code, out, err) = person.egret("delete gateway out --yes --wait").await;
    assert!(code == Some(0) && out.contains("out is gone."), "{out}{err}");
    assert_eq!(person.live("out").await, None);
    assert_eq!(person.journal().await[1..], ["jane delete delete out  ok"]);
}
