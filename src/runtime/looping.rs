//! The loop: wait, drain what waits, at most one frame.

use std::io;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use crossterm::event::Event;
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use rustix::process::Signal as Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::input::{Came, Input};
use super::line::{Line, QUESTION};
use super::mouse;
use super::painter::Painter;
use super::settings;
use super::terminal::{self, TerminalEvent};
use crate::app::effect::Dump;
use crate::app::pointing::{Gesture, Pointed};
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
    /// Writes a screen to a file. Must not wait.
    fn dump(&mut self, dump: Dump, screen: Buffer);
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

/// How the loop ended, and what it leaves behind.
#[derive(Debug)]
pub struct Left {
    /// Why it ended.
    pub ended: Ended,
    /// The last screen, when it is to stay on the terminal. Only of who quits: a program that is ended by others, or that
    /// panics, leaves none.
    pub screen: Option<String>,
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
pub(super) struct Loop<'a, E> {
    pub(super) app: &'a mut App,
    pub(super) clock: Clock,
    pub(super) look: ui::Look,
    pub(super) theme: String,
    /// Whether the mouse is ours.
    pub(super) mouse: bool,
    /// Turns of the wheel that nothing was made of yet.
    pub(super) wheel: Option<Pointed>,
    pub(super) effects: E,
    pub(super) painter: Painter,
    pub(super) line: Line,
    pub(super) frames: SyncSender<Vec<u8>>,
    pub(super) writing: bool,
    pub(super) raw: Vec<u8>,
    pub(super) dirty: bool,
    pub(super) ended: Option<Ended>,
    /// What is to have the terminal.
    pub(super) foreground: Option<Foreground>,
    /// The screen that stands still.
    pub(super) still: Option<Buffer>,
    /// Where the next frame is to be written to, once it is on the terminal.
    pub(super) dumps: Vec<Dump>,
    /// What the terminal's title says; none: what it said before.
    pub(super) title: Option<String>,
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
) -> io::Result<Left> {
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
    let mouse = app.settings.mouse;
    let state = Loop {
        app,
        clock,
        look,
        theme,
        mouse,
        wheel: None,
        effects,
        painter: Painter::new(size),
        line: Line::new(),
        frames,
        writing: false,
        raw: Vec::new(),
        dirty: true,
        ended: None,
        foreground: None,
        still: None,
        dumps: Vec::new(),
        title: None,
    };
    state.go(wakers).await
}

