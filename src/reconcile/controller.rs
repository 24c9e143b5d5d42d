//! Keeps all gateways of a home cluster, for as long as the lease is ours.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use kube::Api;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::controller::{Action, Controller};
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use strum::IntoEnumIterator as _;
use tokio::sync::watch;
use tokio::time::Instant;

use super::lease::{self, Decision, Keeping, Me, Standing};
use super::pass::{Keeper, pass};
use super::report::Report;
use crate::cluster::connect::Connection;
use crate::cluster::discovery;
use crate::materialize::Part;
use crate::materialize::names::{GATEWAY, GATEWAY_UID, MANAGED_BY};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::{IstioGateway, VERSIONS};
use crate::model::snapshot;

/// First and longest pause before a gateway that failed is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(300));

/// How many gateways are worked on at once.
const AT_ONCE: u16 = 16;

/// How often, in renewals of the lease, it is made sure that egret still keeps the gateways (R4).
const CHECKED: u32 = 12;

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

    /// A pass over a gateway ended.
    fn passed(&self, namespace: &str, name: &str, report: &Report, took: Duration);
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
    if let Err(fault) = keeping.give_back().await {
        settings.observer.news(&News::Failed(fault));
    }
    settings.observer.news(&News::Stopped("asked to stop".to_owned()));
}

/// Waits for the lease, works, waits again.
async fn in_turns(settings: &Settings, c: &Connection, keeping: &mut Keeping<'_>) {
    loop {
        match may_keep(c).await {
            Ok(()) => {}
            Err(fault) => {
                settings.observer.news(&News::Failed(fault));
                tokio::time::sleep(lease::HOLDS).await;
                continue;
            }
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
                tokio::time::sleep(lease::RENEWED).await;
            }
            Err(fault) => {
                settings.observer.news(&News::Failed(fault));
                tokio::time::sleep(lease::RENEWED).await;
            }
        }
    }
}

/// Whether egret keeps the gateways of a cluster at all: only where the kind says so (R4).
async fn may_keep(c: &Connection) -> Result<(), Fault> {
    let keeper = discovery::gateway_keeper(c).await;
    let why = match keeper {
        Some(snapshot::Keeper::Egret) => return Ok(()),
        Some(snapshot::Keeper::Nobody) => "it does not serve IstioGateway",
        Some(snapshot::Keeper::Asm | snapshot::Keeper::Other) => "somebody else keeps its gateways",
        Some(snapshot::Keeper::Unknown) | None => "it cannot be told who keeps its gateways",
    };
    let hint = "egret keeps gateways where the CRD carries app.kubernetes.io/managed-by: egret. `egret install` makes one.";
    Err(Fault::new(Reason::Invalid, format!("{}: {why}: nothing is written", c.cluster), hint))
}

