//! What exists: custom resources, lean rows, one cluster at one moment, and what follows from it.
//!
//! Pure: no clock, no client, no file, no task. `now` is always an argument.

pub mod crd;
pub mod egress_traffic_policy;
pub mod fault;
pub mod gateway;
pub mod health;
pub mod istio_gateway;
pub mod name;
mod open_enum;
pub mod parameters;
pub mod quantity;
pub mod row;
pub mod snapshot;
pub mod tolerant;
