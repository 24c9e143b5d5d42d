//! What a verb that keeps, installs or removes begins with: the home cluster, the others by id, and the namespace.

use serde_json::Value;

use crate::cli::Globals;
use crate::cluster::clock::Clock;
use crate::cluster::connect::{self, Connection};
use crate::cluster::kubeconfig::{self, Contexts};
use crate::cluster::read_only::ReadOnly;
use crate::cluster::write::{self, Address};
use crate::config::{Namespaces, Settings};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{ClusterName, Kind};
use crate::reconcile::Clusters;
use crate::{setup, sources};

/// The id that istiod gives its own cluster when nobody says another.
const USUAL_ID: &str = "Kubernetes";

/// The clusters of one mesh, and where in them the gateways are.
pub(super) struct Mesh {
    pub(super) clusters: Clusters,
    pub(super) clock: Clock,
    pub(super) namespace: String,
}

/// Opens the home cluster, and those that the config maps ids to. Contexts that the config makes read-only are so,
/// whatever is asked for.
pub(super) async fn open(
    cluster_id: Option<&str>,
    settings: &Settings,
    globals: &Globals,
    read_only: ReadOnly,
) -> Result<Mesh, Fault> {
    let contexts = kubeconfig::read(globals.kubeconfig.as_deref())?;
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
        None => istiods_id(&home).await.unwrap_or_else(|| USUAL_ID.to_owned()),
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
pub(super) fn identity() -> String {
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
