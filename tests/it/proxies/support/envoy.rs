//! A small HTTP server that stands for the proxies of pods.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use http::{Request, Response, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What it answers.
#[derive(Clone, Debug)]
pub(in crate::proxies) enum Answer {
    /// A text.
    Text(String),
    /// A text, compressed where that is offered.
    Packed(String),
    /// A text after a while.
    Slow(Duration, String),
    /// So many bytes.
    Flood(usize),
    /// The begin of a text, and then the connection breaks.
    Cut(String),
    /// Nothing before the test lets go.
    Held,
}

/// What a proxy says that collects what Istio's own do.
pub(in crate::proxies) const STATISTICS: &str = r#"# TYPE istio_requests_total counter
istio_requests_total{reporter="source",destination_service="api.example.com",destination_service_name="api.example.com",response_code="200",response_flags="-",request_protocol="http"} 7
# TYPE envoy_server_uptime gauge
envoy_server_uptime{} 7
"#;

/// Says that, whatever is asked.
pub(in crate::proxies) fn quiet(_: &str) -> Answer {
    Answer::Text(STATISTICS.to_owned())
}

pub(in crate::proxies) type Script = dyn Fn(&str) -> Answer + Send + Sync;

struct Shared {
    script: Mutex<Arc<Script>>,
    /// Paths with their queries, in the order in which they came, each with its method.
    asked: watch::Sender<Vec<String>>,
    /// Open connections, and how many there were.
    connections: watch::Sender<(usize, usize)>,
    /// Requests under way, and how many there were at most.
    busy: watch::Sender<(usize, usize)>,
    /// Counts the cuts.
    cuts: watch::Sender<u64>,
    go: watch::Sender<bool>,
}

/// It ends when dropped.
pub(in crate::proxies) struct Envoy {
    pub(in crate::proxies) port: u16,
    shared: Arc<Shared>,
    _tasks: JoinSet<()>,
}

impl Envoy {
    /// Starts one that answers paths as a script says.
    pub(in crate::proxies) async fn start(script: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            script: Mutex::new(Arc::new(script)),
            asked: watch::Sender::default(),
            connections: watch::Sender::default(),
            busy: watch::Sender::default(),
            cuts: watch::Sender::default(),
            go: watch::Sender::default(),
        });
        let mut tasks = JoinSet::new();
        let of_all = shared.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(TokioIo::new(stream), of_all.clone()));
            }
        });
        Self { port, shared, _tasks: tasks }
    }

    /// What was asked so far.
    pub(in crate::proxies) fn asked(&self) -> Vec<String> {
        self.shared.asked.borrow().clone()
    }

    /// How often its statistics were read.
    pub(in crate::proxies) fn reads(&self) -> usize {
        self.asked().iter().filter(|line| line.contains("/stats/prometheus")).count()
    }

    /// Waits until so many were asked.
    pub(in crate::proxies) async fn asked_for(&self, count: usize) {
        self.shared.asked.subscribe().wait_for(|asked| asked.len() >= count).await.unwrap();
    }

    /// Connections that are open now, and how many there were.
    pub(in crate::proxies) fn connections(&self) -> (usize, usize) {
        *self.shared.connections.borrow()
    }

    /// Waits until no connection is open.
    pub(in crate::proxies) async fn left(&self) {
        self.shared.connections.subscribe().wait_for(|(open, _)| *open == 0).await.unwrap();
    }

    /// Waits until so many requests are under way.
    pub(in crate::proxies) async fn busy(&self, count: usize) {
        self.shared.busy.subscribe().wait_for(|(now, _)| *now >= count).await.unwrap();
    }

    /// The most requests that were under way at once.
    pub(in crate::proxies) fn busiest(&self) -> usize {
        self.shared.busy.borrow().1
    }

    /// Answers what is held, from now on at once.
    pub(in crate::proxies) fn go(&self) {
        self.shared.go.send_replace(true);
    }

    /// Breaks every connection, and waits until they are.
    pub(in crate::proxies) async fn cut(&self) {
        self.shared.cuts.send_modify(|n| *n += 1);
        self.left().await;
    }

    /// Answers otherwise from now on.
    pub(in crate::proxies) fn now(&self, script: impl Fn(&str) -> Answer + Send + Sync + 'static) {
        *self.shared.script.lock().unwrap() = Arc::new(script);
    }
}

async fn serve(io: TokioIo<tokio::net::TcpStream>, shared: Arc<Shared>) {
    shared.connections.send_modify(|(open, all)| (*open, *all) = (*open + 1, *all + 1));
    let mut cuts = shared.cuts.subscribe();
    let of_requests = shared.clone();
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let shared = of_requests.clone();
        async move {
            let line = format!("{} {}", request.method(), request.uri());
            shared.asked.send_modify(|asked| asked.push(line));
            shared.busy.send_modify(|(now, most)| (*now, *most) = (*now + 1, (*most).max(*now + 1)));
            let script = shared.script.lock().unwrap().clone();
            let answer = answered(&request, script(request.uri().path()), &shared).await;
            shared.busy.send_modify(|(now, _)| *now -= 1);
            Ok::<_, io::Error>(answer)
        }
    });
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(io, service);
    tokio::select! {
        // Whoever asks may go at any moment.
        _ = serving => {}
        _ = cuts.changed() => {}
    }
    shared.connections.send_modify(|(open, _)| *open -= 1);
}

type Body = UnsyncBoxBody<Bytes, io::Error>;

async fn answered(request: &Request<Incoming>, answer: Answer, shared: &Shared) -> Response<Body> {
    let whole = |bytes: Vec<u8>| Full::new(Bytes::from(bytes)).map_err(|never| match never {}).boxed_unsync();
    let offers = request.headers().get(header::ACCEPT_ENCODING).is_some_and(|v| v.as_bytes() == b"gzip");
    match answer {
        Answer::Text(text) => Response::new(whole(text.into_bytes())),
        Answer::Packed(text) if offers => {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            std::io::Write::write_all(&mut packer, text.as_bytes()).unwrap();
            let packed = whole(packer.finish().unwrap());
            Response::builder().header(header::CONTENT_ENCODING, "gzip").body(packed).unwrap()
        }
        Answer::Packed(text) => Response::new(whole(text.into_bytes())),
        Answer::Slow(time, text) => {
            tokio::time::sleep(time).await;
            Response::new(whole(text.into_bytes()))
        }
        Answer::Flood(bytes) => {
            let chunk = Bytes::from(vec![b'x'; 1 << 20]);
            let chunks = (0..bytes >> 20).map(move |_| Ok(Frame::data(chunk.clone())));
            Response::new(StreamBody::new(futures::stream::iter(chunks)).boxed_unsync())
        }
        Answer::Cut(text) => {
            // What was begun has left before it breaks.
            let frames = futures::stream::iter([Some(text), None]).then(async |text| match text {
                Some(text) => Ok(Frame::data(Bytes::from(text))),
                None => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    Err(io::Error::other("cut"))
                }
            });
            Response::new(StreamBody::new(Box::pin(frames)).boxed_unsync())
        }
        Answer::Held => {
            shared.go.subscribe().wait_for(|go| *go).await.unwrap();
            Response::new(whole(STATISTICS.as_bytes().to_vec()))
        }
    }
}
