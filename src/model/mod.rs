//! What exists: custom resources, lean rows, one cluster at one moment, and what follows from it.
//!
//! Pure: no clock, no client, no file, no task. `now` is always an argument.

pub mod age;
pub mod amount;
pub mod beside;
pub mod brief;
pub mod clean;
pub mod clock;
pub mod closest;
pub mod columns;
pub mod crd;
pub mod describe;
pub mod digest;
pub mod draft;
pub mod edit;
pub mod egress_traffic_policy;
pub mod exec;
pub mod facts;
pub mod fault;
pub mod filter;
pub mod fleet;
pub mod forward;
pub mod gateway;
pub mod health;
pub mod holder;
pub mod istio_gateway;
pub mod knowledge;
pub mod layout;
pub mod name;
pub(crate) mod open_enum;
pub mod overview;
pub mod parameters;
pub mod path;
pub mod private;
pub mod quantity;
pub mod reading;
pub mod route;
pub mod row;
pub mod schema;
pub mod search;
pub mod snapshot;
pub mod table;
#[cfg(test)]
pub(crate) mod testing;
pub mod tolerant;
pub mod upstream;
pub mod usage;
pub mod view;
pub mod way;
pub mod yaml;
