//! Lines as they are in the file.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Header;
use crate::envoy::Answer;
use crate::metrics::scrape::Way;
use crate::metrics::series::Series;
use crate::model::fault::Fault;
use crate::model::name::{ClusterName, Kind, ObjectKey};
use crate::model::reading::Source;
use crate::model::usage::PodUsage;

/// A line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(super) enum Line<'a> {
    Recording(Header),
    Object {
        at: Timestamp,
        cluster: ClusterName,
        kind: Kind,
        object: Cow<'a, Value>,
    },
    Gone {
        at: Timestamp,
        cluster: ClusterName,
        kind: Kind,
        namespace: Arc<str>,
        name: Arc<str>,
    },
    Refused {
        at: Timestamp,
        cluster: ClusterName,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<Kind>,
        fault: Fault,
    },
    Answers {
        at: Timestamp,
        cluster: ClusterName,
    },
    Scrape(Written),
    Missed {
        at: Timestamp,
        pod: ObjectKey,
        fault: Fault,
    },
    Admin {
        at: Timestamp,
        pod: ObjectKey,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<Answer>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<Fault>,
    },
    Usage {
        at: Timestamp,
        cluster: ClusterName,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pods: Option<Arc<[PodUsage]>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<Fault>,
    },
    /// Of a later version.
    #[serde(other)]
    Unknown,
}

/// A scrape, its series by their numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    pub(super) at: Timestamp,
    pub(super) pod: ObjectKey,
    pub(super) uid: Box<str>,
    pub(super) took: f64,
    pub(super) bytes: u64,
    pub(super) way: Way,
    #[serde(default)]
    pub(super) uptime: Option<f64>,
    #[serde(default)]
    pub(super) broken: u32,
    #[serde(default)]
    pub(super) dropped: u32,
    pub(super) source: Source,
    pub(super) first: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) new: Vec<Series>,
    pub(super) values: Vec<(u32, f64)>,
}
