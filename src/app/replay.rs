//! A recording that is played: what of it is looked at, and how fast its time runs.

mod moment;
mod recorded;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::command::Command;
use super::model::App;
use crate::model::clock::zone;
pub use moment::Moment;

/// How a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Replay {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Seconds of it in one second, when its time runs.
    pub speed: f64,
    /// Whether its time runs.
    pub runs: bool,
    /// Whether another moment was gone to just now: what differs from the one before did not change in time.
    pub settles: bool,
}

/// How it is to be played from now on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
    /// Its time stands, or runs again.
    Pause,
    /// The next faster speed.
    Faster,
    /// The next slower one.
    Slower,
    /// So much later, or earlier.
    By(SignedDuration),
    /// From its start.
    Start,
    /// At its end.
    End,
}

/// Speeds to choose from.
pub const SPEEDS: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];

/// What a command of a replay wishes; none: it is no such command.
pub(super) fn wish(command: Command) -> Option<Wish> {
    use Command as C;
    let by = |seconds| Wish::By(SignedDuration::from_secs(seconds));
    Some(match command {
        C::ReplayPause => Wish::Pause,
        C::ReplayBack => by(-10),
        C::ReplayOn => by(10),
        C::ReplayBackMinute => by(-60),
        C::ReplayOnMinute => by(60),
        C::ReplayStart => Wish::Start,
        C::ReplayEnd => Wish::End,
        C::ReplaySlower => Wish::Slower,
        C::ReplayFaster => Wish::Faster,
        _ => return None,
    })
}

impl Replay {
    /// The next speed in a direction; the last one stays.
    #[must_use]
    pub fn next_speed(&self, faster: bool) -> f64 {
        let next = if faster {
            SPEEDS.iter().find(|speed| **speed > self.speed)
        } else {
            SPEEDS.iter().rev().find(|speed| **speed < self.speed)
        };
        next.copied().unwrap_or(self.speed)
    }
}

/// A speed as it is shown: `×1`, `×0.25`.
struct Speed(f64);

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "×{}", self.0)
    }
}

impl App {
    /// What the header says of a replay: its time, its speed, and whether it runs; the second is shorter.
    pub fn replay_words(&self) -> Option<[String; 2]> {
        let replay = self.replay.as_ref()?;
        let at = self.now.to_zoned(zone());
        let runs = match (replay.runs, self.now >= replay.end) {
            (true, _) => "▶",
            (false, true) => "▮▮ end",
            (false, false) => "▮▮",
        };
        let speed = Speed(replay.speed);
        let words = format!("{} {speed} {runs}", at.strftime("%H:%M:%S"));
        Some([format!("replay {} {words}", at.strftime("%Y-%m-%d")), format!("replay {words}")])
    }

    /// Why a command can do nothing because of a replay, or for want of one.
    pub(super) fn replay_lacks(&self, command: Command) -> Option<&'static str> {
        use Command as C;
        match (&self.replay, command) {
            (None, command) if command.is_for_replay() => Some("only `egret replay` has that"),
            (Some(replay), C::ReplayPause) if !replay.runs && self.now >= replay.end => {
                Some("this is where the recording ends; go back first")
            }
            (Some(_), C::Logs | C::PreviousLogs) => Some("a recording holds no logs"),
            (Some(_), C::OpenContext | C::Contexts) => Some("a recording has no other clusters"),
            (Some(_), C::Retry) => Some("this is a recording: it says the same again"),
            _ => None,
        }
    }

    /// Whether another moment of a recording is being gone to.
    pub(super) fn is_settling(&self) -> bool {
        self.replay.is_some_and(|replay| replay.settles)
    }

    /// Another moment of the recording is looked at: what was known then, and nothing else.
    pub(super) fn on_rewound(&mut self, moment: Moment) {
        let Moment { store, seen, members, markers, usage } = moment;
        self.traffic.store = store;
        self.traffic.seen = seen;
        self.traffic.members = members;
        self.traffic.markers = markers;
        self.traffic.usage = usage;
        self.looked_at_anew();
    }

    /// The objects of the moment that was gone to are here.
    pub(super) fn on_settled(&mut self) {
        let (fleet, now) = (self.fleet().to_vec(), self.now);
        // What the recording does not tell of pods, the screens may.
        self.traffic.members.join(&fleet, now);
        self.looked_at_anew();
    }

    fn looked_at_anew(&mut self) {
        let fleet = self.fleet().to_vec();
        self.traffic.judged_anew(&fleet);
        self.traffic_aged();
        self.proxies_heard();
    }
}
