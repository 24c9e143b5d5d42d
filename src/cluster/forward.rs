//! Ports of pods on this machine: each connection that comes is carried over a port-forward of its own.
//!
//! | rule | what it says | test |
//! |---|---|---|
//! | R24 | a refusal names the rights that are needed | `tools::forwards` |
//! | | it listens on this machine's loopback alone | `tests::it_listens_on_the_loopback_alone` |
//! | | who has said all is still answered | `tests::who_has_said_all_is_still_answered` |
//! | | one connection that fails ends no other | `tools::forwards` |
//!
//! The protocol of port-forwards over WebSockets knows no half of an end: what a client has said to its end is told to
//! nobody, and what the pod still says is handed on until it is silent for a while.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::Portforwarder;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::connect::Connection;
use super::error::Asked;
use crate::model::clean::clean;
use crate::model::fault::{Fault, Reason};
use crate::model::forward::{Aim, Counts, Local, News};
use crate::model::name::ClusterName;

/// Most connections at a time; others wait to be taken.
const MOST: usize = 200;

/// Pods that one connection is tried on.
const TRIES: usize = 3;

/// How long a pod may be silent after its client has said all.
const LINGER: Duration = Duration::from_secs(30);

/// The same, where the pod has answered what was said: most clients close both ways at once, and wait for nothing.
const ANSWERED: Duration = Duration::from_secs(2);

/// How long the reason of a stream that ended may be behind its end.
const REASON: Duration = Duration::from_millis(200);

/// Between two words on how it fares.
const PACE: Duration = Duration::from_millis(250);

/// Below this number a port is the system's, and takes rights that nobody runs egret with.
const OURS: u16 = 1024;

/// What became of a connection.
enum Event {
    /// It goes to this pod.
    Carried(Arc<str>),
    /// It failed.
    Failed(String),
}

/// Takes connections and carries them to the pods that are aimed at, until it is dropped.
pub async fn serve<W, T>(
    cluster: ClusterName,
    local: Local,
    way: W,
    aims: watch::Receiver<Arc<[Aim]>>,
    tell: T,
) where
    W: Fn() -> Option<Connection> + Clone + Send + Sync + 'static,
    T: Fn(News),
{
    let (listener, port) = match listen(&cluster, local).await {
        Ok(listening) => listening,
        Err(fault) => return tell(News::Refused(fault)),
    };
    tell(News::Listening(port));
    let (events, mut heard) = mpsc::unbounded_channel();
    let mut carried = JoinSet::new();
    let (mut counts, mut said) = (Counts::default(), Counts::default());
    let mut next = Instant::now();
    loop {
        counts.now = carried.len();
        if counts != said && Instant::now() >= next {
            said.clone_from(&counts);
            next = Instant::now() + PACE;
            tell(News::Counted(counts.clone()));
        }
        tokio::select! {
            accepted = listener.accept(), if carried.len() < MOST => match accepted {
                Ok((socket, _)) => {
                    counts.all += 1;
                    let (way, aims, events, cluster) =
                        (way.clone(), aims.borrow().clone(), events.clone(), cluster.clone());
                    carried.spawn(async move {
                        if let Err(why) = carry(socket, &cluster, way, &aims, &events).await {
                            // Whoever counts is gone only with this task.
                            let _ = events.send(Event::Failed(why));
                        }
                    });
                }
                // Of descriptors there are too few, or the client was gone already: others come.
                Err(_) => sleep(PACE).await,
            },
            Some(event) = heard.recv() => match event {
                Event::Carried(pod) => {
                    counts.pod = Some(pod);
                    counts.is_failing = false;
                }
                Event::Failed(why) => {
                    counts.failed += 1;
                    counts.is_failing = true;
                    counts.last = Some(clean(&why).chars().take(300).collect::<String>().into());
                }
            },
            Some(_) = carried.join_next() => {}
            () = sleep_until(next), if counts != said => {}
        }
    }
}

/// Listens on the loopback; tells on which port.
async fn listen(cluster: &ClusterName, local: Local) -> Result<(TcpListener, u16), Fault> {
    let bind = async |port| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = listener.local_addr()?.port();
        io::Result::Ok((listener, port))
    };
    let asked = match local {
        Local::Asked(port) => bind(port).await,
        Local::Like(port) if port >= OURS => match bind(port).await {
            Ok(listening) => Ok(listening),
            Err(_) => bind(0).await,
        },
        Local::Like(_) => bind(0).await,
    };
    asked.map_err(|error| {
        let port = match local {
            Local::Asked(port) => format!("port {port}"),
            Local::Like(_) => "any port".to_owned(),
        };
        let summary = format!("{cluster}: port-forward: 127.0.0.1 gives no {port} of this machine: {error}");
        let hint =
            "Name another one, as `:port-forward 18080:PORT`, or none: then one that is free is taken.";
        Fault::new(Reason::Invalid, summary, hint)
    })
}

