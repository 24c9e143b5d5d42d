//! What a verb that keeps, installs or removes begins with: the home cluster, the others by id, and the namespace.

use super::record::recorded;
use crate::cli::Globals;
use crate::cluster::clock::Clock;
use crate::cluster::connect::{self, Connection};
use crate::cluster::kubeconfig::{self, Contexts};
use crate::cluster::read_only::ReadOnly;
use crate::config::{Namespaces, Settings};
use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;
use crate::reconcile::{Clusters, identity};
use crate::{setup, sources};

/// The clusters of one mesh, and where in them the gateways are.
pub(super) struct Mesh {
    pub(super) clusters: Clusters,
    pub(super) clock: Clock,
    pub(super) namespace: String,
}

/// Opens the home cluster, and those that the config maps ids to. Contexts that the config makes read-only are so,
/// whatever is asked for. What `verb` writes is told to the journal.
pub(super) async fn open(
    cluster_id: Option<&str>,
    settings: &Settings,
    globals: &Globals,
    (verb, read_only): (&'static str, ReadOnly),
) -> Result<Mesh, Fault> {
    let contexts = recorded(kubeconfig::read(globals.kubeconfig.as_deref())?, verb);
    let namespace = namespace(settings)?;
    let clusters = clusters(cluster_id, settings, &contexts, &read_only).await?;
    Ok(Mesh { clusters, clock: contexts.clock(), namespace })
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

async fn clusters(
    cluster_id: Option<&str>,
    settings: &Settings,
    contexts: &Contexts,
    read_only: &ReadOnly,
) -> Result<Clusters, Fault> {
    let chosen = setup::chosen(contexts, settings)?;
    let [home] = chosen.as_slice() else {
        return Err(Fault::new(
            Reason::Invalid,
            "a controller keeps the gateways of one home cluster",
            "Name its context with --context; other clusters are mapped by [[context]] cluster-id in the config.",
        ));
    };
    let guard = |name: &ClusterName| {
        if settings.read_only_in(name.as_str()) { ReadOnly::demanded() } else { read_only.clone() }
    };
    let home = connection(contexts, home, guard(home)).await?;
    let home_id = match cluster_id {
        Some(id) => id.to_owned(),
        None => identity::home_id(&home).await,
    };
    let clusters = Clusters::only(home, &home_id);
    for rule in &settings.rules {
        let Some(id) = rule.cluster_id.clone().filter(|id| *id != home_id) else { continue };
        let name = ClusterName::from(rule.pattern.as_str());
        let way = connection(contexts, &name, guard(&name)).await;
        if let Err(fault) = &way {
            // Its gateways are told; the others do not wait.
            tracing::error!(cluster = %name, cluster_id = id, "{}", fault.summary);
        }
        clusters.put(&id, way);
    }
    Ok(clusters)
}

async fn connection(
    contexts: &Contexts,
    name: &ClusterName,
    read_only: ReadOnly,
) -> Result<Connection, Fault> {
    let plugin = connect::plugin(contexts, name).map(std::sync::Arc::new);
    let patience = sources::Options::default().patience;
    connect::connect(contexts, name, plugin, read_only, patience).await
}
