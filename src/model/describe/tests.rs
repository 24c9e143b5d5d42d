//! What the descriptions say, as text: label, value, note; the sentences a person relies on at 3 a.m.

mod gateways;
mod pods;
mod scaling;
mod services;

use std::sync::Arc;

use super::*;
use crate::model::gateway::GatewayRow;
use crate::model::testing::with;

/// The moment at which everything is looked at.
fn now() -> Timestamp {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

/// Sections as text: titles, then `label: value  [note]`; `!` before what is broken, `~` before what to look at.
fn to_text(sections: &[Section]) -> String {
    let mut text = String::new();
    for section in sections {
        text += &format!("# {}\n", section.title);
        for fact in &section.facts {
            let mark = match fact.tone {
                Tone::Bad => "! ",
                Tone::Warn => "~ ",
                _ => "",
            };
            let label = if fact.label.is_empty() { String::new() } else { format!("{}: ", fact.label) };
            let note = if fact.note.is_empty() { String::new() } else { format!("  [{}]", fact.note) };
            text += &format!("{mark}{label}{}{note}\n", fact.value);
        }
    }
    text
}

/// Asserts that each of `lines` is a line of the sections.
#[track_caller]
fn says(sections: &[Section], lines: &[&str]) {
    let text = to_text(sections);
    for line in lines {
        assert!(text.lines().any(|said| said == *line), "{line:?} is not said in\n{text}");
    }
}

/// Asserts that no fact has an empty value, and that nothing hides in a line break of a label or note.
#[track_caller]
fn is_tidy(sections: &[Section]) {
    for fact in sections.iter().flat_map(|section| &section.facts) {
        assert!(!fact.value.trim().is_empty(), "nothing is said by {fact:?}");
        assert!(!fact.label.contains('\n') && !fact.note.contains('\n'), "{fact:?}");
    }
}

fn row(kind: &str, reason: &str, message: &str, count: u32, last: Option<&str>) -> EventRow {
    EventRow {
        kind: kind.into(),
        reason: reason.into(),
        message: message.into(),
        object: "Pod egress-7c9".into(),
        source: "kubelet".into(),
        count,
        last: last.map(|last| last.parse().unwrap()),
        ..EventRow::default()
    }
}

#[test]
fn events_are_told_newest_first_with_how_often_they_came() {
    let rows = [
        row("Normal", "Pulled", "Container image already present", 1, Some("2026-05-01T11:30:00Z")),
        row("Warning", "Unhealthy", "Readiness probe failed:\nconnection refused\n", 1, None),
        row("Warning", "BackOff", "Back-off restarting failed container", 12, Some("2026-05-01T11:55:00Z")),
        row("", "", "", 0, Some("2026-05-01T11:00:00Z")),
    ];
    let said = events(&rows, now());
    is_tidy(&said);
    assert_eq!(
        to_text(&said),
        "# \n\
         ~ 5m (×12): Warning BackOff: Back-off restarting failed container  [Pod egress-7c9 · kubelet]\n\
         30m: Normal Pulled: Container image already present  [Pod egress-7c9 · kubelet]\n\
         60m: –  [Pod egress-7c9 · kubelet]\n\
         ~ –: Warning Unhealthy: Readiness probe failed: connection refused  [Pod egress-7c9 · kubelet]\n"
    );
}

#[test]
fn no_events_are_a_sentence() {
    assert_eq!(
        to_text(&events(&[], now())),
        "# \nNo events: Kubernetes keeps them for an hour by default.\n"
    );
}

#[test]
fn saying_is_one_line_or_two() {
    assert_eq!(to_text(&saying(Tone::Busy, "Loading …", "")), "# \nLoading …\n");
    assert_eq!(to_text(&saying(Tone::Bad, "Refused", "Ask.\nNicely.")), "# \n! Refused\nAsk. Nicely.\n");
}
