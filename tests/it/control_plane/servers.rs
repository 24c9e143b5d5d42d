//! The servers: side by side, stopped, frozen, killed.

use crate::support::plane::{Cluster, Options, kubeconfig_of, table, unique};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, PostParams};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

#[tokio::test]
async fn two_clusters_run_side_by_side_and_one_kubeconfig_joins_them() {
    let (one, other) = tokio::try_join!(start("one", 1), start("other", 2)).unwrap();
    assert_ne!(one.url(), other.url());
    let joined = kube::config::Kubeconfig::read_from(kubeconfig_of(&[&one, &other]).unwrap()).unwrap();
    let contexts: Vec<_> = joined.contexts.iter().map(|context| context.name.as_str()).collect();
    assert_eq!(contexts, ["one", "other"]);
    assert_eq!(joined.current_context.as_deref(), Some("one"));
    for (cluster, nodes) in [(&one, 1), (&other, 2)] {
        let options = kube::config::KubeConfigOptions {
            context: Some(cluster.name().to_owned()),
            ..Default::default()
        };
        let mut config = kube::Config::from_custom_kubeconfig(joined.clone(), &options).await.unwrap();
        config.proxy_url = None;
        let client = kube::Client::try_from(config).unwrap();
        let seen = table(&client, "/api/v1/nodes").await.unwrap();
        assert_eq!(seen.rows().count(), nodes);
        assert_eq!(seen.cell("node-0", "Status"), "Ready");
    }
    let (dir, pids) = (one.dir().to_owned(), one.pids().await);
    one.end().await.unwrap();
    assert!(!dir.exists());
    // The first is the supervisor, which still has the other cluster.
    for pid in &pids[1..] {
        assert_gone(*pid);
    }
    table(&other.admin().await, "/api/v1/nodes").await.unwrap();
}

