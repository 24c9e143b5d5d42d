//! Who keeps the gateways is seen as it changes, and a lease that is renewed is no news.

use std::sync::Arc;
use std::time::Duration;

use egret::cluster::connect::{Connection, Patience, connect};
use egret::cluster::read_only::ReadOnly;
use egret::demo::rights::User;
use egret::demo::store::Key;
use egret::demo::story;
use egret::demo::world::{Place, World};
use egret::model::clock::Time as _;
use egret::model::fault::Reason;
use egret::model::holder::Holder;
use egret::model::name::{ClusterName, Kind};
use egret::model::snapshot::{Keeper, KindState, Snapshot};
use egret::reconcile::lease::{HOLDS, Keeping, Me, RENEWED, Standing};
use egret::runtime::demo;
use k8s_openapi::api::rbac::v1::PolicyRule;
use serde_json::{Value, json};

use super::support::view::View;
use super::support::{SOON, connection};
use crate::support::demo::run;
use crate::support::plane::{Cluster, apply_yaml, shared_with_crds, unique};

const CRD: &str = "istiogateways.istio.alibabacloud.com";

/// A simulated cluster that egret keeps, whose time runs as the runtime's does.
fn world(user: User) -> World {
    let bare = story::bare(1, &["home"]);
    let state = bare.cluster("home").unwrap().with(|state| state.clone());
    let place = Place { name: "home".to_owned(), state, user };
    World::new(vec![place], bare.clock().now(), 1.0)
}

async fn way(world: &World) -> Connection {
    let name = ClusterName::from("home");
    connect(&demo::contexts(world), &name, None, ReadOnly::new(false), Patience::default()).await.unwrap()
}

fn me(host: &str, version: &str, embedded: bool) -> Me {
    Me { identity: format!("{host}_4711_2b9c"), version: version.to_owned(), embedded }
}

/// Who holds the lease, as a word, with host, version and whether in a screen.
fn told(s: &Snapshot) -> String {
    let by = s.facts.holder.by().map(|by| format!(" {} {}{}", by.host(), by.version, by.place()));
    format!("{}{}", s.facts.holder.state().unwrap_or("unread"), by.unwrap_or_default())
}

async fn until(view: &mut View, wanted: &str) -> Arc<Snapshot> {
    view.until(0, wanted, SOON, |s| told(s) == wanted).await
}

#[test]
fn the_holder_shows_when_it_changes_and_renewals_make_no_snapshot() {
    run(async {
        let world = world(User::admin("egret-test:admin"));
        let c = way(&world).await;
        let mut view = View::of(demo::contexts(&world), &[]);
        view.complete(0).await;
        until(&mut view, "nobody").await;

        let mut first = Keeping::new(&c, "istio-system", me("bastion", "0.1.0", false));
        assert_eq!(first.tend(world.clock().now()).await.unwrap(), Standing::Ours(0));
        let held = until(&mut view, "held bastion 0.1.0").await;
        let since = held.facts.holder.by().unwrap().since.unwrap();
        for _ in 0..12 {
            // A minute: longer than a watch lasts, and four times as long as the lease holds.
            let quiet = tokio::time::timeout(RENEWED, view.next()).await;
            assert!(quiet.is_err(), "a snapshot for a renewal: {}", told(&quiet.unwrap()));
            assert_eq!(first.tend(world.clock().now()).await.unwrap(), Standing::Ours(0));
        }

        // It stops renewing.
        let renewed = world.clock().now();
        let silent = until(&mut view, "silent bastion 0.1.0").await;
        let took = Duration::try_from(world.clock().now().duration_since(renewed)).unwrap();
        assert!(took >= HOLDS && took < HOLDS + Duration::from_secs(2), "{took:?}");
        let Holder::Silent { since: heard, by } = &silent.facts.holder else { panic!("{silent:?}") };
        assert!(
            heard.duration_since(renewed).abs() < jiff::SignedDuration::from_secs(1),
            "{heard} {renewed}"
        );
        assert_eq!(by.since, Some(since));
        let quiet = tokio::time::timeout(Duration::from_secs(120), view.next()).await;
        assert!(quiet.is_err(), "silence is told once");

        // It was only late; then a screen of the same version takes over; then that gives the lease back.
        assert_eq!(first.tend(world.clock().now()).await.unwrap(), Standing::Ours(0));
        until(&mut view, "held bastion 0.1.0").await;
        first.give_back().await.unwrap();
        until(&mut view, "nobody").await;
        let mut screen = Keeping::new(&c, "istio-system", me("laptop", "0.1.0", true));
        assert_eq!(screen.tend(world.clock().now()).await.unwrap(), Standing::Ours(1));
        until(&mut view, "held laptop 0.1.0 (in a screen)").await;
        // Another controller takes over: nothing of the screen stays on the lease.
        screen.give_back().await.unwrap();
        let mut second = Keeping::new(&c, "istio-system", me("pod", "0.2.0", false));
        second.tend(world.clock().now()).await.unwrap();
        until(&mut view, "held pod 0.2.0").await;

        let key = Key::new("leases.coordination.k8s.io", "istio-system", "egret-controller");
        world.cluster("home").unwrap().with(|state| state.remove(&key).map(drop)).unwrap();
        until(&mut view, "nobody").await;
    });
}

