//! One cluster: its servers, from the first free port to the last file.

use super::kubeconfig::{self, Context};
use super::pki::{Identity, Pki};
use super::supervisor::{Server, Start, Supervisor, supervisor};
use super::{Error, Result, While, apply_yaml, kwok, objects, parts, servers, users};
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::{Namespace, Node};
use kube::api::{Api, PostParams};
use kube::{Client, Config};
use serde_json::json;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};

pub use super::kwok::NodeSize;

/// How long a server may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The namespaces that exist beside those of Kubernetes.
pub(super) const NAMESPACES: [&str; 2] = ["istio-system", "istio-egress"];

/// What a cluster is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its name as a context of a kubeconfig; made up when empty.
    pub name: String,
    /// How many simulated nodes, `node-0` and on.
    pub nodes: usize,
    /// What each node holds.
    pub node_size: NodeSize,
    /// Whether the kinds of `gateway.networking.k8s.io` exist.
    pub gateway_api: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { name: String::new(), nodes: 3, node_size: NodeSize::default(), gateway_api: false }
    }
}

/// A running cluster. When it is dropped, and when this process ends in whatever way, its servers end and its
/// directory goes.
pub struct Cluster {
    name: String,
    pub(super) prefix: String,
    url: String,
    pub(super) dir: PathBuf,
    kubeconfig: PathBuf,
    ports: Ports,
    pub(super) pki: Pki,
    admin: Identity,
    pub(super) supervisor: &'static Supervisor,
    pub(super) api: Mutex<Option<Server>>,
    pub(super) others: Mutex<Vec<Server>>,
    /// The port of istiod that asks for certificates and gives them.
    pub(super) istiod: std::sync::OnceLock<u16>,
}

/// The loopback ports of one cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub etcd: u16,
    pub etcd_peer: u16,
    pub api: u16,
    pub kubelet: u16,
}

/// The cluster that the tests of this process share. Take names from [`unique`], or make a namespace.
///
/// # Panics
///
/// When it cannot be started: a test without its control plane fails, and says why.
pub async fn shared() -> &'static Cluster {
    static SHARED: OnceCell<Result<Cluster>> = OnceCell::const_new();
    let options = || Options { name: "shared".to_owned(), gateway_api: true, ..Options::default() };
    match SHARED.get_or_init(|| Cluster::start(options())).await {
        Ok(cluster) => cluster,
        Err(why) => panic!("no control plane to test on.\n{why}"),
    }
}

/// Another one, for tests that install CRDs: on [`shared`], everybody's header would change with its keeper.
///
/// # Panics
///
/// When it cannot be started.
pub async fn shared_with_crds() -> &'static Cluster {
    static SHARED: OnceCell<Result<Cluster>> = OnceCell::const_new();
    let options = || Options { name: "crds".to_owned(), gateway_api: true, ..Options::default() };
    match SHARED.get_or_init(|| Cluster::start(options())).await {
        Ok(cluster) => cluster,
        Err(why) => panic!("no control plane to test on.\n{why}"),
    }
}

