//! The mouse is the terminal's unless it is asked for, and is given back however egret ends.

use rustix::process::Signal;

use super::{SOON, nowhere};
use crate::support::session::{Session, egret};

const ON: &str = "\x1b[?1000h\x1b[?1006h";
const OFF: &str = "\x1b[?1006l\x1b[?1000l";

fn sent(session: &Session) -> String {
    String::from_utf8_lossy(&session.raw()).into_owned()
}

/// Times that it was taken and given back, and whether it is the terminal's at the end.
fn taken(session: &Session) -> (usize, bool) {
    let sent = sent(session);
    (sent.matches(ON).count(), sent.rfind(OFF) >= sent.rfind(ON))
}

/// egret with the mouse, as the config asks for it.
fn with_mouse() -> (Session, tempfile::TempDir) {
    let (dir, kubeconfig) = nowhere();
    let config = dir.path().join("config.toml");
    std::fs::write(&config, "mouse = true\n").unwrap();
    let session = egret(&kubeconfig, "").env("EGRET_CONFIG", &config).size(80, 24).go();
    session.sees("0/1 clusters");
    (session, dir)
}

#[test]
fn nothing_is_said_of_the_mouse_where_nobody_asks_for_it() {
    let (_dir, kubeconfig) = nowhere();
    let mut session = egret(&kubeconfig, "").size(80, 24).go();
    session.sees("0/1 clusters");
    // What a terminal would not send then moves and types nothing.
    session.type_in("\x1b[<0;5;4M\x1b[<65;5;4M");
    session.keys("1").sees("egret › clusters").keys("q");
    session.wait_end(SOON);
    let sent = sent(&session);
    for mode in ["?1000", "?1002", "?1003", "?1006", "?1015"] {
        assert!(!sent.contains(mode), "{mode}");
    }
}

#[test]
fn the_mouse_is_taken_at_the_start_and_given_back_at_every_end() {
    for how in ["q", "TERM", "HUP", "ctrl-c"] {
        let (mut session, _dir) = with_mouse();
        assert_eq!(taken(&session), (1, false), "{how}");
        match how {
            "TERM" => session.signal(Signal::TERM),
            "HUP" => session.signal(Signal::HUP),
            key => drop(session.keys(key)),
        }
        session.wait_end(SOON);
        assert_eq!(taken(&session), (1, true), "{how}");
        assert!(!sent(&session).contains("?1003"), "movements are not asked for");
    }
}

#[test]
fn a_stopped_program_leaves_the_mouse_and_takes_it_again() {
    let (session, _dir) = with_mouse();
    session.signal(Signal::TSTP);
    session.wait_stopped();
    session.wait_seen("the mouse is given back", SOON, |s| !s.on_alternate_screen());
    assert_eq!(taken(&session), (1, true));
    session.clear();
    session.signal(Signal::CONT);
    session.sees("0/1 clusters");
    assert_eq!(taken(&session), (2, false));
}

#[test]
fn a_key_takes_the_mouse_and_a_key_leaves_it() {
    let (_dir, kubeconfig) = nowhere();
    let mut session = egret(&kubeconfig, "").size(80, 24).go();
    session.sees("0/1 clusters").keys("z m").sees("The mouse is egret's");
    assert_eq!(taken(&session), (1, false));
    session.keys("z m").sees("The mouse is the terminal's again");
    assert_eq!(taken(&session), (1, true));
    session.keys("q");
    session.wait_end(SOON);
}

#[test]
fn a_click_selects_also_when_it_comes_in_two_parts() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("config.toml");
    std::fs::write(&config, "mouse = true\n").unwrap();
    let session = egret("nowhere".as_ref(), "demo --speed 0").env("EGRET_CONFIG", &config).size(80, 24).go();
    // All rows are there: none pushes another down any more.
    session.sees("4/5 clusters").sees("egress-pci");
    let marked = |y: usize| move |s: &str| s.lines().nth(y).is_some_and(|line| line.starts_with('▸'));
    session.wait_until("the first row is selected", SOON, marked(2));
    // Rows are counted from 1 by the terminal.
    session.type_in("\x1b[<0;10;5M");
    session.wait_until("the third row is selected", SOON, marked(4));
    session.type_in("\x1b[<0;1");
    // Longer than the rest of a key is waited for.
    std::thread::sleep(std::time::Duration::from_millis(120));
    session.type_in("0;4M");
    session.wait_until("the second row is selected", SOON, marked(3));
}
