//! How fast the line to the terminal is, found out by its own answers, so that no more is sent than it carries.
//!
//! What the kernel takes is not yet shown: a pseudo-terminal, sshd and the network hold tens of kilobytes, and on a slow
//! line a key would be answered behind all of them. So a frame ends with a question that every terminal answers (device
//! status, `CSI 5 n`). The answer tells when all before it was taken: from the quickest answer and the delay of large
//! frames follows how many bytes a second the line carries. On a line that keeps up nothing is held back.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What the terminal is asked.
pub const QUESTION: &[u8] = b"\x1b[5n";

/// How much of the line's time may lie ahead of a key's answer.
const AHEAD: Duration = Duration::from_millis(50);

/// An answer that takes longer is lost: the terminal was detached, or another program got it.
const LOST: Duration = Duration::from_secs(5);

/// Delay of a large frame that is told apart from the moods of a network.
const NOTICED: Duration = Duration::from_millis(100);

/// Bytes from which on a frame tells something of a line that was quick so far.
const LARGE: usize = 1_500;

/// Bytes a second from which on a line is not held back.
const QUICK: f64 = 256.0 * 1024.0;

/// Bytes a second that are always sent.
const SLOWEST: f64 = 1_000.0;

/// Most questions that may be open.
const MOST: usize = 8;

/// A few bytes: how long the answer to them takes is how long the way is.
const SMALL: usize = 400;

/// How long it is believed how long the way is.
const FRESH: Duration = Duration::from_secs(10);

/// A question under way.
#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Instant,
    /// When the line was free for what it ends, as far as is known.
    begun: Instant,
    bytes: usize,
    /// Nothing else was on its way.
    is_alone: bool,
}

/// There and back, with nothing else on the way.
#[derive(Clone, Copy, Debug)]
struct Trip {
    took: Duration,
    known: Instant,
}

/// The line.
#[derive(Debug)]
pub struct Line {
    asked: VecDeque<Asked>,
    /// Bytes behind the last question.
    is_unasked: bool,
    answers: bool,
    /// It never answered in time: it is asked no more.
    silent: bool,
    trip: Option<Trip>,
    /// Something was late, and it is not known whether the way is longer now.
    doubts: bool,
    /// Bytes a second; none: it keeps up.
    rate: Option<f64>,
    /// When what was sent will have gone through.
    free: Option<Instant>,
}

impl Line {
    /// A line of which nothing is known.
    pub fn new() -> Self {
        Self {
            asked: VecDeque::new(),
            is_unasked: false,
            answers: false,
            silent: false,
            trip: None,
            doubts: false,
            rate: None,
            free: None,
        }
    }

    /// Most bytes that one write should have; none: as many as there are.
    pub fn room(&self) -> Option<usize> {
        self.rate.map(|rate| (rate * AHEAD.as_secs_f64()) as usize)
    }

    /// When the next write may go; none: now.
    pub fn wait(&self, now: Instant) -> Option<Instant> {
        self.rate?;
        self.free.map(|free| free - AHEAD / 2).filter(|at| *at > now)
    }

    /// Whether the end of a write of so many bytes is to be asked for.
    pub fn asks(&mut self, now: Instant, bytes: usize) -> bool {
        if self.asked.front().is_some_and(|asked| now.duration_since(asked.at) > LOST) {
            self.asked.clear();
            self.silent = !self.answers;
        }
        !self.silent && self.asked.len() < MOST && (self.asked.is_empty() || bytes >= LARGE)
    }

    /// Whether the question alone is to be sent: how long the way is now decides whether the line is slow.
    pub fn probes(&self) -> bool {
        self.doubts && self.is_idle()
    }

    fn is_idle(&self) -> bool {
        self.asked.is_empty() && !self.is_unasked
    }

    /// So many bytes are on their way, and end with the question or not.
    pub fn sent(&mut self, now: Instant, bytes: usize, asked: bool) {
        let begun = self.free.map_or(now, |free| free.max(now));
        if let Some(rate) = self.rate {
            self.free = Some(begun + Duration::from_secs_f64(bytes as f64 / rate));
        }
        let is_alone = self.is_idle();
        self.is_unasked = !asked;
        if asked {
            self.doubts = false;
            self.asked.push_back(Asked { at: now, begun, bytes, is_alone });
        }
    }

