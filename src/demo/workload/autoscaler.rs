//! HorizontalPodAutoscalers: replicas by how busy pods are, as far as that is measured.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Work, events, number, pods, set_condition};
use crate::demo::state::State;
use crate::demo::state::write::time;
use crate::demo::store::{Key, Object};

const AUTOSCALERS: &str = "horizontalpodautoscalers.autoscaling";
const WRITER: &str = "kube-controller-manager";
const SOURCE: &str = "horizontal-pod-autoscaler";

/// How often metrics are looked at.
const EVERY: Duration = Duration::from_secs(15);

/// How long after the last time that more was wanted fewer replicas are kept.
const STABLE: Duration = Duration::from_secs(300);

/// Puts the next look on the agenda, while there is an autoscaler.
pub(super) fn plan(state: &mut State) {
    if !state.workload.asleep
        && !state.workload.autoscaling
        && state.store.list(AUTOSCALERS, None).next().is_some()
    {
        state.workload.autoscaling = true;
        state.after(EVERY, Work::Autoscale);
    }
}

/// Looks at all autoscalers. Where nothing is measured and all is said, nothing is planned: nothing would change.
pub(super) fn all(state: &mut State) {
    let keys: Vec<Key> = state.store.list(AUTOSCALERS, None).map(|(k, _)| k.clone()).collect();
    let before = state.store.revision();
    for key in keys {
        sync(state, &key);
    }
    if state.workload.metrics || state.store.revision() != before {
        plan(state);
    }
}

/// Usage of a resource, in percent of what is requested, and per pod in the resource's own unit.
struct Usage {
    percent: i64,
    each: String,
}

fn sync(state: &mut State, key: &Key) {
    let Some(autoscaler) = state.store.get(key).cloned() else { return };
    let target = &autoscaler["spec"]["scaleTargetRef"];
    let name = target["name"].as_str().unwrap_or_default();
    let deployment = Key::new("deployments.apps", &key.namespace, name);
    let now = state.now;
    let Some(object) = state.store.get(&deployment).cloned() else {
        let kind = target["kind"].as_str().unwrap_or_default();
        let message = format!(
            "the HPA controller was unable to get the target's current scale: {}.apps \"{name}\" not found",
            format!("{kind}s").to_lowercase()
        );
        let _ = state.change_status(key, WRITER, |a| {
            set_condition(&mut a["status"], "AbleToScale", "False", "FailedGetScale", &message, now, false);
        });
        let said = message.split(": ").nth(1).unwrap_or_default().to_owned();
        return events::write(state, &autoscaler, SOURCE, "Warning", "FailedGetScale", &said);
    };
    let current = number(&object, "/spec/replicas");
    let (least, most) =
        (autoscaler["spec"]["minReplicas"].as_i64().unwrap_or(1), number(&autoscaler, "/spec/maxReplicas"));
    if current == 0 {
        let message = "scaling is disabled since the replica count of the target is zero";
        let _ = state.change_status(key, WRITER, |a| {
            able(&mut a["status"], now);
            set_condition(&mut a["status"], "ScalingActive", "False", "ScalingDisabled", message, now, false);
            a["status"]["currentReplicas"] = 0.into();
        });
        return;
    }
    let bounds = [
        (current > most, most, "above Spec.MaxReplicas"),
        (current < least, least, "below Spec.MinReplicas"),
    ];
    if let Some((_, bound, how)) = bounds.into_iter().find(|(is_outside, ..)| *is_outside) {
        return enforce(state, key, &autoscaler, &deployment, (current, bound), how);
    }
    let metrics = autoscaler["spec"]["metrics"].as_array().cloned().unwrap_or_default();
    if !state.workload.metrics {
        return unmeasured(state, key, &autoscaler, &metrics, current);
    }
    let measured: Vec<(Value, i64, Usage)> = metrics
        .iter()
        .filter_map(|m| Some((m.clone(), wanted(m, state, &object)?, usage(m, state, &object)?)))
        .collect();
    let desired =
        measured.iter().map(|(_, wanted, _)| (current * wanted + 99) / 100).max().unwrap_or(current);
    decide(state, key, &autoscaler, &object, Numbers { current, desired, least, most }, &measured);
}

fn able(status: &mut Value, now: jiff::Timestamp) {
    let message = "the HPA controller was able to get the target's current scale";
    set_condition(status, "AbleToScale", "True", "SucceededGetScale", message, now, false);
}

/// Outside its bounds nothing is measured: the bound is what is wanted.
fn enforce(
    state: &mut State,
    key: &Key,
    autoscaler: &Object,
    deployment: &Key,
    (current, bound): (i64, i64),
    how: &str,
) {
    let now = state.now;
    let _ = state.change(deployment, WRITER, |d| d["spec"]["replicas"] = bound.into());
    let said = format!("New size: {bound}; reason: Current number of replicas {how}");
    events::write(state, autoscaler, SOURCE, "Normal", "SuccessfulRescale", &said);
    let _ = state.change_status(key, WRITER, |a| {
        let status = &mut a["status"];
        status["currentReplicas"] = current.into();
        status["desiredReplicas"] = bound.into();
        status["lastScaleTime"] = time(now).into();
        let message = format!("the HPA controller was able to update the target scale to {bound}");
        set_condition(status, "AbleToScale", "True", "SucceededRescale", &message, now, false);
    });
}

