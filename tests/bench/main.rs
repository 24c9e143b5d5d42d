//! What egret costs on a real control plane: `cargo bench --bench terminal`.
//!
//! Starts a control plane with many pods and a small one, runs the release build of egret in a pseudo-terminal, and
//! prints one table with the aim beside each figure. `--peers` adds k9s, kubetui and kdash where they are installed.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot go on says where")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "it prints, and it measures time")]

mod demo;
mod frame;
mod live;
#[path = "../it/support/plane/mod.rs"]
mod plane;
mod program;
#[path = "../it/support/pty.rs"]
mod pty;
mod reconcile;
mod report;
mod rows;
mod session;
#[path = "../it/support/slow.rs"]
mod slow;
mod slow_line;
mod start;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use plane::{Cluster, Load, NodeSize, Options};
use program::Program;
use report::Report;

/// Measures egret in a terminal on a real control plane.
#[derive(Parser)]
struct Cli {
    /// A small and quick version, for the development of this program
    #[arg(long)]
    quick: bool,
    /// Deployments of so many pods
    #[arg(long, value_name = "DEPLOYMENTSxPODS")]
    load: Option<Load>,
    /// k9s, kubetui and kdash too, where they are installed
    #[arg(long)]
    peers: bool,
    /// Only these parts: demo, live, start, session, small, frame, reconcile
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Write the table into README.md
    #[arg(long)]
    readme: bool,
    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What every measurement needs to know.
pub(crate) struct Bench {
    quick: bool,
    /// The pods of the large cluster.
    pub load: Load,
    /// A home directory with nothing in it.
    pub home: tempfile::TempDir,
    began: Instant,
}

impl Bench {
    /// Tells whoever waits what is being done.
    pub(crate) fn say(&self, line: &str) {
        let _ = writeln!(std::io::stderr(), "[{:>4} s] {line}", self.began.elapsed().as_secs());
    }

    /// How often a start is repeated.
    pub(crate) fn repeats(&self) -> usize {
        if self.quick { 3 } else { 5 }
    }

    /// How long nothing changes between two minute marks.
    pub(crate) fn quiet(&self) -> Duration {
        Duration::from_secs(if self.quick { 10 } else { 54 })
    }

    /// How long nothing changes over a minute mark.
    pub(crate) fn minute(&self) -> Duration {
        Duration::from_secs(if self.quick { 6 } else { 60 })
    }

    /// How many pods are created one by one.
    pub(crate) fn probes(&self) -> usize {
        if self.quick { 10 } else { 50 }
    }

