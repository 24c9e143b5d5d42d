//! Real clusters for hands: `cargo run --example cluster -- --clusters 2 --gateways`.
//!
//! Brings up the control planes that the tests run on, prints a kubeconfig that joins them as contexts, and stays
//! until Ctrl-C (or SIGTERM, or SIGHUP). Nothing is left behind.

#[path = "../it/support/plane/mod.rs"]
mod plane;
mod traffic;

use clap::Parser;
use futures::future::try_join_all;
use plane::{Cluster, Error, Load, NodeSize, Options, Result, kubeconfig_of, put_sample_gateways};
use std::io::Write as _;
use std::process::ExitCode;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Brings up real Kubernetes control planes with simulated nodes, and stays until Ctrl-C.
#[derive(Parser)]
struct Cli {
    /// How many clusters, side by side
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=20))]
    clusters: u16,
    /// How many simulated nodes in each
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    nodes: u16,
    /// Deployments of so many pods in istio-system of the first cluster, until all run
    #[arg(long, value_name = "DEPLOYMENTSxPODS")]
    load: Option<Load>,
    /// With the kinds of gateway.networking.k8s.io
    #[arg(long)]
    gateway_api: bool,
    /// With gateways as the Istio charts, istioctl and Gateway API make them (implies --gateway-api)
    #[arg(long)]
    gateways: bool,
    /// With istiod and its injector in each, so that gateways of egret turn Running
    #[arg(long)]
    mesh: bool,
    /// With a gateway in each whose pod is a real Envoy under load, one of whose hosts fails now and then
    #[arg(long)]
    traffic: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut ends = match [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal)
    {
        [Ok(interrupt), Ok(terminate), Ok(hangup)] => [interrupt, terminate, hangup],
        _ => return fail(&Error("signals cannot be heard".to_owned())),
    };
    let clusters = tokio::select! {
        clusters = bring_up(&cli) => clusters,
        () = any(&mut ends) => return ExitCode::SUCCESS,
    };
    let clusters = match clusters {
        Ok(clusters) => clusters,
        Err(why) => return fail(&why),
    };
    tell("up; Ctrl-C ends it");
    tokio::select! {
        why = traffic::run(if cli.traffic { &clusters } else { &[] }, tell) => return fail(&why),
        () = any(&mut ends) => {}
    }
    for cluster in clusters {
        if let Err(why) = cluster.end().await {
            return fail(&why);
        }
    }
    ExitCode::SUCCESS
}

async fn bring_up(cli: &Cli) -> Result<Vec<Cluster>> {
    let clusters = (1..=cli.clusters).map(|number| {
        Cluster::start(Options {
            name: format!("cluster-{number}"),
            nodes: cli.nodes.into(),
            node_size: node_size(cli),
            gateway_api: cli.gateway_api || cli.gateways,
        })
    });
    let clusters = try_join_all(clusters).await?;
    if cli.gateways {
        for cluster in &clusters {
            put_sample_gateways(&cluster.admin().await).await?;
        }
    }
    // After the samples: their pods are of servers that serve no mesh, and are not for its injector.
    if cli.mesh {
        for cluster in &clusters {
            cluster.start_istio().await?;
        }
    }
    if let (Some(load), Some(first)) = (&cli.load, clusters.first()) {
        load.put(first, tell).await?;
    }
    let joined = kubeconfig_of(&clusters.iter().collect::<Vec<_>>())?;
    print(&format!("{}\nexport KUBECONFIG={}", joined.display(), joined.display()));
    Ok(clusters)
}

/// Room for the load, however few the nodes.
fn node_size(cli: &Cli) -> NodeSize {
    let usual = NodeSize::default();
    match &cli.load {
        Some(load) => {
            let pods = load.pods() / usize::from(cli.nodes) * 5 / 4 + 10;
            NodeSize { cpu: "1k".to_owned(), memory: "4Ti".to_owned(), pods: pods.max(usual.pods) }
        }
        None => usual,
    }
}

async fn any(signals: &mut [Signal]) {
    futures::future::select_all(signals.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
}

fn fail(why: &Error) -> ExitCode {
    tell(&why.to_string());
    ExitCode::FAILURE
}

fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
