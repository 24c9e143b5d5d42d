//! What Istio's own objects make of the traffic through a gateway: mesh mTLS, per server (R13).
//!
//! Objects come in as the API server's JSON ([`read_gateway`], [`read_destination_rule`], [`read_virtual_service`],
//! [`mesh_config`]) and make a [`Mesh`]. [`mtls()`] says of each server of a gateway how clients and server get along,
//! [`breaks`] which servers a change would break. Sources: istiod's own lookup and cluster building, read in its code;
//! asm-api.md §4.3 and §6.
//!
//! Pure: no client, no clock, no file.

mod decide;
mod gateway;
mod lookup;
mod mesh;
mod mtls;
mod part;
mod route;
mod rule;
#[cfg(test)]
mod tests;
mod through;
mod words;

use std::fmt;

pub use gateway::{Gateway, Server, ServerTls, read_gateway};
pub use mesh::{Mesh, MeshConfig, mesh_config};
pub use mtls::{Case, Clients, MtlsState, Scope, ServerMtls, breaks, mtls};
pub use route::{Route, read_virtual_service};
pub use rule::{ClientMode, ClientTls, DestinationRule, Policy, Subset, read_destination_rule};
pub use through::Through;

/// The name of an object in its namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// The namespace; empty only in a document that never was on a server.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}
