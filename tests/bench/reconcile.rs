//! What the controller costs: a thousand gateways made, beside a bare client that sends the same writes, and a thousand
//! that are as they should be looked at again.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use egret::materialize::{Owner, Site, build};
use egret::model::istio_gateway::IstioGateway;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::Request;
use kube::Client;
use serde_json::{Value, json};

use crate::Bench;
use crate::plane::{AuditEntry, Cluster, Mark};

/// As many gateways are worked on at once as the controller does.
const AT_ONCE: usize = 16;

/// Where the bare client makes its own.
const BARE: &str = "istio-egress";

/// Where egret does.
const OURS: &str = "istio-system";

/// The figures.
pub(crate) struct Reconciled {
    /// How many gateways.
    pub gateways: usize,
    /// How long the controller took to make them all.
    pub egret: Duration,
    /// How long the bare client took for the same.
    pub bare: Duration,
    /// Writes of each.
    pub writes: (usize, usize),
    /// Reads of the controller meanwhile, but watches.
    pub reads: usize,
    /// CPU time of a controller from its start until it has looked at all of them again.
    pub cpu: Duration,
    /// How long that took.
    pub took: Duration,
    /// What it wrote (but its lease) and read.
    pub again: (usize, usize),
    /// Its peak resident memory, in bytes.
    pub memory: u64,
}

/// Measures it on a control plane without controllers.
pub(crate) async fn reconciled(bench: &Bench, cluster: &Cluster) -> Reconciled {
    let client = cluster.admin().await;
    cluster.install_egret().await.expect("installing egret's CRDs");
    put(&client, "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", &webhooks()).await;
    let gateways = if bench.quick { 100 } else { 1000 };
    end_controllers(cluster).await;

    bench.say("a gateway to copy from");
    make(&client, OURS, "warm", 0..10).await;
    let controller = Controller::start(cluster);
    controller.wait(10, "warm");
    drop(controller);
    let pattern = Pattern::of(&client).await;

    let half = gateways / 2;
    make(&client, BARE, "gate", 0..gateways).await;
    make(&client, OURS, "gate", 0..gateways).await;
    bench.say("a bare client makes half of them");
    let mark = cluster.mark().await.expect("the audit log");
    let mut bare = bare_client(&client, &pattern, 0..half).await;
    bench.say("the controller makes its own");
    let between = cluster.mark().await.expect("the audit log");
    let before = counted(cluster, mark, "egret-test").await;
    let controller = Controller::start(cluster);
    let egret = controller.wait(gateways, "gate");
    let ours = counted(cluster, between, "egret/").await;
    drop(controller);
    bench.say("the bare client makes the other half");
    let mark = cluster.mark().await.expect("the audit log");
    bare += bare_client(&client, &pattern, half..gateways).await;
    let theirs = before.0 + counted(cluster, mark, "egret-test").await.0;

    bench.say("their pods are there, and ready");
    delete(
        &client,
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector",
    )
    .await;
    run_pods(&client, gateways).await;
    let controller = Controller::start(cluster);
    // Each turns Ready in this pass: it says nothing before it has looked at all of them.
    controller.wait(gateways, "gate");
    controller.until_quiet();
    drop(controller);

    bench.say("all of them are looked at again");
    let mark = cluster.mark().await.expect("the audit log");
    let controller = Controller::start(cluster);
    let took = controller.wait(gateways, "gate");
    controller.until_quiet();
    let (cpu, memory) = (controller.cpu(), controller.memory());
    let again = counted(cluster, mark, "egret/").await;
    drop(controller);
    Reconciled { gateways, egret, bare, writes: (ours.0, theirs), reads: ours.1, cpu, took, again, memory }
}

/// Writes (but those of leases) and reads (but watches) of whoever calls himself so.
async fn counted(cluster: &Cluster, mark: Mark, agent: &str) -> (usize, usize) {
    let entries = cluster.audit_since(mark).await.expect("the audit log");
    let of = |entry: &&AuditEntry| {
        entry.user_agent.starts_with(agent)
            && entry.stage == "ResponseComplete"
            && !entry.uri.contains("/leases")
            && entry.uri.contains("/namespaces/")
    };
    let is_read = |entry: &&AuditEntry| ["get", "list"].contains(&entry.verb.as_str());
    let reads = entries.iter().filter(of).filter(is_read).count();
    let watches = entries.iter().filter(of).filter(|entry| entry.verb == "watch").count();
    (entries.iter().filter(of).count() - reads - watches, reads)
}

