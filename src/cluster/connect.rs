//! From a context to a client.

use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use kube::Client;
use kube::client::{Body, ConfigExt};
use kube::config::{Config, KubeConfigOptions};
use tower::{BoxError, ServiceBuilder};

use super::credentials::Plugin;
use super::error::Asked;
use super::kubeconfig::{Contexts, Source};
use super::read_only::ReadOnly;
use super::service::{Guarded, RoundTrip};
use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;

/// A connection is given up when it is not made within this time.
const CONNECT: Duration = Duration::from_secs(10);

/// Idle time before TCP asks whether the peer is there, and between questions. With two unanswered questions and
/// the user timeout below, dropped packets are seen within 20 s, without a request (R17).
const KEEPALIVE: Duration = Duration::from_secs(5);

/// Longest that sent data may stay unacknowledged.
const USER_TIMEOUT: Duration = Duration::from_secs(15);

/// A connection with a certificate of a plugin is made anew this long before that ends.
const RENEWED_BEFORE: Duration = Duration::from_secs(30);

/// And is used for at least this long, whatever its end.
const AT_LEAST: Duration = Duration::from_secs(15);

/// A way to one cluster.
#[derive(Clone)]
pub struct Connection {
    /// The context.
    pub cluster: ClusterName,
    /// The client. Everything that leaves goes through its layers.
    pub client: Client,
    /// URL of the API server.
    pub server: Box<str>,
    /// The last round trip.
    pub round_trip: RoundTrip,
    /// Whether writes are refused.
    pub read_only: ReadOnly,
    /// The credential plugin, when there is one.
    pub plugin: Option<Arc<Plugin>>,
    /// The certificate that the plugin gave, and when it ends: the connection must be made anew then.
    certificate: Option<(String, Option<Timestamp>)>,
}

