//! However egret ends, the terminal is as it was found.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{SOON, nowhere};
use crate::support::session::{Session, shell};

#[track_caller]
fn is_restored(session: &Session, before: &str) {
    assert!(!session.on_alternate_screen(), "still on the alternate screen");
    assert!(session.shows_cursor(), "the cursor is hidden");
    assert_eq!(session.modes(), before, "the modes of the terminal");
    let raw = String::from_utf8_lossy(&session.raw()).into_owned();
    assert!(raw.rfind("\x1b[?2004l") > raw.rfind("\x1b[?2004h"), "pasted text is still marked");
}

/// A shell that tells the terminal's modes apart from egret's: it waits for a line before it starts the program.
fn begun(line: &str) -> (Session, String, tempfile::TempDir) {
    let (dir, kubeconfig) = nowhere();
    let session = shell(&kubeconfig, &format!("read -r _; {line}")).go();
    let before = session.modes();
    session.type_in("\n");
    session.sees("0/1 clusters");
    assert!(!session.is_cooked() && session.on_alternate_screen() && !session.shows_cursor());
    (session, before, dir)
}

#[test]
fn a_signal_that_asks_for_the_end_restores_the_terminal() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let (mut session, before, _dir) = begun("exec $EGRET");
        session.signal(signal);
        let status = session.wait_end(SOON);
        is_restored(&session, &before);
        assert_eq!(status.code(), Some(0), "{signal:?}: {status}");
    }
}

#[test]
fn quitting_restores_the_terminal() {
    for key in ["q", "ctrl-c"] {
        let (mut session, before, _dir) = begun("exec $EGRET");
        session.keys(key);
        assert_eq!(session.wait_end(SOON).code(), Some(0), "{key}");
        is_restored(&session, &before);
    }
}

#[test]
fn a_panic_restores_the_terminal_and_tells_where_its_report_is() {
    for place in ["ui", "task"] {
        let (mut session, before, _dir) = begun(&format!("EGRET_TEST_PANIC={place} exec $EGRET"));
        session.keys("f12");
        let status = session.wait_end(SOON);
        assert_eq!(status.code(), Some(101), "{place}: {status}");
        is_restored(&session, &before);
        let raw = String::from_utf8_lossy(&session.raw()).into_owned();
        let path =
            raw.split("The report is in ").nth(1).unwrap_or_else(|| panic!("{place}: no path in {raw:?}"));
        let report = std::fs::read_to_string(path.trim_end()).unwrap();
        assert!(report.contains("asked for by a test") && report.contains("report.rs"), "{report}");
    }
}

#[test]
fn a_terminal_that_is_gone_ends_the_program_within_a_second_though_no_signal_says_so() {
    // The second is no longer in the terminal's session: nothing but the terminal itself tells it.
    for line in ["exec $EGRET", "exec setsid -w $EGRET"] {
        let (mut session, _, _dir) = begun(&format!("trap '' HUP; {line}"));
        let gone = Instant::now();
        session.vanish();
        session.wait_status(Duration::from_secs(1));
        assert!(gone.elapsed() < Duration::from_secs(1), "{line}");
    }
}

#[test]
fn a_terminal_that_nobody_reads_does_not_keep_the_program_from_ending() {
    let (mut session, before, _dir) = begun("exec $EGRET");
    session.choke();
    session.signal(Signal::TERM);
    let status = session.wait_status(Duration::from_secs(2));
    assert_eq!(status.code(), Some(0), "{status}");
    assert_eq!(session.modes(), before);
}

#[test]
fn a_stopped_program_leaves_the_terminal_to_the_shell_and_draws_all_of_it_when_continued() {
    for signal in [Signal::TSTP, Signal::STOP] {
        let (session, before, _dir) = begun("exec $EGRET");
        session.signal(signal);
        session.wait_stopped();
        if signal == Signal::TSTP {
            session.wait_seen("the terminal is restored", SOON, |s| {
                !s.on_alternate_screen() && s.shows_cursor()
            });
            assert_eq!(session.modes(), before);
        }
        // What a shell does when it gets its terminal back.
        session.cook();
        session.clear();
        session.signal(Signal::CONT);
        session.sees("0/1 clusters").sees("? help");
        assert!(
            session.on_alternate_screen() && !session.shows_cursor() && !session.is_cooked(),
            "{signal:?}"
        );
    }
}

#[test]
fn a_program_that_is_continued_in_a_terminal_of_another_size_fills_it() {
    let (session, _, _dir) = begun("exec $EGRET");
    session.signal(Signal::STOP);
    session.wait_stopped();
    session.resize(90, 20);
    session.signal(Signal::CONT);
    session.wait_until("the last row has the hints", SOON, |s| {
        s.lines().nth(19).is_some_and(|l| l.contains("help"))
    });
}
