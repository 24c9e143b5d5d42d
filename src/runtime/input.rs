//! Keys and pasted text, read from the terminal by a thread of our own.
//!
//! crossterm's stream loses some: of a key and a resize that come at once it tells one, and forgets the other until
//! something else comes, for it waits for edges and handles one of them. Nothing is lost here: bytes are waited for
//! by level, and resizes come by their signal.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::keys::{self, Read};
use super::mouse;

/// How long the rest of a sequence may take to come; then what is there is all there is: the key `esc`, mostly.
const REST: Duration = Duration::from_millis(30);

/// How long the rest may take to come of what no key begins: pasted text, the mouse. Read in parts it would be keys.
const REST_OF_LONG: Duration = Duration::from_secs(1);

/// What came from the terminal.
#[derive(Debug)]
pub enum Came {
    /// What somebody did.
    Event(Event),
    /// The answer to what the terminal was asked.
    Answer,
}

/// The keyboard. Dropping it leaves the terminal's bytes to others at once.
#[derive(Debug)]
pub struct Input {
    events: UnboundedReceiver<Came>,
    stop: Option<PipeWriter>,
    reader: Option<JoinHandle<()>>,
}

impl Input {
    /// Begins to read.
    ///
    /// # Errors
    /// When standard input cannot be duplicated, or no thread can be started.
    pub fn start() -> io::Result<Self> {
        let tty = rustix::io::dup(rustix::stdio::stdin())?;
        let (stopped, stop) = io::pipe()?;
        let (told, events) = unbounded_channel();
        let reader = std::thread::Builder::new().name("keyboard".to_owned());
        let reader = reader.spawn(move || read_all(&tty, &stopped, &told))?;
        Ok(Self { events, stop: Some(stop), reader: Some(reader) })
    }

    /// The next event; `None`: the terminal is gone.
    pub async fn next(&mut self) -> Option<Came> {
        self.events.recv().await
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<Came> {
        self.events.try_recv().ok()
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        // The other end sees this one close.
        self.stop = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn read_all(tty: &OwnedFd, stopped: &PipeReader, told: &UnboundedSender<Came>) {
    let mut waiting = Vec::new();
    let mut buffer = [0; 4096];
    // The rest of a paste that was cut: it is no keys, whatever letters it holds.
    let mut in_paste = false;
    loop {
        let rest = match waiting.as_slice() {
            _ if in_paste => None,
            [] => None,
            some if keys::is_paste(some) || mouse::begins(some) => Some(REST_OF_LONG),
            _ => Some(REST),
        };
        let rest = rest.and_then(|time| Timespec::try_from(time).ok());
        let mut fds =
            [PollFd::from_borrowed_fd(tty.as_fd(), PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match rustix::event::poll(&mut fds, rest.as_ref()) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) => {}
        }
        let (tty_has, stop_has) = (fds[0].revents(), fds[1].revents());
        if !stop_has.is_empty() {
            return;
        }
        let mut all_there = true;
        if tty_has.contains(PollFlags::IN) {
            match rustix::io::read(tty, &mut buffer) {
                Ok(0) => return,
                Ok(count) => waiting.extend_from_slice(&buffer[..count]),
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
                Err(_) => return,
            }
            all_there = false;
        } else if !tty_has.is_empty() {
            return;
        }
        if in_paste {
            in_paste = keys::skips_paste(&mut waiting);
        }
        let mut used = 0;
        while used < waiting.len() && !in_paste {
            match keys::read(&waiting[used..], all_there) {
                Read::More => break,
                Read::Nothing(count) => used += count,
                Read::Event(event, count) => {
                    in_paste = keys::is_cut(&waiting[used..used + count]);
                    used += count;
                    if told.send(Came::Event(event)).is_err() {
                        return;
                    }
                }
                Read::Answer(count) => {
                    used += count;
                    if told.send(Came::Answer).is_err() {
                        return;
                    }
                }
            }
        }
        waiting.drain(..used);
    }
}
