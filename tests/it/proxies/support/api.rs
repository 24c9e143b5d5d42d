//! An API server that leads into pods, or does not, as a test says.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::{BufMut as _, Bytes, BytesMut};
use futures::{SinkExt as _, StreamExt as _};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

/// What becomes of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxies) enum Leads {
    /// Into the pod.
    In,
    /// Nowhere: it hangs.
    Nowhere,
    /// To a port where nobody listens.
    Refused,
    /// It is forbidden.
    Denied,
    /// The pod is gone.
    Gone,
}

/// How it is.
#[derive(Clone, Debug)]
pub(in crate::proxies) struct Rules {
    /// The pod proxy.
    pub proxy: Leads,
    /// Port-forwards.
    pub forward: Leads,
    /// Ports that are closed, by whatever way.
    pub closed: Vec<u16>,
    /// Rights that an access review denies, `create pods/portforward`; none: reviews fail.
    pub denied: Option<Vec<&'static str>>,
    /// The phase of pods.
    pub phase: &'static str,
    /// What `metrics.k8s.io` answers; none: it is not served.
    pub usage: Option<serde_json::Value>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            proxy: Leads::In,
            forward: Leads::In,
            closed: Vec::new(),
            denied: Some(Vec::new()),
            phase: "Running",
            usage: None,
        }
    }
}

struct Shared {
    rules: Mutex<Rules>,
    asked: Mutex<Vec<String>>,
    /// The port of this machine that all pods lead to.
    inside: u16,
}

/// It ends when dropped.
pub(in crate::proxies) struct Api {
    shared: Arc<Shared>,
    dir: tempfile::TempDir,
    url: String,
    _tasks: JoinSet<()>,
}

impl Api {
    /// Starts one whose pods lead to a port of this machine.
    pub(in crate::proxies) async fn start(inside: u16, rules: Rules) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { rules: Mutex::new(rules), asked: Mutex::default(), inside });
        let mut tasks = JoinSet::new();
        let of_all = shared.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = of_all.clone();
                let service = hyper::service::service_fn(move |request| answer(request, shared.clone()));
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .with_upgrades();
                connections.spawn(async move {
                    // Whoever asks may go at any moment.
                    let _ = serving.await;
                });
            }
        });
        Self { shared, dir: tempfile::tempdir().unwrap(), url, _tasks: tasks }
    }

    /// A kubeconfig with one context, `fake`.
    pub(in crate::proxies) fn kubeconfig(&self) -> PathBuf {
        let file = self.dir.path().join("config");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: fake\n\
             clusters: [{{name: fake, cluster: {{server: '{}'}}}}]\n\
             users: [{{name: fake, user: {{}}}}]\n\
             contexts: [{{name: fake, context: {{cluster: fake, user: fake}}}}]\n",
            self.url
        );
        std::fs::write(&file, text).unwrap();
        file
    }

    /// Changes how it is.
    pub(in crate::proxies) fn now(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut self.shared.rules.lock().unwrap());
    }

    /// Methods and paths without queries that were asked so far, of those that hold this.
    pub(in crate::proxies) fn asked(&self, part: &str) -> Vec<String> {
        self.shared.asked.lock().unwrap().iter().filter(|line| line.contains(part)).cloned().collect()
    }
}

type Answer = Response<Full<Bytes>>;

fn status(code: u16, reason: &str, message: &str) -> Answer {
    let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
        "message": message, "code": code});
    let body = Full::new(Bytes::from(status.to_string()));
    Response::builder().status(code).header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

fn object(code: u16, value: &serde_json::Value) -> Answer {
    Response::builder().status(code).body(Full::new(Bytes::from(value.to_string()))).unwrap()
}

async fn answer(request: Request<Incoming>, shared: Arc<Shared>) -> Result<Answer, Infallible> {
    let path = request.uri().path().to_owned();
    shared.asked.lock().unwrap().push(format!("{} {path}", request.method()));
    let rules = shared.rules.lock().unwrap().clone();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    Ok(match parts.as_slice() {
        ["api", "v1", "namespaces", _, "pods", pod, "proxy", ..] => {
            let port = pod.split_once(':').unwrap().1.parse().unwrap();
            let rest = path.split_once("/proxy").unwrap().1;
            proxied(&request, rest, port, &rules, shared.inside).await
        }
        ["api", "v1", "namespaces", _, "pods", _, "portforward"] => {
            forwarded(request, &rules, shared.inside).await
        }
        ["api", "v1", "namespaces", namespace, "pods", pod] => {
            let pod =
                json!({"metadata": {"name": pod, "namespace": namespace}, "status": {"phase": rules.phase}});
            match rules.forward {
                Leads::Gone => status(404, "NotFound", "pods \"p\" not found"),
                _ => object(200, &pod),
            }
        }
        ["apis", "authorization.k8s.io", ..] => review(request, &rules).await,
        ["apis", "metrics.k8s.io", ..] => match &rules.usage {
            Some(usage) => object(200, usage),
            None => status(404, "", "404 page not found"),
        },
        _ => status(404, "NotFound", "nothing here"),
    })
}

