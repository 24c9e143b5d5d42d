//! The state of the TUI.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::command::{Command, Scope};
use super::effect::Ticket;
use super::geometry::{self, Areas};
use super::keymap::{Chord, Keymap, Sequence};
use super::overlay::Overlay;
use super::screen::{Details, DetailsOf, Screen, Tab, Table};
use crate::config::Group;
use crate::config::columns::Columns;
use crate::model::brief::Thresholds;
use crate::model::fleet::{self, ClusterIds};
use crate::model::gateway::{Direction, GatewayId, GatewayRow};
use crate::model::name::{ClusterName, ObjectKey};
use crate::model::path::Paths;
use crate::model::row::{PodRow, ServiceRow};
use crate::model::snapshot::Snapshot;
use crate::model::table::{Item, Subject, TableKind, Tone};

/// What the person chose before and while egret runs.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Name of the theme.
    pub theme: String,
    /// Themes to choose from.
    pub themes: Vec<String>,
    /// What is wrong with those of the person's own that cannot be used as they are, by name.
    pub theme_faults: BTreeMap<String, String>,
    /// Whether this terminal shows any colours.
    pub shows_colours: bool,
    /// Refuse every write, everywhere.
    pub read_only: bool,
    /// Whether `--read-only` or the config demands that: then it cannot be switched off.
    pub read_only_demanded: bool,
    /// Clusters that the config makes read-only.
    pub read_only_clusters: BTreeSet<ClusterName>,
    /// Contexts that the config marks as production, opened or not.
    pub production: BTreeSet<ClusterName>,
    /// Watched namespaces; empty: all.
    pub namespaces: Vec<String>,
    /// Show ingress gateways too.
    pub ingress: bool,
    /// Columns of tables, from the config.
    pub columns: Columns,
    /// Which cluster id is which context (R2), from the config.
    pub cluster_ids: ClusterIds,
    /// What tells the drafts of this run from those of others.
    pub run: String,
    /// Keep the gateways of every cluster that is opened, where egret is the keeper.
    pub reconcile: bool,
    /// From where on traffic is told as wrong.
    pub thresholds: Thresholds,
    /// The mouse is taken from the terminal.
    pub mouse: bool,
    /// Contexts under one name, from the config.
    pub groups: Vec<Group>,
    /// Ring the bell for what is bad and comes by itself.
    pub bell: bool,
    /// Say in the terminal's title what is on the screen.
    pub title: bool,
    /// Begin where the last run left the screens.
    pub restore: bool,
    /// Leave the last screen on the terminal.
    pub print_on_exit: Option<super::views::Print>,
}

/// A line that tells how something went; it stays until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What there is to say.
    pub text: String,
    /// How it went.
    pub tone: Tone,
}

