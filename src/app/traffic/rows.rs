//! The rows of the Traffic tab: what stands in their columns.

use super::briefs::{above, below};
use super::view::Heading;
use crate::envoy::flags::flag;
use crate::metrics::view::{By, Row};
use crate::model::brief::Thresholds;
use crate::model::clean::clean;
use crate::model::columns::{clock, figure, spark};
use crate::model::layout::text_width;
use crate::model::reading::{Reading, Source, Unit};
use crate::model::table::{Align, Tone};

/// What cells are made by.
pub(super) struct Judge<'a> {
    /// What the rows are.
    pub(super) by: By,
    /// Thresholds.
    pub(super) limits: &'a Thresholds,
    /// Requests a second of all rows together.
    pub(super) sum: f64,
    /// Where the numbers come from.
    pub(super) source: Option<Source>,
}

/// A text and what it means.
type Made = (String, Tone);

/// A column of the rows.
struct Column {
    title: &'static str,
    width: u16,
    align: Align,
    /// Width of the screen from which on it is there.
    from: u16,
    cell: fn(&Row, &Judge<'_>) -> Made,
}

const fn column(title: &'static str, width: u16, from: u16, cell: fn(&Row, &Judge<'_>) -> Made) -> Column {
    Column { title, width, align: Align::Right, from, cell }
}

/// Blocks of a row's line.
const BLOCKS: usize = 12;

/// Of hosts and pods.
const MANY: &[Column] = &[
    column("RPS", 6, 0, rate),
    column("OK%", 6, 0, success),
    column("4XX", 5, 110, |row, _| plain(row.totals.client_errors, Unit::PerSecond)),
    column("P50", 6, 76, |row, _| plain(row.totals.p50, Unit::Milliseconds)),
    column("P90", 6, 100, |row, _| plain(row.totals.p90, Unit::Milliseconds)),
    column("P99", 6, 0, p99),
    column("ACTIVE", 6, 66, |row, _| plain(row.totals.active, Unit::Count)),
    column("OUT", 6, 130, |row, _| plain(row.totals.bytes_out, Unit::BytesPerSecond)),
    column("IN", 6, 130, |row, _| plain(row.totals.bytes_in, Unit::BytesPerSecond)),
    column("LOAD", BLOCKS as u16, 115, |row, _| (spark(&row.spark, BLOCKS), Tone::Plain)),
    column("SINCE", 8, 92, since),
];

/// Of codes and flags.
const PARTS: &[Column] = &[column("RPS", 7, 0, rate), column("OF ALL", 7, 0, share)];

/// The headings for so many cells, and what makes the cells of a row.
pub(super) fn headings(
    rows: &[Row],
    by: &Judge<'_>,
    width: u16,
) -> (Vec<Heading>, impl Fn(&Row, &Judge<'_>) -> Vec<Made>) {
    let (title, last) = match by.by {
        By::Host => ("HOST", "FLAGS"),
        By::Pod => ("POD", "FLAGS"),
        By::Code => ("CODE", "MEANING"),
        By::Flag => ("FLAG", "MEANING"),
    };
    let table = if matches!(by.by, By::Host | By::Pod) { MANY } else { PARTS };
    let shown: Vec<&'static Column> = table.iter().filter(|c| width >= c.from).collect();
    let taken: u16 = shown.iter().map(|c| c.width + 1).sum();
    // Before the first stand the cursor and air.
    let left = width.saturating_sub(taken + 3);
    let longest = rows.iter().map(|row| text_width(&name(row))).max().unwrap_or(0).max(6);
    // What is told of a row last needs some room too.
    let name_width = longest.min(left.saturating_sub(10).max(12)).min(left);
    let mut all = vec![Heading { title, width: name_width, align: Align::Left }];
    all.extend(shown.iter().map(|c| Heading { title: c.title, width: c.width, align: c.align }));
    let rest = left.saturating_sub(name_width + 1);
    all.push(Heading { title: last, width: rest, align: Align::Left });
    let cells = move |row: &Row, by: &Judge<'_>| {
        let mut cells = vec![(name(row), Tone::Plain)];
        cells.extend(shown.iter().map(|c| (c.cell)(row, by)));
        cells.push(rest_of(row, by));
        cells
    };
    (all, cells)
}

/// Whose row it is: a host with its port, where that is not the usual one.
pub(super) fn name(row: &Row) -> String {
    let name = clean(&row.key);
    let name = if name.is_empty() { "none".into() } else { name };
    match row.port {
        0 | 80 | 443 => name.into_owned(),
        port => format!("{name}:{port}"),
    }
}

fn plain(reading: Reading, unit: Unit) -> Made {
    let tone = if reading.number().is_some() { Tone::Plain } else { Tone::Muted };
    (figure(reading, unit), tone)
}

/// Requests, or of what is passed through connections: then the next cell says so.
fn rate(row: &Row, _: &Judge<'_>) -> Made {
    let totals = &row.totals;
    plain(if totals.is_tcp() { totals.connections } else { totals.requests }, Unit::PerSecond)
}

fn success(row: &Row, by: &Judge<'_>) -> Made {
    if row.totals.is_tcp() {
        return ("tcp".to_owned(), Tone::Muted);
    }
    let (text, tone) = plain(row.totals.success, Unit::Percent);
    let judged = below(row.totals.success, by.limits.success);
    (text, if judged == Tone::Plain { tone } else { judged })
}

