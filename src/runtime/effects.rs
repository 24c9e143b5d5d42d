//! Effects carried out: each in a task of its own, its answers back as messages.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::AbortHandle;

use super::deeds;
use super::drafts::{self, Drafts};
use super::files;
use super::followed;
use super::keeping::Embedded;
use super::kubeconfigs::Kubeconfigs;
use super::looping::{Effects, Foreground, Inbox};
use super::ways::{Other, Ways};
use super::{clipboard, outside, terminal};
use crate::app::deed::{Deed, Plan, What};
use crate::app::effect::{Effect, LogQuery, StandingOf, Tampered, Ticket};
use crate::app::keeping::News;
use crate::app::msg::Msg;
use crate::app::replay::Wish;
use crate::app::rights::{Answers, Right};
use crate::app::standing::Standing;
use crate::cluster::access::{self, Action};
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
    bytes: UnboundedSender<Vec<u8>>,
    open: HashMap<Ticket, AbortHandle>,
    in_tmux: bool,
    /// The demo's clusters; none: these are real ones.
    world: Option<World>,
    /// Which clusters ids mean, and who this process is.
    home: Home,
    embedded: Arc<Mutex<Embedded>>,
    /// Where drafts are kept; none: nowhere but in the app, as in the demo.
    drafts: Option<Drafts>,
    /// The kubeconfig as it changes; none: the clusters are of this process.
    pub(super) kubeconfigs: Option<Kubeconfigs>,
    /// What asks for rights now.
    asking: Option<AbortHandle>,
    /// What plays a recording; none: it is now.
    player: Option<UnboundedSender<Wish>>,
}

