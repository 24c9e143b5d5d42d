//! The layers between a client and the network: read-only, bearer tokens of plugins, the round trip.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body as _;
use jiff::Timestamp;
use kube::client::Body;
use tower::{BoxError, Service};

use super::credentials::{Credential, Plugin, PluginError};
use super::read_only::ReadOnly;

/// The last real request: how long its answer took to begin, and when that was. Nothing is polled for it.
#[derive(Clone, Debug, Default)]
pub struct RoundTrip(Arc<Mutex<Option<(Duration, Timestamp)>>>);

impl RoundTrip {
    /// The last one, if any.
    pub fn last(&self) -> Option<(Duration, Timestamp)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, took: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((took, Timestamp::now()));
    }
}

/// Refused here: read-only mode is on.
#[derive(Debug, thiserror::Error)]
#[error("read-only: {method} {path} was not sent")]
pub struct Refused {
    method: String,
    path: String,
}

/// What egret calls itself in the logs of a server.
const USER_AGENT: &str = concat!("egret/", env!("CARGO_PKG_VERSION"));

/// The layers around the HTTP client.
#[derive(Clone)]
pub struct Guarded<S> {
    pub(super) inner: S,
    pub(super) read_only: ReadOnly,
    pub(super) plugin: Option<Arc<Plugin>>,
    pub(super) round_trip: RoundTrip,
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The clone that was polled ready is the one to be used.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let (read_only, plugin, round_trip) =
            (self.read_only.clone(), self.plugin.clone(), self.round_trip.clone());
        Box::pin(async move {
            if !read_only.allows(&request) {
                let refused =
                    Refused { method: request.method().to_string(), path: request.uri().path().to_owned() };
                return Err(refused.into());
            }
            request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
            let used = match &plugin {
                Some(plugin) => Some(authorize(plugin, &mut request).await?),
                None => None,
            };
            // A watch is answered when its first event comes, which may be minutes later: no measure of distance.
            let timed = !request.uri().query().unwrap_or_default().contains("watch=");
            let again = plugin.is_some().then(|| copy(&request)).flatten();
            let start = Instant::now();
            let mut answer = inner.call(request).await.map_err(Into::into)?;
            if answer.status() == StatusCode::UNAUTHORIZED
                && let (Some(plugin), Some(used), Some(mut request)) = (&plugin, used, again)
            {
                plugin.refused(&used);
                authorize(plugin, &mut request).await?;
                std::future::poll_fn(|cx| inner.poll_ready(cx)).await.map_err(Into::into)?;
                answer = inner.call(request).await.map_err(Into::into)?;
            }
            if timed {
                round_trip.record(start.elapsed());
            }
            Ok(answer)
        })
    }
}

async fn authorize(plugin: &Plugin, request: &mut Request<Body>) -> Result<Credential, BoxError> {
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
