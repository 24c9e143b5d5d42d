//! The controller as a process, on the real control plane with the real injector.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::Client;
use kube::api::{Api, ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use egret::model::istio_gateway::IstioGateway;

use crate::support::plane::{self, Cluster, shared_with_istio, wait_for, wait_until_gone};

/// A controller, ended when it is dropped.
pub(super) struct Controller {
    child: Child,
    log: std::sync::mpsc::Receiver<Value>,
}

impl Controller {
    #[allow(clippy::print_stderr, reason = "the log of a controller tells why its test failed")]
    pub(super) fn start(kubeconfig: &Path, more: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
        command.args(["controller", "--listen", "127.0.0.1:0", "--kubeconfig"]).arg(kubeconfig).args(more);
        command.env_clear().env("HOME", home.path()).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (told, log) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                eprintln!("{line}");
                // A line that is no log is a complaint: it shows in the test's own output.
                if let Ok(line) = serde_json::from_str(&line) {
                    let _ = told.send(line);
                }
            }
        });
        Self { child, log }
    }

    /// Waits for a line of the log.
    pub(super) fn says(&self, message: &str) -> Value {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
        loop {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            let line: Value = self.log.recv_timeout(left).unwrap_or_else(|_| panic!("never said: {message}"));
            if line["message"].as_str().is_some_and(|said| said.contains(message)) {
                return line;
            }
        }
    }

    /// Ends it as a lost machine does: without a word.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(super) fn stop(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn gateways(client: &Client) -> Api<IstioGateway> {
    Api::namespaced(client.clone(), "istio-system")
}

pub(super) fn is_running(gateway: &IstioGateway) -> bool {
    let status = gateway.status.clone().unwrap_or_default();
    let current = gateway.metadata.generation;
    let is_current = status.conditions.iter().flatten().all(|c| c.observed_generation == current);
    status.status.as_ref().is_some_and(|status| status.as_str() == "Running") && is_current
}

pub(super) async fn edit(client: &Client, name: &str, spec: Value) {
    let patch = Patch::Merge(json!({"spec": spec}));
    gateways(client).patch(name, &PatchParams::default(), &patch).await.unwrap();
    wait_for(gateways(client), name, is_running).await;
}

/// The canonical gateway, by another name, in these clusters; none: its own.
pub(super) fn canonical(name: &str, clusters: &[&str]) -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/gateways/canonical.yaml");
    let mut gateway: Value = serde_yaml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    gateway["metadata"]["name"] = name.into();
    if !clusters.is_empty() {
        gateway["spec"]["clusterIds"] = json!(clusters);
    }
    gateway
}

/// What `kubectl get` would show of a gateway's objects.
pub(super) async fn names(client: &Client, name: &str) -> Vec<String> {
    let selector = ListParams::default().labels(&format!("istio={name}"));
    let mut found = Vec::new();
    for path in [
        "apps/v1/deployments",
        "autoscaling/v2/horizontalpodautoscalers",
        "policy/v1/poddisruptionbudgets",
        "rbac.authorization.k8s.io/v1/roles",
        "rbac.authorization.k8s.io/v1/rolebindings",
        "networking.istio.io/v1alpha3/envoyfilters",
    ] {
        found.extend(listed(client, &format!("/apis/{path}"), &selector).await);
    }
    for path in ["services", "serviceaccounts", "pods"] {
        found.extend(listed(client, &format!("/api/v1/{path}"), &selector).await);
    }
    found
}

async fn listed(client: &Client, path: &str, params: &ListParams) -> Vec<String> {
    let (group, plural) = path.rsplit_once('/').unwrap();
    let uri = format!(
        "{group}/namespaces/istio-system/{plural}?labelSelector={}",
        params.label_selector.clone().unwrap_or_default().replace('=', "%3D")
    );
    let list: Value = client.request(http::Request::get(uri).body(Vec::new()).unwrap()).await.unwrap();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| format!("{plural}/{}", item["metadata"]["name"].as_str().unwrap())).collect()
}

