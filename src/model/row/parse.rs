//! From the JSON of one object to its row.
//!
//! The structs here borrow from the text and name only the fields a row keeps; serde skips the rest without
//! building it. What the API server may leave out or send as `null` reads as the default, as in its own clients.

mod gateway;
mod network;
mod pod;
mod pod_status;
mod scaling;
#[cfg(test)]
mod tests;
mod text;
mod workload;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Condition, KEPT_ANNOTATIONS, Owner, Pairs, RowMeta};
use crate::model::path::Found;
use text::{Or, Text};

/// `metadata`, as far as rows keep it.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    namespace: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    #[serde(borrow)]
    resource_version: Text<'a>,
    generation: Or<i64>,
    creation_timestamp: Option<Timestamp>,
    deletion_timestamp: Option<Timestamp>,
    #[serde(borrow)]
    finalizers: Or<Vec<Text<'a>>>,
    #[serde(borrow)]
    labels: Or<Strings<'a>>,
    #[serde(borrow)]
    annotations: Or<Strings<'a>>,
    #[serde(borrow)]
    owner_references: Or<Vec<OwnerReference<'a>>>,
}

/// A map of strings as Kubernetes has them: labels, annotations, selectors.
type Strings<'a> = BTreeMap<Text<'a>, Text<'a>>;

#[derive(Default, Deserialize)]
#[serde(default)]
struct OwnerReference<'a> {
    #[serde(borrow)]
    kind: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(borrow)]
    uid: Text<'a>,
    controller: Or<bool>,
}

/// `spec.selector` of workloads and budgets.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LabelSelector<'a> {
    #[serde(borrow)]
    match_labels: Or<Strings<'a>>,
    match_expressions: Or<Vec<serde::de::IgnoredAny>>,
}

/// One entry of `status.conditions`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawCondition<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    last_transition_time: Option<Timestamp>,
}

impl From<Metadata<'_>> for RowMeta {
    fn from(raw: Metadata<'_>) -> Self {
        let kept = |key: &Text<'_>| KEPT_ANNOTATIONS.contains(&&**key);
        Self {
            namespace: (*raw.namespace).into(),
            name: (*raw.name).into(),
            uid: raw.uid.into(),
            resource_version: raw.resource_version.into(),
            generation: raw.generation.0,
            created: raw.creation_timestamp,
            deleting: raw.deletion_timestamp,
            finalizers: boxes(raw.finalizers.0),
            labels: pairs(raw.labels.0),
            annotations: raw.annotations.0.into_iter().filter(|(key, _)| kept(key)).collect(),
            found: Found::default(),
            owner: raw.owner_references.0.into_iter().find(|owner| owner.controller.0).map(|owner| Owner {
                kind: owner.kind.into(),
                name: owner.name.into(),
                uid: owner.uid.into(),
            }),
        }
    }
}

impl From<RawCondition<'_>> for Condition {
    fn from(raw: RawCondition<'_>) -> Self {
        Self {
            kind: raw.kind.into(),
            status: raw.status.into(),
            reason: raw.reason.into(),
            message: raw.message.into(),
            since: raw.last_transition_time,
        }
    }
}

fn pairs(strings: Strings<'_>) -> Pairs {
    strings.into_iter().collect()
}

fn boxes(texts: Vec<Text<'_>>) -> Box<[Box<str>]> {
    texts.into_iter().map(Into::into).collect()
}

fn conditions(raw: Or<Vec<RawCondition<'_>>>) -> Box<[Condition]> {
    raw.0.into_iter().map(Into::into).collect()
}

/// A count as the API types it: signed there, never negative here.
fn count(number: Or<i64>) -> u32 {
    u32::try_from(number.0.max(0)).unwrap_or(u32::MAX)
}

/// A port number; what is no port reads as 0.
fn port(number: Or<i64>) -> u16 {
    u16::try_from(number.0).unwrap_or(0)
}
