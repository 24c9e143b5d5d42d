//! Credential plugins (R21): a shell script stands for each.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use egret::cluster::connect;
use egret::cluster::credentials::Plugin;
use egret::model::fault::{Fault, Reason};
use egret::model::snapshot::Link;
use kube::config::{Cluster, ExecConfig, Kubeconfig};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::support::SOON;
use super::support::fake::{Asked, Fake, status};
use super::support::view::{View, fault};
use crate::support::plane::shared;

/// A folder with a plugin that does what a script says. Each of its runs adds a line to `runs`.
struct Script {
    dir: tempfile::TempDir,
}

impl Script {
    fn new(script: &str) -> Self {
        let script_of = Self { dir: tempfile::tempdir().unwrap() };
        script_of.becomes(script);
        script_of
    }

    /// Puts another script in its place, at once.
    fn becomes(&self, script: &str) {
        let text = format!("cd '{}'\necho run >> runs\n{script}\n", self.dir.path().display());
        std::fs::write(self.path().with_extension("new"), text).unwrap();
        std::fs::rename(self.path().with_extension("new"), self.path()).unwrap();
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("plugin")
    }

    fn runs(&self) -> usize {
        std::fs::read_to_string(self.dir.path().join("runs")).map_or(0, |text| text.lines().count())
    }

    fn config(&self, more: &Value) -> ExecConfig {
        let mut config = json!({
            "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": [self.path()],
        });
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        serde_json::from_value(config).unwrap()
    }

    fn plugin(&self) -> Plugin {
        Plugin::new("ctx", self.config(&json!({})), &Cluster::default())
    }

    /// The user of a kubeconfig, as YAML.
    fn user(&self) -> String {
        json!({"exec": self.config(&json!({}))}).to_string()
    }
}

fn credential(status: &Value) -> String {
    json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})
        .to_string()
}

fn token(token: &str) -> String {
    format!("echo '{}'", credential(&json!({"token": token})))
}

async fn failing(script: &str) -> Fault {
    Script::new(script).plugin().credential().await.unwrap_err()
}

#[tokio::test]
async fn a_plugin_that_fails_is_told_with_its_last_words() {
    let fault = failing("echo banner >&2; echo 'no session: run login' >&2; echo >&2; exit 3").await;
    assert_eq!(fault.reason, Reason::Credentials);
    assert_eq!(
        fault.summary,
        "ctx: the credential plugin `sh` failed (exit status: 3): no session: run login"
    );
    let fault = failing("printf 'an \\033[31mescape\\033[0m\\n' >&2; exit 1").await;
    assert!(!fault.summary.contains('\u{1b}'), "{}", fault.summary);
    for garbage in [
        "echo hello",
        "echo '{'",
        "printf '\\377\\376'",
        "true",
        "echo '{\"kind\": \"ExecCredential\"}'",
        "echo '{\"status\": {}}'",
        "echo '{\"status\": {\"token\": 5}}'",
        "echo '{\"status\": {\"clientCertificateData\": \"x\"}}'",
    ] {
        let fault = failing(garbage).await;
        assert_eq!(fault.reason, Reason::Credentials, "{garbage}");
        assert!(fault.summary.starts_with("ctx: the credential plugin `sh` "), "{}", fault.summary);
        assert_eq!(fault.hint, "It must print an ExecCredential.", "{}", fault.summary);
    }
    let config =
        serde_json::from_value(json!({"command": "no-such-plugin", "installHint": "brew install it"}));
    let plugin = Plugin::new("ctx", config.unwrap(), &Cluster::default());
    let fault = plugin.credential().await.unwrap_err();
    assert!(fault.summary.starts_with("ctx: the credential plugin `no-such-plugin` could not be run: "));
    assert_eq!(fault.hint, "brew install it");
}

