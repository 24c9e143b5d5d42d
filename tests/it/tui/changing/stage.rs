//! What the tests of this group stand on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use egret::model::istio_gateway::IstioGateway;
use kube::Client;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::sync::{OnceCell, RwLock, RwLockReadGuard};

use crate::support::plane::{Cluster, Options, apply_yaml};
use crate::support::session::{PATIENCE, Session, egret};

/// Where gateways are.
pub(super) const NAMESPACE: &str = "istio-system";

/// Tests that need a server that answers read it; the one that stops the server writes it.
static CALM: RwLock<()> = RwLock::const_new(());

/// A cluster that knows IstioGateway and where nobody keeps any: what is written stays as it was written.
pub(super) struct Stage {
    /// The cluster.
    pub(super) cluster: &'static Cluster,
    /// Its administrator.
    pub(super) client: Client,
}

impl Stage {
    /// The cluster, while its server answers.
    pub(super) async fn calm() -> (Self, RwLockReadGuard<'static, ()>) {
        let guard = CALM.read().await;
        (Self::get().await, guard)
    }

    /// The cluster, for nobody else.
    pub(super) async fn alone() -> (Self, tokio::sync::RwLockWriteGuard<'static, ()>) {
        let guard = CALM.write().await;
        (Self::get().await, guard)
    }

    async fn get() -> Self {
        static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
        let start = async || {
            let options = Options { name: "changing".to_owned(), nodes: 1, ..Options::default() };
            let cluster = Cluster::start(options).await.unwrap();
            cluster.install_egret().await.unwrap();
            cluster
        };
        let cluster = CLUSTER.get_or_init(start).await;
        Self { cluster, client: cluster.admin().await }
    }

    /// A screen of gateways, of this one alone.
    pub(super) fn screen(&self, filter: &str) -> Session {
        look(self.cluster.kubeconfig(), filter)
    }

    /// Makes a gateway of one pod.
    pub(super) async fn gateway(&self, name: &str) {
        apply_yaml(&self.client, &plain(name)).await.unwrap();
    }

    /// Somebody else changes a gateway.
    pub(super) async fn change(&self, name: &str, spec: Value) {
        let patch = Patch::Merge(json!({"spec": spec}));
        let params = PatchParams { field_manager: Some("somebody".to_owned()), ..PatchParams::default() };
        gateways(&self.client).patch(name, &params, &patch).await.unwrap();
    }
}

/// A screen of the gateways that a filter leaves, where 80 by 24 is all there is.
pub(super) fn look(kubeconfig: &Path, filter: &str) -> Session {
    let session = egret(kubeconfig, "--view gateways").size(80, 24).go();
    session.sees("1/1 clusters").command(&format!("gateways name:{filter}")).selects(filter);
    session
}

/// A gateway of one pod, as YAML.
pub(super) fn plain(name: &str) -> String {
    format!(
        "apiVersion: istio.alibabacloud.com/v1beta1\nkind: IstioGateway\n\
         metadata: {{name: {name}, namespace: {NAMESPACE}}}\n\
         spec:\n  gatewayType: egress\n  replicaCount: 1\n  \
         ports: [{{name: http-0, port: 80, targetPort: 80, protocol: HTTP}}]\n"
    )
}

/// The gateways.
pub(super) fn gateways(client: &Client) -> Api<IstioGateway> {
    Api::namespaced(client.clone(), NAMESPACE)
}

/// What is wished of a gateway, as the server stores it.
pub(super) async fn spec(client: &Client, name: &str) -> Value {
    let uri = format!("/apis/istio.alibabacloud.com/v1beta1/namespaces/{NAMESPACE}/istiogateways/{name}");
    let request = http::Request::get(uri).body(Vec::new()).unwrap();
    client.request::<Value>(request).await.unwrap()["spec"].clone()
}

/// Has the change in front checked, sees something of it, says yes, and sees what came of that.
#[track_caller]
pub(super) fn applies(session: &Session, shown: &str, done: &str) {
    session.sees(shown).sees("accepted.").sees("y to do it").keys("y").sees(done);
}

/// What `egret journal` tells of the writes by hand: verb, object, fields and result of each.
pub(super) fn journal(home: &Path) -> (Vec<String>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(["journal", "--output", "json", "--limit", "10000"]);
    let output = command.env_clear().env("HOME", home).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let entries: Vec<Value> = serde_json::from_str(&text).unwrap();
    let line = |entry: &Value| {
        let fields: Vec<&str> =
            entry["fields"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let word = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let (verb, kind, name) = (word("verb"), word("kind"), word("name"));
        format!("{verb} {kind} {name} [{}] {}", fields.join(" "), word("result"))
    };
    let by_hand = entries.iter().filter(|entry| entry["by"] == "screen");
    (by_hand.map(line).collect(), text)
}

/// Opens a gateway as YAML and writes another number of pods; the editor stays open.
#[track_caller]
pub(super) fn edits(session: &Session, name: &str, pods: &str) {
    session.keys("E").sees(&format!("edit IstioGateway istio-system/{name}"));
    session.fills("ctrl-f | replicaCount | enter").keys("esc").keys("end").fills("backspace");
    session.type_in(pods);
    session.sees(&format!("replicaCount: {pods}")).sees("modified");
}

/// All files below a directory, as far as they are text.
pub(super) fn files(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in dir.read_dir().into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            // A draft that has just served may go while it is read.
            found
                .extend(std::fs::read(&path).map(|text| (path, String::from_utf8_lossy(&text).into_owned())));
        }
    }
    found
}

/// The drafts of a home, with what is typed in them.
pub(super) fn drafts(home: &Path) -> Vec<(PathBuf, String)> {
    let is_draft = |path: &Path| path.to_string_lossy().ends_with(".draft.json");
    let all = files(home).into_iter().filter(|(path, _)| is_draft(path));
    all.map(|(path, text)| {
        let draft: Value = serde_json::from_str(&text).unwrap();
        (path, draft["text"].as_str().unwrap_or_default().to_owned())
    })
    .collect()
}

/// Waits until a draft holds a text.
#[track_caller]
pub(super) fn kept(home: &Path, text: &str) {
    until(home, &format!("a draft holds {text:?}"), |all| all.iter().any(|(_, typed)| typed.contains(text)));
}

/// Waits until no draft is left: each was applied, or discarded.
#[track_caller]
pub(super) fn served(home: &Path) {
    until(home, "no draft is left", <[_]>::is_empty);
}

#[track_caller]
fn until(home: &Path, what: &str, is_so: impl Fn(&[(PathBuf, String)]) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so(&drafts(home)) {
        assert!(Instant::now() < end, "{what}: {:?}", drafts(home));
        // Nothing tells of a file but the file itself.
        std::thread::yield_now();
    }
}
