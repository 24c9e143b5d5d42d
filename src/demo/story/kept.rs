//! What the story's controller does about a gateway: it builds, compares and tells as egret does, with its very
//! functions. Only the way to the server is another: it writes into the cluster's state.

use serde_json::{Value, json};

use super::gateway::GATEWAYS;
use crate::demo::state::State;
use crate::demo::state::delete::{Options, Propagation};
use crate::demo::state::write::remove;
use crate::demo::store::Key;
use crate::materialize::adopt::template;
use crate::materialize::build::{self, Owner, REVISION, Site, build};
use crate::materialize::compare::differences;
use crate::materialize::fields::{self, FieldPath};
use crate::materialize::names::{MANAGER, Names, PAUSED, RELEASE, REPLICAS_MANAGER, TEMPLATE};
use crate::materialize::ours::{Standing, standing_of};
use crate::materialize::report::{PartReport, PartState, Place, Readiness, Report};
use crate::materialize::{Desired, Objects, Part, Problem, injection, pending, status, validate};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::{IstioGateway, Pairs};

/// One round over a gateway: its objects are brought about, and its status says how it is.
pub(super) fn round(state: &mut State, key: &Key) {
    let Some(object) = state.store.get(key).cloned() else { return };
    let Ok(gateway) = IstioGateway::read(&object) else { return };
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    if gateway.annotation(RELEASE) == Some("true") {
        return release(state, key);
    }
    let mut report = Report {
        problems: validate(&gateway),
        paused: gateway.annotation(PAUSED) == Some("true"),
        ..Report::default()
    };
    if !report.problems.iter().any(Problem::is_error) {
        report.places = vec![place(state, &gateway, !report.paused)];
    }
    let (status, _) = status::status(&object, &report, state.now);
    let _ = state.change_status(key, MANAGER, |gateway| gateway["status"] = status);
}

/// The gateway goes, and its objects stay.
fn release(state: &mut State, key: &Key) {
    let options = Options { propagation: Propagation::Orphan, propagation_said: true, ..Options::default() };
    if let Ok(resource) = state.resource(GATEWAYS) {
        let _ = state.delete(&resource, key, &options);
    }
}

/// Where the object of a part is.
fn key_of(part: Part, namespace: &str, names: &Names) -> Key {
    let resource = part.resource();
    let id = match resource.group {
        "" => resource.plural.to_owned(),
        group => format!("{}.{group}", resource.plural),
    };
    Key::new(&id, namespace, &names.of_part(part))
}

/// What a round looks at.
struct Round<'a> {
    gateway: &'a IstioGateway,
    namespace: &'a str,
    names: Names,
    site: Site,
}

impl Round<'_> {
    fn key(&self, part: Part) -> Key {
        key_of(part, self.namespace, &self.names)
    }

    fn live(&self, state: &State, part: Part) -> Option<Value> {
        state.shown(&self.key(part))
    }

    fn standing(&self, live: &Value) -> Standing {
        standing_of(live, &self.site.owner, self.gateway.name(), &self.names)
    }
}

/// The gateway in its own cluster.
fn place(state: &mut State, gateway: &IstioGateway, writes: bool) -> Place {
    let namespace = gateway.metadata.namespace.as_deref().unwrap_or_default();
    let Ok(names) = Names::read(gateway) else { return Place::default() };
    let owner = Owner::Gateway { uid: gateway.metadata.uid.clone().unwrap_or_default() };
    let live = state.shown(&key_of(Part::Deployment, namespace, &names));
    let revision = live.as_ref().and_then(|live| match pending::chosen_revision(live) {
        Some(chosen) => chosen,
        None => live["spec"]["template"]["metadata"]["labels"][REVISION].as_str().map(str::to_owned),
    });
    let site = Site { cluster_id: None, owner, names: names.clone(), revision, proxy_image: None };
    let mut objects = match build(gateway, &site) {
        Ok(objects) => objects,
        Err(problem) => return Place::failed(None, refused(&problem.to_string())),
    };
    let round = Round { gateway, namespace, names, site };
    let mut place = Place::default();
    let held = hold(state, &round, &mut objects, &mut place);
    let theirs = |part: &Part| {
        round.live(state, *part).is_some_and(|live| matches!(round.standing(&live), Standing::Theirs(_)))
    };
    let conflicts = objects.parts().iter().any(|(part, desired)| desired.is_some() && theirs(part));
    let writes = writes && !conflicts;
    for (part, desired) in objects.into_parts() {
        let held = held && part == Part::Deployment;
        let state_of = part_of(state, &round, part, desired.as_ref(), writes && !held);
        let live = round.live(state, part);
        if state_of != PartState::InSync || live.is_some() {
            place.parts.push(PartReport { part, name: round.names.of_part(part), state: state_of, live });
        }
    }
    look(state, &round, &mut place);
    place
}

fn refused(why: &str) -> Fault {
    Fault::new(Reason::Invalid, why, "")
}

/// Puts the pod template that stays into the Deployment, or the one that is wished for. Returns whether nobody would
/// inject its pods: then it is left alone.
fn hold(state: &State, round: &Round<'_>, objects: &mut Objects<Desired>, place: &mut Place) -> bool {
    let input = build::template_input(round.gateway, &round.site);
    let revision = round.site.revision.as_deref();
    let live = round.live(state, Part::Deployment).filter(|live| round.standing(live) == Standing::Ours);
    let recorded = live.clone().map(|mut live| {
        if !pending::has_record(&live) {
            let record = pending::as_it_is(template(&live), &input, revision);
            live["metadata"]["annotations"][TEMPLATE] = record.into();
        }
        live
    });
    place.pending = pending::settle(&mut objects.deployment, &input, revision, recorded.as_ref(), false);
    let template = &objects.deployment.0["spec"]["template"];
    let rolls = live.is_none_or(|live| !differences(template, &live["spec"]["template"]).is_empty());
    if !rolls || injects(state, round.namespace, template) {
        return false;
    }
    place.faults.push(refused("no webhook of Istio would inject its pods"));
    true
}

