//! Effects carried out: each in a task of its own, its answers back as messages.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::clipboard;
use super::deeds;
use super::drafts::Drafts;
use super::followed;
use super::forwards::Forwards;
use super::keeping::Embedded;
use super::kubeconfigs::Kubeconfigs;
use super::looping::Inbox;
use super::rights::rights_in;
use super::settings::Keeper;
use super::ways::{Other, Ways};
use crate::app::deed::{Deed, Plan, What};
use crate::app::effect::{LogQuery, StandingOf, Tampered, Ticket};
use crate::app::keeping::News;
use crate::app::msg::Msg;
use crate::app::replay::Wish;
use crate::app::rights::Right;
use crate::app::standing::Standing;
use crate::cluster::connect::Connection;
use crate::cluster::events;
use crate::cluster::object;
use crate::cluster::routes;
use crate::demo::tamper;
use crate::demo::world::World;
use crate::model::fault::{Fault, Reason};
use crate::model::name::{ClusterName, ObjectKey};
use crate::model::row::EventRow;
use crate::reconcile::lease::Me;
use crate::reconcile::{identity, look};
use crate::sources::{DEFAULT_NAMESPACE, Sources};

/// Carries out effects on open clusters.
pub struct Live {
    pub(super) sources: Sources,
    pub(super) inbox: Inbox,
    /// Bytes for the terminal: the clipboard.
    pub(super) bytes: UnboundedSender<Vec<u8>>,
    pub(super) open: HashMap<Ticket, AbortHandle>,
    pub(super) in_tmux: bool,
    /// The demo's clusters; none: these are real ones.
    pub(super) world: Option<World>,
    /// Which clusters ids mean, and who this process is.
    pub(super) home: Home,
    pub(super) embedded: Arc<Mutex<Embedded>>,
    /// Where drafts are kept; none: nowhere but in the app, as in the demo.
    pub(super) drafts: Option<Drafts>,
    /// The kubeconfig as it changes; none: the clusters are of this process.
    pub(super) kubeconfigs: Option<Kubeconfigs>,
    pub(super) forwards: Forwards,
    /// What asks for rights now.
    pub(super) asking: Option<AbortHandle>,
    /// What reads and writes the config; none: there is no place for one.
    pub(super) settings: Option<Keeper>,
    /// Views and screens that are kept.
    pub(super) kept: super::kept::Kept,
    /// What plays a recording; none: it is now.
    pub(super) player: Option<UnboundedSender<Wish>>,
    /// Another program has the terminal: nobody sees what comes.
    pub(super) behind: tokio::sync::watch::Sender<bool>,
}

/// How long somebody stays where they are before their rights there are asked for.
const STAYS: Duration = Duration::from_millis(200);

/// What reconcilers in this process go by.
#[derive(Clone, Debug)]
pub struct Home {
    /// Contexts by the ids that gateways name them by (R2).
    pub ids: Vec<(String, ClusterName)>,
    /// The namespace of gateways and of the lease.
    pub namespace: String,
    /// What this process is called on leases, where that is fixed: in the demo.
    pub name: Option<&'static str>,
}

impl Home {
    /// A reconciler that is started now. Each has a name of its own: two contexts may lead to one cluster, and then one
    /// of two reconcilers must see that the other has the lease.
    fn me(&self, cluster: &ClusterName) -> Me {
        let me = identity::me(true);
        match self.name {
            Some(name) => Me { identity: format!("{name}_1_{cluster}"), ..me },
            None => me,
        }
    }
}

impl Live {
    /// Answers go to `inbox`, clipboard bytes to `bytes`.
    pub fn new(sources: Sources, inbox: Inbox, bytes: UnboundedSender<Vec<u8>>, home: Home) -> Self {
        let in_tmux = std::env::var_os("TMUX").is_some_and(|v| !v.is_empty());
        let embedded = Arc::default();
        Self {
            sources,
            inbox,
            bytes,
            open: HashMap::new(),
            in_tmux,
            world: None,
            home,
            embedded,
            drafts: None,
            kubeconfigs: None,
            forwards: Forwards::default(),
            asking: None,
            settings: None,
            kept: super::kept::Kept::default(),
            player: None,
            behind: tokio::sync::watch::Sender::new(false),
        }
    }

    /// The same, on clusters in which things can be made to happen.
    #[must_use]
    pub fn with_world(self, world: World) -> Self {
        Self { world: Some(world), ..self }
    }

    /// The same, on the clusters of a recording, which this plays.
    #[must_use]
    pub fn with_player(self, player: UnboundedSender<Wish>) -> Self {
        Self { player: Some(player), ..self }
    }

    /// The same, whose drafts are kept on disk.
    #[must_use]
    pub fn with_drafts(self, drafts: Drafts) -> Self {
        Self { drafts: Some(drafts), ..self }
    }

    /// The same, with a config file.
    #[must_use]
    pub fn with_settings(self, settings: Option<Keeper>) -> Self {
        Self { settings, ..self }
    }