fn p99(row: &Row, by: &Judge<'_>) -> Made {
    let (text, tone) = plain(row.totals.p99, Unit::Milliseconds);
    let judged = above(row.totals.p99, by.limits.p99);
    (text, if judged == Tone::Plain { tone } else { judged })
}

fn since(row: &Row, _: &Judge<'_>) -> Made {
    row.failing_since.map_or((String::new(), Tone::Plain), |at| (clock(at), Tone::Warn))
}

fn share(row: &Row, by: &Judge<'_>) -> Made {
    let part = row.totals.requests.number().filter(|_| by.sum > 0.0).map(|n| n / by.sum);
    plain(part.map_or(Reading::Unknown, Reading::Value), Unit::Percent)
}

/// What is told of a row last: its flags, bytes, or meaning.
fn rest_of(row: &Row, by: &Judge<'_>) -> Made {
    match by.by {
        By::Code => (code_meaning(&row.key).to_owned(), code_tone(&row.key)),
        By::Flag => {
            let known = flag(&row.key).map(|flag| flag.meaning).unwrap_or_default();
            let text = if row.key.is_empty() || &*row.key == "-" { "nothing went wrong" } else { known };
            (text.to_owned(), Tone::Plain)
        }
        _ if row.totals.is_tcp() => {
            let bytes = [row.totals.bytes_out, row.totals.bytes_in].map(|n| figure(n, Unit::BytesPerSecond));
            (format!("out {}/s in {}/s", bytes[0], bytes[1]), Tone::Plain)
        }
        _ => (flags_of(row), if row.flags.is_empty() { Tone::Plain } else { Tone::Warn }),
    }
}

/// The flags of a row, the most first: `UF 9.0/s  UO 3.1/s`.
pub(super) fn flags_of(row: &Row) -> String {
    let each = |(flag, rate): &(std::sync::Arc<str>, f64)| {
        format!("{} {}/s", clean(flag), figure(Reading::Value(*rate), Unit::PerSecond))
    };
    row.flags.iter().map(each).collect::<Vec<_>>().join("  ")
}

/// What a response code means, in a word or two.
pub(super) fn code_meaning(code: &str) -> &'static str {
    const KNOWN: &[(&str, &str)] = &[
        ("0", "no answer: the connection ended before"),
        ("400", "bad request: what was sent is not understood"),
        ("401", "not authenticated at the host"),
        ("403", "forbidden: by the host, or by a policy"),
        ("404", "not found: at the host, or no route for it"),
        ("408", "timeout: the client was too slow"),
        ("413", "too large for the host"),
        ("429", "too many requests: the host limits them"),
        ("431", "headers too large"),
        ("500", "the host failed"),
        ("502", "a proxy behind failed"),
        ("503", "unavailable: the flags tell who said so"),
        ("504", "timeout: the host was too slow"),
    ];
    let classes = |first: char| match first {
        '1' => "informational",
        '2' => "good",
        '3' => "redirected",
        '4' => "the client's fault, says the host",
        '5' => "the host's fault",
        _ => "",
    };
    KNOWN
        .iter()
        .find(|(known, _)| *known == code)
        .map_or_else(|| classes(code.chars().next().unwrap_or(' ')), |(_, meaning)| meaning)
}

fn code_tone(code: &str) -> Tone {
    match code.chars().next() {
        Some('5') => Tone::Bad,
        Some('0') => Tone::Bad,
        Some('4') => Tone::Warn,
        _ => Tone::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::view::Totals;

    fn row(key: &str) -> Row {
        Row {
            key: key.into(),
            port: 443,
            totals: Totals {
                requests: Reading::Value(61.0),
                success: Reading::Value(0.79),
                p99: Reading::Value(2_400.0),
                ..Totals::default()
            },
            flags: vec![("UF".into(), 9.0), ("UO".into(), 3.1)],
            spark: Vec::new(),
            failing_since: None,
        }
    }

    #[test]
    fn the_columns_fit_every_width_and_the_flags_have_room() {
        let limits = Thresholds::default();
        let by = Judge { by: By::Host, limits: &limits, sum: 61.0, source: None };
        let rows = [row("api.stripe.com"), row("a-host-with-a-very-long-name.of.a.region.example.com")];
        for width in [60, 66, 76, 80, 92, 100, 110, 120, 130, 200] {
            let (headings, cells) = headings(&rows, &by, width);
            let used: u16 = headings.iter().map(|h| h.width + 1).sum();
            assert!(used < width, "{width}: {used}");
            assert!(headings.last().is_some_and(|h| h.width >= 9), "{width}: {headings:?}");
            assert_eq!(cells(&rows[0], &by).len(), headings.len());
        }
    }

    #[test]
    fn what_is_passed_through_is_told_by_connections_and_bytes() {
        let totals = Totals {
            requests: Reading::Nothing,
            connections: Reading::Value(4.0),
            bytes_out: Reading::Value(2_048.0),
            bytes_in: Reading::Value(10.0),
            ..Totals::default()
        };
        let row = Row { totals, port: 5432, flags: Vec::new(), ..row("db.example.com") };
        let limits = Thresholds::default();
        let by = Judge { by: By::Host, limits: &limits, sum: 0.0, source: None };
        let (_, cells) = headings(std::slice::from_ref(&row), &by, 80);
        let texts: Vec<String> = cells(&row, &by).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts[..3], ["db.example.com:5432", "4", "tcp"]);
        assert_eq!(texts.last().map(String::as_str), Some("out 2k/s in 10/s"));
    }
}
