//! The program: read the command line, do what it says, end with its code.

use std::io::Write;
use std::process::ExitCode;

use egret::cli::{Cli, Globals};
use egret::headless::{self, Outcome};
use egret::model::table::TableKind;
use egret::runtime::{self, Start};
use egret::setup;

fn main() -> ExitCode {
    let cli = Cli::read();
    // Without a provider of its own choice rustls would not start; it is installed once, here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match &cli.verb {
        Some(verb) => headless::run(verb, &cli.globals).into(),
        None => screens(cli.globals, cli.view).into(),
    }
}

fn screens(globals: Globals, view: Option<TableKind>) -> Outcome {
    let setup = match setup::setup(&globals) {
        Ok(setup) => setup,
        Err(wrong) => return complain(&wrong, Outcome::Usage),
    };
    let view = view.unwrap_or(TableKind::Gateways);
    let start = Start { setup, kubeconfig: globals.kubeconfig, view, log_file: globals.log_file };
    match runtime::run(start) {
        Ok(_) => Outcome::Done,
        Err(error) => complain(&error.to_string(), Outcome::Failed),
    }
}

fn complain(what: &str, outcome: Outcome) -> Outcome {
    // Nobody is left to tell when the error stream is closed.
    let _ = writeln!(std::io::stderr(), "egret: {what}");
    outcome
}
