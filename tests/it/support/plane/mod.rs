//! A real Kubernetes control plane for the tests: etcd, kube-apiserver, kube-controller-manager and
//! kube-scheduler, with KWOK standing in for the kubelets.
//!
//! ```ignore
//! let cluster = plane::shared().await;             // one for all tests of the process: use names of your own
//! let cluster = Cluster::start(Options::default()).await?;  // one to break
//! ```
//!
//! The programs are built from source when a test first needs them and kept in the user's cache
//! ([`parts`]); what the machine must have for that is in [`tools`]. One supervisor process owns the
//! servers of a test process and ends them with it, however it ended ([`supervisor`]).
//!
//! This module knows nothing of egret: the tests, the benchmark and `cargo run --example cluster`
//! all include it.
#![allow(dead_code, reason = "each of the programs that include this module uses a part of it")]
#![allow(unreachable_pub, unused_imports, reason = "`pub` says what the including programs may use")]
#![allow(clippy::disallowed_methods, reason = "the clock rule is for the pure modules of the product")]

mod agent;
mod api;
mod bootstrap;
mod build;
mod cluster;
mod egress;
mod envoy;
mod forward;
mod istio;
mod kubeconfig;
mod kwok;
mod load;
mod objects;
mod odd;
pub mod parts;
mod pki;
mod podlogs;
mod samples;
mod servers;
mod supervisor;
mod table;
pub mod tools;
mod upstream;
mod users;
pub mod web;

pub use agent::Agent;
pub use api::{AuditEntry, Mark};
pub use bootstrap::{Bootstrap, Collected, Host, Tags, address};
pub use cluster::{Cluster, NodeSize, Options, shared, shared_with_crds, unique};
pub use egress::{Gateway, gateway_pod};
pub use envoy::Envoy;
pub use istio::{rendered_gateway_chart, shared_with_istio};
pub use kubeconfig::kubeconfig_of;
pub use load::Load;
pub use objects::{apply_yaml, delete_now, patch_status, wait_for, wait_until_gone};
pub use odd::{Odd, UNMANAGED, odd_pod};
pub use podlogs::PodLogs;
pub use samples::{put_gateway, put_sample_gateways};
pub use table::{Table, table};
pub use upstream::Upstream;

/// What went wrong while a control plane was built, started or asked, in words for a person.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

/// The result of everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that says what was being done when `cause` happened.
    pub fn while_doing(what: impl std::fmt::Display, cause: impl std::error::Error) -> Self {
        let mut text = format!("{what}: {cause}");
        let mut source = cause.source();
        while let Some(inner) = source {
            text.push_str(&format!(": {inner}"));
            source = inner.source();
        }
        Self(text)
    }
}

/// Adds what was being done to an error of any kind.
pub(crate) trait While<T> {
    fn while_doing(self, what: impl std::fmt::Display) -> Result<T>;
}

impl<T, E: std::error::Error> While<T> for std::result::Result<T, E> {
    fn while_doing(self, what: impl std::fmt::Display) -> Result<T> {
        self.map_err(|cause| Error::while_doing(what, cause))
    }
}