    /// The terminal answered.
    pub fn answered(&mut self, now: Instant) {
        let Some(asked) = self.asked.pop_front() else { return };
        self.answers = true;
        // From when it was written, not from when the line is believed to have been free: that may be wrong.
        let took = now.saturating_duration_since(asked.at);
        if asked.is_alone && asked.bytes < SMALL {
            let carried = self.rate.map_or(0.0, |rate| asked.bytes as f64 / rate);
            let took = took.saturating_sub(Duration::from_secs_f64(carried));
            self.trip = Some(Trip { took, known: now });
        }
        let trip = match self.trip {
            Some(trip) if trip.took <= took => trip,
            _ => Trip { took, known: now },
        };
        self.trip = Some(trip);
        let is_fresh = now.saturating_duration_since(trip.known) < FRESH;
        let delay = now.saturating_duration_since(asked.begun).saturating_sub(trip.took).as_secs_f64();
        let is_late = match self.rate {
            None => asked.bytes >= LARGE && delay > NOTICED.as_secs_f64(),
            // A few bytes tell nothing.
            Some(rate) => delay > (asked.bytes as f64 / rate).max(AHEAD.as_secs_f64() / 2.0) * 1.25,
        };
        match self.rate {
            _ if is_late && !is_fresh => self.doubts = true,
            None if is_late => self.rate = Some((asked.bytes as f64 / delay).max(SLOWEST)),
            None => {}
            Some(rate) => self.judge(rate, asked.bytes, delay),
        }
        if self.is_idle() {
            // All of it has arrived, whatever was believed.
            self.free = self.rate.map(|_| now);
        }
    }

    /// Whether the line is quicker or slower than it was thought to be.
    fn judge(&mut self, rate: f64, bytes: usize, delay: f64) {
        let expected = bytes as f64 / rate;
        if expected < AHEAD.as_secs_f64() / 2.0 || (expected * 0.8..=expected * 1.25).contains(&delay) {
            return;
        }
        let rate = (bytes as f64 / delay.max(0.001)).clamp(rate * 0.7, rate * 1.5);
        self.rate = Some(rate.max(SLOWEST)).filter(|rate| *rate < QUICK);
        if self.rate.is_none() {
            self.free = None;
        }
    }

