//! From a context to a client.
//!
//! HTTP/1.1 on purpose: each watch has a connection of its own, so that a large list is not squeezed into the flow
//! control of a shared one, and one broken connection is one broken watch. The handshakes run side by side.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Uri, header};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioExecutor;
use kube::Client;
use kube::client::{Body, ConfigExt};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use tower::util::MapFutureLayer;
use tower::{BoxError, ServiceBuilder};

use super::buffered::Buffered;
use super::credentials::{Credential, Plugin};
use super::error::in_words;
use super::journal::Journal;
use super::kubeconfig::{Contexts, Source};
use super::proxy;
use super::read_only::ReadOnly;
use super::service::{Guarded, Requests};
use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;

/// A connection is given up when it is not made within this time, and when TLS is not agreed on within as much more.
const CONNECT: Duration = Duration::from_secs(10);

/// Idle time before TCP asks whether the peer is there, and between questions. With two unanswered questions and
/// the user timeout below, dropped packets are seen within 20 s, without a request (R17).
const KEEPALIVE: Duration = Duration::from_secs(5);

/// Longest that sent data may stay unacknowledged.
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(15);

/// What egret calls itself; the audit log of a cluster has it.
const USER_AGENT: &str = concat!("egret/", env!("CARGO_PKG_VERSION"));

/// How long a server may take before it counts as gone.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// To the head of an answer.
    pub answer: Duration,
    /// To the head of a list: the server reads all of it first.
    pub list: Duration,
    /// In the middle of a list.
    pub silence: Duration,
    /// A watch's own end: the server closes it after this time, and it is begun again. A server process that no
    /// longer runs cannot close it, which is how that is seen (R17).
    pub watch: Duration,
    /// What the server may be late by in closing a watch.
    pub grace: Duration,
    /// For each way into a pod, to the head of an answer: many API servers cannot reach pods, and hang (R24).
    pub inside: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let [answer, list, silence, watch, grace, inside] = [15, 60, 20, 60, 5, 2].map(Duration::from_secs);
        Self { answer, list, silence, watch, grace, inside }
    }
}

/// A way to one cluster.
#[derive(Clone)]
pub struct Connection {
    /// The context.
    pub cluster: ClusterName,
    /// The client. Everything that leaves goes through its layers.
    pub client: Client,
    /// URL of the API server.
    pub server: Box<str>,
    /// What was asked, and how long the last answer took.
    pub requests: Requests,
    /// Whether writes are refused.
    pub read_only: ReadOnly,
    /// How long the server may take.
    pub patience: Patience,
    /// Where writes are told.
    pub journal: Journal,
    /// What the lengths of watches are drawn from: chance, but for simulated clusters, which do the same in every run.
    pub(super) chance: u64,
    plugin: Option<Arc<Plugin>>,
    /// The certificate that the plugin gave, when there is one.
    given: Option<Credential>,
}

impl Connection {
    /// The same, whose writes are not told: those that say only that somebody is still there.
    #[must_use]
    pub fn unrecorded(&self) -> Self {
        Self { journal: Journal::default(), ..self.clone() }
    }

    /// The user of the context, as the kubeconfig calls it; empty: there is none.
    pub fn account(&self) -> &str {
        self.journal.who()
    }

    /// The same, whose writes are another part of egret's.
    #[must_use]
    pub fn by(self, by: &'static str) -> Self {
        Self { journal: self.journal.by(by), ..self }
    }

    /// Waits until the connection must be made anew: the plugin's certificate is about to end, or has been replaced.
    pub async fn outlived(&self) {
        let (Some(plugin), Some(given)) = (&self.plugin, &self.given) else {
            return std::future::pending().await;
        };
        tokio::select! {
            () = given.ages() => {}
            () = plugin.replaced(given) => {}
        }
    }

