//! `egret journal`: what this person's egrets wrote to clusters.

use std::io;

use jiff::{Span, SpanRelativeTo, Timestamp};

use super::output::table::aligned;
use super::{Outcome, Streams};
use crate::cli::{Journal, Report};
use crate::cluster::journal::Entry;
use crate::cluster::journal::file::Files;
use crate::config::{Contexts, Glob, Namespaces, Settings, Source, Value};
use crate::model::clean::clean;
use crate::model::clock::zone;
use crate::setup;

/// Prints the journal, newest last.
pub fn run(verb: &Journal, settings: &Settings, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    let Some(dir) = setup::state_dir() else {
        streams.complain("there is no home directory, and so no journal")?;
        return Ok(Outcome::Failed);
    };
    let files = Files::new(dir);
    let kept = match files.read() {
        Ok(kept) => kept,
        Err(error) => {
            streams.complain(error)?;
            return Ok(Outcome::Failed);
        }
    };
    if kept.broken > 0 {
        let lines = if kept.broken == 1 { "line is none" } else { "lines are none" };
        let at = files.newest();
        streams.complain(format!("{} {lines} of the journal, and skipped: {}", kept.broken, at.display()))?;
    }
    #[allow(clippy::disallowed_methods, reason = "how long ago is told by the wall's clock")]
    let wanted = Wanted::new(verb, settings, Timestamp::now());
    let entries = wanted.of(&kept.entries);
    match verb.output {
        Report::Json => {
            serde_json::to_writer_pretty(&mut *streams.out, &entries)?;
            writeln!(streams.out)?;
        }
        Report::Table if entries.is_empty() => {
            streams.complain(format!("nothing of that is in the journal {}", files.newest().display()))?;
        }
        Report::Table => aligned(&table(&entries), streams.out)?,
    }
    Ok(Outcome::Done)
}

/// Which entries are asked for.
struct Wanted {
    contexts: Vec<Glob>,
    namespaces: Vec<String>,
    since: Option<Timestamp>,
    limit: usize,
}

impl Wanted {
    /// The contexts and namespaces that a flag names; what the config opens has nothing to do with what was written.
    fn new(verb: &Journal, settings: &Settings, now: Timestamp) -> Self {
        let contexts = match &settings.contexts {
            Value { value: Contexts::Named(names), source: Source::Flag(_) } => {
                names.iter().map(|name| Glob::new(name.as_str())).collect()
            }
            _ => Vec::new(),
        };
        let namespaces = match &settings.namespaces {
            Value { value: Namespaces::Named(names), source: Source::Flag(_) } => names.clone(),
            _ => Vec::new(),
        };
        let ago = |span: &Span| {
            let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
            now.checked_sub(time).ok()
        };
        let since = verb.since.as_ref().map(|span| ago(span).unwrap_or(Timestamp::MIN));
        Self { contexts, namespaces, since, limit: verb.limit.unwrap_or(usize::MAX) }
    }

    fn fits(&self, entry: &Entry) -> bool {
        let context = |glob: &Glob| glob.as_str() == entry.context || glob.matches(&entry.context);
        (self.contexts.is_empty() || self.contexts.iter().any(context))
            && (self.namespaces.is_empty() || self.namespaces.contains(&entry.namespace))
            && self.since.is_none_or(|since| entry.time >= since)
    }

    /// The newest of those that fit, oldest first.
    fn of<'e>(&self, entries: &'e [Entry]) -> Vec<&'e Entry> {
        let mut fitting: Vec<&Entry> = entries.iter().filter(|entry| self.fits(entry)).collect();
        // Files of several egrets are in the order of answers.
        fitting.sort_by_key(|entry| entry.time);
        fitting.split_off(fitting.len().saturating_sub(self.limit))
    }
}

const HEADINGS: [&str; 8] = ["TIME", "CONTEXT", "WHO", "BY", "VERB", "OBJECT", "RESULT", "FIELDS"];