    /// How long ten pods a second change.
    pub(crate) fn busy(&self) -> Duration {
        Duration::from_secs(if self.quick { 5 } else { 30 })
    }
}

fn main() {
    let cli = Cli::parse();
    if !cli.bench {
        println!("run it with `cargo bench --bench terminal`");
        return;
    }
    let load = cli.load.unwrap_or_else(|| if cli.quick { "50x4" } else { "500x10" }.parse().expect("a load"));
    let home = tempfile::tempdir().expect("a temporary directory");
    let bench = Bench { quick: cli.quick, load, home, began: Instant::now() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    for (name, report) in [
        ("bench-demo", demo(&cli, &bench)),
        ("bench", runtime.block_on(measure(&cli, &bench))),
        ("bench-reconcile", runtime.block_on(reconcile(&cli, &bench))),
    ] {
        if report.rows.is_empty() {
            continue;
        }
        println!("{}", report.markdown());
        if cli.readme {
            report.write_into(&readme, name).expect("writing README.md");
        }
    }
}

/// Whether a part is asked for.
fn wanted(cli: &Cli, part: &str) -> bool {
    cli.only.is_empty() || cli.only.iter().any(|name| name == part)
}

/// The demo, which needs no control plane.
fn demo(cli: &Cli, bench: &Bench) -> Report {
    let mut report = Report { programs: vec!["egret demo"], ..Report::default() };
    if wanted(cli, "demo") {
        bench.say("the demo");
        report.setting = format!("The demo's five clusters, {}.", machine());
        rows::demo(&mut report, &demo::measure(bench));
    }
    if wanted(cli, "live") {
        bench.say("live traffic in the demo");
        report.setting = format!("The demo's five clusters, {}.", machine());
        rows::live(&mut report, &live::measure(bench));
    }
    if wanted(cli, "slow") {
        bench.say("a slow line");
        report.setting = format!("The demo's five clusters, {}.", machine());
        rows::slow(&mut report, &slow_line::measure(bench));
    }
    report
}

/// The controller, on a control plane of its own.
async fn reconcile(cli: &Cli, bench: &Bench) -> Report {
    let mut report = Report { programs: vec!["egret controller"], ..Report::default() };
    if wanted(cli, "reconcile") {
        bench.say("a control plane for the controller");
        report.setting =
            format!("A real kube-apiserver and etcd on the same machine and nothing else, {}.", machine());
        let options = Options { name: "reconcile".to_owned(), ..Options::default() };
        let cluster = Cluster::start(options).await.unwrap_or_else(|why| panic!("no control plane.\n{why}"));
        rows::reconcile(&mut report, &reconcile::reconciled(bench, &cluster).await);
        cluster.end().await.expect("ending a control plane");
    }
    report
}

/// Everything, in the order of the table.
async fn measure(cli: &Cli, bench: &Bench) -> Report {
    let wanted = |part: &str| wanted(cli, part);
    let mut programs = vec![Program::egret()];
    if cli.peers {
        programs.extend(Program::peers());
    }
    let mut report = Report { programs: programs.iter().map(|p| p.name).collect(), ..Report::default() };
    report.setting = setting(bench);
    if wanted("frame") {
        bench.say("frames");
        rows::frame(&mut report, &frame::frames(50), &frame::frames(5000));
    }
    if wanted("small") {
        bench.say("a small control plane");
        let (cluster, file) = cluster("small", "1x3".parse().expect("a load"), bench).await;
        rows::small(&mut report, &starts(bench, &programs, &file, 3, true).await);
        cluster.end().await.expect("ending a control plane");
    }
    if wanted("start") || wanted("session") {
        bench.say("a control plane with many pods");
        let (cluster, file) = cluster("large", bench.load, bench).await;
        if wanted("start") {
            bench.say("starts");
            rows::start(&mut report, bench, &starts(bench, &programs, &file, bench.load.pods(), false).await);
        }
        if wanted("session") {
            let mut sessions = Vec::new();
            for program in &programs {
                sessions.push(session::session(bench, program, &cluster, &file).await);
            }
            rows::session(&mut report, &sessions);
        }
        cluster.end().await.expect("ending a control plane");
    }
    report
}

/// Where this runs.
fn setting(bench: &Bench) -> String {
    let pods = bench.load.pods();
    format!("A real kube-apiserver on the same machine, {pods} pods in `istio-system`, {}.", machine())
}

/// The machine, and the terminal.
fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?");
    let (columns, rows) = program::SIZE;
    format!("{processors} processors, load {load} before the start, terminal {columns}×{rows}")
}

/// A control plane with pods.
async fn cluster(name: &str, load: Load, bench: &Bench) -> (Cluster, PathBuf) {
    let nodes = (load.pods() / 80).max(3);
    let options =
        Options { name: name.to_owned(), nodes, node_size: NodeSize::default(), gateway_api: false };
    let cluster = Cluster::start(options).await.unwrap_or_else(|why| panic!("no control plane.\n{why}"));
    load.put(&cluster, |line| bench.say(line)).await.unwrap_or_else(|why| panic!("{why}"));
    // Controllers still write down what the last pods changed.
    tokio::time::sleep(Duration::from_secs(if load.pods() > 1000 { 20 } else { 5 })).await;
    let file = cluster.kubeconfig().to_owned();
    (cluster, file)
}

/// Raw LISTs and starts of each program, one after the other, round by round.
pub(crate) struct Starts {
    /// Each LIST: how long, how many bytes.
    pub lists: Vec<(Duration, usize)>,
    /// The starts of each program.
    pub programs: Vec<Vec<start::Start>>,
}

async fn starts(bench: &Bench, programs: &[Program], file: &Path, pods: usize, small: bool) -> Starts {
    let mut all = Starts { lists: Vec::new(), programs: programs.iter().map(|_| Vec::new()).collect() };
    // The first of everything reads from disk and fills caches.
    start::raw_list(file).await;
    for program in programs {
        tokio::task::block_in_place(|| start::start(bench, program, file, pods));
    }
    for _ in 0..bench.repeats() {
        if !small {
            rest().await;
            all.lists.push(start::raw_list(file).await);
        }
        for (program, starts) in programs.iter().zip(&mut all.programs) {
            rest().await;
            starts.extend(tokio::task::block_in_place(|| start::start(bench, program, file, pods)));
        }
    }
    all
}

/// Lets the API server finish what the last client left.
async fn rest() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}