    /// Runs the credential plugin, if there is one and what it gave has ended.
    pub(super) async fn authorized(&self) -> Result<(), Fault> {
        match &self.plugin {
            Some(plugin) => plugin.credential().await.map(drop),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("cluster", &self.cluster)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// The plugin of a context's user, if it has one. Kept over reconnections, so that its token is.
pub fn plugin(contexts: &Contexts, cluster: &ClusterName) -> Option<Plugin> {
    let Source::Files(config) = &contexts.source else { return None };
    let context = config.contexts.iter().find(|c| c.name == cluster.as_str())?.context.as_ref()?;
    let user = context.user.as_deref()?;
    let exec = config.auth_infos.iter().find(|a| a.name == user)?.auth_info.as_ref()?.exec.clone()?;
    let about = config.clusters.iter().find(|c| c.name == context.cluster).and_then(|c| c.cluster.clone());
    Some(Plugin::new(cluster.as_str(), exec, &about.unwrap_or_default()))
}

/// Makes a client for a context. Sends nothing to the server; runs the credential plugin.
///
/// # Errors
/// A context that the kubeconfig describes wrongly, or a credential plugin that fails.
pub async fn connect(
    contexts: &Contexts,
    cluster: &ClusterName,
    plugin: Option<Arc<Plugin>>,
    read_only: ReadOnly,
    patience: Patience,
) -> Result<Connection, Fault> {
    let requests = Requests::new(contexts.clock());
    let journal = contexts.journal.account(&contexts.account(cluster));
    if let Source::Handed(handed) = &contexts.source {
        let transport = handed.open(cluster).ok_or_else(|| {
            let summary = format!("{cluster} is none of the clusters there are");
            Fault::new(Reason::Invalid, summary, "`:clusters` lists them.")
        })?;
        let guarded = Guarded {
            inner: transport,
            read_only: read_only.clone(),
            plugin: None,
            requests: requests.clone(),
        };
        let client = Client::new(guarded, "default");
        let (cluster, server) = (cluster.clone(), "in this process".into());
        return Ok(Connection {
            cluster,
            client,
            server,
            requests,
            read_only,
            patience,
            journal,
            chance: 0,
            plugin: None,
            given: None,
        });
    }
    let mut config = load(contexts, cluster).await?;
    let mut given = None;
    if let Some(plugin) = &plugin {
        let credential = plugin.credential().await?;
        if let Some((certificate, key)) = &credential.certificate {
            use base64::Engine;
            let encode = |pem: &str| base64::engine::general_purpose::STANDARD.encode(pem);
            config.auth_info.client_certificate_data = Some(encode(certificate));
            config.auth_info.client_key_data = Some(encode(key).into());
            given = Some(credential);
        }
    }
    config.headers.push((header::USER_AGENT, HeaderValue::from_static(USER_AGENT)));
    let server: Box<str> = config.cluster_url.to_string().into();
    let layers = Layers { read_only: read_only.clone(), plugin: plugin.clone(), requests: requests.clone() };
    // Reads the files of certificates and tokens.
    let built = off_the_tasks(cluster, move || build(&config, layers).map_err(|e| in_words(&e)));
    let client = built.await?;
    let (cluster, chance) = (cluster.clone(), RandomState::new().hash_one(0u8));
    Ok(Connection { cluster, client, server, requests, read_only, patience, journal, chance, plugin, given })
}

/// What the kubeconfig says of a context.
async fn load(contexts: &Contexts, cluster: &ClusterName) -> Result<Config, Fault> {
    let (source, options) = (
        contexts.source.clone(),
        KubeConfigOptions { context: Some(cluster.to_string()), ..KubeConfigOptions::default() },
    );
    let runtime = tokio::runtime::Handle::current();
    let read = move || match source {
        Source::InCluster => {
            let mut config = Config::incluster().map_err(|e| in_words(&e))?;
            config.proxy_url = proxy::of_environment(&config.cluster_url);
            Ok(config)
        }
        Source::Handed(_) => Err("no kubeconfig describes this cluster".to_owned()),
        Source::Files(files) => {
            let (files, proxy) = prepared(*files, &options)?;
            let config = runtime.block_on(Config::from_custom_kubeconfig(files, &options));
            let mut config = config.map_err(|e| in_words(&e))?;
            // kube asks NO_PROXY for the proxy's name, not for the server's.
            config.proxy_url = proxy.or_else(|| proxy::of_environment(&config.cluster_url));
            Ok(config)
        }
    };
    off_the_tasks(cluster, read).await
}

/// Does what reads files where it delays no task: they may be on a disk that hangs.
async fn off_the_tasks<T: Send + 'static>(
    cluster: &ClusterName,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Fault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| e.to_string()).and_then(|done| done).map_err(|why| {
        let summary = format!("{cluster}: the kubeconfig cannot be used: {why}");
        Fault::new(Reason::Invalid, summary, "Mend it; egret reads it again.")
    })
}

/// The files without what is ours to do: credential plugins (R21: kube would hand them the terminal and block a
/// thread), and the context's own proxy, which is returned.
fn prepared(mut files: Kubeconfig, options: &KubeConfigOptions) -> Result<(Kubeconfig, Option<Uri>), String> {
    for auth in files.auth_infos.iter_mut().filter_map(|a| a.auth_info.as_mut()) {
        auth.exec = None;
    }
    let context = files.contexts.iter().find(|c| Some(&c.name) == options.context.as_ref());
    let name = context.and_then(|c| c.context.as_ref()).map(|c| c.cluster.clone()).unwrap_or_default();
    let cluster = files.clusters.iter_mut().find(|c| c.name == name).and_then(|c| c.cluster.as_mut());
    let proxy = cluster.and_then(|c| c.proxy_url.take()).filter(|p| !p.is_empty());
    match proxy {
        None => Ok((files, None)),
        Some(text) => match proxy::url(&text) {
            Some(url) => Ok((files, Some(url))),
            None => Err("proxy-url is no URL".to_owned()),
        },
    }
}

/// What stands between a client and the network.
struct Layers {
    read_only: ReadOnly,
    plugin: Option<Arc<Plugin>>,
    requests: Requests,
}

/// What carries bytes, with or without a proxy.
fn build(config: &Config, layers: Layers) -> kube::Result<Client> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT));
    http.set_keepalive(Some(KEEPALIVE));
    http.set_keepalive_interval(Some(KEEPALIVE));
    http.set_keepalive_retries(Some(2));
    #[cfg(target_os = "linux")]
    http.set_tcp_user_timeout(Some(USER_TIMEOUT));
    let Some(proxy) = config.proxy_url.clone() else { return assemble(config, http, layers) };
    match proxy.scheme_str() {
        Some("socks5" | "socks5h") => assemble(config, SocksV5::new(proxy, http), layers),
        Some("https") => {
            let tls = config.rustls_https_connector_with_connector(http)?;
            assemble(config, authorized(Tunnel::new(proxy.clone(), tls), &proxy), layers)
        }
        _ => assemble(config, authorized(Tunnel::new(proxy.clone(), http), &proxy), layers),
    }
}

