//! The clusters of `egret demo`.
//!
//! | cluster | what it shows |
//! |---|---|
//! | `frankfurt` | production: 40 egress gateways of every origin and in every state, 8 nodes of which one is lost; a controller of egret's runs |
//! | `sandbox` | egret's, and nobody acts on its gateways: two wait to be made, and one of Istio's chart can be adopted |
//! | `singapore` | small and healthy: Helm and Gateway API only, nobody keeps `IstioGateway`s, nobody measures CPU |
//! | `audit` | kept by ASM; here the person may only look, and not at everything |
//! | `lab` | nobody answers |
//!
//! What is to be seen of reconciliation in `frankfurt`, on gateways that egret keeps; all others are as they should be:
//!
//! | gateway | |
//! |---|---|
//! | `egress-settlement` | paused, and scaled to 0 by hand |
//! | `egress-reports` | pending: an older egret built its pods |
//! | `egress-newsletter` | in conflict: a Service of its name was there before |
//! | `imported-by-hand` | invalid: nothing is made of it |
//! | `egress-kyc` | on its way out: a cluster of its record is gone, and can be forgotten |
//! | `egress-sms` | cannot be adopted: Argo CD keeps it |
//!
//! What is to be seen of traffic in `frankfurt` (the hosts are of `outside.rs`; how each is counted, of `demo::envoy`):
//!
//! | gateway | |
//! |---|---|
//! | `egress-payments` | `api.cardpay.example` fails since 7 minutes before the beginning: two of its four endpoints refuse connections (UF), one is put out, and no more may be |
//! | `egress-webhooks` | `hooks.chat.example` holds its connections: as many as may be (UO) |
//! | `egress-search` | `search.catalog.example` turns slow for two and a half minutes in ten (p99 about 2.4 s) |
//! | `egress-open-banking-…` | the certificate that it shows to `accounts.openbank.example` ends in 5 days |
//! | `egress-currency` | a pod that started again 13 minutes before the beginning, and counts from zero since |
//! | `egress-mail` | collects nothing but the default, and Telemetry turns Istio's metrics off: only `/clusters` tells |
//! | `egress-loyalty` | nobody calls its host |
//! | `egress-legacy-erp`, `egress-mainframe` | TLS is passed through: connections and bytes alone |
//! | `egress-payments`, `egress-webhooks`, `egress-search` | collect Envoy's statistics of their hosts, too; all others have Istio's alone |
//!
//! A cluster is played, not drawn: its gateways are made some days before the beginning, and the controllers do the
//! rest in simulated time.

mod frankfurt;
mod gateway;
mod keeper;
mod kept;
mod mesh;
mod outside;
mod routes;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::fault::{Effect, Rule, Which};
use super::rights::User;
use super::state::State;
use super::workload::{self, Work};
use super::world::{Place, World, begin, plain};
use gateway::{Gateway, Maker};
use mesh::put;

/// The cluster that cannot be reached.
pub const UNREACHABLE: &str = "lab";

/// Who the person is where they may only look.
const ONLOOKER: &str = "kim@example.com";

/// How often the scenes are played again.
const ROUND: Duration = Duration::from_secs(600);

/// How a cluster of the story is played, from a seed.
type Played = fn(u64) -> State;

