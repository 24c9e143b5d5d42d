//! What the controller does, as its log, its metrics and its probes tell it.

use std::time::Duration;

use super::serve::{Probe, Probes};
use crate::materialize::forecast::Forecast;
use crate::materialize::report::{PartState, Report};
use crate::model::clean::clean;
use crate::model::fault::Fault;
use crate::reconcile::controller::{News, Observer};
use crate::reconcile::lease::Decision;
use crate::reconcile::telemetry::Telemetry;

/// Tells it.
pub(super) struct Told {
    pub(super) probes: Probes,
    pub(super) telemetry: Telemetry,
}

impl Observer for Told {
    fn news(&self, news: &News) {
        // Who waits for the lease is as ready as who holds it; who cannot ask for it is not.
        let lease = match news {
            News::Leading { transitions } => {
                self.telemetry.leading(true, Some(*transitions));
                tracing::info!(transitions, "keeps the gateways: the lease is ours");
                Ok(())
            }
            News::Waiting(decision) => {
                self.telemetry.leading(false, None);
                waiting(decision);
                Ok(())
            }
            News::Stopped(why) => {
                self.telemetry.leading(false, None);
                tracing::warn!(why, "keeps the gateways no longer");
                Ok(())
            }
            News::Failed(fault) => {
                tracing::error!(hint = %clean(&fault.hint), "{}", clean(&fault.summary));
                Err(fault.summary.clone())
            }
        };
        self.probes.set(Probe::Ready, "lease", lease);
    }

    fn planned(&self, plan: &Result<Vec<(String, Report)>, Fault>) {
        match plan {
            Ok(gateways) => {
                tracing::info!(gateways = gateways.len(), "looked at what there is to do");
                for (name, report) in gateways {
                    let forecast = Forecast::of(report);
                    let (gateway, restarts) = (name.as_str(), forecast.restarts);
                    tracing::info!(gateway, restarts, "would do: {}", forecast.in_words());
                    for line in &forecast.lines {
                        tracing::info!(gateway, "would do: {}", clean(line));
                    }
                }
            }
            Err(fault) => {
                tracing::warn!(hint = %clean(&fault.hint), "what there is to do is not known: {}", clean(&fault.summary));
            }
        }
    }

    fn passed(&self, namespace: &str, name: &str, report: &Report, took: Duration) {
        self.telemetry.passed(namespace, name, report, took);
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        for problem in report.problems.iter().filter(|problem| problem.is_error()) {
            tracing::warn!(namespace, gateway = name, "{}", clean(&problem.to_string()));
        }
        for place in &report.places {
            let cluster = place.cluster_id.as_deref().unwrap_or_default();
            for part in &place.parts {
                let (object, kind) = (&part.name, part.part.to_string());
                match &part.state {
                    PartState::InSync | PartState::Held | PartState::ToTake | PartState::Failed(_) => {}
                    PartState::Created => tracing::info!(namespace, gateway = name, cluster, kind, object, "created"),
                    PartState::Removed => tracing::info!(namespace, gateway = name, cluster, kind, object, "removed"),
                    PartState::Conflict(who) => {
                        tracing::warn!(namespace, gateway = name, cluster, kind, object, who = %clean(who), "belongs to somebody else");
                    }
                    PartState::Changed(fields) => fields.iter().for_each(|field| {
                        tracing::info!(namespace, gateway = name, cluster, kind, object, field = %clean(&field.in_words()), "changed");
                    }),
                    PartState::Drifted(fields) => fields.iter().for_each(|field| {
                        tracing::info!(namespace, gateway = name, cluster, kind, object, field = %clean(&field.in_words()), "drifts, and is left so");
                    }),
                    PartState::Contested(fields) => fields.iter().for_each(|field| {
                        tracing::warn!(namespace, gateway = name, cluster, kind, object, field = %clean(&field.in_words()), "contested");
                    }),
                }
            }
        }
        for fault in report.all_faults() {
            tracing::error!(namespace, gateway = name, hint = %clean(&fault.hint), "{}", clean(&fault.summary));
        }
        tracing::info!(namespace, gateway = name, writes = report.all_writes(), milliseconds, "passed");
    }
}

fn waiting(decision: &Decision) {
    match decision {
        Decision::Wait { holder, version } => {
            tracing::info!(holder = %clean(holder), version = %clean(version), "waits: somebody else keeps the gateways");
        }
        Decision::OtherVersion(version) => {
            tracing::warn!(version = %clean(version), "waits: another version kept the gateways");
        }
        Decision::Take | Decision::Renew => {}
    }
}
