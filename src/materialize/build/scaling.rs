//! How many pods there are, and how few there may be.

use serde_json::{Value, json};

use super::Plan;
use crate::materialize::objects::{Desired, Part};
use crate::model::istio_gateway::HpaTarget;

/// CPU use at which pods are added when the CR names no target, in percent (inferred: that of all ASM's examples).
const USUAL_CPU: u32 = 80;

pub(super) fn autoscaler(plan: &Plan<'_>) -> Option<Desired> {
    let c = plan.configuration;
    if !c.autoscales() {
        return None;
    }
    let target = |target: &Option<HpaTarget>| target.as_ref().and_then(|t| t.target_average_utilization);
    let (cpu, memory) = (target(&c.cpu), target(&c.memory));
    let cpu = cpu.or(memory.is_none().then_some(USUAL_CPU));
    let metrics: Vec<Value> = [("cpu", cpu), ("memory", memory)]
        .into_iter()
        .filter_map(|(resource, percent)| Some(metric(resource, percent?)))
        .collect();
    let name = &plan.site.names.deployment;
    let spec = json!({
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "minReplicas": c.min_replicas.unwrap_or(1),
        "maxReplicas": c.max_replicas,
        "metrics": metrics,
    });
    Some(plan.object(Part::HorizontalPodAutoscaler, name, json!({"spec": spec})))
}

fn metric(resource: &str, percent: u32) -> Value {
    let target = json!({"type": "Utilization", "averageUtilization": percent});
    json!({"type": "Resource", "resource": {"name": resource, "target": target}})
}

/// One pod stays while nodes are drained, where more than one is guaranteed: with a single pod it would hold every
/// drain up.
pub(super) fn disruption_budget(plan: &Plan<'_>) -> Option<Desired> {
    let c = plan.configuration;
    let guaranteed =
        if c.autoscales() { c.min_replicas.unwrap_or(1) } else { plan.replicas().unwrap_or_default() };
    if guaranteed < 2 {
        return None;
    }
    let spec = json!({"minAvailable": 1, "selector": {"matchLabels": plan.site.names.selector()}});
    Some(plan.object(Part::PodDisruptionBudget, &plan.site.names.deployment, json!({"spec": spec})))
}
