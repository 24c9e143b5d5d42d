//! The layers between a client and the network: read-only, bearer tokens of plugins, what was asked and how long
//! the answer took.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body as _;
use jiff::Timestamp;
use kube::client::Body;
use tower::{BoxError, Service};

use super::clock::Clock;
use super::credentials::{Credential, Plugin, PluginError};
use super::read_only::ReadOnly;

/// What was asked of a cluster, and its last round trip. Shared by all clones.
#[derive(Clone, Debug, Default)]
pub struct Requests(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    clock: Clock,
    /// How long the head of the last answer took, and when it came. Nothing is asked for its sake (R17).
    last: Mutex<Option<(Duration, Timestamp)>>,
    reads: AtomicU64,
    watches: AtomicU64,
    writes: AtomicU64,
}

/// How many requests have left, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// GET and HEAD of objects, lists and logs.
    pub reads: u64,
    /// Watches.
    pub watches: u64,
    /// Everything else.
    pub writes: u64,
}

impl Requests {
    /// None yet; times are told by a clock.
    pub fn new(clock: Clock) -> Self {
        Self(Arc::new(Shared { clock, ..Shared::default() }))
    }

    /// The last round trip, if any.
    pub fn round_trip(&self) -> Option<(Duration, Timestamp)> {
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many have left so far.
    pub fn counts(&self) -> Counts {
        let Shared { reads, watches, writes, .. } = &*self.0;
        let [reads, watches, writes] = [reads, watches, writes].map(|n| n.load(Ordering::Relaxed));
        Counts { reads, watches, writes }
    }

    /// The clock that times are told by.
    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    fn count<B>(&self, request: &Request<B>) {
        let is_watch = request.uri().query().is_some_and(|q| q.split('&').any(|p| p.starts_with("watch=")));
        let counter = match *request.method() {
            Method::GET | Method::HEAD if is_watch => &self.0.watches,
            Method::GET | Method::HEAD => &self.0.reads,
            _ => &self.0.writes,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn answered(&self, asked: Timestamp) {
        let took = self.0.clock.since(asked);
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((took, self.0.clock.now()));
    }
}

/// Refused here: read-only mode is on.
#[derive(Debug, thiserror::Error)]
#[error("read-only: {method} {path} was not sent")]
pub struct Refused {
    method: String,
    path: String,
}

/// The layers around the HTTP client.
#[derive(Clone)]
pub struct Guarded<S> {
    pub(super) inner: S,
    pub(super) read_only: ReadOnly,
    pub(super) plugin: Option<Arc<Plugin>>,
    pub(super) requests: Requests,
}

impl<S, B> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // What was polled ready is what is to be used; its clone is what the next request polls.
        let fresh = self.clone();
        let mut ready = std::mem::replace(self, fresh);
        Box::pin(async move {
            if !ready.read_only.allows(&request) {
                let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
                return Err(Refused { method, path }.into());
            }
            match ready.plugin.clone() {
                Some(plugin) => ready.send_as(&plugin, request).await,
                None => ready.send(request).await,
            }
        })
    }
}

impl<S, B> Guarded<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Send,
    S::Error: Into<BoxError>,
{
    /// Sends a request with what the plugin gives; once more with what it gives now, when that is refused.
    async fn send_as(
        &mut self,
        plugin: &Plugin,
        mut request: Request<Body>,
    ) -> Result<Response<B>, BoxError> {
        let used = authorize(&mut request, plugin).await?;
        let again = copy(&request);
        let answer = self.send(request).await?;
        let Some(mut again) = again.filter(|_| answer.status() == StatusCode::UNAUTHORIZED) else {
            return Ok(answer);
        };
        plugin.refused(&used);
        authorize(&mut again, plugin).await?;
        std::future::poll_fn(|cx| self.inner.poll_ready(cx)).await.map_err(Into::into)?;
        self.send(again).await
    }

    async fn send(&mut self, request: Request<Body>) -> Result<Response<B>, BoxError> {
        self.requests.count(&request);
        let asked = self.requests.0.clock.now();
        let answer = self.inner.call(request).await.map_err(Into::into)?;
        self.requests.answered(asked);
        Ok(answer)
    }
}

async fn authorize(request: &mut Request<Body>, plugin: &Plugin) -> Result<Credential, BoxError> {
    let credential = plugin.credential().await.map_err(PluginError)?;
    if let Some(token) = &credential.token {
        let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
        value.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    Ok(credential)
}

/// A request without a body can be sent again with a new token.
fn copy(request: &Request<Body>) -> Option<Request<Body>> {
    if !request.body().is_end_stream() {
        return None;
    }
    let mut again = Request::new(Body::empty());
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use tower::ServiceExt as _;

    use super::*;

    /// What reaches the network of requests that are sent through the layers.
    async fn reaching(read_only: ReadOnly, requests: &[(&str, &str)]) -> Vec<String> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let network = {
            let seen = seen.clone();
            tower::service_fn(move |request: Request<Body>| {
                let line = format!("{} {}", request.method(), request.uri());
                seen.lock().unwrap().push(line);
                std::future::ready(Ok::<_, Infallible>(Response::new(Body::empty())))
            })
        };
        let requests_sent = Requests::new(Clock::default());
        let layers = Guarded { inner: network, read_only, plugin: None, requests: requests_sent.clone() };
        for (method, path) in requests {
            let request = Request::builder().method(*method).uri(*path).body(Body::empty()).unwrap();
            let answer = layers.clone().oneshot(request).await;
            if let Err(refused) = answer {
                assert!(refused.downcast_ref::<Refused>().is_some(), "{method} {path}: {refused}");
            }
        }
        let Counts { reads, watches, writes } = requests_sent.counts();
        let seen = seen.lock().unwrap().clone();
        assert_eq!(usize::try_from(reads + watches + writes).unwrap(), seen.len());
        seen
    }

    const GATEWAYS: &str = "/apis/istio.alibabacloud.com/v1beta1/namespaces/n/istiogateways";

    /// Everything that egret sends and that only reads.
    const READS: &[(&str, &str)] = &[
        ("GET", "/version"),
        ("HEAD", "/readyz"),
        ("GET", "/openapi/v3/apis/apps/v1?hash=x"),
        ("GET", "/api/v1/namespaces/n/pods?watch=1&resourceVersion=7"),
        ("GET", "/api/v1/namespaces/n/pods/p/log?follow=true"),
        ("GET", "/api/v1/namespaces/n/pods/p/portforward?ports=15000"),
        ("GET", "/api/v1/namespaces/n/pods/p:15020/proxy/stats/prometheus"),
        ("GET", "/apis/coordination.k8s.io/v1/namespaces/n/leases/egret"),
        ("GET", "/api/v1/namespaces/n/events?fieldSelector=involvedObject.name%3Dx"),
        ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"),
    ];

    #[tokio::test]
    async fn reads_reach_the_network_in_read_only_mode() {
        let wanted: Vec<String> = READS.iter().map(|(method, path)| format!("{method} {path}")).collect();
        assert_eq!(reaching(ReadOnly::new(true), READS).await, wanted);
    }

    #[tokio::test]
    async fn no_method_but_get_and_head_reaches_the_network_in_read_only_mode() {
        let paths = [
            GATEWAYS.to_owned(),
            format!("{GATEWAYS}/out"),
            format!("{GATEWAYS}/out/status"),
            format!("{GATEWAYS}/out?dryRun=All"),
            format!("{GATEWAYS}?dryRun=All&fieldValidation=Strict"),
            "/apis/apps/v1/namespaces/n/deployments/d/scale".to_owned(),
            "/apis/coordination.k8s.io/v1/namespaces/n/leases/egret".to_owned(),
            "/api/v1/namespaces/n/events".to_owned(),
            "/apis/events.k8s.io/v1/namespaces/n/events".to_owned(),
            "/api/v1/namespaces/n/pods/p/eviction".to_owned(),
            "/api/v1/namespaces/n/pods/p:15000/proxy/logging?level=debug".to_owned(),
            "/api/v1/namespaces/n/pods/p/portforward".to_owned(),
            "/api/v1/namespaces/n/pods/p/exec?command=sh".to_owned(),
            "/apis/authorization.k8s.io/v1/subjectaccessreviews".to_owned(),
            "/apis/authorization.k8s.io/v1/namespaces/n/localsubjectaccessreviews".to_owned(),
        ];
        let methods = ["PUT", "PATCH", "POST", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
        let all: Vec<(&str, &str)> =
            methods.iter().flat_map(|method| paths.iter().map(|path| (*method, path.as_str()))).collect();
        for read_only in [ReadOnly::new(true), ReadOnly::demanded()] {
            assert_eq!(reaching(read_only, &all).await, Vec::<String>::new());
        }
        assert_eq!(reaching(ReadOnly::new(false), &all).await.len(), all.len(), "and all of it without it");
    }

    #[tokio::test]
    async fn what_a_get_would_open_to_carry_commands_does_not_reach_the_network() {
        let opened = [
            ("GET", "/api/v1/namespaces/n/pods/p/exec?command=sh"),
            ("GET", "/api/v1/namespaces/n/pods/p/attach"),
            ("GET", "/api/v1/nodes/n/proxy/run/n/p/c"),
            ("GET", "/api/v1/namespaces/n/pods/p/%65xec"),
        ];
        assert_eq!(reaching(ReadOnly::new(true), &opened).await, Vec::<String>::new());
    }
}
