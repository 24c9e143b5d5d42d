//! The admin interface's answers: clusters, certificates, listeners, server; and what response flags mean.

pub mod certs;
pub mod clusters;
pub mod flags;
mod json;
pub mod secrets;
pub mod server;

use jiff::Timestamp;

use crate::model::fault::Fault;
use crate::model::name::ObjectKey;

/// What a pod's admin interface said.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The pod.
    pub pod: ObjectKey,
    /// When.
    pub at: Timestamp,
    /// What it said, or why it said nothing.
    pub answer: Result<Answer, Fault>,
}

/// An answer of the admin interface.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// `/clusters?format=json`.
    Clusters(Vec<clusters::Cluster>),
    /// `/certs`.
    Certs(Vec<certs::Certificate>),
    /// `/server_info`.
    Server(server::ServerInfo),
}
