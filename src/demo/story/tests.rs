//! The story shows what it promises.

use std::collections::BTreeSet;
use std::time::Instant;

use super::*;
use crate::demo::store::Object;

fn all(state: &State, resource: &str) -> Vec<Object> {
    state.list(resource, None)
}

fn place(name: &str) -> State {
    super::place(1, name).unwrap().state
}

fn text(state: &State) -> String {
    let kinds: Vec<String> = state.resources.iter().map(|r| r.id.to_string()).collect();
    kinds.iter().flat_map(|kind| all(state, kind)).map(|o| o.to_string()).collect()
}

#[test]
fn one_seed_tells_one_story_and_another_seed_the_same_with_other_names() {
    let (one, two, other) = (places(1), places(1), places(2));
    for (a, b) in one.iter().zip(&two) {
        assert!(text(&a.state) == text(&b.state), "{}", a.name);
    }
    assert!(text(&one[3].state) != text(&other[3].state));
    let names = |s: &State| {
        all(s, "deployments.apps").iter().map(|d| d["metadata"]["name"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(&one[3].state), names(&other[3].state));
}

#[test]
#[allow(clippy::disallowed_methods, reason = "prints how long it takes; asserts nothing of it")]
fn the_large_cluster_has_what_it_promises() {
    let start = Instant::now();
    let state = place("frankfurt");
    println!("all places took {:?}", start.elapsed());
    let gateways = all(&state, "deployments.apps").len() + all(&state, "daemonsets.apps").len() - 1;
    assert!(gateways >= 40, "{gateways}");
    let pods = all(&state, "pods");
    assert!((90..=160).contains(&pods.len()), "{}", pods.len());
    let waiting: BTreeSet<&str> = pods
        .iter()
        .filter_map(|p| p["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].as_str())
        .collect();
    for reason in ["ImagePullBackOff", "CrashLoopBackOff"] {
        assert!(waiting.contains(reason), "{reason} is not among {waiting:?}");
    }
    let unschedulable = pods.iter().filter(|p| p["spec"]["nodeName"].is_null()).count();
    assert_eq!(unschedulable, 2);
    assert!(pods.iter().any(|p| p["spec"]["containers"][0]["image"] == "auto"), "nobody injected it");
    assert!(pods.iter().any(|p| p["metadata"]["deletionTimestamp"].is_string()), "those of the lost node");
}

#[test]
fn a_rollout_is_under_way_at_the_beginning_and_ends_while_one_watches() {
    let mut state = place("frankfurt");
    let refunds = |state: &State| {
        state.get("deployments.apps", "istio-system", "istio-egress-refunds").unwrap().clone()
    };
    let updated = |state: &State| refunds(state)["status"]["updatedReplicas"].as_i64().unwrap_or_default();
    assert!((1..4).contains(&updated(&state)), "{}", refunds(&state)["status"]);
    state.step_to(begin() + Duration::from_secs(240));
    assert_eq!(refunds(&state)["status"]["readyReplicas"], 4);
    assert_eq!(updated(&state), 4);
}

#[test]
fn something_happens_for_ever_and_the_cluster_does_not_grow() {
    let mut state = place("frankfurt");
    let pods = all(&state, "pods").len();
    state.step_to(begin() + Duration::from_secs(4 * 3600));
    let events = all(&state, "events").len();
    assert!(all(&state, "pods").len().abs_diff(pods) < 8);
    assert!(events < 700, "{events} events");
}

#[test]
fn the_secret_of_the_story_is_in_its_secret_and_nowhere_else() {
    let state = place("frankfurt");
    let planted = "demo-private-key-that-never-shows";
    assert!(!text(&state).contains(planted), "its text is stored as data");
    let secret = state.get("secrets", "istio-system", "payments-client-credential").unwrap();
    assert!(secret["data"]["tls.key"].is_string());
}

#[test]
#[ignore = "prints what the story is made of; for hands"]
fn what_the_story_is_made_of() {
    for place in places(1) {
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        for kind in place.state.resources.iter() {
            *counts.entry(kind.id.to_string()).or_default() = all(&place.state, &kind.id).len();
        }
        counts.retain(|_, n| *n > 0);
        println!("{} revision {} {counts:?}", place.name, place.state.store.revision());
    }
}

#[test]
fn the_controller_of_the_story_renews_its_lease_while_time_passes_and_elsewhere_nobody_has_one() {
    let mut state = place("frankfurt");
    let renewed = |state: &State| {
        let lease = state.get("leases.coordination.k8s.io", "istio-system", "egret-controller").unwrap();
        crate::model::holder::Lease::of(lease).renewed.unwrap()
    };
    assert_eq!(renewed(&state), begin());
    state.step_to(begin() + Duration::from_secs(3600));
    assert!(state.now.duration_since(renewed(&state)) <= jiff::SignedDuration::from_secs(5));
    for other in ["sandbox", "singapore", "audit"] {
        assert!(all(&place(other), "leases.coordination.k8s.io").is_empty(), "{other}");
    }
    // Another takes it over: the story's controller has lost it.
    let key = crate::demo::store::Key::new("leases.coordination.k8s.io", "istio-system", "egret-controller");
    state.change(&key, "other", |lease| lease["spec"]["holderIdentity"] = "other".into()).unwrap();
    let (at, revision) = (renewed(&state), state.get(&key.resource, "istio-system", &key.name).cloned());
    state.step_to(state.now + Duration::from_secs(60));
    assert_eq!(
        (renewed(&state), state.get(&key.resource, "istio-system", &key.name).cloned()),
        (at, revision)
    );
}
