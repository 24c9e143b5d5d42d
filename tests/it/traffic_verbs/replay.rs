//! A recording shows again what was seen.

use std::sync::Arc;
use std::time::Duration;

use egret::demo::story;
use egret::recording::{Past, What};
use egret::runtime::replay::Options;

use super::support::recorded;
use crate::support::demo::{Session, run};

async fn a_recording(line: &str, seconds: u64) -> Arc<Past> {
    let dir = tempfile::tempdir().unwrap();
    recorded(&story::world(1, 1.0), line, seconds, &dir.path().join("r")).await.0
}

async fn at(past: &Arc<Past>, second: i64) -> Session {
    let from = past.start() + jiff::SignedDuration::from_secs(second);
    Session::replay(Options { past: past.clone(), speed: 0.0, from }, (120, 40)).await
}

#[test]
fn a_recording_shows_its_gateways_and_says_what_it_is() {
    run(async {
        let past = a_recording("egress-payments --context frankfurt", 60).await;
        let mut s = at(&past, 40).await;
        s.sees("egret replay")
            .sees("egress-payments")
            .sees("Degraded")
            .sees("replay")
            .sees("×1 ▮▮")
            .sees("RO");
        s.sees("1/1 clusters").sees_not("egress-mail");
        let screen = s.screen();
        let row = screen.lines().find(|line| line.contains("egress-payments") && line.contains("2/3"));
        let missing = |row: &str| ["–", "…", "n/c"].iter().any(|sign| row.contains(sign));
        assert!(row.is_some_and(|row| !missing(row)), "its traffic is in the table:\n{screen}");
        s.keys("enter 8").await.sees("api.wallet.example").sees_not("Reading its");
    });
}

#[test]
fn one_who_goes_there_and_back_sees_the_same_cells() {
    run(async {
        let past = a_recording("egress-payments --context frankfurt", 120).await;
        let mut s = at(&past, 50).await;
        s.keys("enter 8").await;
        s.keys(".").await;
        let there = s.buffer();
        s.keys(". . .").await;
        assert!(s.buffer() != there, "half a minute later it is another screen");
        s.keys(", , ,").await;
        assert!(s.buffer() == there, "{}\n\n{}", text(&there), s.screen());
        let mut straight = at(&past, 60).await;
        straight.keys("enter 8").await;
        assert!(straight.buffer() == there, "{}\n\n{}", text(&there), straight.screen());
    });
}

#[test]
fn keys_go_to_its_ends_and_let_it_run_and_stand() {
    run(async {
        let past = a_recording("egress-payments --context frankfurt", 60).await;
        let mut s = at(&past, 10).await;
        s.keys("}").await.sees("▮▮ end");
        s.keys("=").await.sees("this is where the recording ends");
        s.keys("{ =").await.sees("×1 ▶");
        s.keys(") )").await.sees("×5 ▶");
        s.keys("(").await.sees("×2 ▶");
        s.keys("=").await.sees("×2 ▮▮");
        s.keys("{ = ) ) ) ) )").await;
        for _ in 0..10 {
            s.settle().await;
        }
        s.sees("▮▮ end");
    });
}

#[test]
fn nothing_can_be_changed_and_no_log_is_made_up() {
    run(async {
        let past = a_recording("egress-payments --context frankfurt", 20).await;
        let mut s = at(&past, 10).await;
        s.keys("l").await.sees("a recording holds no logs");
        s.keys("esc").await.command("read-only").await;
        s.sees("RO");
        s.keys("D").await.sees_not("y deletes");
        s.command("open-context sandbox").await.sees("a recording has no other clusters");
    });
}

#[test]
fn a_denied_cluster_is_denied_again() {
    run(async {
        let past = a_recording("--context audit", 20).await;
        let mut s = at(&past, 15).await;
        s.sees("audit");
        s.keys("1").await.sees("1/1 clusters");
    });
}

#[test]
fn a_cluster_that_was_lost_while_recording_is_lost_in_the_replay_and_comes_back() {
    run(async {
        let world = story::world(1, 1.0);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("r");
        let outage = async {
            tokio::time::sleep(Duration::from_secs(25)).await;
            world.faults().add("outage=frankfurt".parse().unwrap());
            tokio::time::sleep(Duration::from_secs(30)).await;
            world.faults().clear();
        };
        let line = "egress-payments --context frankfurt";
        let ((past, _), ()) = tokio::join!(recorded(&world, line, 120, &file), outage);
        let when = |is_it: fn(&What) -> bool| {
            let entry = past.entries.iter().find(|entry| is_it(&entry.what)).expect("it is recorded");
            entry.at.duration_since(past.start()).as_secs()
        };
        let lost = when(|what| matches!(what, What::Refused(_, None, _)));
        let back = when(|what| matches!(what, What::Answers(_)));
        assert!((20..30).contains(&lost) && (50..100).contains(&back), "{lost} {back}");
        let mut s = at(&past, lost + 5).await;
        s.sees("egress-payments").sees("0/1 clusters");
        s.keys(", ,").await.sees("egress-payments").sees("1/1 clusters");
        s.keys("; ,").await;
        s.keys("}").await.sees("egress-payments").sees("1/1 clusters");
    });
}

#[test]
fn the_keys_of_a_replay_are_none_where_there_is_none() {
    run(async {
        let mut s = Session::open(1, (120, 40), &[]).await;
        s.keys("=").await.sees("only `egret replay` has that");
    });
}

fn text(buffer: &ratatui::buffer::Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let row =
        |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    buffer.content.chunks(width).map(row).collect::<Vec<_>>().join("\n")
}
