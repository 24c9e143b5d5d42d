//! The writes to one cluster: each only where something differs, and never to what is somebody else's (R3, R9).

use serde_json::{Value, json};

use super::contest::{Contest, leave_out};
use super::fetch::{self, Live};
use super::{status, take};
use crate::cluster::connect::Connection;
use crate::cluster::write::{self, Address, Conflicts, Meant};
use crate::materialize::adopt::template;
use crate::materialize::build::{self, Owner, Site, build};
use crate::materialize::compare::differences;
use crate::materialize::fields::{self, FieldPath};
use crate::materialize::names::{MANAGER, Names, REPLICAS_MANAGER, TEMPLATE};
use crate::materialize::ours::{Standing, standing, standing_of};
use crate::materialize::report::{PartReport, PartState, Place};
use crate::materialize::{Desired, Objects, Part, pending};
use crate::model::fault::{Fault, Reason};
use crate::model::istio_gateway::IstioGateway;

/// One gateway in one cluster.
#[derive(Clone, Copy)]
pub struct Work<'a> {
    /// The cluster.
    pub c: &'a Connection,
    /// The gateway, which is valid.
    pub gateway: &'a IstioGateway,
    /// Its id of the cluster.
    pub cluster_id: Option<&'a str>,
    /// Whose the objects are.
    pub owner: &'a Owner,
    /// What they are called.
    pub names: &'a Names,
    /// Whether anything may be written; else it is only compared.
    pub writes: bool,
    /// Where the gateway is asked for once more before the first write.
    pub home: Option<Home<'a>>,
}

/// The gateway where it is kept, for writes that it does not own.
#[derive(Clone, Copy)]
pub struct Home<'a> {
    /// The home cluster.
    pub c: &'a Connection,
    /// The gateway in it.
    pub at: &'a Address,
}

impl Home<'_> {
    /// Makes sure that the gateway is still what this pass believes. Abroad no owner reference cleans up after a pass
    /// that came late: what it made for a gateway that is gone, or that has left the cluster, would stay for ever.
    pub(super) async fn confirm(self, gateway: &IstioGateway) -> Result<(), Fault> {
        let now = write::get(self.c, self.at).await?.unwrap_or_default();
        let metadata = &now["metadata"];
        let same = metadata["uid"].as_str() == gateway.metadata.uid.as_deref()
            && metadata["generation"].as_i64() == gateway.metadata.generation
            && metadata["deletionTimestamp"].is_null();
        if same {
            return Ok(());
        }
        let summary = format!("{}: gateway {} has changed meanwhile", self.c.cluster, gateway.name());
        Err(Fault::new(Reason::Conflict, summary, "egret begins again."))
    }
}

/// Makes a cluster hold the objects of a gateway, and tells how each is.
pub async fn place(work: Work<'_>, contest: &mut Contest) -> Place {
    match try_place(work, contest).await {
        Ok(place) => place,
        Err(fault) => Place::failed(work.cluster_id.map(str::to_owned), fault),
    }
}

/// What was seen of a gateway beforehand.
pub(super) struct Seen {
    /// Its objects.
    pub live: Live,
    /// Those of its pods that were not injected.
    pub pods: Vec<Value>,
}

async fn try_place(work: Work<'_>, contest: &mut Contest) -> Result<Place, Fault> {
    let live = fetch::live(work.c, work.namespace(), work.names).await?;
    place_with(work, live, None, contest).await
}

/// The same from what was seen beforehand, which may be old: nothing may be written.
pub(super) async fn place_as_seen(work: Work<'_>, seen: Seen, contest: &mut Contest) -> Result<Place, Fault> {
    let work = Work { writes: false, ..work };
    place_with(work, seen.live, Some(seen.pods), contest).await
}

