//! Somebody works over a line that takes 300 ms there and back and carries 10 KB a second.
//!
//! What is held here are bytes, not times: what the line carries in a round trip and a tenth of a second. Where an answer
//! waits behind other frames more bytes than that come before it, however busy the machine is. The times are measured by
//! `cargo bench --bench terminal -- --only slow`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use crate::support::session::{PATIENCE, Session, egret};
use crate::support::slow::Line;

const LINE: Line = Line { trip: Duration::from_millis(300), rate: 10_000.0 };

/// What the line carries in a round trip and 100 ms.
const CARRIED: u64 = 4_000;

fn demo() -> Session {
    // What happens in the demo by itself goes on: its frames must not be in the way.
    let session = egret(Path::new("/nowhere/kubeconfig"), "demo").size(80, 24).over(LINE).go();
    session.sees("4/5 clusters").sees("T tour");
    session
}

/// Presses a key; how many bytes came until its answer was seen.
#[track_caller]
fn cost(session: &Session, key: &str, answer: impl Fn(&str) -> bool) -> u64 {
    let before = session.bytes();
    session.keys(key);
    let after = std::cell::Cell::new(0);
    session.wait_seen(key, PATIENCE, |seen| {
        after.set(seen.bytes());
        answer(&seen.screen())
    });
    after.get() - before
}

#[test]
fn a_key_is_answered_before_the_line_has_carried_more_than_a_round_trip_and_a_tenth_of_a_second() {
    let session = demo();
    let row = |screen: &str| screen.lines().position(|line| line.starts_with('▸'));
    let mut costs: BTreeMap<&str, u64> = BTreeMap::new();
    // What happens in the demo at the same moment may stand before an answer, but not each time.
    for _ in 0..3 {
        let mut note = |key, bytes: u64| {
            let least = costs.entry(key).or_insert(u64::MAX);
            *least = bytes.min(*least);
        };
        let at = row(&session.screen());
        note("down", cost(&session, "down", |screen| row(screen).is_some_and(|now| Some(now) != at)));
        note("/", cost(&session, "/", |screen| screen.contains("filter:")));
        note("p", cost(&session, "p", |screen| screen.contains("filter: p")));
        note("esc", cost(&session, "esc", |screen| !screen.contains("filter:")));
        note("z", cost(&session, "z", |screen| screen.contains("z …")));
        note("esc", cost(&session, "esc", |screen| !screen.contains("z …")));
        note("3", cost(&session, "3", |screen| screen.contains("› services")));
        note("2", cost(&session, "2", |screen| screen.contains("› gateways")));
    }
    println!("bytes before each answer: {costs:?}");
    assert!(costs.values().all(|bytes| *bytes <= CARRIED), "bytes before each answer: {costs:?}");
}

#[test]
fn frames_that_the_line_cannot_carry_are_merged_and_the_last_key_is_answered_as_soon_as_the_first() {
    let session = demo();
    session.keys("enter").sees("1 overview");
    let before = session.bytes();
    // As somebody does who holds a key: each of these screens is other text all over.
    for _ in 0..37 {
        session.keys("tab");
        std::thread::sleep(Duration::from_millis(25));
    }
    let at_end = session.bytes();
    session.keys("1");
    let overview = |screen: &str| screen.contains("▸1 overview◂");
    session.wait_until("the first tab again", PATIENCE, overview);
    let (all, last) = (session.bytes() - before, session.bytes() - at_end);
    println!("{last} bytes after the last key, {all} in all");
    // A frame that is under way, and the one that shows the answer.
    assert!(last <= CARRIED + 4_000, "{last} bytes came after the last key, {all} in all");
}
