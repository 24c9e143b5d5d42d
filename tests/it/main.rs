//! The one integration binary: kube is slow to link.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod architecture;
mod cli;
mod config;
mod dependencies;
mod files;
mod readme;
