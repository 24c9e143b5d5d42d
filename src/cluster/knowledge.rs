//! What a form offers to choose from: names, and the nodes with their labels and taints. Each is asked for by itself,
//! so that one that may not be read takes nothing but its own away.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::connect::Connection;
use super::error::Asked;
use super::stream::{get_as, refusal, whole};
use crate::model::fault::{Fault, Reason};
use crate::model::knowledge::{Knowledge, Node, Sort, Taint};

/// Names and nothing else: the data of Secrets does not even leave the server (R27).
const NAMES: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// What is asked for when the objects themselves are wanted.
const OBJECTS: &str = "application/json";

/// Items of one page.
const PAGE: usize = 500;

/// Pages that are read: nobody chooses from more names than these.
const PAGES: usize = 20;

/// Looks at a cluster; `namespace` is where the gateway is to be.
pub async fn learn(c: &Connection, namespace: &str) -> Knowledge {
    let step: String = form_urlencoded::byte_serialize(namespace.as_bytes()).collect();
    let within = |plural: &str| format!("/api/v1/namespaces/{step}/{plural}");
    let (secrets, maps) = (within("secrets"), within("configmaps"));
    let names = |path: String, what: &'static str| async move { pages::<Named>(c, &path, NAMES, what).await };
    let (nodes, namespaces, secrets, config_maps) = tokio::join!(
        pages::<NodeItem>(c, "/api/v1/nodes", OBJECTS, "list nodes"),
        names("/api/v1/namespaces".to_owned(), "list namespaces"),
        names(secrets, "list the names of Secrets"),
        names(maps, "list the names of ConfigMaps"),
    );
    let mut denied = Vec::new();
    let pair = |named: Named| (named.metadata.namespace, named.metadata.name);
    Knowledge {
        home_id: None,
        nodes: taken(nodes, Sort::Nodes, &mut denied).into_iter().map(NodeItem::node).collect(),
        namespaces: taken(namespaces, Sort::Namespaces, &mut denied)
            .into_iter()
            .map(|named| named.metadata.name)
            .collect(),
        secrets: taken(secrets, Sort::Secrets, &mut denied).into_iter().map(pair).collect(),
        config_maps: taken(config_maps, Sort::ConfigMaps, &mut denied).into_iter().map(pair).collect(),
        denied,
    }
}

fn taken<T>(found: Result<Vec<T>, Fault>, sort: Sort, denied: &mut Vec<(Sort, Fault)>) -> Vec<T> {
    found.unwrap_or_else(|fault| {
        denied.push((sort, fault));
        Vec::new()
    })
}

/// A list, page by page. What is not a field of `T` is dropped while it is read.
async fn pages<T: DeserializeOwned>(
    c: &Connection,
    path: &str,
    accept: &'static str,
    what: &str,
) -> Result<Vec<T>, Fault> {
    let asked = Asked::new(&c.cluster, what);
    let (mut all, mut next) = (Vec::new(), String::new());
    for _ in 0..PAGES {
        let token: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let token = if token.is_empty() { token } else { format!("&continue={token}") };
        let answer =
            get_as(c, &format!("{path}?limit={PAGE}{token}"), accept, &asked, c.patience.list).await?;
        if answer.status() != StatusCode::OK {
            return Err(refusal(c, answer, &asked).await);
        }
        let body = whole(c, answer.into_body(), &asked).await?;
        // The parser's own words repeat values: they are not told.
        let page: List<T> = serde_json::from_slice(&body)
            .map_err(|_| asked.because(Reason::Server, "the answer cannot be read", ""))?;
        all.extend(page.items);
        next = page.metadata.next;
        if next.is_empty() {
            break;
        }
    }
    Ok(all)
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default)]
    metadata: Next,
    items: Vec<T>,
}

#[derive(Default, Deserialize)]
struct Next {
    #[serde(default, rename = "continue")]
    next: String,
}

#[derive(Deserialize)]
struct Named {
    metadata: Name,
}

#[derive(Deserialize)]
struct Name {
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct NodeItem {
    metadata: Name,
    #[serde(default)]
    spec: NodeSpec,
    #[serde(default)]
    status: NodeStatus,
}

#[derive(Default, Deserialize)]
struct NodeSpec {
    #[serde(default)]
    taints: Vec<TaintItem>,
    #[serde(default)]
    unschedulable: bool,
}

#[derive(Deserialize)]
struct TaintItem {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    effect: String,
}

#[derive(Default, Deserialize)]
struct NodeStatus {
    #[serde(default)]
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
}

impl NodeItem {
    fn node(self) -> Node {
        let taint = |t: TaintItem| Taint { key: t.key, value: t.value, effect: t.effect };
        Node {
            name: self.metadata.name,
            labels: self.metadata.labels,
            taints: self.spec.taints.into_iter().map(taint).collect(),
            ready: self.status.conditions.iter().any(|c| c.kind == "Ready" && c.status == "True"),
            unschedulable: self.spec.unschedulable,
        }
    }
}
