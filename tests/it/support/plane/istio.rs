//! A mesh in a cluster: Istio's CRDs, istiod, and its injector with the webhooks of its own chart.

use super::cluster::{Options, free_ports};
use super::supervisor::Start;
use super::{Cluster, Error, Result, While, apply_yaml, parts};
use base64::Engine as _;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::sync::OnceCell;

/// What istiod is told by its environment: a plain Envoy has none of Istio's own filters, and the webhooks are made
/// here.
const ENVIRONMENT: [&str; 8] = [
    "PILOT_ENABLE_METADATA_EXCHANGE=false",
    "PILOT_ENABLE_ALPN_FILTER=false",
    "PILOT_ENABLE_TELEMETRY_LABEL=false",
    "INJECTION_WEBHOOK_CONFIG_NAME=istio-sidecar-injector",
    "VALIDATION_WEBHOOK_CONFIG_NAME=",
    "POD_NAMESPACE=istio-system",
    "POD_NAME=istiod-0",
    "CLUSTER_ID=Kubernetes",
];

const MESH: &str = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}
defaultProviders: {metrics: []}
enableAutoMtls: false
rootNamespace: istio-system
trustDomain: cluster.local
accessLogFile: /dev/stdout
";

/// The cluster with a mesh and egret's own CRDs that the tests of this process share.
///
/// # Panics
///
/// When it cannot be started.
pub async fn shared_with_istio() -> &'static Cluster {
    static SHARED: OnceCell<Result<Cluster>> = OnceCell::const_new();
    let start = async || {
        let cluster = Cluster::start(Options { name: "mesh".to_owned(), ..Options::default() }).await?;
        cluster.start_istio().await?;
        cluster.install_egret().await?;
        Ok(cluster)
    };
    match SHARED.get_or_init(start).await {
        Ok(cluster) => cluster,
        Err(why) => panic!("no mesh to test on.\n{why}"),
    }
}

impl Cluster {
    /// Makes egret the keeper of gateways: its own CRDs.
    pub async fn install_egret(&self) -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/crds");
        let client = self.admin().await;
        for file in ["istiogateways.yaml", "asmegresstrafficpolicies.yaml"] {
            let text = std::fs::read_to_string(folder.join(file)).while_doing("reading egret's CRDs")?;
            apply_yaml(&client, &text).await?;
        }
        Ok(())
    }

    /// Starts istiod, and waits until it injects. The parts are built first; that blocks.
    pub async fn start_istio(&self) -> Result<()> {
        let parts = tokio::task::spawn_blocking(parts::mesh).await.while_doing("preparing the mesh")??;
        let client = self.admin().await;
        apply_yaml(&client, &parts.text("istio", "manifests/charts/base/files/crd-all.gen.yaml")?).await?;
        let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"},
            "data": {"mesh": MESH, "meshNetworks": "networks: {}"}});
        apply_yaml(&client, &map.to_string()).await?;
        // istiod reads it once, when it starts.
        apply_yaml(&client, &discovery_chart("templates/istiod-injector-configmap.yaml")?).await?;
        let [http, grpc, secure, webhook, monitoring] = free_ports()?;
        self.start_istiod([http, grpc, secure, webhook, monitoring]).await?;
        let _ = self.istiod.set(secure);
        self.put_webhooks(webhook, "default").await
    }

    async fn start_istiod(&self, ports: [u16; 5]) -> Result<()> {
        let [http, grpc, secure, webhook, monitoring] = ports;
        let file = |name: &str| self.dir.join(name).display().to_string();
        let mut args: Vec<String> = ENVIRONMENT.map(str::to_owned).to_vec();
        args.push(parts::mesh()?.program("pilot-discovery")?.display().to_string());
        args.push("discovery".to_owned());
        args.push(format!("--kubeconfig={}", file("servers.kubeconfig")));
        let addresses = [
            ("httpAddr", http),
            ("grpcAddr", grpc),
            ("secureGRPCAddr", secure),
            ("httpsAddr", webhook),
            ("monitoringAddr", monitoring),
        ];
        args.extend(addresses.map(|(name, port)| format!("--{name}=127.0.0.1:{port}")));
        args.push(format!("--tlsCertFile={}", file("server.crt")));
        args.push(format!("--tlsKeyFile={}", file("server.key")));
        args.push(format!("--caCertFile={}", file("ca.crt")));
        // Two on one machine would quarrel over its port.
        args.push("--ctrlz_port=0".to_owned());
        let start = Start {
            name: &format!("{}istiod", self.prefix),
            program: Path::new("/usr/bin/env"),
            args: &args,
            log: &self.dir.join("istiod.log"),
        };
        let mut istiod = self.supervisor.start(&start).await?;
        let ready = async || answers(http, "/ready").await;
        self.until("istiod", &mut istiod, ready).await?;
        self.others.lock().await.push(istiod);
        Ok(())
    }

    /// Makes the webhooks of a revision, as Istio's chart has them, but for where istiod is.
    pub async fn put_webhooks(&self, port: u16, revision: &str) -> Result<()> {
        let text = discovery_chart("templates/mutatingwebhook.yaml")?;
        let documents: Vec<Value> =
            serde_yaml::from_multiple(&text).while_doing("reading Istio's webhooks")?;
        let ca = base64::engine::general_purpose::STANDARD.encode(self.ca());
        for mut document in documents.into_iter().filter(|document| !document.is_null()) {
            for webhook in document["webhooks"].as_array_mut().into_iter().flatten() {
                webhook["clientConfig"] =
                    json!({"url": format!("https://127.0.0.1:{port}/inject"), "caBundle": ca});
            }
            let text = document.to_string().replace("\"default\"", &format!("\"{revision}\""));
            apply_yaml(&self.admin().await, &text).await?;
        }
        Ok(())
    }
}

/// Whether a server on this port says that it is ready.
pub(super) async fn answers(port: u16, path: &str) -> bool {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let asked = async {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    asked.await.is_ok_and(|answer| answer.starts_with("HTTP/1.0 200"))
}

/// One template of istiod's chart.
fn discovery_chart(template: &str) -> Result<String> {
    let chart = parts::mesh()?.file("istio", "manifests/charts/istio-control/istio-discovery")?;
    helm("istiod", &chart, &["-s", template])
}

/// What Istio's `gateway` chart makes of values, as YAML documents.
///
/// # Errors
/// When helm refuses the values.
pub fn rendered_gateway_chart(name: &str, values: &[&str]) -> Result<Vec<Value>> {
    let chart = parts::mesh()?.file("istio", "manifests/charts/gateway")?;
    let set: Vec<&str> = values.iter().flat_map(|value| ["--set", *value]).collect();
    let text = helm(name, &chart, &set)?;
    let documents: Vec<Value> =
        serde_yaml::from_multiple(&text).while_doing("reading the chart's objects")?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

fn helm(release: &str, chart: &PathBuf, more: &[&str]) -> Result<String> {
    let mut command = Command::new(parts::mesh()?.program("helm")?);
    command.args(["template", release]).arg(chart).args(["-n", "istio-system"]).args(more);
    let output = command.output().while_doing("running helm")?;
    if !output.status.success() {
        return Err(Error(format!("helm: {}", String::from_utf8_lossy(&output.stderr))));
    }
    String::from_utf8(output.stdout).while_doing("reading what helm says")
}
