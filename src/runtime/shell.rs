//! A shell in a container, on this terminal; and one command, whose words come as messages.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;
use std::time::Duration;

use futures::SinkExt;
use kube::api::TerminalSize;
use rustix::event::{PollFd, PollFlags};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::effects::tell;
use super::looping::Inbox;
use crate::app::effect::Ticket;
use crate::app::msg::Msg;
use crate::cluster::connect::Connection;
use crate::cluster::exec;
use crate::model::clean::{clean, clean_text};
use crate::model::exec::{Ended, News, Run};
use crate::model::fault::{Fault, Reason};

/// `ctrl-]`: twice in a row it ends a shell from this side.
const LEAVES: u8 = 0x1d;

/// What a program of there may have left of the terminal's modes: mouse, pasting, cursor, colours.
const RESET: &[u8] =
    b"\x1b[0m\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1049l\x1b[?1l\x1b>\x1b[?25h\r\n";

/// Bytes of a command's words that are kept.
const MOST: usize = 1 << 20;

/// Longest that what was said last may take to reach the terminal.
const PATIENCE: Duration = Duration::from_millis(500);

/// Raw mode, for as long as it lives.
struct Raw;

impl Raw {
    fn start() -> io::Result<Self> {
        crossterm::terminal::enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nobody is left to tell when the terminal is gone.
        let _ = crossterm::terminal::disable_raw_mode();
    }
}

/// The bytes of the keyboard. Dropping it leaves them to others at once.
struct Keyboard {
    bytes: Receiver<Vec<u8>>,
    stop: Option<PipeWriter>,
    reader: Option<JoinHandle<()>>,
}

