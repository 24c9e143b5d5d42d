//! Keeps all gateways of a home cluster, for as long as the lease is ours.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::mpsc::unbounded_channel;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::lease::{self, Decision, Keeping, Me, Standing};
use super::look::survey;
use super::pass::{Keeper, pass};
use super::queue::{Key, Queue};
use super::round;
use super::rounds::Rounds;
use super::watching::{Elsewhere, follow, kinds};
use crate::cluster::connect::Connection;
use crate::cluster::discovery;
use crate::materialize::report::Report;
use crate::model::fault::{Fault, Reason};
use crate::model::name::Kind;
use crate::model::snapshot;

/// How many gateways are worked on at once.
const AT_ONCE: usize = 16;

/// How often, in renewals of the lease, it is made sure that egret still keeps the gateways (R4).
const CHECKED: u32 = 12;

/// How old the answer to that may be before a pass: nobody is written over for long, and nothing is asked while nothing
/// happens.
const FRESH: Duration = Duration::from_secs(1);

/// What the controller tells whoever watches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It keeps the gateways now.
    Leading {
        /// How often the lease has changed hands.
        transitions: i64,
    },
    /// It does not: why.
    Waiting(Decision),
    /// It stopped keeping them.
    Stopped(String),
    /// The lease or the kind could not be looked at.
    Failed(Fault),
}

/// Whoever wants to know what the controller does: logs, metrics, the screens.
pub trait Observer: Send + Sync {
    /// Something about who keeps the gateways.
    fn news(&self, news: &News);

    /// What would be done to each gateway, before this process first asks for the lease (R4).
    fn planned(&self, plan: &Result<Vec<(String, Report)>, Fault>) {
        let _ = plan;
    }

    /// A pass over a gateway ended.
    fn passed(&self, namespace: &str, name: &str, report: &Report, took: Duration);

    /// A gateway that failed is tried again after a pause.
    fn tries_again(&self, _namespace: &str, _name: &str, _after: Duration) {}
}

/// What a controller is.
#[derive(Clone)]
pub struct Settings {
    /// The clusters, and what is remembered between passes.
    pub keeper: Keeper,
    /// The namespace of the gateways and of the lease.
    pub namespace: String,
    /// Who this is.
    pub me: Me,
    /// Who wants to know.
    pub observer: Arc<dyn Observer>,
}

/// Keeps gateways until told to stop: takes the lease, works while it holds, gives it back.
pub async fn run(settings: Settings, stop: impl Future<Output = ()>) {
    let c = settings.keeper.clusters.home.clone();
    let mut keeping = Keeping::new(&c, &settings.namespace, settings.me.clone());
    tokio::pin!(stop);
    tokio::select! {
        () = &mut stop => {}
        () = in_turns(&settings, &c, &mut keeping) => {}
    }
    // What was being written has been dropped: nothing of ours follows the lease's end.
    let (was_ours, given) = (keeping.is_ours(), keeping.give_back().await);
    // Who never had it has nothing to give, and nothing to tell.
    if was_ours {
        if let Err(fault) = given {
            settings.observer.news(&News::Failed(fault));
        }
        settings.observer.news(&News::Stopped("asked to stop".to_owned()));
    }
}

/// Waits for the lease, works, waits again.
async fn in_turns(settings: &Settings, c: &Connection, keeping: &mut Keeping<'_>) {
    let clock = &settings.keeper.clock;
    // A screen has shown the plan before it was told to begin.
    let mut is_planned = settings.me.embedded;
    loop {
        match may_keep(c).await {
            Ok(()) => {}
            Err(fault) => {
                let pause = if fault.transient() { lease::RENEWED } else { lease::HOLDS };
                settings.observer.news(&News::Failed(fault));
                clock.sleep(pause).await;
                continue;
            }
        }
        if !is_planned {
            settings.observer.planned(&survey(&settings.keeper, &settings.namespace).await);
            is_planned = true;
        }
        let sent = Instant::now();
        match keeping.tend(settings.keeper.clock.now()).await {
            Ok(Standing::Ours(transitions)) => {
                settings.observer.news(&News::Leading { transitions });
                let why = lead(settings, c, keeping, sent).await;
                settings.observer.news(&News::Stopped(why));
            }
            Ok(Standing::Not(decision)) => {
                settings.observer.news(&News::Waiting(decision));
                clock.sleep(lease::RENEWED).await;
            }
            Err(fault) => {
                settings.observer.news(&News::Failed(fault));
                clock.sleep(lease::RENEWED).await;
            }
        }
    }
}

