//! What goes wrong on the way to an API server: a layer around any service, the simulated one or a real client's.
//!
//! Rules are looked at in their order; each can be limited to some requests and to the k-th of them. They can change
//! while requests are under way.

mod rule;
mod stream;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::sleep;
use tower::{BoxError, Layer, Service};

use stream::Stream;

pub use rule::{Effect, FORMS, Rule, Unreadable, Which};

/// The rules in force, and how often each was met. Clones are the same ones.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    rules: Vec<(Rule, u64)>,
    /// Rules that nobody takes away.
    fixed: Vec<Rule>,
    /// Requests so far, by cluster; also those that no rule met.
    requests: HashMap<String, u64>,
    /// Last whole answers to reads, by cluster and path, for as long as something may want them.
    last: HashMap<(String, String), (StatusCode, Bytes)>,
    /// Whether answers are remembered.
    remembers: bool,
    /// Tells streams under way that the rules are others.
    changed: watch::Sender<()>,
}

impl Kept {
    fn put(&mut self, rule: Rule) {
        // What may be stale is what was answered from now on.
        self.remembers |= rule.effect == Effect::Stale;
        self.rules.push((rule, 0));
        self.changed.send_replace(());
    }
}

impl Faults {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule.
    pub fn add(&self, rule: Rule) {
        self.kept().put(rule);
    }

    /// Adds a rule, or takes the same one away. Says whether it is in force now.
    pub fn toggle(&self, rule: &Rule) -> bool {
        let mut kept = self.kept();
        let before = kept.rules.len();
        kept.rules.retain(|(r, _)| r != rule);
        let added = kept.rules.len() == before;
        if added {
            kept.put(rule.clone());
        }
        added
    }

    /// Takes a rule away; one that is not in force costs nothing.
    pub fn remove(&self, rule: &Rule) {
        self.kept().rules.retain(|(r, _)| r != rule);
    }

    /// Adds a rule that stays, and that is not listed: how things are.
    pub fn fix(&self, rule: Rule) {
        self.kept().fixed.push(rule);
    }

    /// Takes all rules away.
    pub fn clear(&self) {
        self.kept().rules.clear();
    }

    /// The rules in force.
    pub fn rules(&self) -> Vec<Rule> {
        self.kept().rules.iter().map(|(rule, _)| rule.clone()).collect()
    }

    /// Remembers answers from now on, so that a rule may give stale ones.
    pub fn remember(&self) {
        self.kept().remembers = true;
    }

    /// How many requests have come to a cluster.
    pub fn requests(&self, cluster: &str) -> u64 {
        self.kept().requests.get(cluster).copied().unwrap_or_default()
    }

    /// The layer for the way to a cluster.
    pub fn layer(&self, cluster: &str) -> FaultLayer {
        FaultLayer { faults: self.clone(), cluster: cluster.into() }
    }

    fn changed(&self) -> watch::Receiver<()> {
        self.kept().changed.subscribe()
    }

    /// In which time a stream under way breaks off, if it does. Rules for the k-th request do not mean it.
    fn cuts(&self, cluster: &str, stream: &Seen) -> Option<Duration> {
        let kept = self.kept();
        let rules = kept.rules.iter().map(|(rule, _)| rule).filter(|rule| rule.which.nth.is_none());
        let fitting = rules.chain(&kept.fixed).filter(|rule| rule.which.fits(cluster, stream));
        let time = fitting.filter_map(|rule| match rule.effect {
            Effect::Outage => Some(Duration::ZERO),
            Effect::DropWatch(time) if stream.verb == "watch" => Some(time),
            _ => None,
        });
        time.min()
    }