/// The shared cluster, for one test with a controller at a time: it has one lease.
pub(super) async fn cluster() -> (&'static Cluster, Client, tokio::sync::MutexGuard<'static, ()>) {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let turn = TURN.lock().await;
    let cluster = shared_with_istio().await;
    (cluster, cluster.admin().await, turn)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_canonical_gateway_runs_follows_edits_and_goes_without_a_trace() {
    let (cluster, client, _turn) = cluster().await;
    let controller = Controller::start(cluster.kubeconfig(), &["--cluster-id", "own-cluster"]);
    controller.says("the lease is ours");
    plane::apply_yaml(&client, &canonical("egressgateway", &["own-cluster"]).to_string()).await.unwrap();
    let gateway = wait_for(gateways(&client), "egressgateway", is_running).await;
    let status = serde_json::to_value(gateway.status.unwrap()).unwrap();

    // The address is the Service's, and the pod was injected for real.
    let services: Api<Service> = Api::namespaced(client.clone(), "istio-system");
    let service = services.get("istio-egressgateway").await.unwrap();
    let ip = service.spec.unwrap().cluster_ip.unwrap();
    assert_eq!(status["GatewayAddress"], json!([ip]));
    assert_eq!(status["ClusterIdGatewayAddressMap"], json!([{"clusterId": "own-cluster", "ipAddress": ip}]));
    let pods: Api<Pod> = Api::namespaced(client.clone(), "istio-system");
    let pod = &pods.list(&ListParams::default().labels("istio=egressgateway")).await.unwrap().items[0];
    let proxy = &pod.spec.as_ref().unwrap().containers[0];
    assert_ne!(proxy.image.as_deref(), Some("auto"));
    assert_eq!(pod.metadata.labels.as_ref().unwrap()["security.istio.io/tlsMode"], "istio");

    // Every parameter of the product document.
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "istio-system");
    let deployment =
        async || serde_json::to_value(deployments.get("istio-egressgateway").await.unwrap()).unwrap();
    let proxy = |deployment: &Value, path: &str| {
        deployment.pointer(&format!("/spec/template/spec/containers/0/{path}")).cloned().unwrap_or_default()
    };
    edit(&client, "egressgateway", json!({"ports": [{"name": "tls-0", "port": 8443, "protocol": "TLS"}]}))
        .await;
    let service = serde_json::to_value(services.get("istio-egressgateway").await.unwrap()).unwrap();
    assert_eq!(service["spec"]["clusterIP"], ip.as_str(), "no change loses the address");
    let ports: Vec<&Value> =
        service["spec"]["ports"].as_array().unwrap().iter().map(|port| &port["port"]).collect();
    assert_eq!(ports, [&json!(15021), &json!(8443)]);
    edit(&client, "egressgateway", json!({"resources": {"limits": {"cpu": "1", "memory": "1Gi"}}})).await;
    assert_eq!(proxy(&deployment().await, "resources/limits"), json!({"cpu": "1", "memory": "1Gi"}));
    edit(&client, "egressgateway", json!({"replicaCount": 3})).await;
    assert_eq!(deployment().await["status"]["readyReplicas"], 3);
    assert!(
        names(&client, "egressgateway")
            .await
            .contains(&"poddisruptionbudgets/istio-egressgateway".to_owned())
    );
    edit(
        &client,
        "egressgateway",
        json!({"autoscaleEnabled": true, "minReplicas": 2, "maxReplicas": 5,
        "cpu": {"targetAverageUtilization": 70}}),
    )
    .await;
    assert_eq!(deployment().await["spec"]["replicas"], 3, "R6: replicas never jump");
    assert!(
        names(&client, "egressgateway")
            .await
            .contains(&"horizontalpodautoscalers/istio-egressgateway".to_owned())
    );
    edit(&client, "egressgateway", json!({"autoscaleEnabled": false, "replicaCount": 2})).await;
    assert_eq!(deployment().await["spec"]["replicas"], 2);
    assert!(
        !names(&client, "egressgateway")
            .await
            .contains(&"horizontalpodautoscalers/istio-egressgateway".to_owned())
    );
    edit(&client, "egressgateway", json!({"rollingMaxSurge": "1", "rollingMaxUnavailable": "0"})).await;
    let strategy = &deployment().await["spec"]["strategy"]["rollingUpdate"];
    assert_eq!(*strategy, json!({"maxSurge": 1, "maxUnavailable": 0}));
    let spread = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100,
        "podAffinityTerm": {"labelSelector": {"matchLabels": {"istio": "egressgateway"}}, "topologyKey": "kubernetes.io/hostname"}}]}});
    edit(&client, "egressgateway", json!({"affinity": spread})).await;
    assert_eq!(deployment().await["spec"]["template"]["spec"]["affinity"], spread);
    let policy =
        json!({"nodeSelector": {"kubernetes.io/os": "linux"}, "tolerations": [{"operator": "Exists"}]});
    edit(&client, "egressgateway", policy.clone()).await;
    assert_eq!(deployment().await["spec"]["template"]["spec"]["nodeSelector"], policy["nodeSelector"]);
    edit(&client, "egressgateway", json!({"podLabels": {"security.istio.io/tlsMode": null}})).await;
    assert!(
        deployment().await["spec"]["template"]["metadata"]["labels"]
            .get("security.istio.io/tlsMode")
            .is_none()
    );

    // The same eyes without a controller: what is there, and what a file asks for.
    let file = tempfile::NamedTempFile::new().unwrap();
    let live = serde_json::to_value(gateways(&client).get("egressgateway").await.unwrap()).unwrap();
    let mut asked = canonical("egressgateway", &[]);
    asked["spec"] = live["spec"].clone();
    asked["spec"]["replicaCount"] = 4.into();
    std::fs::write(file.path(), asked.to_string()).unwrap();
    let mut render = Command::new(env!("CARGO_BIN_EXE_egret"));
    render.args(["render", "--against-cluster", "--cluster-id", "own-cluster", "-f"]).arg(file.path());
    render.arg("--kubeconfig").arg(cluster.kubeconfig());
    let printed = tokio::task::spawn_blocking(move || render.output().unwrap()).await.unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let differ: Vec<&str> = printed.lines().filter(|line| !line.ends_with("as it should be")).collect();
    assert_eq!(
        differ,
        ["egressgateway: Deployment istio-egressgateway: spec.replicas: 2, should be 4"],
        "{printed}"
    );

    // A pass over what is as it should be sends no write; nor does a second controller, which waits.
    let second = Controller::start(cluster.kubeconfig(), &["--cluster-id", "own-cluster"]);
    second.says("waits: somebody else keeps the gateways");
    assert_eq!(controller.stop(), Some(0));
    second.says("the lease is ours");
    let passed = second.says("passed");
    assert_eq!((&passed["gateway"], &passed["writes"]), (&json!("egressgateway"), &json!(0)));

    gateways(&client).delete("egressgateway", &Default::default()).await.unwrap();
    wait_until_gone(gateways(&client), "egressgateway").await;
    wait_until_gone(deployments.clone(), "istio-egressgateway").await;
    wait_until_gone(services.clone(), "istio-egressgateway").await;
    // The rest goes with them; what is slowest are the pods.
    for pod in names(&client, "egressgateway").await.iter().filter_map(|name| name.strip_prefix("pods/")) {
        wait_until_gone(pods.clone(), pod).await;
    }
    assert_eq!(names(&client, "egressgateway").await, Vec::<String>::new());
    assert_eq!(second.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_runs_in_two_clusters_and_leaves_the_one_that_is_taken_out() {
    let (home, client, _turn) = cluster().await;
    let far = Cluster::start(plane::Options { name: "far".to_owned(), ..Default::default() }).await.unwrap();
    far.start_istio().await.unwrap();
    let far_client = far.admin().await;
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = plane::kubeconfig_of(&[home, &far]).unwrap();
    let config = folder.path().join("config.toml");
    std::fs::write(&config, "[[context]]\nmatch = 'far'\ncluster-id = 'far-id'\n").unwrap();
    let more = ["--cluster-id", "home-id", "--context", home.name(), "--config", config.to_str().unwrap()];
    let controller = Controller::start(&kubeconfig, &more);
    controller.says("the lease is ours");
    let mut gateway = canonical("two", &["home-id", "far-id", "nobody-knows"]);
    gateway["spec"]["overrides"] = json!({"far-id": {"replicaCount": 2}});
    plane::apply_yaml(&client, &gateway.to_string()).await.unwrap();
    let told = wait_for(gateways(&client), "two", |gateway| {
        let status = gateway.status.clone().unwrap_or_default();
        let ready = status.cluster_id_gateway_address_map.clone().unwrap_or_default();
        let known = ready.iter().filter(|a| a.ip_address.as_ref().is_some_and(|ip| !ip.is_empty())).count();
        known == 2
            && status.error_message.as_ref().is_some_and(|why| why.contains("nobody-knows is not known"))
    });
    let told = told.await;
    let finalizers = told.metadata.finalizers.clone().unwrap_or_default();
    assert_eq!(finalizers, ["egret/cleanup"]);
    let abroad: Api<Deployment> = Api::namespaced(far_client.clone(), "istio-system");
    let there = wait_for(abroad.clone(), "istio-two", |deployment: &Deployment| {
        deployment.status.as_ref().and_then(|status| status.ready_replicas) == Some(2)
    });
    let there = there.await;
    assert_eq!(there.metadata.owner_references, None);
    // Taken out, it is cleaned up there; the unknown one is untouched and told.
    edit(&client, "two", json!({"clusterIds": ["home-id"], "overrides": null})).await;
    wait_until_gone(abroad, "istio-two").await;
    let services: Api<Service> = Api::namespaced(far_client.clone(), "istio-system");
    wait_until_gone(services, "istio-two").await;
    let bare = wait_for(gateways(&client), "two", |gateway| {
        gateway.metadata.finalizers.as_ref().is_none_or(Vec::is_empty)
    });
    assert_eq!(bare.await.annotations_of("egret/clusters"), None);
    gateways(&client).delete("two", &Default::default()).await.unwrap();
    wait_until_gone(gateways(&client), "two").await;
    assert_eq!(controller.stop(), Some(0));
}

trait Annotated {
    fn annotations_of(&self, key: &str) -> Option<String>;
}

impl Annotated for IstioGateway {
    fn annotations_of(&self, key: &str) -> Option<String> {
        self.annotation(key).map(str::to_owned)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_that_is_killed_at_any_moment_is_followed_by_one_that_ends_the_work() {
    let (cluster, client, _turn) = cluster().await;
    let mut random = fastrand::Rng::with_seed(5);
    plane::apply_yaml(&client, &canonical("killed", &[]).to_string()).await.unwrap();
    let leases: Api<k8s_openapi::api::coordination::v1::Lease> =
        Api::namespaced(client.clone(), "istio-system");
    for round in 0..50 {
        let replicas = 1 + random.u32(..4);
        let mut controller = Controller::start(cluster.kubeconfig(), &[]);
        let spec = json!({"replicaCount": replicas, "compression": {"enabled": round % 2 == 0},
            "podLabels": {"round": format!("{round}")}});
        gateways(&client)
            .patch("killed", &PatchParams::default(), &Patch::Merge(json!({"spec": spec})))
            .await
            .unwrap();
        // A moment of the work, drawn: there is no event for a death.
        std::thread::sleep(std::time::Duration::from_millis(random.u64(50..800)));
        controller.child.kill().unwrap();
        controller.child.wait().unwrap();
        // The dead do not give their leases back; to wait for each would be to test the waiting.
        let _ = leases.delete("egret-controller", &Default::default()).await;
    }
    let controller = Controller::start(cluster.kubeconfig(), &[]);
    controller.says("the lease is ours");
    edit(&client, "killed", json!({"replicaCount": 2, "compression": {"enabled": false}})).await;
    let left = names(&client, "killed").await;
    let expected =
        ["deployments", "poddisruptionbudgets", "roles", "rolebindings", "services", "serviceaccounts"];
    let expected: Vec<String> = expected.iter().map(|kind| format!("{kind}/istio-killed")).collect();
    let objects: Vec<String> = left.into_iter().filter(|name| !name.starts_with("pods/")).collect();
    assert_eq!(objects, expected);
    gateways(&client).delete("killed", &Default::default()).await.unwrap();
    let deployments: Api<Deployment> = Api::namespaced(client.clone(), "istio-system");
    wait_until_gone(deployments, "istio-killed").await;
    assert_eq!(controller.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_server_may_go_and_come_back_while_the_controller_works() {
    let own = Cluster::start(plane::Options { name: "away".to_owned(), ..Default::default() }).await.unwrap();
    own.start_istio().await.unwrap();
    own.install_egret().await.unwrap();
    let client = own.admin().await;
    let controller = Controller::start(own.kubeconfig(), &[]);
    controller.says("the lease is ours");
    own.stop_api().await.unwrap();
    own.start_api().await.unwrap();
    // What cannot be built stands beside it, and holds nothing up.
    let bad = json!({"apiVersion": "istio.alibabacloud.com/v1beta1", "kind": "IstioGateway",
        "metadata": {"name": "bad", "namespace": "istio-system"}, "spec": {"dnsPolicy": "None"}});
    plane::apply_yaml(&client, &bad.to_string()).await.unwrap();
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "istio-taken", "namespace": "istio-system"},
        "spec": {"ports": [{"port": 80}]}});
    plane::apply_yaml(&client, &service.to_string()).await.unwrap();
    for name in ["good", "taken"] {
        plane::apply_yaml(&client, &canonical(name, &[]).to_string()).await.unwrap();
    }
    wait_for(gateways(&client), "good", is_running).await;
    let says = |what: &'static str| {
        move |gateway: &IstioGateway| {
            let status = gateway.status.clone().unwrap_or_default();
            status.error_message.as_ref().is_some_and(|why| why.contains(what))
        }
    };
    wait_for(gateways(&client), "bad", says("spec.dnsPolicy: None needs name servers")).await;
    wait_for(
        gateways(&client),
        "taken",
        says("Service istio-taken belongs to whoever made it with egret-test"),
    )
    .await;
    assert_eq!(controller.stop(), Some(0));
}