/// Whether egret keeps the gateways of a cluster at all: only where the kind says so (R4).
async fn may_keep(c: &Connection) -> Result<(), Fault> {
    const MARK: &str = "egret keeps gateways where the CRD carries app.kubernetes.io/managed-by: egret. \
        `egret install` makes one.";
    let (reason, why, hint) = match discovery::gateway_keeper(c).await {
        Some(snapshot::Keeper::Egret) => return Ok(()),
        Some(snapshot::Keeper::Nobody) => (Reason::Invalid, "it does not serve IstioGateway", MARK),
        Some(snapshot::Keeper::Asm | snapshot::Keeper::Other) => {
            (Reason::Invalid, "somebody else keeps its gateways", MARK)
        }
        Some(snapshot::Keeper::Unknown) => (
            Reason::Denied,
            "no right to read the CRD, which tells who keeps its gateways",
            "Ask for a ClusterRole that allows it: get customresourcedefinitions.",
        ),
        None => (
            Reason::Unreachable,
            "it does not answer who keeps its gateways",
            "Is the server up, or the tunnel to it? egret asks again.",
        ),
    };
    Err(Fault::new(reason, format!("{}: {why}: nothing is written", c.cluster), hint))
}

/// Works while the lease holds. Returns why it ended.
async fn lead(settings: &Settings, c: &Connection, keeping: &mut Keeping<'_>, mut sent: Instant) -> String {
    // The lease holds from when its renewal was sent, not from when the answer came.
    let clock = &settings.keeper.clock;
    // Where time stands still, nothing expires.
    let after = |sent: Instant, time| clock.lasts(time).map(|lasts| sent + lasts);
    let (deadline, holds) = watch::channel(after(sent, lease::DEADLINE));
    // Timers stand still while a machine sleeps; the clock on the wall does not.
    let renewed = AtomicI64::new(clock.now().as_second());
    let holds_still = || {
        let since = clock.now().as_second().saturating_sub(renewed.load(Ordering::Relaxed));
        clock.lasts(lease::DEADLINE).is_none() || since <= lease::DEADLINE.as_secs().cast_signed()
    };
    let renewing = async {
        let mut round = 0;
        loop {
            until(after(sent, lease::RENEWED)).await;
            round += 1;
            if round % CHECKED == 0
                && let Err(fault) = may_keep(c).await
                && !fault.transient()
            {
                return fault.summary;
            }
            let (asked, now) = (Instant::now(), clock.now());
            match keeping.tend(now).await {
                Ok(Standing::Ours(_)) => {
                    renewed.store(now.as_second(), Ordering::Relaxed);
                    let _ = deadline.send(after(asked, lease::DEADLINE));
                }
                Ok(Standing::Not(decision)) => return format!("the lease is lost: {decision:?}"),
                Err(fault) => settings.observer.news(&News::Failed(fault)),
            }
            sent = asked;
        }
    };
    let expiring = expired(holds);
    tokio::select! {
        why = renewing => why,
        () = expiring => "the lease could not be renewed in time".to_owned(),
        why = work(settings, holds_still) => why,
    }
}

/// Waits for a moment; for ever for one that does not come.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Waits until the deadline has passed, however often it is put off.
async fn expired(mut holds: watch::Receiver<Option<Instant>>) {
    loop {
        let deadline = *holds.borrow_and_update();
        tokio::select! {
            () = until(deadline) => return,
            changed = holds.changed() => if changed.is_err() { return std::future::pending().await },
        }
    }
}

