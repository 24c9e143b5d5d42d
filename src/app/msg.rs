//! What happened: everything that reaches the state machine.

use std::sync::Arc;

use crossterm::event::KeyEvent;
use jiff::Timestamp;

use super::deed::{Deed, Plan};
use super::effect::Ticket;
use super::keeping::News;
use super::rights::Answers;
use super::standing::Standing;
use crate::envoy::Seen;
use crate::materialize::change::{Checked, Made, Refusal};
use crate::metrics::Scraped;
use crate::model::draft::Draft;
use crate::model::fault::Fault;
use crate::model::knowledge::Knowledge;
use crate::model::name::ClusterName;
use crate::model::route::RouteNews;
use crate::model::row::EventRow;
use crate::model::snapshot::Snapshot;
use crate::model::usage::PodUsage;

/// Something happened. Every message that answers an effect carries the effect's ticket: an answer whose ticket
/// nobody holds any more is dropped.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(super::pointing::Pointed),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// A minute began: ages may read differently.
    Minute,
    /// The newest state of a cluster.
    Snapshot(Arc<Snapshot>),
    /// A cluster was closed.
    Closed(ClusterName),
    /// The contexts of the kubeconfig, for completion.
    Contexts(Vec<String>),
    /// The kubeconfig changed while egret runs, or cannot be read now.
    Kubeconfig(Result<super::contexts::Known, Fault>),
    /// When contexts were opened last, in runs before.
    Used(std::collections::BTreeMap<String, Timestamp>),
    /// An open object, again each time it changes; `Ok(None)`: it was deleted.
    Object(Ticket, Result<Option<Arc<serde_json::Value>>, Fault>),
    /// The events of an open object, newest last, again each time they change.
    Events(Ticket, Result<Arc<[EventRow]>, Fault>),
    /// What leads traffic in a cluster, or changed there; or what of it may not be read.
    Routes(Ticket, Result<RouteNews, Fault>),
    /// How an open gateway stands, again each time something happened.
    Standing(Ticket, Box<Standing>),
    /// What a deed would do.
    Planned(Ticket, Result<Arc<Plan>, Fault>),
    /// A deed is done: what there is to say.
    Done(Ticket, Box<Deed>, Result<String, Fault>),
    /// News of the reconciler of this process.
    Keeping(ClusterName, News),
    /// The text of a file.
    File(Ticket, Result<String, Fault>),
    /// An object that was asked for once; `Ok(None)`: it is not there.
    Fetched(Ticket, Result<Arc<serde_json::Value>, Fault>),
    /// What a change would do, or why it cannot be made.
    Checked(Ticket, Result<Arc<Checked>, Refusal>),
    /// A change was made, or not.
    Made(Ticket, Box<Result<Made, Fault>>),
    /// What the person may do in a cluster.
    Rights(ClusterName, Answers),
    /// The drafts of runs before, newest first.
    Drafts(Vec<Draft>),
    /// What a cluster has to choose from.
    Learned(Ticket, Box<Knowledge>),
    /// Lines of an open log.
    LogLines(Ticket, Vec<LogLine>),
    /// Something about a container's log: it ended, it cannot be read, it was resumed.
    LogNote(Ticket, String),
    /// A pod's proxy was read, or not.
    Scraped(Scraped),
    /// A pod's admin interface answered.
    Admin(Seen),
    /// What the pods of the wanted namespaces of a cluster use. One that serves no metrics API says so once, as what is
    /// missing.
    Usage(ClusterName, Result<Arc<[PodUsage]>, Fault>),
    /// Views are kept: as it is read, and again when it changed.
    Views(crate::model::view::Views),
    /// The screen was written to a file; to which, or why not.
    Dumped(Result<String, Fault>),
    /// A text was copied; how, or why not.
    Copied(Result<String, Fault>),
    /// What objects of a kind are made of; none: the server does not say.
    Schema(Ticket, Result<Option<Arc<crate::model::schema::Schema>>, Fault>),
    /// The text that the person's own editor wrote.
    EditedOutside(Result<String, Fault>),
    /// The config file was written, or changed.
    Config(Box<super::rereading::ConfigNews>),
    /// The person's own themes changed: these are all of them. The loop has taken them over.
    Themes(Vec<super::rereading::OwnTheme>),
    /// News of a port-forward.
    Forward(Ticket, crate::model::forward::News),
    /// News of a command that runs in a container.
    Exec(Ticket, crate::model::exec::News),
    /// A shell is over.
    Shell(Box<crate::model::exec::Run>, Result<crate::model::exec::Ended, Fault>),
    /// Something a person should know.
    Notice(Fault),
    /// In a replay: how it is played from now on.
    Replaying(super::replay::Replay),
    /// In a replay: another moment is looked at, and this is known there. Its objects follow.
    Rewound(Box<super::replay::Moment>),
    /// In a replay: the objects of the moment that was gone to are on the screens.
    Settled,
    /// In a replay: a cluster answers again, and need not be waited for.
    Answers(ClusterName),
    /// In the demo: the faults in force.
    Faults(Vec<String>),
}

/// One line of a container's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Pod and container, when several are shown.
    pub source: Arc<str>,
    /// When the line was written.
    pub time: Option<Timestamp>,
    /// The text, without control characters.
    pub text: Box<str>,
}
