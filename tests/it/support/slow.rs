//! A line to the terminal that is long and thin, as of somebody who works over a satellite.
#![allow(dead_code, reason = "each of the programs that include this module uses a part of it")]
#![allow(unreachable_pub, reason = "`pub` says what the including programs may use")]
#![allow(clippy::unwrap_used, reason = "a terminal that cannot be read is the end of a test")]
#![allow(clippy::disallowed_methods, reason = "the clock rule is for the pure modules of the product")]

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::pty::{Seen, answer};

/// What the line is like.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// There and back.
    pub trip: Duration,
    /// Bytes a second towards the terminal.
    pub rate: f64,
}

/// What is read at once: as much as goes through in a hundredth of a second.
const STEP: Duration = Duration::from_millis(10);

/// Something that arrives later.
type Later = VecDeque<(Instant, Vec<u8>)>;

/// Carries bytes both ways until the program ends; keys are typed into what it returns.
pub fn carry(master: File, line: Line, seen: Arc<(Mutex<Seen>, Condvar)>) -> Sender<Vec<u8>> {
    let (keys, typed) = channel();
    std::thread::spawn(move || run(master, line, &seen, &typed));
    keys
}

fn run(mut master: File, line: Line, shared: &(Mutex<Seen>, Condvar), typed: &Receiver<Vec<u8>>) {
    let half = line.trip / 2;
    let (mut there, mut back) = (Later::new(), Later::new());
    let mut buffer = vec![0; (line.rate * STEP.as_secs_f64()) as usize];
    // The line is busy until then with what went before.
    let mut free = Instant::now();
    // What was asked may come in two pieces.
    let mut tail = Vec::new();
    while !shared.0.lock().unwrap().is_closed() {
        let now = Instant::now();
        back.extend(typed.try_iter().map(|keys| (now + half, keys)));
        while back.front().is_some_and(|(at, _)| *at <= now) {
            let (_, keys) = back.pop_front().unwrap();
            let _ = master.write_all(&keys);
        }
        if now >= free && is_ready(&master) {
            // Where the program is gone the rest of what it wrote is still on its way.
            let read = master.read(&mut buffer).unwrap_or(0);
            if read == 0 {
                break;
            }
            free = free.max(now - STEP) + Duration::from_secs_f64(read as f64 / line.rate);
            there.push_back((free + half, buffer[..read].to_vec()));
        }
        show(&mut there, Some(now), shared, &mut tail, |at, said| back.push_back((at + half, said)));
        std::thread::sleep(Duration::from_millis(1));
    }
    show(&mut there, None, shared, &mut tail, |_, _| ());
    shared.0.lock().unwrap().close();
    shared.1.notify_all();
}

/// Shows what has arrived by `now`, or all that there is; what the terminal answers goes to `says`.
fn show(
    there: &mut Later,
    now: Option<Instant>,
    shared: &(Mutex<Seen>, Condvar),
    tail: &mut Vec<u8>,
    mut says: impl FnMut(Instant, Vec<u8>),
) {
    while there.front().is_some_and(|(at, _)| now.is_none_or(|now| *at <= now)) {
        let (at, bytes) = there.pop_front().unwrap();
        shared.0.lock().unwrap().take(&bytes);
        shared.1.notify_all();
        tail.extend(bytes);
        let mut said = Vec::new();
        answer(&mut said, tail);
        if !said.is_empty() {
            says(at, said);
            tail.clear();
        }
        // A question is four bytes long.
        tail.drain(..tail.len().saturating_sub(3));
    }
}

fn is_ready(master: &File) -> bool {
    let mut fds = [PollFd::new(master, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&at_once)).unwrap_or(0) > 0
}
