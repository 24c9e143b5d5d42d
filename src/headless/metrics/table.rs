//! Aligned columns for people.

use std::io::{self, Write};

use jiff::Timestamp;

use super::find::words;
use super::json::source;
use super::report::{QUANTITIES, Report, key};
use crate::headless::output::table::aligned;
use crate::metrics::view::{By, Row, Totals};
use crate::model::clean::clean;
use crate::model::clock::zone;
use crate::model::reading::Reading;

/// Most flags in a cell.
const MOST_FLAGS: usize = 3;

pub(super) fn print(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let read = report.pods.iter().filter(|pod| pod.fault.is_none() && pod.last.is_some()).count();
    let from = report.totals.source.map_or("nothing yet", source);
    writeln!(
        out,
        "{}   {}   window {}   from {from}   {read} of {} pods read",
        words(&report.id),
        clock(report.now),
        report.window,
        report.pods.len()
    )?;
    let columns: Vec<usize> = (0..QUANTITIES.len()).filter(|n| is_worth(report, *n)).collect();
    let heading = match report.by {
        By::Host => "HOST",
        By::Pod => "POD",
        By::Code => "CODE",
        By::Flag => "FLAG",
    };
    let has_flags = report.rows.iter().any(|row| !row.flags.is_empty()) && report.by != By::Flag;
    let fails = report.rows.iter().any(|row| row.failing_since.is_some());
    let mut headings = vec![heading.to_owned()];
    headings.extend(columns.iter().map(|n| QUANTITIES[*n].column.to_owned()));
    headings.extend(has_flags.then(|| "FLAGS/S".to_owned()));
    headings.extend(fails.then(|| "FAILING SINCE".to_owned()));
    let cells = |totals: &Totals| -> Vec<String> {
        columns.iter().map(|n| (QUANTITIES[*n].of)(totals).text(QUANTITIES[*n].unit).into_owned()).collect()
    };
    let mut lines = vec![headings];
    for row in &report.rows {
        let mut line = vec![clean(&key(row)).into_owned()];
        line.extend(cells(&row.totals));
        line.extend(has_flags.then(|| flags(row)));
        line.extend(fails.then(|| row.failing_since.map_or_else(|| "-".to_owned(), clock)));
        lines.push(line);
    }
    let mut last = vec!["ALL".to_owned()];
    last.extend(cells(&report.totals));
    last.extend((has_flags || fails).then(|| "-".to_owned()));
    last.extend((has_flags && fails).then(|| "-".to_owned()));
    lines.push(last);
    aligned(&lines, out)
}

/// Whether a column says anything: connections of what is passed through only where something is.
fn is_worth(report: &Report, column: usize) -> bool {
    let of = QUANTITIES[column].of;
    let says = |totals: &Totals| matches!(of(totals).number(), Some(n) if n > 0.0);
    let always = QUANTITIES[column].json != "connectionsPerSecond";
    always || says(&report.totals) || report.rows.iter().any(|row| says(&row.totals))
}

fn flags(row: &Row) -> String {
    if row.flags.is_empty() {
        return "-".to_owned();
    }
    let unit = crate::model::reading::Unit::PerSecond;
    let flag =
        |(flag, n): &(std::sync::Arc<str>, f64)| format!("{} {}", clean(flag), Reading::Value(*n).text(unit));
    let shown: Vec<String> = row.flags.iter().take(MOST_FLAGS).map(flag).collect();
    let more = if row.flags.len() > MOST_FLAGS { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn clock(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%H:%M:%S").to_string()
}