async fn place_with(
    work: Work<'_>,
    mut live: Live,
    pods: Option<Vec<Value>>,
    contest: &mut Contest,
) -> Result<Place, Fault> {
    let Work { c, gateway, cluster_id, owner, names, .. } = work;
    let deployment = live.get(&Part::Deployment);
    let site = fetch::site(c, gateway, cluster_id, owner.clone(), names.clone(), deployment).await?;
    let mut objects = build(gateway, &site).map_err(|problem| {
        Fault::new(
            Reason::Invalid,
            format!("{}: {}: {}", c.cluster, problem.path, problem.why),
            problem.example,
        )
    })?;
    let mut place = Place { cluster_id: cluster_id.map(str::to_owned), ..Place::default() };
    let conflicts = objects.parts().iter().any(|(part, desired)| {
        desired.is_some()
            && live.get(part).is_some_and(|live| matches!(work.standing(live), Standing::Theirs(_)))
    });
    // One name that is somebody else's stops all: half a gateway serves nobody.
    let work = Work { writes: work.writes && !conflicts, ..work };
    if work.writes {
        take::over(work, &site, &mut live, &mut place).await?;
    }
    let held = hold(work, &site, &mut objects, live.get(&Part::Deployment), &mut place).await?;
    if let Some(live) = live.get(&Part::Service).filter(|live| work.standing(live) == Standing::Ours) {
        place.faults.extend(keep_class(c, &mut objects.service, live));
    }
    let would_write = |(part, desired): &(Part, Option<&Desired>)| work.differs(*desired, live.get(part));
    if let Some(home) = work.home.filter(|_| work.writes)
        && objects.parts().iter().any(would_write)
    {
        home.confirm(gateway).await?;
    }
    let mut lost = false;
    for (part, desired) in objects.into_parts() {
        let found = live.get(&part);
        let writes = work.writes && !lost;
        let state = Work { writes, ..work }.part(part, desired, found, held, contest, &mut place).await;
        // A server that does not answer is not asked eight times more.
        lost |= matches!(&state.0, PartState::Failed(fault) if fault.reason == Reason::Unreachable);
        let name = fetch::address(part, work.namespace(), names).name;
        if let Some((state, object)) = shown(state) {
            place.parts.push(PartReport { part, name, state, live: object });
        }
    }
    if let Err(fault) = status::look(c, work.namespace(), names, pods, &mut place).await {
        place.faults.push(fault);
    }
    Ok(place)
}

/// The class of a load balancer cannot change while the Service has one (R10): it stays, and that is told. Another class
/// is another load balancer, with another address: whoever wants it says so by way of `ClusterIP`.
pub(super) fn keep_class(c: &Connection, desired: &mut Desired, live: &Value) -> Option<Fault> {
    const CLASS: &str = "loadBalancerClass";
    let balanced = |service: &Value| service["spec"]["type"] == "LoadBalancer";
    let (wanted, there) = (desired.0["spec"].get(CLASS).cloned(), live["spec"].get(CLASS).cloned());
    if !balanced(&desired.0) || !balanced(live) || wanted == there {
        return None;
    }
    let spec = desired.0["spec"].as_object_mut()?;
    match &there {
        Some(class) => spec.insert(CLASS.to_owned(), class.clone()),
        None => spec.shift_remove(CLASS),
    };
    let word = |class: &Option<Value>| class.as_ref().map_or("the default".to_owned(), fields::plain);
    let summary = format!(
        "{}: spec.loadBalancerClass of Service {} stays {}: it cannot become {} while the type is LoadBalancer",
        c.cluster,
        live["metadata"]["name"].as_str().unwrap_or_default(),
        word(&there),
        word(&wanted)
    );
    let hint = "Set serviceType: ClusterIP, and then LoadBalancer again: the address will be another.";
    Some(Fault::new(Reason::Invalid, summary, hint))
}

/// What is neither wanted nor there is not told.
fn shown((state, object): (PartState, Option<Value>)) -> Option<(PartState, Option<Value>)> {
    let nothing = state == PartState::InSync && object.is_none();
    (!nothing).then_some((state, object))
}