#[test]
fn the_lease_is_looked_at_only_while_egret_is_the_keeper_and_only_in_the_namespace_of_the_gateways() {
    run(async {
        let world = world(User::admin("egret-test:admin"));
        let c = way(&world).await;
        let mut view = View::of(demo::contexts(&world), &["istio-system"]);
        Keeping::new(&c, "istio-system", me("bastion", "0.1.0", false))
            .tend(world.clock().now())
            .await
            .unwrap();
        until(&mut view, "held bastion 0.1.0").await;

        let label = |value: Value| {
            let key = Key::new("customresourcedefinitions.apiextensions.k8s.io", "", CRD);
            let change = |crd: &mut Value| crd["metadata"]["labels"]["app.kubernetes.io/managed-by"] = value;
            world
                .cluster("home")
                .unwrap()
                .with(|state| state.change(&key, "kubectl", change).map(drop))
                .unwrap();
        };
        label("somebody".into());
        let other = until(&mut view, "unread").await;
        assert_eq!(other.facts.keeper, Keeper::Other);
        // What happens to the lease now is nobody's business: longer than it holds.
        while tokio::time::timeout(Duration::from_secs(40), view.next()).await.is_ok() {}
        assert_eq!(told(&view.newest[&view.chosen[0]]), "unread");

        label("egret".into());
        // It was last renewed forty seconds ago: that may be a clock, and is found out.
        until(&mut view, "held bastion 0.1.0").await;
        until(&mut view, "silent bastion 0.1.0").await;
        view.sources.set_namespaces(vec!["elsewhere".into()]);
        until(&mut view, "nobody").await;
        view.sources.set_namespaces(vec!["istio-system".into()]);
        // Dead for longer than clocks differ: told at once.
        tokio::time::sleep(Duration::from_secs(60)).await;
        until(&mut view, "silent bastion 0.1.0").await;
    });
}

