//! The program: read the command line, do what it says, end with its code.

use std::process::ExitCode;

use egret::cli::Cli;
use egret::headless::{self, Outcome};

fn main() -> ExitCode {
    let cli = Cli::read();
    // Without a provider of its own choice rustls would not start; it is installed once, here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match &cli.verb {
        Some(verb) => headless::run(verb, &cli.globals).into(),
        None => Outcome::Usage.into(),
    }
}
