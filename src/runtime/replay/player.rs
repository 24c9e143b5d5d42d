//! The player: hands what was recorded to the screens at its time, and does what is wished of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::{Options, Stage};
use crate::app::Msg;
use crate::app::replay::{Replay, Wish};
use crate::demo::clock::DemoClock;
use crate::model::clock::Time as _;
use crate::recording::{Past, What};
use crate::runtime::looping::Inbox;

/// Least time between two looks: however fast it plays, a person sees no more.
const LEAST: Duration = Duration::from_millis(100);

/// How long the screens take to see the objects of another moment.
const SETTLING: Duration = Duration::from_secs(1);

/// Plays a recording.
#[derive(Debug)]
pub struct Player {
    past: Arc<Past>,
    stage: Stage,
    clock: DemoClock,
    inbox: Inbox,
    /// How many entries are told.
    told: usize,
    /// Until when another moment is being gone to.
    settles: Option<Instant>,
    replay: Replay,
}

impl Player {
    /// At the moment that the options name; its time runs once [`play`](Self::play) does.
    pub fn new(options: &Options, mut stage: Stage, inbox: Inbox) -> Self {
        let past = options.past.clone();
        let (start, end) = (past.start(), past.end());
        let clock = stage.world().clock().clone();
        let speed = if options.speed > 0.0 { options.speed } else { 1.0 };
        let runs = options.speed > 0.0 && options.from < end;
        let replay = Replay { start, end, speed, runs, settles: true };
        // The clusters are there as they were before anybody asks.
        stage.set_all(&past, past.until(options.from));
        Self { past, stage, clock, inbox, told: 0, settles: None, replay }
    }

    /// How it is played.
    pub fn replay(&self) -> Replay {
        self.replay
    }

    /// Plays, and does what is wished, until nobody wishes any more.
    pub async fn play(mut self, mut wishes: UnboundedReceiver<Wish>) {
        self.seek(self.clock.now());
        loop {
            let next = self.next();
            let settles = self.settles;
            let settled = async {
                match settles {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let turn = async {
                match next {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                wish = wishes.recv() => match wish {
                    Some(wish) => self.obey(wish),
                    None => return,
                },
                () = settled => self.settled(),
                () = turn => self.go_on(),
            }
        }
    }

    /// How long until something is to be told: an entry, or the next second; none: its time stands.
    fn next(&self) -> Option<Duration> {
        let now = self.clock.now();
        let entry = self.past.entries.get(self.told).map_or(self.replay.end, |entry| entry.at);
        let second = Timestamp::from_second(now.as_second() + 1).unwrap_or(entry);
        let left = entry.min(second).min(self.replay.end).duration_since(now);
        Some(self.clock.lasts(left.try_into().unwrap_or_default())?.max(LEAST))
    }

    /// Tells what happened since it was last told of, and stops at the end.
    fn go_on(&mut self) {
        let now = self.clock.now();
        let until = self.past.until(now);
        let past = self.past.clone();
        for entry in past.entries.get(self.told..until).unwrap_or_default() {
            match &entry.what {
                What::Object(change) => self.stage.set(&change.key, change.object.as_ref()),
                What::Seen(seen) => self.tell(Msg::Admin((**seen).clone())),
                What::Refused(..) => {}
                What::Scrape(_) | What::Missed(_) => {
                    past.scraped(entry).into_iter().for_each(|scraped| self.tell(Msg::Scraped(scraped)));
                }
            }
        }
        self.told = self.told.max(until);
        if now >= self.replay.end {
            self.replay.runs = false;
            self.clock.set(self.replay.end, 0.0);
        }
        self.tell(Msg::Replaying(self.replay));
    }

    fn obey(&mut self, wish: Wish) {
        let now = self.clock.now();
        match wish {
            Wish::Pause => self.replay.runs = !self.replay.runs && now < self.replay.end,
            Wish::Faster => self.replay.speed = self.replay.next_speed(true),
            Wish::Slower => self.replay.speed = self.replay.next_speed(false),
            Wish::By(time) => return self.seek(now.checked_add(time).unwrap_or(now)),
            Wish::Start => return self.seek(self.replay.start),
            Wish::End => return self.seek(self.replay.end),
        }
        self.set_clock(now);
        self.go_on();
    }

    /// Goes to a moment: all is as it was then, whether that is later or earlier.
    fn seek(&mut self, to: Timestamp) {
        let to = to.clamp(self.replay.start, self.replay.end);
        self.replay.runs &= to < self.replay.end;
        self.set_clock(to);
        self.told = self.past.until(to);
        self.stage.set_all(&self.past, self.told);
        self.replay.settles = true;
        self.settles = Some(Instant::now() + SETTLING);
        self.tell(Msg::Replaying(self.replay));
        self.tell(Msg::Rewound(self.past.clone(), self.told));
    }

    /// The objects of the moment are on the screens. What proxies said is told again: of pods that were not there before
    /// nothing was kept.
    fn settled(&mut self) {
        self.settles = None;
        self.go_on();
        self.replay.settles = false;
        self.tell(Msg::Rewound(self.past.clone(), self.told));
        self.tell(Msg::Replaying(self.replay));
    }

    fn set_clock(&self, at: Timestamp) {
        self.clock.set(at, if self.replay.runs { self.replay.speed } else { 0.0 });
    }

    fn tell(&self, msg: Msg) {
        // Nobody listens any more when the program ends.
        let _ = self.inbox.send(msg);
    }
}
