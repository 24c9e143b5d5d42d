//! What the controller answers over HTTP: is it alive, is it ready, what has it done.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::model::clean::clean;
use crate::reconcile::telemetry::{CONTENT_TYPE, Telemetry};

/// Connections at one time: probes and a scraper need few.
const MOST: usize = 64;

/// A client that has not sent its request's head by then is let go.
const HEAD: Duration = Duration::from_secs(5);

/// Open answers may take so long when the controller stops.
const GRACE: Duration = Duration::from_secs(2);

/// Which question a check answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Probe {
    /// Does it work at all? Else it is to be started again.
    Live,
    /// Can it do its task?
    Ready,
}

/// Named checks, each with how it went last. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Probes(Arc<Mutex<Checks>>);

/// How each check went last.
type Checks = BTreeMap<(Probe, &'static str), Result<(), String>>;

impl Probes {
    /// Says how a check went.
    pub fn set(&self, probe: Probe, name: &'static str, went: Result<(), String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((probe, name), went);
    }

    /// Whether all went well, and each in a line: those that did not, or all.
    fn told(&self, probe: Probe, all: bool) -> (bool, String) {
        let checks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = || checks.iter().filter(|((of, _), _)| *of == probe);
        let lines = own().filter_map(|((_, name), went)| match went {
            Ok(()) => all.then(|| format!("{name}: ok\n")),
            Err(why) => Some(format!("{name}: {}\n", clean(why))),
        });
        let lines: String = lines.collect();
        let well = own().all(|(_, went)| went.is_ok());
        (well, if lines.is_empty() { "ok\n".to_owned() } else { lines })
    }
}

/// Answers until told to stop.
pub async fn serve(
    listener: TcpListener,
    probes: Probes,
    telemetry: Telemetry,
    stop: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(MOST));
    let (stopping, stopped) = tokio::sync::watch::channel(());
    let mut open = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = room.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = &mut stop => break,
            next = next => next,
        };
        while open.try_join_next().is_some() {}
        // A connection that was gone before it was taken.
        let Ok((stream, _)) = accepted else { continue };
        let (probes, telemetry, mut stopped) = (probes.clone(), telemetry.clone(), stopped.clone());
        open.spawn(async move {
            let _place = place;
            let answer = service_fn(move |request| {
                let answer = answer(&request, &probes, &telemetry);
                async move { Ok::<_, Infallible>(answer) }
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD);
            let connection = http.serve_connection(TokioIo::new(stream), answer);
            tokio::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = stopped.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        });
    }
    drop(listener);
    let _ = stopping.send(());
    let _ = tokio::time::timeout(GRACE, async { while open.join_next().await.is_some() {} }).await;
}

fn answer(request: &Request<Incoming>, probes: &Probes, telemetry: &Telemetry) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    let all = request.uri().query().is_some_and(|query| query.split('&').any(|part| part == "verbose"));
    let checked = |probe| {
        let (well, lines) = probes.told(probe, all);
        (if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, TEXT, lines)
    };
    let known = ["/healthz", "/readyz", "/metrics"].contains(&request.uri().path());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (code, kind, text) = match request.uri().path() {
        _ if known && !is_read => (StatusCode::METHOD_NOT_ALLOWED, TEXT, "this is only read\n".to_owned()),
        "/healthz" => checked(Probe::Live),
        "/readyz" => checked(Probe::Ready),
        "/metrics" => match telemetry.text() {
            Ok(text) => (StatusCode::OK, CONTENT_TYPE, text),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the metrics cannot be written\n".to_owned()),
        },
        _ => (StatusCode::NOT_FOUND, TEXT, "there are /healthz, /readyz and /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = code;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    if code == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, http::HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;

    async fn serving(
        probes: Probes,
    ) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move { drop(stopped.await) };
        let serving = tokio::spawn(serve(listener, probes, Telemetry::default(), stopped));
        (address, stop, serving)
    }

    async fn ask(address: std::net::SocketAddr, line: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn each_path_answers_what_it_is_asked() {
        let probes = Probes::default();
        probes.set(Probe::Live, "loop", Ok(()));
        probes.set(Probe::Ready, "lease", Err("held by \u{1b}[31msomebody".to_owned()));
        let (address, stop, serving) = serving(probes.clone()).await;
        for (line, first, holds) in [
            ("GET /healthz", "HTTP/1.1 200 OK", "\r\n\r\nok\n"),
            ("GET /healthz?verbose", "HTTP/1.1 200 OK", "loop: ok\n"),
            ("GET /readyz", "HTTP/1.1 503 Service Unavailable", "lease: held by ·[31msomebody\n"),
            ("GET /metrics", "HTTP/1.1 200 OK", "egret_leader 0"),
            ("POST /metrics", "HTTP/1.1 405 Method Not Allowed", "allow: GET, HEAD"),
            ("GET /", "HTTP/1.1 404 Not Found", "/readyz"),
        ] {
            let answer = ask(address, line).await;
            assert!(answer.starts_with(first) && answer.contains(holds), "{line}: {answer}");
        }
        probes.set(Probe::Ready, "lease", Ok(()));
        assert!(ask(address, "GET /readyz").await.starts_with("HTTP/1.1 200"));
        stop.send(()).unwrap();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_stalls_holds_nobody_up() {
        let (address, stop, serving) = serving(Probes::default()).await;
        let mut stalled = TcpStream::connect(address).await.unwrap();
        stalled.write_all(b"GET /hea").await.unwrap();
        assert!(ask(address, "GET /healthz").await.starts_with("HTTP/1.1 200"));
        drop(stalled);
        stop.send(()).unwrap();
        serving.await.unwrap();
    }
}
