//! The kubeconfig while egret runs: watched, read again, and what became of the entries of open contexts.
//!
//! What is read is handed to clusters that are opened from then on. One that is open stays with what it was opened with:
//! it must never become another cluster behind its name.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::effects::{Live, tell};
use super::looping::Inbox;
use super::used::Used;
use super::watch::{Watch, watch};
use crate::app::contexts::{Entry as Became, Known};
use crate::app::msg::Msg;
use crate::cluster::entry::Entry;
use crate::cluster::kubeconfig::{Contexts, Source};
use crate::config::{ContextRule, Settings};
use crate::model::fault::{Fault, Reason};
use crate::model::name::ClusterName;
use crate::setup;

/// The kubeconfig of this run.
pub struct Kubeconfigs {
    shared: Arc<Mutex<Shared>>,
    /// Ends with this.
    _watching: Option<Watch>,
    used: Option<Used>,
    inbox: Inbox,
}

/// What the thread that reads shares with the one that opens clusters.
struct Shared {
    contexts: Contexts,
    settings: Settings,
    /// Nobody took the newest contexts yet.
    is_new: bool,
    /// What open contexts were opened with.
    opened: BTreeMap<ClusterName, Entry>,
    told: Known,
    is_broken: bool,
}

impl Kubeconfigs {
    /// Watches the files of `contexts`, of which some are open, and remembers below `state` what is opened.
    pub fn start(
        contexts: &Contexts,
        settings: &Settings,
        open: &[ClusterName],
        state: Option<&Path>,
        inbox: &Inbox,
    ) -> Self {
        let opened = open.iter().filter_map(|c| Some((c.clone(), contexts.entry(c)?))).collect();
        let mut shared = Shared {
            contexts: contexts.clone(),
            settings: settings.clone(),
            is_new: false,
            opened,
            told: Known::default(),
            is_broken: false,
        };
        shared.told = shared.known();
        let files = contexts.files();
        let shared = Arc::new(Mutex::new(shared));
        let (known, answers) = (shared.clone(), inbox.clone());
        let watching = (!files.is_empty()).then(|| watch(files, move || read(&known, &answers)));
        let watching = watching.and_then(|watching| match watching {
            Ok(watching) => Some(watching),
            Err(error) => {
                let fault = Fault::new(
                    Reason::Invalid,
                    format!("the kubeconfig is not watched: {error}"),
                    "What changes in it is seen when egret is started again.",
                );
                tell(inbox, Msg::Notice(fault));
                None
            }
        });
        let used = state.map(Used::new);
        let this = Self { shared, _watching: watching, used, inbox: inbox.clone() };
        if let Some(used) = this.used.clone() {
            let inbox = inbox.clone();
            tokio::task::spawn_blocking(move || tell(&inbox, Msg::Used(used.read())));
        }
        this.remember(open);
        this
    }

    /// The contexts, and those that are read-only, if they were read again since this was asked last.
    pub fn newest(&self) -> Option<(Contexts, Vec<ClusterName>)> {
        let mut shared = lock(&self.shared);
        let guarded = setup::guarded(&shared.contexts, &shared.settings);
        std::mem::take(&mut shared.is_new).then(|| (shared.contexts.clone(), guarded))
    }

    /// A context is opened now, with its entry of now.
    pub fn opened(&self, cluster: &ClusterName) {
        let mut shared = lock(&self.shared);
        if let Some(entry) = shared.contexts.entry(cluster) {
            shared.opened.insert(cluster.clone(), entry);
        }
        shared.told.entries.remove(cluster);
        drop(shared);
        self.remember(std::slice::from_ref(cluster));
    }

    /// What the config says of contexts now: it holds for those that are opened, or appear, from now on.
    pub fn go_by(&self, rules: Vec<ContextRule>) {
        lock(&self.shared).settings.rules = rules;
    }

    /// A context was closed.
    pub fn closed(&self, cluster: &ClusterName) {
        let mut shared = lock(&self.shared);
        shared.opened.remove(cluster);
        shared.told.entries.remove(cluster);
    }

    fn remember(&self, clusters: &[ClusterName]) {
        let Some(used) = self.used.clone().filter(|_| !clusters.is_empty()) else { return };
        let names: Vec<String> = clusters.iter().map(ToString::to_string).collect();
        let now = lock(&self.shared).contexts.clock().now();
        let inbox = self.inbox.clone();
        tokio::task::spawn_blocking(move || {
            if let Err(error) = used.note(&names, now) {
                tracing::warn!("which contexts were opened is not remembered: {error}");
                let fault = Fault::new(
                    Reason::Invalid,
                    format!("which contexts were opened is not remembered: {error}"),
                    "Only their order in the list of contexts goes by it.",
                );
                tell(&inbox, Msg::Notice(fault));
            }
        });
    }
}

impl Live {
    /// The same, whose contexts change while it runs.
    #[must_use]
    pub fn with_kubeconfigs(mut self, kubeconfigs: Kubeconfigs) -> Self {
        self.kubeconfigs = Some(kubeconfigs);
        self
    }

    /// Opens a context, as the kubeconfig describes it now.
    pub(super) fn open_context(&mut self, cluster: &ClusterName) {
        if let Some(kubeconfigs) = &self.kubeconfigs {
            if let Some((contexts, guarded)) = kubeconfigs.newest() {
                self.sources.use_contexts(contexts, guarded);
            }
            kubeconfigs.opened(cluster);
        }
        self.sources.open(cluster);
    }
}

impl Shared {
    fn known(&self) -> Known {
        let became = |(cluster, before): (&ClusterName, &Entry)| {
            let became = match self.contexts.entry(cluster) {
                None => Became::Gone,
                Some(now) if before.leads_elsewhere(&now) => Became::Elsewhere,
                Some(now) if *before != now => Became::Credentials,
                Some(_) => return None,
            };
            Some((cluster.clone(), became))
        };
        Known {
            names: self.contexts.names.iter().map(ToString::to_string).collect(),
            production: setup::production(&self.contexts, &self.settings),
            read_only: setup::guarded(&self.contexts, &self.settings),
            is_mended: false,
            entries: self.opened.iter().filter_map(became).collect(),
        }
    }
}

/// Reads the files again, and tells what is new.
fn read(shared: &Mutex<Shared>, inbox: &Inbox) {
    let before = lock(shared).contexts.clone();
    let read = before.read_again().and_then(|read| match read.source {
        Source::Files(_) => Ok(read),
        // The pod's own account is no stand-in for a file that went away.
        Source::InCluster | Source::Handed(_) => Err(Fault::new(
            Reason::Missing,
            "the kubeconfig is gone".to_owned(),
            "Put it back; egret sees it by itself.",
        )),
    });
    let mut shared = lock(shared);
    let contexts = match read {
        Ok(contexts) => contexts,
        Err(fault) => {
            shared.is_broken = true;
            return tell(inbox, Msg::Kubeconfig(Err(fault)));
        }
    };
    shared.contexts = contexts;
    shared.is_new = true;
    let known = shared.known();
    let is_mended = std::mem::take(&mut shared.is_broken);
    // What nobody can see the difference of wakes nobody.
    if is_mended || known != shared.told {
        shared.told = known.clone();
        tell(inbox, Msg::Kubeconfig(Ok(Known { is_mended, ..known })));
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
