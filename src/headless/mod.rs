//! The verbs: what egret does without a screen.
//!
//! Every verb writes to writers it is given, so that tests read what it prints; only [`run`] knows the
//! process's own. A reader that goes away (`egret get pods | head -1`) is not an error: the verb ends
//! quietly.

pub mod apply;
mod change;
pub mod completions;
pub mod config;
mod confirm;
pub mod controller;
pub mod delete;
pub mod doctor;
mod forecast;
pub mod get;
pub mod install;
pub mod journal;
pub mod keys;
pub mod man;
mod mesh;
pub mod metrics;
pub mod output;
mod record;
pub mod render;
pub mod uninstall;

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use clap::CommandFactory as _;

use crate::cli::{Cli, Globals, Verb};
use crate::cluster::journal::file;
use crate::model::clean::clean;
use crate::model::fault::Fault;
use crate::setup::{Setup, setup};

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Done,
    /// Something could not be read; what could be was printed.
    Failed,
    /// Nothing was tried: the command line, the environment or the config file is wrong.
    Usage,
    /// It was read, and is worse than was asked for.
    Under,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Failed => 1,
            Outcome::Usage => 2,
            Outcome::Under => 3,
        })
    }
}

/// Where a verb writes.
pub struct Streams<'a> {
    /// What was asked for.
    pub out: &'a mut dyn Write,
    /// What stood in the way.
    pub err: &'a mut dyn Write,
}

impl Streams<'_> {
    /// Says on the error stream what stood in the way.
    pub fn complain(&mut self, what: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.err, "egret: {what}")
    }

    /// Says what is wrong with a file.
    fn wrong(&mut self, file: &Path, why: &str) -> io::Result<Outcome> {
        self.complain(format!("{}: {}", file.display(), clean(why)))?;
        Ok(Outcome::Failed)
    }

    /// Says what a fault is, and what to do next.
    fn fails(&mut self, fault: &Fault) -> io::Result<Outcome> {
        self.complain(clean(&fault.summary))?;
        if !fault.hint.is_empty() {
            self.complain(clean(&fault.hint))?;
        }
        Ok(Outcome::Failed)
    }
}

/// Does what a verb says, on the streams of the process.
pub fn run(verb: &Verb, globals: &Globals) -> Outcome {
    // Not locked: the controller's log goes the same way, from other threads.
    let (mut out, mut err) = (BufWriter::new(io::stdout()), io::stderr());
    let mut streams = Streams { out: &mut out, err: &mut err };
    let done = dispatch(verb, globals, &mut streams);
    file::flush();
    ended(done.and_then(|outcome| streams.out.flush().map(|()| outcome)))
}

fn dispatch(verb: &Verb, globals: &Globals, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    // None of these needs a config file, and all must work beside a broken one.
    match verb {
        Verb::Completions(c) => return completions::print(c.shell, streams.out),
        Verb::Config(c) if c.migrate => return config::migrate(globals.config.as_deref(), streams),
        Verb::Config(c) if c.default => return config::print_default(streams.out),
        Verb::Render(render) => return render::run(render, globals, streams),
        // It tells what is wrong with the config, and goes on.
        Verb::Doctor(doctor) => return doctor::run(*doctor, globals, streams),
        _ => {}
    }
    let Setup { settings, place, keymap, .. } = match setup(globals) {
        Ok(setup) => setup,
        Err(wrong) => {
            streams.complain(wrong)?;
            return Ok(Outcome::Usage);
        }
    };
    match verb {
        Verb::Man(m) => {
            let rows = keys::rows(&keymap);
            man::run(Cli::command(), m.verb.as_deref(), m.dir.as_deref(), &rows, streams)
        }
        Verb::Config(_) => config::print(&settings, &place, streams.out),
        Verb::Keys => keys::print(keys::rows(&keymap), streams.out),
        Verb::Controller(c) => controller::run(c, &settings, globals, streams),
        Verb::Install(i) => install::run(i, &settings, globals, streams),
        Verb::Uninstall(u) => uninstall::run(u, &settings, globals, streams),
        Verb::Apply(a) => apply::run(a, &settings, globals, streams),
        Verb::Delete(d) => delete::run(d, &settings, globals, streams),
        Verb::Journal(j) => journal::run(j, &settings, streams),
        Verb::Get(get) => get::run(get, &settings, globals, streams),
        Verb::Metrics(m) => metrics::run(m, &settings, globals, streams),
        // Done above; and the demo and a recording are the screens', not a verb's.
        Verb::Completions(_) | Verb::Demo(_) | Verb::Doctor(_) | Verb::Render(_) | Verb::Replay(_) => {
            Ok(Outcome::Done)
        }
    }
}

/// What an error of the streams means: a reader that went away has read enough.
fn ended(done: io::Result<Outcome>) -> Outcome {
    match done {
        Ok(outcome) => outcome,
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Outcome::Done,
        Err(e) => {
            // The error stream may be what failed: there is nobody left to tell.
            let _ = writeln!(io::stderr(), "egret: writing the output: {e}");
            Outcome::Failed
        }
    }
}

/// Waits for SIGTERM or SIGINT: what a verb that goes on until it is stopped ends with.
async fn asked_to_stop() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is() {
        assert_eq!(ended(Err(io::ErrorKind::BrokenPipe.into())), Outcome::Done);
        assert_eq!(ended(Err(io::ErrorKind::StorageFull.into())), Outcome::Failed);
        assert_eq!(ended(Ok(Outcome::Usage)), Outcome::Usage);
    }
}