    /// Counts a request, and says what is to happen to it.
    fn meet(&self, cluster: &str, request: &Seen) -> Vec<Effect> {
        let mut kept = self.kept();
        *kept.requests.entry(cluster.to_owned()).or_default() += 1;
        let fixed = kept.fixed.iter().filter(|rule| rule.which.fits(cluster, request));
        let mut effects: Vec<Effect> = fixed.map(|rule| rule.effect.clone()).collect();
        for (rule, met) in &mut kept.rules {
            if !rule.which.fits(cluster, request) {
                continue;
            }
            *met += 1;
            if rule.which.nth.is_none_or(|n| n == *met) {
                effects.push(rule.effect.clone());
            }
        }
        effects
    }
}

/// What rules look at.
#[derive(Clone, Debug)]
struct Seen {
    verb: &'static str,
    resource: String,
    sub: String,
    key: String,
    /// Whether the answer goes on for as long as somebody reads it.
    streams: bool,
}

impl Seen {
    fn of(request: &Request<Body>) -> Self {
        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
        let mut steps: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
        let start = if steps.first() == Some(&"api") { 2 } else { 3 };
        steps.drain(..start.min(steps.len()));
        if steps.len() > 2 && steps[0] == "namespaces" && steps[2] != "status" {
            steps.drain(..2);
        }
        let asks = |name: &str| {
            query.split('&').any(|p| p.strip_prefix(name).is_some_and(|v| matches!(v, "=1" | "=true")))
        };
        let watches = asks("watch");
        let verb = match (request.method(), steps.len() > 1) {
            (&Method::POST, _) => "create",
            (&Method::PUT, _) => "update",
            (&Method::PATCH, _) => "patch",
            (&Method::DELETE, _) => "delete",
            _ if watches => "watch",
            (_, true) => "get",
            (_, false) => "list",
        };
        let word = |at: usize| steps.get(at).copied().unwrap_or_default().to_owned();
        Self {
            verb,
            resource: word(0),
            sub: word(2),
            key: request.uri().to_string(),
            streams: watches || asks("follow"),
        }
    }

    fn reads(&self) -> bool {
        matches!(self.verb, "get" | "list")
    }
}

impl Which {
    fn fits(&self, cluster: &str, request: &Seen) -> bool {
        let verb = |v: &str| {
            v == request.verb || (v == "write" && !matches!(request.verb, "get" | "list" | "watch"))
        };
        let whole = if request.sub.is_empty() {
            request.resource.clone()
        } else {
            format!("{}/{}", request.resource, request.sub)
        };
        // What egret calls gateways are these kinds.
        let resource = |r: &str| {
            r == request.resource || r == whole || (r == "gateways" && request.resource == "istiogateways")
        };
        self.cluster.as_deref().is_none_or(|c| c == cluster)
            && self.verb.as_deref().is_none_or(verb)
            && self.resource.as_deref().is_none_or(resource)
    }
}

/// Puts faults on the way to one cluster.
#[derive(Clone, Debug)]
pub struct FaultLayer {
    faults: Faults,
    cluster: Arc<str>,
}

impl<S> Layer<S> for FaultLayer {
    type Service = Faulty<S>;

    fn layer(&self, inner: S) -> Faulty<S> {
        Faulty { inner, faults: self.faults.clone(), cluster: self.cluster.clone() }
    }
}

/// A service with faults on the way to it.
#[derive(Clone, Debug)]
pub struct Faulty<S> {
    inner: S,
    faults: Faults,
    cluster: Arc<str>,
}

/// The body of an answer.
type Reply = UnsyncBoxBody<Bytes, BoxError>;

/// What carries out a request.
type Carried = Pin<Box<dyn Future<Output = Result<Response<Reply>, BoxError>> + Send>>;

impl<S, B> Service<Request<Body>> for Faulty<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Reply>;
    type Error = BoxError;
    type Future = Carried;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Carried {
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let (faults, cluster) = (self.faults.clone(), self.cluster.clone());
        Box::pin(async move {
            let seen = Seen::of(&request);
            let effects = faults.meet(&cluster, &seen);
            if let Some(early) = before(&faults, &cluster, &seen, &effects).await {
                return early;
            }
            let answer = inner.call(request).await.map_err(Into::into)?;
            after(&faults, &cluster, &seen, &effects, answer.map(|b| b.map_err(Into::into).boxed_unsync()))
                .await
        })
    }
}

