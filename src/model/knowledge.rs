//! What is known of a cluster for whoever fills in a form: names to choose from, and how many nodes would do.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Affinity, NodeSelectorRequirement, NodeSelectorTerm, Toleration};

use super::fault::Fault;

/// What is looked at, each by itself: one that may not be read takes only its own completion away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Sort {
    /// Nodes.
    Nodes,
    /// Namespaces.
    Namespaces,
    /// Secrets, by name alone (R27).
    Secrets,
    /// ConfigMaps, by name alone.
    #[strum(serialize = "ConfigMaps")]
    ConfigMaps,
}

/// A taint of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value; may be empty.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule`, `NoExecute`.
    pub effect: String,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// Whether it says that it is ready.
    pub ready: bool,
    /// Whether it is cordoned.
    pub unschedulable: bool,
}

/// What is known of one cluster. Texts are as the cluster has them: they are cleaned where they are painted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knowledge {
    /// Nodes.
    pub nodes: Vec<Node>,
    /// The id by which a gateway there names this very cluster; `None`: not told.
    pub home_id: Option<String>,
    /// Names of namespaces.
    pub namespaces: Vec<String>,
    /// Namespace and name of Secrets. Nothing else of them is ever read (R27).
    pub secrets: Vec<(String, String)>,
    /// Namespace and name of ConfigMaps.
    pub config_maps: Vec<(String, String)>,
    /// What could not be read, and why.
    pub denied: Vec<(Sort, Fault)>,
}

impl Knowledge {
    /// Why something is not known.
    pub fn fault(&self, sort: Sort) -> Option<&Fault> {
        self.denied.iter().find(|(denied, _)| *denied == sort).map(|(_, fault)| fault)
    }

    /// All keys of labels of nodes.
    pub fn label_keys(&self) -> BTreeSet<&str> {
        self.nodes.iter().flat_map(|node| node.labels.keys().map(String::as_str)).collect()
    }

    /// All values that a label has on nodes.
    pub fn label_values(&self, key: &str) -> BTreeSet<&str> {
        self.nodes.iter().filter_map(|node| node.labels.get(key).map(String::as_str)).collect()
    }

    /// All taints of nodes.
    pub fn taints(&self) -> BTreeSet<&Taint> {
        self.nodes.iter().flat_map(|node| &node.taints).collect()
    }
}

impl Node {
    /// Whether it has all of these labels.
    pub fn has(&self, labels: Option<&BTreeMap<String, String>>) -> bool {
        labels.into_iter().flatten().all(|(key, value)| self.labels.get(key) == Some(value))
    }

    /// Whether its taints let pods with these tolerations on.
    pub fn lets_on(&self, tolerations: &[Toleration]) -> bool {
        let keeps_off = |taint: &&Taint| taint.effect != "PreferNoSchedule";
        self.taints.iter().filter(keeps_off).all(|taint| tolerations.iter().any(|t| tolerates(t, taint)))
    }

    /// Whether what an affinity requires of nodes is so here. What it prefers, and what it says of other pods, is not
    /// looked at.
    pub fn suits(&self, affinity: Option<&Affinity>) -> bool {
        let required = affinity
            .and_then(|a| a.node_affinity.as_ref())
            .and_then(|n| n.required_during_scheduling_ignored_during_execution.as_ref());
        required.is_none_or(|selector| selector.node_selector_terms.iter().any(|term| self.fits(term)))
    }

    fn fits(&self, term: &NodeSelectorTerm) -> bool {
        let labels = term.match_expressions.as_deref().unwrap_or_default();
        let fields = term.match_fields.as_deref().unwrap_or_default();
        let name = |r: &NodeSelectorRequirement| r.key == "metadata.name" && meets(r, Some(&self.name));
        // A term that asks for nothing fits no node.
        !(labels.is_empty() && fields.is_empty())
            && labels.iter().all(|r| meets(r, self.labels.get(&r.key)))
            && fields.iter().all(name)
    }
}