impl Keyboard {
    fn start() -> io::Result<Self> {
        let tty = rustix::io::dup(rustix::stdio::stdin())?;
        let (stopped, stop) = io::pipe()?;
        let (told, bytes) = channel(16);
        let reader = std::thread::Builder::new().name("shell-keys".to_owned());
        let reader = reader.spawn(move || read_all(&tty, &stopped, &told))?;
        Ok(Self { bytes, stop: Some(stop), reader: Some(reader) })
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        // A reader that waits for room must not be waited for.
        self.bytes.close();
        self.stop = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn read_all(tty: &OwnedFd, stopped: &PipeReader, told: &Sender<Vec<u8>>) {
    let mut buffer = [0; 4096];
    loop {
        let mut fds =
            [PollFd::from_borrowed_fd(tty.as_fd(), PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match rustix::event::poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) => {}
        }
        let (tty_has, stop_has) = (fds[0].revents(), fds[1].revents());
        if !stop_has.is_empty() {
            return;
        }
        if tty_has.contains(PollFlags::IN) {
            match rustix::io::read(tty, &mut buffer) {
                Ok(count @ 1..) if told.blocking_send(buffer[..count].to_vec()).is_ok() => {}
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => {}
                _ => return,
            }
        } else if !tty_has.is_empty() {
            return;
        }
    }
}

/// Writes to the terminal from a thread: one that takes nothing (`ctrl-s`) must not hold up anybody else.
struct Screen {
    out: Option<Sender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
}

impl Screen {
    fn start() -> io::Result<Self> {
        let mut tty = File::from(rustix::io::dup(rustix::stdio::stdout())?);
        let (out, mut bytes) = channel::<Vec<u8>>(16);
        let writer = std::thread::Builder::new().name("shell-screen".to_owned()).spawn(move || {
            while let Some(bytes) = bytes.blocking_recv() {
                if tty.write_all(&bytes).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { out: Some(out), writer: Some(writer) })
    }

    async fn write(&self, bytes: &[u8]) {
        if let Some(out) = &self.out {
            // A terminal that is gone is seen by its keyboard.
            let _ = out.send(bytes.to_vec()).await;
        }
    }

    /// Waits for what was written last, for a while.
    async fn finish(mut self) {
        self.out = None;
        if let Some(writer) = self.writer.take() {
            let joined = tokio::task::spawn_blocking(move || writer.join());
            let _ = tokio::time::timeout(PATIENCE, joined).await;
        }
    }
}

/// Runs a shell on this terminal, which must have been given back, until it ends.
///
/// # Errors
/// When it cannot be opened, or the terminal refuses.
pub(super) async fn run(c: &Connection, run: &Run) -> Result<Ended, Fault> {
    let refused = |error: io::Error| {
        let summary = format!("{}: no shell: the terminal refuses: {error}", run.pod.cluster);
        Fault::new(Reason::Invalid, summary, "Nothing was run.")
    };
    let screen = Screen::start().map_err(refused)?;
    let place = clean(&run.place()).into_owned();
    let words = format!("egret: a shell in {place}. `exit` ends it; ctrl-] twice leaves it from here.\r\n");
    screen.write(words.as_bytes()).await;
    let ended = match exec::start(c, run).await {
        Ok(running) => carry(running, &screen).await.map_err(refused),
        Err(fault) => Err(fault),
    };
    screen.write(RESET).await;
    screen.finish().await;
    ended
}

async fn carry(mut running: exec::Running, screen: &Screen) -> io::Result<Ended> {
    let _raw = Raw::start()?;
    let mut keyboard = Keyboard::start()?;
    let mut resized = signal(SignalKind::window_change())?;
    let process = &mut running.process;
    let (Some(mut stdin), Some(mut stdout), Some(status)) =
        (process.stdin(), process.stdout(), process.take_status())
    else {
        return Ok(Ended::Cut);
    };
    let mut sizes = process.terminal_size();
    let mut last = 0;
    let mut buffer = vec![0; 16 << 10];
    let mut status = std::pin::pin!(status);
    send_size(&mut sizes).await;
    let ended = loop {
        tokio::select! {
            read = stdout.read(&mut buffer) => match read {
                Ok(count @ 1..) => screen.write(&buffer[..count]).await,
                // Its last word comes beside what it says.
                _ => break exec::ended(status.as_mut().await),
            },
            typed = keyboard.bytes.recv() => {
                let Some(typed) = typed else { break Ended::Cut };
                let twice = std::iter::once(&last).chain(&typed).zip(&typed).any(|(a, b)| *a == LEAVES && *b == LEAVES);
                last = typed.last().copied().unwrap_or_default();
                if twice || stdin.write_all(&typed).await.is_err() {
                    break Ended::Cut;
                }
            }
            Some(()) = resized.recv() => send_size(&mut sizes).await,
        }
    };
    running.finish();
    Ok(ended)
}

/// Tells the other side how large the terminal is.
async fn send_size(sizes: &mut Option<futures::channel::mpsc::Sender<TerminalSize>>) {
    if let (Ok((width, height)), Some(to)) = (crossterm::terminal::size(), sizes.as_mut()) {
        // One that listens no longer ends by itself.
        let _ = to.send(TerminalSize { width, height }).await;
    }
}

/// Runs one command; what it says and how it ends are messages.
pub(super) async fn command(c: Connection, ticket: Ticket, run: Run, inbox: Inbox) {
    let say = |news| tell(&inbox, Msg::Exec(ticket, news));
    let mut running = match exec::start(&c, &run).await {
        Ok(running) => running,
        Err(fault) => return say(News::Refused(fault)),
    };
    let process = &mut running.process;
    let (Some(stdout), Some(stderr), Some(status)) =
        (process.stdout(), process.stderr(), process.take_status())
    else {
        return say(News::Ended(Ended::Cut));
    };
    let mut kept = 0;
    let mut said = |bytes: &[u8]| {
        if kept >= MOST {
            return;
        }
        kept += bytes.len();
        say(News::Said(clean_text(&String::from_utf8_lossy(bytes), 8).into_owned()));
        if kept >= MOST {
            say(News::Full);
        }
    };
    let (mut out, mut err) = (Lines::new(stdout), Lines::new(stderr));
    while !(out.is_over && err.is_over) {
        tokio::select! {
            bytes = out.next(), if !out.is_over => said(&bytes),
            bytes = err.next(), if !err.is_over => said(&bytes),
        }
    }
    say(News::Ended(exec::ended(status.await)));
    running.finish();
}

/// Bytes in whole lines, as far as they come in such.
struct Lines<R> {
    from: R,
    waiting: Vec<u8>,
    is_over: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(from: R) -> Self {
        Self { from, waiting: Vec::new(), is_over: false }
    }

    /// The next lines; what is left at the end; nothing when it is over.
    async fn next(&mut self) -> Vec<u8> {
        let mut buffer = [0; 8192];
        loop {
            match self.from.read(&mut buffer).await {
                Ok(count @ 1..) => self.waiting.extend_from_slice(&buffer[..count]),
                _ => {
                    self.is_over = true;
                    return std::mem::take(&mut self.waiting);
                }
            }
            let end = self.waiting.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
            // A line that is longer than this is cut, not kept.
            let end = end.or((self.waiting.len() >= 64 << 10).then_some(self.waiting.len()));
            if let Some(end) = end {
                return self.waiting.drain(..end).collect();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn words_come_in_whole_lines_and_the_last_without_its_end() {
        let (near, mut far) = tokio::io::duplex(64);
        let mut lines = Lines::new(near);
        far.write_all("one\nzw".as_bytes()).await.unwrap();
        assert_eq!(lines.next().await, b"one\n");
        far.write_all("ö\nrest".as_bytes()).await.unwrap();
        drop(far);
        let mut all = Vec::new();
        while !lines.is_over {
            all.push(String::from_utf8(lines.next().await).unwrap());
        }
        assert_eq!(all.concat(), "zwö\nrest");
    }
}
