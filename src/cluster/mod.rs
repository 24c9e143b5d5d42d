//! The API server as we see it: kubeconfig, connection, lists, watches, single objects, logs.
#![allow(clippy::disallowed_methods, reason = "talking to a server takes time, and says when")]

pub mod access;
mod buffered;
pub mod clock;
pub mod connect;
pub mod crd;
pub mod credentials;
pub mod discovery;
pub mod entry;
pub mod error;
pub mod events;
pub mod exec;
mod following;
pub mod forward;
pub mod inside;
pub mod journal;
pub mod knowledge;
pub mod kubeconfig;
pub mod logs;
pub mod object;
pub mod openapi;
mod proxy;
pub mod read_only;
pub mod routes;
pub mod scan;
pub mod self_contained;
pub mod service;
pub mod stream;
pub mod usage;
pub mod whole;
pub mod write;