async fn review(request: Request<Incoming>, rules: &Rules) -> Answer {
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let review: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let of = &review["spec"]["resourceAttributes"];
    let text = |field: &str| of[field].as_str().unwrap_or_default().to_owned();
    let right = format!("{} {}/{}", text("verb"), text("resource"), text("subresource"));
    match &rules.denied {
        None => status(500, "InternalError", "no"),
        Some(denied) => object(201, &json!({"status": {"allowed": !denied.contains(&right.as_str())}})),
    }
}

async fn proxied(request: &Request<Incoming>, rest: &str, port: u16, rules: &Rules, inside: u16) -> Answer {
    let unreached =
        |why: &str| status(503, "ServiceUnavailable", &format!("error trying to reach service: {why}"));
    match rules.proxy {
        Leads::Nowhere => std::future::pending().await,
        Leads::Denied => status(403, "Forbidden", "pods \"p:15090\" is forbidden: User \"anna\" cannot get"),
        Leads::Gone => status(404, "NotFound", "pods \"p\" not found"),
        Leads::Refused => unreached("dial tcp 10.0.0.1:15090: connect: connection refused"),
        Leads::In if rules.closed.contains(&port) => {
            unreached("dial tcp 10.0.0.1:15090: connect: connection refused")
        }
        Leads::In => {
            let stream = TcpStream::connect(("127.0.0.1", inside)).await.unwrap();
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(async move { drop(connection.await) });
            let query = request.uri().query().map(|q| format!("?{q}")).unwrap_or_default();
            let mut inner = Request::get(format!("{rest}{query}")).header(header::HOST, "pod");
            if let Some(offered) = request.headers().get(header::ACCEPT_ENCODING) {
                inner = inner.header(header::ACCEPT_ENCODING, offered);
            }
            let answer = sender.send_request(inner.body(Full::<Bytes>::default()).unwrap()).await.unwrap();
            let (head, body) = answer.into_parts();
            match body.collect().await {
                Ok(body) => Response::from_parts(head, Full::new(body.to_bytes())),
                Err(_) => status(502, "", "it broke off"),
            }
        }
    }
}

async fn forwarded(mut request: Request<Incoming>, rules: &Rules, inside: u16) -> Answer {
    match rules.forward {
        Leads::Nowhere => return std::future::pending().await,
        Leads::Denied => return status(403, "", ""),
        Leads::Gone => return status(404, "NotFound", "pods \"p\" not found"),
        Leads::Refused | Leads::In => {}
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let port: u16 = query.rsplit_once("ports=").unwrap().1.parse().unwrap();
    let closed = rules.forward == Leads::Refused || rules.closed.contains(&port);
    let key = request.headers()[header::SEC_WEBSOCKET_KEY].clone();
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgraded.await else { return };
        let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
        carry(socket, port, (!closed).then_some(inside)).await;
    });
    Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
        .header(header::SEC_WEBSOCKET_PROTOCOL, "v4.channel.k8s.io")
        .body(Full::default())
        .unwrap()
}

/// Carries the bytes of one port, as a kubelet does.
async fn carry(socket: WebSocketStream<TokioIo<hyper::upgrade::Upgraded>>, port: u16, inside: Option<u16>) {
    let (mut out, mut incoming) = socket.split();
    for channel in [0, 1] {
        let _ = out.send(framed(channel, &port.to_le_bytes())).await;
    }
    let Some(inside) = inside else {
        let why = format!("error forwarding port {port} to pod p: dial tcp: connect: connection refused");
        let _ = out.send(framed(1, why.as_bytes())).await;
        let _ = out.close().await;
        return;
    };
    let stream = TcpStream::connect(("127.0.0.1", inside)).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let back = async move {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read @ 1..) = reader.read(&mut buffer).await {
            if out.send(framed(0, &buffer[..read])).await.is_err() {
                return;
            }
        }
        let _ = out.close().await;
    };
    let forth = async move {
        while let Some(Ok(Message::Binary(data))) = incoming.next().await {
            if data.first() == Some(&0) && writer.write_all(&data[1..]).await.is_err() {
                return;
            }
        }
    };
    // The end of either side is the end of both.
    tokio::select! {
        () = back => {}
        () = forth => {}
    }
}

fn framed(channel: u8, data: &[u8]) -> Message {
    let mut frame = BytesMut::with_capacity(data.len() + 1);
    frame.put_u8(channel);
    frame.extend_from_slice(data);
    Message::Binary(frame.freeze())
}
