//! What kubectl prints of a pod under READY, STATUS and RESTARTS, and the first trouble worth telling.
//!
//! STATUS follows the server's own printer (kubernetes `pkg/printers/internalversion`, `printPod`), step by step:
//! the tests compare it with the Table answer of a real API server.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;

use super::pod::{ContainerStatus, Pod};
use super::text::{Or, Text};
use crate::model::row::Trouble;

/// `state` and `lastState` of a container.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct State<'a> {
    #[serde(borrow)]
    waiting: Option<Waiting<'a>>,
    running: Option<serde::de::IgnoredAny>,
    #[serde(borrow)]
    pub(super) terminated: Option<Terminated<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Waiting<'a> {
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Terminated<'a> {
    exit_code: Or<i64>,
    signal: Or<i64>,
    #[serde(borrow)]
    reason: Text<'a>,
    #[serde(borrow)]
    message: Text<'a>,
    pub(super) finished_at: Option<Timestamp>,
}

impl Terminated<'_> {
    /// `OOMKilled`, `Signal:9` or `ExitCode:1`.
    fn word(&self) -> String {
        match (&*self.reason, self.signal.0) {
            ("", 0) => format!("ExitCode:{}", self.exit_code.0),
            ("", signal) => format!("Signal:{signal}"),
            (reason, _) => reason.to_owned(),
        }
    }

    /// `exit 137 OOMKilled: message`: how it ended, for a person.
    fn sentence(&self) -> String {
        let mut said = match self.signal.0 {
            0 => format!("exit {}", self.exit_code.0),
            signal => format!("signal {signal}"),
        };
        // `Error` says no more than the exit code did.
        if !matches!(&*self.reason, "" | "Error") {
            said.push(' ');
            said.push_str(&self.reason);
        }
        if !self.message.is_empty() {
            said.push_str(": ");
            said.push_str(self.message.trim());
        }
        said
    }
}

/// Three columns of `kubectl get pods`.
pub(super) struct Look {
    pub(super) status: Box<str>,
    pub(super) ready: (u16, u16),
    pub(super) restarts: u32,
    pub(super) last_restart: Option<Timestamp>,
}

/// Restarts so far, and the last of them.
#[derive(Clone, Copy, Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &ContainerStatus<'_>) {
        self.count += container.restart_count.0;
        self.last = self.last.max(container.last_end());
    }
}

/// READY, STATUS and RESTARTS.
pub(super) fn look(pod: &Pod<'_>) -> Look {
    let status = &pod.status;
    let sidecars = pod.spec.init_containers.iter().filter(|container| container.restartable());
    let total = pod.spec.containers.len() + sidecars.count();
    let mut ready = 0;

    let mut word: Cow<'_, str> =
        Cow::Borrowed(if status.reason.is_empty() { &status.phase } else { &status.reason });
    if status.condition("PodScheduled").is_some_and(|scheduled| &*scheduled.reason == "SchedulingGated") {
        word = Cow::Borrowed("SchedulingGated");
    }

    let (mut of_init, mut of_sidecars) = (Restarts::default(), Restarts::default());
    let mut initializing = false;
    for (at, container) in status.init_container_statuses.iter().enumerate() {
        let sidecar = is_sidecar(pod, &container.name);
        of_init.add(container);
        if sidecar {
            of_sidecars.add(container);
        }
        if container.state.terminated.as_ref().is_some_and(|ended| ended.exit_code.0 == 0) {
            continue;
        }
        if sidecar && container.started.0 {
            ready += u16::from(container.ready.0);
            continue;
        }
        word = Cow::Owned(match &*container.state {
            State { terminated: Some(ended), .. } => format!("Init:{}", ended.word()),
            State { waiting: Some(waiting), .. } if !matches!(&*waiting.reason, "" | "PodInitializing") => {
                format!("Init:{}", &*waiting.reason)
            }
            _ => format!("Init:{at}/{}", pod.spec.init_containers.len()),
        });
        initializing = true;
        break;
    }

    let mut restarts = of_init;
    if !initializing || status.is_true("Initialized") {
        restarts = of_sidecars;
        let mut runs = false;
        // From the last to the first: the first container's word is the one that stays.
        for container in status.container_statuses.iter().rev() {
            restarts.add(container);
            match &*container.state {
                State { waiting: Some(waiting), .. } if !waiting.reason.is_empty() => {
                    word = Cow::Borrowed(&waiting.reason);
                }
                State { terminated: Some(ended), .. } => word = Cow::Owned(ended.word()),
                State { running: Some(_), .. } if container.ready.0 => {
                    runs = true;
                    ready += 1;
                }
                _ => {}
            }
        }
        if word == "Completed" && runs {
            word = Cow::Borrowed(if status.is_true("Ready") { "Running" } else { "NotReady" });
        }
    }

    if pod.deleting() {
        if &*status.reason == "NodeLost" {
            word = Cow::Borrowed("Unknown");
        } else if !matches!(&*status.phase, "Succeeded" | "Failed") {
            word = Cow::Borrowed("Terminating");
        }
    }
    Look {
        status: word.into(),
        ready: (ready, u16::try_from(total).unwrap_or(u16::MAX)),
        restarts: u32::try_from(restarts.count).unwrap_or(0),
        last_restart: restarts.last,
    }
}

