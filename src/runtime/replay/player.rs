//! The player: hands what was recorded to the screens at its time, and does what is wished of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Options, Stage};
use crate::app::Msg;
use crate::app::replay::{Moment, Replay, Wish};
use crate::demo::clock::DemoClock;
use crate::model::clock::Time as _;
use crate::model::fleet::ClusterIds;
use crate::model::name::{ClusterName, ObjectKey};
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
    /// Which context each id of a cluster stands for.
    ids: ClusterIds,
    /// How many entries are told.
    told: usize,
    /// The moment that is gone to, and where to go from there.
    goes: Option<Going>,
    then: Option<Timestamp>,
    /// Until when the screens take to see the moment that was gone to, and the clusters that do not answer from then on.
    settles: Option<(Instant, BTreeSet<ClusterName>)>,
    replay: Replay,
}

/// Another moment that is made ready, beside what is played.
#[derive(Debug)]
struct Going {
    to: Timestamp,
    ready: JoinHandle<Ready>,
}

/// Another moment.
#[derive(Debug)]
struct Ready {
    /// How many entries there are up to it.
    entries: usize,
    moment: Box<Moment>,
    objects: BTreeMap<ObjectKey, Arc<Value>>,
    /// The clusters that do not answer then.
    lost: BTreeSet<ClusterName>,
}

impl Player {
    /// At the moment that the options name; its time runs once [`play`](Self::play) does.
    pub fn new(options: &Options, mut stage: Stage, inbox: Inbox, ids: ClusterIds) -> Self {
        let past = options.past.clone();
        let (start, end) = (past.start(), past.end());
        let clock = stage.world().clock().clone();
        let speed = if options.speed > 0.0 { options.speed } else { 1.0 };
        let runs = options.speed > 0.0 && options.from < end;
        let replay = Replay { start, end, speed, runs, settles: true };
        // The clusters are there as they were before anybody asks.
        let entries = past.until(options.from);
        let there = objects(&past, entries);
        stage.set_all(&there);
        past.lost(entries).into_iter().for_each(|cluster| stage.lose(cluster));
        // Those that were heard of before are first seen as they were.
        for cluster in stage.hidden(&there) {
            stage.regain(&cluster);
        }
        Self { past, stage, clock, inbox, ids, told: 0, goes: None, then: None, settles: None, replay }
    }

    /// How it is played.
    pub fn replay(&self) -> Replay {
        self.replay
    }

