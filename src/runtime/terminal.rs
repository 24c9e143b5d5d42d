//! The terminal: taken at the start, given back however the program ends, written by a thread of its own.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError, mpsc};
use std::time::{Duration, Instant};

use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use crossterm::{cursor, event, queue, terminal};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::sync::mpsc::UnboundedSender;

use super::cells;
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
    File::from(out()?).write_all(&start)
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

/// What is on the terminal, so that only what changed is written.
#[derive(Debug)]
pub struct Painter {
    shown: Buffer,
    next: Buffer,
    cursor: Option<Position>,
    clear: bool,
}

impl Painter {
    /// An empty terminal of this many columns and rows.
    pub fn new((width, height): (u16, u16)) -> Self {
        let area = Rect::new(0, 0, width, height);
        Self { shown: Buffer::empty(area), next: Buffer::empty(area), cursor: None, clear: true }
    }

    /// The terminal has another size, or shows something else: draw every cell again.
    pub fn reset(&mut self, (width, height): (u16, u16)) {
        *self = Self::new((width, height));
    }

    /// What is on the terminal.
    pub fn shown(&self) -> &Buffer {
        &self.shown
    }

    /// Draws a frame and returns the bytes that bring the terminal there; `None` when no cell changed.
    ///
    /// # Errors
    /// Never in practice: bytes are written to memory.
    pub fn frame(
        &mut self,
        draw: impl FnOnce(&mut Buffer) -> Option<Position>,
    ) -> io::Result<Option<Vec<u8>>> {
        self.next.reset();
        let cursor = draw(&mut self.next);
        let changes = self.shown.diff(&self.next);
        let full = std::mem::take(&mut self.clear);
        if changes.is_empty() && cursor == self.cursor && !full {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(256 + changes.len() * 8);
        queue!(bytes, BeginSynchronizedUpdate)?;
        if full {
            queue!(bytes, terminal::Clear(terminal::ClearType::All))?;
        }
        if self.cursor.is_some() {
            queue!(bytes, cursor::Hide)?;
        }
        cells::write(&mut bytes, changes.into_iter())?;
        if let Some(at) = cursor {
            queue!(bytes, cursor::MoveTo(at.x, at.y), cursor::Show)?;
        }
        queue!(bytes, EndSynchronizedUpdate)?;
        self.cursor = cursor;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn hello(text: &str) -> impl FnOnce(&mut Buffer) -> Option<Position> + '_ {
        move |b| {
            b.set_string(0, 0, text, Style::new());
            None
        }
    }

    #[test]
    fn a_frame_in_which_no_cell_changed_is_no_bytes() {
        let mut painter = Painter::new((10, 2));
        assert!(painter.frame(hello("hi")).unwrap().is_some());
        assert_eq!(painter.frame(hello("hi")).unwrap(), None);
    }

    #[test]
    fn only_changed_cells_are_written_inside_one_synchronized_update() {
        let mut painter = Painter::new((10, 2));
        painter.frame(hello("hello")).unwrap();
        let bytes = painter.frame(hello("hellO")).unwrap().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("\x1b[?2026h") && text.ends_with("\x1b[?2026l"), "{text:?}");
        assert!(text.contains('O') && !text.contains('h') || !text.contains("hell"), "{text:?}");
        assert!(!text.contains("\x1b[2J"), "{text:?}");
    }

    #[test]
    fn a_cursor_that_only_moves_is_written() {
        let mut painter = Painter::new((10, 2));
        painter.frame(|_| Some(Position::new(1, 0))).unwrap();
        assert_eq!(painter.frame(|_| Some(Position::new(1, 0))).unwrap(), None);
        let bytes = painter.frame(|_| Some(Position::new(2, 0))).unwrap().unwrap();
        assert!(String::from_utf8(bytes).unwrap().contains("\x1b[1;3H"));
    }
}
