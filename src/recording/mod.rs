//! A recording: what was seen of gateways and read of their proxies over a while, in a file that can be played again.
//!
//! # The format
//!
//! A file of lines, each a JSON object of its own with `is`, which says what it is. The first line is the header. Lines are
//! added and never changed; one that cannot be read, or that the end of the file cuts short, costs itself. A reader leaves
//! aside lines whose `is` it does not know, and fields that it does not know. All times are UTC (RFC 3339).
//!
//! | `is` | fields | what it says |
//! |---|---|---|
//! | `recording` | `version`, `egret`, `started`, `clusters`: `[{name, uid, kubernetes}]` | the header; `version` is 1, and a reader refuses a greater one |
//! | `object` | `at`, `cluster`, `kind`, `object` | `+`: an object, or as it is from now on |
//! | `gone` | `at`, `cluster`, `kind`, `namespace`, `name` | `-`: an object that is no longer there |
//! | `refused` | `at`, `cluster`, `kind`?, `fault` | a kind that may not be read; without `kind`: the cluster does not answer |
//! | `answers` | `at`, `cluster` | a cluster that did not answer does again |
//! | `scrape` | `at`, `pod`, `uid`, `took`, `bytes`, `way`, `uptime`, `broken`, `source`, `first`, `new`, `values` | a proxy was read |
//! | `missed` | `at`, `pod`, `fault` | it could not be: a gap |
//! | `admin` | `at`, `pod`, `answer` or `fault` | its admin interface answered, or did not |
//! | `usage` | `at`, `cluster`, `pods` or `fault` | the metrics API told what pods use, or did not |
//!
//! Series are numbered over the file, from 0, in the order in which they are first seen: `new` holds those of a scrape that
//! were not there before, the first of which has the number `first`; `values` are pairs of a number and a value. `took` is
//! in seconds. `kind` is the word that [`Kind`](crate::model::name::Kind) has for it: `IstioServers` is the `Gateway` of
//! `networking.istio.io`.
//!
//! Objects are whole but for what nobody may find in a file: values of environment variables, arguments of containers,
//! `managedFields` of all but `IstioGateway`s, and the copy that `kubectl apply` leaves (`lean`). Secrets are never read.

mod lean;
mod line;
mod past;
#[cfg(test)]
mod tests;
mod write;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use lean::lean;
pub use past::{Change, Entry, Past, Unreadable, What};
pub use write::Recorder;

use crate::model::name::ClusterName;

/// The version of the format that is written.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`VERSION`].
    pub version: u32,
    /// The version of egret that wrote it.
    pub egret: String,
    /// When it was begun.
    pub started: Timestamp,
    /// The clusters that are in it.
    pub clusters: Vec<Cluster>,
}

/// A cluster of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// The context that it was opened by.
    pub name: ClusterName,
    /// Uid of its `kube-system`, by which contexts of one cluster are known (R2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<Box<str>>,
    /// Version of its API server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Box<str>>,
}
