//! Health of a gateway: derived, never believed (R7, R20), and always with its reason in words.

mod rules;
mod words;

use super::gateway::GatewayRow;
use super::snapshot::Snapshot;

/// What a gateway does, and why egret thinks so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// The state.
    pub state: HealthState,
    /// Why, in words that stand after the state: `2 of 3 ready`, `CrashLoopBackOff in istio-proxy of …`.
    pub reason: String,
}

/// The states of a gateway, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::Display, strum::EnumIter)]
pub enum HealthState {
    /// All wanted replicas of the current generation are ready and an address is known.
    Running,
    /// On its way: a rollout, a load balancer that is still pending.
    Progressing,
    /// Nothing runs yet, and something outside must change or arrive: scheduling, images, the injector.
    Pending,
    /// Being deleted.
    Deleting,
    /// Cannot be told: a part is denied, or its cluster is not open.
    Unknown,
    /// Serves with fewer replicas than wanted, because some fail.
    Degraded,
    /// Does not serve, or its keeper reports an error.
    Error,
}

impl HealthState {
    /// This state with its reason.
    pub fn because(self, reason: impl Into<String>) -> Health {
        Health { state: self, reason: reason.into() }
    }
}

/// The health of a joined gateway, all of whose parts are in `plane`: its data-plane cluster.
///
/// What cannot be read is [`HealthState::Unknown`] and said, never taken for zero.
pub fn derive(row: &GatewayRow, plane: &Snapshot) -> Health {
    let judge = rules::Judge::new(row, plane);
    let answer = rules::RULES.iter().find_map(|rule| rule(&judge));
    answer.unwrap_or_else(|| judge.running())
}

/// The health of a gateway whose pods are in clusters that are not open (R18).
pub(crate) fn not_open(clusters: &[String]) -> Health {
    let (noun, verb) = if clusters.len() == 1 { ("cluster", "is") } else { ("clusters", "are") };
    HealthState::Unknown.because(format!("pods unknown: {noun} {} {verb} not open", clusters.join(", ")))
}

/// The health of a CR whose name leads to the same objects as another's (R1).
pub(crate) fn rival(row: &GatewayRow, other: &str) -> Health {
    HealthState::Error.because(format!(
        "IstioGateway {other} already has the Deployment that {} would have: one of them needs another name",
        row.id.name
    ))
}

/// What the CR and the API object alone tell, for a gateway whose pods cannot be known.
pub(crate) fn without_pods(row: &GatewayRow, unknown: Health) -> Health {
    rules::told_by_objects(row).unwrap_or(unknown)
}

#[cfg(test)]
mod tests;
