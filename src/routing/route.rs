//! `VirtualService`: which hosts and subsets traffic is sent to.
//!
//! Needed for one question only: which subsets of a gateway's Service clients really use. The documented way to an
//! egress gateway is a subset with a TLS policy of its own; the policy of the whole host, which nobody's traffic
//! meets there, must not make the server look broken.

use serde_json::Value;

use super::ObjectName;
use super::part::{self, Part};
use crate::model::tolerant::Tolerant;

/// One destination of a `VirtualService`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The `VirtualService`.
    pub name: ObjectName,
    /// The host as written; a name without a dot is a Service in the object's namespace.
    pub host: String,
    /// The subset; `None`: the whole host.
    pub subset: Option<String>,
    /// The Service's port; `None`: its only one.
    pub port: Option<u16>,
    /// Namespaces that see it: names, `.` or `*`; none: the mesh's default.
    pub export_to: Vec<String>,
}

/// The lists of rules of a `VirtualService`.
const PROTOCOLS: [&str; 3] = ["http", "tls", "tcp"];

/// Reads all destinations of a `VirtualService`, each once. Never fails: what cannot be read is in `unread` and
/// leads nowhere.
pub fn read_virtual_service(object: &Value) -> Tolerant<Vec<Route>> {
    part::read(object, |object| routes(object).unwrap_or_default())
}

fn routes(object: &Part<'_>) -> Option<Vec<Route>> {
    let name = object.object_name()?;
    let spec = object.field("spec")?;
    let export_to = spec.export_to()?;
    let mut found: Vec<Route> = Vec::new();
    for rule in PROTOCOLS.iter().flat_map(|protocol| spec.list(protocol)) {
        // Mirrored traffic is traffic: it is sent as the destination's rule says.
        let weighted = rule.list("route").into_iter().chain(rule.list("mirrors"));
        let weighted = weighted.filter_map(|route| route.need("destination"));
        for destination in weighted.chain(rule.field("mirror")) {
            let Some(host) = destination.need("host").and_then(|host| host.text()) else { continue };
            let port = destination.field("port").and_then(|port| port.field("number")?.port());
            let subset = destination.field("subset").and_then(|subset| subset.text());
            let subset = subset.filter(|subset| !subset.is_empty());
            let route = Route { name: name.clone(), host, subset, port, export_to: export_to.clone() };
            if !found.contains(&route) {
                found.push(route);
            }
        }
    }
    Some(found)
}
