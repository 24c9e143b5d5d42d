//! egret: an egress gateway console for the terminal, and the controller behind it.

pub mod app;
pub mod cli;
pub mod config;
pub mod model;
pub mod runtime;