/// Carries one connection to its end.
async fn carry<W>(
    mut socket: TcpStream,
    cluster: &ClusterName,
    way: W,
    aims: &[Aim],
    events: &mpsc::UnboundedSender<Event>,
) -> Result<(), String>
where
    W: Fn() -> Option<Connection>,
{
    let Some(c) = way() else { return Err(format!("{cluster} is not connected")) };
    // The layer below lets port-forwards pass, for proxies are read over them: what a person carries may be writes.
    if c.read_only.is_on() {
        return Err(format!("{cluster} is read-only here"));
    }
    let mut why = format!("{cluster}: no pod is ready behind it");
    for aim in aims.iter().take(TRIES) {
        let mut open = match open(&c, aim).await {
            Ok(open) => open,
            Err(fault) => {
                why = format!("{} {}", fault.summary, fault.hint);
                continue;
            }
        };
        let _ = events.send(Event::Carried(aim.pod.name.clone()));
        let Some(error) = open.forwarder.take_error(aim.port) else { return Ok(()) };
        let is_silent = join(&mut socket, open.stream.take()).await;
        // Where the pod's side failed it says so, at once or never.
        return match timeout(REASON, error).await {
            Ok(Some(said)) if !said.trim().is_empty() => {
                Err(format!("{} port {}: {}", aim.pod.name, aim.port, said.trim()))
            }
            _ if is_silent => Err(format!(
                "{} port {}: it ended without a word; maybe nothing listens there",
                aim.pod.name, aim.port
            )),
            _ => Ok(()),
        };
    }
    Err(why)
}

/// An open port-forward.
struct Open {
    forwarder: Portforwarder,
    stream: Option<DuplexStream>,
}

impl Drop for Open {
    fn drop(&mut self) {
        // It would wait for the other side's goodbye.
        self.forwarder.abort();
    }
}

async fn open(c: &Connection, aim: &Aim) -> Result<Open, Fault> {
    let asked = Asked::new(&c.cluster, format!("forward port {} of pod {}", aim.port, aim.pod.name));
    c.authorized().await?;
    let pods = Api::<Pod>::namespaced(c.client.clone(), &aim.pod.namespace);
    let ports = [aim.port];
    let opening = timeout(c.patience.answer, pods.portforward(&aim.pod.name, &ports)).await;
    let mut forwarder = match opening {
        Ok(Ok(forwarder)) => forwarder,
        Ok(Err(error)) => return Err(refused(&asked, &error, "pods/portforward")),
        Err(_) => {
            let why = format!("no answer in {} s", c.patience.answer.as_secs_f32());
            return Err(asked.because(Reason::Unreachable, &why, ""));
        }
    };
    let stream = forwarder.take_stream(aim.port);
    Ok(Open { forwarder, stream })
}

/// What the refusal of an upgrade means: it comes without words.
pub(super) fn refused(asked: &Asked, error: &kube::Error, what: &str) -> Fault {
    let hint = format!("Ask for a Role with get and create on {what} in that namespace.");
    let code = match error {
        kube::Error::UpgradeConnection(kube::client::UpgradeConnectionError::ProtocolSwitch(code)) => {
            code.as_u16()
        }
        _ => {
            let fault = asked.fault(error);
            return if fault.reason == Reason::Denied { Fault { hint, ..fault } } else { fault };
        }
    };
    match code {
        403 => {
            asked.because(Reason::Denied, &format!("the server refuses it (403): no right to {what}"), &hint)
        }
        404 => asked.because(Reason::Missing, "the pod is gone, or the server has no such thing", ""),
        400 => asked.because(Reason::Invalid, "the server refuses it (400): it may not run", ""),
        code => {
            let why = format!("the server failed with {code}: its node may not answer");
            asked.because(Reason::Server, &why, "The pod's node and its kubelet are where to look.")
        }
    }
}

/// Carries bytes both ways until the pod has said all, or its client is gone. Whether the pod ended it without a word.
async fn join(socket: &mut TcpStream, stream: Option<DuplexStream>) -> bool {
    let Some(stream) = stream else { return true };
    let (from_client, to_client) = socket.split();
    both(from_client, to_client, stream, [LINGER, ANSWERED]).await
}