/// User and password of a proxy's URL, as its Basic credentials.
fn authorized<C>(tunnel: Tunnel<C>, proxy: &Uri) -> Tunnel<C> {
    use base64::Engine;
    let user = proxy.authority().and_then(|a| a.as_str().rsplit_once('@')).map(|(user, _)| user);
    let basic = user.map(|u| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(u)));
    match basic.and_then(|b| HeaderValue::from_str(&b).ok()) {
        Some(mut value) => {
            value.set_sensitive(true);
            tunnel.with_auth(value)
        }
        None => tunnel,
    }
}

fn assemble<C>(config: &Config, connector: C, layers: Layers) -> kube::Result<Client>
where
    C: tower::Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: hyper_util::client::legacy::connect::Connection
        + hyper::rt::Read
        + hyper::rt::Write
        + Send
        + Unpin
        + 'static,
    C::Future: Send + 'static,
    C::Error: std::error::Error + Send + Sync + 'static,
{
    let connector = ServiceBuilder::new().map_response(Buffered::new).service(connector);
    let tls = config.rustls_https_connector_with_connector(connector)?;
    // The connector's own limit ends with TCP: a listener that never speaks TLS would hold a request for ever.
    let tls = ServiceBuilder::new().layer(MapFutureLayer::new(within_limit)).service(tls);
    let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new()).build(tls);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    let Layers { read_only, plugin, requests } = layers;
    let guarded = Guarded { inner: service, read_only, plugin, requests };
    Ok(Client::new(guarded, config.default_namespace.clone()))
}

/// A boxed future: the connector of a client has to be told its type.
type Boxed<T> = std::pin::Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

fn within_limit<T, E: Into<BoxError>>(made: impl Future<Output = Result<T, E>> + Send + 'static) -> Boxed<T> {
    Box::pin(async move {
        match tokio::time::timeout(CONNECT * 2, made).await {
            Ok(made) => made.map_err(Into::into),
            Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
        }
    })
}
