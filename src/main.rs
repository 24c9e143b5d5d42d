//! The program: read the command line, do what it says, end with its code.

use std::io::Write;
use std::process::ExitCode;

use egret::cli::{self, Cli, Globals, Verb};
use egret::demo::fault::Rule;
use egret::headless::{self, Outcome};
use egret::model::table::TableKind;
use egret::runtime::demo::Options;
use egret::runtime::{self, Clusters, Start, replay};
use egret::setup;

fn main() -> ExitCode {
    match headless::completions::answer() {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => {}
        Err(error) => error.exit(),
    }
    let cli = Cli::read();
    // Without a provider of its own choice rustls would not start; it is installed once, here.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The demo's time is nobody's: it is shown in UTC, so that two machines show the same.
    if !matches!(cli.verb, Some(Verb::Demo(_))) {
        egret::model::clock::show_in(jiff::tz::TimeZone::system());
    }
    match &cli.verb {
        Some(Verb::Demo(demo)) => match simulated(demo) {
            Ok(clusters) => screens(cli.globals, clusters, cli.view, cli.screens, cli.reconcile).into(),
            Err(wrong) => complain(&wrong, Outcome::Usage).into(),
        },
        Some(Verb::Replay(wish)) => match replay::open(&wish.file, wish.speed, wish.from) {
            Ok(options) => {
                screens(cli.globals, Clusters::Replay(options), cli.view, cli.screens, false).into()
            }
            Err(wrong) => complain(&wrong, Outcome::Failed).into(),
        },
        Some(verb) => headless::run(verb, &cli.globals).into(),
        None => {
            let clusters = Clusters::Kubeconfig(cli.globals.kubeconfig.clone());
            screens(cli.globals, clusters, cli.view, cli.screens, cli.reconcile).into()
        }
    }
}

fn simulated(demo: &cli::Demo) -> Result<Clusters, String> {
    let faults: Result<Vec<Rule>, _> = demo.fault.iter().map(|text| text.parse()).collect();
    let faults = faults.map_err(|why| format!("--fault: {why}"))?;
    Ok(Clusters::Demo(Options { seed: demo.seed, speed: demo.speed, tour: demo.tour, past: true, faults }))
}

fn screens(
    globals: Globals,
    clusters: Clusters,
    view: Option<TableKind>,
    screens: cli::Screens,
    reconcile: bool,
) -> Outcome {
    let mut setup = match setup::setup(&globals) {
        Ok(setup) => setup.reconciling(reconcile),
        Err(wrong) => return complain(&wrong, Outcome::Usage),
    };
    setup = setup.beginning(screens, view.is_some());
    let setup = match clusters {
        Clusters::Demo(_) => setup.for_other_clusters(),
        Clusters::Replay(_) => setup.for_recording(),
        Clusters::Kubeconfig(_) => setup,
    };
    let view = view.unwrap_or(TableKind::Gateways);
    // The demo leaves nothing behind.
    let state = setup::state_dir().filter(|_| matches!(clusters, Clusters::Kubeconfig(_)));
    let start = Start { setup, clusters, view, log_file: globals.log_file, state };
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
