//! The way to a server: certificates, proxies, and a way that is silent.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use egret::cluster::connect::Patience;
use egret::model::fault::Reason;
use egret::model::snapshot::{Link, Snapshot};
use egret::sources::{Options, Sources};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::support::fake::{Answer, Asked, Fake, list, ok, pod};
use super::support::view::{View, fault, options, pods};
use super::support::{SOON, contexts};
use crate::support::plane::shared;

/// A kubeconfig of the shared cluster in which some text is another.
async fn changed(dir: &Path, change: impl Fn(&str) -> String) -> PathBuf {
    let text = std::fs::read_to_string(shared().await.kubeconfig()).unwrap();
    let file = dir.join("config");
    std::fs::write(&file, change(&text)).unwrap();
    file
}

async fn refused(kubeconfig: &Path) -> (Reason, String) {
    let mut view = View::open(kubeconfig, &["istio-system"]);
    let down = |s: &Snapshot| matches!(s.link, Link::Unreachable { .. } | Link::Denied { .. });
    let snapshot = view.until(0, "refused", SOON, down).await;
    let fault = fault(&snapshot.link);
    (fault.reason, fault.summary.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_does_not_fit_is_told_by_what_does_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let data = |text: &str, key: &str| {
        let begin = format!("{key}-data: ");
        text.lines().find_map(|l| l.trim().strip_prefix(&begin)).unwrap().to_owned()
    };
    let other = rcgen::generate_simple_self_signed(["other".to_owned()]).unwrap().cert.pem();
    let other = base64::engine::general_purpose::STANDARD.encode(other);
    let ca = changed(dir.path(), |t| t.replace(&data(t, "certificate-authority"), &other)).await;
    let (reason, words) = refused(&ca).await;
    assert_eq!(reason, Reason::Unreachable);
    assert!(words.contains("its certificate is of a"), "{words}");

    let line = "certificate-authority-data:";
    let name =
        changed(dir.path(), |t| t.replace(line, &format!("tls-server-name: elsewhere\n    {line}"))).await;
    let (_, words) = refused(&name).await;
    assert!(words.ends_with("its certificate is for another name"), "{words}");

    // A certificate of a CA that the server does not know: it asks who that is.
    let me = rcgen::generate_simple_self_signed(["me".to_owned()]).unwrap();
    let encode = |pem: String| base64::engine::general_purpose::STANDARD.encode(pem);
    let (certificate, key) = (encode(me.cert.pem()), encode(me.signing_key.serialize_pem()));
    let user = changed(dir.path(), |t| {
        t.replace(&data(t, "client-certificate"), &certificate).replace(&data(t, "client-key"), &key)
    })
    .await;
    let (reason, words) = refused(&user).await;
    assert_eq!(reason, Reason::Credentials, "{words}");
    assert!(words.contains("does not accept the credentials"), "{words}");
}

/// A proxy that opens tunnels for who has the password, and what it was asked for.
struct Proxy {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, mut tasks) = (asked.clone(), JoinSet::new());
        tasks.spawn(async move {
            let mut tunnels = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let log = log.clone();
                tunnels.spawn(async move {
                    // A tunnel that is given up is no failure of the test.
                    let _ = tunnel(stream, &log).await;
                });
            }
        });
        Self { url, asked, _tasks: tasks }
    }
}