fn is_sidecar(pod: &Pod<'_>, name: &str) -> bool {
    pod.spec.init_containers.iter().any(|container| &*container.name == name && container.restartable())
}

/// Reasons to wait that every healthy pod passes through.
const ON_ITS_WAY: [&str; 3] = ["", "PodInitializing", "ContainerCreating"];

/// The first cause worth telling: of the pod, of scheduling, of a container in their order, of readiness.
pub(super) fn trouble(pod: &Pod<'_>) -> Option<Trouble> {
    let status = &pod.status;
    if !status.reason.is_empty() {
        return Some(told("", &status.reason, &status.message));
    }
    // What ends is not in trouble because its containers end, and what has completed is done.
    if pod.deleting() || &*status.phase == "Succeeded" {
        return None;
    }
    let refused = |condition: &&super::RawCondition<'_>| &*condition.status != "True";
    if let Some(unscheduled) = status.condition("PodScheduled").filter(refused) {
        return Some(told("", &unscheduled.reason, &unscheduled.message));
    }
    let of_init =
        status.init_container_statuses.iter().find_map(|container| container_trouble(container, true));
    let of_any =
        || status.container_statuses.iter().find_map(|container| container_trouble(container, false));
    of_init.or_else(of_any).or_else(|| unready(pod))
}

fn container_trouble(container: &ContainerStatus<'_>, init: bool) -> Option<Trouble> {
    if let Some(waiting) = container.state.waiting.as_ref() {
        if ON_ITS_WAY.contains(&&*waiting.reason) {
            return None;
        }
        // Of a crash loop the exit is what helps, not how long the kubelet waits.
        let ended = container.last_state.terminated.as_ref();
        let message = match ended.filter(|_| &*waiting.reason == "CrashLoopBackOff") {
            Some(ended) => ended.sentence(),
            None => waiting.message.to_string(),
        };
        return Some(told(&container.name, &waiting.reason, &message));
    }
    let ended = container.state.terminated.as_ref()?;
    if init && ended.exit_code.0 == 0 {
        return None;
    }
    Some(told(&container.name, &ended.word(), &ended.sentence()))
}

/// A pod whose containers run and that is not ready all the same: probes, readiness gates.
fn unready(pod: &Pod<'_>) -> Option<Trouble> {
    let status = &pod.status;
    let ready = status.condition("Ready").filter(|ready| &*ready.status != "True")?;
    let runs = |container: &&ContainerStatus<'_>| container.state.running.is_some();
    let all = status.init_container_statuses.iter().chain(status.container_statuses.iter());
    let waits = all.filter(runs).find(|container| !container.ready.0 && !is_init_only(pod, &container.name));
    match waits {
        Some(container) => Some(told(&container.name, &ready.reason, &ready.message)),
        None if status.container_statuses.iter().all(|container| container.ready.0)
            && !status.container_statuses.is_empty() =>
        {
            Some(told("", &ready.reason, &ready.message))
        }
        None => None,
    }
}

fn is_init_only(pod: &Pod<'_>, name: &str) -> bool {
    pod.spec.init_containers.iter().any(|container| &*container.name == name && !container.restartable())
}

fn told(container: &str, reason: &str, message: &str) -> Trouble {
    Trouble { container: container.into(), reason: reason.into(), message: message.trim().into() }
}
