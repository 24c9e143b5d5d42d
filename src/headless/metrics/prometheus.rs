//! Gauges in the text format of Prometheus. What is not known is left out: there, absence is what says so.

use std::io::{self, Write};

use super::report::{QUANTITIES, Report};
use crate::metrics::view::{Row, Totals};
use crate::model::gateway::GatewayId;

/// What the names of metrics begin with: of rows, and of the gateway as a whole. They differ, so that no sum counts twice.
const NAMES: [&str; 2] = ["egret_gateway_", "egret_gateway_all_"];

pub(super) fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let gateway = labels_of(&report.id);
    let rows: Vec<(String, &Totals)> =
        report.rows.iter().map(|row| (format!("{gateway},{}", labels(report, row)), &row.totals)).collect();
    let whole = [(gateway.clone(), &report.totals)];
    for (start, lines) in NAMES.into_iter().zip([rows.as_slice(), whole.as_slice()]) {
        for quantity in &QUANTITIES {
            let known: Vec<(&String, f64)> = lines
                .iter()
                .filter_map(|(labels, totals)| Some((labels, (quantity.of)(totals).number()?)))
                .collect();
            if known.is_empty() {
                continue;
            }
            let name = format!("{start}{}", quantity.prometheus);
            writeln!(out, "# HELP {name} {}\n# TYPE {name} gauge", quantity.help)?;
            for (labels, n) in known {
                writeln!(out, "{name}{{{labels}}} {}", number(n * quantity.scale))?;
            }
        }
    }
    let name = "egret_gateway_pod_read";
    writeln!(out, "# HELP {name} Whether the proxy of the pod could be read.\n# TYPE {name} gauge")?;
    for pod in &report.pods {
        let read = u8::from(pod.fault.is_none() && pod.last.is_some());
        writeln!(out, "{name}{{{gateway},pod=\"{}\"}} {read}", escaped(&pod.pod.name))?;
    }
    Ok(())
}

fn labels_of(id: &GatewayId) -> String {
    format!(
        "cluster=\"{}\",namespace=\"{}\",gateway=\"{}\"",
        escaped(id.cluster.as_str()),
        escaped(&id.namespace),
        escaped(&id.name)
    )
}

/// `host="api.example.com",port="443"`, or `pod`, `code`, `flag`.
fn labels(report: &Report, row: &Row) -> String {
    let port = if row.port > 0 { format!(",port=\"{}\"", row.port) } else { String::new() };
    format!("{}=\"{}\"{port}", report.by, escaped(&row.key))
}

/// A label value as the format escapes it. What a terminal would obey is shown and not sent: names have none of it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(crate::model::clean::MARK),
            c => out.push(c),
        }
    }
    out
}

fn number(n: f64) -> String {
    if n == f64::INFINITY { "+Inf".to_owned() } else { n.to_string() }
}
