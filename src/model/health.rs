//! Health of a gateway: derived, never believed (R7, R20), and always with its reason in words.

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
