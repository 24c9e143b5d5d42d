//! The loop: wait, drain what waits, at most one frame.

use std::io;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use crossterm::event::Event;
use jiff::Timestamp;
use rustix::process::Signal as Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::input::Input;
use super::terminal::{self, Painter, TerminalEvent};
use crate::app::{App, Effect, Msg, update};
use crate::cluster::clock::Clock;
use crate::model::name::ClusterName;
use crate::model::table::Tone;
use crate::ui;

/// Most messages taken between two frames: a flood must not keep the screen from being drawn.
const BATCH: usize = 256;

/// What carries out effects. Its answers come back as messages.
pub trait Effects {
    /// Starts an effect. Must not wait.
    fn start(&mut self, effect: Effect);
    /// Ends what goes on in the background, as it should be ended. Must not take long.
    fn finish(&mut self) -> impl Future<Output = ()>;
    /// Gives the terminal to a program for a while and takes it back.
    fn foreground(&mut self, what: Foreground) -> impl Future<Output = ()>;
}

/// A program that is to have the terminal.
#[derive(Debug)]
pub enum Foreground {
    /// The credential plugin of a cluster.
    Plugin(ClusterName),
    /// The person's own editor, with this text.
    Editor(Box<str>),
    /// A shell in a container.
    Shell(Box<crate::model::exec::Run>),
}

/// Why the loop ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person quit.
    Quit,
    /// A signal asked for it.
    Signal,
    /// The terminal is gone.
    TerminalGone,
}

/// Everything that can wake the loop.
struct Wakers {
    /// Away while a program has the terminal: its reader would take that program's keys.
    input: Option<Input>,
    inbox: UnboundedReceiver<Msg>,
    /// Bytes for the terminal.
    bytes: UnboundedReceiver<Vec<u8>>,
    terminal: UnboundedReceiver<TerminalEvent>,
    end: [Signal; 3],
    resized: Signal,
    stop: Signal,
    resumed: Signal,
}

/// The state of the loop beside the app.
struct Loop<'a, E> {
    app: &'a mut App,
    clock: Clock,
    look: ui::Look,
    theme: String,
    effects: E,
    painter: Painter,
    frames: SyncSender<Vec<u8>>,
    writing: bool,
    raw: Vec<u8>,
    dirty: bool,
    ended: Option<Ended>,
    /// What is to have the terminal.
    foreground: Option<Foreground>,
}

/// Runs the TUI on this terminal until it ends. The terminal must have been taken already.
///
/// # Errors
/// When signals cannot be caught or no thread can be started.
pub async fn run<E: Effects>(
    app: &mut App,
    clock: Clock,
    look: ui::Look,
    effects: E,
    inbox: UnboundedReceiver<Msg>,
    bytes: UnboundedReceiver<Vec<u8>>,
) -> io::Result<Ended> {
    let (events, terminal) = unbounded_channel();
    let frames = terminal::start_writer(events.clone())?;
    terminal::watch_hang_up(events)?;
    let kinds = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
    let [a, b, c] = kinds.map(signal);
    let wakers = Wakers {
        input: Some(Input::start()?),
        inbox,
        bytes,
        terminal,
        end: [a?, b?, c?],
        resized: signal(SignalKind::window_change())?,
        stop: signal(SignalKind::from_raw(Stop::TSTP.as_raw()))?,
        resumed: signal(SignalKind::from_raw(Stop::CONT.as_raw()))?,
    };
    let size = crossterm::terminal::size().unwrap_or((80, 24));
    app.size = size;
    let theme = app.settings.theme.clone();
    let state = Loop {
        app,
        clock,
        look,
        theme,
        effects,
        painter: Painter::new(size),
        frames,
        writing: false,
        raw: Vec::new(),
        dirty: true,
        ended: None,
        foreground: None,
    };
    state.go(wakers).await
}

