//! The rules of health, in the order in which they speak: the first that has something to say decides.

use std::collections::BTreeMap;

use super::words::{count, first_sentence, named, scheduling, trouble};
use super::{Health, HealthState};
use crate::model::gateway::{GatewayRow, Origin, is_auto};
use crate::model::istio_gateway::ConfigState;
use crate::model::istio_gateway::names;
use crate::model::name::Kind;
use crate::model::row::{Condition, PodRow, RowMeta, Trouble, WorkloadRow};
use crate::model::snapshot::{KindState, Snapshot};

use HealthState::{Degraded, Deleting, Error, Pending, Progressing, Unknown};

type Rule = fn(&Judge<'_>) -> Option<Health>;

pub(super) const RULES: &[Rule] = &[
    |judge| told_by_objects(judge.row),
    |judge| judge.unread(),
    |judge| judge.missing(),
    |judge| judge.not_injected(),
    |judge| judge.not_made(),
    |judge| judge.scaled_to_zero(),
    |judge| judge.failing(),
    |judge| judge.stopped(),
    |judge| judge.rolling(),
    |judge| judge.not_ready(),
    |judge| judge.no_address(),
    |judge| judge.no_endpoint(),
    |judge| judge.not_programmed(),
];

/// Why pods do not start that are waiting for the world, not failing by themselves.
const WAITING: [&str; 7] = [
    "Unschedulable",
    "SchedulingGated",
    "SchedulerError",
    "ImagePullBackOff",
    "ErrImagePull",
    "CreateContainerConfigError",
    "ErrImageNeverPull",
];
/// Troubles of every pod that starts: not ready yet is no failure.
const STARTING: [&str; 3] = ["ContainersNotReady", "ReadinessGatesNotReady", "PodCompleted"];

/// A gateway, its workload and its pods as the rules look at them.
pub(super) struct Judge<'a> {
    row: &'a GatewayRow,
    plane: &'a Snapshot,
    /// Pods that neither end nor have ended.
    live: Vec<&'a PodRow>,
}

fn condition<'c>(all: &'c [Condition], kind: &str, status: &str) -> Option<&'c Condition> {
    all.iter().find(|condition| &*condition.kind == kind && &*condition.status == status)
}

/// What the CR, the Gateway API object or a deletion says, whatever the pods do.
pub(super) fn told_by_objects(row: &GatewayRow) -> Option<Health> {
    deleting(row).or_else(|| reported(row)).or_else(|| not_accepted(row))
}

fn deleting(row: &GatewayRow) -> Option<Health> {
    let objects: [Option<(&RowMeta, &str)>; 3] = [
        row.cr.as_deref().map(|cr| (&cr.meta, "IstioGateway")),
        row.api.as_deref().map(|api| (&api.meta, "Gateway")),
        row.workload.as_deref().map(|workload| (&workload.meta, "workload")),
    ];
    let (meta, _) = objects.into_iter().flatten().find(|(meta, _)| meta.deleting.is_some())?;
    let waits: Vec<&str> = meta.finalizers.iter().map(|name| &**name).collect();
    Some(Deleting.because(match (waits.as_slice(), row.pods.len()) {
        (["foregroundDeletion"], pods) if pods > 0 => format!("waiting for {} to end", count(pods, "pod")),
        (["foregroundDeletion"], _) => "waiting for its parts to go".to_owned(),
        ([], 0) => "its last parts are going".to_owned(),
        ([], pods) => format!("waiting for {} to end", count(pods, "pod")),
        ([one], _) => format!("waiting for finalizer {one}"),
        (all, _) => format!("waiting for finalizers {}", all.join(", ")),
    }))
}

fn reported(row: &GatewayRow) -> Option<Health> {
    let status = row.cr.as_deref()?.gateway.status.as_ref()?;
    let message = status.error_message.as_deref().unwrap_or_default().trim();
    let says = |kind: &str, is: &str| {
        status.conditions.iter().flatten().any(|condition| condition.type_ == kind && condition.status == is)
    };
    // Its objects are as they should be, and only its pods are not: they tell better what it is.
    if says("Programmed", "True") && says("Ready", "False") {
        return None;
    }
    match (&status.status, message) {
        // What went wrong before it worked is over.
        (Some(ConfigState::Available), _) => None,
        (Some(ConfigState::ReconcileFailed), "") => {
            Some(Error.because("its keeper failed, and does not say why"))
        }
        (_, "") => None,
        (Some(ConfigState::Other(state)), _) if state == "Running" => None,
        (_, message) => Some(Error.because(message)),
    }
}

