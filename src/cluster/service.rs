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
