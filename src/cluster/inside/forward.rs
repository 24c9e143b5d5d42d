//! Port-forwards that are kept: one per pod and port, with one HTTP/1.1 connection on it.
//!
//! A port has a port-forward of its own: over one WebSocket, the end of one port's stream is not told before all end.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::Portforwarder;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::body::{Limits, pour};
use super::trouble::{Trouble, Wrong, about, cut};
use super::{Got, Sink, budget};
use crate::cluster::access::{Action, may};
use crate::cluster::connect::Connection;
use crate::cluster::error::in_words;
use crate::model::clean::clean;
use crate::model::name::{Kind, ObjectKey};
use crate::model::way::Way;

/// How long the reason of a stream that ended may be behind its end.
const REASON: Duration = Duration::from_millis(200);

/// An open one.
struct Kept {
    sender: SendRequest<Empty<Bytes>>,
    /// Why the port is of no more use, when the other side says so.
    error: Pin<Box<dyn Future<Output = Option<String>> + Send + Sync>>,
    forwarder: Portforwarder,
    /// Carries the connection; ends with it.
    _driver: JoinSet<()>,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // It would wait for the other side's goodbye.
        self.forwarder.abort();
    }
}

/// A place for one. Whoever asks holds it until the answer is read: requests on one connection follow each other.
type Slot = Arc<tokio::sync::Mutex<Option<Kept>>>;

/// Those of one cluster.
pub(super) struct Forwards {
    c: Connection,
    slots: Mutex<HashMap<(ObjectKey, u16), Slot>>,
}

impl Forwards {
    pub(super) fn new(c: Connection) -> Self {
        Self { c, slots: Mutex::default() }
    }

    /// Closes those of a pod; one that is just used, when it was.
    pub(super) fn close(&self, pod: &ObjectKey) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).retain(|(of, _), _| of != pod);
    }

    fn slot(&self, pod: &ObjectKey, port: u16) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry((pod.clone(), port)).or_default().clone()
    }

    /// Reads a path of a port of a pod.
    pub(super) async fn get(
        &self,
        pod: &ObjectKey,
        port: u16,
        path: &str,
        limits: Limits,
        into: Sink<'_>,
    ) -> Result<Got, Trouble> {
        let slot = self.slot(pod, port);
        let mut slot = slot.lock().await;
        // Taken out: whatever breaks this off also closes it.
        let (mut kept, answer) = match slot.take() {
            Some(mut kept) => match self.ask(&mut kept, port, path, limits).await {
                Ok(answer) => (kept, answer),
                // It was cut since, which nothing told: opened anew, once.
                Err(_) => self.open_and_ask(pod, port, path, limits).await?,
            },
            None => self.open_and_ask(pod, port, path, limits).await?,
        };
        let (head, body) = answer.into_parts();
        if head.status != StatusCode::OK {
            return Err(Trouble::Way(Wrong::Odd(port, head.status.as_u16())));
        }
        let asked = about(&self.c, pod);
        let (wire, bytes) = pour(&head.headers, body, limits, into).await.map_err(|e| cut(&asked, &e))?;
        if kept.sender.ready().await.is_ok() {
            *slot = Some(kept);
        }
        Ok(Got { way: Way::PortForward(port), wire, bytes })
    }

    async fn open_and_ask(
        &self,
        pod: &ObjectKey,
        port: u16,
        path: &str,
        limits: Limits,
    ) -> Result<(Kept, Response<Incoming>), Trouble> {
        let mut kept = self.open(pod, port).await?;
        let answer = self.ask(&mut kept, port, path, limits).await.map_err(Trouble::Way)?;
        Ok((kept, answer))
    }

    async fn open(&self, pod: &ObjectKey, port: u16) -> Result<Kept, Trouble> {
        let c = &self.c;
        c.authorized().await.map_err(Trouble::Ends)?;
        let pods = Api::<Pod>::namespaced(c.client.clone(), &pod.namespace);
        let opened = timeout(budget(c), pods.portforward(&pod.name, &[port])).await;
        let mut forwarder = match opened {
            Err(_) => return Err(Trouble::Way(Wrong::Silent(budget(c)))),
            Ok(Err(error)) => return Err(self.refused(pod, &error).await),
            Ok(Ok(forwarder)) => forwarder,
        };
        let (Some(stream), Some(error)) = (forwarder.take_stream(port), forwarder.take_error(port)) else {
            return Err(Trouble::Way(Wrong::Broken("it has no stream".to_owned())));
        };
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Trouble::Way(Wrong::Broken(in_words(&error))))?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // It ends when either side goes.
            let _ = connection.await;
        });
        Ok(Kept { sender, error: Box::pin(error), forwarder, _driver: driver })
    }

    /// Sends one GET. Nothing else is ever sent into a pod (R23).
    async fn ask(
        &self,
        kept: &mut Kept,
        port: u16,
        path: &str,
        limits: Limits,
    ) -> Result<Response<Incoming>, Wrong> {
        let mut request = Request::get(path).header(header::HOST, "localhost");
        if limits.gzip {
            request = request.header(header::ACCEPT_ENCODING, "gzip");
        }
        let request = request.body(Empty::new()).map_err(|e| Wrong::Broken(e.to_string()))?;
        match timeout(budget(&self.c), kept.sender.send_request(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Err(_) => Err(Wrong::Silent(budget(&self.c))),
            Ok(Err(error)) => match timeout(REASON, &mut kept.error).await {
                Ok(Some(said)) if is_refused(&said) => Err(Wrong::Refused(port)),
                Ok(Some(said)) => Err(Wrong::Broken(clean(said.trim()).chars().take(200).collect())),
                _ => Err(Wrong::Broken(in_words(&error))),
            },
        }
    }

    /// What the refusal of a port-forward means.
    async fn refused(&self, pod: &ObjectKey, error: &kube::Error) -> Trouble {
        let asked = about(&self.c, pod);
        let code = match error {
            kube::Error::Api(status) => status.code,
            kube::Error::UpgradeConnection(kube::client::UpgradeConnectionError::ProtocolSwitch(code)) => {
                code.as_u16()
            }
            _ => 0,
        };
        match code {
            403 => Trouble::Way(Wrong::Denied(self.missing(pod).await)),
            400 | 500..=599 => {
                let said = match error {
                    kube::Error::Api(status) if !status.message.is_empty() => status.message.clone(),
                    other => in_words(other),
                };
                Trouble::Way(Wrong::Unreachable(clean(said.trim()).chars().take(200).collect()))
            }
            _ => Trouble::Ends(asked.fault(error)),
        }
    }

    /// Which rights are missing: its refusal has no words. Since Kubernetes 1.35 both are needed. Empty: neither is known
    /// to be.
    async fn missing(&self, pod: &ObjectKey) -> Vec<&'static str> {
        let ask = |verb| {
            let action = Action {
                verb,
                kind: Kind::Pod,
                subresource: "portforward",
                namespace: &pod.namespace,
                name: &pod.name,
            };
            may(&self.c, action)
        };
        let (get, create) = tokio::join!(ask("get"), ask("create"));
        let all = [("get pods/portforward", get), ("create pods/portforward", create)];
        all.iter().filter(|(_, may)| *may == Some(false)).map(|(right, _)| *right).collect()
    }
}

/// Whether a port-forward's error says that nothing listens.
fn is_refused(said: &str) -> bool {
    let said = said.to_lowercase();
    said.contains("connection refused") || said.contains("failed to connect")
}
