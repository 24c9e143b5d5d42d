//! The cases, by topic.

mod apply;
mod crd;
mod create;
mod defaults;
mod delete;
mod list;
mod objects;
mod patch;
mod update;
mod validation;
mod watch;