/// A name that no other caller in this process gets.
pub fn unique(prefix: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{prefix}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

impl Cluster {
    /// Starts a cluster and waits until its nodes are ready; about 5 s once the programs are built.
    pub async fn start(options: Options) -> Result<Self> {
        let supervisor =
            tokio::task::spawn_blocking(supervisor).await.while_doing("preparing the servers")??;
        let mut attempt = 0;
        loop {
            attempt += 1;
            match Self::attempt(supervisor, &options).await {
                // Someone took a port between our choosing it and the server's listening on it.
                Err(why) if attempt < 5 && why.0.contains("address already in use") => {}
                result => return result,
            }
        }
    }

    async fn attempt(supervisor: &'static Supervisor, options: &Options) -> Result<Self> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let unique = unique("cluster");
        let name = if options.name.is_empty() { &unique } else { &options.name };
        let dir = tempfile::Builder::new().prefix("egret-test-").tempdir();
        let dir = dir.while_doing("making the directory of a cluster")?.keep();
        supervisor.own(&dir).await?;
        let pki = Pki::new(&dir)?;
        let ports = Ports::free()?;
        let cluster = Self {
            name: name.clone(),
            prefix: format!("{unique}/"),
            url: format!("https://127.0.0.1:{}", ports.api),
            admin: pki.client("egret-test:admin", Some("system:masters"))?,
            kubeconfig: dir.join("admin.kubeconfig"),
            dir,
            ports,
            pki,
            supervisor,
            api: Mutex::new(None),
            others: Mutex::new(Vec::new()),
            istiod: std::sync::OnceLock::new(),
        };
        cluster.write_files()?;
        cluster.start_etcd().await?;
        cluster.start_api().await?;
        cluster.furnish(options).await?;
        Ok(cluster)
    }

    fn write_files(&self) -> Result<()> {
        kubeconfig::write(&self.kubeconfig, &[self.context()])?;
        self.write_kubeconfig("servers.kubeconfig", servers::SERVER_USER, Some("system:masters"))?;
        self.write_kubeconfig("narrow.kubeconfig", users::NARROW, None)?;
        for (file, text) in
            [("audit-policy.yaml", servers::AUDIT_POLICY), ("pods.log", ""), ("pods-previous.log", "")]
        {
            let file = self.dir.join(file);
            std::fs::write(&file, text).while_doing(format_args!("writing {}", file.display()))?;
        }
        let (log, previous) = (self.dir.join("pods.log"), self.dir.join("pods-previous.log"));
        kwok::write_config(&self.dir.join("kwok.yaml"), parts::ready()?, &log, &previous)
    }

    async fn start_etcd(&self) -> Result<()> {
        let mut etcd = self.launch("etcd", &servers::etcd(&self.dir, self.ports)).await?;
        let up = self.until("etcd", &mut etcd, async || {
            tokio::net::TcpStream::connect(("127.0.0.1", self.ports.etcd)).await.is_ok()
        });
        up.await?;
        self.others.lock().await.push(etcd);
        Ok(())
    }

    /// Starts kube-apiserver on its port and data, and waits until it says that it is ready.
    pub(super) async fn launch_api(&self) -> Result<Server> {
        let mut api = self.launch("kube-apiserver", &servers::apiserver(&self.dir, self.ports)).await?;
        let client = self.admin().await;
        let ready = async || {
            let request = http::Request::get("/readyz").body(Vec::new());
            match request {
                Ok(request) => client.request_text(request).await.is_ok(),
                Err(_) => false,
            }
        };
        self.until("kube-apiserver", &mut api, ready).await?;
        Ok(api)
    }

    /// Starts the rest and makes what every cluster has.
    async fn furnish(&self, options: &Options) -> Result<()> {
        let parts = parts::ready()?;
        let client = self.admin().await;
        let definitions = async {
            let mut texts = kwok::crds(parts)?;
            if options.gateway_api {
                texts.extend(parts.texts("gateway-api", "config/crd/standard")?);
            }
            let all = texts.iter().map(|text| apply_yaml(&client, text));
            try_join_all(all).await.map(drop)
        };
        let namespaces = NAMESPACES.iter().map(|name| self.namespace(&client, name));
        let nodes = (0..options.nodes).map(|number| {
            let node = kwok::node(&format!("node-{number}"), &options.node_size);
            let client = client.clone();
            async move {
                let node: Node = serde_json::from_value(node).while_doing("making a node")?;
                let created = Api::<Node>::all(client).create(&PostParams::default(), &node).await;
                created.map(drop).while_doing("making a node")
            }
        });
        let places = async {
            try_join_all(namespaces).await?;
            users::allow_narrow(&client).await
        };
        let (manager, scheduler, _, _, _) = tokio::try_join!(
            async { self.launch("kube-controller-manager", &servers::controller_manager(&self.dir)).await },
            async { self.launch("kube-scheduler", &servers::scheduler(&self.dir)).await },
            definitions,
            places,
            try_join_all(nodes),
        )?;
        let kwok = self.launch("kwok", &servers::kwok(&self.dir, self.ports)).await?;
        let mut others = vec![manager, scheduler, kwok];
        let nodes = async {
            for number in 0..options.nodes {
                let node = format!("node-{number}");
                objects::awaited(Api::<Node>::all(client.clone()), &node, is_usable).await?;
            }
            Ok(())
        };
        tokio::select! {
            ready = tokio::time::timeout(PATIENCE, nodes) => match ready {
                Ok(ready) => ready?,
                Err(_) => return Err(self.tell("kwok", "the nodes did not become ready")),
            },
            (how, name) = first_exit(&mut others) => return Err(self.tell(name, &format!("ended: {how}"))),
        }
        if let Some(how) = others.iter().find_map(Server::ended) {
            return Err(self.tell("kwok", &format!("a server ended: {how}")));
        }
        self.others.lock().await.extend(others);
        Ok(())
    }

    /// Makes a namespace; [`Cluster::start`] has made `istio-system` and `istio-egress`.
    pub async fn namespace(&self, client: &Client, name: &str) -> Result<()> {
        let namespace =
            serde_json::from_value(json!({"metadata": {"name": name}})).while_doing("a namespace")?;
        let made = Api::<Namespace>::all(client.clone()).create(&PostParams::default(), &namespace).await;
        made.map(drop).while_doing(format_args!("making the namespace {name}"))
    }

    async fn launch(&self, program: &str, args: &[String]) -> Result<Server> {
        let start = Start {
            name: &format!("{}{program}", self.prefix),
            program: parts::ready()?.program(program)?,
            args,
            log: &self.dir.join(format!("{program}.log")),
        };
        self.supervisor.start(&start).await
    }

    /// Waits until a server is up. There is nothing that tells: it is asked again and again.
    pub(super) async fn until(
        &self,
        name: &str,
        server: &mut Server,
        up: impl AsyncFn() -> bool,
    ) -> Result<()> {
        let asking = async {
            while !up().await {
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
        };
        tokio::select! {
            answered = tokio::time::timeout(PATIENCE, asking) => {
                answered.map_err(|_| self.tell(name, &format!("not up after {} s", PATIENCE.as_secs())))
            }
            how = server.exit() => Err(self.tell(name, &format!("ended: {how}"))),
        }
    }

    /// An error with the last lines of a server's log.
    fn tell(&self, server: &str, what: &str) -> Error {
        let log = std::fs::read_to_string(self.dir.join(format!("{server}.log"))).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(20)..].join("\n");
        Error(format!("{server} of {}: {what}. The end of its log:\n{last}", self.name))
    }

    /// The name, which is that of its context.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of the API server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the cluster's files and the logs of its servers are, until it ends.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The kubeconfig of the administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A client of the administrator. It belongs to the runtime it is made on: one for each test.
    ///
    /// # Panics
    ///
    /// Never: the kubeconfig is our own.
    pub async fn admin(&self) -> Client {
        self.client(&self.kubeconfig).await
    }

    /// A client of whoever a kubeconfig is for, past any proxy of the environment.
    ///
    /// # Panics
    ///
    /// When the kubeconfig cannot be read.
    pub async fn client(&self, kubeconfig: &Path) -> Client {
        match client(kubeconfig).await {
            Ok(client) => client,
            Err(why) => panic!("{why}"),
        }
    }

    /// The process ids of the supervisor and of every server that runs.
    pub async fn pids(&self) -> Vec<u32> {
        let mut pids = vec![self.supervisor.pid()];
        pids.extend(self.api.lock().await.as_ref().map(Server::pid));
        pids.extend(
            self.others.lock().await.iter().filter(|server| server.ended().is_none()).map(Server::pid),
        );
        pids
    }

    /// Ends the cluster now and waits until nothing of it is left.
    pub async fn end(self) -> Result<()> {
        self.supervisor.release_now(&self.prefix, &self.dir).await
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context { name: &self.name, url: &self.url, ca: self.ca(), user: "admin", identity: &self.admin }
    }

    pub(super) fn ca(&self) -> &str {
        self.pki.ca_pem()
    }

    pub(super) fn write_kubeconfig(&self, file: &str, user: &str, group: Option<&str>) -> Result<PathBuf> {
        let identity = self.pki.client(user, group)?;
        let file = self.dir.join(file);
        let context = Context { name: &self.name, url: &self.url, ca: self.ca(), user, identity: &identity };
        kubeconfig::write(&file, &[context])?;
        Ok(file)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.supervisor.release(&self.prefix, &self.dir);
    }
}

async fn client(kubeconfig: &Path) -> Result<Client> {
    let what = format!("making a client of {}", kubeconfig.display());
    let kubeconfig = kube::config::Kubeconfig::read_from(kubeconfig).while_doing(&what)?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &Default::default()).await;
    let mut config = config.while_doing(&what)?;
    config.proxy_url = None;
    config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static("egret-test")));
    Client::try_from(config).while_doing(&what)
}

