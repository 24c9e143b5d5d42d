//! What a controller would do to the gateways that are there, in lines.

use crate::cluster::connect::Connection;
use crate::materialize::Report;
use crate::materialize::forecast::Forecast;
use crate::model::clean::clean;

/// A line for each gateway, and below it one for each object that would be written.
pub(super) fn lines(c: &Connection, namespace: &str, plan: &[(String, Report)]) -> Vec<String> {
    if plan.is_empty() {
        return vec![format!("{}: there are no IstioGateways in {namespace}", c.cluster)];
    }
    let mut lines = vec![format!("{}: what a controller would do in {namespace}:", c.cluster)];
    for (name, report) in plan {
        let forecast = Forecast::of(report);
        lines.push(format!("  {}: {}", clean(name), forecast.in_words()));
        lines.extend(forecast.lines.iter().map(|line| format!("    {}", clean(line))));
    }
    lines
}
