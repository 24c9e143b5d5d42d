//! What exists: custom resources, lean rows, one cluster at one moment, and what follows from it.
//!
//! Pure: no clock, no client, no file, no task. `now` is always an argument.

pub mod age;
pub mod fault;
pub mod gateway;
pub mod health;
pub mod name;
pub mod quantity;
pub mod row;
pub mod snapshot;
