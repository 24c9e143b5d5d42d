//! How many pods a gateway has, and who decides it.

use jiff::Timestamp;
use serde_json::Value;

use super::read::{list, number, text, time};
use super::words::{DASH, LOADING, count, fact, joined, moment, one_line};
use super::{conditions, saying};
use crate::model::facts::{Fact, Section};
use crate::model::gateway::GatewayRow;
use crate::model::health::HealthState;
use crate::model::name::Kind;
use crate::model::row::{HpaMetric, HpaRow, PdbRow, Row, WorkloadRow};
use crate::model::table::Tone;

/// Autoscaling of a gateway: what is wanted, what is measured, what holds it back. `hpa` is the whole object.
pub fn gateway_scaling(row: &GatewayRow, hpa: Option<&Value>, now: Timestamp) -> Vec<Section> {
    // The whole object is followed by its own watch, and says at least as much as the row.
    let whole = hpa.and_then(|hpa| HpaRow::parse(&serde_json::to_vec(hpa).ok()?).ok());
    let mut sections = match whole.as_ref().or(row.autoscaler.as_deref()) {
        Some(scaler) => on(row, scaler, hpa, now),
        None => off(row),
    };
    sections.extend(disruptions(row));
    sections
}

fn on(row: &GatewayRow, scaler: &HpaRow, hpa: Option<&Value>, now: Timestamp) -> Vec<Section> {
    let mut facts = vec![Fact::new("Bounds", format!("{}–{} replicas", scaler.min, scaler.max))];
    let (current, desired) = (scaler.current, scaler.desired);
    facts.push(match current == desired {
        true => Fact::new("Replicas", format!("{current}, as desired")),
        false => Fact::new("Replicas", format!("{current} → {desired}")).tone(Tone::Busy),
    });
    if desired >= scaler.max && scaler.max > scaler.min {
        facts.push(
            Fact::new("At its maximum", "more load is not met by more pods: raise the maximum")
                .tone(Tone::Warn),
        );
    }
    facts.push(match hpa {
        Some(hpa) => match time(hpa, "/status/lastScaleTime") {
            Some(then) => Fact::new("Last scaled", moment(then, now)),
            None => Fact::new("Last scaled", "never").tone(Tone::Muted),
        },
        None => Fact::new("Last scaled", LOADING).tone(Tone::Busy),
    });
    let (kind, name) = &scaler.target;
    facts.push(Fact::new("Scales", one_line(&format!("{kind} {name}"))));
    facts.push(Fact::new("Autoscaler", one_line(&scaler.meta.name)));
    facts.extend(contradiction(row));
    let mut sections = vec![
        Section::new("Autoscaling", facts),
        metrics(scaler),
        conditions::section(&scaler.conditions, now),
    ];
    sections.extend(hpa.and_then(behavior));
    sections
}

/// The CR says one thing, the cluster does another.
fn contradiction(row: &GatewayRow) -> Option<Fact> {
    let cr = row.cr.as_ref()?;
    let wanted = cr.gateway.spec.effective(row.cluster_id.as_deref()).autoscales();
    (!wanted && cr.gateway.replicas_managed()).then(|| {
        Fact::new(
            "Two deciders",
            "autoscaling is off in the IstioGateway, and its keeper sets the replicas too: this autoscaler is not its own",
        )
        .tone(Tone::Warn)
    })
}

fn metrics(scaler: &HpaRow) -> Section {
    let mut facts: Vec<Fact> = scaler.metrics.iter().map(|metric| self::metric(metric, scaler)).collect();
    if facts.is_empty() {
        facts.push(Fact::new("", "none: it cannot decide anything").tone(Tone::Warn));
    }
    Section::new("Metrics", facts)
}

/// `91% of the request, target 80%`.
fn metric(metric: &HpaMetric, scaler: &HpaRow) -> Fact {
    let name = if metric.name.is_empty() { DASH.to_owned() } else { one_line(&metric.name) };
    let target = if metric.target.is_empty() { DASH } else { &metric.target };
    let unit = if target.ends_with('%') { " of the request" } else { " on average" };
    let Some(current) = &metric.current else {
        let why = scaler
            .conditions
            .iter()
            .find(|condition| &*condition.kind == "ScalingActive" && !condition.is_true());
        let note = why.map_or_else(
            || "no value has been read yet".to_owned(),
            |why| one_line(&joined([&*why.reason, &*why.message], ": ")),
        );
        let said =
            format!("<unknown>, target {target}: no metrics server answered, so replicas stay as they are");
        return Fact::new(name, one_line(&said)).tone(Tone::Bad).note(note);
    };
    let percent = |text: &str| text.strip_suffix('%').and_then(|digits| digits.parse::<u64>().ok());
    let above = percent(current).zip(percent(target)).is_some_and(|(current, target)| current > target);
    Fact::new(name, one_line(&format!("{current}{unit}, target {target}"))).tone(if above {
        Tone::Warn
    } else {
        Tone::Plain
    })
}