fn meets(requirement: &NodeSelectorRequirement, value: Option<&String>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let number = |text: &String| text.parse::<i64>().ok();
    let beside = || Some((number(value?)?, number(values.first()?)?));
    match requirement.operator.as_str() {
        "In" => value.is_some_and(|v| values.contains(v)),
        "NotIn" => value.is_none_or(|v| !values.contains(v)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => beside().is_some_and(|(is, bound)| is > bound),
        "Lt" => beside().is_some_and(|(is, bound)| is < bound),
        _ => false,
    }
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (key, effect) = (text(&toleration.key), text(&toleration.effect));
    let exists = toleration.operator.as_deref() == Some("Exists");
    let same_key = if key.is_empty() { exists } else { key == taint.key };
    (effect.is_empty() || effect == taint.effect)
        && same_key
        && (exists || text(&toleration.value) == taint.value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn node(labels: &[(&str, &str)], taints: &[(&str, &str, &str)]) -> Node {
        let taint = |(key, value, effect): &(&str, &str, &str)| Taint {
            key: (*key).into(),
            value: (*value).into(),
            effect: (*effect).into(),
        };
        Node {
            name: "n1".into(),
            labels: labels.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            taints: taints.iter().map(taint).collect(),
            ready: true,
            unschedulable: false,
        }
    }

    #[test]
    fn a_taint_keeps_pods_off_unless_they_tolerate_it() {
        let read = |value| serde_json::from_value::<Vec<Toleration>>(value).unwrap();
        let tainted = node(&[], &[("dedicated", "gateway", "NoSchedule"), ("soft", "", "PreferNoSchedule")]);
        let cases = [
            (json!([]), false),
            (json!([{"key": "dedicated", "value": "gateway"}]), true),
            (json!([{"key": "dedicated", "value": "gateway", "effect": "NoSchedule"}]), true),
            (json!([{"key": "dedicated", "value": "gateway", "effect": "NoExecute"}]), false),
            (json!([{"key": "dedicated", "value": "other"}]), false),
            (json!([{"key": "dedicated", "operator": "Exists"}]), true),
            (json!([{"operator": "Exists"}]), true),
            (json!([{}]), false),
        ];
        for (tolerations, lets_on) in cases {
            assert_eq!(tainted.lets_on(&read(tolerations.clone())), lets_on, "{tolerations}");
        }
        assert!(node(&[], &[]).lets_on(&[]));
    }

    #[test]
    fn an_affinity_asks_for_what_one_of_its_terms_asks_for() {
        let term = |operator: &str, values: serde_json::Value| {
            serde_json::from_value::<Affinity>(json!({"nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                    {"matchExpressions": [{"key": "cores", "operator": operator, "values": values}]}]}}}))
            .unwrap()
        };
        let eight = node(&[("cores", "8")], &[]);
        let cases = [
            ("In", json!(["4", "8"]), true),
            ("In", json!(["4"]), false),
            ("NotIn", json!(["4"]), true),
            ("NotIn", json!(["8"]), false),
            ("Exists", json!(null), true),
            ("DoesNotExist", json!(null), false),
            ("Gt", json!(["4"]), true),
            ("Lt", json!(["4"]), false),
            ("Near", json!(["8"]), false),
        ];
        for (operator, values, suits) in cases {
            assert_eq!(eight.suits(Some(&term(operator, values.clone()))), suits, "{operator} {values}");
        }
        let nothing: Affinity = serde_json::from_value(json!({"nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}]}}}))
        .unwrap();
        assert!(!eight.suits(Some(&nothing)), "a term that asks for nothing fits no node");
        assert!(eight.suits(None));
    }

    #[test]
    fn a_node_needs_every_label_of_a_selector() {
        let node = node(&[("a", "1"), ("b", "2")], &[]);
        let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        assert!(node.has(Some(&labels(&[("a", "1")]))));
        assert!(!node.has(Some(&labels(&[("a", "1"), ("b", "1")]))));
        assert!(node.has(None));
    }
}