    /// Until when an answer is to be waited for, before somebody else reads the terminal; none: none is under way.
    pub fn quiet_at(&self) -> Option<Instant> {
        let last = self.asked.back().filter(|_| self.answers)?;
        let usual = self.trip.map_or(Duration::ZERO, |trip| trip.took) + Duration::from_millis(200);
        Some(last.begun + usual * 2)
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that carries so many bytes a second and takes so long there and back.
    struct Wire {
        rate: f64,
        trip: Duration,
        free: Instant,
    }

    impl Wire {
        fn new(rate: f64, trip: u64, now: Instant) -> Self {
            Self { rate, trip: Duration::from_millis(trip), free: now }
        }

        /// When the answer to bytes that are written now comes.
        fn answer(&mut self, now: Instant, bytes: usize) -> Instant {
            self.free = self.free.max(now) + Duration::from_secs_f64(bytes as f64 / self.rate);
            self.free + self.trip
        }
    }

    fn send(line: &mut Line, wire: &mut Wire, now: Instant, bytes: usize) -> Instant {
        assert!(line.asks(now, bytes));
        line.sent(now, bytes, true);
        let answer = wire.answer(now, bytes);
        line.answered(answer);
        answer
    }

    #[test]
    fn a_line_that_keeps_up_is_never_held_back_however_long_it_takes() {
        let now = Instant::now();
        let (mut line, mut wire) = (Line::new(), Wire::new(2_000_000.0, 300, now));
        let mut at = send(&mut line, &mut wire, now, 40);
        for _ in 0..5 {
            at = send(&mut line, &mut wire, at, 12_000);
        }
        assert_eq!((line.room(), line.wait(at)), (None, None));
    }

    #[test]
    fn what_a_slow_line_carries_is_known_after_one_large_frame() {
        let now = Instant::now();
        let (mut line, mut wire) = (Line::new(), Wire::new(10_000.0, 300, now));
        let at = send(&mut line, &mut wire, now, 40);
        let at = send(&mut line, &mut wire, at, 4_000);
        let room = line.room().unwrap();
        assert!((450..=560).contains(&room), "{room}");
        // The next write may go when the one before has nearly gone through.
        line.sent(at, 500, false);
        let wait = line.wait(at).unwrap().duration_since(at);
        assert!((20..=30).contains(&wait.as_millis()), "{wait:?}");
        assert_eq!(line.wait(at + Duration::from_millis(40)), None);
    }

    #[test]
    fn a_line_that_gets_quicker_is_held_back_less_and_in_the_end_not_at_all() {
        let now = Instant::now();
        let (mut line, mut slow) = (Line::new(), Wire::new(10_000.0, 300, now));
        let mut at = send(&mut line, &mut slow, now, 40);
        at = send(&mut line, &mut slow, at, 4_000);
        let mut quick = Wire::new(10_000_000.0, 300, at);
        for _ in 0..12 {
            let Some(room) = line.room() else { return };
            at = send(&mut line, &mut quick, at, room.max(1));
        }
        panic!("it is held back still: {line:?}");
    }

    #[test]
    fn the_moods_of_a_network_hold_nothing_back() {
        let now = Instant::now();
        let (mut line, mut wire) = (Line::new(), Wire::new(2_000_000.0, 300, now));
        let mut at = send(&mut line, &mut wire, now, 40);
        for late in [0, 80, 20, 90, 5] {
            assert!(line.asks(at, 5_000));
            line.sent(at, 5_000, true);
            at = wire.answer(at, 5_000) + Duration::from_millis(late);
            line.answered(at);
        }
        assert_eq!(line.room(), None);
    }

    #[test]
    fn a_way_that_becomes_longer_is_no_slow_line() {
        let now = Instant::now();
        let (mut line, mut wire) = (Line::new(), Wire::new(5_000_000.0, 40, now));
        let mut at = send(&mut line, &mut wire, now, 40);
        at = send(&mut line, &mut wire, at, 4_000);
        // Half an hour later the way leads round the world.
        at += Duration::from_secs(1800);
        wire.trip = Duration::from_millis(300);
        at = send(&mut line, &mut wire, at, 4_000);
        assert_eq!(line.room(), None, "one late frame is no proof");
        assert!(line.probes(), "and it is asked how long the way is");
        at = send(&mut line, &mut wire, at, 4);
        assert!(!line.probes());
        send(&mut line, &mut wire, at, 4_000);
        assert_eq!(line.room(), None);
    }

    #[test]
    fn a_line_that_becomes_slow_is_found_out_after_the_way_was_asked_for() {
        let now = Instant::now();
        let (mut line, mut wire) = (Line::new(), Wire::new(5_000_000.0, 300, now));
        let mut at = send(&mut line, &mut wire, now, 40) + Duration::from_secs(60);
        wire.rate = 10_000.0;
        at = send(&mut line, &mut wire, at, 4_000);
        assert!(line.probes());
        at = send(&mut line, &mut wire, at, 4);
        send(&mut line, &mut wire, at, 4_000);
        let room = line.room().unwrap();
        assert!((400..=600).contains(&room), "{room}");
    }

    #[test]
    fn what_was_believed_to_be_on_its_way_holds_nothing_back_once_it_was_answered() {
        let now = Instant::now();
        let (mut line, mut wire) = (Line::new(), Wire::new(10_000.0, 300, now));
        let at = send(&mut line, &mut wire, now, 40);
        let at = send(&mut line, &mut wire, at, 4_000);
        // A text for the clipboard, and the line is quick again.
        assert!(line.asks(at, 70_000));
        line.sent(at, 70_000, true);
        assert!(line.wait(at).is_some());
        let soon = at + Duration::from_millis(350);
        line.answered(soon);
        assert_eq!(line.wait(soon), None);
    }

    #[test]
    fn a_terminal_that_never_answers_is_asked_no_more_and_held_back_never() {
        let now = Instant::now();
        let mut line = Line::new();
        assert!(line.asks(now, 100));
        line.sent(now, 100, true);
        assert!(!line.asks(now + Duration::from_secs(1), 100), "one question is enough");
        assert!(!line.asks(now + Duration::from_secs(6), 100));
        assert_eq!((line.wait(now), line.quiet_at()), (None, None));
    }

    #[test]
    fn an_answer_that_was_lost_is_not_waited_for_for_ever() {
        let now = Instant::now();
        let (mut line, mut wire) = (Line::new(), Wire::new(10_000.0, 300, now));
        let at = send(&mut line, &mut wire, now, 40);
        line.sent(at, 100, true);
        assert!(line.quiet_at().is_some());
        assert!(line.asks(at + Duration::from_secs(6), 100), "it has answered before");
    }
}
