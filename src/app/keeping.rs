//! The reconciler of this process, cluster by cluster, as its messages tell.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::deed::Named;
use super::model::App;
use crate::model::fault::Fault;
use crate::model::name::ClusterName;
use crate::model::table::Tone;

/// The reconciler of this process in one cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Keeping {
    /// What it does.
    pub state: State,
    /// The last pass over each gateway.
    pub passes: BTreeMap<Named, Passed>,
    /// The last one that wrote something: when, and how much.
    pub writes: BTreeMap<Named, (Timestamp, u32)>,
}

/// What the reconciler does.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It asks for the lease.
    Starting,
    /// It has the lease since then, and works.
    Leading(Timestamp),
    /// Somebody else has the lease: who, in words.
    Waiting(String),
    /// The lease or the kind cannot be looked at: it tries again.
    Failed(Fault),
}

/// One pass over one gateway.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// When it ended.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Writes that were sent.
    pub writes: u32,
    /// What went wrong first.
    pub fault: Option<Fault>,
    /// When it is tried again by itself.
    pub next_try: Option<Timestamp>,
}

/// News of the reconciler.
#[derive(Clone, Debug)]
pub enum News {
    /// It does something else now.
    State(State),
    /// A pass ended.
    Passed(Named, Passed),
    /// A gateway is tried again then.
    TriesAgain(Named, Timestamp),
    /// It has ended.
    Ended,
}

impl App {
    /// Whether this process keeps the gateways of a cluster, or waits to.
    pub fn keeps(&self, cluster: &ClusterName) -> bool {
        self.keeping.contains_key(cluster)
    }

    pub(super) fn on_keeping(&mut self, cluster: &ClusterName, news: News) {
        match news {
            News::Ended => drop(self.keeping.remove(cluster)),
            News::State(state) => {
                let was = self.keeping.get(cluster).map(|keeping| keeping.state.clone());
                let failed = matches!(state, State::Failed(_));
                if was
                    .as_ref()
                    .is_some_and(|was| *was != state && !(failed && matches!(was, State::Failed(_))))
                {
                    self.tell_of_keeping(cluster, &state);
                }
                let keeping = self.keeping.entry(cluster.clone());
                keeping
                    .or_insert_with(|| Keeping {
                        state: State::Starting,
                        passes: BTreeMap::new(),
                        writes: BTreeMap::new(),
                    })
                    .state = state;
            }
            News::Passed(gateway, passed) => {
                if let Some(keeping) = self.keeping.get_mut(cluster) {
                    if passed.writes > 0 {
                        keeping.writes.insert(gateway.clone(), (passed.at, passed.writes));
                    }
                    keeping.passes.insert(gateway, passed);
                }
            }
            News::TriesAgain(gateway, at) => {
                let keeping = self.keeping.get_mut(cluster);
                if let Some(passed) = keeping.and_then(|keeping| keeping.passes.get_mut(&gateway)) {
                    passed.next_try = Some(at);
                }
            }
        }
        self.standing_changed(cluster);
    }

    fn tell_of_keeping(&mut self, cluster: &ClusterName, state: &State) {
        let (tone, text) = match state {
            State::Starting => return,
            State::Leading(_) => (Tone::Good, format!("This screen keeps the gateways of {cluster} now.")),
            State::Waiting(who) => (Tone::Warn, format!("{cluster}: {who}")),
            State::Failed(fault) => (Tone::Bad, format!("{}. {}", fault.summary, fault.hint)),
        };
        self.say(tone, text);
    }
}
