//! The integration tests: one binary, because kube is slow to link.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
#![allow(clippy::disallowed_methods, reason = "tests look at the clock")]
#![allow(clippy::large_futures, reason = "bringing a cluster up is a large future, once")]

mod architecture;
mod changing;
mod cli;
mod cluster;
mod config;
mod control_plane;
mod crd;
mod demo;
mod demo_screens;
mod dependencies;
mod files;
mod metrics;
mod proxies;
mod readme;
mod reconcile;
mod secrets;
mod support;
mod terminal;
mod traffic;
mod traffic_verbs;
mod tui;
