//! Conditions in words.

use jiff::Timestamp;

use super::words::{DASH, lasting, one_line};
use crate::model::facts::{Fact, Section};
use crate::model::row::Condition;
use crate::model::table::Tone;

/// Conditions that say something is wrong, or at least not as usual, when they are true.
const TROUBLE_WHEN_TRUE: [&str; 5] =
    ["DisruptionTarget", "PodResizeInProgress", "PodResizePending", "ReplicaFailure", "ScalingLimited"];

/// Reasons for a `False` that belong to a pod which has done its work.
const DONE: [&str; 2] = ["PodCompleted", "Completed"];

/// A section of conditions.
pub(super) fn section(conditions: &[Condition], now: Timestamp) -> Section {
    let mut facts: Vec<Fact> = conditions.iter().map(|condition| fact(condition, now)).collect();
    if facts.is_empty() {
        facts.push(Fact::new("", "none reported yet").tone(Tone::Muted));
    }
    Section::new("Conditions", facts)
}

/// `Ready  no, ContainersNotReady: containers with unready status: [istio-proxy]  for 5m`.
pub(super) fn fact(condition: &Condition, now: Timestamp) -> Fact {
    let label = if condition.kind.is_empty() { DASH.to_owned() } else { one_line(&condition.kind) };
    let mut said = answer(&condition.status);
    if !condition.reason.is_empty() {
        said = format!("{said}, {}", one_line(&condition.reason));
    }
    let message = one_line(&condition.message);
    if !message.is_empty() {
        said = format!("{said}: {message}");
    }
    Fact::new(label, said).tone(tone(condition)).note(lasting(condition.since, now))
}

fn answer(status: &str) -> String {
    match status {
        "True" => "yes".to_owned(),
        "False" => "no".to_owned(),
        "" => "unknown".to_owned(),
        other => one_line(other).to_lowercase(),
    }
}

fn tone(condition: &Condition) -> Tone {
    let wanted = if TROUBLE_WHEN_TRUE.contains(&&*condition.kind) { "False" } else { "True" };
    match &*condition.status {
        _ if DONE.contains(&&*condition.reason) => Tone::Muted,
        status if status == wanted => Tone::Plain,
        // Being at a bound is a choice somebody made; the rest is broken.
        "True" if &*condition.kind != "ReplicaFailure" => Tone::Warn,
        "True" | "False" => Tone::Bad,
        _ => Tone::Warn,
    }
}

/// Whether the condition tells of trouble.
pub(super) fn is_trouble(condition: &Condition) -> bool {
    matches!(tone(condition), Tone::Warn | Tone::Bad)
}