impl Connection {
    /// Waits until the connection must be made anew: the plugin's certificate ends soon, or is replaced.
    pub async fn outlived(&self) {
        let (Some(plugin), Some((certificate, end))) = (&self.plugin, &self.certificate) else {
            return std::future::pending().await;
        };
        let ends = async {
            match end {
                None => std::future::pending().await,
                Some(end) => {
                    let left = Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or_default();
                    tokio::time::sleep(left.saturating_sub(RENEWED_BEFORE).max(AT_LEAST)).await;
                }
            }
        };
        tokio::select! {
            () = ends => {}
            () = plugin.replaced(certificate) => {}
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

/// The plugin of a context, kept over reconnections so that its token is.
///
/// # Errors
/// When the context or its user does not exist.
pub fn plugin(contexts: &Contexts, cluster: &ClusterName) -> Result<Option<Arc<Plugin>>, Fault> {
    let Source::Files(config) = &contexts.source else { return Ok(None) };
    let context =
        config.contexts.iter().find(|c| c.name == cluster.as_str()).and_then(|c| c.context.as_ref());
    let context = context.ok_or_else(|| {
        Fault::new(Reason::Invalid, format!("the kubeconfig has no context `{cluster}`"), "")
    })?;
    let user = context.user.as_deref().unwrap_or_default();
    let auth = config.auth_infos.iter().find(|a| a.name == user).and_then(|a| a.auth_info.as_ref());
    let about = config
        .clusters
        .iter()
        .find(|c| c.name == context.cluster)
        .and_then(|c| c.cluster.clone())
        .unwrap_or_default();
    Ok(auth.and_then(|a| a.exec.clone()).map(|exec| Arc::new(Plugin::new(cluster.as_str(), exec, &about))))
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
) -> Result<Connection, Fault> {
    let wrong = |why: String| {
        Fault::new(
            Reason::Invalid,
            format!("{cluster}: the kubeconfig cannot be used: {why}"),
            "Mend it, then try again.",
        )
    };
    let mut config = match &contexts.source {
        Source::InCluster => Config::incluster().map_err(|e| wrong(e.to_string()))?,
        Source::Files(config) => {
            let mut config = (**config).clone();
            // The plugin is ours to run (R21): kube would hand it the terminal and block a thread.
            for auth in config.auth_infos.iter_mut().filter_map(|a| a.auth_info.as_mut()) {
                auth.exec = None;
            }
            let options =
                KubeConfigOptions { context: Some(cluster.to_string()), ..KubeConfigOptions::default() };
            Config::from_custom_kubeconfig(config, &options).await.map_err(|e| wrong(e.to_string()))?
        }
    };
    let mut used = None;
    if let Some(plugin) = &plugin {
        let credential = plugin.credential().await?;
        if let Some((certificate, key)) = credential.certificate {
            use base64::Engine;
            let encode = |pem: String| base64::engine::general_purpose::STANDARD.encode(pem);
            used = Some((certificate.clone(), credential.expires));
            config.auth_info.client_certificate_data = Some(encode(certificate));
            config.auth_info.client_key_data = Some(encode(key).into());
        }
    }
    config.connect_timeout = Some(CONNECT);
    let server: Box<str> = config.cluster_url.to_string().into();
    let round_trip = RoundTrip::default();
    let asked = Asked::new(cluster, "make a client");
    let client = build(config, &read_only, plugin.clone(), &round_trip).map_err(|e| asked.fault(&e))?;
    let cluster = cluster.clone();
    Ok(Connection { cluster, client, server, round_trip, read_only, plugin, certificate: used })
}

/// What carries bytes, with or without a proxy.
fn build(
    mut config: Config,
    read_only: &ReadOnly,
    plugin: Option<Arc<Plugin>>,
    round_trip: &RoundTrip,
) -> kube::Result<Client> {
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(CONNECT));
    http.set_keepalive(Some(KEEPALIVE));
    http.set_keepalive_interval(Some(KEEPALIVE));
    http.set_keepalive_retries(Some(2));
    #[cfg(target_os = "linux")]
    http.set_tcp_user_timeout(Some(USER_TIMEOUT));
    if config.proxy_url.is_none() {
        config.proxy_url = proxy_of_environment(&config.cluster_url);
    }
    match config.proxy_url.clone() {
        None => assemble(&config, http, read_only, plugin, round_trip),
        Some(proxy) if proxy.scheme_str().is_some_and(|s| s.starts_with("socks5")) => {
            assemble(&config, SocksV5::new(proxy, http), read_only, plugin, round_trip)
        }
        Some(proxy) if proxy.scheme_str() == Some("https") => {
            let tls = config.rustls_https_connector_with_connector(http)?;
            assemble(
                &config,
                authorized(Tunnel::new(proxy.clone(), tls), &proxy),
                read_only,
                plugin,
                round_trip,
            )
        }
        Some(proxy) => assemble(
            &config,
            authorized(Tunnel::new(proxy.clone(), http), &proxy),
            read_only,
            plugin,
            round_trip,
        ),
    }
}

/// User and password of a proxy's URL, as its Basic credentials.
fn authorized<C>(tunnel: Tunnel<C>, proxy: &Uri) -> Tunnel<C> {
    use base64::Engine;
    let user = proxy.authority().and_then(|a| a.as_str().rsplit_once('@')).map(|(user, _)| user);
    let basic = user.map(|u| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(u)));
    match basic.and_then(|b| http::HeaderValue::from_str(&b).ok()) {
        Some(value) => tunnel.with_auth(value),
        None => tunnel,
    }
}

/// `HTTPS_PROXY`, unless `NO_PROXY` names the server: as kubectl does.
fn proxy_of_environment(server: &Uri) -> Option<Uri> {
    let var = |name: &str| {
        std::env::var(name.to_uppercase()).or_else(|_| std::env::var(name)).ok().filter(|v| !v.is_empty())
    };
    let proxy = if server.scheme_str() == Some("http") { var("http_proxy") } else { var("https_proxy") }?;
    let host = server.host()?;
    let excepted =
        var("no_proxy").is_some_and(|list| list.split(',').any(|entry| excepts(entry.trim(), host)));
    // Go never uses a proxy for the machine itself.
    let local = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback());
    if excepted || local {
        return None;
    }
    let url = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    url.parse().ok()
}

fn excepts(entry: &str, host: &str) -> bool {
    if entry == "*" {
        return true;
    }
    let entry = entry.trim_start_matches("*.").trim_start_matches('.');
    let in_network = || {
        let (network, bits) = entry.split_once('/')?;
        let (network, host) =
            (network.parse::<std::net::Ipv4Addr>().ok()?, host.parse::<std::net::Ipv4Addr>().ok()?);
        let mask = u32::MAX.checked_shl(32 - bits.parse::<u32>().ok()?.min(32)).unwrap_or(0);
        Some(u32::from(network) & mask == u32::from(host) & mask)
    };
    !entry.is_empty()
        && (host == entry || host.ends_with(&format!(".{entry}")) || in_network().unwrap_or(false))
}

fn assemble<C>(
    config: &Config,
    connector: C,
    read_only: &ReadOnly,
    plugin: Option<Arc<Plugin>>,
    round_trip: &RoundTrip,
) -> kube::Result<Client>
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
    let tls = config.rustls_https_connector_with_connector(connector)?;
    let http: HttpClient<_, Body> = HttpClient::builder(TokioExecutor::new()).build(tls);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    let guarded =
        Guarded { inner: service, read_only: read_only.clone(), plugin, round_trip: round_trip.clone() };
    Ok(Client::new(guarded, config.default_namespace.clone()))
}