/// Watches gateways and their objects, in all clusters, and passes over each gateway that something happened to, while
/// the lease holds and egret keeps them. Returns why it ended.
async fn work(settings: &Settings, holds: impl Fn() -> bool) -> String {
    let (tell, mut told) = unbounded_channel();
    let mut watches = JoinSet::new();
    let clusters = &settings.keeper.clusters;
    let mut watched = |c: &Connection, kind| {
        watches.spawn(follow(c.clone(), settings.namespace.clone(), kind, tell.clone()))
    };
    let mut gateways = watched(&clusters.home, Kind::IstioGateway);
    for kind in kinds() {
        watched(&clusters.home, kind);
    }
    let mut elsewhere = Elsewhere::default();
    let mut others = clusters.follow();
    elsewhere.settle(others.borrow_and_update().clone(), &mut watched);
    let mut queue = Queue::default();
    let mut passes = JoinSet::new();
    let mut later: Vec<(Instant, Key)> = Vec::new();
    let mut rounds = Rounds::default();
    let mut checked = Instant::now();
    while holds() {
        if !queue.is_empty() && checked.elapsed() > FRESH {
            match may_keep(&clusters.home).await {
                Err(fault) if !fault.transient() => return fault.summary,
                _ => checked = Instant::now(),
            }
        }
        let now = Instant::now();
        let many = rounds.look(queue.waiting(), now);
        if many == Some(now) {
            rounds.begun(now);
            passes.spawn(together(settings.clone(), queue.take_all()));
        }
        // What is going to be judged together waits for it.
        while let Some(key) = queue.take(if many.is_some() { 0 } else { AT_ONCE }) {
            passes.spawn(one(settings.clone(), key));
        }
        let next = later.iter().map(|(at, _)| *at).chain(many.filter(|at| *at > now)).min();
        tokio::select! {
            Some(key) = told.recv() => {
                rounds.heard(Instant::now());
                queue.add(key);
                while let Ok(key) = told.try_recv() {
                    queue.add(key);
                }
            }
            Ok(()) = others.changed() => {
                let now = others.borrow_and_update().clone();
                if elsewhere.settle(now, &mut watched) {
                    // Listed again, every gateway is told of: those that name a cluster which came or went are among them.
                    gateways.abort();
                    gateways = watched(&clusters.home, Kind::IstioGateway);
                }
            }
            Some(ended) = passes.join_next() => {
                for (key, ended) in ended.into_iter().flatten() {
                    let again = match ended {
                        Ended::Judged => {
                            queue.needs_pass(key);
                            continue;
                        }
                        Ended::Settled => false,
                        Ended::Again => true,
                    };
                    later.retain(|(_, waiting)| *waiting != key);
                    if let Some(pause) = queue.done(&key, again) {
                        settings.observer.tries_again(&key.0, &key.1, pause);
                        later.push((Instant::now() + pause, key));
                    }
                }
            }
            () = until(next) => {
                let now = Instant::now();
                later.extract_if(.., |(at, _)| *at <= now).for_each(|(_, key)| queue.add(key));
            }
        }
    }
    "the machine slept past the end of the lease".to_owned()
}

/// How work on a gateway ended.
enum Ended {
    /// There is nothing left to do.
    Settled,
    /// It failed, and may succeed later.
    Again,
    /// It was judged with others, and needs a pass of its own.
    Judged,
}

/// Judges gateways together.
async fn together(settings: Settings, keys: Vec<Key>) -> Vec<(Key, Ended)> {
    let begun = Instant::now();
    let names: Vec<String> = keys.iter().map(|(_, name)| name.clone()).collect();
    // Whatever goes wrong here, each by itself will tell.
    let judged = AssertUnwindSafe(round::settled(&settings.keeper, &settings.namespace, &names));
    let mut settled = judged.catch_unwind().await.ok().and_then(Result::ok).unwrap_or_default();
    let took = begun.elapsed() / u32::try_from(settled.len().max(1)).unwrap_or(u32::MAX);
    let each = keys.into_iter().map(|key| match settled.remove(&key.1) {
        Some(report) => {
            settings.observer.passed(&key.0, &key.1, &report, took);
            (key, Ended::Settled)
        }
        None => (key, Ended::Judged),
    });
    each.collect()
}

async fn one(settings: Settings, key: Key) -> Vec<(Key, Ended)> {
    let begun = Instant::now();
    let (namespace, name) = &key;
    // A panic fails this one pass.
    let passed = AssertUnwindSafe(pass(&settings.keeper, namespace, name)).catch_unwind().await;
    let again = match passed {
        Ok(report) => {
            settings.observer.passed(namespace, name, &report, begun.elapsed());
            report.again()
        }
        Err(_) => {
            let summary = format!(
                "{}: the pass over gateway {namespace}/{name} panicked",
                settings.keeper.clusters.home.cluster
            );
            settings.observer.news(&News::Failed(Fault::new(
                Reason::Invalid,
                summary,
                "This is a mistake of egret's.",
            )));
            true
        }
    };
    vec![(key, if again { Ended::Again } else { Ended::Settled })]
}
