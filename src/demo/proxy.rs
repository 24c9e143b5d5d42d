//! What listens inside simulated pods: a handler per pod, reached through the API server's proxy and port-forward.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::DuplexStream;

use super::cluster::SimulatedCluster;
use super::envoy::{Answer, Proxy, Request};
use super::state::State;
use super::store::Key;

/// The inside of one pod.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    pub(super) cluster: SimulatedCluster,
    pub(super) key: Key,
}

impl Inside {
    /// Answers a request to a port of the pod as it is now; none: nobody listens there.
    pub(super) fn answer(&self, asked: Request<'_>) -> Option<Answer> {
        self.cluster.with(|state| {
            let pod = state.store.get(&self.key).cloned()?;
            answer_of(state, &pod, asked)
        })
    }

    /// Serves one connection to a port. Nobody listening closes it.
    pub(super) async fn connection(self: Arc<Self>, port: u16, io: DuplexStream) {
        if self.answer(Request { port, posts: false, path: "/" }).is_none() {
            return;
        }
        let service = hyper::service::service_fn(move |request: http::Request<hyper::body::Incoming>| {
            let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
            let posts = request.method() == Method::POST;
            let answer = self.answer(Request { port, posts, path }).map(told);
            let gone = || {
                let mut answer = Response::new(Full::default());
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                answer
            };
            std::future::ready(Ok::<_, Infallible>(answer.unwrap_or_else(gone)))
        });
        // The client may go at any moment.
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(io), service).await;
    }
}

/// What a pod in a known state answers.
pub(super) fn answer_of(state: &mut State, pod: &Value, asked: Request<'_>) -> Option<Answer> {
    // Levels of logging are all that a request changes, and only where a proxy runs.
    let answer = match Proxy::of(state, pod, state.now) {
        Some(proxy) => proxy.answer(asked),
        None => idle(pod, asked),
    }?;
    let changes = asked.port == 15_000 && asked.posts && answer.code == 200;
    match asked.path.strip_prefix("/logging").filter(|_| changes) {
        Some(rest) => {
            let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
            Some(state.workload.levels.change(uid, rest.strip_prefix('?').unwrap_or_default()))
        }
        None => Some(answer),
    }
}

/// What a pod answers in which no proxy is seen to run: readiness, as the tests of the server ask for it.
fn idle(pod: &Value, asked: Request<'_>) -> Option<Answer> {
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let ready = conditions.any(|c| c["type"] == "Ready" && c["status"] == "True");
    let (code, text) = match (asked.port, asked.path) {
        (15021 | 15020, "/healthz/ready") if ready => (200, ""),
        (15021 | 15020, "/healthz/ready") => (503, "not ready"),
        (15000, "/ready") if ready => (200, "LIVE\n"),
        (15000, "/ready") => (503, "PRE_INITIALIZING\n"),
        (15000 | 15020 | 15021 | 15090, _) => (404, "not found\n"),
        _ => return None,
    };
    Some(Answer { code, kind: "text/plain; charset=UTF-8", text: text.to_owned() })
}

/// An answer as HTTP has it.
fn told(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.text)));
    *response.status_mut() = StatusCode::from_u16(answer.code).unwrap_or(StatusCode::NOT_FOUND);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.kind));
    response
}