/// Puts the pod template that is to be applied into the Deployment (R5), and finds out whether it may be: a template
/// that Istio would not inject is not rolled out (R7). Returns whether the Deployment is not to be made at all.
async fn hold(
    work: Work<'_>,
    site: &Site,
    objects: &mut Objects<Desired>,
    live: Option<&Value>,
    place: &mut Place,
) -> Result<bool, Fault> {
    let input = build::template_input(work.gateway, site);
    let built = objects.deployment.clone();
    let live_ours = live.filter(|live| work.standing(live) == Standing::Ours);
    // One of ours without its record was made by somebody else, or lost it: its pods stay too (R5).
    let recorded = live_ours.filter(|live| !pending::has_record(live)).map(|live| {
        let mut recorded = live.clone();
        recorded["metadata"]["annotations"][TEMPLATE] =
            pending::as_it_is(template(live), &input, site.revision.as_deref()).into();
        recorded
    });
    let live_ours = recorded.as_ref().or(live_ours);
    place.pending =
        pending::settle(&mut objects.deployment, &input, site.revision.as_deref(), live_ours, false);
    let template = &objects.deployment.0["spec"]["template"];
    let on_host = template["spec"]["hostNetwork"] == true;
    let rolls = match live_ours {
        None => true,
        Some(live) => !differences(template, &live["spec"]["template"]).is_empty(),
    };
    if on_host || !rolls || fetch::injects(work.c, work.namespace(), template).await? {
        return Ok(false);
    }
    place.faults.push(no_injector(work, site, live_ours.is_some()));
    if live_ours.is_none() {
        return Ok(true);
    }
    objects.deployment = built;
    place.pending =
        pending::settle(&mut objects.deployment, &input, site.revision.as_deref(), live_ours, true);
    Ok(false)
}

fn no_injector(work: Work<'_>, site: &Site, exists: bool) -> Fault {
    let Work { c, names, .. } = work;
    let configuration = work.gateway.spec.effective(work.cluster_id);
    let revision = build::own_revision(&configuration).or(site.revision.as_deref());
    let revision = revision.map_or("the default revision".to_owned(), |r| format!("revision {r}"));
    let done = if exists { "is not rolled" } else { "is not made" };
    let summary = format!(
        "{}: no webhook of Istio would inject a gateway of {revision} in {}: Deployment {} {done}",
        c.cluster,
        work.namespace(),
        names.deployment
    );
    let hint = "Install istiod with that revision, or name another in podLabels[istio.io/rev].";
    Fault::new(Reason::Server, summary, hint)
}

