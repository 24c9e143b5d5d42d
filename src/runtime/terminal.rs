//! The terminal: taken at the start, given back however the program ends, written by a thread of its own.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError, mpsc};
use std::time::{Duration, Instant};

use crossterm::terminal::EndSynchronizedUpdate;
use crossterm::{cursor, event, queue, terminal};
use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::sync::mpsc::UnboundedSender;

use super::mouse;
use crate::model::clean::clean;

/// What the terminal's threads report.
#[derive(Debug)]
pub enum TerminalEvent {
    /// The last frame has been taken by the terminal: the next one may come.
    Written,
    /// The terminal is gone.
    Gone,
}

/// Whether the terminal is ours now: it is given back once, by whoever comes first.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is to be ours with the terminal.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Whether it ever was: then it is given back in any case, also when the bytes that say so are still on their way.
static MOUSED: AtomicBool = AtomicBool::new(false);

/// Whether the title is ours: it is given back with the terminal.
static TITLED: AtomicBool = AtomicBool::new(false);

/// Held while a frame is written, so that the last bytes do not land in the middle of one.
static FRAME: Mutex<()> = Mutex::new(());

/// Longest that the terminal may keep the program from ending: its reader may have stopped reading (`ctrl-s`).
const PATIENCE: Duration = Duration::from_millis(500);

/// Takes the terminal: raw mode, alternate screen, no cursor, pasted text marked as such. Asks the terminal nothing.
///
/// # Errors
/// When standard output is no terminal, or refuses.
pub fn take() -> io::Result<()> {
    terminal::enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    let mut start = Vec::new();
    queue!(start, terminal::EnterAlternateScreen, cursor::Hide, event::EnableBracketedPaste)?;
    if MOUSE.load(Ordering::SeqCst) {
        start.extend_from_slice(mouse::ON);
    }
    File::from(out()?).write_all(&start)
}

/// Takes the mouse from the terminal, or leaves it to it: from the next [`take`] on, and as soon as these bytes are
/// written to it.
pub fn mouse(on: bool) -> &'static [u8] {
    MOUSE.store(on, Ordering::SeqCst);
    MOUSED.fetch_or(on, Ordering::SeqCst);
    if on { mouse::ON } else { mouse::OFF }
}

/// Takes the terminal again after the program was stopped: the shell has used it meanwhile.
///
/// # Errors
/// When the terminal refuses.
pub fn take_again() -> io::Result<()> {
    // Raw mode is what crossterm believes to be on still, and would not set.
    let _ = terminal::disable_raw_mode();
    take()
}

/// Gives the terminal back. Safe to call from anywhere, any number of times, also while panicking.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut end = Vec::new();
    if MOUSED.load(Ordering::SeqCst) {
        end.extend_from_slice(mouse::OFF);
    }
    let queued = queue!(
        end,
        EndSynchronizedUpdate,
        event::DisableBracketedPaste,
        terminal::LeaveAlternateScreen,
        cursor::Show
    );
    if TITLED.swap(false, Ordering::SeqCst) {
        end.extend_from_slice(b"\x1b[23;0t");
    }
    let until = Instant::now() + PATIENCE;
    let _frame = wait_for_frame(until);
    // Nobody is left to tell when the terminal is gone; one that nobody reads is not waited for.
    if takes_bytes(until) {
        let _ = queued.and_then(|()| (&File::from(out()?)).write_all(&end));
    }
    let _ = terminal::disable_raw_mode();
}

/// What gives the terminal a title: the one it had is put on the terminal's own stack first.
pub fn title(title: &str) -> Vec<u8> {
    let save = if TITLED.swap(true, Ordering::SeqCst) { "" } else { "\x1b[22;0t" };
    format!("{save}\x1b]2;{}\x07", clean(title)).into_bytes()
}

/// The bytes that give the title back while the terminal stays ours.
pub fn untitled() -> Vec<u8> {
    if TITLED.swap(false, Ordering::SeqCst) { b"\x1b[23;0t".to_vec() } else { Vec::new() }
}

/// Whether the terminal has a title of ours; not any more, once it was given back.
pub fn is_titled() -> bool {
    TITLED.load(Ordering::SeqCst)
}

/// Writes a text on a terminal that was given back. One that nobody reads does not get it.
pub fn print(text: &str) {
    if takes_bytes(Instant::now() + PATIENCE) {
        // Nobody is left to tell when the terminal is gone.
        let _ = io::stdout().lock().write_all(text.as_bytes());
    }
}

/// Waits for the end of the frame that is being written.
fn wait_for_frame(until: Instant) -> Option<MutexGuard<'static, ()>> {
    loop {
        match FRAME.try_lock() {
            Ok(frame) => return Some(frame),
            Err(TryLockError::Poisoned(frame)) => return Some(frame.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Whether the terminal takes bytes now, or soon.
fn takes_bytes(until: Instant) -> bool {
    let left = until.saturating_duration_since(Instant::now());
    let Ok(left) = Timespec::try_from(left) else { return false };
    let out = rustix::stdio::stdout();
    let mut fds = [PollFd::from_borrowed_fd(out, PollFlags::OUT)];
    rustix::event::poll(&mut fds, Some(&left)).is_ok() && fds[0].revents().contains(PollFlags::OUT)
}

/// A descriptor of our own for standard output: locks of `io::stdout` must not matter while panicking.
fn out() -> io::Result<OwnedFd> {
    Ok(rustix::io::dup(rustix::stdio::stdout())?)
}

/// Starts the thread that writes frames. One frame is under way at a time, so frames that cannot be written are
/// merged into the next one, never queued.
///
/// # Errors
/// When standard output cannot be duplicated or no thread can be started.
pub fn start_writer(events: UnboundedSender<TerminalEvent>) -> io::Result<mpsc::SyncSender<Vec<u8>>> {
    let (frames, inbox) = mpsc::sync_channel::<Vec<u8>>(1);
    let mut tty = File::from(out()?);
    std::thread::Builder::new().name("terminal".to_owned()).spawn(move || {
        for frame in inbox {
            let gone = {
                let _frame = FRAME.lock();
                TAKEN.load(Ordering::SeqCst) && tty.write_all(&frame).is_err()
            };
            if events.send(if gone { TerminalEvent::Gone } else { TerminalEvent::Written }).is_err() {
                return;
            }
        }
    })?;
    Ok(frames)
}

/// Watches for the terminal's end, apart from crossterm, which spins on a closed terminal and says nothing.
///
/// # Errors
/// When no thread can be started.
pub fn watch_hang_up(events: UnboundedSender<TerminalEvent>) -> io::Result<()> {
    let tty = rustix::io::dup(rustix::stdio::stdin())?;
    std::thread::Builder::new().name("hang-up".to_owned()).spawn(move || {
        if hung_up(tty.as_fd()) {
            let _ = events.send(TerminalEvent::Gone);
        }
    })?;
    Ok(())
}

/// Waits for a hang-up. No event is asked for, so only the end of the terminal wakes it.
fn hung_up(tty: BorrowedFd<'_>) -> bool {
    loop {
        let mut fds = [PollFd::from_borrowed_fd(tty, PollFlags::empty())];
        match rustix::event::poll(&mut fds, None) {
            Ok(_) if fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR) => return true,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
