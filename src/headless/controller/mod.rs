//! `egret controller`: keeps the gateways of one cluster, without a screen.

mod observer;
pub mod serve;

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::mesh::{self, Mesh};
use super::{Outcome, Streams, forecast};
use crate::cli::{Controller, Globals, LogForm};
use crate::cluster::read_only::ReadOnly;
use crate::config::Settings;
use crate::model::fault::{Fault, Reason};
use crate::reconcile::telemetry::Telemetry;
use crate::reconcile::{Clusters, Keeper, controller, identity, kubeconfigs, survey};
use observer::Told;
use serve::{Probe, Probes};

/// Keeps gateways until a signal asks to stop.
pub fn run(
    controller: &Controller,
    settings: &Settings,
    globals: &Globals,
    streams: &mut Streams<'_>,
) -> io::Result<Outcome> {
    if settings.read_only.value && !controller.dry_run {
        streams.complain("a controller writes, and read-only is set")?;
        return Ok(Outcome::Usage);
    }
    log(controller.log);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let done = if controller.dry_run {
        runtime.block_on(foreseen(controller, settings, globals)).map(Some)
    } else {
        runtime.block_on(keep(controller, settings, globals)).map(|()| None)
    };
    match done {
        Ok(lines) => {
            for line in lines.into_iter().flatten() {
                writeln!(streams.out, "{line}")?;
            }
            Ok(Outcome::Done)
        }
        Err(fault) => streams.fails(&fault),
    }
}

/// What it would do, in lines. Writes nothing.
async fn foreseen(
    controller: &Controller,
    settings: &Settings,
    globals: &Globals,
) -> Result<Vec<String>, Fault> {
    let id = controller.cluster_id.as_deref();
    let Mesh { clusters, clock, namespace } =
        mesh::open(id, settings, globals, ("controller", ReadOnly::demanded())).await?;
    let keeper = Keeper::new(clusters.clone(), clock);
    let looking = Box::pin(survey(&keeper, &namespace));
    let plan = kubeconfigs::beside(clusters.clone(), namespace.clone(), looking).await?;
    Ok(forecast::lines(&clusters.home, &namespace, &plan))
}

async fn keep(controller: &Controller, settings: &Settings, globals: &Globals) -> Result<(), Fault> {
    let id = controller.cluster_id.as_deref();
    let Mesh { clusters, clock, namespace } =
        mesh::open(id, settings, globals, ("controller", ReadOnly::new(false))).await?;
    if clusters.home.read_only.is_on() {
        let summary =
            format!("{}: a controller writes, and this context is read-only", clusters.home.cluster);
        return Err(Fault::new(Reason::ReadOnly, summary, "The config says so."));
    }
    let invalid = |what: String, why: io::Error| {
        let hint = "--listen names another address, such as 127.0.0.1:0 for a free port.";
        Fault::new(Reason::Invalid, format!("{what}: {why}"), hint)
    };
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
            keeper: Keeper::new(clusters.clone(), clock),
            namespace: namespace.clone(),
            me: identity::me(false),
            observer: std::sync::Arc::new(observer),
        },
        super::asked_to_stop(),
    );
    let keeping = Box::pin(kubeconfigs::beside(clusters, namespace, keeping));
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
    let others = clusters.others();
    let others: Vec<&str> = others.keys().map(String::as_str).collect();
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