/// Nobody measures.
fn unmeasured(state: &mut State, key: &Key, autoscaler: &Object, metrics: &[Value], current: i64) {
    let resource = metrics.first().and_then(|m| m["resource"]["name"].as_str()).unwrap_or("cpu");
    let why = format!(
        "failed to get {resource} utilization: unable to get metrics for resource {resource}: unable to fetch metrics from \
         resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
    );
    let now = state.now;
    let message = format!("the HPA was unable to compute the replica count: {why}");
    let blank = vec![json!({"type": ""}); metrics.len()];
    let _ = state.change_status(key, WRITER, |a| {
        let status = &mut a["status"];
        status["currentReplicas"] = current.into();
        status["desiredReplicas"] = status["desiredReplicas"].as_i64().unwrap_or_default().into();
        if !blank.is_empty() {
            status["currentMetrics"] = blank.into();
        }
        able(status, now);
        set_condition(status, "ScalingActive", "False", "FailedGetResourceMetric", &message, now, false);
    });
    events::write(state, autoscaler, SOURCE, "Warning", "FailedGetResourceMetric", &why);
    let count = metrics.len();
    let all = format!(
        "invalid metrics ({count} invalid out of {count}), first error is: failed to get {resource} resource metric value: {why}"
    );
    events::write(state, autoscaler, SOURCE, "Warning", "FailedComputeMetricsReplicas", &all);
}

/// The load of a Deployment's pods: thousandths of their requests, less when there are more of them.
fn load(state: &State, deployment: &Value) -> i64 {
    let text = |field: &str| deployment["metadata"][field].as_str().unwrap_or_default().to_owned();
    let total = state.workload.load.get(&(text("namespace"), text("name"))).copied().map_or(400, i64::from);
    // What is set is the load of all pods together, as it would be on one.
    total / number(deployment, "/status/readyReplicas").max(1)
}

/// CPU that each pod of a Deployment uses in the mean, in thousandths of a processor: what its autoscaler goes by.
pub(in crate::demo) fn processor(state: &State, deployment: &Value) -> i64 {
    let requests = &deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"];
    super::scheduler::amount(requests, true).max(1).saturating_mul(load(state, deployment)) / 1000
}

fn usage(metric: &Value, state: &State, deployment: &Value) -> Option<Usage> {
    let name = metric["resource"]["name"].as_str()?;
    let milli = name == "cpu";
    let requests = &deployment["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"][name];
    let request = super::scheduler::amount(requests, milli).max(1);
    let load = load(state, deployment);
    let load = if milli { load } else { 300 + load / 4 };
    let used = request.saturating_mul(load) / 1000;
    let each = if milli { format!("{used}m") } else { format!("{}Mi", used >> 20) };
    Some(Usage { percent: load / 10, each })
}

/// Wanted replicas in percent of the current ones.
fn wanted(metric: &Value, state: &State, deployment: &Value) -> Option<i64> {
    let target = metric["resource"]["target"]["averageUtilization"].as_i64().filter(|t| *t > 0)?;
    let ratio = usage(metric, state, deployment)?.percent * 100 / target;
    // Within a tenth nothing is done.
    Some(if (90..=110).contains(&ratio) { 100 } else { ratio })
}

#[derive(Clone, Copy)]
struct Numbers {
    current: i64,
    desired: i64,
    least: i64,
    most: i64,
}

fn decide(
    state: &mut State,
    key: &Key,
    autoscaler: &Object,
    deployment: &Object,
    n: Numbers,
    measured: &[(Value, i64, Usage)],
) {
    let now = state.now;
    let mut desired = n.desired.clamp(n.least, n.most);
    let limited = match n.desired {
        d if d > n.most => {
            Some(("TooManyReplicas", "the desired replica count is more than the maximum replica count"))
        }
        d if d < n.least => {
            Some(("TooFewReplicas", "the desired replica count is less than the minimum replica count"))
        }
        _ => None,
    };
    let name = key.clone();
    if desired >= n.current {
        state.workload.wanted_more.insert(name, now);
    } else if state.workload.wanted_more.get(&name).is_some_and(|at| {
        now.duration_since(*at) < jiff::SignedDuration::try_from(STABLE).unwrap_or_default()
    }) {
        desired = n.current;
    }
    if desired != n.current {
        let target = Key::new(
            "deployments.apps",
            &key.namespace,
            deployment["metadata"]["name"].as_str().unwrap_or_default(),
        );
        let _ = state.change(&target, WRITER, |d| d["spec"]["replicas"] = desired.into());
        let resource = measured.first().and_then(|(m, _, _)| m["resource"]["name"].as_str()).unwrap_or("cpu");
        let why = if desired > n.current {
            format!("{resource} resource utilization (percentage of request) above target")
        } else {
            "All metrics below target".to_owned()
        };
        let said = format!("New size: {desired}; reason: {why}");
        events::write(state, autoscaler, SOURCE, "Normal", "SuccessfulRescale", &said);
    }
    let shown: Vec<Value> = measured
        .iter()
        .map(|(m, _, usage)| {
            json!({"type": "Resource", "resource": {"name": m["resource"]["name"],
                "current": {"averageUtilization": usage.percent, "averageValue": usage.each}}})
        })
        .collect();
    let ready = pods::condition(deployment, "Available").is_some();
    let _ = state.change_status(key, WRITER, |a| {
        let status = &mut a["status"];
        status["currentReplicas"] = n.current.into();
        status["desiredReplicas"] = desired.into();
        status["currentMetrics"] = shown.into();
        if desired != n.current {
            status["lastScaleTime"] = time(now).into();
        }
        let recommended = "recommended size matches current size";
        set_condition(status, "AbleToScale", "True", "ReadyForNewScale", recommended, now, false);
        if ready {
            let what = "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)";
            set_condition(status, "ScalingActive", "True", "ValidMetricFound", what, now, false);
        }
        match limited {
            Some((reason, message)) => set_condition(status, "ScalingLimited", "True", reason, message, now, false),
            None => {
                let message = "the desired count is within the acceptable range";
                set_condition(status, "ScalingLimited", "False", "DesiredWithinRange", message, now, false);
            }
        }
    });
}
