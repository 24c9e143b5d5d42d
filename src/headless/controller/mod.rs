//! `egret controller`: keeps the gateways of one cluster, without a screen.

mod observer;
pub mod serve;

use std::io;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{Outcome, Streams};
use crate::cli::{Controller, Globals, LogForm};
use crate::cluster::connect::{self, Connection};
use crate::cluster::kubeconfig::{self, Contexts};
use crate::cluster::read_only::ReadOnly;
use crate::cluster::write::{self, Address};
use crate::config::{Namespaces, Settings};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{ClusterName, Kind};
use crate::reconcile::controller;
use crate::reconcile::lease::Me;
use crate::reconcile::telemetry::Telemetry;
use crate::reconcile::{Clusters, Keeper};
use crate::{setup, sources};
use observer::Told;
use serve::{Probe, Probes};

/// The id that istiod gives its own cluster when nobody says another.
const USUAL_ID: &str = "Kubernetes";

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
    let me = Me { identity: identity(), version: env!("CARGO_PKG_VERSION").to_owned(), embedded: false };
    let observer = Told { probes: probes.clone(), telemetry: telemetry.clone() };
    let keeping = controller::run(
        controller::Settings {
            keeper: Keeper::new(clusters, contexts.clock()),
            namespace,
            me,
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
        None => istiods_id(&connection).await.unwrap_or_else(|| USUAL_ID.to_owned()),
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

/// What istiod calls its cluster (R2).
async fn istiods_id(c: &Connection) -> Option<String> {
    let at = Address {
        kind: Kind::Deployment.to_string(),
        resource: Kind::Deployment.resource(),
        namespace: sources::DEFAULT_NAMESPACE.to_owned(),
        name: String::new(),
    };
    let all = write::list(c, &at, "app=istiod").await.ok()?;
    all.iter().find_map(id_of)
}

fn id_of(istiod: &Value) -> Option<String> {
    let containers = istiod["spec"]["template"]["spec"]["containers"].as_array()?;
    let variables = containers.iter().flat_map(|c| c["env"].as_array().into_iter().flatten());
    let mut ids = variables.filter(|v| v["name"] == "CLUSTER_ID").filter_map(|v| v["value"].as_str());
    ids.next().filter(|id| !id.is_empty()).map(str::to_owned)
}

/// A name that no other process has: that of the machine or pod, and of the process in it.
fn identity() -> String {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    format!("{host}_{}_{:08x}", std::process::id(), fastrand::u32(..))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_id_of_the_home_cluster_is_istiods() {
        let istiod = |env: Value| json!({"spec": {"template": {"spec": {"containers": [{"env": env}]}}}});
        assert_eq!(id_of(&istiod(json!([{"name": "CLUSTER_ID", "value": "c1"}]))), Some("c1".to_owned()));
        assert_eq!(id_of(&istiod(json!([{"name": "CLUSTER_ID", "value": ""}]))), None);
        assert_eq!(id_of(&json!({})), None);
    }
}
