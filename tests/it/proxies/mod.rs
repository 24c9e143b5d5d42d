//! Proxies are reached and read: on a server that answers as a test says, and on a real control plane.

mod demo;
mod ends;
mod pace;
mod rights;
mod simulated;
mod support;
mod ways;
