//! A server on this machine that stands for an external host, and answers as it is asked to.

use super::cluster::free_ports;
use super::{Error, Result, While};
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// A server that makes of a path: `/status/503` that code, `/slow/200` a 200 after so many milliseconds, `/bytes/1000` a
/// body of that size, `/hang` nothing at all, `/reset` the end of the connection without an answer. Anything else is 200.
pub struct Upstream {
    port: u16,
    asked: Arc<watch::Sender<u64>>,
    serving: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Starts one.
    pub async fn start() -> Result<Self> {
        let [port] = free_ports()?;
        let mut upstream = Self { port, asked: Arc::default(), serving: None };
        upstream.start_again().await?;
        Ok(upstream)
    }

    /// Starts it again after [`Upstream::stop`], on the same port.
    pub async fn start_again(&mut self) -> Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await;
        let listener = listener.while_doing("starting a server that stands for a host")?;
        self.serving = Some(tokio::spawn(serve(listener, Arc::clone(&self.asked))));
        Ok(())
    }

    /// Ends it with all its connections: who connects is refused.
    pub async fn stop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            // Awaited, so that nobody listens when this returns.
            let _ = serving.await;
        }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many requests reached it.
    pub fn asked(&self) -> u64 {
        *self.asked.borrow()
    }

    /// Waits until so many requests have reached it.
    pub async fn until_asked(&self, times: u64) {
        // The sender lives as long as this does.
        let _ = self.asked.subscribe().wait_for(|asked| *asked >= times).await;
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}

async fn serve(listener: TcpListener, asked: Arc<watch::Sender<u64>>) {
    // The connections end with the task that holds them.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let asked = Arc::clone(&asked);
        let service = service_fn(move |request: Request<Incoming>| {
            asked.send_modify(|asked| *asked += 1);
            async move { answer(request.uri().path()).await }
        });
        connections.spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(path: &str) -> Result<Response<Full<Bytes>>> {
    let mut words = path.trim_start_matches('/').split('/');
    let (what, number) = (words.next().unwrap_or_default(), words.next());
    let number = || number.and_then(|n| n.parse::<u64>().ok()).unwrap_or_default();
    let (mut code, mut body) = (200, Bytes::from_static(b"ok\n"));
    match what {
        "status" => code = u16::try_from(number()).unwrap_or(500),
        "slow" => tokio::time::sleep(Duration::from_millis(number())).await,
        "bytes" => body = vec![b'x'; usize::try_from(number()).unwrap_or_default()].into(),
        "hang" => std::future::pending().await,
        "reset" => return Err(Error("asked to end the connection".to_owned())),
        _ => {}
    }
    Response::builder().status(code).body(Full::new(body)).while_doing("answering as a host")
}
