//! What goes wrong on the way to an API server: a layer around any service, the simulated one or a real client's.
//!
//! Rules are looked at in their order; each can be limited to some requests and to the k-th of them. They can change
//! while requests are under way.

use std::collections::HashMap;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};
use tower::{BoxError, Layer, Service};

/// What happens to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// It takes this much longer.
    Delay(Duration),
    /// It never arrives.
    LostBefore,
    /// It is carried out, and the answer never arrives.
    LostAfter,
    /// It is answered with this code, and not carried out.
    Code(u16),
    /// It is carried out, and answered with this code.
    CodeAfter(u16),
    /// It is not answered at all.
    Silence,
    /// A watch ends after this time.
    DropWatch(Duration),
    /// Reads are answered with what was last answered before the rule was set.
    Stale,
    /// Nobody is there.
    Outage,
    /// It is refused: the right is missing.
    Deny,
}

/// Which requests a rule is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Which {
    /// Only this cluster.
    pub cluster: Option<String>,
    /// Only these verbs: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, or `write` for all that change.
    pub verb: Option<String>,
    /// Only this resource, by its plural or a short word of egret's: `gateways`.
    pub resource: Option<String>,
    /// Only the k-th request that fits, counted from 1.
    pub nth: Option<u64>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// About which requests.
    pub which: Which,
    /// What happens to them.
    pub effect: Effect,
}

/// A rule that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no fault: {FORMS}")]
pub struct Unreadable(String);

/// The forms of a rule, for people.
pub const FORMS: &str =
    "say latency=300ms, deny=delete:gateways, drop-watch=10s, outage=CLUSTER, error=500, or stale=CLUSTER";

impl FromStr for Rule {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let bad = || Unreadable(text.to_owned());
        let (name, value) = text.split_once('=').ok_or_else(bad)?;
        let cluster = || Some(value.to_owned()).filter(|v| !v.is_empty() && v != "*");
        let plain = |effect| Self { which: Which::default(), effect };
        Ok(match name {
            "latency" => plain(Effect::Delay(duration(value).ok_or_else(bad)?)),
            "drop-watch" => plain(Effect::DropWatch(duration(value).ok_or_else(bad)?)),
            "error" => {
                plain(Effect::Code(value.parse().ok().filter(|c| (400..600).contains(c)).ok_or_else(bad)?))
            }
            "outage" | "stale" => {
                let effect = if name == "outage" { Effect::Outage } else { Effect::Stale };
                if value.is_empty() {
                    return Err(bad());
                }
                Self { which: Which { cluster: cluster(), ..Which::default() }, effect }
            }
            "deny" => {
                let (verb, resource) = value.split_once(':').ok_or_else(bad)?;
                if verb.is_empty() || resource.is_empty() {
                    return Err(bad());
                }
                let some = |word: &str| Some(word.to_owned()).filter(|w| w != "*");
                Self {
                    which: Which { verb: some(verb), resource: some(resource), ..Which::default() },
                    effect: Effect::Deny,
                }
            }
            _ => return Err(bad()),
        })
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Which { cluster, verb, resource, .. } = &self.which;
        let any = |word: &Option<String>| word.clone().unwrap_or_else(|| "*".to_owned());
        match &self.effect {
            Effect::Delay(time) => write!(f, "latency={}ms", time.as_millis()),
            Effect::DropWatch(time) => write!(f, "drop-watch={}ms", time.as_millis()),
            Effect::Code(code) | Effect::CodeAfter(code) => write!(f, "error={code}"),
            Effect::Outage => write!(f, "outage={}", any(cluster)),
            Effect::Stale => write!(f, "stale={}", any(cluster)),
            Effect::Deny => write!(f, "deny={}:{}", any(verb), any(resource)),
            Effect::LostBefore => f.write_str("lost-before"),
            Effect::LostAfter => f.write_str("lost-after"),
            Effect::Silence => f.write_str("silence"),
        }
    }
}

