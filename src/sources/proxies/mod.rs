//! Who is read when: the proxies that are wanted, each again and again, and no others (R24).

use std::time::Duration;

use tokio::sync::mpsc;

use super::Heard;
use crate::cluster::clock::Clock;
use crate::cluster::connect::Connection;
use crate::metrics::Want;
use crate::model::name::ClusterName;

/// How much is heard before somebody takes it.
const ROOM: usize = 256;

/// The proxies that are read.
pub struct Proxies {
    out: mpsc::Sender<Heard>,
}

impl Proxies {
    /// None yet.
    pub fn new(_clock: Clock) -> Self {
        Self { out: mpsc::channel(1).0 }
    }

    /// What is heard from now on. Whoever listened before hears nothing more.
    pub fn listen(&mut self) -> mpsc::Receiver<Heard> {
        let (out, heard) = mpsc::channel(ROOM);
        self.out = out;
        heard
    }

    /// A way to a cluster, for as long as this lives.
    pub fn connect(&mut self, _connection: Connection) {}

    /// Reads these proxies, again and again, and no others.
    pub fn read(&mut self, _wants: Vec<Want>) {}

    /// Reads what the pods of these namespaces use, every 30 s, and of no others.
    pub fn read_usage(&mut self, _of: Vec<(ClusterName, String)>) {}

    /// Tries all that failed again now, and every way to them; `None`: in all clusters.
    pub fn retry(&self, _cluster: Option<&ClusterName>) {}
}

/// Reads each proxy once: what was heard of it, and of those that did not answer within the limit a
/// [`Missed`](crate::metrics::Missed).
pub async fn once(_connections: Vec<Connection>, _wants: Vec<Want>, _limit: Duration) -> Vec<Heard> {
    Vec::new()
}