#[test]
fn whoever_may_not_read_the_lease_is_told_which_right_is_missing_and_sees_the_rest() {
    run(async {
        let world = world(User::plain("kim"));
        let all = ["*"];
        let rules: Vec<Value> = [
            "",
            "apps",
            "discovery.k8s.io",
            "autoscaling",
            "policy",
            "istio.alibabacloud.com",
            "apiextensions.k8s.io",
        ]
        .iter()
        .map(|group| json!({"apiGroups": [group], "resources": all, "verbs": ["get", "list", "watch"]}))
        .collect();
        let grant = |rules: Value| {
            let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "most"}, "rules": rules});
            let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "most"},
                "roleRef": {"kind": "ClusterRole", "name": "most"}, "subjects": [{"kind": "User", "name": "kim"}]});
            world.cluster("home").unwrap().with(|state| {
                state.make("clusterroles.rbac.authorization.k8s.io", role, "kubectl").unwrap();
                state.make("clusterrolebindings.rbac.authorization.k8s.io", binding, "kubectl").unwrap();
            });
        };
        grant(rules.into());
        let mut view = View::of(demo::contexts(&world), &["istio-system"]);
        let s = until(&mut view, "unknown").await;
        let Holder::Unknown(fault) = &s.facts.holder else { panic!("{s:?}") };
        assert_eq!(fault.reason, Reason::Denied);
        assert_eq!(fault.summary, "home: no right to list leases in istio-system (as kim)");
        assert_eq!(fault.hint, "Ask for a Role that allows it: list leases in istio-system.");
        let s = view.complete(0).await;
        assert!(!s.kinds.values().any(|k| matches!(k, KindState::Denied(_))), "{:?}", s.kinds);
        assert_eq!(s.kinds[&Kind::Pod], KindState::Ready);

        // The right is given meanwhile, and someone asks again.
        let role = Key::new("clusterroles.rbac.authorization.k8s.io", "", "most");
        let more = json!({"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["list", "watch"]});
        let change = |role: &mut Value| role["rules"].as_array_mut().unwrap().push(more);
        world
            .cluster("home")
            .unwrap()
            .with(|state| state.change(&role, "kubectl", change).map(drop))
            .unwrap();
        view.sources.retry(None);
        until(&mut view, "nobody").await;
    });
}

async fn with_crds() -> &'static Cluster {
    let cluster = shared_with_crds().await;
    let client = cluster.admin().await;
    for (_, generate) in egret::model::crd::all() {
        apply_yaml(&client, &generate().unwrap()).await.unwrap();
    }
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_real_server_the_holder_is_seen_taken_silent_and_given_back() {
    let cluster = with_crds().await;
    let ns = unique("holder");
    cluster.namespace(&cluster.admin().await, &ns).await.unwrap();
    let c = connection(cluster.kubeconfig(), false).await;
    let mut view = View::open(cluster.kubeconfig(), &[&ns]);
    until(&mut view, "nobody").await;
    let clock = egret::cluster::clock::Clock::default();
    let mut keeping = Keeping::new(&c, &ns, me("bastion", "0.1.0", true));
    keeping.tend(clock.now()).await.unwrap();
    until(&mut view, "held bastion 0.1.0 (in a screen)").await;
    view.complete(0).await;
    while tokio::time::timeout(Duration::from_secs(2), view.next()).await.is_ok() {}
    for _ in 0..5 {
        keeping.tend(clock.now()).await.unwrap();
        let quiet = tokio::time::timeout(Duration::from_secs(1), view.next()).await;
        assert!(quiet.is_err(), "a snapshot for a renewal: {}", told(&quiet.unwrap()));
    }
    until(&mut view, "silent bastion 0.1.0 (in a screen)").await;
    keeping.give_back().await.unwrap();
    until(&mut view, "nobody").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_real_server_whoever_may_not_read_the_lease_is_told_so() {
    let cluster = with_crds().await;
    let owned = |all: &[&str]| all.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
    let may = |group: &str, resource: &str| PolicyRule {
        api_groups: Some(owned(&[group])),
        resources: Some(owned(&[resource])),
        verbs: owned(&["get", "list", "watch"]),
        ..PolicyRule::default()
    };
    let rules = [may("apiextensions.k8s.io", "customresourcedefinitions"), may("", "pods")];
    let name = unique("noleases");
    let kubeconfig = cluster.user(&name, None, &rules).await.unwrap();
    let mut view = View::open(&kubeconfig, &["istio-system"]);
    let s = until(&mut view, "unknown").await;
    let Holder::Unknown(fault) = &s.facts.holder else { panic!("{s:?}") };
    assert_eq!(fault.summary, format!("crds: no right to list leases in istio-system (as {name})"));
}
