//! A gateway whose one pod has a real Envoy, and egret's own way of reading it.

use std::sync::Arc;
use std::time::Duration;

use egret::cluster::clock::Clock;
use egret::cluster::connect::{self, Connection, Patience};
use egret::cluster::kubeconfig;
use egret::cluster::read_only::ReadOnly;
use egret::envoy::{Answer, Seen};
use egret::metrics::view::{Of, Totals, Window};
use egret::metrics::{Missed, Scrape, Scraped, Store, Want};
use egret::model::name::{Kind, ObjectKey};
use egret::sources::Heard;
use egret::sources::proxies::Proxies;
use kube::ResourceExt as _;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OnceCell;
use tokio::sync::mpsc::Receiver;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::plane::{Bootstrap, Cluster, Envoy, Options, put_gateway, unique};

/// Longest that anything may take on a busy machine that is said to happen soon.
pub(super) const SOON: Duration = Duration::from_secs(60);

/// The ports of a gateway's pod that tell how it does.
const PORTS: &[u16] = &[15000, 15020, 15090];

/// A gateway with one pod, which has a real Envoy.
pub(super) struct Site {
    pub(super) cluster: &'static Cluster,
    /// The name of the gateway.
    pub(super) name: String,
    pub(super) pod: ObjectKey,
    pub(super) uid: Box<str>,
    pub(super) envoy: Envoy,
    /// What lies between the port-forward and the proxy.
    pub(super) between: Between,
}

/// The cluster that these tests share.
async fn shared() -> &'static Cluster {
    static SHARED: OnceCell<Cluster> = OnceCell::const_new();
    let options = || Options { name: "traffic".to_owned(), ..Options::default() };
    SHARED.get_or_init(async || Cluster::start(options()).await.unwrap()).await
}

impl Site {
    /// Makes a gateway, and starts the Envoy of its pod.
    pub(super) async fn start(bootstrap: &Bootstrap) -> Self {
        let cluster = shared().await;
        let client = cluster.admin().await;
        let name = unique("egress");
        let pod = put_gateway(&client, &name).await.unwrap();
        let envoy = Envoy::start(bootstrap).await.unwrap();
        let between = Between::start(envoy.admin()).await;
        cluster.forward(&client, "istio-system", &pod.name_any(), PORTS, between.port).await.unwrap();
        let key = ObjectKey {
            cluster: cluster.name().into(),
            kind: Kind::Pod,
            namespace: "istio-system".into(),
            name: pod.name_any().into(),
        };
        Self { cluster, name, pod: key, uid: pod.uid().unwrap().into(), envoy, between }
    }

    /// A reader of its proxy, once a second, with this cluster's administrator.
    pub(super) async fn reader(&self) -> Reader {
        self.reader_as(self.cluster.kubeconfig()).await
    }

    /// A reader with these rights.
    pub(super) async fn reader_as(&self, kubeconfig: &std::path::Path) -> Reader {
        let want = Want {
            pod: self.pod.clone(),
            uid: self.uid.clone(),
            every: Duration::from_secs(1),
            clusters: true,
            certs: true,
        };
        Reader::start(connection(kubeconfig).await, want)
    }
}

async fn connection(file: &std::path::Path) -> Connection {
    let contexts = kubeconfig::read(Some(file)).unwrap();
    let cluster = contexts.names[0].clone();
    let plugin = connect::plugin(&contexts, &cluster).map(Arc::new);
    connect::connect(&contexts, &cluster, plugin, ReadOnly::new(true), Patience::default()).await.unwrap()
}

/// Reads a proxy as egret does, and keeps what it hears.
pub(super) struct Reader {
    _proxies: Proxies,
    heard: Receiver<Heard>,
    pod: ObjectKey,
    pub(super) store: Store,
    pub(super) scrapes: Vec<Scrape>,
    pub(super) missed: Vec<Missed>,
    pub(super) seen: Vec<Seen>,
}

impl Reader {
    fn start(connection: Connection, want: Want) -> Self {
        let mut proxies = Proxies::new(Clock::default());
        let heard = proxies.listen();
        proxies.connect(connection);
        let pod = want.pod.clone();
        proxies.read(vec![want]);
        let (scrapes, missed, seen) = (Vec::new(), Vec::new(), Vec::new());
        Self { _proxies: proxies, heard, pod, store: Store::default(), scrapes, missed, seen }
    }

    async fn next(&mut self) {
        match self.heard.recv().await.unwrap() {
            Heard::Scraped(Scraped::Scrape(scrape)) => {
                self.store.ingest(&scrape);
                self.scrapes.push(*scrape);
            }
            Heard::Scraped(Scraped::Missed(missed)) => {
                self.store.miss(&missed);
                self.missed.push(*missed);
            }
            Heard::Admin(seen) => self.seen.push(seen),
            Heard::Usage(..) => {}
        }
    }

    /// Reads on until something holds of what was heard.
    pub(super) async fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let reading = async {
            while !holds(self) {
                self.next().await;
            }
        };
        if tokio::time::timeout(SOON, reading).await.is_err() {
            panic!(
                "{what}: not within {SOON:?}; {} scrapes, missed {:#?}",
                self.scrapes.len(),
                self.missed.last()
            );
        }
    }

    /// Reads on until the proxy was read once more, from beginning to end.
    pub(super) async fn once_more(&mut self) {
        let now = jiff::Timestamp::now();
        self.until("one more scrape", |reader| {
            reader
                .scrapes
                .last()
                .is_some_and(|scrape| scrape.at.duration_since(now).as_secs_f64() > scrape.took.as_secs_f64())
        })
        .await;
    }

    /// What the store says of the last minute.
    pub(super) fn totals(&self) -> Totals {
        self.store.totals(std::slice::from_ref(&self.pod), &Of::All, Window::Minute, self.last())
    }

    pub(super) fn pods(&self) -> &[ObjectKey] {
        std::slice::from_ref(&self.pod)
    }

    /// When the proxy was last read.
    pub(super) fn last(&self) -> jiff::Timestamp {
        self.scrapes.last().unwrap().at
    }

    /// Seconds that the scrapes since this one cover: what rates over the window are by.
    pub(super) fn covered(&self, since: usize) -> f64 {
        self.last().duration_since(self.scrapes[since].at).as_secs_f64()
    }

    /// The newest answer of the admin interface for which this gives something.
    pub(super) fn admin<T>(&self, of: impl Fn(&Answer) -> Option<T>) -> Option<T> {
        self.seen.iter().rev().find_map(|seen| seen.answer.as_ref().ok().and_then(&of))
    }
}

/// A relay that can be cut: what goes through it then ends, and who comes is refused.
pub(super) struct Between {
    port: u16,
    target: u16,
    task: Option<JoinHandle<()>>,
}

impl Between {
    async fn start(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, target, task: Some(tokio::spawn(relay(listener, target))) }
    }

    pub(super) async fn cut(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    pub(super) async fn mend(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.task = Some(tokio::spawn(relay(listener, self.target)));
    }
}

async fn relay(listener: TcpListener, target: u16) {
    // What goes through ends with the task that holds it.
    let mut through = JoinSet::new();
    while let Ok((mut from, _)) = listener.accept().await {
        through.spawn(async move {
            if let Ok(mut to) = TcpStream::connect(("127.0.0.1", target)).await {
                let _ = copy_bidirectional(&mut from, &mut to).await;
            }
        });
        while through.try_join_next().is_some() {}
    }
}
