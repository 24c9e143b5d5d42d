//! The terminal while a shell has it: written by a thread, and in the state that others expect when that is over.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// What a program of there may have left of the terminal's modes. What is on the screen stays: it goes on below it,
/// for margins and origin cannot be reset without moving the cursor.
const RESET: &[u8] = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\
    \x1b[<u\x1b[?1049l\x1b[<u\x1b[>4m\x1b[?1l\x1b>\x1b[4l\x1b[?7h\x1b(B\x0f\x1b[0m\x1b[0 q\x1b[?25h\
    \x1b[r\x1b[?6l\x1b[999;1H\r\n";

/// Longest that what was said last may take to reach the terminal.
const PATIENCE: Duration = Duration::from_millis(500);

/// Longest that a program that is ended meanwhile waits for a terminal that takes nothing.
const LAST: Duration = Duration::from_millis(200);

/// How often a terminal that takes nothing is looked at, and whether it is still to be waited for.
const LOOKS: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };

/// Bytes that are written at once: little enough for any terminal that takes some.
const PIECE: usize = 256;

/// What the thread is to do with what waits, each more urgent than the one before.
const WRITE: u8 = 0;
const DISCARD: u8 = 1;
const GIVE_UP: u8 = 2;

/// Writes to the terminal from a thread: one that takes nothing (`ctrl-s`) must not hold up anybody else. However it
/// ends, the last that is written is [`RESET`].
pub(super) struct Screen {
    out: Option<Sender<Vec<u8>>>,
    wish: Arc<AtomicU8>,
    /// Closed by the end of the thread.
    ended: oneshot::Receiver<()>,
}

impl Screen {
    pub(super) fn start() -> io::Result<Self> {
        Self::on(rustix::io::dup(rustix::stdio::stdout())?)
    }

    fn on(tty: OwnedFd) -> io::Result<Self> {
        let (out, bytes) = channel(16);
        let (ends, ended) = oneshot::channel::<()>();
        let wish = Arc::new(AtomicU8::new(WRITE));
        let of_thread = wish.clone();
        std::thread::Builder::new().name("shell-screen".to_owned()).spawn(move || {
            // A terminal that is gone is seen by its keyboard.
            let _ = write_all(&File::from(tty), bytes, &of_thread);
            drop(ends);
        })?;
        Ok(Self { out: Some(out), wish, ended })
    }

    pub(super) async fn write(&self, bytes: &[u8]) {
        if let Some(out) = &self.out {
            // The same.
            let _ = out.send(bytes.to_vec()).await;
        }
    }

    /// What is not written yet is not wished for any more.
    pub(super) fn discard(&self) {
        self.wish.fetch_max(DISCARD, Ordering::SeqCst);
    }

    /// Waits until nothing of the shell will be written any more. What was said last has a while for it; that the
    /// terminal is reset is waited for, for until it takes that it takes nothing else either.
    pub(super) async fn finish(mut self) {
        self.out = None;
        if tokio::time::timeout(PATIENCE, &mut self.ended).await.is_err() {
            self.discard();
            // It says nothing: its end is what it tells.
            let _ = (&mut self.ended).await;
        }
    }

    fn goes_on(&mut self) -> bool {
        matches!(self.ended.try_recv(), Err(oneshot::error::TryRecvError::Empty))
    }
}

impl Drop for Screen {
    /// The program is ended meanwhile: its last bytes to the terminal must not come after these.
    fn drop(&mut self) {
        self.out = None;
        self.discard();
        let end = Instant::now() + LAST;
        while self.goes_on() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.wish.store(GIVE_UP, Ordering::SeqCst);
    }
}

fn write_all(tty: &File, mut bytes: Receiver<Vec<u8>>, wish: &AtomicU8) -> io::Result<()> {
    'shell: while let Some(chunk) = bytes.blocking_recv() {
        for piece in chunk.chunks(PIECE) {
            if !put(tty, piece, wish, DISCARD)? {
                break 'shell;
            }
        }
    }
    // Nobody waits for room in what is not read any more.
    drop(bytes);
    put(tty, RESET, wish, GIVE_UP).map(drop)
}

/// Writes a piece as soon as the terminal takes bytes, unless so much is wished before; tells whether it was written.
fn put(mut tty: &File, piece: &[u8], wish: &AtomicU8, unless: u8) -> io::Result<bool> {
    loop {
        if wish.load(Ordering::SeqCst) >= unless {
            return Ok(false);
        }
        let mut fds = [PollFd::from_borrowed_fd(tty.as_fd(), PollFlags::OUT)];
        match rustix::event::poll(&mut fds, Some(&LOOKS)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return tty.write_all(piece).map(|()| true),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    /// All that a terminal got until it was closed.
    fn read(mut pipe: io::PipeReader) -> std::thread::JoinHandle<Vec<u8>> {
        std::thread::spawn(move || {
            let mut all = Vec::new();
            pipe.read_to_end(&mut all).unwrap();
            all
        })
    }

    #[tokio::test]
    async fn what_a_shell_says_is_written_and_then_the_terminal_reset() {
        let (reads, writes) = io::pipe().unwrap();
        let screen = Screen::on(writes.into()).unwrap();
        let got = read(reads);
        screen.write(&[b'x'; 100_000]).await;
        screen.finish().await;
        let got = got.join().unwrap();
        assert_eq!(got.iter().filter(|byte| **byte == b'x').count(), 100_000);
        assert!(got.ends_with(RESET));
    }

    #[tokio::test]
    async fn what_waits_when_a_shell_is_left_is_never_written() {
        let (reads, writes) = io::pipe().unwrap();
        let screen = Screen::on(writes.into()).unwrap();
        // More than a pipe holds that nobody reads.
        for _ in 0..16 {
            screen.write(&[b'x'; 16 << 10]).await;
        }
        screen.discard();
        let got = read(reads);
        screen.finish().await;
        let got = got.join().unwrap();
        assert!(got.len() < 8 * (16 << 10), "{} of {} bytes", got.len(), 16 * (16 << 10));
        assert!(got.ends_with(RESET));
    }

    #[tokio::test]
    async fn one_that_is_dropped_resets_the_terminal_before_it_is_gone() {
        let (mut reads, writes) = io::pipe().unwrap();
        let screen = Screen::on(writes.into()).unwrap();
        screen.write(b"vim\x1b(0").await;
        drop(screen);
        // It is there already: nothing more is waited for than what was written.
        let mut got = vec![0; 4096];
        let count = reads.read(&mut got).unwrap();
        assert!(got[..count].ends_with(RESET), "{:?}", String::from_utf8_lossy(&got[..count]));
    }

    #[tokio::test]
    async fn a_terminal_that_takes_nothing_holds_up_no_end_of_the_program() {
        let (reads, writes) = io::pipe().unwrap();
        let screen = Screen::on(writes.into()).unwrap();
        for _ in 0..16 {
            screen.write(&[b'x'; 16 << 10]).await;
        }
        let began = Instant::now();
        drop(screen);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        // The thread is over too: the pipe has no writer any more.
        let got = read(reads).join().unwrap();
        assert!(got.len() < 8 * (16 << 10), "{}", got.len());
    }

    #[test]
    fn every_mode_that_a_program_may_have_left_is_reset() {
        let reset = String::from_utf8(RESET.to_vec()).unwrap();
        for mode in [
            "\u{1b}(B",
            "\u{f}",
            "\u{1b}[r",
            "\u{1b}[?7h",
            "\u{1b}[?6l",
            "\u{1b}[4l",
            "\u{1b}[?1004l",
            "\u{1b}[>4m",
            "\u{1b}[<u",
            "\u{1b}[0 q",
            "\u{1b}[?1000l",
            "\u{1b}[?1002l",
            "\u{1b}[?1003l",
            "\u{1b}[?1006l",
            "\u{1b}[?2004l",
            "\u{1b}[?1l",
            "\u{1b}>",
            "\u{1b}[?25h",
            "\u{1b}[?1049l",
        ] {
            assert!(reset.contains(mode), "{mode:?}");
        }
        // A terminal that does not know the first may take it for an underline.
        assert!(reset.find("\u{1b}[>4m") < reset.find("\u{1b}[0m"));
    }
}
