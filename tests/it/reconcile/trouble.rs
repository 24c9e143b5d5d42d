//! What goes wrong on the way of one controller, at its k-th request, counted over all clusters.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use kube::client::Body;
use serde_json::json;
use tokio::sync::Notify;
use tower::{BoxError, Service};

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter)]
pub(super) enum What {
    /// The controller dies before it is sent.
    DeathBefore,
    /// It is carried out, and the controller dies before it hears of it.
    DeathAfter,
    /// It is answered by 409.
    Conflict,
    /// It is answered by 500.
    Failure,
    /// It is carried out, and answered by 500.
    FailureAfter,
    /// It is lost.
    Timeout,
    /// It is carried out, and the answer is lost.
    TimeoutAfter,
    /// A read is answered as it was before the change that the scenario makes.
    Stale,
}

impl What {
    /// Whether the controller is gone then.
    pub(super) fn kills(self) -> bool {
        matches!(self, Self::DeathBefore | Self::DeathAfter)
    }

    /// Whether it is a case of its own: a read that was carried out before it failed is one that failed.
    pub(super) fn can_happen_to(self, is_read: bool) -> bool {
        match self {
            Self::DeathBefore | Self::Failure | Self::Timeout => true,
            Self::DeathAfter | Self::Conflict | Self::FailureAfter | Self::TimeoutAfter => !is_read,
            Self::Stale => is_read,
        }
    }
}

/// The way of one controller.
#[derive(Clone, Default)]
pub(super) struct Trouble(Arc<Shared>);

#[derive(Default)]
struct Shared {
    at: Option<(u64, What)>,
    state: Mutex<State>,
    /// The controller is to die now.
    dies: Notify,
}

#[derive(Default)]
struct State {
    seen: u64,
    /// Those that are no reads.
    writes: Vec<String>,
    /// The same with their queries.
    queries: Vec<String>,
    /// The numbers of the others.
    reads: Vec<u64>,
    /// What reads were answered, by cluster and path.
    answers: HashMap<String, (http::StatusCode, Bytes)>,
    /// The same, of the time before.
    before: HashMap<String, (http::StatusCode, Bytes)>,
    /// Replicas of every Deployment that was answered.
    replicas: Vec<i64>,
}

impl Trouble {
    /// None: requests are only counted.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// At one request, counted from 1; reads are stale as another way has seen them.
    pub(super) fn at(number: u64, what: What, before: &Self) -> Self {
        let before = before.0.state.lock().unwrap().answers.clone();
        let state = Mutex::new(State { before, ..State::default() });
        Self(Arc::new(Shared { at: Some((number, what)), state, dies: Notify::new() }))
    }

    /// How many requests there were.
    pub(super) fn requests(&self) -> u64 {
        self.0.state.lock().unwrap().seen
    }

    /// Method and path of all that were no reads.
    pub(super) fn writes(&self) -> Vec<String> {
        self.0.state.lock().unwrap().writes.clone()
    }

    /// Method, path and query of the same, each query with an `&` at its end.
    pub(super) fn queries(&self) -> Vec<String> {
        self.0.state.lock().unwrap().queries.clone()
    }

    /// The numbers of those that were.
    pub(super) fn reads(&self) -> Vec<u64> {
        self.0.state.lock().unwrap().reads.clone()
    }

    /// The replicas of Deployments, in every answer to a write.
    pub(super) fn replicas(&self) -> Vec<i64> {
        self.0.state.lock().unwrap().replicas.clone()
    }

    /// Waits until the controller is to die.
    pub(super) async fn death(&self) {
        self.0.dies.notified().await;
    }
}

/// The layer.
#[derive(Clone)]
pub(super) struct Troubled<S> {
    pub(super) inner: S,
    pub(super) trouble: Trouble,
    /// Which cluster the way leads to.
    pub(super) cluster: String,
}

type Answer = Response<UnsyncBoxBody<Bytes, BoxError>>;

impl<S, B> Service<Request<Body>> for Troubled<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Answer;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let (shared, cluster) = (self.trouble.0.clone(), self.cluster.clone());
        Box::pin(async move {
            let is_read = request.method() == Method::GET;
            let path = format!("{cluster} {}", request.uri());
            let what = {
                let mut state = shared.state.lock().unwrap();
                state.seen += 1;
                if is_read {
                    let number = state.seen;
                    state.reads.push(number);
                } else {
                    state.writes.push(format!("{} {}", request.method(), request.uri().path()));
                    state.queries.push(format!("{} {}&", request.method(), request.uri()));
                }
                shared.at.filter(|(number, _)| *number == state.seen).map(|(_, what)| what)
            };
            match what {
                Some(What::DeathBefore) => return die(&shared).await,
                Some(What::Conflict) => return Ok(status(409, "Conflict")),
                Some(What::Failure) => return Ok(status(500, "InternalError")),
                Some(What::Timeout) => return Err(lost()),
                Some(What::Stale) if is_read => {
                    let old = shared.state.lock().unwrap().before.get(&path).cloned();
                    if let Some((code, bytes)) = old {
                        return Ok(answer(code, bytes));
                    }
                }
                _ => {}
            }
            let is_watch = request.uri().query().is_some_and(|query| query.contains("watch=1"));
            let (head, body) = inner.call(request).await.map_err(Into::into)?.into_parts();
            if is_watch {
                // It has no end to wait for.
                return Ok(Response::from_parts(head, body.map_err(Into::into).boxed_unsync()));
            }
            let bytes = body.collect().await.map_err(Into::into)?.to_bytes();
            {
                let mut state = shared.state.lock().unwrap();
                if is_read {
                    state.answers.insert(path, (head.status, bytes.clone()));
                } else if let Ok(object) = serde_json::from_slice::<serde_json::Value>(&bytes)
                    && object["kind"] == "Deployment"
                {
                    state.replicas.extend(object["spec"]["replicas"].as_i64());
                }
            }
            match what {
                Some(What::DeathAfter) => die(&shared).await,
                Some(What::FailureAfter) => Ok(status(500, "InternalError")),
                Some(What::TimeoutAfter) => Err(lost()),
                _ => Ok(answer(head.status, bytes)),
            }
        })
    }
}

async fn die(shared: &Shared) -> Result<Answer, BoxError> {
    shared.dies.notify_one();
    std::future::pending().await
}

fn lost() -> BoxError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

fn answer(code: http::StatusCode, bytes: Bytes) -> Answer {
    let body = Full::new(bytes).map_err(|never| match never {}).boxed_unsync();
    Response::builder().status(code).header("content-type", "application/json").body(body).unwrap()
}

fn status(code: u16, reason: &str) -> Answer {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code,
        "message": "so it was arranged"});
    answer(http::StatusCode::from_u16(code).unwrap(), status.to_string().into())
}