impl Work<'_> {
    pub(super) fn namespace(&self) -> &str {
        self.gateway.metadata.namespace.as_deref().unwrap_or_default()
    }

    pub(super) fn standing(&self, live: &Value) -> Standing {
        standing_of(live, self.owner, self.gateway.name(), self.names)
    }

    /// Whether an object is not as it should be.
    fn differs(&self, desired: Option<&Desired>, live: Option<&Value>) -> bool {
        match (desired, live) {
            (None, live) => live.is_some_and(|live| self.standing(live) == Standing::Ours),
            (Some(_), None) => true,
            (Some(desired), Some(live)) => !differences(&desired.0, live).is_empty(),
        }
    }

    /// Brings one object about, and tells how it is and what is there now.
    async fn part(
        self,
        part: Part,
        desired: Option<Desired>,
        live: Option<&Value>,
        held: bool,
        contest: &mut Contest,
        place: &mut Place,
    ) -> (PartState, Option<Value>) {
        let at = fetch::address(part, self.namespace(), self.names);
        let needs_pods =
            matches!(part, Part::Deployment | Part::HorizontalPodAutoscaler | Part::PodDisruptionBudget);
        let done = match (desired, live) {
            (None, None) => return (PartState::InSync, None),
            (None, Some(live)) => self.remove(&at, live, place).await,
            (Some(_), None) if !self.writes || (held && needs_pods) => return (PartState::Held, None),
            (Some(desired), None) => self.create(part, &at, desired, place).await,
            (Some(desired), Some(live)) => match self.standing(live) {
                Standing::ToTake => return (PartState::ToTake, Some(live.clone())),
                Standing::Theirs(who) => return (PartState::Conflict(who), Some(live.clone())),
                Standing::Leftover => Err(leftover(self.c, &at)),
                Standing::Ours => self.change(part, &at, desired, live, contest, place).await,
            },
        };
        match done {
            Ok(done) => done,
            Err(fault) => (PartState::Failed(fault), live.cloned()),
        }
    }

    /// Takes away what is no longer wanted, if it is ours.
    async fn remove(self, at: &Address, live: &Value, place: &mut Place) -> Done {
        if self.standing(live) != Standing::Ours {
            return Ok((PartState::InSync, None));
        }
        if !self.writes {
            return Ok((PartState::Drifted(Vec::new()), Some(live.clone())));
        }
        place.writes += 1;
        write::delete(self.c, at, live["metadata"]["uid"].as_str().unwrap_or_default()).await?;
        Ok((PartState::Removed, None))
    }

    /// Makes an object that is not there: without force, so that one which came meanwhile is not taken over (R3).
    async fn create(self, part: Part, at: &Address, mut desired: Desired, place: &mut Place) -> Done {
        if part == Part::Deployment && desired.0["spec"].get("replicas").is_none() {
            // A Deployment that says nothing begins with one pod. What it begins with is handed on below (R6).
            desired.0["spec"]["replicas"] = json!(self.first_replicas());
        }
        place.writes += 1;
        let made = write::apply(self.c, at, &desired.0, MANAGER, Conflicts::Fail, Meant::Earnest).await;
        Ok((PartState::Created, Some(made.map_err(|fault| taken(self.c, at, fault))?)))
    }

    /// The pods that a gateway begins with when nobody keeps their number.
    fn first_replicas(self) -> u32 {
        let c = self.gateway.spec.effective(self.cluster_id);
        if c.autoscales() { c.min_replicas.unwrap_or(1) } else { c.replica_count.unwrap_or(1) }
    }

    /// Changes an object of ours where it differs.
    async fn change(
        self,
        part: Part,
        at: &Address,
        mut desired: Desired,
        live: &Value,
        contest: &mut Contest,
        place: &mut Place,
    ) -> Done {
        let found = differences(&desired.0, live);
        if !self.writes {
            let state = if found.is_empty() { PartState::InSync } else { PartState::Drifted(found) };
            return Ok((state, Some(live.clone())));
        }
        let (found, contested) = contest.judge(part, found);
        if found.is_empty() {
            let state =
                if contested.is_empty() { PartState::InSync } else { PartState::Contested(contested) };
            return Ok((state, Some(live.clone())));
        }
        contested.iter().for_each(|difference| leave_out(&mut desired.0, &difference.path));
        if part == Part::Deployment && desired.0["spec"].get("replicas").is_none() {
            self.hand_over(at, live, place).await?;
        }
        if part == Part::Service {
            self.make_room(at, &desired, live, place).await?;
        }
        // An object that is gone is not made by this (409), nor is another of its name changed (422).
        desired.0["metadata"]["uid"] = live["metadata"]["uid"].clone();
        place.writes += 1;
        let changed = write::apply(self.c, at, &desired.0, MANAGER, Conflicts::Force, Meant::Earnest).await?;
        contest.wrote(part, &found);
        let state =
            if contested.is_empty() { PartState::Changed(found) } else { PartState::Contested(contested) };
        Ok((state, Some(changed)))
    }

    /// Takes away the ports that stand in the way of desired ones: somebody has given a port another number, and an apply
    /// would put the old one beside it, of the same name, which the server refuses.
    async fn make_room(
        self,
        at: &Address,
        desired: &Desired,
        live: &Value,
        place: &mut Place,
    ) -> Result<(), Fault> {
        let Some(ports) = without_rivals(&desired.0, live) else { return Ok(()) };
        let patch = json!({
            "metadata": {"resourceVersion": live["metadata"]["resourceVersion"]}, "spec": {"ports": ports},
        });
        place.writes += 1;
        write::merge(self.c, at, "", &patch, MANAGER).await.map(drop)
    }

    /// Gives the number of replicas to a second manager before egret stops naming one: dropped by its only owner it
    /// would be 1 (R6). Done from what is there, so a pass that dies in between is taken up by the next.
    async fn hand_over(self, at: &Address, live: &Value, place: &mut Place) -> Result<(), Fault> {
        if !fields::applies(live, MANAGER, &FieldPath::of_fields("spec.replicas")) {
            return Ok(());
        }
        let metadata = &live["metadata"];
        let body = json!({
            "apiVersion": Part::Deployment.api_version(),
            "kind": Part::Deployment.to_string(),
            "metadata": {
                "name": at.name, "namespace": at.namespace, "uid": metadata["uid"],
                // Whoever scales between our reading and this must not be undone.
                "resourceVersion": metadata["resourceVersion"],
            },
            "spec": {"replicas": live["spec"]["replicas"]},
        });
        place.writes += 1;
        write::apply(self.c, at, &body, REPLICAS_MANAGER, Conflicts::Force, Meant::Earnest).await.map(drop)
    }
}