async fn tunnel(mut from: TcpStream, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(from.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    log.lock().unwrap().push(head.lines().next().unwrap_or_default().to_owned());
    // anna:secret
    if !head.contains("Basic YW5uYTpzZWNyZXQ=") {
        return from
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            .await;
    }
    let to = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut to = TcpStream::connect(to).await?;
    from.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut from, &mut to).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_of_the_kubeconfig_is_used_even_to_this_machine_and_its_refusal_is_told() {
    let (cluster, proxy, dir) = (shared().await, Proxy::start().await, tempfile::tempdir().unwrap());
    let line = "certificate-authority-data:";
    let through = async |url: String| {
        changed(dir.path(), move |t| t.replace(line, &format!("proxy-url: {url}\n    {line}"))).await
    };
    let file = through(format!("http://anna:secret@{}", proxy.url)).await;
    let mut view = View::open(&file, &["istio-system"]);
    view.complete(0).await;
    let asked = proxy.asked.lock().unwrap().clone();
    let server = cluster.url().strip_prefix("https://").unwrap();
    assert!(
        !asked.is_empty() && asked.iter().all(|a| a.starts_with(&format!("CONNECT {server} "))),
        "{asked:?}"
    );

    let file = through(format!("http://{}", proxy.url)).await;
    let (_, words) = refused(&file).await;
    assert!(words.ends_with("the proxy asks for a user and password"), "{words}");
    assert!(!words.contains("secret"), "{words}");
    let file = through("http://127.0.0.1:1".to_owned()).await;
    let (_, words) = refused(&file).await;
    assert!(words.contains("the proxy cannot be used"), "{words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_is_stale_when_its_watches_should_have_ended() {
    // Its watches are open and never end, as those of a process that no longer runs; then it says nothing at all.
    let silent = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now = silent.clone();
    let fake = Fake::start(move |asked: &Asked| {
        if now.load(std::sync::atomic::Ordering::SeqCst) {
            return Some(Answer::Silence);
        }
        (asked.path().ends_with("/pods") && !asked.watches()).then(|| ok(list(7, &[pod("a", 1)])))
    })
    .await;
    let [answer, watch, grace] = [1, 2, 1].map(Duration::from_secs);
    let patience = Patience { answer, list: answer, silence: answer, watch, grace, inside: answer };
    let all = contexts(&fake.kubeconfig("{}"));
    let chosen = all.names.clone();
    let (mut sources, inbox) =
        Sources::new(all, Options { patience, ..options(&["istio-system"]) }, Vec::new());
    sources.open(&chosen[0]);
    let mut view = View { sources, inbox, newest: std::collections::BTreeMap::new(), chosen };
    view.complete(0).await;
    silent.store(true, std::sync::atomic::Ordering::SeqCst);
    let began = Instant::now();
    let stale = view.until(0, "stale", SOON, |s| matches!(s.link, Link::Stale { .. })).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(pods(&stale), ["a"], "what was known stays");
    let said = fault(&stale.link);
    assert_eq!(said.reason, Reason::Unreachable);
    assert!(
        said.summary.contains("silent for 3 s") || said.summary.contains("no answer in 1 s"),
        "{}",
        said.summary
    );
    let Link::Stale { next_try: Some(next), since, .. } = stale.link else { panic!("{:?}", stale.link) };
    assert!(next > since);
    // It speaks again, and nobody has to ask.
    silent.store(false, std::sync::atomic::Ordering::SeqCst);
    view.until(0, "back", SOON, |s| s.link == Link::Ready).await;
}

/// Dropped packets are seen by TCP itself, without a request (R17): every idle connection has a keepalive timer.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_idle_connection_asks_within_five_seconds_whether_the_server_is_there() {
    let fake = Fake::start(|_| None).await;
    let port: u16 = fake.url.rsplit(':').next().unwrap().parse().unwrap();
    let mut view = View::open(&fake.kubeconfig("{}"), &["istio-system"]);
    view.complete(0).await;
    let to = format!(":{port:04X}");
    // One whose last words are not acknowledged yet has the timer of that: it is not idle, for a fraction of a second.
    let busy = |table: &str| {
        let mine =
            table.lines().filter(|line| line.split_whitespace().nth(2).is_some_and(|f| f.ends_with(&to)));
        mine.filter_map(|line| line.split_whitespace().nth(5)).any(|timer| timer.starts_with("01:"))
    };
    let mut table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    for _ in 0..100 {
        if !busy(&table) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    }
    // sl local remote state tx:rx timer:when …; state 01 is established, timer 02 is keepalive, in hundredths.
    let timers: Vec<&str> = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|f| f.len() > 5 && f[2].ends_with(&to) && f[3] == "01")
        .map(|f| f[5])
        .collect();
    assert!(timers.len() >= 9, "a watch has a connection of its own: {timers:?}");
    for timer in timers {
        let (kind, when) = timer.split_once(':').unwrap();
        assert_eq!(kind, "02", "{timer}");
        assert!(u32::from_str_radix(when, 16).unwrap() <= 500, "{timer}");
    }
}
