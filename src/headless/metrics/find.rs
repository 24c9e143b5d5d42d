//! Which gateway is meant.

use std::sync::Arc;

use crate::config::closest;
use crate::model::clean::clean;
use crate::model::gateway::{GatewayId, GatewayRow};
use crate::model::snapshot::Snapshot;

/// A gateway in words: `frankfurt/istio-system/egress`.
pub(super) fn words(id: &GatewayId) -> String {
    clean(&format!("{}/{}/{}", id.cluster, id.namespace, id.name)).into_owned()
}

/// The one gateway of a name. The error names those that it may mean.
pub(super) fn one(
    fleet: &[Arc<GatewayRow>],
    states: &[Arc<Snapshot>],
    name: &str,
) -> Result<Arc<GatewayRow>, String> {
    let named = all(fleet, name);
    match named.as_slice() {
        [] => Err(nothing(fleet, states, name)),
        [one] => Ok(one.clone()),
        several => {
            let each: Vec<String> = several.iter().map(|row| flags(&row.id)).collect();
            Err(format!("several gateways are named {}; say which:\n  {}", clean(name), each.join("\n  ")))
        }
    }
}

/// All gateways of a name.
pub(super) fn all(fleet: &[Arc<GatewayRow>], name: &str) -> Vec<Arc<GatewayRow>> {
    fleet.iter().filter(|row| *row.id.name == *name).cloned().collect()
}

/// The flags that name one alone.
fn flags(id: &GatewayId) -> String {
    let text = format!("--context {} -n {}", id.cluster, id.namespace);
    clean(&text).into_owned()
}

/// What there is to say when there is no such gateway.
pub(super) fn nothing(fleet: &[Arc<GatewayRow>], states: &[Arc<Snapshot>], name: &str) -> String {
    let clusters: Vec<String> = states.iter().map(|s| clean(s.cluster.as_str()).into_owned()).collect();
    let among = match clusters.len() {
        1 => format!("cluster {}", clusters.join("")),
        _ => format!("clusters {}", clusters.join(", ")),
    };
    let meant = closest(name, fleet.iter().map(|row| &*row.id.name));
    let meant = meant.map(|meant| format!("; did you mean {}?", clean(meant))).unwrap_or_default();
    format!("no gateway is named {} in {among}{meant}", clean(name))
}
