//! How many pods, how they are replaced, and what each may use.

use super::{Found, words};
use crate::model::amount::Amount;
use crate::model::istio_gateway::{GatewayConfiguration, IstioGateway};
use crate::model::quantity::{PodAmount, Quantity, ResourceRequirements};

/// Most pods of a gateway: a mistyped number should not reach a cluster.
const MOST_PODS: u32 = 10_000;

pub(super) fn check(gateway: &IstioGateway, c: &GatewayConfiguration, found: &mut Found) {
    found.range("replicaCount", c.replica_count, 0, MOST_PODS);
    found.range("minReplicas", c.min_replicas, 1, MOST_PODS);
    found.range("maxReplicas", c.max_replicas, 1, MOST_PODS);
    autoscaling(gateway, c, found);
    rolling(c, found);
    if let Some(resources) = &c.resources {
        self::resources("resources", resources, found);
    }
}

fn autoscaling(gateway: &IstioGateway, c: &GatewayConfiguration, found: &mut Found) {
    for (resource, target) in [("cpu", &c.cpu), ("memory", &c.memory)] {
        let path = format!("{resource}.targetAverageUtilization");
        let percent = target.as_ref().and_then(|t| t.target_average_utilization);
        found.range(&path, percent, 1, 100);
        let asks = percent.is_some() || (resource == "cpu" && c.memory.is_none());
        let named = |r: &ResourceRequirements| r.request(resource).or_else(|| r.limit(resource)).is_some();
        // A gateway that says nothing of resources has egret's own, which name both.
        if c.autoscales() && asks && !c.resources.as_ref().is_none_or(named) {
            found.error(
                &path,
                format!("a percentage of {resource} needs a request or limit that it is a percentage of"),
                format!(
                    "resources.requests.{resource}: {}",
                    if resource == "cpu" { "200m" } else { "256Mi" }
                ),
            );
        }
    }
    if let (Some(least), Some(most)) = (c.min_replicas, c.max_replicas)
        && least > most
    {
        found.error("minReplicas", format!("{least} is more than maxReplicas, {most}"), format!("{most}"));
    }
    if !c.autoscales() {
        return;
    }
    if c.max_replicas.is_none() {
        found.error("maxReplicas", "autoscaling needs the most pods there may be", "maxReplicas: 5");
    }
    if !gateway.replicas_managed() {
        found.note(
            "autoscaleEnabled",
            "the annotation replicas-managed-by-asm leaves the replicas to somebody else, and this makes an autoscaler",
            "one of the two",
        );
    }
}

fn rolling(c: &GatewayConfiguration, found: &mut Found) {
    let fields =
        [("rollingMaxSurge", &c.rolling_max_surge), ("rollingMaxUnavailable", &c.rolling_max_unavailable)];
    let amounts = fields.map(|(path, text)| {
        let text = text.as_deref()?;
        let amount = PodAmount::parse(text);
        match amount {
            None => found.error(
                path,
                format!("{text:?} is neither a number nor a percentage"),
                "\"1\" or \"25%\"",
            ),
            Some(PodAmount::Percent(101..)) if path == "rollingMaxUnavailable" => {
                found.error(path, format!("{text} of all pods are more than there are"), "\"25%\"");
            }
            Some(_) => {}
        }
        amount
    });
    if let [Some(surge), Some(unavailable)] = amounts
        && surge.is_zero()
        && unavailable.is_zero()
    {
        let why = "this and rollingMaxSurge are both zero: no pod could ever be replaced";
        found.error("rollingMaxUnavailable", why, "rollingMaxSurge: \"25%\"");
    }
}

fn resources(path: &str, resources: &ResourceRequirements, found: &mut Found) {
    let mut read = |kind: &str, name: &str, quantity: &Quantity| -> Option<Amount> {
        let path = format!("{path}.{kind}.{name}");
        let known = ["cpu", "memory", "ephemeral-storage"].contains(&name)
            || name.starts_with("hugepages-")
            || (name.contains('/') && words::is_qualified(name));
        if !known {
            found.error(&path, format!("{name:?} is no resource of a container"), "cpu, memory");
        }
        match quantity.to_string().parse::<Amount>() {
            Err(why) => {
                found.error(&path, why.to_string(), "500m, 2, 256Mi");
                None
            }
            Ok(amount) if amount.is_negative() => {
                found.error(&path, format!("{quantity} is less than nothing"), "0");
                None
            }
            Ok(amount) => Some(amount),
        }
    };
    let limits: Vec<_> = resources.limits.iter().flatten().map(|(n, q)| (n, read("limits", n, q))).collect();
    let requests: Vec<_> =
        resources.requests.iter().flatten().map(|(n, q)| (n, read("requests", n, q))).collect();
    for (name, request) in requests {
        let limit = limits.iter().find(|(n, _)| *n == name).and_then(|(_, limit)| limit.as_ref());
        if let (Some(request), Some(limit)) = (request, limit)
            && request > *limit
        {
            let why = format!("a request of {request} is more than the limit of {limit}");
            found.error(&format!("{path}.requests.{name}"), why, limit.to_string());
        }
    }
}
