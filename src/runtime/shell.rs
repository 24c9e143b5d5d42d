//! A shell in a container, on this terminal; and one command, whose words come as messages.

use std::io::{self, PipeReader, PipeWriter};
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
use super::shell_screen::Screen;
use crate::app::effect::Ticket;
use crate::app::msg::Msg;
use crate::cluster::connect::Connection;
use crate::cluster::exec;
use crate::model::clean::{clean, clean_text};
use crate::model::exec::{Ended, News, Run};
use crate::model::fault::{Fault, Reason};

/// `ctrl-]`: twice in a row it ends a shell from this side.
const LEAVES: u8 = 0x1d;

/// Bytes of a command's words that are kept.
const MOST: usize = 1 << 20;

/// Longest that the rest of what was said may take to come, once it is known how the program ended: it is here already,
/// and of a connection that broke off nobody says that it was the last.
const REST: Duration = Duration::from_millis(200);

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
    let mut ended = std::pin::pin!(async { exec::ended(status.await) });
    send_size(&mut sizes).await;
    let how = loop {
        tokio::select! {
            read = stdout.read(&mut buffer) => match read {
                Ok(count @ 1..) => screen.write(&buffer[..count]).await,
                // Its last word comes beside what it says.
                _ => break ended.as_mut().await,
            },
            // Of a connection that broke off the streams tell no end.
            how = ended.as_mut() => {
                rest(&mut stdout, screen, &mut buffer).await;
                break how;
            }
            typed = keyboard.bytes.recv() => {
                let Some(typed) = typed else { break Ended::Cut };
                let twice = std::iter::once(&last).chain(&typed).zip(&typed).any(|(a, b)| *a == LEAVES && *b == LEAVES);
                last = typed.last().copied().unwrap_or_default();
                if twice {
                    screen.discard();
                    break Ended::Cut;
                }
                tokio::select! {
                    written = stdin.write_all(&typed) => if written.is_err() {
                        break Ended::Cut;
                    },
                    how = ended.as_mut() => {
                        rest(&mut stdout, screen, &mut buffer).await;
                        break how;
                    }
                }
            }
            Some(()) = resized.recv() => send_size(&mut sizes).await,
        }
    };
    running.finish(&how);
    Ok(how)
}

/// Writes what a shell said before it ended.
async fn rest(from: &mut (impl AsyncRead + Unpin), screen: &Screen, buffer: &mut [u8]) {
    while let Ok(Ok(count @ 1..)) = tokio::time::timeout(REST, from.read(buffer)).await {
        screen.write(&buffer[..count]).await;
    }
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
    let said = |bytes: &[u8]| {
        if kept >= MOST {
            return;
        }
        kept += bytes.len();
        say(News::Said(clean_text(&String::from_utf8_lossy(bytes), 8).into_owned()));
        if kept >= MOST {
            say(News::Full);
        }
    };
    let ended = listen(stdout, stderr, async { exec::ended(status.await) }, said).await;
    running.finish(&ended);
    say(News::Ended(ended));
}

/// Hands on what is said until it is known how the program ended.
async fn listen<R: AsyncRead + Unpin>(
    out: R,
    err: R,
    ended: impl Future<Output = Ended>,
    mut said: impl FnMut(&[u8]),
) -> Ended {
    let mut ended = std::pin::pin!(ended);
    let (mut out, mut err) = (Lines::new(out), Lines::new(err));
    while !(out.is_over && err.is_over) {
        tokio::select! {
            bytes = out.next(), if !out.is_over => said(&bytes),
            bytes = err.next(), if !err.is_over => said(&bytes),
            // Of a connection that broke off the streams tell no end.
            how = ended.as_mut() => {
                out.rest(&mut said).await;
                err.rest(&mut said).await;
                return how;
            }
        }
    }
    ended.await
}

/// Bytes in whole lines, as far as they come in such.
struct Lines<R> {
    from: R,
    buffer: Box<[u8]>,
    waiting: Vec<u8>,
    is_over: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(from: R) -> Self {
        Self { from, buffer: vec![0; 8192].into(), waiting: Vec::new(), is_over: false }
    }

    /// What was said before the end.
    async fn rest(&mut self, mut said: impl FnMut(&[u8])) {
        while !self.is_over {
            match tokio::time::timeout(REST, self.next()).await {
                Ok(bytes) => said(&bytes),
                Err(_) => {
                    self.is_over = true;
                    said(&std::mem::take(&mut self.waiting));
                }
            }
        }
    }

    /// The next lines; what is left at the end; nothing when it is over.
    async fn next(&mut self) -> Vec<u8> {
        loop {
            match self.from.read(&mut self.buffer).await {
                Ok(count @ 1..) => self.waiting.extend_from_slice(&self.buffer[..count]),
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

    #[tokio::test]
    async fn a_connection_that_breaks_off_ends_a_command_whose_streams_tell_no_end() {
        for last in [Ended::Cut, Ended::Exit(0)] {
            // Halves that stay: as kube leaves them when its connection fails.
            let (out, mut says) = tokio::io::simplex(1 << 10);
            let (err, _silent) = tokio::io::simplex(1 << 10);
            says.write_all(b"one\nhalf a line").await.unwrap();
            let mut all = Vec::new();
            let told =
                listen(out, err, std::future::ready(last.clone()), |bytes| all.extend_from_slice(bytes));
            let told = tokio::time::timeout(Duration::from_secs(30), told).await;
            assert_eq!(told.ok(), Some(last));
            assert_eq!(all, b"one\nhalf a line");
        }
    }
}
