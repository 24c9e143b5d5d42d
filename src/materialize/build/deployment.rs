//! The Deployment around the pods.

use serde_json::{Value, json};

use super::{Plan, pod, set};
use crate::materialize::objects::{Desired, Part};
use crate::materialize::validate::Problem;

pub(super) fn deployment(plan: &Plan<'_>) -> Result<Desired, Problem> {
    let configuration = plan.configuration;
    let mut spec = json!({});
    set(&mut spec, "replicas", plan.replicas());
    spec["selector"] = json!({"matchLabels": plan.site.names.selector()});
    let mut rolling = json!({});
    set(&mut rolling, "maxUnavailable", configuration.rolling_max_unavailable.as_deref().map(amount));
    set(&mut rolling, "maxSurge", configuration.rolling_max_surge.as_deref().map(amount));
    if rolling.as_object().is_some_and(|fields| !fields.is_empty()) {
        spec["strategy"] = json!({"type": "RollingUpdate", "rollingUpdate": rolling});
    }
    spec["template"] = pod::template(plan)?;
    Ok(plan.object(Part::Deployment, &plan.site.names.deployment, json!({"spec": spec})))
}

/// `2` is a number of pods and `25%` a share of them; the CR has both as text, and the API server takes `"2"` as no
/// number.
fn amount(text: &str) -> Value {
    text.parse::<u32>().map_or_else(|_| json!(text), |count| json!(count))
}
