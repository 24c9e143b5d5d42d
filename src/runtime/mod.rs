//! The TUI on a real terminal: the loop, effects, the terminal itself.
#![allow(clippy::disallowed_methods, reason = "the runtime is where the clock is read")]

pub mod cells;
pub mod clipboard;
pub mod demo;
pub mod effects;
pub mod input;
pub mod keys;
pub mod log;
pub mod looping;
pub mod report;
pub mod terminal;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::app::model::Settings as AppSettings;
use crate::app::{App, Msg};
use crate::cluster::kubeconfig::{self, Contexts};
use crate::config::{Namespaces, Settings};
use crate::demo::world::World;
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
use crate::model::table::{TableKind, Tone};
use crate::setup::{self, Setup};
use crate::sources::Sources;
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
}

/// Which clusters there are.
#[derive(Clone, Debug)]
pub enum Clusters {
    /// Those of this kubeconfig, else of the usual ones.
    Kubeconfig(Option<PathBuf>),
    /// Simulated ones.
    Demo(demo::Options),
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
    let _log = log::start(start.log_file.as_deref());
    report::on_panic();
    terminal_session(start)
}

fn terminal_session(start: Start) -> Result<Ended, Error> {
    let (mut builder, world) = match &start.clusters {
        // Everything on one thread: what happens, and in which order, is the same in every run.
        Clusters::Demo(options) => (tokio::runtime::Builder::new_current_thread(), Some(options.clone())),
        // One thread for all clusters, beside this one for the screen: a connection and its reader hand on thousands
        // of pieces of a list, and across threads each of them wakes one. One is enough for 200 MB a second.
        Clusters::Kubeconfig(_) => (tokio::runtime::Builder::new_multi_thread(), None),
    };
    let runtime = builder.worker_threads(1).enable_all().build()?;
    let within = runtime.enter();
    let world = world.map(|options| demo::begin(&options));
    let contexts = match (&world, &start.clusters) {
        (Some(world), _) => demo::contexts(world),
        (None, Clusters::Kubeconfig(file)) => kubeconfig::read(file.as_deref()).map_err(Error::Clusters)?,
        (None, Clusters::Demo(_)) => return Err(Error::NoTerminal),
    };
    let chosen = setup::chosen(&contexts, &start.setup.settings).map_err(Error::Clusters)?;
    drop(within);
    terminal::take()?;
    let ended = runtime.block_on(go(start, contexts, chosen, world));
    terminal::give_back();
    // Tasks may be in the middle of a request to a cluster that does not answer: they are not waited for.
    runtime.shutdown_background();
    Ok(ended?)
}

async fn go(
    start: Start,
    contexts: Contexts,
    chosen: Vec<ClusterName>,
    world: Option<World>,
) -> io::Result<Ended> {
    let settings = &start.setup.settings;
    let (inbox, messages) = unbounded_channel();
    let (bytes, raw) = unbounded_channel();
    let names = contexts.names.iter().map(ToString::to_string).collect();
    let guarded = setup::guarded(&contexts, settings);
    let (look, warnings) = look(settings);
    let app_settings = app_settings(settings, &look, &guarded);
    let clock = contexts.clock();
    let mut app = App::new(app_settings, start.setup.keymap, chosen.clone(), start.view, clock.now());
    if let Some(warning) = warnings.first() {
        app.say(Tone::Warn, format!("theme: {warning}"));
    }
    let (mut sources, snapshots) = Sources::new(contexts, setup::options(settings), guarded);
    for cluster in &chosen {
        sources.open(cluster);
    }
    tell(&inbox, Msg::Contexts(names));
    tokio::spawn(pass_on(snapshots, inbox.clone()));
    let mut live = effects::Live::new(sources, inbox, bytes);
    if let Some(world) = world {
        live = live.with_faults(world.faults().clone());
        app.demo = Some(demo::in_app(&world, &start.clusters));
        tokio::spawn(async move { world.drive().await });
    }
    looping::run(&mut app, clock, look, live, messages, raw).await
}

/// How this terminal is drawn on: its environment is asked, never the terminal.
fn look(settings: &Settings) -> (ui::Look, Vec<ui::Warning>) {
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
    ui::Look::new(ui::Library::default(), &settings.theme.value, depth, glyphs)
}

/// Snapshots become messages. The channel they come by holds few: a slow screen sees the newest.
async fn pass_on(
    mut snapshots: tokio::sync::mpsc::Receiver<std::sync::Arc<crate::model::snapshot::Snapshot>>,
    inbox: UnboundedSender<Msg>,
) {
    while let Some(snapshot) = snapshots.recv().await {
        tell(&inbox, Msg::Snapshot(snapshot));
    }
}

fn tell(inbox: &UnboundedSender<Msg>, msg: Msg) {
    // The loop is gone only when the program ends.
    let _ = inbox.send(msg);
}

fn app_settings(settings: &Settings, look: &ui::Look, guarded: &[ClusterName]) -> AppSettings {
    let namespaces = match &settings.namespaces.value {
        Namespaces::All => Vec::new(),
        Namespaces::Named(names) => names.clone(),
    };
    AppSettings {
        theme: settings.theme.value.clone(),
        themes: look.themes(),
        read_only: settings.read_only.value,
        read_only_demanded: settings.read_only.value,
        read_only_clusters: guarded.iter().cloned().collect(),
        namespaces,
        ingress: settings.show_ingress.value,
        columns: settings.columns.iter().map(|(table, ids)| (*table, ids.value.clone())).collect(),
        cluster_ids: settings.cluster_ids(),
    }
}