/// Rules for scaling, if any are written.
fn behavior(hpa: &Value) -> Option<Section> {
    let behavior = hpa.pointer("/spec/behavior")?;
    let facts: Vec<Fact> = [("Scaling up", "scaleUp"), ("Scaling down", "scaleDown")]
        .into_iter()
        .filter_map(|(label, key)| Some(Fact::new(label, rules(behavior.get(key)?))))
        .collect();
    (!facts.is_empty()).then(|| Section::new("Behavior", facts))
}

/// `waits 300 s, at most 10% in 60 s or 4 pods in 60 s, the least of them`.
fn rules(rules: &Value) -> String {
    if text(rules, "/selectPolicy") == Some("Disabled") {
        return "never".to_owned();
    }
    let waits = number(rules, "/stabilizationWindowSeconds").map(|seconds| match seconds {
        0 => "at once".to_owned(),
        seconds => format!("after {seconds} s of agreement"),
    });
    let policy = |policy: &Value| {
        let value = number(policy, "/value")?;
        let amount = match text(policy, "/type")? {
            "Percent" => format!("{value}%"),
            "Pods" => count(value.unsigned_abs(), "pod"),
            other => format!("{value} {other}"),
        };
        Some(format!("{amount} in {} s", number(policy, "/periodSeconds")?))
    };
    let all: Vec<String> = list(rules, "/policies").iter().filter_map(policy).collect();
    let which = match (all.len(), text(rules, "/selectPolicy")) {
        (0 | 1, _) => "",
        (_, Some("Min")) => ", the least of these",
        _ => ", the most of these",
    };
    let limit = (!all.is_empty()).then(|| format!("at most {}{which}", all.join(" or ")));
    let tolerance = text(rules, "/tolerance").map(|tolerance| format!("tolerance {tolerance}"));
    let said = joined([waits, limit, tolerance].into_iter().flatten(), ", ");
    if said.is_empty() { "as Kubernetes does by default".to_owned() } else { one_line(&said) }
}

fn off(row: &GatewayRow) -> Vec<Section> {
    let Some(workload) = &row.workload else {
        return match row.health.state {
            HealthState::Unknown => {
                saying(Tone::Muted, &format!("Autoscaling unknown: {}.", row.health.reason), "")
            }
            _ => saying(Tone::Bad, "There is no Deployment, so there is nothing to scale.", ""),
        };
    };
    if workload.kind == Kind::DaemonSet {
        let said = format!(
            "A DaemonSet runs one pod on each of its nodes, {} now: it is not scaled.",
            workload.wanted
        );
        return saying(Tone::Plain, &said, "");
    }
    let facts = wanted_but_missing(row).into_iter().chain([fixed(row, workload)]);
    vec![Section::new("Autoscaling", facts.collect())]
}

/// The CR asks for an autoscaler, and there is none.
fn wanted_but_missing(row: &GatewayRow) -> Option<Fact> {
    let cr = row.cr.as_ref()?;
    cr.gateway.spec.effective(row.cluster_id.as_deref()).autoscales().then(|| {
        Fact::new(
            "",
            "The IstioGateway asks for autoscaling, but there is no HorizontalPodAutoscaler: its keeper has not made \
             it. ASM makes one in its Enterprise and Ultimate editions only.",
        )
        .tone(Tone::Bad)
    })
}

/// The number of pods that nobody but a person changes.
fn fixed(row: &GatewayRow, workload: &WorkloadRow) -> Fact {
    let (tone, said) = match workload.wanted {
        0 => (Tone::Warn, "0 replicas are wanted. Nothing serves.".to_owned()),
        1 => (
            Tone::Plain,
            "1 replica is fixed. More load is not met by more pods, and nothing else serves while its pod is away."
                .to_owned(),
        ),
        wanted => (Tone::Plain, format!("{wanted} replicas are fixed. More load is not met by more pods.")),
    };
    let next = match &row.cr {
        Some(_) => "To turn it on: spec.autoscaleEnabled, minReplicas and maxReplicas of the IstioGateway.",
        None => "",
    };
    Fact::new("", format!("Autoscaling is off: {said}")).tone(tone).note(next)
}

/// What a node drain may do to the gateway.
fn disruptions(row: &GatewayRow) -> Option<Section> {
    row.workload.as_ref()?;
    let facts = match &row.budget {
        None => vec![
            Fact::new("", "No PodDisruptionBudget: draining nodes may evict all pods at once.")
                .tone(Tone::Muted),
        ],
        Some(budget) => of_budget(budget),
    };
    Some(Section::new("Disruptions", facts))
}

fn of_budget(budget: &PdbRow) -> Vec<Fact> {
    let allowed = match budget.allowed {
        0 => Fact::new("Allowed now", "0: no pod may be evicted, and a node drain waits").tone(Tone::Warn),
        number => Fact::new("Allowed now", format!("{} may be evicted", count(number.into(), "pod"))),
    };
    vec![allowed, fact("Rule", budget_rule(budget)), Fact::new("Budget", one_line(&budget.meta.name))]
}

/// `at least 1 available`.
pub(super) fn budget_rule(budget: &PdbRow) -> Option<String> {
    let least = budget.min_available.as_ref().map(|least| format!("at least {least} available"));
    let most = || budget.max_unavailable.as_ref().map(|most| format!("at most {most} unavailable"));
    least.or_else(most).map(|rule| one_line(&rule))
}
