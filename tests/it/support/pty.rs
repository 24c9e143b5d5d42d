//! A program in a pseudo-terminal, seen through a terminal emulator, and what it costs.
#![allow(dead_code, reason = "each of the programs that include this module uses a part of it")]
#![allow(unreachable_pub, reason = "`pub` says what the including programs may use")]
#![allow(
    clippy::unwrap_used,
    reason = "a program in a terminal that cannot be started or asked is the end of a test"
)]
#![allow(clippy::disallowed_methods, reason = "the clock rule is for the pure modules of the product")]

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::Winsize;

/// What the terminal has got so far.
pub struct Seen {
    parser: vt100::Parser,
    bytes: u64,
    raw: Vec<u8>,
    first: Option<Instant>,
    /// When the newest bytes came.
    last: Instant,
    closed: bool,
    held: bool,
}

impl Seen {
    /// Takes bytes of the program.
    pub fn take(&mut self, bytes: &[u8]) {
        self.last = Instant::now();
        self.first = self.first.or(Some(self.last));
        self.bytes += bytes.len() as u64;
        self.raw.extend_from_slice(bytes);
        self.parser.process(bytes);
    }

    /// Whether nobody looks any more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The terminal is gone, or its program.
    pub fn close(&mut self) {
        self.closed = true;
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.parser.screen().contents()
    }

    /// The emulated screen.
    pub fn emulated(&self) -> &vt100::Screen {
        self.parser.screen()
    }

    /// Bytes that the program has written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the program is on the alternate screen.
    pub fn on_alternate_screen(&self) -> bool {
        self.parser.screen().alternate_screen()
    }

    /// Whether the cursor is shown.
    pub fn shows_cursor(&self) -> bool {
        !self.parser.screen().hide_cursor()
    }
}

/// A program in a pseudo-terminal.
pub struct Pty {
    child: Child,
    master: Option<OwnedFd>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    started: Instant,
    /// Where keys are typed, when the line is slow.
    keys: Option<std::sync::mpsc::Sender<Vec<u8>>>,
}

impl Pty {
    /// Starts `command` in a terminal of `columns` by `rows`. Its environment is what the command says.
    pub fn start(command: Command, size: (u16, u16)) -> io::Result<Self> {
        Self::start_over(command, size, None)
    }