    /// Asks what the person may do, when they have stayed for a moment where they are.
    pub(super) fn ask_rights(&mut self, wanted: Vec<(ClusterName, Vec<Right>)>) {
        if let Some(before) = self.asking.take() {
            before.abort();
        }
        let way = |(c, rights)| Some((self.sources.connection(&c)?, rights));
        let open: Vec<(Connection, Vec<Right>)> = wanted.into_iter().filter_map(way).collect();
        let inbox = self.inbox.clone();
        let asking = async move {
            tokio::time::sleep(STAYS).await;
            join_all(open.into_iter().map(|(c, rights)| rights_in(c, rights, &inbox))).await;
        };
        self.asking = Some(tokio::spawn(asking).abort_handle());
    }

    /// Where answers go.
    pub(super) fn inbox(&self) -> Inbox {
        self.inbox.clone()
    }

    /// Somebody changes something by hand.
    pub(super) fn tamper(&self, cluster: &ClusterName, with: &Tampered) {
        let cluster = self.world.as_ref().and_then(|world| world.cluster(cluster.as_str()));
        if let Some(cluster) = cluster {
            cluster.with(|state| match with {
                Tampered::Deployment(named) => tamper::scale(state, &named.namespace, &named.name),
                Tampered::Gateway(named) => tamper::edit(state, &named.namespace, &named.name),
            });
        }
    }

    /// Lets something go wrong, or no longer.
    pub(super) fn fault(&self, text: &str) {
        let Some(faults) = self.world.as_ref().map(World::faults) else { return };
        if text.is_empty() {
            faults.clear();
        } else {
            match text.parse() {
                Ok(rule) => drop(faults.toggle(&rule)),
                Err(why) => {
                    let fault = Fault::new(Reason::Invalid, format!("fault: {why}"), "");
                    return tell(&self.inbox, Msg::Notice(fault));
                }
            }
        }
        tell(&self.inbox, Msg::Faults(faults.rules().iter().map(ToString::to_string).collect()));
        // What is mended is tried again at once.
        self.sources.retry(None);
    }

    /// The id that the config gives a context.
    pub(super) fn own_id(&self, cluster: &ClusterName) -> Option<String> {
        self.home.ids.iter().find(|(_, name)| name == cluster).map(|(id, _)| id.clone())
    }

    pub(super) fn connection(&self, cluster: &ClusterName) -> Result<Connection, Fault> {
        self.sources.connection(cluster).ok_or_else(|| {
            let summary = format!("{cluster} is not connected");
            Fault::new(Reason::Unreachable, summary, "Wait for it, or `R` tries again now.")
        })
    }

    pub(super) fn keep(&mut self, ticket: Ticket, task: impl Future<Output = ()> + Send + 'static) {
        self.open.insert(ticket, tokio::spawn(task).abort_handle());
    }

    pub(super) fn open_object(&mut self, ticket: Ticket, key: ObjectKey) {
        let inbox = self.inbox.clone();
        match self.connection(&key.cluster) {
            Ok(c) => self.keep(ticket, async move {
                object::follow(&c, &key, |state| tell(&inbox, Msg::Object(ticket, state))).await;
            }),
            Err(fault) => tell(&inbox, Msg::Object(ticket, Err(fault))),
        }
    }

    pub(super) fn open_routes(&mut self, ticket: Ticket, cluster: &ClusterName, places: Box<[Box<str>]>) {
        let inbox = self.inbox.clone();
        let places = if places.is_empty() { [DEFAULT_NAMESPACE.into()].into() } else { places };
        match self.connection(cluster) {
            Ok(c) => self.keep(ticket, async move {
                routes::follow(&c, &places, |news| tell(&inbox, Msg::Routes(ticket, news))).await;
            }),
            Err(fault) => tell(&inbox, Msg::Routes(ticket, Err(fault))),
        }
    }

    /// The parts of a gateway may be of two clusters: the events of both are told together.
    pub(super) fn open_events(&mut self, ticket: Ticket, keys: Vec<ObjectKey>) {
        let inbox = self.inbox.clone();
        let mut clusters: Vec<ClusterName> = keys.iter().map(|k| k.cluster.clone()).collect();
        clusters.sort();
        clusters.dedup();
        let (open, failed): (Vec<_>, Vec<_>) =
            clusters.iter().map(|c| self.connection(c)).partition(Result::is_ok);
        if open.is_empty() {
            if let Some(Err(fault)) = failed.into_iter().next() {
                tell(&inbox, Msg::Events(ticket, Err(fault)));
            }
            return;
        }
        self.keep(ticket, async move {
            let known = Mutex::new(BTreeMap::<ClusterName, Arc<[EventRow]>>::new());
            let follow = async |c: Connection| {
                let of_cluster: Vec<ObjectKey> =
                    keys.iter().filter(|k| k.cluster == c.cluster).cloned().collect();
                let on = |state: Result<Arc<[EventRow]>, Fault>| {
                    let state = state.map(|rows| {
                        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                        known.insert(c.cluster.clone(), rows);
                        let mut all: Vec<EventRow> =
                            known.values().flat_map(|rows| rows.iter().cloned()).collect();
                        all.sort_by_key(|e| e.last);
                        all.into()
                    });
                    tell(&inbox, Msg::Events(ticket, state));
                };
                events::follow(&c, &of_cluster, on).await;
            };
            join_all(open.into_iter().flatten().map(follow)).await;
        });
    }