async fn first_exit(servers: &mut [Server]) -> (String, &'static str) {
    let names = ["kube-controller-manager", "kube-scheduler", "kwok"];
    let exits = servers
        .iter_mut()
        .zip(names)
        .map(|(server, name)| Box::pin(async move { (server.exit().await, name) }));
    futures::future::select_all(exits).await.0
}

/// Ready, and nothing keeps pods away.
fn is_usable(node: &Node) -> bool {
    let ready = |node: &Node| {
        let conditions = node.status.as_ref()?.conditions.as_ref()?;
        Some(conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True"))
    };
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
    ready(node).unwrap_or_default() && taints.is_none_or(Vec::is_empty)
}

impl Ports {
    fn free() -> Result<Self> {
        let [etcd, etcd_peer, api, kubelet] = free_ports()?;
        Ok(Self { etcd, etcd_peer, api, kubelet })
    }
}

/// Ports that nobody listens on. They lie below those that Linux and macOS give to outgoing connections, so that none
/// is taken while a stopped API server is away.
pub(super) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    use std::hash::{BuildHasher as _, RandomState};
    let mut held = Vec::new();
    for _ in 0..1000 {
        let random = RandomState::new().hash_one(held.len());
        let port = 16_000 + u16::try_from(random % 16_000).unwrap_or_default();
        // Held until all are chosen, so that they differ.
        held.extend(TcpListener::bind(("127.0.0.1", port)).map(|listener| (port, listener)));
        if held.len() == N {
            let mut ports = held.iter().map(|(port, _)| *port);
            return Ok(std::array::from_fn(|_| ports.next().unwrap_or_default()));
        }
    }
    Err(Error("there is no free port on 127.0.0.1".to_owned()))
}
