//! Reconcilers inside this process: one for each cluster whose gateways a person has it keep.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::looping::Inbox;
use crate::app::deed::Named;
use crate::app::keeping::{News, Passed, State};
use crate::app::msg::Msg;
use crate::cluster::clock::Clock;
use crate::materialize::Report;
use crate::model::name::ClusterName;
use crate::reconcile::controller::{self, Observer};
use crate::reconcile::lease::{Decision, Me};
use crate::reconcile::{Keeper, controller::News as Said};

/// How long the end of egret waits for leases to be given back: one that is not ends by itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// The reconcilers that run.
#[derive(Default)]
pub(super) struct Embedded {
    running: BTreeMap<ClusterName, Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Embedded {
    /// Starts one; the lease decides when it works.
    pub(super) fn start(
        &mut self,
        cluster: &ClusterName,
        keeper: Keeper,
        namespace: String,
        me: Me,
        inbox: Inbox,
    ) {
        if self.running.get(cluster).is_some_and(|running| !running.task.is_finished()) {
            return;
        }
        let observer = Told { cluster: cluster.clone(), clock: keeper.clock.clone(), inbox };
        observer.tell(News::State(State::Starting));
        let (stop, stopped) = oneshot::channel::<()>();
        let settings = controller::Settings { keeper, namespace, me, observer: Arc::new(observer.clone()) };
        let task = tokio::spawn(async move {
            controller::run(settings, async move { drop(stopped.await) }).await;
            observer.tell(News::Ended);
        });
        self.running.insert(cluster.clone(), Running { stop, task });
    }

    /// Has one end: what it is writing is broken off, and the lease given back.
    pub(super) fn stop(&mut self, cluster: &ClusterName) -> Option<JoinHandle<()>> {
        let Running { stop, task } = self.running.remove(cluster)?;
        // One that has ended by itself does not listen any more.
        let _ = stop.send(());
        Some(task)
    }

    /// Has all of them end, without waiting for it.
    pub(super) fn stop_all(&mut self) {
        let clusters: Vec<ClusterName> = self.running.keys().cloned().collect();
        clusters.iter().for_each(|cluster| drop(self.stop(cluster)));
    }

    /// Has all of them end.
    pub(super) async fn finish(&mut self) {
        let clusters: Vec<ClusterName> = self.running.keys().cloned().collect();
        let tasks: Vec<JoinHandle<()>> = clusters.iter().filter_map(|cluster| self.stop(cluster)).collect();
        let ended = futures::future::join_all(tasks);
        if tokio::time::timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("a lease could not be given back: it ends by itself");
        }
    }
}

/// Tells the screen what a reconciler does.
#[derive(Clone)]
struct Told {
    cluster: ClusterName,
    clock: Clock,
    inbox: Inbox,
}

impl Told {
    fn tell(&self, news: News) {
        // Nobody listens any more when the program ends.
        let _ = self.inbox.send(Msg::Keeping(self.cluster.clone(), news));
    }
}

fn named(namespace: &str, name: &str) -> Named {
    Named { namespace: namespace.into(), name: name.into() }
}

impl Observer for Told {
    fn news(&self, said: &Said) {
        let state = match said {
            Said::Leading { .. } => State::Leading(self.clock.now()),
            Said::Waiting(decision) => State::Waiting(waiting(decision)),
            Said::Stopped(why) => {
                tracing::info!(cluster = %self.cluster, why, "stopped keeping gateways");
                State::Starting
            }
            Said::Failed(fault) => {
                tracing::warn!(cluster = %self.cluster, "{}", fault.summary);
                State::Failed(fault.clone())
            }
        };
        self.tell(News::State(state));
    }

    fn passed(&self, namespace: &str, name: &str, report: &Report, took: Duration) {
        let passed = Passed {
            at: self.clock.now(),
            took,
            writes: report.all_writes(),
            fault: report.all_faults().first().map(|fault| (*fault).clone()),
            next_try: None,
        };
        self.tell(News::Passed(named(namespace, name), passed));
    }

    fn tries_again(&self, namespace: &str, name: &str, after: Duration) {
        let at = self.clock.now().saturating_add(after).unwrap_or(self.clock.now());
        self.tell(News::TriesAgain(named(namespace, name), at));
    }
}

fn waiting(decision: &Decision) -> String {
    match decision {
        Decision::Wait { holder, version } => {
            format!("this screen waits: egret {version} on {holder} keeps the gateways")
        }
        Decision::OtherVersion(version) => format!(
            "this screen leaves them alone: egret {version} kept the gateways last, and another version may not take over from a screen"
        ),
        Decision::Take | Decision::Renew => "this screen asks for the lease".to_owned(),
    }
}
