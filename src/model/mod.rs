//! What exists: custom resources, lean rows, one cluster at one moment, and what follows from it.
//!
//! Pure: no clock, no client, no file, no task. `now` is always an argument.

pub mod clean;
pub mod columns;
pub mod describe;
pub mod facts;
pub mod fault;
pub mod filter;
pub mod fleet;
pub mod gateway;
pub mod health;
pub mod layout;
pub mod name;
pub mod row;
pub mod search;
pub mod snapshot;
pub mod table;
pub mod yaml;
