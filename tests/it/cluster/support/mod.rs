//! What the tests of the I/O side have in common.

pub(super) mod fake;
pub(super) mod view;

use std::path::Path;
use std::time::Duration;

use std::sync::Arc;

use egret::cluster::connect::{self, Connection, Patience};
use egret::cluster::kubeconfig::{self, Contexts};
use egret::cluster::read_only::ReadOnly;
use egret::model::name::ClusterName;

use crate::support::plane::AuditEntry;

/// Longest that anything may take on a busy machine that is said to happen soon. Nothing waits this long unless it
/// fails.
pub(super) const SOON: Duration = Duration::from_secs(60);

/// The contexts of a kubeconfig.
pub(super) fn contexts(kubeconfig: &Path) -> Contexts {
    kubeconfig::read(Some(kubeconfig)).unwrap()
}

/// A connection to the first context of a kubeconfig.
pub(super) async fn connection(kubeconfig: &Path, read_only: bool) -> Connection {
    let contexts = contexts(kubeconfig);
    let cluster: ClusterName = contexts.names[0].clone();
    let plugin = connect::plugin(&contexts, &cluster).map(Arc::new);
    let read_only = ReadOnly::new(read_only);
    connect::connect(&contexts, &cluster, plugin, read_only, Patience::default()).await.unwrap()
}

/// Whether egret asked.
pub(super) fn is_ours(entry: &AuditEntry) -> bool {
    entry.user_agent == concat!("egret/", env!("CARGO_PKG_VERSION"))
}
