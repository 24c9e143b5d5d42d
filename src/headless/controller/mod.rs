//! `egret controller`: keeps the gateways of one cluster, without a screen.

mod observer;
pub mod serve;

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Outcome, Streams};
use crate::cli::{Controller, Globals, LogForm};
use crate::cluster::connect::{self, Connection};
use crate::cluster::kubeconfig::{self, Contexts};
use crate::cluster::read_only::ReadOnly;
use crate::config::{Namespaces, Settings};
use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;
use crate::reconcile::telemetry::Telemetry;
use crate::reconcile::{Clusters, Keeper};
use crate::reconcile::{controller, identity};
use crate::{setup, sources};
use observer::Told;
use serve::{Probe, Probes};

/// Keeps gateways until a signal asks to stop.
pub fn run(
    controller: &Controller,
    settings: &Settings,
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    if settings.read_only.value {
        streams.complain("a controller writes, and read-only is set")?;
        return Ok(Outcome::Usage);
    }
    log(controller.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match runtime.block_on(keep(controller, settings, globals)) {
        Ok(()) => Ok(Outcome::Done),
        Err(fault) => {
            streams.complain(&fault.summary)?;
            if !fault.hint.is_empty() {
                streams.complain(&fault.hint)?;
            }
            Ok(Outcome::Failed)
        }
    }
}

async fn keep(controller: &Controller, settings: &Settings, globals: &Globals) -> Result<(), Fault> {
    let contexts = kubeconfig::read(globals.kubeconfig.as_deref())?;
    let namespace = namespace(settings)?;
    let clusters = clusters(controller, settings, &contexts).await?;
    let invalid = |what: String, why: io::Error| Fault::new(Reason::Invalid, format!("{what}: {why}"), "");
    let listener = TcpListener::bind(controller.listen)
        .await
        .map_err(|why| invalid(format!("listening on {}", controller.listen), why))?;
    let address = listener.local_addr().map_err(|why| invalid("listening".to_owned(), why))?;
    let (probes, telemetry) = (Probes::default(), Telemetry::default());
    probes.set(Probe::Ready, "lease", Err("not looked at yet".to_owned()));
    started(&clusters, &namespace, address);
    let observer = Told { probes: probes.clone(), telemetry: telemetry.clone() };
    let keeping = controller::run(
        controller::Settings {
            keeper: Keeper::new(clusters, contexts.clock()),
            namespace,
            me: identity::me(false),
            observer: std::sync::Arc::new(observer),
        },
        asked_to_stop(),
    );
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = serve::serve(listener, probes, telemetry, async move { drop(stopped.await) });
    let keeping = async {
        keeping.await;
        drop(stop);
    };
    tokio::join!(keeping, serving);
    tracing::info!("ended");
    Ok(())
}

fn started(clusters: &Clusters, namespace: &str, address: SocketAddr) {
    let others: Vec<&str> = clusters.others.keys().map(String::as_str).collect();
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        cluster = %clusters.home.cluster,
        cluster_id = clusters.home_id,
        others = others.join(","),
        namespace,
        %address,
        "started"
    );
}

/// Waits for SIGTERM or SIGINT.
async fn asked_to_stop() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

/// Logs go to standard error, where whoever runs containers collects them.
fn log(form: LogForm) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(
            "warn,egret=info,kube=error,kube_client=error,kube_runtime=error",
        ))
        .with_writer(io::stderr);
    // Somebody else's subscriber is there already: then the log is theirs.
    let _ = match form {
        LogForm::Json => builder.json().flatten_event(true).try_init(),
        LogForm::Text => builder.with_ansi(false).try_init(),
    };
}

/// The one namespace of the gateways.
fn namespace(settings: &Settings) -> Result<String, Fault> {
    match &settings.namespaces.value {
        Namespaces::Named(names) if names.len() == 1 => Ok(names[0].clone()),
        _ => Err(Fault::new(
            Reason::Invalid,
            "a controller keeps the gateways of one namespace",
            "Name one with --namespace; ASM keeps gateways in istio-system alone.",
        )),
    }
}

/// The home cluster, and those that the config maps ids to.
async fn clusters(
    controller: &Controller,
    settings: &Settings,
    contexts: &Contexts,
) -> Result<Clusters, Fault> {
    let chosen = setup::chosen(contexts, settings)?;
    let [home] = chosen.as_slice() else {
        return Err(Fault::new(
            Reason::Invalid,
            "a controller keeps the gateways of one home cluster",
            "Name its context with --context; other clusters are mapped by [[context]] cluster-id in the config.",
        ));
    };
    let connection = open(contexts, home).await?;
    let home_id = match &controller.cluster_id {
        Some(id) => id.clone(),
        None => identity::home_id(&connection).await,
    };
    let mut clusters = Clusters::only(connection, &home_id);
    for rule in &settings.rules {
        let Some(id) = rule.cluster_id.clone().filter(|id| *id != home_id) else { continue };
        let name = ClusterName::from(rule.pattern.as_str());
        match open(contexts, &name).await {
            Ok(connection) => drop(clusters.others.insert(id, connection)),
            // Its gateways are told; the others do not wait.
            Err(fault) => tracing::error!(cluster = %name, cluster_id = id, "{}", fault.summary),
        }
    }
    Ok(clusters)
}

async fn open(contexts: &Contexts, name: &ClusterName) -> Result<Connection, Fault> {
    let plugin = connect::plugin(contexts, name).map(std::sync::Arc::new);
    let patience = sources::Options::default().patience;
    connect::connect(contexts, name, plugin, ReadOnly::new(false), patience).await
}