/// The clusters: name, who looks at it, how it is played. The small ones are there first.
fn cast() -> [(&'static str, User, Played); 5] {
    let admin = || User::admin("demo");
    [
        ("audit", User::plain(ONLOOKER), |seed| played(seed ^ 0xa0, 40, audit, None)),
        ("sandbox", admin(), |seed| played(seed ^ 0xde, 9, sandbox, None)),
        ("singapore", admin(), |seed| played(seed ^ 0x51, 12, singapore, None)),
        ("frankfurt", admin(), |seed| played(seed, 30, frankfurt::fill, Some(play))),
        (UNREACHABLE, admin(), |seed| State::new(seed ^ 0x1ab, begin())),
    ]
}

/// The world of the demo, complete.
pub fn world(seed: u64, speed: f64) -> World {
    unreachable_one(World::new(places(seed), begin(), speed))
}

/// The same at once: what is in its clusters comes while somebody looks already, each on a thread of its own.
pub fn world_to_come(seed: u64, speed: f64) -> World {
    let names = cast().into_iter().map(|(name, user, _)| (name.to_owned(), user)).collect();
    let world = unreachable_one(World::to_come(names, begin(), speed));
    for (name, _, play) in cast() {
        let cluster = world.cluster(name).cloned();
        std::thread::spawn(move || {
            if let Some(cluster) = cluster {
                cluster.fill(play(seed));
            }
        });
    }
    world
}

/// Plain clusters with a mesh and nothing in it, each of which egret keeps; their time stands.
pub fn bare(seed: u64, names: &[&str]) -> World {
    let bare = |(number, name): (usize, &&str)| {
        let mut state = plain(seed ^ number as u64);
        mesh::namespaces(&mut state, &["istio-system"]);
        mesh::istio_kinds(&mut state);
        mesh::istio_gateways(&mut state, true);
        mesh::istiod(&mut state, "1.28.0", 1);
        mesh::injector(&mut state, "canary", "1.29.0");
        mesh::settle(&mut state);
        Place { name: (*name).to_owned(), state, user: User::admin("egret-test:admin") }
    };
    let world = World::new(names.iter().enumerate().map(bare).collect(), begin(), 0.0);
    // Until the injector answers.
    world.advance(Duration::from_secs(60));
    world
}

fn unreachable_one(world: World) -> World {
    let which = Which { cluster: Some(UNREACHABLE.to_owned()), ..Which::default() };
    world.faults().fix(Rule { which, effect: Effect::Outage });
    world
}

/// Its clusters at the beginning.
pub fn places(seed: u64) -> Vec<Place> {
    let place =
        |(name, user, play): (&str, User, Played)| Place { name: name.to_owned(), state: play(seed), user };
    cast().into_iter().map(place).collect()
}

/// One of its clusters at the beginning; none of that name.
pub fn place(seed: u64, name: &str) -> Option<Place> {
    let (name, user, play) = cast().into_iter().find(|(n, ..)| *n == name)?;
    Some(Place { name: name.to_owned(), state: play(seed), user })
}

/// A cluster whose life began so many days before the beginning.
fn played(seed: u64, days: u64, fill: fn(&mut State), scenes: Option<fn(&mut State, usize)>) -> State {
    let mut state = State::new(seed, ago(days * 24 * 60));
    state.workload.outside.seed = seed;
    state.workload.asleep = true;
    // Nobody sees any of it: watches begin where it ends.
    state.store.unwatched = true;
    fill(&mut state);
    until(&mut state, begin());
    state.workload.asleep = false;
    let revision = state.store.revision();
    workload::due(&mut state, Work::Compact(revision));
    state.store.unwatched = false;
    state.wake_autoscalers();
    if let Some(play) = scenes {
        state.workload.scenes = Some(play);
        state.workload.keeper = Some(keeper::keeps);
        keeper::renews(&mut state);
        for (number, (at, _)) in frankfurt::SCENES.iter().enumerate() {
            state.after(Duration::from_secs(*at), Work::Scene(number));
        }
    }
    state
}

/// Plays a scene, and puts it on the agenda again.
fn play(state: &mut State, number: usize) {
    if number == keeper::RENEWAL {
        keeper::renews(state);
    } else if let Some((_, act)) = frankfurt::SCENES.get(number) {
        act(state);
        state.after(ROUND, Work::Scene(number));
    }
}

/// A moment so many minutes before the beginning.
fn ago(minutes: u64) -> Timestamp {
    begin().checked_sub(Duration::from_secs(minutes * 60)).unwrap_or(begin())
}

/// Lets time pass until a moment, unless it has passed.
fn until(state: &mut State, to: Timestamp) {
    if to > state.now {
        state.step_to(to);
    }
}

#[rustfmt::skip]
const SINGAPORE: &[Gateway] = &[
    Gateway::new("egress-default", Maker::Chart, 2),
    Gateway::new("egress-payments", Maker::Chart, 2).scales(2, 4),
    Gateway::new("egress-logistics", Maker::Chart, 2).balanced(),
    Gateway::new("bank-egress", Maker::GatewayApi, 2).within("istio-egress"),
    Gateway::new("customs-egress", Maker::GatewayApi, 1).within("istio-egress"),
];

/// Makes gateways, and leads through each what the table says.
fn make(state: &mut State, gateways: &[Gateway], led: &[outside::Led]) {
    for gateway in gateways {
        gateway.make(state);
        outside::lead(state, led, gateway);
    }
}

fn singapore(state: &mut State) {
    state.workload.cloud = true;
    mesh::nodes(state, "singapore", 3, 8);
    mesh::namespaces(state, &["istio-system", "istio-egress"]);
    mesh::istio_kinds(state);
    mesh::gateway_api(state);
    mesh::istiod(state, "1.28.0", 1);
    until(state, ago(11 * 24 * 60));
    make(state, SINGAPORE, outside::SINGAPORE);
    until(state, ago(11 * 24 * 60 - 10));
    state.wake_autoscalers();
}

#[rustfmt::skip]
const SANDBOX: &[Gateway] = &[
    Gateway::new("egress-shared", Maker::Chart, 1),
    Gateway::new("egress-preview", Maker::Egret, 1),
    Gateway::new("egress-load-test", Maker::Egret, 2).scales(2, 6),
];

/// Nobody runs a controller here: the gateways of egret's are wished for, and not made.
fn sandbox(state: &mut State) {
    state.workload.cloud = true;
    mesh::nodes(state, "sandbox", 2, 8);
    mesh::namespaces(state, &["istio-system"]);
    mesh::istio_kinds(state);
    mesh::istio_gateways(state, true);
    mesh::istiod(state, "1.28.0", 1);
    until(state, ago(8 * 24 * 60));
    for gateway in SANDBOX {
        match gateway.maker {
            Maker::Egret => gateway.wish(state),
            _ => make(state, std::slice::from_ref(gateway), outside::SANDBOX),
        }
    }
    until(state, ago(8 * 24 * 60 - 10));
}

#[rustfmt::skip]
const AUDIT: &[Gateway] = &[
    Gateway::new("egressgateway", Maker::Asm, 2).scales(2, 6),
    Gateway::new("egress-pci", Maker::Asm, 3).mtls(),
    Gateway::new("egress-regulator", Maker::Asm, 1),
];

fn audit(state: &mut State) {
    mesh::nodes(state, "audit", 3, 8);
    mesh::namespaces(state, &["istio-system", "istio-egress"]);
    mesh::istio_kinds(state);
    mesh::istio_gateways(state, false);
    mesh::istiod(state, "1.27.3", 2);
    until(state, ago(39 * 24 * 60));
    make(state, AUDIT, outside::AUDIT);
    until(state, ago(39 * 24 * 60 - 10));
    AUDIT.iter().for_each(|gateway| gateway.told_by_asm(state));
    let look = ["get", "list", "watch"];
    let rules = json!([
        {"apiGroups": [""], "resources": ["pods", "pods/log", "services", "events"], "verbs": look},
        {"apiGroups": ["apps"], "resources": ["deployments", "replicasets", "daemonsets"], "verbs": look},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": look},
        {"apiGroups": ["istio.alibabacloud.com"], "resources": ["istiogateways"], "verbs": look},
    ]);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "onlooker", "namespace": "istio-system"}, "rules": rules});
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "onlooker", "namespace": "istio-system"},
        "roleRef": {"kind": "Role", "name": "onlooker"}, "subjects": [{"kind": "User", "name": ONLOOKER}]});
    put(state, "roles.rbac.authorization.k8s.io", role, "kubectl");
    put(state, "rolebindings.rbac.authorization.k8s.io", binding, "kubectl");
}
