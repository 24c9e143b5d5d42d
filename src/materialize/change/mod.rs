//! What a person's change of an object would do, as far as it can be told beforehand: who keeps the object (R22), what
//! becomes of pods, addresses and replicas, and which servers it would break (R13).
//!
//! Pure: `changing` reads what is needed and asks the server; the screens and the verbs show what comes of it.

/// The annotation of a pod template that a restart changes, as `kubectl rollout restart` does.
pub const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

mod checked;
mod gateway;
mod kept;
mod plain;
mod rollout;

pub use checked::{Checked, Made, Note, Refusal};
pub use gateway::{Place, of_gateway, pod_labels};
pub use kept::{Kept, keeper};
pub use plain::of_object;
pub use rollout::rolling;