    /// The same, behind a line that is slow.
    pub fn start_over(
        mut command: Command,
        (columns, rows): (u16, u16),
        line: Option<super::slow::Line>,
    ) -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        set_size(&master, columns, rows)?;
        let path = ptsname(&master, Vec::new())?;
        // It is to be the terminal of the program, never of this process.
        let slave = File::options()
            .read(true)
            .write(true)
            .custom_flags(rustix::fs::OFlags::NOCTTY.bits().cast_signed())
            .open(path.to_str().map_err(io::Error::other)?)?;
        command
            .stdin(Stdio::from(slave.try_clone()?))
            .stdout(Stdio::from(slave.try_clone()?))
            .stderr(Stdio::from(slave));
        // SAFETY: only calls that are allowed between fork and exec.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                Ok(())
            });
        }
        let started = Instant::now();
        let child = command.spawn()?;
        drop(command);
        let seen = Seen {
            parser: vt100::Parser::new(rows, columns, 0),
            bytes: 0,
            raw: Vec::new(),
            first: None,
            last: started,
            closed: false,
            held: false,
        };
        let seen = Arc::new((Mutex::new(seen), Condvar::new()));
        let (reader, shared) = (File::from(master.try_clone()?), seen.clone());
        let keys = line.map(|line| super::slow::carry(reader.try_clone().unwrap(), line, shared.clone()));
        if keys.is_none() {
            std::thread::spawn(move || read_all(reader, &shared));
        }
        Ok(Self { child, master: Some(master), seen, started, keys })
    }

    /// What the terminal has got. While it is held, nothing more is taken.
    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap()
    }

    /// When the program was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        self.seen().screen()
    }

    /// Bytes that the program has written so far.
    pub fn bytes(&self) -> u64 {
        self.seen().bytes
    }

    /// Everything that the program has written so far.
    pub fn raw(&self) -> Vec<u8> {
        self.seen().raw.clone()
    }

    /// When the first byte came.
    pub fn first_byte(&self) -> Option<Instant> {
        self.seen().first
    }

    /// Whether the program is on the alternate screen.
    pub fn on_alternate_screen(&self) -> bool {
        self.seen().on_alternate_screen()
    }

    /// Whether the cursor is shown.
    pub fn shows_cursor(&self) -> bool {
        self.seen().shows_cursor()
    }

    /// The terminal's own end.
    pub fn master(&self) -> &OwnedFd {
        self.master.as_ref().expect("the terminal is open")
    }

    /// Stops reading what the program writes, as a terminal does on `ctrl-s`.
    pub fn hold(&self) {
        self.seen().held = true;
    }

    /// Reads on.
    pub fn read_on(&self) {
        self.seen().held = false;
    }

    /// Types.
    pub fn type_in(&self, keys: &str) {
        if let Some(line) = &self.keys {
            line.send(keys.as_bytes().to_vec()).unwrap();
            return;
        }
        File::from(self.master().try_clone().unwrap()).write_all(keys.as_bytes()).unwrap();
    }

    /// Gives the terminal another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen().parser.screen_mut().set_size(rows, columns);
        set_size(self.master(), columns, rows).unwrap();
    }

    /// Waits until `holds` is true of the screen, and tells when the bytes came that made it so; panics with the
    /// screen after `limit`.
    #[track_caller]
    pub fn wait_until(&self, what: &str, limit: Duration, holds: impl Fn(&str) -> bool) -> Instant {
        self.wait_seen(what, limit, |seen| holds(&seen.screen()))
    }

    /// Waits until `holds` is true of what the terminal has got; panics with the screen after `limit`.
    #[track_caller]
    pub fn wait_seen(&self, what: &str, limit: Duration, holds: impl Fn(&Seen) -> bool) -> Instant {
        match self.until(limit, holds) {
            Ok(at) => at,
            Err(screen) => {
                let why = if self.seen().closed { "ended" } else { "did not do it" };
                panic!("{what}: the program {why} within {limit:?}:\n{screen}")
            }
        }
    }

    /// Waits until `holds` is true of the screen; the screen as it was at last when that does not happen.
    pub fn look_until(&self, limit: Duration, holds: impl Fn(&str) -> bool) -> Result<Instant, String> {
        self.until(limit, |seen| holds(&seen.screen()))
    }

    fn until(&self, limit: Duration, holds: impl Fn(&Seen) -> bool) -> Result<Instant, String> {
        let end = Instant::now() + limit;
        let mut seen = self.seen();
        loop {
            if holds(&seen) {
                return Ok(seen.last);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.closed {
                return Err(seen.screen());
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Forgets the screen, as a terminal does that another program has cleared.
    pub fn clear(&self) {
        let mut seen = self.seen();
        let (rows, columns) = seen.parser.screen().size();
        seen.parser = vt100::Parser::new(rows, columns, 0);
    }

    /// Waits until the screen shows `text`.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> Instant {
        self.wait_until(text, Duration::from_secs(30), |screen| screen.contains(text))
    }

    /// Bytes that come within `time`, which is waited for in full unless some come.
    pub fn bytes_within(&self, time: Duration) -> Vec<u8> {
        let end = Instant::now() + time;
        let mut seen = self.seen();
        let before = seen.raw.len();
        while seen.raw.len() == before {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Vec::new();
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
        seen.raw[before..].to_vec()
    }

    /// Waits until the program is stopped (`T`).
    #[track_caller]
    pub fn wait_stopped(&self) {
        let end = Instant::now() + Duration::from_secs(10);
        let stopped = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
            stat.rsplit(')').next().is_some_and(|after| after.trim_start().starts_with('T'))
        };
        while !stopped() {
            assert!(Instant::now() < end, "the program was not stopped");
            // Nothing tells of it but the process itself.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.child.id() as i32).expect("a pid");
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Closes the terminal, as when its window is closed.
    pub fn vanish(&mut self) {
        self.master = None;
        // The reader holds a copy of the descriptor: it must go too, or the terminal lives on.
        self.seen().closed = true;
    }

    /// Waits for the program's end and for the last of what it wrote; panics when it outlives `limit`.
    #[track_caller]
    pub fn wait_end(&mut self, limit: Duration) -> ExitStatus {
        let status = self.wait_status(limit);
        let seen = self.seen();
        drop(self.seen.1.wait_timeout_while(seen, limit, |seen| !seen.closed).unwrap());
        status
    }

    /// Waits for the program's end; panics when it outlives `limit`.
    #[track_caller]
    pub fn wait_status(&mut self, limit: Duration) -> ExitStatus {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "the program did not end within {limit:?}:\n{}", self.screen());
            // Nothing here tells of a child's end; its last bytes come shortly before.
            drop(self.seen.1.wait_timeout(self.seen(), Duration::from_millis(10)).unwrap());
        }
    }

    /// CPU time that the process has used.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default();
        let field =
            |n: usize| after.split_whitespace().nth(n).and_then(|v| v.parse::<u64>().ok()).unwrap_or(0);
        // utime and stime, in ticks of a hundredth of a second on every Linux there is.
        Duration::from_millis((field(11) + field(12)) * 10)
    }

    /// Peak resident memory in bytes.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or(0) * 1024
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn set_size(master: &impl AsFd, columns: u16, rows: u16) -> io::Result<()> {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    Ok(rustix::termios::tcsetwinsize(master, size)?)
}

fn read_all(mut master: File, shared: &(Mutex<Seen>, Condvar)) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut buffer = vec![0; 1 << 16];
    loop {
        // Wakes now and then to see whether the terminal is to vanish: its descriptor must not be held then.
        let mut fds = [PollFd::new(&master, PollFlags::IN)];
        let wait = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        let ready = poll(&mut fds, Some(&wait)).unwrap_or(0);
        let (closed, held) = {
            let seen = shared.0.lock().unwrap();
            (seen.closed, seen.held)
        };
        if closed {
            return;
        }
        if held {
            // The terminal is ready all the time then.
            std::thread::sleep(Duration::from_millis(10));
        }
        if ready == 0 || held {
            continue;
        }
        let read = master.read(&mut buffer).unwrap_or(0);
        let mut seen = shared.0.lock().unwrap();
        if read == 0 {
            seen.closed = true;
            shared.1.notify_all();
            return;
        }
        seen.take(&buffer[..read]);
        drop(seen);
        // Before anybody who waits for the screen types on: a terminal puts nothing into the middle of a key.
        answer(&mut master, &buffer[..read]);
        shared.1.notify_all();
    }
}

/// Answers what some programs ask a terminal before they draw: where the cursor is, and what kind it is.
pub fn answer(master: &mut impl Write, asked: &[u8]) {
    let has = |question: &[u8]| asked.windows(question.len()).any(|bytes| bytes == question);
    // Nobody waits for the answer of a program that has just ended.
    if has(b"\x1b[6n") {
        let _ = master.write_all(b"\x1b[1;1R");
    }
    if has(b"\x1b[5n") {
        let _ = master.write_all(b"\x1b[0n");
    }
    if has(b"\x1b[c") || has(b"\x1b[0c") {
        let _ = master.write_all(b"\x1b[?62;c");
    }
}
