//! The state machine, its sources and its effects put together: all of a session but the terminal.

use std::collections::BTreeSet;
use std::path::Path;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::demo_past::Past;
use super::drafts::Drafts;
use super::effects::{Home, Live};
use super::kubeconfigs::Kubeconfigs;
use super::replay::Player;
use super::settings::Keeper;
use super::{Clusters, Simulated, Start, demo};
use crate::app::model::Settings as AppSettings;
use crate::app::views::Print;
use crate::app::{App, Msg};
use crate::cluster::journal;
use crate::cluster::kubeconfig::Contexts;
use crate::config::{Namespaces, PrintOnExit, Settings};
use crate::metrics::Scraped;
use crate::model::name::ClusterName;
use crate::setup;
use crate::sources::{self, Heard, Sources};
use crate::ui;

/// A session: whoever drives it hands messages from the inbox and from a person to the app, effects of the app to
/// `live`, and draws.
pub struct Wired {
    /// The state.
    pub app: App,
    /// What carries out effects.
    pub live: Live,
    /// What comes from clusters and from effects.
    pub inbox: UnboundedReceiver<Msg>,
    /// Bytes for the terminal: the clipboard.
    pub bytes: UnboundedReceiver<Vec<u8>>,
}

/// Puts a session together and opens its clusters. Must be called within a runtime; the clusters of a world live as
/// long as it does.
pub fn wire(
    start: Start,
    contexts: Contexts,
    chosen: Vec<ClusterName>,
    simulated: Option<Simulated>,
    look: &ui::Look,
) -> Wired {
    let settings = &start.setup.settings;
    let (sender, inbox) = unbounded_channel();
    let (raw, bytes) = unbounded_channel();
    let names = contexts.names.iter().map(ToString::to_string).collect();
    let guarded = setup::guarded(&contexts, settings);
    let mut app_settings = app_settings(settings, look, &guarded);
    app_settings.production = setup::production(&contexts, settings).into_iter().collect();
    let mut options = setup::options(settings);
    if simulated.is_some() {
        // Its past is played while the first requests wait: on a busy machine that takes a while.
        options.patience.answer = demo::PATIENCE;
        options.patience.inside = demo::INSIDE;
    }
    let mut app = App::new(
        app_settings,
        start.setup.keymap.clone(),
        chosen.clone(),
        start.view,
        contexts.clock().now(),
    );
    let contexts = recorded(contexts, start.state.as_deref(), &sender);
    let kubeconfigs = simulated
        .is_none()
        .then(|| Kubeconfigs::start(&contexts, settings, &chosen, start.state.as_deref(), &sender));
    let (mut sources, snapshots) = Sources::new(contexts, options, guarded);
    for cluster in &chosen {
        sources.open(cluster);
    }
    tell(&sender, Msg::Contexts(names));
    let past = match &simulated {
        Some(Simulated::World(world)) => {
            let whole = matches!(&start.clusters, Clusters::Demo(options) if options.past);
            Some(Past::new(world.clone(), whole))
        }
        _ => None,
    };
    tokio::spawn(pass_on_heard(sources.listen(), sender.clone(), past));
    let is_demo = matches!(start.clusters, Clusters::Demo(_));
    let mut live = Live::new(sources, sender.clone(), raw, home(settings, &chosen, is_demo));
    tokio::spawn(pass_on(snapshots, sender.clone(), live.behind.subscribe()));
    if let Some(kubeconfigs) = kubeconfigs {
        live = live.with_kubeconfigs(kubeconfigs);
    }
    if let Some(dir) = &start.state {
        let inbox = live.inbox();
        live = live.with_drafts(Drafts::start(dir.join("drafts"), move |msg| tell(&inbox, msg)));
        live = live.with_views(dir.clone());
    }
    let (inbox_of_settings, writes) = (sender.clone(), simulated.is_none());
    let keeper = Keeper::start(&start.setup, writes, move |msg| tell(&inbox_of_settings, msg));
    live = live.with_settings(keeper);
    if let Some(simulated) = simulated {
        let world = simulated.world().clone();
        live = live.with_world(world.clone());
        match (simulated, &start.clusters) {
            (Simulated::Stage(stage), Clusters::Replay(options)) => {
                let player = Player::new(options, stage, sender, settings.cluster_ids());
                let (wish, wishes) = unbounded_channel();
                app.replay = Some(player.replay());
                live = live.with_player(wish);
                tokio::spawn(player.play(wishes));
            }
            _ => app.demo = Some(demo::in_app(&world, &start.clusters)),
        }
        tokio::spawn(async move { world.drive().await });
    }
    Wired { app, live, inbox, bytes }
}

