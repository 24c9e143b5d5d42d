//! What listens inside simulated pods: a handler per pod, reached through the API server's proxy and port-forward.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::DuplexStream;

use super::cluster::SimulatedCluster;
use super::store::Key;

/// The inside of one pod.
#[derive(Clone, Debug)]
pub(super) struct Inside {
    pub(super) cluster: SimulatedCluster,
    pub(super) key: Key,
}

impl Inside {
    /// Answers a request to a port of the pod as it is now; none: nobody listens there.
    pub(super) fn answer(&self, port: u16, path: &str) -> Option<Response<Full<Bytes>>> {
        let pod = self.cluster.with(|state| state.store.get(&self.key).cloned())?;
        let (code, text) = self.answer_of(&pod, port, path)?;
        let mut answer = Response::new(Full::new(Bytes::from(text)));
        *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::NOT_FOUND);
        Some(answer)
    }

    /// Code and text of the answer of a pod in a known state.
    #[expect(clippy::unused_self, reason = "what answers will depend on which pod it is")]
    pub(super) fn answer_of(&self, pod: &Value, port: u16, path: &str) -> Option<(u16, String)> {
        let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
        let ready = conditions.any(|c| c["type"] == "Ready" && c["status"] == "True");
        let (code, text) = match (port, path) {
            (15021 | 15020, "/healthz/ready") if ready => (200, ""),
            (15021 | 15020, "/healthz/ready") => (503, "not ready"),
            (15000, "/ready") if ready => (200, "LIVE\n"),
            (15000, "/ready") => (503, "PRE_INITIALIZING\n"),
            (15000 | 15020 | 15021 | 15090, _) => (404, "not found\n"),
            _ => return None,
        };
        Some((code, text.to_owned()))
    }

    /// Serves one connection to a port. Nobody listening closes it.
    pub(super) async fn connection(self: Arc<Self>, port: u16, io: DuplexStream) {
        if self.answer(port, "/").is_none() {
            return;
        }
        let service = hyper::service::service_fn(move |request: Request<hyper::body::Incoming>| {
            let answer = self.answer(port, request.uri().path());
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
