//! Words and small forms that all descriptions share.

use jiff::Timestamp;

use crate::model::age::age;
use crate::model::facts::{Fact, Section};
use crate::model::table::Tone;

/// What is not known, or does not exist.
pub(super) const DASH: &str = "–";

/// What has not arrived yet.
pub(super) const LOADING: &str = "loading …";

/// A text in one line: a fact is one line, however the cluster wrote it.
pub(super) fn one_line(text: &str) -> String {
    let parts: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    parts.join(" ")
}

/// `key=value`. Further lines of the value are set in, so that none can pass for a pair of its own.
pub(super) fn entry(key: &str, value: &str) -> String {
    let mut lines = value.lines();
    let mut said = format!("{}={}", one_line(key), lines.next().unwrap_or_default());
    for line in lines {
        said.push_str("\n    ");
        said.push_str(line);
    }
    said
}

/// `1 pod`, `3 pods`.
pub(super) fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// How long something has been so: `for 5m`; empty where the server gave no time.
pub(super) fn lasting(since: Option<Timestamp>, now: Timestamp) -> String {
    since.map(|since| format!("for {}", age(since, now))).unwrap_or_default()
}

/// When something happened: `5m ago, 2026-05-01 11:55:02 UTC`, to be found again in logs.
pub(super) fn moment(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago, {}", age(then, now), then.strftime("%Y-%m-%d %H:%M:%S UTC"))
}

/// Lines of one value; a dash when there is none.
pub(super) fn lines(entries: &[String]) -> String {
    if entries.is_empty() { DASH.to_owned() } else { entries.join("\n") }
}

/// What there is of some words, with a separator.
pub(super) fn joined<I>(words: I, separator: &str) -> String
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    let words: Vec<String> = words.into_iter().map(Into::into).filter(|word| !word.is_empty()).collect();
    words.join(separator)
}

/// A fact whose value may be missing.
pub(super) fn fact(label: &'static str, value: Option<impl Into<String>>) -> Fact {
    match value {
        Some(value) => Fact::new(label, value),
        None => Fact::new(label, DASH).tone(Tone::Muted),
    }
}

/// A section with one entry a line; none when there are none.
pub(super) fn listing(title: &'static str, entries: Vec<String>) -> Option<Section> {
    let facts: Vec<Fact> = entries.into_iter().map(|entry| Fact::new("", entry)).collect();
    (!facts.is_empty()).then(|| Section::new(title, facts))
}