#[tokio::test]
async fn a_stopped_api_server_comes_back_with_its_port_and_its_data() {
    let cluster = start(&unique("stopped"), 1).await.unwrap();
    let client = cluster.admin().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    let map = ConfigMap {
        metadata: kube::core::ObjectMeta { name: Some("kept".into()), ..Default::default() },
        ..Default::default()
    };
    maps.create(&PostParams::default(), &map).await.unwrap();
    let url = cluster.url().to_owned();
    cluster.stop_api().await.unwrap();
    let address = url.strip_prefix("https://").unwrap();
    let refused = tokio::net::TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    cluster.start_api().await.unwrap();
    assert_eq!(cluster.url(), url);
    maps.get("kept").await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_come_up_is_told_with_the_end_of_its_log() {
    let cluster = start(&unique("broken"), 1).await.unwrap();
    cluster.stop_api().await.unwrap();
    // What a start of a cluster on other ports depends on: a port that was taken meanwhile is told in these words.
    let taken = std::net::TcpListener::bind(cluster.url().strip_prefix("https://").unwrap()).unwrap();
    let why = cluster.start_api().await.unwrap_err().to_string();
    assert!(why.contains("address already in use"), "{why}");
    drop(taken);
    std::fs::remove_file(cluster.dir().join("server.crt")).unwrap();
    let why = cluster.start_api().await.unwrap_err().to_string();
    assert!(why.starts_with("kube-apiserver of broken-"), "{why}");
    assert!(why.contains("server.crt: no such file"), "{why}");
}

#[tokio::test]
async fn a_frozen_api_server_hangs_and_answers_when_it_goes_on() {
    let cluster = start(&unique("frozen"), 1).await.unwrap();
    let client = cluster.admin().await;
    cluster.pause_api().await.unwrap();
    let request = tokio::spawn(async move { client.apiserver_version().await });
    let mut request = std::pin::pin!(request);
    // That nothing comes can only be seen by waiting.
    let hung = tokio::time::timeout(Duration::from_millis(500), &mut request).await;
    assert!(hung.is_err(), "a frozen API server answered: {hung:?}");
    cluster.resume_api().await.unwrap();
    let version = request.await.unwrap().unwrap();
    assert_eq!(version.git_version, kubernetes_version());
}

#[test]
fn nothing_is_left_when_the_test_process_is_killed() {
    let mut other =
        OtherProcess::start("control_plane::servers::nothing_is_left_when_the_test_process_is_killed");
    assert!(other.pids.len() >= 6, "a supervisor and five servers: {:?}", other.pids);
    other.child.kill().unwrap();
    other.child.wait().unwrap();
    for pid in &other.pids {
        assert_gone(*pid);
    }
    assert!(!other.dir.exists(), "{} is left", other.dir.display());
}

#[cfg(target_os = "linux")]
#[test]
fn the_servers_do_not_outlive_their_supervisor() {
    let other = OtherProcess::start("control_plane::servers::the_servers_do_not_outlive_their_supervisor");
    let supervisor = rustix::process::Pid::from_raw(i32::try_from(other.pids[0]).unwrap()).unwrap();
    rustix::process::kill_process(supervisor, rustix::process::Signal::KILL).unwrap();
    for pid in &other.pids {
        assert_gone(*pid);
    }
    // Who would have removed it is dead.
    std::fs::remove_dir_all(&other.dir).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn the_servers_alone_lose_the_proxy_variables() {
    let other = OtherProcess::start("control_plane::servers::the_servers_alone_lose_the_proxy_variables");
    let environment = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/environ")).unwrap();
    let proxies =
        |pid| environment(pid).split('\0').filter(|pair| pair.to_lowercase().contains("_proxy=")).count();
    assert_eq!(proxies(other.child.id()), PROXIES.len());
    for server in &other.pids[1..] {
        assert!(environment(*server).contains("PATH="), "the rest of the environment stays");
        assert_eq!(proxies(*server), 0);
    }
}

const PROXIES: [(&str, &str); 8] = [
    ("HTTP_PROXY", "http://127.0.0.1:9"),
    ("HTTPS_PROXY", "http://127.0.0.1:9"),
    ("ALL_PROXY", "http://127.0.0.1:9"),
    ("NO_PROXY", "example.com"),
    ("http_proxy", "http://127.0.0.1:9"),
    ("https_proxy", "http://127.0.0.1:9"),
    ("all_proxy", "http://127.0.0.1:9"),
    ("no_proxy", "example.com"),
];

/// A test process that owns a cluster and does nothing else: this very program, run for the one test that starts it.
struct OtherProcess {
    child: Child,
    /// The supervisor's first.
    pids: Vec<u32>,
    dir: PathBuf,
}

const IN_OTHER_PROCESS: &str = "EGRET_TEST_OWN_A_CLUSTER";

impl OtherProcess {
    /// In the other process, which runs the same test, this owns a cluster for ever.
    fn start(test: &str) -> Self {
        if std::env::var_os(IN_OTHER_PROCESS).is_some() {
            own_a_cluster();
        }
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(IN_OTHER_PROCESS, "1")
            .envs(PROXIES)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find_map(|line| Some(line.split_once("cluster: ")?.1.to_owned()));
        let line = line.expect("the other process starts a cluster");
        let (dir, pids) = line.split_once(' ').unwrap();
        let pids = pids.split(' ').map(|pid| pid.parse().unwrap()).collect();
        Self { child, pids, dir: dir.into() }
    }
}

impl Drop for OtherProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn own_a_cluster() -> ! {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cluster = runtime.block_on(start("owned", 1)).unwrap();
    let pids: Vec<_> = runtime.block_on(cluster.pids()).iter().map(u32::to_string).collect();
    println!("cluster: {} {}", cluster.dir().display(), pids.join(" "));
    // Ends with the test that started this, should that end before it kills.
    let mut end = String::new();
    let _ = std::io::stdin().read_line(&mut end);
    std::process::exit(1)
}

async fn start(name: &str, nodes: usize) -> crate::support::plane::Result<Cluster> {
    Cluster::start(Options { name: name.to_owned(), nodes, ..Options::default() }).await
}

/// The version that go.mod asks for.
fn kubernetes_version() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control-plane/kubernetes/go.mod");
    let text = std::fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes ")).unwrap();
    line.split(' ').next().unwrap().to_owned()
}

/// Waits until a process has ended.
#[cfg(target_os = "linux")]
fn assert_gone(pid: u32) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::process::{Pid, PidfdFlags, pidfd_open};
    let Ok(process) = pidfd_open(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), PidfdFlags::empty())
    else {
        return;
    };
    let patience = Timespec { tv_sec: 30, tv_nsec: 0 };
    let ended = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience)).unwrap();
    assert_eq!(ended, 1, "process {pid} still runs");
}

/// Waits until a process has ended; here the kernel does not tell.
#[cfg(not(target_os = "linux"))]
fn assert_gone(pid: u32) {
    use rustix::process::{Pid, test_kill_process};
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    for _ in 0..600 {
        if test_kill_process(pid).is_err() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("process {pid:?} still runs");
}