/// The same contexts, whose clusters tell what is written to them.
fn recorded(contexts: Contexts, state: Option<&Path>, inbox: &UnboundedSender<Msg>) -> Contexts {
    let Some(dir) = state else { return contexts };
    let inbox = inbox.clone();
    let trouble = move |fault| tell(&inbox, Msg::Notice(fault));
    contexts.with_journal(journal::start(dir.to_owned(), &journal::user(), "screen", trouble))
}

/// What reconcilers in this process go by. In the demo its contexts are its ids, and who it is does not change from run
/// to run.
fn home(settings: &Settings, open: &[ClusterName], is_demo: bool) -> Home {
    let namespace = match &settings.namespaces.value {
        Namespaces::Named(names) if !names.is_empty() => names[0].clone(),
        _ => sources::DEFAULT_NAMESPACE.to_owned(),
    };
    let named = settings
        .rules
        .iter()
        .filter_map(|rule| Some((rule.cluster_id.clone()?, ClusterName::from(rule.pattern.as_str()))));
    let ids = if is_demo {
        open.iter().map(|name| (name.to_string(), name.clone())).collect()
    } else {
        named.collect()
    };
    Home { ids, namespace, name: is_demo.then_some("egret-demo") }
}

/// Snapshots become messages. The channel they come by holds few: what waits for a screen that is behind another program
/// is the newest, and not all there were meanwhile.
async fn pass_on(
    mut snapshots: tokio::sync::mpsc::Receiver<std::sync::Arc<crate::model::snapshot::Snapshot>>,
    inbox: UnboundedSender<Msg>,
    mut is_behind: tokio::sync::watch::Receiver<bool>,
) {
    loop {
        // The other end is there as long as the screen is.
        let _ = is_behind.wait_for(|behind| !behind).await;
        let Some(snapshot) = snapshots.recv().await else { return };
        tell(&inbox, Msg::Snapshot(snapshot));
    }
}

/// What is heard of proxies becomes messages.
async fn pass_on_heard(
    mut heard: tokio::sync::mpsc::Receiver<Heard>,
    inbox: UnboundedSender<Msg>,
    mut past: Option<Past>,
) {
    while let Some(heard) = heard.recv().await {
        if let (Some(past), Heard::Scraped(Scraped::Scrape(scrape))) = (&mut past, &heard) {
            for scrape in past.before(scrape).await {
                tell(&inbox, Msg::Scraped(Scraped::Scrape(Box::new(scrape))));
            }
        }
        tell(
            &inbox,
            match heard {
                Heard::Scraped(scraped) => Msg::Scraped(scraped),
                Heard::Admin(seen) => Msg::Admin(seen),
                Heard::Usage(cluster, usage) => Msg::Usage(cluster, usage),
            },
        );
    }
}

fn tell(inbox: &UnboundedSender<Msg>, msg: Msg) {
    // The loop is gone only when the program ends.
    let _ = inbox.send(msg);
}

/// What no other run is called, of this machine now or before: its process, and when it began.
#[allow(clippy::disallowed_methods, reason = "it is a name, not a time that anything goes by")]
fn run_name() -> String {
    format!("{}-{}", jiff::Timestamp::now().as_millisecond(), std::process::id())
}

fn app_settings(settings: &Settings, look: &ui::Look, guarded: &[ClusterName]) -> AppSettings {
    let namespaces = match &settings.namespaces.value {
        Namespaces::All => Vec::new(),
        Namespaces::Named(names) => names.clone(),
    };
    AppSettings {
        theme: settings.theme.value.clone(),
        themes: look.themes(),
        theme_faults: look.theme_faults(),
        shows_colours: look.shows_colours(),
        read_only: settings.read_only.value,
        read_only_demanded: settings.read_only.value,
        read_only_clusters: guarded.iter().cloned().collect(),
        production: BTreeSet::new(),
        namespaces,
        ingress: settings.show_ingress.value,
        columns: settings.column_choices(),
        cluster_ids: settings.cluster_ids(),
        run: run_name(),
        reconcile: settings.reconcile.value,
        thresholds: settings.thresholds.thresholds(settings.bell.value),
        mouse: settings.mouse.value,
        groups: settings.groups.clone(),
        bell: settings.bell.value,
        title: settings.title.value,
        restore: settings.restore.value,
        print_on_exit: match settings.print_on_exit.value {
            PrintOnExit::No => None,
            PrintOnExit::Text => Some(Print::Text),
            PrintOnExit::Svg => Some(Print::Svg),
        },
    }
}
