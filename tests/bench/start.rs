//! How long a start takes, beside one raw LIST of the same pods.

use std::path::Path;
use std::time::{Duration, Instant};

use egret::cluster::connect::{Patience, connect};
use egret::cluster::kubeconfig;
use egret::cluster::read_only::ReadOnly;
use http_body_util::BodyExt as _;
use kube::client::Body;

use crate::Bench;
use crate::program::{Program, SIZE};
use crate::pty::Pty;

/// What a program may take to show its table before it is given up.
const LIMIT: Duration = Duration::from_secs(60);

/// One start of one program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    /// Until anything is on the screen.
    pub paint: Duration,
    /// Until pods are on the screen.
    pub rows: Duration,
    /// Until the table is complete.
    pub complete: Option<Duration>,
    /// Peak resident memory at that moment, in bytes.
    pub memory: u64,
}

/// Starts a program and waits until its table is complete; `None` when it shows no pods.
pub(crate) fn start(bench: &Bench, program: &Program, kubeconfig: &Path, pods: usize) -> Option<Start> {
    let pty = Pty::start(program.command(kubeconfig, bench.home.path()), SIZE).ok()?;
    let since = |at: Instant| at.saturating_duration_since(pty.started());
    let told = |at: Result<Instant, String>, what: &str| match at {
        Ok(at) => Some(since(at)),
        Err(screen) => {
            bench.say(&format!("{} shows {what} not within {LIMIT:?}:\n{screen}", program.name));
            None
        }
    };
    let paint = told(pty.look_until(LIMIT, |screen| !screen.trim().is_empty()), "anything")?;
    let rows = told(pty.look_until(LIMIT, program.shows_rows()), "pods")?;
    let complete = told(pty.look_until(LIMIT, program.shows_all(pods)), "all pods");
    Some(Start { paint, rows, complete, memory: pty.peak_memory() })
}

/// One LIST of the pods with the client that egret makes, connection included, its body read and thrown away: how
/// long, and how many bytes.
pub(crate) async fn raw_list(file: &Path) -> (Duration, usize) {
    let contexts = kubeconfig::read(Some(file)).expect("the kubeconfig of the control plane");
    let begin = Instant::now();
    let connection =
        connect(&contexts, &contexts.names[0], None, ReadOnly::new(false), Patience::default()).await;
    let client = connection.expect("a connection to the control plane").client;
    let request =
        http::Request::get("/api/v1/namespaces/istio-system/pods").header("accept", "application/json");
    let answer = client.send(request.body(Body::empty()).expect("a request")).await.expect("an answer");
    assert!(answer.status().is_success(), "LIST of the pods: {}", answer.status());
    let mut body = answer.into_body();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame.expect("the body of the LIST").data_ref().map_or(0, |data| data.len());
    }
    (begin.elapsed(), bytes)
}
