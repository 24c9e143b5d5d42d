//! A server that answers as a test says: the ways in which a real one fails, on request.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

/// What speaks over a WebSocket.
#[derive(Clone)]
pub(in crate::cluster) struct Speaks(
    pub Arc<dyn Fn(WebSocketStream<TcpStream>) -> BoxFuture<'static, ()> + Send + Sync>,
);

impl std::fmt::Debug for Speaks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Speaks")
    }
}

/// What is written after the head, and what becomes of the connection.
#[derive(Clone, Debug)]
pub(in crate::cluster) enum Answer {
    /// A whole answer.
    Whole(u16, &'static str, String),
    /// A head of 200, this much of a body, then the end that a chunked body has.
    Stream(String),
    /// A head of 200, this much of a body, then the connection breaks.
    Cut(String),
    /// A head of 200, this much of a body, then silence.
    Hold(String),
    /// Nothing at all.
    Silence,
    /// An upgrade to a WebSocket with this protocol, and what is said over it.
    Socket(&'static str, Speaks),
}

/// JSON that is whole.
pub(in crate::cluster) fn ok(body: impl ToString) -> Answer {
    Answer::Whole(200, "application/json", body.to_string())
}

/// A refusal as the API server writes it.
pub(in crate::cluster) fn status(code: u16, message: &str) -> Answer {
    let status =
        json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "code": code});
    Answer::Whole(code, "application/json", status.to_string())
}

/// A request that came.
#[derive(Clone, Debug)]
pub(in crate::cluster) struct Asked {
    pub method: String,
    pub uri: String,
    pub authorization: String,
    pub user_agent: String,
    socket_key: String,
}

impl Asked {
    /// The path, without its query.
    pub(in crate::cluster) fn path(&self) -> &str {
        self.uri.split('?').next().unwrap()
    }

    /// Whether it is a watch.
    pub(in crate::cluster) fn watches(&self) -> bool {
        self.uri.contains("watch=1")
    }
}

/// A running server. It ends when dropped.
pub(in crate::cluster) struct Fake {
    pub url: String,
    dir: tempfile::TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// How many connections are open.
    open: watch::Sender<usize>,
    _tasks: JoinSet<()>,
}

impl Fake {
    /// Starts a server that gives these answers; `None`: those of an empty cluster.
    pub(in crate::cluster) async fn start(
        answer: impl Fn(&Asked) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let log = asked.clone();
        let open = watch::Sender::new(0);
        let count = open.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (log, answer, count) = (log.clone(), answer.clone(), count.clone());
                count.send_modify(|n| *n += 1);
                connections.spawn(async move {
                    // A connection that the client gives up is no failure of the test.
                    let _ = serve(stream, &log, &*answer).await;
                    count.send_modify(|n| *n -= 1);
                });
            }
        });
        Self { url, dir: tempfile::tempdir().unwrap(), asked, open, _tasks: tasks }
    }

    /// What was asked so far.
    pub(in crate::cluster) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until every connection is closed.
    pub(in crate::cluster) async fn left(&self) {
        self.open.subscribe().wait_for(|n| *n == 0).await.unwrap();
    }

    /// A kubeconfig with one context, `fake`, whose user is this YAML.
    pub(in crate::cluster) fn kubeconfig(&self, user: &str) -> PathBuf {
        let file = self.dir.path().join("config");
        kubeconfig(&file, &self.url, user);
        file
    }
}

/// Writes a kubeconfig with one context, `fake`.
pub(in crate::cluster) fn kubeconfig(file: &Path, url: &str, user: &str) {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: fake\n\
         clusters: [{{name: fake, cluster: {{server: '{url}'}}}}]\n\
         users: [{{name: fake, user: {user}}}]\n\
         contexts: [{{name: fake, context: {{cluster: fake, user: fake}}}}]\n"
    );
    std::fs::write(file, text).unwrap();
}

async fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Asked>>,
    answer: &(impl Fn(&Asked) -> Option<Answer> + Send + Sync),
) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                let head: Vec<u8> = buffer.drain(..end + 4).collect();
                break String::from_utf8_lossy(&head).into_owned();
            }
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        let asked = parse(&head);
        log.lock().unwrap().push(asked.clone());
        let chunk = |body: &str| format!("{:x}\r\n{body}\r\n", body.len());
        let begin = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        match answer(&asked).unwrap_or_else(|| usual(&asked)) {
            Answer::Whole(code, kind, body) => {
                let head = format!(
                    "HTTP/1.1 {code} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await?;
                stream.write_all(body.as_bytes()).await?;
            }
            Answer::Stream(body) => {
                let chunk = if body.is_empty() { String::new() } else { chunk(&body) };
                stream.write_all(format!("{begin}{chunk}0\r\n\r\n").as_bytes()).await?;
            }
            Answer::Cut(body) => {
                return stream.write_all(format!("{begin}{}", chunk(&body)).as_bytes()).await;
            }
            Answer::Silence => return held(stream).await,
            Answer::Socket(protocol, speaks) => {
                let accept = derive_accept_key(asked.socket_key.as_bytes());
                let head = format!(
                    "HTTP/1.1 101 X\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-accept: {accept}\r\nsec-websocket-protocol: {protocol}\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).await?;
                let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
                (speaks.0)(socket).await;
                return Ok(());
            }
            Answer::Hold(body) => {
                let chunk = if body.is_empty() { String::new() } else { chunk(&body) };
                stream.write_all(format!("{begin}{chunk}").as_bytes()).await?;
                return held(stream).await;
            }
        }
    }
}

/// Until the client gives it up.
async fn held(mut stream: TcpStream) -> std::io::Result<()> {
    let mut rest = [0; 256];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

fn parse(head: &str) -> Asked {
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, uri) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let header = |name: &str| {
        let of = |line: &str| {
            line.split_once(':')
                .filter(|(n, _)| n.eq_ignore_ascii_case(name))
                .map(|(_, v)| v.trim().to_owned())
        };
        head.lines().find_map(of).unwrap_or_default()
    };
    Asked {
        method: method.to_owned(),
        uri: uri.to_owned(),
        authorization: header("authorization"),
        user_agent: header("user-agent"),
        socket_key: header("sec-websocket-key"),
    }
}

/// What an empty cluster answers.
fn usual(asked: &Asked) -> Answer {
    match asked.path() {
        "/version" => ok(json!({"gitVersion": "v1.36.0-fake"})),
        "/api/v1/namespaces/kube-system" => ok(json!({"metadata": {"uid": "fake-uid"}})),
        path if path.starts_with("/apis/istio.alibabacloud.com")
            || path.starts_with("/apis/gateway.networking") =>
        {
            status(404, "the server could not find the requested resource")
        }
        _ if asked.watches() => Answer::Hold(String::new()),
        _ => ok(list(7, &[])),
    }
}

/// The body of a list.
pub(in crate::cluster) fn list(version: u32, items: &[serde_json::Value]) -> serde_json::Value {
    json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version.to_string()}, "items": items})
}

/// A pod of `istio-system`.
pub(in crate::cluster) fn pod(name: &str, version: u32) -> serde_json::Value {
    json!({
        "metadata": {"name": name, "namespace": "istio-system", "resourceVersion": version.to_string()},
        "spec": {"containers": [{"name": "istio-proxy"}]},
        "status": {"phase": "Running"},
    })
}

/// An event of a watch, as a line.
pub(in crate::cluster) fn event(kind: &str, object: &serde_json::Value) -> String {
    format!("{}\n", json!({"type": kind, "object": object}))
}