/// Headings and rows of cells.
fn table(entries: &[&Entry]) -> Vec<Vec<String>> {
    let row = |entry: &&Entry| cells(entry).map(|cell| shown(&cell)).to_vec();
    std::iter::once(HEADINGS.map(str::to_owned).to_vec()).chain(entries.iter().map(row)).collect()
}

fn cells(entry: &Entry) -> [String; 8] {
    let time = entry.time.to_zoned(zone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let who = match (entry.user.as_str(), entry.account.as_str()) {
        (user, "") => user.to_owned(),
        (user, account) => format!("{user} as {account}"),
    };
    let sub = if entry.subresource.is_empty() { String::new() } else { format!("/{}", entry.subresource) };
    let object = match entry.namespace.as_str() {
        "" => format!("{} {}{sub}", entry.kind, entry.name),
        namespace => format!("{} {namespace}/{}{sub}", entry.kind, entry.name),
    };
    let status = entry.status.map(|status| format!(" {status}")).unwrap_or_default();
    let reason = entry.reason.as_ref().map(|reason| format!(" {reason}")).unwrap_or_default();
    let result = format!("{}{status}{reason}", entry.result);
    [time, entry.context.clone(), who, entry.by.clone(), entry.verb.clone(), object, result, fields(entry)]
}

/// A cell that has nothing to say is a dash, so that the words of a line can be counted.
fn shown(cell: &str) -> String {
    if cell.is_empty() { "-".to_owned() } else { clean(cell).into_owned() }
}

/// Most fields in a line; `-o json` has all.
const SHOWN: usize = 6;

fn fields(entry: &Entry) -> String {
    let shown: Vec<&str> = entry.fields.iter().take(SHOWN).map(String::as_str).collect();
    let more = entry.fields.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(context: &str, minute: u8) -> Entry {
        let text = format!(
            r#"{{"time":"2026-05-03T11:{minute:02}:00Z","context":"{context}","verb":"change","kind":"IstioGateway",
                "namespace":"istio-system","name":"out\u001b[2J","user":"jane","account":"admin","by":"screen",
                "fields":["a","b","c","d","e","f","g","h"],"result":"refused","status":409,"reason":"conflict"}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    fn wanted(line: &str) -> Vec<u8> {
        use clap::Parser as _;
        let cli =
            crate::cli::Cli::try_parse_from(format!("egret journal {line}").split_whitespace()).unwrap();
        let settings = cli.globals.over(Settings::default());
        let Some(crate::cli::Verb::Journal(verb)) = &cli.verb else { panic!("{line}") };
        let now = "2026-05-03T12:00:00Z".parse().unwrap();
        let entries = [entry("prod-eu", 30), entry("dev", 10), entry("prod-us", 20)];
        let of = Wanted::new(verb, &settings, now).of(&entries);
        of.iter()
            .map(|entry| u8::try_from(entry.time.to_zoned(jiff::tz::TimeZone::UTC).minute()).unwrap())
            .collect()
    }

    #[test]
    fn what_is_asked_for_is_shown_newest_last() {
        for (line, minutes) in [
            ("", vec![10, 20, 30]),
            ("--context prod-*", vec![20, 30]),
            ("--context dev", vec![10]),
            ("--since 45m", vec![20, 30]),
            ("--since 1d", vec![10, 20, 30]),
            ("--limit 1", vec![30]),
            ("-n elsewhere", vec![]),
            ("-n istio-system --limit 2", vec![20, 30]),
        ] {
            assert_eq!(wanted(line), minutes, "{line}");
        }
    }

    #[test]
    fn a_row_tells_who_did_what_with_what_result_and_obeys_no_name() {
        let rows = table(&[&entry("prod-eu", 30)]);
        let told = rows[1].join(" | ");
        assert!(!told.contains('\u{1b}'), "{told}");
        for part in [
            "jane as admin",
            "IstioGateway istio-system/out",
            "refused 409 conflict",
            "a b c d e f and 2 more",
        ] {
            assert!(told.contains(part), "{part}: {told}");
        }
    }
}
