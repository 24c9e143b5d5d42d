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

/// A question under way.
#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Instant,
    /// When the line was free for what it ends, as far as is known.
    begun: Instant,
    bytes: usize,
}

/// The line.
#[derive(Debug)]
pub struct Line {
    asked: VecDeque<Asked>,
    answers: bool,
    /// It never answered in time: it is asked no more.
    silent: bool,
    quickest: Option<Duration>,
    /// Bytes a second; none: it keeps up.
    rate: Option<f64>,
    /// When what was sent will have gone through.
    free: Option<Instant>,
}

impl Line {
    /// A line of which nothing is known.
    pub fn new() -> Self {
        Self { asked: VecDeque::new(), answers: false, silent: false, quickest: None, rate: None, free: None }
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

    /// So many bytes are on their way, and end with the question or not.
    pub fn sent(&mut self, now: Instant, bytes: usize, asked: bool) {
        let begun = self.free.map_or(now, |free| free.max(now));
        if let Some(rate) = self.rate {
            self.free = Some(begun + Duration::from_secs_f64(bytes as f64 / rate));
        }
        if asked {
            self.asked.push_back(Asked { at: now, begun, bytes });
        }
    }

    /// The terminal answered.
    pub fn answered(&mut self, now: Instant) {
        let Some(asked) = self.asked.pop_front() else { return };
        self.answers = true;
        // From when it was written, not from when the line is believed to have been free: that may be wrong.
        let took = now.saturating_duration_since(asked.at);
        let quickest = self.quickest.map_or(took, |quickest| quickest.min(took));
        self.quickest = Some(quickest);
        let delay = now.saturating_duration_since(asked.begun).saturating_sub(quickest).as_secs_f64();
        match self.rate {
            None if asked.bytes >= LARGE && delay > NOTICED.as_secs_f64() => {
                self.rate = Some((asked.bytes as f64 / delay).max(SLOWEST));
                self.free = Some(now);
            }
            None => {}
            Some(rate) => self.judge(rate, asked.bytes, delay),
        }
    }

    /// Whether the line is quicker or slower than it was thought to be.
    fn judge(&mut self, rate: f64, bytes: usize, delay: f64) {
        let expected = bytes as f64 / rate;
        // A few bytes tell nothing.
        if expected < AHEAD.as_secs_f64() / 2.0 {
            return;
        }
        if (expected * 0.8..=expected * 1.25).contains(&delay) {
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
        let usual = self.quickest.unwrap_or_default() + Duration::from_millis(200);
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