/// The whole state. Changed by [`super::update()`] alone.
#[derive(Debug)]
pub struct App {
    /// The time, set by the runtime with every message.
    pub now: Timestamp,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Choices.
    pub settings: Settings,
    /// Keys.
    pub keymap: Keymap,
    /// The newest state of each open cluster, in the order of opening.
    pub clusters: Vec<Arc<Snapshot>>,
    /// All gateways of all clusters, one a data-plane cluster: joined when a cluster changes, not when they are drawn.
    fleet: Vec<Arc<GatewayRow>>,
    /// Contexts of the kubeconfig.
    pub contexts: Vec<String>,
    /// Where the person is, and where they came from; never empty.
    pub stack: Vec<Screen>,
    /// What stands in front.
    pub overlay: Option<Overlay>,
    /// What there is to say.
    pub notice: Option<Notice>,
    /// The clusters whose gateways this process keeps, or waits to.
    pub keeping: BTreeMap<ClusterName, super::keeping::Keeping>,
    /// The clusters that were asked about at the start, as the settings wish.
    pub(super) asked_to_keep: BTreeSet<ClusterName>,
    /// What the demo adds; none: these are real clusters.
    pub demo: Option<super::tour::Demo>,
    /// The recording that is played; none: it is now.
    pub replay: Option<super::replay::Replay>,
    /// What was typed and not applied, newest first: of this run, and of runs before.
    pub drafts: Vec<crate::model::draft::Draft>,
    /// What was changed in this run, the last at the end: it can be undone.
    pub past: Vec<crate::materialize::change::Made>,
    /// What an object was asked for.
    pub(super) awaited: Option<super::begin::Awaited>,
    /// What the command is about that is carried out now, where a box held on to it.
    pub(super) meant: Option<super::tools::Meant>,
    /// What the person may do, as far as it is known.
    pub(super) rights: super::rights::Rights,
    /// What is known of the traffic of gateways.
    pub traffic: super::traffic::Traffic,
    /// The port-forwards that are open, the oldest first.
    pub forwards: Vec<super::tools::forwards::Forward>,
    /// The beginning of a sequence of keys.
    pub(super) pressed: Vec<Chord>,
    /// The theme before others were tried.
    pub(super) theme_before: Option<String>,
    /// What was clicked, until something else happens: clicked again it is opened.
    pub(super) clicked: Option<super::pointing::Spot>,
    /// When contexts were opened last, as far as it is remembered.
    pub(super) used: BTreeMap<String, Timestamp>,
    /// Clusters whose closing would end something, and was said to: asked again they are closed.
    pub(super) closing: Option<(BTreeSet<ClusterName>, Timestamp)>,
    /// What became of the kubeconfig entries of open contexts; those that are as they were are not here.
    pub(super) entries: BTreeMap<ClusterName, super::contexts::Entry>,
    /// The screen stands still.
    pub held: Option<super::hold::Held>,
    /// Views that are kept.
    pub kept: super::views::Kept,
    /// What happened.
    pub notices: super::notices::Notices,
    /// Columns that were chosen in this run.
    pub(super) chosen_columns: BTreeMap<TableKind, super::choosing::Picked>,
    /// The paths that are evaluated on objects.
    pub(super) asked_paths: Paths,
    /// Leave the screen on the terminal when the program ends.
    pub print: Option<super::views::Print>,
    /// The person has pressed a key.
    pub(super) touched: bool,
    next_ticket: u64,
}

impl App {
    /// A state that shows `view`, with nothing known of any cluster but its name.
    pub fn new(
        settings: Settings,
        keymap: Keymap,
        clusters: Vec<ClusterName>,
        view: TableKind,
        now: Timestamp,
    ) -> Self {
        let mut app = Self {
            now,
            size: (80, 24),
            settings,
            keymap,
            clusters: clusters.into_iter().map(|name| Arc::new(Snapshot::connecting(name, now))).collect(),
            fleet: Vec::new(),
            contexts: Vec::new(),
            stack: Vec::new(),
            overlay: None,
            notice: None,
            keeping: BTreeMap::new(),
            asked_to_keep: BTreeSet::new(),
            demo: None,
            replay: None,
            drafts: Vec::new(),
            past: Vec::new(),
            awaited: None,
            meant: None,
            rights: super::rights::Rights::default(),
            traffic: super::traffic::Traffic::default(),
            forwards: Vec::new(),
            pressed: Vec::new(),
            theme_before: None,
            clicked: None,
            used: BTreeMap::new(),
            closing: None,
            entries: BTreeMap::new(),
            held: None,
            kept: super::views::Kept::default(),
            notices: super::notices::Notices::default(),
            chosen_columns: BTreeMap::new(),
            asked_paths: Paths::new(),
            print: None,
            touched: false,
            next_ticket: 0,
        };
        app.asked_paths = app.all_paths();
        let table = app.table(view);
        app.stack.push(Screen::Table(table));
        app
    }

