//! The whole of what runs in a gateway's pod: pilot-agent, which gets certificates from istiod and starts Envoy.

use super::cluster::free_ports;
use super::envoy::tail;
use super::supervisor::{Server, Start};
use super::{Cluster, Error, Result, While, parts, unique, web};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::api::{Api, PostParams};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long it may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running pilot-agent with its Envoy. When it is dropped, and when this process ends in whatever way, both are killed
/// and their directory goes.
pub struct Agent<'a> {
    cluster: &'a Cluster,
    dir: PathBuf,
    prefix: String,
    /// Of Envoy's admin interface, 15000 in a pod.
    pub admin: u16,
    /// Of the agent, 15020 in a pod.
    pub status: u16,
    /// Of Envoy's statistics, 15090 in a pod.
    pub prometheus: u16,
    server: Option<Server>,
}

impl Cluster {
    /// Starts what would run in a pod, with more of its ProxyConfig, and waits until istiod has configured it. The mesh
    /// must be there, and the pod must have an address.
    pub async fn start_agent(&self, ns: &str, pod: &str, more: Value) -> Result<Agent<'_>> {
        let parts =
            tokio::task::spawn_blocking(parts::agent).await.while_doing("preparing pilot-agent")??;
        let envoy = tokio::task::spawn_blocking(parts::envoy).await.while_doing("preparing Envoy")??;
        let istiod = *self.istiod.get().ok_or_else(|| Error("there is no istiod".to_owned()))?;
        let client = self.admin().await;
        let found = Api::<Pod>::namespaced(client.clone(), ns).get(pod).await.while_doing("getting a pod")?;
        let dir = tempfile::Builder::new().prefix("egret-test-agent-").tempdir();
        let dir = dir.while_doing("making the directory of a proxy")?.keep();
        self.supervisor.own(&dir).await?;
        let [admin, status, prometheus] = free_ports()?;
        let prefix = format!("{}{}/", self.prefix, unique("agent"));
        let mut agent = Agent { cluster: self, dir, prefix, admin, status, prometheus, server: None };
        let account = found.spec.as_ref().and_then(|spec| spec.service_account_name.clone());
        let account = account.unwrap_or_else(|| "default".to_owned());
        agent.write("var/run/secrets/tokens/istio-token", &token(&client, ns, &account).await?)?;
        agent.write(&["var/run/secrets/istio", "root-cert.pem"].join("/"), self.ca())?;
        let mut config = json!({
            "discoveryAddress": format!("localhost:{istiod}"),
            "binaryPath": envoy.program("envoy")?,
            "configPath": agent.dir.join("etc/istio/proxy"),
            "proxyAdminPort": admin,
            "statusPort": status,
            "concurrency": 1,
            "terminationDrainDuration": "0s",
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            config[key] = value.clone();
        }
        let bootstrap = parts.file("agent", "tools/packaging/common/envoy_bootstrap.json")?;
        let address = found.status.and_then(|status| status.pod_ip).unwrap_or_default();
        let environment = [
            ("POD_NAME", pod.to_owned()),
            ("POD_NAMESPACE", ns.to_owned()),
            ("INSTANCE_IP", address),
            ("SERVICE_ACCOUNT", account),
            ("PILOT_CERT_PROVIDER", "istiod".to_owned()),
            ("CA_ADDR", format!("localhost:{istiod}")),
            ("ISTIOD_SAN", "istiod.istio-system.svc".to_owned()),
            ("ISTIO_META_CLUSTER_ID", "Kubernetes".to_owned()),
            ("TRUST_DOMAIN", "cluster.local".to_owned()),
            ("ISTIO_META_WORKLOAD_NAME", "gateway".to_owned()),
            ("ISTIO_METAJSON_LABELS", json!(found.metadata.labels).to_string()),
            ("ISTIO_BOOTSTRAP", bootstrap.display().to_string()),
            ("ENVOY_STATUS_PORT", free_ports::<1>()?[0].to_string()),
            ("ENVOY_PROMETHEUS_PORT", prometheus.to_string()),
            ("PROXY_CONFIG", config.to_string()),
        ];
        let domain = format!("{ns}.svc.cluster.local");
        agent.launch(parts.program("pilot-agent")?, &environment, &domain).await?;
        Ok(agent)
    }
}

async fn token(client: &kube::Client, ns: &str, account: &str) -> Result<String> {
    let spec =
        TokenRequestSpec { audiences: Some(vec!["istio-ca".to_owned()]), ..TokenRequestSpec::default() };
    let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), ns);
    let answer = accounts.create_token_request(account, &PostParams::default(), &request).await;
    let status = answer.while_doing(format_args!("a token of {account}"))?.status;
    Ok(status.and_then(|status| status.token).unwrap_or_default())
}

impl Agent<'_> {
    fn write(&self, path: &str, text: &str) -> Result<()> {
        let file = self.dir.join(path);
        let what = format!("writing {}", file.display());
        std::fs::create_dir_all(file.parent().unwrap_or(Path::new("/"))).while_doing(&what)?;
        std::fs::write(&file, text).while_doing(&what)
    }

    async fn launch(&mut self, program: &Path, environment: &[(&str, String)], domain: &str) -> Result<()> {
        let log = self.dir.join("agent.log");
        // It looks for its secrets below the folder that it is started in.
        let mut args = vec![
            "-c".to_owned(),
            "cd \"$0\" && exec /usr/bin/env \"$@\"".to_owned(),
            self.dir.display().to_string(),
        ];
        args.extend(environment.iter().map(|(name, value)| format!("{name}={value}")));
        args.push(program.display().to_string());
        args.extend(["proxy", "router", "--domain", domain].map(str::to_owned));
        let start = Start {
            name: &format!("{}pilot-agent", self.prefix),
            program: Path::new("/bin/sh"),
            args: &args,
            log: &log,
        };
        let mut server = self.cluster.supervisor.start(&start).await?;
        let admin = self.admin;
        let live = async {
            while !web::get(admin, "/ready").await.is_ok_and(|answer| answer.starts_with("LIVE")) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let why = tokio::select! {
            live = tokio::time::timeout(PATIENCE, live) => live.err().map(|_| "is not live".to_owned()),
            how = server.exit() => Some(format!("ended: {how}")),
        };
        self.server = Some(server);
        match why {
            Some(why) => Err(Error(format!("the proxy {why}. The log of pilot-agent:\n{}", tail(&log)))),
            None => Ok(()),
        }
    }

    /// Where its files are, until it ends.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// An answer on one of its ports.
    pub async fn get(&self, port: u16, path: &str) -> Result<String> {
        web::get(port, path).await
    }
}

impl Drop for Agent<'_> {
    fn drop(&mut self) {
        self.cluster.supervisor.release(&self.prefix, &self.dir);
    }
}