impl<E: Effects> Loop<'_, E> {
    async fn go(mut self, mut wakers: Wakers) -> io::Result<Left> {
        let ended = self.turns(&mut wakers).await;
        if !matches!(ended, Ok(Ended::TerminalGone)) {
            self.quiet(&mut wakers).await;
        }
        for effect in self.app.leaving() {
            self.effects.start(effect);
        }
        // Asked for, and no frame came after it.
        for dump in std::mem::take(&mut self.dumps) {
            let screen = self.screen_now();
            self.effects.dump(dump, screen);
        }
        let quit = matches!(ended, Ok(Ended::Quit));
        let screen = self.app.print.filter(|_| quit).map(|form| self.last_screen(form));
        self.effects.finish().await;
        ended.map(|ended| Left { ended, screen })
    }

    async fn turns(&mut self, wakers: &mut Wakers) -> io::Result<Ended> {
        self.raw.extend_from_slice(QUESTION);
        self.line.sent(Instant::now(), QUESTION.len(), true);
        self.paint()?;
        loop {
            // What waits for the line, and not for something to happen.
            let held = self.line.wait(Instant::now()).filter(|_| self.dirty && !self.writing);
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
                came = next_input(&mut wakers.input) => match came {
                    Some(came) => self.came(came),
                    None => return Ok(Ended::TerminalGone),
                },
                Some(raw) = wakers.bytes.recv() => self.pass(&raw),
                Some(msg) = wakers.inbox.recv() => self.take(msg),
                _ = wakers.resized.recv() => self.resized(),
                _ = wakers.stop.recv() => {
                    self.quiet(wakers).await;
                    Self::stop()?;
                }
                _ = wakers.resumed.recv() => self.resume()?,
                () = until(held), if held.is_some() => {}
                () = self.clock.sleep(until_next_minute(self.clock.now())) => self.take(Msg::Minute),
            }
            self.drain(wakers);
            self.turn_wheel();
            if let Some(ended) = self.ended.take() {
                return Ok(ended);
            }
            if let Some(what) = self.foreground.take() {
                self.quiet(wakers).await;
                wakers.input = None;
                if let Some(ended) = self.in_front(what, wakers).await? {
                    return Ok(ended);
                }
                wakers.input = Some(Input::start()?);
                self.resized();
            }
            if self.dirty && !self.writing && self.line.wait(Instant::now()).is_none() {
                self.paint()?;
            }
        }
    }

    /// Waits for what the terminal was asked, as long as its answer may take: whoever reads the terminal next would read it.
    async fn quiet(&mut self, wakers: &mut Wakers) {
        while let Some(end) = self.line.quiet_at() {
            tokio::select! {
                came = next_input(&mut wakers.input) => match came {
                    Some(Came::Answer) => self.line.answered(Instant::now()),
                    // It was typed for whoever comes next, and must mean nothing here.
                    Some(Came::Event(_)) => {}
                    None => return,
                },
                () = until(Some(end)) => return,
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
            // What was typed behind that is not for this screen.
            if self.ended.is_some() || self.foreground.is_some() {
                return;
            }
            if let Some(came) = wakers.input.as_mut().and_then(Input::try_next) {
                self.came(came);
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

    fn came(&mut self, came: Came) {
        match came {
            Came::Event(event) => self.input(event),
            Came::Answer => self.line.answered(Instant::now()),
        }
    }

    fn input(&mut self, event: Event) {
        #[cfg(debug_assertions)]
        super::report::panic_for_a_test(&event);
        match event {
            Event::Mouse(event) => {
                if let Some(pointed) = mouse::pointed(&event).filter(|_| self.mouse) {
                    self.point(pointed);
                }
                return;
            }
            // Keys come after the turns of the wheel before them.
            _ => self.turn_wheel(),
        }
        match event {
            Event::Key(key) => self.take(Msg::Key(key)),
            Event::Paste(text) => self.take(Msg::Paste(text)),
            _ => {}
        }
    }

    /// Turns of the wheel wait for those that come with them: a slow line is not to queue frames of them.
    fn point(&mut self, pointed: Pointed) {
        let waits = self.wheel.take();
        self.wheel = waits.as_ref().and_then(|waits| mouse::merged(waits, &pointed));
        if self.wheel.is_some() {
            return;
        }
        if let Some(waits) = waits {
            self.take(Msg::Mouse(waits));
        }
        match pointed.what {
            Gesture::Wheel(_) => self.wheel = Some(pointed),
            Gesture::Click => self.take(Msg::Mouse(pointed)),
        }
    }

    fn turn_wheel(&mut self) {
        if let Some(waits) = self.wheel.take() {
            self.take(Msg::Mouse(waits));
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
        if let Msg::Themes(own) = &msg {
            self.look.set_library(settings::library(own.iter().cloned()));
            self.app.settings.themes = self.look.themes();
            self.app.settings.theme_faults = self.look.theme_faults();
            // The one that is shown may be among them; what is wrong with the others is told with them.
            if let Some(warning) = self.look.set_theme(&self.theme).first() {
                self.app.say(Tone::Warn, format!("theme: {warning}"));
            }
        }
        for effect in update(self.app, msg) {
            match effect {
                Effect::Quit => self.ended = Some(Ended::Quit),
                Effect::Redraw => self.painter.reset(self.app.size),
                // Of what is seen next: what the person typed to ask for it is no part of it.
                Effect::Dump(dump) => self.dumps.push(dump),
                Effect::RunCredentialPlugin(cluster) => {
                    self.foreground = Some(Foreground::Plugin(cluster));
                }
                Effect::EditOutside(text) => self.foreground = Some(Foreground::Editor(text)),
                Effect::Shell(run) => self.foreground = Some(Foreground::Shell(run)),
                effect => self.effects.start(effect),
            }
        }
        if self.app.settings.mouse != self.mouse {
            self.mouse = self.app.settings.mouse;
            self.pass(terminal::mouse(self.mouse));
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
}

/// Until then; for ever, where there is no such time.
async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

/// What comes next from the terminal; never, while a program has it.
async fn next_input(input: &mut Option<Input>) -> Option<Came> {
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