/// What happens on the way there: an answer that comes from nowhere, or nothing.
async fn before(
    faults: &Faults,
    cluster: &str,
    seen: &Seen,
    effects: &[Effect],
) -> Option<Result<Response<Reply>, BoxError>> {
    for effect in effects {
        match effect {
            Effect::Delay(time) => sleep(*time).await,
            Effect::LostBefore => return Some(Err(lost())),
            Effect::Outage => {
                return Some(Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into()));
            }
            Effect::Silence => std::future::pending().await,
            Effect::Code(code) => return Some(Ok(refused(*code))),
            Effect::Deny => return Some(Ok(denied(seen))),
            Effect::Stale if seen.reads() => {
                let last = faults.kept().last.get(&(cluster.to_owned(), seen.key.clone())).cloned();
                if let Some((code, bytes)) = last {
                    return Some(Ok(answer(code, bytes)));
                }
            }
            Effect::Stale | Effect::LostAfter | Effect::CodeAfter(_) | Effect::DropWatch(_) => {}
        }
    }
    None
}

/// What happens on the way back.
async fn after(
    faults: &Faults,
    cluster: &str,
    seen: &Seen,
    effects: &[Effect],
    got: Response<Reply>,
) -> Result<Response<Reply>, BoxError> {
    let mut end = None;
    for effect in effects {
        match effect {
            Effect::LostAfter => return Err(lost()),
            Effect::CodeAfter(code) => return Ok(refused(*code)),
            Effect::DropWatch(time) if seen.verb == "watch" => end = Some(*time),
            _ => {}
        }
    }
    if seen.streams {
        let stream = Stream::new(faults, cluster, seen, end);
        return Ok(got.map(|body| stream.around(body)));
    }
    if seen.reads() && faults.kept().remembers && got.status().is_success() {
        let (parts, body) = got.into_parts();
        let bytes = body.collect().await?.to_bytes();
        faults.kept().last.insert((cluster.to_owned(), seen.key.clone()), (parts.status, bytes.clone()));
        return Ok(Response::from_parts(parts, full(bytes)));
    }
    Ok(got)
}

fn lost() -> BoxError {
    std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()
}

fn full(bytes: Bytes) -> Reply {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn answer(code: StatusCode, bytes: Bytes) -> Response<Reply> {
    let mut response = Response::new(full(bytes));
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

/// Reason and message of codes that tests and the demo ask for.
const SAID: &[(u16, &str, &str)] = &[
    (403, "Forbidden", "forbidden: a fault of the demo"),
    (
        409,
        "Conflict",
        "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again",
    ),
    (429, "TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    (500, "InternalError", "Internal error occurred: a fault of the demo"),
    (503, "ServiceUnavailable", "the server is currently unable to handle the request"),
    (504, "Timeout", "Timeout: request did not complete within the allotted timeout"),
];

fn refused(code: u16) -> Response<Reply> {
    let said = SAID.iter().find(|(c, _, _)| *c == code);
    let (reason, message) =
        said.map_or(("Unknown", "a fault of the demo"), |(_, reason, message)| (*reason, *message));
    status(code, reason, message)
}

fn denied(seen: &Seen) -> Response<Reply> {
    let Seen { verb, resource, .. } = seen;
    let message = format!(
        "{resource} is forbidden: User \"demo\" cannot {verb} resource {resource:?}: a fault of the demo"
    );
    status(403, "Forbidden", &message)
}

fn status(code: u16, reason: &str, message: &str) -> Response<Reply> {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code});
    answer(StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), status.to_string().into())
}

#[cfg(test)]
mod tests;
