//! The tour can be walked by whoever does what it says.

use std::time::Duration;

use crate::support::demo::{Session, run};

/// What somebody does at each step: keys, or a line of the palette.
const WALK: &[(&str, &[&str])] = &[
    ("put the cursor on a gateway that is not Running", &["down", "down", "down"]),
    ("opens the gateway", &["enter"]),
    ("find its pods", &["tab"]),
    ("follows what the pod", &["l"]),
    ("leads back", &["esc", "esc"]),
    ("filters", &["/", "type status:error", "enter"]),
    ("clears the filter", &["esc"]),
    ("brings up what fails", &["W", "home"]),
    ("what goes through it now", &["t"]),
    ("since when, and why", &["u"]),
    ("unfolds the host", &["enter", "esc"]),
    ("shows the clusters", &["1"]),
    ("put the cursor on it", &["go sandbox"]),
    ("asks whether this screen is to keep them", &["K"]),
    ("y has it done", &["y"]),
    ("two are being made", &["enter", "wait"]),
    ("then y pauses it", &["go egress-preview", "P", "y"]),
    ("somebody scales it", &[":tamper"]),
    ("shows the drift", &["r"]),
    ("puts it back", &["P", "y"]),
    ("which Helm made", &["esc", "go egress-shared", "A"]),
    ("Type its name, then enter", &["type egress-shared", "enter", "wait"]),
    ("makes a gateway", &["esc", "n", "type egress-tour", "ctrl-s", "y"]),
    (
        "replicaCount: 4, then",
        &[
            "esc",
            "go egress-preview",
            "E",
            "ctrl-f",
            "type replicaCount:",
            "enter",
            "end",
            "backspace",
            "type 4",
            "esc",
            "esc",
        ],
    ),
    ("somebody changes the same", &[":tamper gateway"]),
    ("it shows both", &["D", "enter", "ctrl-s", "m", "enter", "y"]),
    ("what is lost", &["esc", "go egress-tour", "d", "y", "wait"]),
    ("it is made anew", &["U", "enter", "y", "wait"]),
    ("is a slow line", &["esc", ":fault latency=300ms"]),
    ("takes a cluster away", &[":fault outage=frankfurt"]),
    ("mends all of it", &[":fault none"]),
];

#[test]
fn whoever_does_what_each_step_says_comes_to_the_end_of_the_tour() {
    run(walk((80, 24)));
    run(walk((120, 40)));
}

async fn walk(size: (u16, u16)) {
    let mut session = Session::open(1, size, &[]).await;
    assert_eq!(session.tour(), None);
    session.keys("T").await;
    for (number, (says, does)) in WALK.iter().enumerate() {
        let (at, all, step) = session.tour().unwrap();
        assert_eq!((at, all), (number + 1, WALK.len() + 1), "{step}");
        assert!(step.contains(says), "{says} is not in {step}");
        // All of a step can be read on a narrow screen.
        session.sees(&step);
        for what in *does {
            do_it(&mut session, what).await;
        }
    }
    session.sees("that was the tour");
    session.keys("T").await;
    assert_eq!(session.tour(), None);
    session.sees_not("that was the tour");
}

async fn do_it(session: &mut Session, what: &str) {
    let before = session.tour();
    match what {
        // Steps of one key are pressed until they are done: which gateway is not Running is the story's.
        "down" if session.tour() != before => {}
        line if line.starts_with(':') => drop(session.command(&line[1..]).await),
        "wait" => session.advance(Duration::from_secs(60)).await,
        text if text.starts_with("type ") => drop(session.type_in(&text[5..]).await),
        row if row.starts_with("go ") => drop(session.go(&row[3..]).await),
        key => drop(session.keys(key).await),
    }
}
