//! What the controller counts, for Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::materialize::report::{PartState, Readiness, Report};

/// The content type of [`Telemetry::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper bounds of the durations of passes, in seconds.
const SECONDS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reason {
    reason: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Version {
    version: &'static str,
}

/// Counters and gauges. Clones share them.
#[derive(Clone)]
pub struct Telemetry(Arc<Shared>);

struct Shared {
    registry: Registry,
    reconciles: Family<Outcome, Counter>,
    errors: Family<Reason, Counter>,
    writes: Counter,
    seconds: Histogram,
    leader: Gauge,
    transitions: Gauge,
    waiting: Gauge,
    gateways: Family<State, Gauge>,
    states: Mutex<States>,
}

/// What each gateway was last seen as, and which wait to be tried again.
#[derive(Default)]
struct States {
    gateways: BTreeMap<(String, String), &'static str>,
    waiting: BTreeSet<(String, String)>,
}

impl Default for Telemetry {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("egret");
        let (reconciles, errors) = (Family::default(), Family::default());
        let (writes, seconds) = (Counter::default(), Histogram::new(SECONDS));
        let (leader, transitions, waiting) = (Gauge::default(), Gauge::default(), Gauge::default());
        let gateways = Family::default();
        registry.register("reconciles", "Passes over gateways, by how they ended", reconciles.clone());
        registry.register("reconcile_errors", "What went wrong in passes, by reason", errors.clone());
        registry.register("writes", "Writes to API servers, status and Events included", writes.clone());
        registry.register("reconcile_duration_seconds", "How long passes took", seconds.clone());
        registry.register("leader", "Whether this process holds the lease", leader.clone());
        registry.register("lease_transitions", "How often the lease has changed hands", transitions.clone());
        registry.register("queue_depth", "Gateways that wait to be tried again", waiting.clone());
        registry.register("gateways", "Gateways, by state", gateways.clone());
        let build = Family::<Version, Gauge>::default();
        build.get_or_create(&Version { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build", "The version of egret", build);
        for outcome in ["unchanged", "changed", "failed", "gone"] {
            drop(reconciles.get_or_create(&Outcome { outcome }));
        }
        let states = Mutex::default();
        Self(Arc::new(Shared {
            registry,
            reconciles,
            errors,
            writes,
            seconds,
            leader,
            transitions,
            waiting,
            gateways,
            states,
        }))
    }
}

impl Telemetry {
    /// A pass over a gateway ended.
    pub fn passed(&self, namespace: &str, name: &str, report: &Report, took: Duration) {
        let Shared { reconciles, errors, writes, seconds, waiting, .. } = &*self.0;
        let faults = report.all_faults();
        let outcome = match (report.gone, faults.is_empty(), report.all_writes()) {
            (true, ..) => "gone",
            (_, false, _) => "failed",
            (_, true, 0) => "unchanged",
            _ => "changed",
        };
        reconciles.get_or_create(&Outcome { outcome }).inc();
        for fault in faults {
            errors.get_or_create(&Reason { reason: fault.reason.to_string() }).inc();
        }
        writes.inc_by(report.all_writes().into());
        seconds.observe(took.as_secs_f64());
        let key = (namespace.to_owned(), name.to_owned());
        let mut states = self.0.states.lock().unwrap_or_else(PoisonError::into_inner);
        if report.gone {
            states.gateways.remove(&key);
        } else {
            states.gateways.insert(key.clone(), state(report));
        }
        if report.again() {
            states.waiting.insert(key);
        } else {
            states.waiting.remove(&key);
        }
        waiting.set(i64::try_from(states.waiting.len()).unwrap_or(i64::MAX));
        self.count(&states);
    }

    fn count(&self, states: &States) {
        for state in ["invalid", "conflict", "failed", "paused", "progressing", "running"] {
            let count = states.gateways.values().filter(|s| **s == state).count();
            let gauge = self.0.gateways.get_or_create(&State { state });
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// The lease was taken or lost. Who does not hold it knows of no gateway.
    pub fn leading(&self, leading: bool, transitions: Option<i64>) {
        self.0.leader.set(leading.into());
        if let Some(transitions) = transitions {
            self.0.transitions.set(transitions);
        }
        if !leading {
            let mut states = self.0.states.lock().unwrap_or_else(PoisonError::into_inner);
            *states = States::default();
            self.0.waiting.set(0);
            self.count(&states);
        }
    }

    /// Everything, in the text form of OpenMetrics.
    ///
    /// # Errors
    /// Never: it writes to memory.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

fn state(report: &Report) -> &'static str {
    let parts = || report.places.iter().flat_map(|place| &place.parts);
    let failing = report.places.iter().any(|p| matches!(p.readiness, Some(Readiness::Failing(_))));
    if report.problems.iter().any(crate::materialize::Problem::is_error) {
        "invalid"
    } else if parts().any(|part| matches!(part.state, PartState::Conflict(_))) {
        "conflict"
    } else if failing || !report.all_faults().is_empty() {
        "failed"
    } else if report.paused {
        "paused"
    } else if report.places.iter().all(|p| p.readiness == Some(Readiness::Ready) && !p.addresses.is_empty()) {
        "running"
    } else {
        "progressing"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::{self, Fault};

    #[test]
    fn passes_are_counted_by_how_they_ended_and_gateways_by_how_they_are() {
        let telemetry = Telemetry::default();
        let took = Duration::from_millis(20);
        let failed = Report {
            faults: vec![Fault::new(fault::Reason::Unreachable, "away", "")],
            writes: 2,
            ..Report::default()
        };
        telemetry.passed("ns", "a\"\n", &failed, took);
        telemetry.passed("ns", "b", &Report { places: vec![Default::default()], ..Report::default() }, took);
        telemetry.leading(true, Some(4));
        let text = telemetry.text().unwrap();
        for line in [
            "egret_reconciles_total{outcome=\"failed\"} 1",
            "egret_reconciles_total{outcome=\"unchanged\"} 1",
            "egret_reconciles_total{outcome=\"gone\"} 0",
            "egret_reconcile_errors_total{reason=\"unreachable\"} 1",
            "egret_writes_total 2",
            "egret_reconcile_duration_seconds_count 2",
            "egret_leader 1",
            "egret_lease_transitions 4",
            "egret_queue_depth 1",
            "egret_gateways{state=\"failed\"} 1",
            "egret_gateways{state=\"progressing\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "no {line} in\n{text}");
        }
        telemetry.leading(false, None);
        let text = telemetry.text().unwrap();
        assert!(
            text.contains("egret_gateways{state=\"failed\"} 0") && text.contains("egret_queue_depth 0"),
            "{text}"
        );
    }
}
