//! Who is read when: the proxies that are wanted, each again and again, and no others (R24).
//!
//! Each wanted pod has a task. It waits until its proxy is due by the cluster's clock, for its turn among those of its
//! cluster, and for the cluster's budget of bytes; then it reads, and tells what it heard. What nobody takes in time is
//! dropped. A pod that is no longer wanted is let go of after ten seconds.
//!
//! A clock that stands calls nobody: wishes that are said again ([`Proxies::read`]) look what is due by now.
//!
//! | rule | what it says | test |
//! |---|---|---|
//! | R24 | 5 s through the pod proxy, 1 s only over a port-forward | `pace::tests` |
//! | R24 | bounded at once, and in bytes a second | `pace::tests`, `proxies::pace::no_more_than_eight_are_read_at_once` |
//! | | a read takes at most a quarter of its interval | `pace::tests`, `proxies::pace::a_slow_answer_lengthens_the_interval` |
//! | | nothing is read that nobody wants | `proxies::pace::nothing_is_read_when_nothing_is_wanted` |

mod fill;
mod keep;
mod pace;
pub mod past;
mod reach;
mod read;
mod usage;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::Heard;
use crate::cluster::clock::Clock;
use crate::cluster::connect::Connection;
use crate::metrics::{Missed, Scraped, Want};
use crate::model::fault::{Fault, Reason};
use crate::model::name::{ClusterName, ObjectKey};
use keep::Keep;
pub(super) use reach::Numbered;
use reach::Reach;

/// How much is heard before somebody takes it.
const ROOM: usize = 1024;

/// One cluster.
struct Cluster {
    reach: Arc<Reach>,
    /// Dropped with it, and they end.
    tasks: JoinSet<()>,
}

/// The proxies that are read.
pub struct Proxies {
    clock: Clock,
    clusters: BTreeMap<ClusterName, Cluster>,
    wants: Vec<Want>,
    usage: Vec<(ClusterName, String)>,
    /// Nothing is read for now: nobody can see it.
    paused: bool,
    out: mpsc::Sender<Heard>,
}

impl Proxies {
    /// None yet.
    pub fn new(clock: Clock) -> Self {
        // Nobody listens yet.
        let (out, _) = mpsc::channel(1);
        Self { clock, clusters: BTreeMap::new(), wants: Vec::new(), usage: Vec::new(), paused: false, out }
    }

    /// What is heard from now on. Whoever listened before hears nothing more.
    pub fn listen(&mut self) -> mpsc::Receiver<Heard> {
        let (out, heard) = mpsc::channel(ROOM);
        self.clusters.values().for_each(|cluster| cluster.reach.listened(out.clone()));
        self.out = out;
        heard
    }

    /// A way to a cluster, for as long as this lives. Must be called within a runtime, as all that follow.
    pub fn connect(&mut self, connection: Connection) {
        let cluster = connection.cluster.clone();
        let (_, connection) = watch::channel((0, Some(connection)));
        self.open(&cluster, connection);
    }

    /// A cluster whose connection comes, and comes anew.
    pub(super) fn open(&mut self, cluster: &ClusterName, connection: watch::Receiver<Numbered>) {
        let reach = Reach::new(self.clock.clone(), connection, self.out.clone());
        let mut tasks = JoinSet::new();
        tasks.spawn(usage::keep(reach.clone()));
        self.clusters.insert(cluster.clone(), Cluster { reach, tasks });
        self.apply();
    }

    /// A cluster is closed: nothing of it is read any more, at once.
    pub(super) fn close(&mut self, cluster: &ClusterName) {
        self.clusters.remove(cluster);
    }

    /// Reads these proxies, again and again, and no others. Those of a cluster that is not there wait for it.
    pub fn read(&mut self, wants: Vec<Want>) {
        self.wants = wants;
        self.apply();
    }

    /// Reads what the pods of these namespaces use, every 30 s, and of no others.
    pub fn read_usage(&mut self, of: Vec<(ClusterName, String)>) {
        self.usage = of;
        self.apply();
    }

    /// Reads nothing until it is said that somebody can see it again.
    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
        self.apply();
    }

    /// Tries all that failed again now, and every way to them; `None`: in all clusters.
    pub fn retry(&self, cluster: Option<&ClusterName>) {
        for (_, Cluster { reach, .. }) in
            self.clusters.iter().filter(|(name, _)| cluster.is_none_or(|c| c == *name))
        {
            reach.try_anew();
            reach.pods().values().for_each(|told| told.send_modify(|told| told.again += 1));
            reach.usage.send_modify(|(_, again)| *again += 1);
        }
    }

    /// Tells every task what is wanted of it now, and starts those that are missing.
    fn apply(&mut self) {
        for (name, Cluster { reach, tasks }) in &mut self.clusters {
            // What has ended is let go of.
            while tasks.try_join_next().is_some() {}
            let wanted = if self.paused { &[][..] } else { &self.wants[..] };
            let wanted: BTreeMap<&ObjectKey, &Want> = wanted
                .iter()
                .filter(|want| want.pod.cluster == *name)
                .map(|want| (&want.pod, want))
                .collect();
            let mut pods = reach.pods();
            for (pod, told) in pods.iter() {
                let want = wanted.get(pod).map(|want| (*want).clone());
                told.send_modify(|told| told.want = want);
            }
            for (pod, want) in wanted {
                if !pods.contains_key(pod) {
                    let (tell, told) = watch::channel(reach::Told { want: Some(want.clone()), again: 0 });
                    pods.insert(pod.clone(), tell);
                    tasks.spawn(Keep::new(reach.clone(), pod.clone(), told).forever());
                }
            }
            drop(pods);
            let usage = if self.paused { &[][..] } else { &self.usage[..] };
            let namespaces: BTreeSet<&String> =
                usage.iter().filter(|(cluster, _)| cluster == name).map(|(_, namespace)| namespace).collect();
            let namespaces: Vec<String> = namespaces.into_iter().cloned().collect();
            reach.usage.send_modify(|(wanted, _)| *wanted = namespaces);
        }
    }
}

/// Reads each proxy once: what was heard of it, and of those that did not answer within the limit a [`Missed`].
pub async fn once(
    clock: Clock,
    connections: Vec<Connection>,
    wants: Vec<Want>,
    limit: Duration,
) -> Vec<Heard> {
    let mut proxies = Proxies::new(clock.clone());
    let mut heard = proxies.listen();
    connections.into_iter().for_each(|connection| proxies.connect(connection));
    let mut left: BTreeSet<ObjectKey> = wants.iter().map(|want| want.pod.clone()).collect();
    proxies.read(wants);
    let mut all = Vec::new();
    let reading = async {
        while !left.is_empty() {
            let Some(heard) = heard.recv().await else { return };
            match &heard {
                Heard::Scraped(Scraped::Scrape(scrape)) => drop(left.remove(&scrape.pod)),
                Heard::Scraped(Scraped::Missed(missed)) => drop(left.remove(&missed.pod)),
                Heard::Admin(_) | Heard::Usage(..) => {}
            }
            all.push(heard);
        }
    };
    // What has not come by then is told as such below.
    let _ = tokio::time::timeout(limit, reading).await;
    let late = left.into_iter().map(|pod| {
        let summary = format!(
            "{}: read the proxy of pod {}/{}: no answer in {} s",
            pod.cluster,
            pod.namespace,
            pod.name,
            limit.as_secs_f32()
        );
        let fault = Fault::new(Reason::Unreachable, summary, "");
        Heard::Scraped(Scraped::Missed(Box::new(Missed { pod, at: clock.now(), fault })))
    });
    all.extend(late);
    all
}