    pub(super) fn open_logs(&mut self, ticket: Ticket, query: LogQuery) {
        let inbox = self.inbox.clone();
        match self.connection(&query.cluster) {
            Ok(c) => self.keep(ticket, followed::follow_logs(c, ticket, query, inbox)),
            Err(fault) => tell(&inbox, Msg::LogNote(ticket, fault.summary)),
        }
    }

    /// The clusters of a mesh, from its home cluster.
    pub(super) fn ways(&self, home: &ClusterName) -> Result<Ways, Fault> {
        let connection = self.connection(home)?;
        let others = self.home.ids.iter().map(|(id, name)| Other {
            id: id.clone(),
            name: name.clone(),
            open: self.sources.connection(name),
            is_guarded: self.sources.is_guarded(name),
        });
        Ok(Ways { home: connection, others: others.collect(), contexts: self.sources.contexts().clone() })
    }

    pub(super) fn open_standing(&mut self, ticket: Ticket, of: StandingOf) {
        let inbox = self.inbox.clone();
        // A cluster that is not connected is told by its link; it is asked again when it is back.
        let Ok(ways) = self.ways(&of.home) else { return };
        self.keep(ticket, async move {
            let keeper = ways.keeper().await;
            let clock = keeper.clock.clone();
            let key = (of.gateway.namespace.to_string(), of.gateway.name.to_string());
            let on = |report, servers| {
                let standing = Standing { report, servers, at: clock.now() };
                tell(&inbox, Msg::Standing(ticket, Box::new(standing)));
            };
            look::follow(&keeper, &key, of.cluster_id.as_deref(), on).await;
        });
    }

    pub(super) fn plan(&mut self, ticket: Ticket, deed: Deed) {
        let (inbox, namespace) = (self.inbox.clone(), self.home.namespace.clone());
        match self.ways(&deed.cluster) {
            Err(fault) => tell(&inbox, Msg::Planned(ticket, Err(fault))),
            Ok(ways) => self.keep(ticket, async move {
                let plan = deeds::plan(&ways.keeper().await, &namespace, &deed).await;
                tell(&inbox, Msg::Planned(ticket, plan.map(Arc::new)));
            }),
        }
    }

    /// Not kept by its ticket: what has been begun is not broken off by closing a question.
    pub(super) fn carry_out(&self, ticket: Ticket, deed: Deed, plan: Arc<Plan>) {
        let inbox = self.inbox.clone();
        let ways = match self.ways(&deed.cluster) {
            Ok(ways) if deed.what == What::Keep => ways.by("reconciler"),
            Ok(ways) => ways,
            Err(fault) => return tell(&inbox, Msg::Done(ticket, Box::new(deed), Err(fault))),
        };
        let (embedded, home) = (self.embedded.clone(), self.home.clone());
        tokio::spawn(async move {
            let keeper = ways.keeper().await;
            let done = match &deed.what {
                What::Keep => {
                    let mut embedded = embedded.lock().unwrap_or_else(PoisonError::into_inner);
                    let me = home.me(&deed.cluster);
                    embedded.start(&deed.cluster, keeper, home.namespace, me, inbox.clone());
                    Ok(format!("This screen asks for the lease of {}.", deed.cluster))
                }
                What::StopKeeping => {
                    let task = embedded.lock().unwrap_or_else(PoisonError::into_inner).stop(&deed.cluster);
                    if let Some(task) = task {
                        drop(task.await);
                    }
                    tell(&inbox, Msg::Keeping(deed.cluster.clone(), News::Ended));
                    Ok(format!("This screen keeps the gateways of {} no longer.", deed.cluster))
                }
                _ => deeds::carry_out(&keeper, &deed, &plan).await,
            };
            tell(&inbox, Msg::Done(ticket, Box::new(deed), done));
        });
    }

    /// Ends the reconciler of a cluster, in the background.
    pub(super) fn stop_keeping(&self, cluster: &ClusterName) {
        drop(self.embedded.lock().unwrap_or_else(PoisonError::into_inner).stop(cluster));
    }

    pub(super) fn copy(&self, text: String) {
        let (inbox, bytes, in_tmux) = (self.inbox.clone(), self.bytes.clone(), self.in_tmux);
        tokio::spawn(async move {
            let copied = clipboard::copy(&text, in_tmux).await;
            let said = copied.map(|copy| {
                if let Some(raw) = copy.bytes {
                    // The loop is gone only when the program ends.
                    let _ = bytes.send(raw);
                }
                copy.said
            });
            tell(&inbox, Msg::Copied(said));
        });
    }
}

pub(super) fn tell(inbox: &Inbox, msg: Msg) {
    // Nobody listens any more when the program ends.
    let _ = inbox.send(msg);
}