async fn both(
    mut from_client: impl AsyncRead + Unpin,
    mut to_client: impl AsyncWrite + Unpin,
    pod: impl AsyncRead + AsyncWrite,
    [linger, answered]: [Duration; 2],
) -> bool {
    let (mut from_pod, mut to_pod) = split(pod);
    let (all_said, said) = watch::channel(false);
    // Whether the client spoke last.
    let asks = AtomicBool::new(true);
    let up = async {
        // Its end is not handed on: over a WebSocket that would be the end of both ways.
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            asks.store(true, Ordering::Relaxed);
            if to_pod.write_all(&buffer[..count]).await.is_err() {
                break;
            }
        }
        let _ = to_pod.flush().await;
        all_said.send_replace(true);
        std::future::pending::<()>().await;
    };
    let down = async {
        let mut buffer = vec![0; 16 << 10];
        let mut is_silent = true;
        let ended = loop {
            let (mut said, asks) = (said.clone(), &asks);
            let silence = async move {
                if said.wait_for(|said| *said).await.is_err() {
                    std::future::pending::<()>().await;
                }
                sleep(if asks.load(Ordering::Relaxed) { linger } else { answered }).await;
            };
            let read = tokio::select! {
                read = from_pod.read(&mut buffer) => read,
                () = silence => break false,
            };
            asks.store(false, Ordering::Relaxed);
            match read {
                Ok(count @ 1..) => {
                    is_silent = false;
                    if to_client.write_all(&buffer[..count]).await.is_err() {
                        break false;
                    }
                }
                _ => break is_silent,
            }
        };
        // Whoever is gone needs no goodbye.
        let _ = to_client.shutdown().await;
        ended
    };
    tokio::select! {
        () = up => false,
        is_silent = down => is_silent,
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[tokio::test]
    async fn it_listens_on_the_loopback_alone_and_on_the_port_that_is_asked_for_or_on_none() {
        let cluster = ClusterName::from("prod");
        let (first, port) = listen(&cluster, Local::Like(80)).await.unwrap();
        assert!(port >= OURS && first.local_addr().unwrap().ip().is_loopback());
        let taken = listen(&cluster, Local::Asked(port)).await.unwrap_err();
        assert!(taken.summary.starts_with(&format!("prod: port-forward: 127.0.0.1 gives no port {port}")));
        let (_other, another) = listen(&cluster, Local::Like(port)).await.unwrap();
        assert_ne!(another, port, "what is taken is not waited for");
        drop(first);
        assert_eq!(listen(&cluster, Local::Asked(port)).await.unwrap().1, port);
    }

    #[tokio::test]
    async fn who_has_said_all_is_still_answered() {
        let (client, mine) = duplex(64);
        let (pod, stream) = duplex(64);
        let (from_client, to_client) = split(mine);
        let both = tokio::spawn(both(from_client, to_client, stream, [LINGER, ANSWERED]));
        let (mut pod_reads, mut pod_writes) = split(pod);
        let (mut client_reads, mut client_writes) = split(client);
        client_writes.write_all(b"ask").await.unwrap();
        client_writes.shutdown().await.unwrap();
        let mut asked = [0; 3];
        pod_reads.read_exact(&mut asked).await.unwrap();
        assert_eq!(&asked, b"ask");
        pod_writes.write_all(b"answer").await.unwrap();
        pod_writes.shutdown().await.unwrap();
        let mut answer = Vec::new();
        client_reads.read_to_end(&mut answer).await.unwrap();
        assert_eq!(answer, b"answer");
        both.await.unwrap();
    }

    #[tokio::test]
    async fn more_than_fits_goes_both_ways_at_once() {
        // Neither side reads before it has written: each way must go on by itself.
        const MANY: usize = 1 << 20;
        let (client, mine) = duplex(1 << 10);
        let (pod, stream) = duplex(1 << 10);
        let (from_client, to_client) = split(mine);
        tokio::spawn(both(from_client, to_client, stream, [LINGER, ANSWERED]));
        let through = |side: DuplexStream| async move {
            let (mut reads, mut writes) = split(side);
            let writing = async {
                writes.write_all(&vec![7; MANY]).await.unwrap();
            };
            let reading = async {
                let mut all = vec![0; MANY];
                reads.read_exact(&mut all).await.unwrap();
            };
            tokio::join!(writing, reading);
        };
        tokio::join!(through(client), through(pod));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_gone_holds_nothing_for_ever() {
        let (client, mine) = duplex(64);
        let (_pod, stream) = duplex(64);
        let (from_client, to_client) = split(mine);
        drop(client);
        timeout(LINGER * 2, both(from_client, to_client, stream, [LINGER, ANSWERED])).await.unwrap();
    }
}
