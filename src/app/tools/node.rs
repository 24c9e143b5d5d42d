//! The gateways that share a node.

use std::collections::BTreeSet;

use crate::app::effect::Effect;
use crate::app::model::App;
use crate::model::clean::clean;
use crate::model::name::{ClusterName, ObjectKey};
use crate::model::table::{TableKind, Tone};

impl App {
    /// The pods on the node of this one, each with its gateway.
    pub(super) fn node_gateways(&mut self) -> Vec<Effect> {
        let Some((pod, row)) = self.pod_here() else { return Vec::new() };
        let (cluster, node) = (pod.cluster.clone(), row.node.clone());
        let filter = format!("{} {}", self.cluster_term(&cluster), self.node_term(&cluster, &node));
        let mut effects = self.show_table(TableKind::Pods, &filter);
        if let Some(table) = self.active_table_mut() {
            // Whose each is, is told by a column of the wide table.
            table.wide = true;
            table.select(crate::model::table::ItemId {
                cluster: cluster.clone(),
                namespace: pod.namespace.clone(),
                name: pod.name.clone(),
            });
        }
        let names = self.gateways_on(&cluster, &node);
        let node = clean(&node).into_owned();
        let text = match names.as_slice() {
            [] => format!("No gateway has a pod on node {node} of {cluster}."),
            [one] => format!("Only {one} has pods on node {node} of {cluster}."),
            many => format!("{} gateways share node {node} of {cluster}: {}.", many.len(), many.join(", ")),
        };
        self.say(Tone::Plain, text);
        effects.extend(self.use_what_is_shown());
        effects
    }

    /// The gateways with a pod on a node, by name.
    fn gateways_on(&self, cluster: &ClusterName, node: &str) -> Vec<String> {
        let here = self
            .fleet()
            .iter()
            .filter(|row| row.id.cluster == *cluster && row.pods.iter().any(|pod| *pod.node == *node));
        let names: BTreeSet<String> = here.map(|row| clean(&row.id.name).into_owned()).collect();
        names.into_iter().collect()
    }

    fn node_term(&self, cluster: &ClusterName, node: &str) -> String {
        let nodes = self.cluster(cluster).map(|s| s.pods.clone()).unwrap_or_default();
        term("node", node, nodes.iter().map(|pod| &*pod.node))
    }

    fn cluster_term(&self, cluster: &ClusterName) -> String {
        term("cluster", cluster.as_str(), self.clusters.iter().map(|s| s.cluster.as_str()))
    }

    /// The gateway that a pod belongs to, by name.
    pub(super) fn gateway_of(&self, pod: &ObjectKey) -> Option<std::sync::Arc<str>> {
        self.traffic.members.owner(pod).map(|id| id.name.clone())
    }
}

/// A term of a filter that one value passes and no other of these.
fn term<'a>(column: &str, value: &str, others: impl Iterator<Item = &'a str>) -> String {
    let value = value.to_lowercase();
    let is_part = |other: &str| {
        let other = other.to_lowercase();
        other != value && other.contains(&value)
    };
    if others.into_iter().any(is_part) {
        format!("{column}:/^{}$/", regex::escape(&value))
    } else {
        format!("{column}:{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_part_of_another_is_matched_whole() {
        assert_eq!(term("node", "node-1", ["node-1", "node-2"].into_iter()), "node:node-1");
        assert_eq!(term("node", "node-1", ["node-1", "node-10"].into_iter()), r"node:/^node\-1$/");
    }
}