/// `300ms`, `10s`, `2m`.
fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(at);
    let number: f64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "s" => number,
        "m" => number * 60.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}

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
}

impl Faults {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a rule.
    pub fn add(&self, rule: Rule) {
        self.kept().rules.push((rule, 0));
    }

    /// Adds a rule, or takes the same one away. Says whether it is in force now.
    pub fn toggle(&self, rule: &Rule) -> bool {
        let mut kept = self.kept();
        let before = kept.rules.len();
        kept.rules.retain(|(r, _)| r != rule);
        let added = kept.rules.len() == before;
        if added {
            kept.rules.push((rule.clone(), 0));
        }
        added
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
        let watches = query.split('&').any(|p| p == "watch=1" || p == "watch=true");
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
        Self { verb, resource: word(0), sub: word(2), key: request.uri().to_string() }
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
    mut got: Response<Reply>,
) -> Result<Response<Reply>, BoxError> {
    for effect in effects {
        match effect {
            Effect::LostAfter => return Err(lost()),
            Effect::CodeAfter(code) => return Ok(refused(*code)),
            Effect::DropWatch(time) if seen.verb == "watch" => got = got.map(|body| cut(body, *time)),
            _ => {}
        }
    }
    if seen.reads() && faults.kept().remembers && got.status().is_success() {
        let (parts, body) = got.into_parts();
        let bytes = body.collect().await?.to_bytes();
        faults.kept().last.insert((cluster.to_owned(), seen.key.clone()), (parts.status, bytes.clone()));
        return Ok(Response::from_parts(parts, full(bytes)));
    }
    Ok(got)
}

/// A body that breaks off after a time.
#[allow(clippy::disallowed_methods, reason = "a fault lasts as long as the wall's clock says")]
fn cut(body: Reply, time: Duration) -> Reply {
    let end = Instant::now() + time;
    let frames = futures::stream::unfold((body, false), move |(mut body, over)| async move {
        if over {
            return None;
        }
        tokio::select! {
            biased;
            frame = body.frame() => frame.map(|frame| (frame, (body, false))),
            () = sleep_until(end) => Some((Err(lost()), (body, true))),
        }
    });
    http_body_util::StreamBody::new(frames).boxed_unsync()
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
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use tower::ServiceExt;

    use super::*;

    #[test]
    fn rules_are_read_as_they_are_shown() {
        for text in [
            "latency=300ms",
            "deny=delete:gateways",
            "drop-watch=10000ms",
            "outage=berlin",
            "error=500",
            "stale=*",
        ] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
        assert_eq!(
            "drop-watch=10s".parse::<Rule>().unwrap().effect,
            Effect::DropWatch(Duration::from_secs(10))
        );
        for text in ["latency", "latency=fast", "deny=delete", "outage=", "error=200", "fire=1"] {
            assert!(text.parse::<Rule>().unwrap_err().to_string().contains("latency=300ms"), "{text}");
        }
    }

    /// Sends a request to a counting service through faults: the code or the error, and how often it arrived.
    async fn send(faults: &Faults, method: Method, path: &str) -> (Result<u16, String>, u64) {
        let arrived = Arc::new(AtomicU64::new(0));
        let counted = arrived.clone();
        let service = tower::service_fn(move |_: Request<Body>| {
            let n = counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, BoxError>(Response::new(full(Bytes::from(n.to_string())))))
        });
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let got = faults.layer("a").layer(service).oneshot(request).await;
        let got = got.map(|r| r.status().as_u16()).map_err(|e| e.to_string());
        (got, arrived.load(Ordering::SeqCst))
    }

    fn rule(which: Which, effect: Effect) -> Rule {
        Rule { which, effect }
    }