#[tokio::test]
async fn a_plugin_that_floods_its_output_is_ended() {
    let fault = failing("cat /dev/zero").await;
    assert_eq!(fault.reason, Reason::Credentials);
    assert!(fault.summary.contains("prints without end"), "{}", fault.summary);
}

#[tokio::test]
async fn a_plugin_that_hangs_is_ended_at_the_limit_and_so_is_what_it_started() {
    let script = Script::new("echo $$ > pid; sleep 1000 & echo $! > child; wait");
    let plugin = script.plugin().within(Duration::from_secs(1));
    let began = Instant::now();
    let fault = plugin.credential().await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(fault.summary, "ctx: the credential plugin `sh` did not end within 1 s");
    for file in ["pid", "child"] {
        let pid = std::fs::read_to_string(script.dir.path().join(file)).unwrap();
        assert_ended(pid.trim().parse().unwrap()).await;
    }
}

/// Nothing tells when a process ends that is not a child: it is looked for again and again. A zombie has ended.
async fn assert_ended(pid: u32) {
    let runs = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
    };
    let gone = async {
        while runs() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(SOON, gone).await.is_ok(), "process {pid} still runs");
}

#[tokio::test]
async fn a_plugin_has_no_terminal_and_is_told_so_when_it_wants_one() {
    // Its stdin is closed, and it hears that nobody is there.
    let script =
        Script::new("[ -t 0 ] && exit 9; read answer && exit 8; echo \"$KUBERNETES_EXEC_INFO\" > info\n");
    script.becomes(&format!(
        "[ -t 0 ] && exit 9; read answer && exit 8; echo \"$KUBERNETES_EXEC_INFO\" > info; {}",
        token("t")
    ));
    script.plugin().credential().await.unwrap();
    let info: Value =
        serde_json::from_slice(&std::fs::read(script.dir.path().join("info")).unwrap()).unwrap();
    assert_eq!(info["spec"], json!({"interactive": false}));
    assert_eq!(info["kind"], "ExecCredential");

    let fault = failing("echo 'cannot log in: stdin is not a terminal' >&2; exit 1").await;
    assert_eq!(fault.reason, Reason::NeedsTerminal);
    assert!(fault.summary.ends_with("needs a terminal: cannot log in: stdin is not a terminal"));
    let script = Script::new(&token("t"));
    let config = script.config(&json!({"interactiveMode": "Always"}));
    let fault = Plugin::new("ctx", config, &Cluster::default()).credential().await.unwrap_err();
    assert_eq!((fault.reason, script.runs()), (Reason::NeedsTerminal, 0));
}

#[tokio::test]
async fn a_plugin_runs_once_for_all_who_wait_and_goes_on_when_one_of_them_does_not() {
    let script = Script::new(&format!("sleep 1; {}", token("t")));
    let plugin = Arc::new(script.plugin());
    let impatient = tokio::time::timeout(Duration::from_millis(200), plugin.credential()).await;
    assert!(impatient.is_err());
    let waiting = (0..20).map(|_| {
        let plugin = plugin.clone();
        tokio::spawn(async move { plugin.credential().await.unwrap().token })
    });
    for waited in futures::future::join_all(waiting).await {
        assert_eq!(waited.unwrap().as_deref(), Some("t"));
    }
    plugin.credential().await.unwrap();
    assert_eq!(script.runs(), 1);

    let failing = Script::new("sleep 0.3; exit 1");
    let plugin = Arc::new(failing.plugin());
    let waiting = (0..20).map(|_| {
        let plugin = plugin.clone();
        tokio::spawn(async move { plugin.credential().await.unwrap_err() })
    });
    futures::future::join_all(waiting).await;
    assert_eq!(failing.runs(), 1, "those who waited for it fail with it");
}

#[tokio::test]
async fn a_token_that_has_expired_already_does_not_make_the_plugin_run_without_end() {
    let status = json!({"token": "old", "expirationTimestamp": "2020-01-01T00:00:00Z"});
    let script = Script::new(&format!("echo '{}'", credential(&status)));
    let plugin = script.plugin();
    for _ in 0..10 {
        plugin.credential().await.unwrap();
    }
    assert_eq!(script.runs(), 1);
}

