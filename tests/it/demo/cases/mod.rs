//! The cases, by topic.

mod access;
mod apply;
mod crd;
mod create;
mod defaults;
mod delete;
mod discovery;
mod list;
mod objects;
mod patch;
mod streams;
mod update;
mod validation;
mod watch;
mod workload;
