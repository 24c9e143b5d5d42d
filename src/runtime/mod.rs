//! The TUI on a real terminal: the loop, effects, the terminal itself.
#![allow(clippy::disallowed_methods, reason = "the runtime is where the clock is read")]

pub mod cells;
pub mod clipboard;
mod deeds;
pub mod demo;
mod demo_past;
pub mod drafts;
pub mod effects;
mod files;
mod followed;
mod forwards;
pub mod input;
mod keeping;
mod kept;
pub mod keys;
mod kubeconfigs;
pub mod line;
pub mod log;
pub mod looping;
pub mod mouse;
pub mod outside;
pub mod painter;
mod painting;
pub mod replay;
pub mod report;
mod rights;
mod settings;
mod shell;
mod shell_screen;
mod starting;
mod stored;
pub mod terminal;
mod used;
pub mod watch;
mod ways;
pub mod wired;
mod writing;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use crate::cluster::journal;
use crate::cluster::kubeconfig::{self, Contexts};
use crate::config::Settings;
use crate::demo::world::World;
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
use crate::model::table::{TableKind, Tone};
use crate::setup::{self, Setup};
use crate::ui;
pub use looping::Ended;

/// What the TUI begins with.
#[derive(Debug)]
pub struct Start {
    /// Settings and keys.
    pub setup: Setup,
    /// Which clusters there are.
    pub clusters: Clusters,
    /// The first screen.
    pub view: TableKind,
    /// `--log-file`.
    pub log_file: Option<PathBuf>,
    /// Where the journal and drafts are kept; none: nowhere, as in the demo.
    pub state: Option<PathBuf>,
}

/// Which clusters there are.
#[derive(Clone, Debug)]
pub enum Clusters {
    /// Those of this kubeconfig, else of the usual ones.
    Kubeconfig(Option<PathBuf>),
    /// Simulated ones.
    Demo(demo::Options),
    /// Those of a recording.
    Replay(replay::Options),
}

/// Clusters of this process, whose time is their own.
#[derive(Debug)]
pub enum Simulated {
    /// The demo's.
    World(World),
    /// Those of a recording.
    Stage(replay::Stage),
}

impl Simulated {
    /// The world that they are of.
    pub fn world(&self) -> &World {
        match self {
            Self::World(world) => world,
            Self::Stage(stage) => stage.world(),
        }
    }
}

/// Why the TUI could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Output or input is no terminal.
    #[error("egret needs a terminal; `egret get` prints the same tables without one")]
    NoTerminal,
    /// The clusters to open cannot be told.
    #[error("{}\n{}", .0.summary, .0.hint)]
    Clusters(Fault),
    /// The terminal or the system refused.
    #[error("the terminal: {0}")]
    Io(#[from] io::Error),
}

/// Runs the TUI until it ends.
///
/// # Errors
/// When there is no terminal, no kubeconfig, or the system refuses.
pub fn run(start: Start) -> Result<Ended, Error> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Error::NoTerminal);
    }
    // A log that cannot be written must not keep anyone from their clusters.
    // The demo leaves nothing behind unless it is asked to.
    let writes = start.log_file.is_some() || matches!(start.clusters, Clusters::Kubeconfig(_));
    let _log = writes.then(|| log::start(start.log_file.as_deref()));
    report::on_panic();
    terminal_session(start)
}

fn terminal_session(start: Start) -> Result<Ended, Error> {
    let mut builder = match &start.clusters {
        // Everything on one thread: what happens, and in which order, is the same in every run.
        Clusters::Demo(_) | Clusters::Replay(_) => tokio::runtime::Builder::new_current_thread(),
        // One thread for all clusters, beside this one for the screen: a connection and its reader hand on thousands
        // of pieces of a list, and across threads each of them wakes one. One is enough for 200 MB a second.
        Clusters::Kubeconfig(_) => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(1).enable_all().build()?;
    let within = runtime.enter();
    let (contexts, simulated) = match &start.clusters {
        Clusters::Kubeconfig(file) => (kubeconfig::read(file.as_deref()).map_err(Error::Clusters)?, None),
        Clusters::Demo(options) => {
            let world = demo::begin(options);
            (demo::contexts(&world), Some(Simulated::World(world)))
        }
        Clusters::Replay(options) => {
            let stage = replay::Stage::new(options);
            (demo::contexts(stage.world()), Some(Simulated::Stage(stage)))
        }
    };
    let chosen = setup::chosen(&contexts, &start.setup.settings).map_err(Error::Clusters)?;
    drop(within);
    terminal::mouse(start.setup.settings.mouse.value);
    terminal::take()?;
    let left = runtime.block_on(go(start, contexts, chosen, simulated));
    terminal::give_back();
    if let Some(screen) = left.as_ref().ok().and_then(|left| left.screen.as_deref()) {
        terminal::print(screen);
    }
    // Tasks may be in the middle of a request to a cluster that does not answer: they are not waited for.
    runtime.shutdown_background();
    journal::file::flush();
    drafts::flush();
    Ok(left?.ended)
}

async fn go(
    start: Start,
    contexts: Contexts,
    chosen: Vec<ClusterName>,
    simulated: Option<Simulated>,
) -> io::Result<looping::Left> {
    let clock = contexts.clock();
    let own = settings::own_themes(&start.setup);
    let (look, warnings) = look(&start.setup.settings, settings::library(own.into_values()));
    let wired::Wired { mut app, live, inbox, bytes } = wired::wire(start, contexts, chosen, simulated, &look);
    // That of the theme in use goes before those of the others.
    let fault =
        warnings.first().map(ToString::to_string).or_else(|| look.theme_faults().into_values().next());
    if let Some(fault) = fault {
        app.say(Tone::Warn, format!("theme: {fault}"));
    }
    looping::run(&mut app, clock, look, live, inbox, bytes).await
}

/// How this terminal is drawn on: its environment is asked, never the terminal.
fn look(settings: &Settings, library: ui::Library) -> (ui::Look, Vec<ui::Warning>) {
    let set = |name: &str| std::env::var(name).ok();
    let [no_color, colorterm, term] = ["NO_COLOR", "COLORTERM", "TERM"].map(set);
    let [lc_all, lc_ctype, lang] = ["LC_ALL", "LC_CTYPE", "LANG"].map(set);
    let depth =
        ui::Depth::detect(settings.color.value, no_color.as_deref(), colorterm.as_deref(), term.as_deref());
    let glyphs = ui::Glyphs::detect(
        settings.glyphs.value,
        lc_all.as_deref(),
        lc_ctype.as_deref(),
        lang.as_deref(),
        term.as_deref(),
    );
    ui::Look::new(library, &settings.theme.value, depth, glyphs)
}
