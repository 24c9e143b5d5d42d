//! What the tests of reading proxies have in common.

pub(super) mod api;
pub(super) mod envoy;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use egret::cluster::clock::Clock;
use egret::cluster::connect::{self, Connection, Patience};
use egret::cluster::kubeconfig;
use egret::cluster::read_only::ReadOnly;
use egret::demo::clock::DemoClock;
use egret::demo::world::World;
use egret::metrics::{Missed, Scrape, Scraped, Want};
use egret::model::name::{Kind, ObjectKey};
use egret::runtime::demo;
use egret::sources::Heard;
use egret::sources::proxies::Proxies;
use jiff::Timestamp;
use tokio::sync::mpsc::Receiver;

/// Longest that anything may take on a busy machine. Nothing waits this long unless it fails.
pub(super) const SOON: Duration = Duration::from_secs(60);

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// A connection to the first context of a kubeconfig.
pub(super) async fn connection(kubeconfig: &Path, read_only: bool) -> Connection {
    let contexts = kubeconfig::read(Some(kubeconfig)).unwrap();
    let read_only = ReadOnly::new(read_only);
    let cluster = contexts.names[0].clone();
    connect::connect(&contexts, &cluster, None, read_only, Patience::default()).await.unwrap()
}

/// Proxies that are read by a clock of the test's own.
pub(super) struct Stage {
    pub(super) proxies: Proxies,
    pub(super) heard: Receiver<Heard>,
    pub(super) connection: Connection,
    time: DemoClock,
}

impl Stage {
    /// By a clock that stands.
    pub(super) async fn new(kubeconfig: &Path) -> Self {
        Self::at_speed(kubeconfig, 0.0, false).await
    }

    /// A cluster of a simulated world, by the world's clock.
    pub(super) async fn of_world(world: &World, cluster: &str) -> Self {
        let (contexts, time) = (demo::contexts(world), world.clock().clone());
        let (cluster, guard) = (cluster.into(), ReadOnly::new(true));
        let connected = connect::connect(&contexts, &cluster, None, guard, Patience::default()).await;
        Self::of(time, connected.unwrap())
    }

    /// By a clock that runs so fast.
    pub(super) async fn at_speed(kubeconfig: &Path, speed: f64, read_only: bool) -> Self {
        let time = DemoClock::new(Timestamp::UNIX_EPOCH, speed);
        Self::of(time, connection(kubeconfig, read_only).await)
    }

    fn of(time: DemoClock, connection: Connection) -> Self {
        let mut proxies = Proxies::new(Clock::new(Arc::new(time.clone())));
        let heard = proxies.listen();
        proxies.connect(connection.clone());
        Self { proxies, heard, connection, time }
    }

    /// A wish for a pod of the stage's cluster.
    pub(super) fn want(&self, namespace: &str, name: &str, every: Duration) -> Want {
        let pod = ObjectKey {
            cluster: self.connection.cluster.clone(),
            kind: Kind::Pod,
            namespace: namespace.into(),
            name: name.into(),
        };
        Want { pod, uid: "uid".into(), every, clusters: false, certs: false }
    }

    /// Lets time pass, and says again what is wanted.
    pub(super) fn later(&mut self, by: Duration, wants: &[Want]) {
        self.time.advance(by);
        self.proxies.read(wants.to_vec());
    }

    /// What is heard next.
    pub(super) async fn next(&mut self) -> Heard {
        tokio::time::timeout(SOON, self.heard.recv()).await.expect("something is heard").unwrap()
    }

    /// The next scrape or failure.
    pub(super) async fn tried(&mut self) -> Result<Scrape, Missed> {
        loop {
            match self.next().await {
                Heard::Scraped(Scraped::Scrape(scrape)) => return Ok(*scrape),
                Heard::Scraped(Scraped::Missed(missed)) => return Err(*missed),
                Heard::Admin(_) | Heard::Usage(..) => {}
            }
        }
    }

    /// The next failure, in words and with what to do.
    pub(super) async fn missed(&mut self) -> (String, String) {
        let missed = self.tried().await.unwrap_err();
        (missed.fault.summary, missed.fault.hint)
    }

    /// Waits for what would come within moments if it came: all that is due by the clock has been begun.
    pub(super) async fn nothing(&mut self) {
        let heard = tokio::time::timeout(Duration::from_millis(300), self.heard.recv()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}
