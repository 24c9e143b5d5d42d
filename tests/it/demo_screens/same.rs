//! One seed and the same keys: the same screens.

use std::time::Duration;

use egret::demo::story;
use ratatui::buffer::Buffer;

use crate::support::demo::{Session, run};

/// A walk through the demo: keys, lines of the palette, sizes and time, and what is on the screen after each.
async fn walk(seed: u64) -> Vec<(String, Buffer)> {
    let mut seen = Vec::new();
    let mut s = Session::open(seed, (120, 40), &[]).await;
    seen.push(("the start".to_owned(), s.buffer()));
    for keys in [
        "down down down",
        "enter",
        "tab",
        "tab",
        "tab",
        "tab",
        "esc",
        "w",
        ">",
        ">",
        "O",
        "<",
        "end",
        "home",
        "1",
        "enter",
        "esc",
        "3",
        "end",
        "4",
        "down down down down",
        "enter",
        "tab",
        "esc",
        "l",
        "esc",
        "y",
        "esc",
        "u",
        "esc",
        "?",
        "down down",
        "esc",
        "2",
    ] {
        s.keys(keys).await;
        seen.push((keys.to_owned(), s.buffer()));
    }
    for line in [
        "filter status:error",
        "filter egress",
        "pods @frankfurt",
        "sort age",
        "fault latency=300ms",
        "fault none",
        "close-context audit",
        "open-context audit",
        "namespaces all",
        "gateways",
    ] {
        s.command(line).await;
        seen.push((format!(":{line}"), s.buffer()));
    }
    for (size, seconds) in [((80, 24), 1), ((200, 60), 30), ((120, 40), 95), ((120, 40), 400)] {
        s.resize(size).await;
        s.advance(Duration::from_secs(seconds)).await;
        seen.push((format!("{size:?} after {seconds} s"), s.buffer()));
    }
    s.command("fault outage=frankfurt").await.keys("2").await;
    seen.push(("an outage".to_owned(), s.buffer()));
    s.command("fault none").await;
    seen.push(("mended".to_owned(), s.buffer()));
    seen
}

#[test]
fn two_runs_with_one_seed_and_the_same_keys_show_the_same_cell_by_cell() {
    let (one, other) = (run(walk(1)), run(walk(1)));
    for ((after, a), (_, b)) in one.iter().zip(&other) {
        assert!(a == b, "after {after}:\n{}", differing(a, b));
    }
    // A step that does nothing proves nothing.
    let idle = one.windows(2).filter(|pair| pair[0].1 == pair[1].1).map(|pair| &pair[1].0);
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&String>::new());
}

/// A walk on which this screen keeps gateways, pauses one and puts it right again.
async fn walk_and_keep(seed: u64) -> Vec<(String, Buffer)> {
    let mut seen = Vec::new();
    let mut s = Session::open(seed, (120, 40), &[]).await;
    s.keys("1").await.go("sandbox").await;
    for keys in ["K", "y", "enter"] {
        s.keys(keys).await;
        seen.push((keys.to_owned(), s.buffer()));
    }
    for seconds in [1, 3, 10, 60] {
        s.advance(Duration::from_secs(seconds)).await;
        seen.push((format!("{seconds} s"), s.buffer()));
    }
    s.go("egress-preview").await;
    for keys in ["P", "y", "r"] {
        s.keys(keys).await;
        seen.push((keys.to_owned(), s.buffer()));
    }
    s.command("tamper").await;
    seen.push((":tamper".to_owned(), s.buffer()));
    for keys in ["P", "y", "1"] {
        s.keys(keys).await;
        seen.push((keys.to_owned(), s.buffer()));
    }
    seen
}

#[test]
fn two_runs_in_which_this_screen_keeps_gateways_show_the_same() {
    let (one, other) = (run(walk_and_keep(1)), run(walk_and_keep(1)));
    for ((after, a), (_, b)) in one.iter().zip(&other) {
        assert!(a == b, "after {after}:\n{}", differing(a, b));
    }
    let idle = one.windows(2).filter(|pair| pair[0].1 == pair[1].1).map(|pair| &pair[1].0);
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn two_runs_whose_time_runs_show_the_same_at_the_same_time() {
    let seen = || {
        run(async {
            // Ten times as fast as the runtime's own time, which passes only when nothing else can happen.
            let mut session = Session::of(story::world(1, 10.0), 1, (120, 40), &[]).await;
            let mut seen = Vec::new();
            for _ in 0..30 {
                session.settle().await;
                seen.push(session.buffer());
            }
            seen
        })
    };
    let (one, other) = (seen(), seen());
    for (at, (a, b)) in one.iter().zip(&other).enumerate() {
        assert!(a == b, "after {at} looks:\n{}", differing(a, b));
    }
    let screens: std::collections::BTreeSet<String> = one.iter().map(text).collect();
    assert!(screens.len() > 5, "time that runs changes what is seen: {} screens", screens.len());
}

#[test]
fn another_seed_is_another_demo() {
    let [one, other] = [1, 2].map(|seed| {
        run(async {
            let mut session = Session::open(seed, (120, 40), &[]).await;
            session.keys("4").await.screen()
        })
    });
    assert!(one != other, "{one}");
    // The story is the same one: only what chance decides is not.
    let clusters = |screen: &str| screen.lines().next().unwrap().to_owned();
    assert_eq!(clusters(&one), clusters(&other));
}

#[test]
fn time_that_stands_changes_nothing_and_time_that_passes_does() {
    run(async {
        let mut session = Session::open(1, (120, 40), &[]).await;
        let before = session.buffer();
        for _ in 0..30 {
            session.settle().await;
        }
        assert!(session.buffer() == before, "{}", differing(&before, &session.buffer()));
        session.advance(Duration::from_secs(90)).await;
        assert!(session.buffer() != before, "nothing happened in 90 seconds");
    });
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let row =
        |row: &[ratatui::buffer::Cell]| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    buffer.content.chunks(width).map(row).collect::<Vec<_>>().join("\n")
}

/// The rows that differ, of both.
pub(super) fn differing(a: &Buffer, b: &Buffer) -> String {
    let (a, b) = (text(a), text(b));
    let rows = a.lines().zip(b.lines()).filter(|(a, b)| a != b);
    let rows: Vec<String> = rows.map(|(a, b)| format!("- {a}\n+ {b}")).collect();
    if rows.is_empty() { "only colours differ".to_owned() } else { rows.join("\n") }
}

#[test]
fn two_runs_with_one_seed_ask_the_servers_the_same_at_the_same_time() {
    let asked = || {
        run(async {
            let mut session = Session::open(1, (120, 40), &[]).await;
            let mut asked = Vec::new();
            // Five minutes: a watch lasts one at most, and when the next one begins hangs on how long each was.
            for _ in 0..150 {
                session.settle().await;
                asked
                    .push(["audit", "frankfurt", "sandbox", "singapore", "lab"].map(|c| session.requests(c)));
            }
            asked
        })
    };
    let one = asked();
    assert_eq!(one, asked());
    assert!(one[0].iter().zip(&one[149]).all(|(early, late)| early < late), "{one:?}");
}