fn not_accepted(row: &GatewayRow) -> Option<Health> {
    let refused = condition(&row.api.as_deref()?.conditions, "Accepted", "False")?;
    Some(Error.because(format!("not accepted: {}", told(refused))))
}

/// A condition in words: its message, else its reason.
fn told(condition: &Condition) -> &str {
    let message = condition.message.trim();
    if message.is_empty() { &condition.reason } else { message }
}

impl<'a> Judge<'a> {
    pub(super) fn new(row: &'a GatewayRow, plane: &'a Snapshot) -> Self {
        let live =
            |pod: &&PodRow| pod.meta.deleting.is_none() && !matches!(&*pod.phase, "Failed" | "Succeeded");
        Self { row, plane, live: row.pods.iter().map(|pod| &**pod).filter(live).collect() }
    }

    fn workload(&self) -> Option<&'a WorkloadRow> {
        self.row.workload.as_deref()
    }

    /// `2 of 3 ready`.
    fn ready(&self) -> String {
        let (ready, wanted) = self.row.ready.unwrap_or_default();
        format!("{ready} of {wanted} ready")
    }

    fn serves(&self) -> bool {
        self.row.ready.is_some_and(|(ready, _)| ready > 0)
    }

    /// Degraded while something serves, else `none`; the cause first, then how many serve.
    fn worse(&self, none: HealthState, cause: String) -> Health {
        match self.serves() {
            true => Degraded.because(format!("{cause}; {}", self.ready())),
            false => none.because(cause),
        }
    }

    /// A kind that health needs and that cannot be read.
    fn unread(&self) -> Option<Health> {
        let made_by = self.workload().map_or(Kind::Deployment, |workload| workload.kind);
        let needed = [(made_by, "workloads"), (Kind::Pod, "pods"), (Kind::Service, "services")];
        needed.into_iter().find_map(|(kind, noun)| {
            let why = match self.plane.kinds.get(&kind) {
                Some(KindState::Ready) => return None,
                Some(KindState::Denied(_)) => "no right to list".to_owned(),
                Some(KindState::Failed(fault)) => fault.summary.clone(),
                Some(KindState::Absent) => format!("{} does not serve them", self.plane.cluster),
                Some(KindState::Loading) => "still loading".to_owned(),
                None => "not read yet".to_owned(),
            };
            let noun = match kind {
                Kind::Deployment => "deployments",
                Kind::DaemonSet => "daemon sets",
                _ => noun,
            };
            Some(Unknown.because(format!("{noun}: {why}")))
        })
    }

    /// Nothing was made from the CR or the Gateway API object yet.
    fn missing(&self) -> Option<Health> {
        if self.workload().is_some() {
            return None;
        }
        let name = &self.row.id.name;
        Some(Pending.because(match self.row.origin {
            Origin::IstioGateway => {
                let names = self.row.cr.as_ref().map(|cr| cr.gateway.workload_names()).unwrap_or_default();
                let deployment = names.into_iter().next().unwrap_or_else(|| names::generated(name));
                format!("its keeper has not made Deployment {deployment} yet")
            }
            _ => format!("istiod has not made a Deployment for Gateway {name} yet"),
        }))
    }

    /// Pods whose proxy is still the placeholder: no injector touched them (R7).
    fn not_injected(&self) -> Option<Health> {
        let pods: Vec<_> = self.live.iter().copied().filter(|pod| is_auto(&pod.proxy_image)).collect();
        if pods.is_empty() {
            return None;
        }
        let why = self.workload().map_or_else(String::new, |workload| self.why_not_injected(workload));
        let cause = format!("not injected: image auto{why} ({})", named(&pods));
        // A proxy that never was injected serves nothing, whatever its pod says of itself.
        Some(match self.live.iter().any(|pod| pod.is_ready && !is_auto(&pod.proxy_image)) {
            true => Degraded.because(cause),
            false => Error.because(cause),
        })
    }

    fn why_not_injected(&self, workload: &WorkloadRow) -> String {
        let revision = workload.pod_labels.get("istio.io/rev").unwrap_or("default");
        let known = &self.plane.facts.istio;
        if workload.host_network {
            ", pods with hostNetwork are never injected".to_owned()
        } else if !known.is_empty() && !known.iter().any(|istio| &*istio.revision == revision) {
            format!(", revision {revision} not found")
        } else {
            match workload.pod_labels.get("sidecar.istio.io/inject") {
                None => ", the pods lack the label sidecar.istio.io/inject: \"true\"".to_owned(),
                Some("true") => ", no injector answered when they started".to_owned(),
                Some(other) => format!(", the label sidecar.istio.io/inject is {other:?}"),
            }
        }
    }

    /// Pods that the API server refused: quota, admission, an injector that is down.
    fn not_made(&self) -> Option<Health> {
        let workload = self.workload()?;
        let sets = self.row.replica_sets.iter().filter(|set| set.wanted > 0);
        let all = [&workload.conditions].into_iter().chain(sets.map(|set| &set.conditions));
        let refused = all.into_iter().find_map(|all| condition(all, "ReplicaFailure", "True"))?;
        Some(self.worse(Error, format!("pods cannot be made: {}", told(refused))))
    }

    fn scaled_to_zero(&self) -> Option<Health> {
        let workload = self.workload().filter(|workload| workload.wanted == 0)?;
        if workload.kind == Kind::DaemonSet {
            return Some(Pending.because("no node matches its node selector"));
        }
        Some(match self.row.pods.len() {
            0 => Pending.because("scaled to 0 replicas: nothing serves"),
            pods => Pending.because(format!("scaled to 0 replicas: {} still ending", count(pods, "pod"))),
        })
    }

    /// The trouble that most pods have, and those pods; the worse one where two are equally common.
    fn common_trouble(&self) -> Option<(&'a Trouble, Vec<&'a PodRow>)> {
        // Pods that ended stay behind after an eviction: they matter only while their successors do not serve.
        let short = self.row.ready.is_none_or(|(ready, wanted)| ready < wanted);
        let failed = self.row.pods.iter().map(|pod| &**pod).filter(|pod| short && &*pod.phase == "Failed");
        let mut groups: BTreeMap<(bool, &str, &str), (&Trouble, Vec<&PodRow>)> = BTreeMap::new();
        for pod in self.live.iter().copied().chain(failed) {
            let Some(trouble) = pod.trouble.as_ref().filter(|one| !STARTING.contains(&&*one.reason)) else {
                continue;
            };
            let key = (WAITING.contains(&&*trouble.reason), &*trouble.container, &*trouble.reason);
            groups.entry(key).or_insert_with(|| (trouble, Vec::new())).1.push(pod);
        }
        // Of equals the first, and what fails sorts before what waits.
        groups.into_values().rev().max_by_key(|(_, pods)| pods.len())
    }

    fn failing(&self) -> Option<Health> {
        let (common, pods) = self.common_trouble()?;
        let (state, cause) = match &*common.reason {
            "Unschedulable" => (Pending, format!("{} ({})", scheduling(&common.message), named(&pods))),
            "SchedulingGated" => (Pending, format!("scheduling gates hold {}", named(&pods))),
            reason if WAITING.contains(&reason) => (Pending, trouble(common, &pods)),
            _ => (Error, trouble(common, &pods)),
        };
        Some(self.worse(state, cause))
    }

    /// A rollout that took longer than its deadline.
    fn stopped(&self) -> Option<Health> {
        let workload = self.workload()?;
        let late = condition(&workload.conditions, "Progressing", "False")?;
        if &*late.reason != "ProgressDeadlineExceeded" {
            return None;
        }
        let (updated, wanted) = (workload.updated, workload.wanted);
        Some(
            self.worse(
                Error,
                format!("the rollout stopped at its deadline with {updated} of {wanted} updated"),
            ),
        )
    }

    /// Replicas that are not of the current generation yet.
    fn rolling(&self) -> Option<Health> {
        let workload = self.workload()?;
        let (updated, wanted, ready) = (workload.updated, workload.wanted, self.ready());
        if workload.observed_generation < workload.meta.generation {
            return Some(Progressing.because(format!("the last change is not picked up yet, {ready}")));
        }
        if updated < wanted {
            let how = if workload.paused { "paused" } else { "rolling out" };
            return Some(Progressing.because(format!("{how}: {updated} of {wanted} updated, {ready}")));
        }
        None
    }

    fn not_ready(&self) -> Option<Health> {
        let workload = self.workload()?;
        if workload.ready < workload.wanted {
            return Some(self.too_few(workload));
        }
        let old = workload.current.saturating_sub(workload.updated);
        if old > 0 {
            let old = count(old as usize, "old pod");
            return Some(Progressing.because(format!("{}, {old} still to end", self.ready())));
        }
        let available = workload.available;
        (available < workload.wanted)
            .then(|| Progressing.because(format!("{}, {available} of them long enough", self.ready())))
    }

    fn too_few(&self, workload: &WorkloadRow) -> Health {
        let waits: Vec<_> = self.live.iter().copied().filter(|pod| !pod.is_ready).collect();
        let Some(first) = waits.first() else { return Progressing.because(self.ready()) };
        let what = match first.trouble.as_ref() {
            Some(trouble) if !trouble.container.is_empty() => {
                format!("{} of {}", trouble.container, named(&waits))
            }
            _ => named(&waits),
        };
        let reason =
            format!("{}: {what} {} not ready", self.ready(), if waits.len() == 1 { "is" } else { "are" });
        // It was complete before, every pod runs, and none is ready: that is no rollout any more.
        let complete =
            |one: &Condition| &*one.kind == "Progressing" && &*one.reason == "NewReplicaSetAvailable";
        let was_complete = workload.conditions.iter().any(complete);
        let all_run = self.live.len() >= workload.wanted as usize
            && self.live.iter().all(|pod| &*pod.phase == "Running");
        let state = if !self.serves() && was_complete && all_run { Error } else { Progressing };
        state.because(reason)
    }

    fn no_address(&self) -> Option<Health> {
        let on_nodes = self.workload().is_some_and(|workload| workload.host_network);
        let Some(service) = self.row.service.as_deref() else {
            let why = format!("{}, but no Service selects its pods: it has no address", self.ready());
            return (!on_nodes).then(|| Progressing.because(why));
        };
        let name = &service.meta.name;
        match (&*service.service_type, &*service.cluster_ip) {
            ("LoadBalancer", _) if service.external.is_empty() => Some(Progressing.because(format!(
                "{}, but the load balancer of Service {name} has no address yet",
                self.ready()
            ))),
            // A headless Service is reached by its pods' addresses.
            ("ExternalName", _) | (_, "None") => None,
            (_, "") => {
                Some(Progressing.because(format!("{}, but Service {name} has no address yet", self.ready())))
            }
            _ => None,
        }
    }

    /// Pods that serve, and a Service that leads to none of them.
    fn no_endpoint(&self) -> Option<Health> {
        let service = self.row.service.as_deref().filter(|service| !service.selector.is_empty())?;
        if self.plane.kinds.get(&Kind::EndpointSlice) != Some(&KindState::Ready) {
            return None;
        }
        let mut endpoints = self.row.endpoint_slices.iter().flat_map(|slice| &slice.endpoints);
        let none = !endpoints.any(|endpoint| endpoint.ready);
        none.then(|| {
            Progressing.because(format!(
                "{}, but Service {} has no ready endpoint",
                self.ready(),
                service.meta.name
            ))
        })
    }

    /// istiod has not configured a Gateway API object.
    fn not_programmed(&self) -> Option<Health> {
        let refused = condition(&self.row.api.as_deref()?.conditions, "Programmed", "False")?;
        Some(Progressing.because(format!(
            "{}, but not programmed: {}",
            self.ready(),
            first_sentence(told(refused))
        )))
    }

    /// Nothing is wrong.
    pub(super) fn running(&self) -> Health {
        let at_most =
            self.row.autoscaler.as_deref().filter(|hpa| hpa.max > hpa.min && hpa.current >= hpa.max);
        HealthState::Running.because(match at_most {
            Some(hpa) => format!("{}, the most its autoscaler may choose ({})", self.ready(), hpa.max),
            None => self.ready(),
        })
    }
}
