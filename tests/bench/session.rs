//! What a program costs while it runs: when nothing changes, when something does, and when much does.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::Bench;
use crate::plane::Cluster;
use crate::program::{Program, SIZE};
use crate::pty::Pty;

/// What a program used in a while.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    /// How long it was.
    pub took: Duration,
    /// CPU time of the process.
    pub cpu: Duration,
    /// Bytes to the terminal.
    pub bytes: u64,
}

/// What a program cost over its session.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// A while between two minute marks in which nothing changed.
    pub quiet: Option<Window>,
    /// A while with one minute mark in which nothing changed.
    pub minute: Option<Window>,
    /// Requests in both: watches opened or ended, and others.
    pub requests: Option<(usize, usize)>,
    /// From before a pod is created until its name is on the screen.
    pub seen: Vec<Duration>,
    /// Pods that never came on the screen.
    pub missed: usize,
    /// While ten pods a second changed.
    pub busy: Option<Window>,
    /// Peak resident memory over all of it, in bytes.
    pub memory: u64,
}

/// Runs a program through a session on the cluster.
pub(crate) async fn session(
    bench: &Bench,
    program: &Program,
    cluster: &Cluster,
    kubeconfig: &Path,
) -> Option<Session> {
    let command = program.command(kubeconfig, bench.home.path());
    let pty = Pty::start(command, SIZE).ok()?;
    pty.look_until(Duration::from_secs(60), program.shows_all(bench.load.pods())).ok()?;
    let mut session = Session::default();
    // What a start leaves behind is not what idling costs.
    pause(Duration::from_secs(3)).await;
    let mark = cluster.mark().await.ok()?;
    bench.say(&format!("{}: nothing changes, between two minute marks", program.name));
    until_second(3).await;
    session.quiet = Some(window(&pty, bench.quiet()).await);
    bench.say(&format!("{}: nothing changes, over a minute mark", program.name));
    until_second(60 - bench.minute().as_secs() / 2).await;
    session.minute = Some(window(&pty, bench.minute()).await);
    let entries = cluster.audit_since(mark).await.ok()?;
    let watches = entries.iter().filter(|entry| entry.verb == "watch").count();
    session.requests = Some((watches, entries.len() - watches));
    for other in entries.iter().filter(|entry| entry.verb != "watch").take(5) {
        bench.say(&format!("{}: {} {}", program.name, other.verb, other.uri));
    }
    bench.say(&format!("{}: pods are created one by one", program.name));
    let pods = Api::<Pod>::namespaced(cluster.admin().await, "istio-system");
    for number in 0..bench.probes() {
        match probe(&pty, &pods, number).await {
            Some(took) => session.seen.push(took),
            None => session.missed += 1,
        }
        // Not in step with anything.
        pause(Duration::from_millis(400 + (number as u64 * 7919) % 700)).await;
    }
    bench.say(&format!("{}: ten pods a second change", program.name));
    session.busy = Some(busy(&pty, &pods, bench.busy()).await);
    session.memory = pty.peak_memory();
    Some(session)
}

/// Nothing but time passes here.
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// Waits until the clock shows this second of a minute.
async fn until_second(second: u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let past = now.as_millis() as u64 % 60_000;
    pause(Duration::from_millis((second % 60 * 1000 + 60_000 - past) % 60_000)).await;
}

async fn window(pty: &Pty, length: Duration) -> Window {
    let (begin, cpu, bytes) = (Instant::now(), pty.cpu(), pty.bytes());
    pause(length).await;
    Window { took: begin.elapsed(), cpu: pty.cpu() - cpu, bytes: pty.bytes() - bytes }
}

/// Creates a pod whose name stands before all others, and waits until it is on the screen.
async fn probe(pty: &Pty, pods: &Api<Pod>, number: usize) -> Option<Duration> {
    let name = format!("aa-probe-{number}");
    let pod = serde_json::from_value(json!({
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "c", "image": "none"}]},
    }));
    let begin = Instant::now();
    pods.create(&PostParams::default(), &pod.expect("a pod")).await.expect("creating a pod");
    let seen = tokio::task::block_in_place(|| pty.look_until(Duration::from_secs(10), |s| s.contains(&name)));
    let gone = DeleteParams::default().grace_period(0);
    pods.delete(&name, &gone).await.expect("deleting a pod");
    seen.ok().map(|at| at.saturating_duration_since(begin))
}

/// Changes what the table shows of ten pods on the screen every second, one each tenth.
async fn busy(pty: &Pty, pods: &Api<Pod>, length: Duration) -> Window {
    let first = pods.list(&ListParams::default().limit(10)).await.expect("the first pods");
    let mut beat = tokio::time::interval(Duration::from_millis(100));
    let before = (Instant::now(), pty.cpu(), pty.bytes());
    let mut round = 0;
    while before.0.elapsed() < length {
        for pod in &first.items {
            beat.tick().await;
            let mut status = pod.status.clone().unwrap_or_default();
            for container in status.container_statuses.iter_mut().flatten() {
                container.restart_count = round;
            }
            let patch = Patch::Merge(json!({"status": {"containerStatuses": status.container_statuses}}));
            let name = pod.metadata.name.as_deref().unwrap_or_default();
            pods.patch_status(name, &PatchParams::default(), &patch).await.expect("changing a pod");
        }
        round += 1;
    }
    Window { took: before.0.elapsed(), cpu: pty.cpu() - before.1, bytes: pty.bytes() - before.2 }
}