/// Ends all that would work beside whom is measured: what is left is the API server and etcd.
async fn end_controllers(cluster: &Cluster) {
    for pid in cluster.pids().await {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        if ["kube-controller", "kube-scheduler", "kwok"].iter().any(|known| name.trim().starts_with(known)) {
            let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap_or_default());
            rustix::process::kill_process(pid.expect("a process"), rustix::process::Signal::KILL)
                .expect("ending a controller");
        }
    }
}

fn webhooks() -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "istio-sidecar-injector"},
        "webhooks": [{
            "name": "object.sidecar-injector.istio.io", "failurePolicy": "Ignore", "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/inject"},
            "objectSelector": {"matchLabels": {"sidecar.istio.io/inject": "true"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        }],
    })
}

async fn send(client: &Client, request: http::request::Builder, body: &Value) -> String {
    let request = request.body(body.to_string().into_bytes()).expect("a request");
    client.request_text(request).await.expect("an answer")
}

async fn put(client: &Client, path: &str, object: &Value) {
    send(client, Request::post(path).header("content-type", "application/json"), object).await;
}

async fn delete(client: &Client, path: &str) {
    send(client, Request::delete(path).header("content-type", "application/json"), &json!({})).await;
}

async fn merge(client: &Client, path: &str, patch: &Value) {
    let kind = "application/merge-patch+json";
    send(client, Request::patch(path).header("content-type", kind), patch).await;
}

fn gateways(namespace: &str) -> String {
    format!("/apis/istio.alibabacloud.com/v1beta1/namespaces/{namespace}/istiogateways")
}

fn gateway(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"gatewayType": "egress", "replicaCount": 1,
            "ports": [{"name": "http-0", "port": 80, "targetPort": 80, "protocol": "HTTP"},
                {"name": "https-1", "port": 443, "targetPort": 443, "protocol": "HTTPS"}],
            "resources": {"limits": {"cpu": "2", "memory": "2Gi"}, "requests": {"cpu": "200m", "memory": "256Mi"}}},
    })
}