    /// Plays, and does what is wished, until nobody wishes any more.
    pub async fn play(mut self, mut wishes: UnboundedReceiver<Wish>) {
        self.seek(self.clock.now());
        loop {
            let (next, settles) = (self.next(), self.settles.as_ref().map(|(until, _)| *until));
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
            let goes = &mut self.goes;
            let ready = async {
                match goes {
                    Some(going) => (&mut going.ready).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                wish = wishes.recv() => match wish {
                    Some(wish) => self.obey(wish),
                    None => return,
                },
                ready = ready => match (self.goes.take(), ready) {
                    (Some(going), Ok(ready)) => self.land(going.to, ready),
                    // It is made ready no more when the program ends.
                    _ => return,
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
                What::Object(change) => {
                    // One that was never heard of answers with its first object.
                    if self.stage.is_unheard(&change.key.cluster) {
                        self.regain(&change.key.cluster);
                    }
                    self.stage.set(&change.key, change.object.as_ref());
                }
                What::Seen(seen) => self.tell(Msg::Admin((**seen).clone())),
                What::Refused(cluster, None, _) => self.stage.lose(cluster),
                What::Refused(_, Some(_), _) => {}
                What::Answers(cluster) => self.regain(cluster),
                What::Usage(cluster, usage) => self.tell(Msg::Usage(cluster.clone(), usage.clone())),
                What::Scrape(_) | What::Missed(_) => {
                    past.scraped(entry).into_iter().for_each(|scraped| self.tell(Msg::Scraped(scraped)));
                }
            }
        }
        self.told = self.told.max(until);
        if now >= self.replay.end {
            // Where it goes to it may still run.
            self.replay.runs &= self.goes.is_some();
            self.clock.set(self.replay.end, 0.0);
        }
        self.tell(Msg::Replaying(self.replay));
    }

    fn obey(&mut self, wish: Wish) {
        let now = self.clock.now();
        // Where it goes to already is where it is.
        let here = self.then.or(self.goes.as_ref().map(|going| going.to)).unwrap_or(now);
        match wish {
            Wish::Pause => self.replay.runs = !self.replay.runs && here < self.replay.end,
            Wish::Faster => self.replay.speed = self.replay.next_speed(true),
            Wish::Slower => self.replay.speed = self.replay.next_speed(false),
            Wish::By(time) => return self.seek(here.checked_add(time).unwrap_or(here)),
            Wish::Start => return self.seek(self.replay.start),
            Wish::End => return self.seek(self.replay.end),
        }
        // Else it holds from where it goes to.
        if self.goes.is_none() {
            self.set_clock(now);
        }
        if self.goes.is_none() && !self.replay.settles {
            self.go_on();
        } else {
            self.tell(Msg::Replaying(self.replay));
        }
    }

    /// Makes a moment ready, to go there: all will be as it was then, whether that is later or earlier. Of those that are
    /// wished meanwhile only the last is gone to.
    fn seek(&mut self, to: Timestamp) {
        let to = to.clamp(self.replay.start, self.replay.end);
        if self.goes.is_some() {
            self.then = Some(to);
            return;
        }
        let (past, ids) = (self.past.clone(), self.ids.clone());
        // A long recording takes seconds: nobody waits for it at the screen.
        let ready = tokio::task::spawn_blocking(move || ready(&past, past.until(to), &ids));
        self.goes = Some(Going { to, ready });
    }

    /// Goes to a moment that is ready.
    fn land(&mut self, to: Timestamp, ready: Ready) {
        let Ready { entries, moment, objects, lost } = ready;
        self.replay.runs &= to < self.replay.end;
        self.replay.settles = true;
        self.set_clock(to);
        self.told = entries;
        self.tell(Msg::Replaying(self.replay));
        self.tell(Msg::Rewound(moment));
        // What does not answer then is first seen as it was when it last did.
        for cluster in self.stage.hidden(&objects) {
            self.regain(&cluster);
        }
        self.stage.set_all(&objects);
        let answering = self.stage.lost().difference(&lost).cloned().collect::<Vec<_>>();
        answering.iter().for_each(|cluster| self.regain(cluster));
        self.settles = Some((Instant::now() + SETTLING, lost));
        if let Some(to) = self.then.take() {
            self.seek(to);
        }
    }

    /// The objects of the moment are on the screens: time runs from there.
    fn settled(&mut self) {
        self.replay.settles = false;
        let lost = self.settles.take().map(|(_, lost)| lost).unwrap_or_default();
        lost.iter().for_each(|cluster| self.stage.lose(cluster));
        self.set_clock(self.clock.now());
        self.tell(Msg::Replaying(self.replay));
        self.tell(Msg::Settled);
    }

    fn regain(&mut self, cluster: &ClusterName) {
        if self.stage.regain(cluster) {
            self.tell(Msg::Answers(cluster.clone()));
        }
    }

    /// Its time stands until one sees what is there: else what happens meanwhile would be no change.
    fn set_clock(&self, at: Timestamp) {
        let runs = self.replay.runs && !self.replay.settles;
        self.clock.set(at, if runs { self.replay.speed } else { 0.0 });
    }

    fn tell(&self, msg: Msg) {
        // Nobody listens any more when the program ends.
        let _ = self.inbox.send(msg);
    }
}

fn objects(past: &Past, entries: usize) -> BTreeMap<ObjectKey, Arc<Value>> {
    past.objects(entries).into_iter().map(|(key, object)| (key.clone(), object.clone())).collect()
}

fn ready(past: &Past, entries: usize, ids: &ClusterIds) -> Ready {
    Ready {
        entries,
        moment: Box::new(Moment::of(past, entries, ids)),
        objects: objects(past, entries),
        lost: past.lost(entries).into_iter().cloned().collect(),
    }
}
