//! `egret render --against-cluster`: how what is there differs from what a gateway would be made of. Only reads.

use crate::cli::{Globals, Render};
use crate::cluster::connect::{self, Connection};
use crate::cluster::kubeconfig;
use crate::cluster::read_only::ReadOnly;
use crate::cluster::write;
use crate::config::Settings;
use crate::materialize::build::Owner;
use crate::materialize::names::Names;
use crate::materialize::report::{PartState, Place};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;
use crate::reconcile::apply::{self, Work};
use crate::reconcile::clusters;
use crate::reconcile::contest::Contest;
use crate::{setup, sources};

/// The lines for each gateway of a file, in the chosen cluster, or why there are none for it.
///
/// # Errors
/// When no single cluster is chosen, or it cannot be connected to.
pub(super) fn lines<'a>(
    render: &Render,
    gateways: impl Iterator<Item = &'a IstioGateway>,
    settings: &Settings,
    globals: &Globals,
) -> Result<Vec<Result<Vec<String>, Fault>>, Fault> {
    let failed = |e: std::io::Error| Fault::new(Reason::Invalid, format!("no runtime: {e}"), "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        let c = open(settings, globals).await?;
        let mut all = Vec::new();
        for gateway in gateways {
            match one(render, gateway, &c).await {
                // The others would only be waited for.
                Err(fault) if fault.reason == Reason::Unreachable => return Err(fault),
                told => all.push(told),
            }
        }
        Ok(all)
    })
}

async fn open(settings: &Settings, globals: &Globals) -> Result<Connection, Fault> {
    let contexts = kubeconfig::read(globals.kubeconfig.as_deref())?;
    let chosen = setup::chosen(&contexts, settings)?;
    let [name] = chosen.as_slice() else {
        let hint = "Name one with --context.";
        return Err(Fault::new(Reason::Invalid, "a gateway is compared with what is in one cluster", hint));
    };
    let plugin = connect::plugin(&contexts, name).map(std::sync::Arc::new);
    let patience = sources::Options::default().patience;
    connect::connect(&contexts, name, plugin, ReadOnly::demanded(), patience).await
}

async fn one(render: &Render, gateway: &IstioGateway, c: &Connection) -> Result<Vec<String>, Fault> {
    let namespace = gateway.metadata.namespace.as_deref().unwrap_or(sources::DEFAULT_NAMESPACE);
    // Whose objects are its own is told by the uid that the cluster gave it.
    let live = write::get(c, &clusters::gateway(namespace, gateway.name())).await?;
    let uid = live.as_ref().and_then(|live| live["metadata"]["uid"].as_str());
    let owner = uid.map_or(Owner::Nobody, |uid| Owner::Gateway { uid: uid.to_owned() });
    let names = Names::read(gateway).map_err(|why| Fault::new(Reason::Invalid, why, ""))?;
    let work = Work {
        c,
        gateway,
        cluster_id: render.cluster_id.as_deref(),
        owner: &owner,
        names: &names,
        writes: false,
        home: None,
    };
    let place = apply::place(work, &mut Contest::default()).await;
    Ok(told(&place, gateway.name()))
}

/// A line for each object, or for each field that differs.
fn told(place: &Place, gateway: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for part in &place.parts {
        let object = format!("{gateway}: {} {}", part.part, part.name);
        match &part.state {
            PartState::Drifted(fields) if fields.is_empty() => {
                lines.push(format!("{object}: there, and not wanted"))
            }
            PartState::Drifted(fields) => {
                lines.extend(fields.iter().map(|f| format!("{object}: {}", f.in_words())))
            }
            PartState::Held => lines.push(format!("{object}: not there")),
            PartState::ToTake => lines.push(format!("{object}: is to be taken over")),
            PartState::Conflict(who) => lines.push(format!("{object}: belongs to {who}")),
            PartState::Failed(fault) => lines.push(format!("{object}: {}", fault.summary)),
            _ => lines.push(format!("{object}: as it should be")),
        }
    }
    lines.extend(
        place
            .pending
            .iter()
            .map(|field| format!("{gateway}: pending until it is rolled: {}", field.in_words())),
    );
    lines.extend(place.faults.iter().map(|fault| format!("{gateway}: {}", fault.summary)));
    lines
}