impl<E: Effects> Loop<'_, E> {
    async fn go(mut self, mut wakers: Wakers) -> io::Result<Ended> {
        let ended = self.turns(&mut wakers).await;
        self.effects.finish().await;
        ended
    }

    async fn turns(&mut self, wakers: &mut Wakers) -> io::Result<Ended> {
        self.paint()?;
        loop {
            let [term, hup, int] = &mut wakers.end;
            tokio::select! {
                biased;
                _ = term.recv() => return Ok(Ended::Signal),
                _ = hup.recv() => return Ok(Ended::Signal),
                _ = int.recv() => return Ok(Ended::Signal),
                event = wakers.terminal.recv() => match event {
                    Some(TerminalEvent::Written) => self.writing = false,
                    Some(TerminalEvent::Gone) | None => return Ok(Ended::TerminalGone),
                },
                event = next_input(&mut wakers.input) => match event {
                    Some(event) => self.input(event),
                    None => return Ok(Ended::TerminalGone),
                },
                Some(raw) = wakers.bytes.recv() => self.pass(&raw),
                Some(msg) = wakers.inbox.recv() => self.take(msg),
                _ = wakers.resized.recv() => self.resized(),
                _ = wakers.stop.recv() => Self::stop()?,
                _ = wakers.resumed.recv() => self.resume()?,
                () = self.clock.sleep(until_next_minute(self.clock.now())) => self.take(Msg::Minute),
            }
            self.drain(wakers);
            if let Some(ended) = self.ended.take() {
                return Ok(ended);
            }
            if let Some(what) = self.foreground.take() {
                wakers.input = None;
                if let Some(ended) = self.in_front(what, wakers).await? {
                    return Ok(ended);
                }
                wakers.input = Some(Input::start()?);
                self.resized();
            }
            if self.dirty && !self.writing {
                self.paint()?;
            }
        }
    }

    /// Lets a program have the terminal. What the keys of the terminal mean to all who share it is that program's: to be
    /// stopped with it, so that the shell gets its terminal, and not to end with it.
    async fn in_front(&mut self, what: Foreground, wakers: &mut Wakers) -> io::Result<Option<Ended>> {
        let [term, hup, int] = &mut wakers.end;
        let mut front = std::pin::pin!(self.effects.foreground(what));
        loop {
            tokio::select! {
                biased;
                _ = term.recv() => return Ok(Some(Ended::Signal)),
                _ = hup.recv() => return Ok(Some(Ended::Signal)),
                _ = int.recv() => {}
                _ = wakers.stop.recv() => Self::stop()?,
                _ = wakers.resumed.recv() => {}
                () = &mut front => return Ok(None),
            }
        }
    }

    /// Takes what waits already, so that one frame shows it all.
    fn drain(&mut self, wakers: &mut Wakers) {
        for _ in 0..BATCH {
            if let Some(event) = wakers.input.as_mut().and_then(Input::try_next) {
                self.input(event);
            } else if let Ok(raw) = wakers.bytes.try_recv() {
                // Before the message that says that it was done.
                self.pass(&raw);
            } else if let Ok(msg) = wakers.inbox.try_recv() {
                self.take(msg);
            } else {
                return;
            }
        }
    }

    fn input(&mut self, event: Event) {
        #[cfg(debug_assertions)]
        super::report::panic_for_a_test(&event);
        match event {
            Event::Key(key) => self.take(Msg::Key(key)),
            Event::Paste(text) => self.take(Msg::Paste(text)),
            _ => {}
        }
    }

    /// The terminal may have another size now. All of it is drawn also when it has not: it may have had another one
    /// meanwhile, and have lost what found no room in it.
    fn resized(&mut self) {
        let size = crossterm::terminal::size().unwrap_or(self.app.size);
        self.painter.reset(size);
        self.take(Msg::Resize(size.0, size.1));
    }

    fn take(&mut self, msg: Msg) {
        self.app.now = self.clock.now();
        self.dirty = true;
        for effect in update(self.app, msg) {
            match effect {
                Effect::Quit => self.ended = Some(Ended::Quit),
                Effect::Redraw => self.painter.reset(self.app.size),
                Effect::RunCredentialPlugin(cluster) => {
                    self.foreground = Some(Foreground::Plugin(cluster));
                }
                Effect::EditOutside(text) => self.foreground = Some(Foreground::Editor(text)),
                Effect::Shell(run) => self.foreground = Some(Foreground::Shell(run)),
                effect => self.effects.start(effect),
            }
        }
        if self.app.settings.theme != self.theme {
            self.theme.clone_from(&self.app.settings.theme);
            if let Some(warning) = self.look.set_theme(&self.theme).first() {
                self.app.say(Tone::Warn, format!("theme: {warning}"));
            }
        }
    }

    /// Asked to stop: the shell that asks wants its terminal.
    fn stop() -> io::Result<()> {
        terminal::give_back();
        // Returns when the program is continued, and that is a signal of its own.
        Ok(rustix::process::kill_process(rustix::process::getpid(), Stop::STOP)?)
    }

    /// A stopped program is continued: the shell has used the terminal meanwhile, and may have changed its size.
    fn resume(&mut self) -> io::Result<()> {
        terminal::take_again()?;
        self.resized();
        Ok(())
    }

    /// Bytes that are the terminal's to understand: the clipboard.
    fn pass(&mut self, raw: &[u8]) {
        self.raw.extend_from_slice(raw);
        self.dirty = true;
    }

    fn paint(&mut self) -> io::Result<()> {
        self.dirty = false;
        self.app.settle();
        // Only now it is known what is selected.
        for effect in self.app.ask_for_rights() {
            self.effects.start(effect);
        }
        let (app, look) = (&*self.app, &self.look);
        let mut out = std::mem::take(&mut self.raw);
        if let Some(frame) = self.painter.frame(|buffer| ui::draw(app, look, buffer))? {
            out.extend(frame);
        }
        if out.is_empty() {
            return Ok(());
        }
        self.writing = true;
        if self.frames.try_send(out).is_err() {
            // Cannot be: nothing is under way. Drawing all of it again puts it right.
            self.painter.reset(self.app.size);
            self.dirty = true;
        }
        Ok(())
    }
}

/// The next event of the keyboard; never, while a program has the terminal.
async fn next_input(input: &mut Option<Input>) -> Option<Event> {
    match input {
        Some(input) => input.next().await,
        None => std::future::pending().await,
    }
}

fn until_next_minute(now: Timestamp) -> Duration {
    let past = now.as_millisecond().rem_euclid(60_000);
    Duration::from_millis(60_000 - past.unsigned_abs())
}

/// Where effects send their answers.
pub type Inbox = UnboundedSender<Msg>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_wakes_on_the_minute() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(until_next_minute(at("2026-01-01T00:00:00Z")), Duration::from_secs(60));
        assert_eq!(until_next_minute(at("2026-01-01T00:00:59.250Z")), Duration::from_millis(750));
    }
}
