//! Something to be done outside the state machine.

use std::sync::Arc;

use super::deed::{Deed, Named, Plan};
use super::review::Wish;
use super::rights::Right;
use crate::materialize::change::Checked;
use crate::metrics::Want;
use crate::model::draft::Draft;
use crate::model::edit::Target;
use crate::model::exec::Run;
use crate::model::forward::{Aim, Local};
use crate::model::name::{ClusterName, ObjectKey};
use crate::model::path::Paths;

/// Joins an effect that keeps answering with its answers; closing it ends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

impl Ticket {
    /// Nobody's: nothing is under way.
    pub const NONE: Self = Self(0);
}

/// Something to be done outside. Each names its cluster: nothing is done to "the current" one.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Draw every cell again.
    Redraw,
    /// Fetch an object, and follow it by a watch on its name.
    OpenObject(Ticket, ObjectKey),
    /// Read the events of these objects, and follow them.
    OpenEvents(Ticket, Vec<ObjectKey>),
    /// Follow what leads traffic in a cluster; where that is not allowed everywhere, in these namespaces; none: in the usual
    /// one.
    OpenRoutes(Ticket, ClusterName, Box<[Box<str>]>),
    /// Look at how a gateway stands, and again each time something happens to it.
    OpenStanding(Ticket, StandingOf),
    /// Find out what a deed would do.
    Plan(Ticket, Deed),
    /// Do it.
    Do(Ticket, Deed, Arc<Plan>),
    /// Read and follow logs.
    OpenLogs(Ticket, LogQuery),
    /// Read a text from a file.
    ReadFile(Ticket, String),
    /// Fetch an object once.
    Fetch(Ticket, ObjectKey),
    /// Find out what a change would do.
    Check(Ticket, Wish),
    /// Make a change that was checked.
    Make(Ticket, Arc<Checked>),
    /// Ask what the person may do: of each cluster these. The newest question stands for those before it that were not
    /// sent yet.
    AskRights(Vec<(ClusterName, Vec<Right>)>),
    /// Read what objects of the kind of this one are made of.
    ReadSchema(Ticket, Target),
    /// Keep a draft on disk, as it is now: the newest of an id stands for it.
    KeepDraft(Box<Draft>),
    /// Look at what a cluster has to choose from, for a gateway in a namespace.
    Learn(Ticket, ClusterName, String),
    /// A draft was applied or discarded.
    DropDraft(String),
    /// End what a ticket keeps open.
    Close(Ticket),
    /// Read these proxies, again and again, and no others: the newest wish stands for those before it.
    Scrape(Vec<Want>),
    /// Write changes to the config file.
    SaveConfig(Vec<crate::config::edit::Change>),
    /// Refuse every write to these clusters from now on, whatever is switched.
    Guard(Vec<ClusterName>),
    /// Go by these rules of the config for contexts that are opened, or appear, from now on.
    GoBy(Vec<crate::config::ContextRule>),
    /// Ring the terminal's bell.
    Bell,
    /// Read what the pods of these namespaces use of CPU and memory, again and again, and of no others.
    ReadUsage(Vec<(ClusterName, String)>),
    /// Write what is on the screen to a file.
    Dump(Dump),
    /// Keep a change of the views that are kept.
    KeepView(crate::model::view::ViewChange),
    /// Copy a text to the clipboard.
    Copy(String),
    /// Connect to the clusters that do not answer, now; `None`: all of them.
    Retry(Option<ClusterName>),
    /// Watch these namespaces; empty: all.
    SetNamespaces(Vec<String>),
    /// Evaluate these paths, and no others, on the objects of these kinds.
    SetPaths(Paths),
    /// Open a context of the kubeconfig.
    OpenContext(String),
    /// Close a context.
    CloseContext(ClusterName),
    /// Give the terminal to the credential plugin of a cluster.
    RunCredentialPlugin(ClusterName),
    /// Give the terminal to the person's own editor, with this text.
    EditOutside(Box<str>),
    /// Give the terminal to a shell in a container.
    Shell(Box<Run>),
    /// Run a command in a container, until it ends or its ticket is closed.
    Exec(Ticket, Box<Run>),
    /// Take connections on a port of this machine, and carry each to one of these pods, until its ticket is closed.
    Forward(Ticket, ClusterName, Local, Arc<[Aim]>),
    /// Carry those that come from now on to these.
    AimForward(Ticket, Arc<[Aim]>),
    /// Refuse every write before it leaves, or allow writes where nothing else demands it.
    SetReadOnly(bool),
    /// In a replay: play it otherwise.
    Replay(super::replay::Wish),
    /// In the demo: let something go wrong, or no longer; empty: nothing any more.
    Fault(String),
    /// In the demo: somebody changes something by hand.
    Tamper(ClusterName, Tampered),
}

/// Where the screen is to be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    /// The file that the person named; its ending says in which form. None: one among those that are kept.
    pub file: Option<String>,
    /// What a file is called that the person did not name, without its ending.
    pub name: String,
}

/// What somebody changes by hand in the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tampered {
    /// A Deployment is scaled.
    Deployment(Named),
    /// An `IstioGateway` is edited.
    Gateway(Named),
}

/// Which gateway, in which of its clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingOf {
    /// The cluster that holds the CR.
    pub home: ClusterName,
    /// The gateway there.
    pub gateway: Named,
    /// The id of the data-plane cluster, where the CR names one.
    pub cluster_id: Option<Box<str>>,
}

/// Which logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogQuery {
    /// The cluster.
    pub cluster: ClusterName,
    /// Namespace of the pods.
    pub namespace: Arc<str>,
    /// Pods, each with the containers to read.
    pub pods: Vec<(Arc<str>, Vec<Box<str>>)>,
    /// The logs before the last restart, which end.
    pub previous: bool,
    /// Lines to begin with, per container.
    pub tail: u32,
}
