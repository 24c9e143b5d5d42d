//! How clients get along with each server of a gateway, from the mesh as it is now (R13).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::Pairs;
use crate::model::name::Resource;
use crate::model::tolerant::Tolerant;
use crate::routing::{
    Mesh, ServerMtls, mesh_config, mtls, read_destination_rule, read_gateway, read_virtual_service,
};

/// Where istiod's own configuration is.
const ROOT: &str = "istio-system";

/// The state of every server of the pods with these labels behind a Service.
///
/// # Errors
/// When one of Istio's kinds may not be listed, or the server does not answer. A kind that is not served has no objects.
pub async fn servers(
    c: &Connection,
    namespace: &str,
    service: &str,
    pod_labels: &Pairs,
    revision: Option<&str>,
) -> Result<Vec<ServerMtls>, Fault> {
    let mesh = mesh(c, revision).await?;
    let labels: BTreeMap<String, String> = pod_labels.clone().into_iter().collect();
    Ok(mtls(&labels, &host_of(service, namespace), namespace, &mesh))
}

/// A Service's whole name.
pub fn host_of(service: &str, namespace: &str) -> String {
    format!("{service}.{namespace}.svc.cluster.local")
}

/// What Istio's objects say in a cluster now.
///
/// # Errors
/// When one of Istio's kinds may not be listed, or the server does not answer. A kind that is not served has no objects.
pub async fn mesh(c: &Connection, revision: Option<&str>) -> Result<Mesh, Fault> {
    let config = config_map(&name_of(revision));
    let (gateways, rules, routes, config) = futures::try_join!(
        all(c, "Gateway", "gateways"),
        all(c, "DestinationRule", "destinationrules"),
        all(c, "VirtualService", "virtualservices"),
        write::get(c, &config),
    )?;
    let read = |config: Value| mesh_config(&config).value;
    Ok(Mesh {
        config: config.map(read).unwrap_or_default(),
        gateways_scoped: false,
        gateways: gateways.iter().filter_map(|object| value(read_gateway(object))).collect(),
        destination_rules: rules.iter().filter_map(|object| value(read_destination_rule(object))).collect(),
        routes: routes.iter().flat_map(|object| read_virtual_service(object).value).collect(),
    })
}

/// The mesh config that istiod goes by, as it is written; empty where there is none.
///
/// # Errors
/// When it may not be read, cannot be read, or the server does not answer.
pub async fn configuration(c: &Connection, revision: Option<&str>) -> Result<Value, Fault> {
    let at = config_map(&name_of(revision));
    let map = write::get(c, &at).await?;
    let text = map.as_ref().and_then(|map| map["data"]["mesh"].as_str()).unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_yaml::from_str(text).map_err(|why| {
        let summary = format!("{}: ConfigMap {ROOT}/{}: data.mesh: {why}", c.cluster, at.name);
        Fault::new(Reason::Invalid, summary, "Mend it: istiod cannot read it either.")
    })
}

/// The ConfigMap of a revision's mesh config.
fn name_of(revision: Option<&str>) -> String {
    match revision {
        None | Some("default") => "istio".to_owned(),
        Some(revision) => format!("istio-{revision}"),
    }
}

fn value<T>(read: Tolerant<Option<T>>) -> Option<T> {
    read.value
}

fn config_map(name: &str) -> Address {
    Address {
        kind: "ConfigMap".to_owned(),
        resource: Resource { group: "", version: "v1", plural: "configmaps", namespaced: true },
        namespace: ROOT.to_owned(),
        name: name.to_owned(),
    }
}

/// All objects of one of Istio's kinds, in every namespace.
async fn all(c: &Connection, kind: &str, plural: &'static str) -> Result<Vec<Value>, Fault> {
    let resource = Resource { group: "networking.istio.io", version: "v1", plural, namespaced: true };
    let at = Address { kind: kind.to_owned(), resource, namespace: String::new(), name: String::new() };
    match write::list(c, &at, "").await {
        Err(fault) if fault.reason == Reason::Missing => Ok(Vec::new()),
        listed => listed,
    }
}