/// The live ports of a Service without those that have the name or the node port of a desired one and are not it;
/// `None`: there are no such ports, or no others: a Service must have one.
fn without_rivals(desired: &Value, live: &Value) -> Option<Vec<Value>> {
    let is_same = |a: &Value, b: &Value| ["port", "protocol"].iter().all(|key| a[key] == b[key]);
    let clashes =
        |a: &Value, b: &Value| ["name", "nodePort"].iter().any(|key| !a[key].is_null() && a[key] == b[key]);
    let wanted = desired["spec"]["ports"].as_array()?;
    let ports = live["spec"]["ports"].as_array()?;
    let is_rival =
        |port: &Value| !wanted.iter().any(|w| is_same(w, port)) && wanted.iter().any(|w| clashes(w, port));
    let kept: Vec<Value> = ports.iter().filter(|port| !is_rival(port)).cloned().collect();
    (kept.len() < ports.len() && !kept.is_empty()).then_some(kept)
}

/// How a part is, and what is there.
type Done = Result<(PartState, Option<Value>), Fault>;

fn leftover(c: &Connection, at: &Address) -> Fault {
    let summary = format!(
        "{}: {} {}/{} is still there from a gateway of this name that was deleted",
        c.cluster, at.kind, at.namespace, at.name
    );
    Fault::new(Reason::Conflict, summary, "Garbage collection takes it away; egret tries again.")
}

/// A conflict of a first apply: the name was taken meanwhile.
fn taken(c: &Connection, at: &Address, fault: Fault) -> Fault {
    if fault.reason != Reason::Conflict {
        return fault;
    }
    let summary =
        format!("{}: somebody else has just made {} {}/{}", c.cluster, at.kind, at.namespace, at.name);
    Fault::new(Reason::Conflict, summary, "egret looks at it again.")
}

/// Takes away all objects of a gateway in a cluster it has left, where labels name them. Returns how many were there.
///
/// # Errors
/// When the server refuses or does not answer: then it is tried again, and the record of the cluster stays.
pub async fn clean(
    c: &Connection,
    namespace: &str,
    home: &str,
    uid: &str,
    place: &mut Place,
) -> Result<usize, Fault> {
    use crate::materialize::names::{GATEWAY_UID, HOME_UID};
    use strum::IntoEnumIterator as _;
    let selector = format!("{HOME_UID}={home},{GATEWAY_UID}={uid}");
    let owner = Owner::Abroad { home: home.to_owned(), uid: uid.to_owned() };
    let mut found = 0;
    for part in Part::iter() {
        let all = fetch::collection(part, namespace);
        for object in write::list(c, &all, &selector).await? {
            let metadata = &object["metadata"];
            if standing(&object, &owner, "") != Standing::Ours {
                continue;
            }
            found += 1;
            if !metadata["deletionTimestamp"].is_null() {
                continue;
            }
            let at =
                Address { name: metadata["name"].as_str().unwrap_or_default().to_owned(), ..all.clone() };
            place.writes += 1;
            write::delete(c, &at, metadata["uid"].as_str().unwrap_or_default()).await?;
        }
    }
    Ok(found)
}

/// Takes away the objects of a gateway in its home cluster, which it no longer names; the CR stays, so garbage
/// collection will not.
///
/// # Errors
/// When the server refuses or does not answer.
pub async fn leave_home(work: Work<'_>, place: &mut Place) -> Result<(), Fault> {
    let live: Live = fetch::live(work.c, work.namespace(), work.names).await?;
    if let Some(home) = work.home.filter(|_| live.values().any(|live| work.standing(live) == Standing::Ours))
    {
        home.confirm(work.gateway).await?;
    }
    for (part, object) in live {
        let at = fetch::address(part, work.namespace(), work.names);
        let name = at.name.clone();
        if let (PartState::Removed, object) = work.remove(&at, &object, place).await? {
            place.parts.push(PartReport { part, name, state: PartState::Removed, live: object });
        }
    }
    Ok(())
}