/// Makes the gateways themselves, which is nobody's work here.
async fn make(client: &Client, namespace: &str, prefix: &str, numbers: std::ops::Range<usize>) {
    let path = gateways(namespace);
    let each = stream::iter(numbers).map(|number| {
        let path = &path;
        async move { put(client, path, &gateway(namespace, &format!("{prefix}-{number}"))).await }
    });
    each.buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// What egret writes for one gateway beside its objects.
struct Pattern {
    status: Value,
    events: Vec<Value>,
}

impl Pattern {
    async fn of(client: &Client) -> Self {
        let read = async |path: String| -> Value {
            client.request(Request::get(path).body(Vec::new()).expect("a request")).await.expect("an answer")
        };
        let gateway = read(format!("{}/warm-0", gateways(OURS))).await;
        let events = read(format!("/api/v1/namespaces/{OURS}/events")).await;
        let events = events["items"].as_array().expect("events").iter();
        let events = events.filter(|event| event["involvedObject"]["name"] == "warm-0").cloned();
        Self { status: gateway["status"].clone(), events: events.collect() }
    }
}

/// Sends what egret sends, and nothing else.
async fn bare_client(client: &Client, pattern: &Pattern, numbers: std::ops::Range<usize>) -> Duration {
    let list: Value = client
        .request(Request::get(gateways(BARE)).body(Vec::new()).expect("a request"))
        .await
        .expect("the gateways");
    let mut mine = Vec::new();
    for number in numbers {
        let name = format!("gate-{number}");
        let all = list["items"].as_array().expect("gateways");
        let mut object = all.iter().find(|o| o["metadata"]["name"] == name.as_str()).expect("it").clone();
        object["kind"] = "IstioGateway".into();
        object["apiVersion"] = "istio.alibabacloud.com/v1beta1".into();
        mine.push(writes(&object, pattern));
    }
    let begun = Instant::now();
    let each = stream::iter(mine).map(|writes| async move {
        for (method, path, kind, body) in writes {
            let request = Request::builder().method(method).uri(path).header("content-type", kind);
            let body = request.body(body).expect("a request");
            client.request_text(body).await?;
        }
        Ok::<_, kube::Error>(())
    });
    each.buffer_unordered(AT_ONCE).try_collect::<()>().await.expect("the writes of a bare client");
    begun.elapsed()
}

type Write = (&'static str, String, &'static str, Vec<u8>);

/// The requests that make one gateway.
fn writes(object: &Value, pattern: &Pattern) -> Vec<Write> {
    const QUERY: &str = "fieldManager=egret&fieldValidation=Strict";
    let gateway = IstioGateway::read(object).expect("a gateway");
    let uid = gateway.metadata.uid.clone().unwrap_or_default();
    let site = Site { owner: Owner::Gateway { uid: uid.clone() }, ..Site::of(&gateway) };
    let mut writes: Vec<Write> = Vec::new();
    for (part, desired) in build(&gateway, &site).expect("its objects").into_parts() {
        let Some(mut desired) = desired else { continue };
        if desired.0["kind"] == "Deployment" {
            let record = json!({"input": "0123456789abcdef", "template": desired.0["spec"]["template"]});
            desired.0["metadata"]["annotations"]["egret/template"] = record.to_string().into();
        }
        let resource = part.resource();
        let base =
            if resource.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", resource.group) };
        let name = desired.0["metadata"]["name"].as_str().unwrap_or_default();
        let path =
            format!("{base}/{}/namespaces/{BARE}/{}/{name}?{QUERY}", resource.version, resource.plural);
        writes.push(("PATCH", path, "application/apply-patch+yaml", desired.0.to_string().into_bytes()));
    }
    let path = format!("{}/{}/status?{QUERY}", gateways(BARE), gateway.name());
    let status = json!({"status": pattern.status}).to_string().into_bytes();
    writes.push(("PATCH", path, "application/merge-patch+json", status));
    for (number, event) in pattern.events.iter().enumerate() {
        let mut event = event.clone();
        event["metadata"] = json!({"name": format!("{}.{number}", gateway.name()), "namespace": BARE});
        event["involvedObject"]["namespace"] = BARE.into();
        event["involvedObject"]["name"] = gateway.name().into();
        let path = format!("/api/v1/namespaces/{BARE}/events?{QUERY}");
        writes.push(("POST", path, "application/json", event.to_string().into_bytes()));
    }
    writes
}

/// Makes a pod of every gateway, and Deployments that say so.
async fn run_pods(client: &Client, gateways: usize) {
    let names = (0..gateways).map(|n| format!("gate-{n}")).chain((0..10).map(|n| format!("warm-{n}")));
    let each = stream::iter(names).map(|name| async move {
        let path = format!("/apis/apps/v1/namespaces/{OURS}/deployments/istio-{name}");
        let text = client.request_text(Request::get(&path).body(Vec::new()).expect("a request")).await;
        let deployment: Value = serde_json::from_str(&text.expect("a Deployment")).expect("an object");
        let template = &deployment["spec"]["template"];
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]});
        pod["metadata"]["name"] = format!("istio-{name}-0").into();
        pod["spec"]["containers"][0]["image"] = "docker.io/istio/proxyv2:1.28.0".into();
        put(client, &format!("/api/v1/namespaces/{OURS}/pods"), &pod).await;
        let generation = &deployment["metadata"]["generation"];
        let status = json!({"observedGeneration": generation, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1,
            "availableReplicas": 1});
        merge(client, &format!("{path}/status"), &json!({"status": status})).await;
    });
    each.buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// `egret controller`, ended when it is dropped.
struct Controller {
    child: Child,
    log: Receiver<Value>,
}

impl Controller {
    fn start(cluster: &Cluster) -> Self {
        let mut command = Command::new(Path::new(env!("CARGO_BIN_EXE_egret")));
        command.args(["controller", "--listen", "127.0.0.1:0", "--cluster-id", "home", "--kubeconfig"]);
        command.arg(cluster.kubeconfig()).env_clear().env("HOME", cluster.dir());
        let mut child =
            command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starting a controller");
        let lines = BufReader::new(child.stderr.take().expect("its log")).lines();
        let (tell, log) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Ok(line) = serde_json::from_str(&line) {
                    let _ = tell.send(line);
                }
            }
        });
        Self { child, log }
    }

    /// Waits until so many gateways of a kind of name were passed over. Returns how long that took from when it began.
    fn wait(&self, gateways: usize, prefix: &str) -> Duration {
        let mut begun = Instant::now();
        let mut passed = BTreeSet::new();
        while passed.len() < gateways {
            let line = self.log.recv_timeout(Duration::from_secs(120)).expect("the log of a controller");
            let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
            if text("message").contains("the lease is ours") {
                begun = Instant::now();
            }
            if text("message") == "passed" && text("gateway").starts_with(prefix) {
                passed.insert(text("gateway"));
            }
        }
        begun.elapsed()
    }

    /// Waits until it has had nothing to say for a while.
    fn until_quiet(&self) {
        while self.log.recv_timeout(Duration::from_secs(4)).is_ok() {}
    }

    /// CPU time so far.
    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default();
        let field =
            |n: usize| after.split_whitespace().nth(n).and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
        Duration::from_millis((field(11) + field(12)) * 10)
    }

    /// Peak resident memory, in bytes.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 1024
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        // Asked, it gives its lease back, and the next need not wait for it.
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