    /// The screen in front.
    #[allow(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "the stack is never empty: `pop` keeps the first"
    )]
    pub fn screen(&self) -> &Screen {
        self.stack.last().expect("a screen")
    }

    /// The screen in front.
    #[allow(
        clippy::missing_panics_doc,
        clippy::expect_used,
        reason = "the stack is never empty: `pop` keeps the first"
    )]
    pub fn screen_mut(&mut self) -> &mut Screen {
        self.stack.last_mut().expect("a screen")
    }

    /// A ticket that nobody held before.
    pub fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// The state of a cluster.
    pub fn cluster(&self, name: &ClusterName) -> Option<&Arc<Snapshot>> {
        self.clusters.iter().find(|s| s.cluster == *name)
    }

    /// A pod, as its row is now.
    pub fn pod(&self, key: &ObjectKey) -> Option<&Arc<PodRow>> {
        let same = |p: &&Arc<PodRow>| p.meta.name == key.name && p.meta.namespace == key.namespace;
        self.cluster(&key.cluster)?.pods.iter().find(same)
    }

    /// A Service, as its row is now.
    pub fn service(&self, key: &ObjectKey) -> Option<&Arc<ServiceRow>> {
        let same = |s: &&Arc<ServiceRow>| s.meta.name == key.name && s.meta.namespace == key.namespace;
        self.cluster(&key.cluster)?.services.iter().find(same)
    }

    /// A new table with its rows.
    pub fn table(&self, kind: TableKind) -> Table {
        let mut table = Table::new(kind);
        self.give_columns(&mut table);
        table.set_items(self.items(kind), self.filling());
        table
    }

    /// All gateways of all clusters, one a data-plane cluster.
    pub fn fleet(&self) -> &[Arc<GatewayRow>] {
        &self.fleet
    }

    /// Joins the gateways anew: a cluster changed.
    pub(super) fn rejoin(&mut self) {
        let fleet = fleet::fleet(&self.clusters, &self.settings.cluster_ids);
        let before = std::mem::replace(&mut self.fleet, fleet);
        self.traffic_joined(&before);
    }

    /// One gateway, as it is now.
    pub fn gateway(&self, id: &GatewayId) -> Option<Arc<GatewayRow>> {
        self.fleet().iter().find(|g| g.id == *id).cloned()
    }

    /// The rows of a table.
    pub fn items(&self, kind: TableKind) -> Vec<Item> {
        let stale = |name: &ClusterName| self.cluster(name).is_some_and(|s| !s.link.is_ready());
        match kind {
            TableKind::Gateways => {
                let shown = |g: &Arc<GatewayRow>| self.settings.ingress || g.direction != Direction::Ingress;
                let item = |g: Arc<GatewayRow>| {
                    let cluster = g.id.cluster.clone();
                    let live = self.traffic.brief(&g.id);
                    Item { stale: stale(&cluster), cluster, subject: Subject::Gateway(g), live, beside: None }
                };
                self.fleet().iter().filter(|g| shown(g)).cloned().map(item).collect()
            }
            _ => self.clusters.iter().flat_map(|s| of_cluster(s, kind)).collect(),
        }
    }

    /// The clusters whose first rows are still coming.
    pub(super) fn filling(&self) -> Vec<ClusterName> {
        self.clusters.iter().filter(|s| s.fills()).map(|s| s.cluster.clone()).collect()
    }

    /// The scopes whose keys work now, most special first.
    pub fn focus(&self) -> &'static [Scope] {
        use Scope as S;
        match self.screen() {
            Screen::Table(table) => match table.kind {
                TableKind::Clusters => &[S::Clusters, S::Root, S::Table, S::Motion, S::Global],
                TableKind::Gateways => &[S::Gateways, S::Root, S::Table, S::Motion, S::Global],
                TableKind::Services => &[S::Services, S::Root, S::Table, S::Motion, S::Global],
                TableKind::Pods => &[S::Pods, S::Root, S::Table, S::Motion, S::Global],
            },
            Screen::Fleet(_) => &[S::Fleet, S::Root, S::Motion, S::Global],
            Screen::Details(details) => match (&details.of, details.tab) {
                (DetailsOf::Gateway(_), tab) if tab.is_pane() => {
                    &[S::Gateway, S::Details, S::Pane, S::Motion, S::Global]
                }
                (DetailsOf::Gateway(_), Tab::Pods) => {
                    &[S::Gateway, S::Details, S::Pods, S::Table, S::Motion, S::Global]
                }
                (DetailsOf::Gateway(_), Tab::Yaml) => {
                    &[S::Gateway, S::Details, S::Document, S::Motion, S::Global]
                }
                (DetailsOf::Gateway(_), Tab::Traffic) => {
                    &[S::Traffic, S::Gateway, S::Details, S::Motion, S::Global]
                }
                (DetailsOf::Gateway(_), _) => &[S::Gateway, S::Details, S::Motion, S::Global],
                (DetailsOf::Pod(_), Tab::Yaml) => &[S::Pod, S::Details, S::Document, S::Motion, S::Global],
                (DetailsOf::Pod(_), _) => &[S::Pod, S::Details, S::Motion, S::Global],
                (_, Tab::Yaml) => &[S::Details, S::Document, S::Motion, S::Global],
                _ => &[S::Details, S::Motion, S::Global],
            },
            Screen::Logs(_) => &[S::Logs, S::Motion, S::Global],
            Screen::Editor(_) => &[S::Editor],
            Screen::Form(_) => &[S::Form],
            Screen::Review(_) => &[S::Review, S::Motion, S::Global],
        }
    }

    /// The table with the cursor, when there is one.
    pub fn active_table(&self) -> Option<&Table> {
        match self.screen() {
            Screen::Table(table) => Some(table),
            Screen::Details(Details { tab: Tab::Pods, pods, .. }) => Some(pods),
            _ => None,
        }
    }

    /// The table with the cursor, when there is one.
    pub fn active_table_mut(&mut self) -> Option<&mut Table> {
        match self.screen_mut() {
            Screen::Table(table) => Some(table),
            Screen::Details(Details { tab: Tab::Pods, pods, .. }) => Some(pods),
            _ => None,
        }
    }

    /// Where the parts of the screen are.
    pub fn areas(&self) -> Areas {
        let (tabs, explain) = match self.screen() {
            Screen::Table(_) | Screen::Fleet(_) => (false, 2),
            // What is wrong with a host and what to do is a sentence each.
            Screen::Details(details) if details.tab.is_pane() => (true, if self.size.1 < 20 { 3 } else { 4 }),
            Screen::Details(details) if details.tab == Tab::Traffic => (true, 3),
            Screen::Details(_) => (true, 2),
            Screen::Logs(_) => (false, 1),
            Screen::Editor(_) => (false, 2),
            Screen::Review(_) => (false, 0),
            // Help is a sentence or two, and a problem another.
            Screen::Form(_) => (false, 3),
        };
        geometry::areas(self.size, tabs, self.prompt().is_some(), explain)
    }

    /// From where on something is told as wrong.
    pub fn thresholds(&self) -> crate::model::brief::Thresholds {
        self.settings.thresholds
    }

    /// Whether a cluster refuses writes here.
    pub fn is_read_only(&self, cluster: &ClusterName) -> bool {
        self.settings.read_only || self.settings.read_only_clusters.contains(cluster)
    }

    /// Whether a cluster is marked as production: what changes something there has a name typed.
    pub fn is_production(&self, cluster: &ClusterName) -> bool {
        self.settings.production.contains(cluster)
    }

    /// Says something until the next key.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let text = text.into();
        self.keep_said(tone, &text);
        self.notice = Some(Notice { text, tone });
    }

    /// The keys of a command that mean it here: letters do not where they are typed.
    pub fn keys_of(&self, command: Command) -> impl Iterator<Item = &Sequence> {
        let types = matches!(self.screen(), Screen::Editor(_) | Screen::Form(_));
        self.keymap.keys(command).iter().filter(move |keys| !(types && keys.is_letter()))
    }

    /// The first key of a command, as a person reads it.
    pub fn key_of(&self, command: Command) -> String {
        self.keys_of(command).next().map(ToString::to_string).unwrap_or_default()
    }
}

fn of_cluster(s: &Arc<Snapshot>, kind: TableKind) -> Vec<Item> {
    let item = |subject| Item {
        cluster: s.cluster.clone(),
        stale: !s.link.is_ready(),
        subject,
        live: None,
        beside: None,
    };
    match kind {
        TableKind::Clusters => vec![Item { stale: false, ..item(Subject::Cluster(s.clone())) }],
        TableKind::Services => s.services.iter().map(|row| item(Subject::Service(row.clone()))).collect(),
        TableKind::Pods => s.pods.iter().map(|row| item(Subject::Pod(row.clone()))).collect(),
        TableKind::Gateways => Vec::new(),
    }
}
