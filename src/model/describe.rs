//! What the details screens say: an object, or a gateway joined from several, as sections of facts in words.
//!
//! Everything a person needs at the worst moment, and nothing that hides: long lists have a line per entry, every
//! state has since when, what is not known is `–` or a word. Objects are read as untyped JSON, so that a field of
//! an odd type costs one fact and not the screen. Secrets are only named (R27).

mod conditions;
mod container;
mod endpoints;
mod gateway;
mod parameters;
mod parts;
mod pod;
mod probe;
mod read;
mod scaling;
mod service;
#[cfg(test)]
mod tests;
mod volume;
mod words;

use jiff::Timestamp;

pub use gateway::gateway_overview;
pub use pod::pod;
pub use scaling::gateway_scaling;
pub use service::{gateway_service, service};

use super::age::age;
use super::facts::{Fact, Section};
use super::row::EventRow;
use super::table::Tone;
use words::{DASH, one_line};

/// One sentence in place of a screen, and what to do about it.
pub fn saying(tone: Tone, summary: &str, hint: &str) -> Vec<Section> {
    let mut facts = vec![Fact::new("", one_line(summary)).tone(tone)];
    if !hint.is_empty() {
        facts.push(Fact::new("", one_line(hint)).tone(Tone::Muted));
    }
    vec![Section::new("", facts)]
}

/// Events, newest first; those without a time last.
pub fn events(rows: &[EventRow], now: Timestamp) -> Vec<Section> {
    if rows.is_empty() {
        return saying(Tone::Muted, "No events: Kubernetes keeps them for an hour by default.", "");
    }
    let mut rows: Vec<&EventRow> = rows.iter().collect();
    rows.sort_by_key(|event| std::cmp::Reverse(event.last));
    vec![Section::new("", rows.into_iter().map(|event| self::event(event, now)).collect())]
}

fn event(event: &EventRow, now: Timestamp) -> Fact {
    let age = event.last.map_or_else(|| DASH.to_owned(), |last| age(last, now));
    let label = if event.count > 1 { format!("{age} (×{})", event.count) } else { age };
    let head: Vec<&str> =
        [&*event.kind, &*event.reason].into_iter().filter(|word| !word.is_empty()).collect();
    let parts = [head.join(" "), one_line(&event.message)];
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let about: Vec<&str> =
        [&*event.object, &*event.source].into_iter().filter(|word| !word.is_empty()).collect();
    let tone = if &*event.kind == "Warning" { Tone::Warn } else { Tone::Plain };
    let value = if said.is_empty() { DASH.to_owned() } else { said.join(": ") };
    Fact::new(label, value).tone(tone).note(about.join(" · "))
}
