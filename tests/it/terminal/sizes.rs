//! Terminals of any size.

use super::{SOON, nowhere};
use crate::support::escapes::{frames, read};
use crate::support::session::{egret, with_gateways};

#[tokio::test]
async fn many_resizes_at_once_are_few_frames_and_the_last_size_is_drawn() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").go();
    session.sees("1/1 clusters").sees("payments-egress");
    session.bytes_within(std::time::Duration::from_millis(300));
    let before = session.raw().len();
    for n in 0..50 {
        session.resize(70 + n, 20 + n / 2);
    }
    session.resize(100, 30);
    session.wait_until("the screen is that of the last size", SOON, |s| {
        let rows: Vec<&str> = s.lines().collect();
        let header = rows.first().is_some_and(|r| r.trim_end().chars().count() == 99 && r.contains("RW"));
        header && rows.len() == 30 && rows[29].contains("open")
    });
    let raw = session.raw();
    let said = read(&raw[before..]);
    let (frames, _) = frames(&said);
    assert!((1..10).contains(&frames.len()), "{} frames", frames.len());
}

#[tokio::test]
async fn a_terminal_too_small_for_a_screen_gets_a_sentence() {
    let cluster = with_gateways().await;
    let session = egret(cluster.kubeconfig(), "-A").size(40, 12).go();
    session.sees("1 of 1 clusters complete").sees("egret needs 60").sees("this is 40").sees("gateways: 4");
}

#[tokio::test]
async fn a_tiny_terminal_that_grows_shows_everything_again() {
    let cluster = with_gateways().await;
    let mut session = egret(cluster.kubeconfig(), "-A").size(10, 3).go();
    session.wait_until("the gateways are counted", SOON, |s| s.contains('4'));
    session.keys("down down enter 7 ? esc");
    for size in [(1, 1), (2, 1), (1, 5), (59, 13), (200, 2), (10, 3)] {
        session.resize(size.0, size.1);
        session.keys("ctrl-l");
    }
    session.resize(120, 40);
    session.sees("1/1 clusters").sees("apiVersion:").sees(": ?");
    session.keys("q");
    assert_eq!(session.wait_end(SOON).code(), Some(0));
}

#[test]
fn a_screen_starts_in_any_size() {
    let (_dir, kubeconfig) = nowhere();
    for (columns, rows) in [(1, 1), (60, 14), (80, 24), (300, 100)] {
        let mut session = egret(&kubeconfig, "").size(columns, rows).go();
        session.wait_seen("something is drawn", SOON, |s| s.bytes() > 30);
        session.keys("q");
        assert_eq!(session.wait_end(SOON).code(), Some(0), "{columns}x{rows}");
    }
}

#[test]
fn of_keys_and_resizes_that_come_together_none_is_lost() {
    let (_dir, kubeconfig) = nowhere();
    let session = egret(&kubeconfig, "").go();
    session.sees("0/1 clusters").keys("/").sees("filter:");
    for n in 0..60 {
        session.type_in("a");
        session.resize(100 + n % 3, 30 + n % 2);
    }
    session.type_in("z");
    session.resize(110, 33);
    session.wait_until("all are taken", SOON, |s| {
        s.contains(&format!("filter: {}z", "a".repeat(60))) && s.lines().count() == 33
    });
}