#[tokio::test]
async fn the_plugin_ends_with_the_cluster_that_is_closed() {
    let script = Script::new("echo $$ > pid.new; mv pid.new pid; exec sleep 1000");
    let fake = Fake::start(|_| None).await;
    let view = View::open(&fake.kubeconfig(&script.user()), &["istio-system"]);
    let pid = async {
        loop {
            if let Ok(pid) = std::fs::read_to_string(script.dir.path().join("pid")) {
                return pid.trim().parse().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let pid = tokio::time::timeout(SOON, pid).await.unwrap();
    drop(view);
    assert_ended(pid).await;
}

/// A server that accepts one token, which a test may change.
async fn accepting(accepted: &Arc<std::sync::Mutex<String>>) -> Fake {
    let accepted = accepted.clone();
    Fake::start(move |asked: &Asked| {
        let wanted = format!("Bearer {}", accepted.lock().unwrap());
        (asked.authorization != wanted).then(|| status(401, "Unauthorized"))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_used_by_every_request_and_renewed_once_when_it_is_refused() {
    let accepted = Arc::new(std::sync::Mutex::new("one".to_owned()));
    let fake = accepting(&accepted).await;
    let script = Script::new(&token("one"));
    let mut view = View::open(&fake.kubeconfig(&script.user()), &["istio-system"]);
    view.complete(0).await;
    assert_eq!(script.runs(), 1, "one run for all requests");
    assert!(fake.asked().iter().all(|a| a.authorization == "Bearer one"));

    // The server no longer takes it; the plugin has another.
    script.becomes(&token("two"));
    "two".clone_into(&mut accepted.lock().unwrap());
    let c = view.sources.connection(&view.chosen[0]).unwrap();
    let ask = || async { c.client.apiserver_version().await };
    let all = futures::future::join_all((0..12).map(|_| ask())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!(script.runs(), 2, "one run for all that were refused");

    // And when it has none, that is said.
    script.becomes("echo 'logged out' >&2; exit 1");
    "three".clone_into(&mut accepted.lock().unwrap());
    view.sources.set_namespaces(vec!["istio-egress".into()]);
    let down = view.until(0, "down", SOON, |s| matches!(s.link, Link::Stale { .. })).await;
    let said = fault(&down.link);
    assert_eq!(said.reason, Reason::Credentials);
    assert_eq!(said.summary, "fake: the credential plugin `sh` failed (exit status: 1): logged out");
    // Logged in again: it heals by itself.
    script.becomes(&token("three"));
    view.complete(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_the_server_never_takes_is_told_and_the_plugin_not_run_without_end() {
    let fake = accepting(&Arc::new(std::sync::Mutex::new("other".to_owned()))).await;
    let script = Script::new(&token("mine"));
    let mut view = View::open(&fake.kubeconfig(&script.user()), &["istio-system"]);
    // It answers: that it does not know who asks.
    let down = view.until(0, "refused", SOON, |s| matches!(s.link, Link::Denied { .. })).await;
    assert_eq!(fault(&down.link).reason, Reason::Credentials);
    assert!(fault(&down.link).summary.contains("does not accept the credentials"), "{:?}", down.link);
    // That little runs can only be seen by waiting.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(script.runs() < 12, "{} runs in 4 s", script.runs());
}

/// The certificate and key of a kubeconfig's only user, PEM.
fn identity(kubeconfig: &Path) -> (String, String) {
    use kube::config::AuthInfo;
    let config = Kubeconfig::read_from(kubeconfig).unwrap();
    let user: AuthInfo = config.auth_infos[0].auth_info.clone().unwrap();
    let decode = |text: &str| {
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).unwrap()).unwrap()
    };
    let value = serde_json::to_value(&user).unwrap();
    let certificate = value["client-certificate-data"].as_str().unwrap().to_owned();
    let text = std::fs::read_to_string(kubeconfig).unwrap();
    let key = text.lines().find_map(|l| l.trim().strip_prefix("client-key-data: ")).unwrap().to_owned();
    (decode(&certificate), decode(&key))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_a_plugin_opens_a_real_cluster_and_another_one_takes_its_place() {
    let cluster = shared().await;
    let of = |kubeconfig: &Path| {
        let (certificate, key) = identity(kubeconfig);
        json!({"clientCertificateData": certificate, "clientKeyData": key})
    };
    let script = Script::new("");
    let gives = |status: Value| {
        std::fs::write(script.dir.path().join("answer"), credential(&status)).unwrap();
        script.becomes("cat answer");
    };
    gives(of(cluster.kubeconfig()));
    let mut text = std::fs::read_to_string(cluster.kubeconfig()).unwrap();
    let users = text.find("users:").unwrap();
    let contexts_at = text.find("contexts:").unwrap();
    let user = format!("users:\n- name: admin@{}\n  user: {}\n", cluster.name(), script.user());
    text.replace_range(users..contexts_at, &user);
    let file = script.dir.path().join("config");
    std::fs::write(&file, text).unwrap();

    let mut view = View::open(&file, &["istio-system"]);
    view.complete(0).await;
    assert_eq!(script.runs(), 1);
    let who = async |c: &connect::Connection| {
        let request = http::Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
            .header("content-type", "application/json")
            .body(b"{}".to_vec());
        let answer: Value = c.client.request(request.unwrap()).await.unwrap();
        answer["status"]["userInfo"]["username"].as_str().unwrap().to_owned()
    };
    let name = view.chosen[0].clone();
    let c = view.sources.connection(&name).unwrap();
    assert_eq!(who(&c).await, "egret-test:admin");
    // The plugin gives another identity: the connection is made anew with it.
    gives(of(&cluster.narrow_kubeconfig()));
    let plugin = view.sources.plugin(&name).unwrap();
    let old = plugin.credential().await.unwrap();
    plugin.refused(&old);
    plugin.credential().await.unwrap();
    view.until(0, "made anew", SOON, |s| {
        s.facts.kubernetes.is_some()
            && s.pods.is_empty()
            && !s.kinds.values().all(egret::model::snapshot::KindState::settled)
            || matches!(
                s.kinds.get(&egret::model::name::Kind::Pod),
                Some(egret::model::snapshot::KindState::Denied(_))
            )
    })
    .await;
    let c = view.sources.connection(&name).unwrap();
    assert_eq!(who(&c).await, "narrow");
}

#[tokio::test]
async fn a_plugin_is_told_about_its_cluster_when_it_asks_and_gets_its_environment() {
    let script =
        Script::new("echo \"$KUBERNETES_EXEC_INFO\" > info; echo \"$PROFILE_OF_TEST\" > profile; exit 1");
    let config = script.config(&json!({
        "provideClusterInfo": true, "env": [{"name": "PROFILE_OF_TEST", "value": "prod"}],
    }));
    let ca = script.dir.path().join("ca.crt");
    std::fs::write(&ca, "pem").unwrap();
    let about = Cluster {
        server: Some("https://example.com".into()),
        certificate_authority: Some(ca.display().to_string()),
        ..Cluster::default()
    };
    Plugin::new("ctx", config, &about).credential().await.unwrap_err();
    let read = |name: &str| std::fs::read_to_string(script.dir.path().join(name)).unwrap();
    let info: Value = serde_json::from_str(&read("info")).unwrap();
    let wanted = json!({"server": "https://example.com", "certificate-authority-data": "cGVt"});
    assert_eq!(info["spec"]["cluster"], wanted);
    assert_eq!(read("profile"), "prod\n");
}
