//! How soon a key is answered on a line of 300 ms and 10 KB a second.

use std::time::{Duration, Instant};

use crate::Bench;
use crate::program::Program;
use crate::pty::Pty;
use crate::slow::Line;

/// The line that the aim is for.
const LINE: Line = Line { trip: Duration::from_millis(300), rate: 10_000.0 };

const SIZE: (u16, u16) = (80, 24);

const LIMIT: Duration = Duration::from_secs(60);

/// Figures of the slow line.
#[derive(Debug, Default)]
pub(crate) struct Slow {
    /// From a key to the first bytes that show its answer, of a cursor that moves.
    pub moves: Vec<Duration>,
    /// The same of another screen.
    pub screens: Vec<Duration>,
    /// From the last of 38 screens that were asked for in a second until it stands.
    pub held: Option<Duration>,
}

/// Presses keys in the demo, whose traffic goes on meanwhile.
pub(crate) fn measure(bench: &Bench) -> Slow {
    let mut slow = Slow::default();
    let mut command = Program::egret().bare(bench.home.path());
    command.args(["demo", "--speed", "1"]);
    let Ok(pty) = Pty::start_over(command, SIZE, Some(LINE)) else { return slow };
    if pty.look_until(LIMIT, |screen| screen.contains("4/5 clusters")).is_err() {
        bench.say("the demo did not fill behind the slow line");
        return slow;
    }
    std::thread::sleep(Duration::from_secs(5));
    let row = |screen: &str| screen.lines().position(|line| line.starts_with('▸'));
    let press = |key: &str, answer: &dyn Fn(&str) -> bool| {
        let begun = Instant::now();
        pty.type_in(key);
        let at = pty.look_until(LIMIT, answer).ok()?;
        // Somebody looks before they press again.
        std::thread::sleep(Duration::from_millis(700));
        Some(at.saturating_duration_since(begun))
    };
    for key in ["j", "k"].iter().cycle().take(20) {
        let before = row(&pty.screen());
        slow.moves.extend(press(key, &|screen| row(screen).is_some_and(|now| Some(now) != before)));
    }
    for (key, shows) in [("3", "› services"), ("4", "› pods"), ("2", "› gateways"), ("z", "z …")].repeat(3)
    {
        if shows == "z …" {
            slow.screens.extend(press(key, &|screen| screen.contains(shows)));
            press("\x1b", &|screen| !screen.contains(shows));
        } else {
            slow.screens.extend(press(key, &|screen| screen.contains(shows)));
        }
    }
    press("\r", &|screen| screen.contains("1 overview"));
    for _ in 0..37 {
        pty.type_in("\t");
        std::thread::sleep(Duration::from_millis(25));
    }
    slow.held = press("1", &|screen| screen.contains("▸1 overview◂"));
    slow
}