fn injects(state: &State, namespace: &str, template: &Value) -> bool {
    let webhooks = state.list("mutatingwebhookconfigurations.admissionregistration.k8s.io", None);
    let webhooks: Vec<Value> = webhooks.iter().map(|webhook| Value::clone(webhook)).collect();
    let labels = state.get("namespaces", "", namespace).map(|n| n["metadata"]["labels"].clone());
    let labels: Pairs = labels.and_then(|labels| serde_json::from_value(labels).ok()).unwrap_or_default();
    injection::injects(&webhooks, &labels, template)
}

/// Brings one object about, and tells how it is.
fn part_of(
    state: &mut State,
    round: &Round<'_>,
    part: Part,
    desired: Option<&Desired>,
    writes: bool,
) -> PartState {
    let live = round.live(state, part);
    match (desired, live) {
        (None, None) => PartState::InSync,
        (None, Some(live)) if round.standing(&live) != Standing::Ours => PartState::InSync,
        (None, Some(_)) if writes => {
            let _ = state.remove(&round.key(part));
            PartState::Removed
        }
        (None, Some(_)) => PartState::Drifted(Vec::new()),
        (Some(_), None) if !writes => PartState::Held,
        (Some(desired), None) => {
            create(state, round, part, desired);
            PartState::Created
        }
        (Some(desired), Some(live)) => match round.standing(&live) {
            Standing::ToTake | Standing::Leftover => PartState::ToTake,
            Standing::Theirs(who) => PartState::Conflict(who),
            Standing::Ours => match differences(&desired.0, &live) {
                found if found.is_empty() => PartState::InSync,
                found if !writes => PartState::Drifted(found),
                found => {
                    change(state, round, part, desired, &live);
                    PartState::Changed(found)
                }
            },
        },
    }
}

/// A Deployment that says nothing of its replicas begins with the fewest, and hands their number on.
fn create(state: &mut State, round: &Round<'_>, part: Part, desired: &Desired) {
    let mut first = desired.0.clone();
    if part == Part::Deployment && first["spec"].get("replicas").is_none() {
        let c = round.gateway.spec.effective(None);
        let least = if c.autoscales() { c.min_replicas } else { c.replica_count };
        first["spec"]["replicas"] = json!(least.unwrap_or(1));
    }
    let made = state.apply(&round.key(part).resource, &first, MANAGER);
    debug_assert!(made.is_ok(), "{part} of {}: {made:?}", round.gateway.name());
    if first != desired.0
        && let Some(live) = round.live(state, part)
    {
        change(state, round, part, desired, &live);
    }
}

fn change(state: &mut State, round: &Round<'_>, part: Part, desired: &Desired, live: &Value) {
    let id = round.key(part).resource;
    let replicas = FieldPath::of_fields("spec.replicas");
    let gives_up = part == Part::Deployment && desired.0["spec"].get("replicas").is_none();
    if gives_up && fields::applies(live, MANAGER, &replicas) {
        let body = json!({
            "apiVersion": part.api_version(), "kind": part.to_string(),
            "metadata": {"name": round.names.of_part(part), "namespace": round.namespace},
            "spec": {"replicas": live["spec"]["replicas"]},
        });
        let _ = state.apply(&id, &body, REPLICAS_MANAGER);
    }
    let changed = state.apply(&id, &desired.0, MANAGER);
    debug_assert!(changed.is_ok(), "{part} of {}: {changed:?}", round.gateway.name());
}

/// Makes the Deployment of a gateway as an egret before this one did: the proxy could write to its own files.
pub(super) fn built_by_an_older_egret(state: &mut State, key: &Key) {
    let Some(Ok(gateway)) = state.store.get(key).map(|object| IstioGateway::read(object)) else { return };
    let owner = Owner::Gateway { uid: gateway.metadata.uid.clone().unwrap_or_default() };
    let site = Site { owner, ..Site::of(&gateway) };
    let Ok(mut objects) = build(&gateway, &site) else { return };
    let deployment = &mut objects.deployment;
    let proxy = &mut deployment.0["spec"]["template"]["spec"]["containers"][0];
    remove(&mut proxy["securityContext"], "readOnlyRootFilesystem");
    let input = build::template_input(&gateway, &site);
    pending::settle(deployment, &input, None, None, false);
    let made = state.apply("deployments.apps", &deployment.0, MANAGER);
    debug_assert!(made.is_ok(), "{made:?}");
}

/// How the pods and the address are.
fn look(state: &State, round: &Round<'_>, place: &mut Place) {
    place.addresses = place.live(Part::Service).map(status::addresses).unwrap_or_default();
    let Some(deployment) = place.live(Part::Deployment) else { return };
    let mut readiness = status::rolled_out(deployment);
    if readiness == Readiness::Ready {
        let selected = |pod: &Value| {
            round.names.selector.iter().all(|(key, value)| pod["metadata"]["labels"][key] == value.as_str())
        };
        let pods = state.store.list("pods", Some(round.namespace));
        let auto = pods.map(|(_, pod)| pod).find(|pod| selected(pod) && status::is_auto(pod));
        if let Some(pod) = auto {
            readiness = Readiness::Failing(status::not_injected(pod));
        }
    }
    place.readiness = Some(readiness);
}
