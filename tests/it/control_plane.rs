//! The control plane that the other tests run on is what they take it for.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "the configuration knows tests only by their attribute"
)]

mod building;
mod istio;
mod pods;
mod proxy;
mod samples;
mod servers;
mod users;