/// What has a terminal ring its bell.
const BELL: u8 = 0x07;

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
            asking: None,
            player: None,
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

    /// Asks what the person may do, when they have stayed for a moment where they are.
    fn ask_rights(&mut self, wanted: Vec<(ClusterName, Vec<Right>)>) {
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
    fn tamper(&self, cluster: &ClusterName, with: &Tampered) {
        let cluster = self.world.as_ref().and_then(|world| world.cluster(cluster.as_str()));
        if let Some(cluster) = cluster {
            cluster.with(|state| match with {
                Tampered::Deployment(named) => tamper::scale(state, &named.namespace, &named.name),
                Tampered::Gateway(named) => tamper::edit(state, &named.namespace, &named.name),
            });
        }
    }

    /// Lets something go wrong, or no longer.
    fn fault(&self, text: &str) {
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

    fn open_object(&mut self, ticket: Ticket, key: ObjectKey) {
        let inbox = self.inbox.clone();
        match self.connection(&key.cluster) {
            Ok(c) => self.keep(ticket, async move {
                object::follow(&c, &key, |state| tell(&inbox, Msg::Object(ticket, state))).await;
            }),
            Err(fault) => tell(&inbox, Msg::Object(ticket, Err(fault))),
        }
    }

    fn open_routes(&mut self, ticket: Ticket, cluster: &ClusterName, places: Box<[Box<str>]>) {
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
    fn open_events(&mut self, ticket: Ticket, keys: Vec<ObjectKey>) {
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

    fn open_logs(&mut self, ticket: Ticket, query: LogQuery) {
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

    fn open_standing(&mut self, ticket: Ticket, of: StandingOf) {
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

    fn plan(&mut self, ticket: Ticket, deed: Deed) {
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
    fn carry_out(&self, ticket: Ticket, deed: Deed, plan: Arc<Plan>) {
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
    fn stop_keeping(&self, cluster: &ClusterName) {
        drop(self.embedded.lock().unwrap_or_else(PoisonError::into_inner).stop(cluster));
    }

    fn copy(&self, text: String) {
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

async fn rights_in(c: Connection, rights: Vec<Right>, inbox: &Inbox) {
    let answers = rights.into_iter().map(|right| {
        let c = &c;
        async move {
            let Right { verb, kind, namespace, name } = &right;
            let (kind, subresource) = (*kind, "");
            let may = access::may(c, Action { verb, kind, subresource, namespace, name }).await;
            (right, may)
        }
    });
    let rights = join_all(answers).await.into_iter().collect();
    tell(inbox, Msg::Rights(c.cluster.clone(), Answers { user: c.account().to_owned(), rights }));
}

/// Gives the terminal back while something runs.
async fn with_terminal<T>(runs: impl Future<Output = T>) -> T {
    terminal::give_back();
    let done = runs.await;
    if let Err(error) = terminal::take() {
        tracing::error!("the terminal was not given back: {error}");
    }
    done
}

impl Effects for Live {
    fn start(&mut self, effect: Effect) {
        match effect {
            Effect::OpenObject(ticket, key) => self.open_object(ticket, key),
            Effect::OpenEvents(ticket, keys) => self.open_events(ticket, keys),
            Effect::OpenRoutes(ticket, cluster, places) => self.open_routes(ticket, &cluster, places),
            Effect::OpenLogs(ticket, query) => self.open_logs(ticket, query),
            Effect::OpenStanding(ticket, of) => self.open_standing(ticket, of),
            Effect::Plan(ticket, deed) => self.plan(ticket, deed),
            Effect::Do(ticket, deed, plan) => self.carry_out(ticket, deed, plan),
            Effect::Close(ticket) => {
                if let Some(task) = self.open.remove(&ticket) {
                    task.abort();
                }
            }
            Effect::Fetch(ticket, key) => self.fetch(ticket, key),
            Effect::Check(ticket, wish) => self.check(ticket, wish),
            Effect::Make(ticket, checked) => self.make(ticket, checked),
            Effect::AskRights(wanted) => self.ask_rights(wanted),
            Effect::Learn(ticket, cluster, namespace) => self.learn(ticket, &cluster, namespace),
            Effect::ReadSchema(ticket, target) => self.read_schema(ticket, target),
            Effect::ReadFile(ticket, name) => {
                let inbox = self.inbox.clone();
                self.keep(ticket, async move {
                    let text = files::read(&name).await;
                    tell(&inbox, Msg::File(ticket, text));
                });
            }
            Effect::KeepDraft(draft) => {
                if let Some(drafts) = &self.drafts {
                    drafts.keep(*draft);
                }
            }
            Effect::DropDraft(id) => {
                if let Some(drafts) = &self.drafts {
                    drafts.discard(id);
                }
            }
            // What proxies said is in the recording; nobody can be asked now.
            Effect::Scrape(_) | Effect::ReadUsage(_) if self.player.is_some() => {}
            Effect::Scrape(wants) => self.sources.read_proxies(wants),
            Effect::ReadUsage(of) => self.sources.read_usage(of),
            Effect::Replay(wish) => {
                // The player ends only with the program.
                let _ = self.player.as_ref().map(|player| player.send(wish));
            }
            Effect::Bell => {
                // The loop is gone only when the program ends.
                let _ = self.bytes.send(vec![BELL]);
            }
            Effect::Copy(text) => self.copy(text),
            Effect::Retry(cluster) => self.sources.retry(cluster.as_ref()),
            Effect::SetNamespaces(namespaces) => {
                self.sources.set_namespaces(namespaces.into_iter().map(Into::into).collect());
            }
            Effect::OpenContext(name) => self.open_context(&ClusterName::from(name.as_str())),
            Effect::CloseContext(cluster) => {
                self.stop_keeping(&cluster);
                self.sources.close(&cluster);
                if let Some(kubeconfigs) = &self.kubeconfigs {
                    kubeconfigs.closed(&cluster);
                }
                tell(&self.inbox, Msg::Closed(cluster));
            }
            Effect::Fault(text) => self.fault(&text),
            Effect::Tamper(cluster, with) => self.tamper(&cluster, &with),
            Effect::SetReadOnly(on) => {
                self.sources.set_read_only(on);
                if on {
                    // Not even the lease is given back: it ends by itself.
                    self.embedded.lock().unwrap_or_else(PoisonError::into_inner).stop_all();
                }
            }
            // The loop's own.
            Effect::Quit | Effect::Redraw | Effect::RunCredentialPlugin(_) | Effect::EditOutside(_) => {}
        }
    }

    async fn finish(&mut self) {
        let mut embedded = std::mem::take(&mut *self.embedded.lock().unwrap_or_else(PoisonError::into_inner));
        drafts::flush();
        embedded.finish().await;
    }

    async fn foreground(&mut self, what: Foreground) {
        // Nobody sees what is read meanwhile.
        self.sources.pause_reading(true);
        match what {
            Foreground::Plugin(cluster) => {
                if let Some(plugin) = self.sources.plugin(&cluster) {
                    match with_terminal(plugin.run_in_terminal()).await {
                        Ok(_) => self.sources.retry(Some(&cluster)),
                        Err(fault) => tell(&self.inbox, Msg::Notice(fault)),
                    }
                }
            }
            Foreground::Editor(text) => {
                let edited = with_terminal(outside::edit(&outside::of_person(), &text)).await;
                tell(&self.inbox, Msg::EditedOutside(edited));
            }
        }
        self.sources.pause_reading(false);
    }
}