    #[tokio::test]
    async fn requests_are_lost_before_or_after_their_effect() {
        let pods = "/api/v1/namespaces/n/pods/p";
        for (effect, arrived) in [(Effect::LostBefore, 0), (Effect::LostAfter, 1), (Effect::Outage, 0)] {
            let faults = Faults::default();
            faults.add(rule(Which::default(), effect.clone()));
            let (got, count) = send(&faults, Method::DELETE, pods).await;
            assert!(got.is_err() && count == arrived, "{effect:?}: {got:?} {count}");
        }
        for (effect, code, arrived) in
            [(Effect::Code(409), 409, 0), (Effect::CodeAfter(500), 500, 1), (Effect::Deny, 403, 0)]
        {
            let faults = Faults::default();
            faults.add(rule(Which::default(), effect));
            assert_eq!(send(&faults, Method::PUT, pods).await, (Ok(code), arrived));
        }
    }

    #[tokio::test]
    async fn a_rule_meets_only_what_it_is_about_and_only_the_nth_of_it() {
        let faults = Faults::default();
        let which = Which {
            verb: Some("write".into()),
            resource: Some("pods".into()),
            nth: Some(2),
            ..Which::default()
        };
        faults.add(rule(which, Effect::Code(500)));
        let mut codes = Vec::new();
        for (method, path) in [
            (Method::DELETE, "/api/v1/namespaces/n/pods/p"),
            (Method::GET, "/api/v1/pods"),
            (Method::POST, "/api/v1/namespaces/n/services"),
            (Method::POST, "/api/v1/namespaces/n/pods"),
            (Method::POST, "/api/v1/namespaces/n/pods"),
        ] {
            codes.push(send(&faults, method, path).await.0.unwrap());
        }
        assert_eq!(codes, [200, 200, 200, 500, 200]);
        assert_eq!(faults.requests("a"), 5);
        assert_eq!(faults.requests("b"), 0);
    }

    #[tokio::test]
    async fn a_rule_for_gateways_means_the_custom_resource_and_can_be_taken_back() {
        let faults = Faults::default();
        let deny: Rule = "deny=delete:gateways".parse().unwrap();
        assert!(faults.toggle(&deny));
        let path = "/apis/istio.alibabacloud.com/v1beta1/namespaces/n/istiogateways/g";
        assert_eq!(send(&faults, Method::DELETE, path).await.0, Ok(403));
        assert_eq!(send(&faults, Method::GET, path).await.0, Ok(200));
        assert!(!faults.toggle(&deny));
        assert_eq!(send(&faults, Method::DELETE, path).await.0, Ok(200));
    }

    #[tokio::test(start_paused = true)]
    async fn a_watch_is_cut_and_its_reader_sees_it() {
        let faults = Faults::default();
        faults.add("drop-watch=10s".parse().unwrap());
        let silent = tower::service_fn(|_: Request<Body>| {
            let body = http_body_util::StreamBody::new(futures::stream::pending::<
                Result<http_body::Frame<Bytes>, BoxError>,
            >());
            std::future::ready(Ok::<_, BoxError>(Response::new(body)))
        });
        let request = Request::get("/api/v1/pods?watch=1").body(Body::empty()).unwrap();
        let start = Instant::now();
        let got = faults.layer("a").layer(silent).oneshot(request).await.unwrap();
        assert!(got.into_body().collect().await.is_err());
        assert_eq!(start.elapsed().as_secs(), 10);
    }

    #[tokio::test]
    async fn stale_reads_are_answers_of_before() {
        let faults = Faults::default();
        faults.remember();
        let count = Arc::new(AtomicU64::new(0));
        let service = tower::service_fn(move |_: Request<Body>| {
            let text = count.fetch_add(1, Ordering::SeqCst).to_string();
            std::future::ready(Ok::<_, BoxError>(Response::new(full(Bytes::from(text)))))
        });
        let service = faults.layer("a").layer(service);
        let get = async || {
            let request = Request::get("/api/v1/pods").body(Body::empty()).unwrap();
            let got = service.clone().oneshot(request).await.unwrap();
            String::from_utf8(got.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
        };
        assert_eq!((get().await, get().await), ("0".to_owned(), "1".to_owned()));
        faults.add("stale=a".parse().unwrap());
        assert_eq!(get().await, "1");
        faults.clear();
        assert_eq!(get().await, "2");
    }
}
