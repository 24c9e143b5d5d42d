//! The program: read the command line, do what it says, end with its code.

use std::process::ExitCode;

use egret::cli::Cli;
use egret::headless::{self, Outcome};

fn main() -> ExitCode {
    let cli = Cli::read();
    match &cli.verb {
        Some(verb) => headless::run(verb, &cli.globals).into(),
        // The screens start here.
        None => Outcome::Usage.into(),
    }
}
