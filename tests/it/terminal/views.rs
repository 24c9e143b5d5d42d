//! A screen that stands still, is written down, is left behind, and comes back.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use super::{SOON, nowhere};
use crate::support::session::{Session, egret};

const NONE: &str = "/nowhere/kubeconfig";

/// What came after the alternate screen was left.
fn left_behind(session: &Session) -> String {
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    // The cursor is shown last.
    raw.rsplit_once("\x1b[?1049l\x1b[?25h").map(|(_, after)| after.to_owned()).unwrap_or_default()
}

#[test]
fn the_screen_is_written_to_a_file_without_the_palette_that_asked_for_it() {
    let session = egret(Path::new(NONE), "demo --speed 0").go();
    session.sees("4/5 clusters");
    let file = session.home().join("x.txt");
    session.command(&format!("screen-dump {}", file.display())).says("The screen is in");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("egret demo › gateways") && text.contains("frankfurt"), "{text}");
    assert!(!text.contains("screen-dump") && !text.contains('\x1b'), "{text}");
    session.keys("esc").command(&format!("screen-dump {}", file.display())).says("there already");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn without_a_name_a_dump_lies_among_those_that_are_kept_and_the_demo_leaves_none() {
    let (_dir, kubeconfig) = nowhere();
    let session = egret(&kubeconfig, "").go();
    session.sees("0/1 clusters").keys("ctrl-s").says("The screen is in");
    let dumps = session.home().join(".local/state/egret/dumps");
    let names: Vec<_> = std::fs::read_dir(dumps).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 1, "{names:?}");
    assert!(names[0].to_string_lossy().ends_with("Z.txt"), "{names:?}");
    let session = egret(Path::new(NONE), "demo --speed 0").go();
    session.sees("4/5 clusters").keys("ctrl-s").says(":screen-dump FILE");
    assert_eq!(std::fs::read_dir(session.home()).unwrap().count(), 0);
}

#[test]
fn the_last_screen_stays_on_the_terminal_of_who_quits_and_asks_for_it() {
    for (line, key) in [("--print-on-exit demo --speed 0", "q"), ("demo --speed 0", "Q")] {
        let mut session = egret(Path::new(NONE), line).go();
        session.sees("4/5 clusters").keys(key);
        assert_eq!(session.wait_end(SOON).code(), Some(0), "{line}");
        let left = left_behind(&session);
        assert!(left.contains("egret demo › gateways") && left.contains("frankfurt"), "{left:?}");
        assert!(!left.contains("\x1b["), "{left:?}");
    }
    let mut session = egret(Path::new(NONE), "demo --speed 0").go();
    session.sees("4/5 clusters").keys("q");
    session.wait_end(SOON);
    assert!(!left_behind(&session).contains("gateways"));
    let mut session = egret(Path::new(NONE), "--print-on-exit=svg demo --speed 0").go();
    session.sees("4/5 clusters").signal(Signal::TERM);
    session.wait_end(SOON);
    assert!(!left_behind(&session).contains("<svg"), "a signal is no wish for a picture");
}

#[test]
fn not_a_byte_is_written_while_the_screen_stands_though_clusters_change() {
    let session = egret(Path::new(NONE), "demo --speed 60").go();
    session.sees("4/5 clusters").keys("Z").sees("HELD since");
    // The frame that says so may still be coming.
    while !session.bytes_within(Duration::from_millis(300)).is_empty() {}
    let screen = session.screen();
    let written = session.bytes_within(Duration::from_secs(4));
    assert_eq!(String::from_utf8_lossy(&written), "");
    session
        .keys("down")
        .says("The screen goes on; the key did nothing else.")
        .says("clusters told of change");
    assert!(screen.contains("HELD since") && !session.screen().contains("HELD since"));
}

#[test]
fn what_was_in_front_when_egret_ended_comes_back_when_it_is_asked_for() {
    let (dir, kubeconfig) = nowhere();
    let state = dir.path().join("state");
    let begin = |line: &str| egret(&kubeconfig, line).env("XDG_STATE_HOME", &state).go();
    let mut session = begin("");
    session.sees("0/1 clusters").keys("4").sees("egret › pods").keys("/").fills("status:error | enter");
    session.sees("status:error").keys("q");
    assert_eq!(session.wait_end(SOON).code(), Some(0));
    begin("--restore").sees("egret › pods").sees("status:error");
    begin("").sees("egret › gateways").keys("g l").sees("egret › pods").sees("status:error");
    begin("--restore --view services").sees("egret › services");
}

#[test]
fn the_title_is_set_where_it_is_asked_for_and_given_back() {
    let mut session = egret(Path::new(NONE), "demo --speed 0").env("EGRET_TITLE", "true").go();
    session.sees("4/5 clusters");
    session.keys("q");
    session.wait_end(SOON);
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    let (saved, set, back) =
        (raw.find("\x1b[22;0t"), raw.find("\x1b]2;egret demo · "), raw.rfind("\x1b[23;0t"));
    assert!(saved.is_some() && saved < set && set < back, "{saved:?} {set:?} {back:?}");
    let mut session = egret(Path::new(NONE), "demo --speed 0").go();
    session.sees("4/5 clusters").keys("q");
    session.wait_end(SOON);
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    assert!(!raw.contains("\x1b]2;") && !raw.contains(";0t"), "nobody asked for a title");
}