/// Works while the lease holds. Returns why it ended.
async fn lead(settings: &Settings, c: &Connection, keeping: &mut Keeping<'_>, mut sent: Instant) -> String {
    // The lease holds from when its renewal was sent, not from when the answer came.
    let (deadline, holds) = watch::channel(sent + lease::DEADLINE);
    let renewing = async {
        let mut round = 0;
        loop {
            tokio::time::sleep_until(sent + lease::RENEWED).await;
            round += 1;
            if round % CHECKED == 0
                && let Err(fault) = may_keep(c).await
                && !fault.transient()
            {
                return fault.summary;
            }
            let asked = Instant::now();
            match keeping.tend(settings.keeper.clock.now()).await {
                Ok(Standing::Ours(_)) => {
                    let _ = deadline.send(asked + lease::DEADLINE);
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
        () = work(settings) => "the watches ended".to_owned(),
    }
}

/// Waits until the deadline has passed, however often it is put off.
async fn expired(mut holds: watch::Receiver<Instant>) {
    loop {
        let until = *holds.borrow_and_update();
        tokio::select! {
            () = tokio::time::sleep_until(until) => return,
            changed = holds.changed() => if changed.is_err() { return std::future::pending().await },
        }
    }
}

/// Shared by all passes.
struct Shared {
    settings: Settings,
    attempts: Mutex<HashMap<String, u32>>,
}

/// A pass never fails as a whole: what went wrong is in its report.
#[derive(Debug, thiserror::Error)]
enum Never {}

/// Watches gateways and their objects, in all clusters, and passes over each gateway that something happened to.
async fn work(settings: &Settings) {
    let home = &settings.keeper.clusters.home;
    let resource = IstioGateway::resource(VERSIONS[0]);
    let gateways: Api<DynamicObject> =
        Api::namespaced_with(home.client.clone(), &settings.namespace, &resource);
    let config = watcher::Config::default().any_semantic();
    let mut controller = Controller::new_with(gateways, config.clone(), resource.clone())
        .with_config(kube::runtime::controller::Config::default().concurrency(AT_ONCE));
    let ours = config.labels(&format!("{}={}", MANAGED_BY.0, MANAGED_BY.1));
    for part in Part::iter() {
        let kind = api_resource(part);
        if part.is_of_istio() && !serves(home, part).await {
            continue;
        }
        let objects: Api<DynamicObject> =
            Api::namespaced_with(home.client.clone(), &settings.namespace, &kind);
        controller = controller.owns_with(objects, kind.clone(), ours.clone());
        for other in settings.keeper.clusters.others.values() {
            let objects = Api::namespaced_with(other.client.clone(), &settings.namespace, &kind);
            let gateway = resource.clone();
            controller =
                controller.watches_with(objects, kind.clone(), ours.clone(), move |object: DynamicObject| {
                    owner_abroad(&object, &gateway)
                });
        }
    }
    let shared = Arc::new(Shared { settings: settings.clone(), attempts: Mutex::default() });
    controller.run(one, |_, _: &Never, _| Action::await_change(), shared).for_each(|_| async {}).await;
}

/// The gateway of an object in another cluster, by its labels.
fn owner_abroad(object: &DynamicObject, gateway: &ApiResource) -> Option<ObjectRef<DynamicObject>> {
    let labels = object.metadata.labels.as_ref()?;
    labels.get(GATEWAY_UID)?;
    let namespace = object.metadata.namespace.as_deref().unwrap_or_default();
    Some(ObjectRef::new_with(labels.get(GATEWAY)?, gateway.clone()).within(namespace))
}

fn api_resource(part: Part) -> ApiResource {
    let resource = part.resource();
    let kind = GroupVersionKind::gvk(resource.group, resource.version, &part.to_string());
    ApiResource::from_gvk_with_plural(&kind, resource.plural)
}

/// Whether a cluster serves a kind that comes with Istio's CRDs.
async fn serves(c: &Connection, part: Part) -> bool {
    use crate::cluster::write::{self, Address};
    let at = Address {
        kind: "CustomResourceDefinition".to_owned(),
        resource: crate::model::name::Kind::CustomResourceDefinition.resource(),
        namespace: String::new(),
        name: format!("{}.{}", part.resource().plural, part.resource().group),
    };
    matches!(write::get(c, &at).await, Ok(Some(_)))
}

async fn one(gateway: Arc<DynamicObject>, shared: Arc<Shared>) -> Result<Action, Never> {
    let namespace = gateway.metadata.namespace.as_deref().unwrap_or_default();
    let name = gateway.metadata.name.as_deref().unwrap_or_default();
    let begun = Instant::now();
    let report = pass(&shared.settings.keeper, namespace, name).await;
    shared.settings.observer.passed(namespace, name, &report, begun.elapsed());
    let mut attempts = shared.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    if !report.again() {
        attempts.remove(name);
        return Ok(Action::await_change());
    }
    let tried = attempts.entry(name.to_owned()).and_modify(|n| *n += 1).or_insert(0);
    Ok(Action::requeue(PAUSES.0.saturating_mul(1 << (*tried).min(10)).min(PAUSES.1)))
}
