//! egret in a terminal, on a real control plane.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::plane::{self, Cluster, Options, put_sample_gateways};
use super::pty::Pty;
use super::slow::Line;

/// How long anything on the screen may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A start of egret, in a home of its own and with nothing else in the environment.
pub struct Start {
    command: Command,
    home: tempfile::TempDir,
    size: (u16, u16),
    line: Option<Line>,
}

/// egret in a terminal.
pub struct Session {
    pty: Pty,
    home: tempfile::TempDir,
}

/// Starts egret with these arguments on a kubeconfig.
pub fn egret(kubeconfig: &Path, line: &str) -> Start {
    let mut command = Command::new(env!("CARGO_BIN_EXE_egret"));
    command.args(line.split_whitespace());
    start(command, kubeconfig)
}

/// Starts egret by a command line of the shell, in which `$EGRET` is the program.
pub fn shell(kubeconfig: &Path, line: &str) -> Start {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]);
    start(command, kubeconfig)
}

fn start(mut command: Command, kubeconfig: &Path) -> Start {
    let home = tempfile::tempdir().unwrap();
    command
        .env_clear()
        .env("EGRET", env!("CARGO_BIN_EXE_egret"))
        .env("HOME", home.path())
        .env("KUBECONFIG", kubeconfig)
        .env("PATH", "/usr/bin:/bin")
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .env("LANG", "C.UTF-8")
        .env("TZ", "UTC");
    Start { command, home, size: (120, 40), line: None }
}

impl Start {
    /// With a variable in the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// In a terminal of this many columns and rows.
    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        self.size = (columns, rows);
        self
    }

    /// Behind a slow line.
    pub fn over(mut self, line: Line) -> Self {
        self.line = Some(line);
        self
    }

    /// Goes.
    pub fn go(self) -> Session {
        Session { pty: Pty::start_over(self.command, self.size, self.line).unwrap(), home: self.home }
    }
}

impl Deref for Session {
    type Target = Pty;

    fn deref(&self) -> &Pty {
        &self.pty
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Pty {
        &mut self.pty
    }
}

/// Keys by name, as the terminal sends them; anything else is typed as it stands.
const KEYS: &[(&str, &str)] = &[
    ("enter", "\r"),
    ("esc", "\x1b"),
    ("tab", "\t"),
    ("backtab", "\x1b[Z"),
    ("space", " "),
    ("backspace", "\x7f"),
    ("up", "\x1b[A"),
    ("down", "\x1b[B"),
    ("right", "\x1b[C"),
    ("left", "\x1b[D"),
    ("home", "\x1b[H"),
    ("end", "\x1b[F"),
    ("page-up", "\x1b[5~"),
    ("page-down", "\x1b[6~"),
    ("delete", "\x1b[3~"),
    ("shift-up", "\x1b[1;2A"),
    ("shift-down", "\x1b[1;2B"),
    ("shift-end", "\x1b[1;2F"),
    ("shift-home", "\x1b[1;2H"),
    ("ctrl-a", "\x01"),
    ("ctrl-c", "\x03"),
    ("ctrl-d", "\x04"),
    ("ctrl-f", "\x06"),
    ("ctrl-l", "\x0c"),
    ("ctrl-n", "\x0e"),
    ("ctrl-o", "\x0f"),
    ("ctrl-s", "\x13"),
    ("ctrl-t", "\x14"),
    ("ctrl-u", "\x15"),
    ("ctrl-x", "\x18"),
    ("ctrl-y", "\x19"),
    ("ctrl-z", "\x1a"),
    ("alt-1", "\x1b1"),
    ("alt-2", "\x1b2"),
    ("alt-3", "\x1b3"),
    ("alt-4", "\x1b4"),
    ("alt-5", "\x1b5"),
    ("alt-6", "\x1b6"),
    ("alt-7", "\x1b7"),
    ("f1", "\x1bOP"),
    ("f3", "\x1bOR"),
    ("f12", "\x1b[24~"),
];

impl Session {
    /// Where egret's home is.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Presses keys: names as in the config, parted by spaces.
    pub fn keys(&self, names: &str) -> &Self {
        for name in names.split_whitespace() {
            let bytes = KEYS.iter().find(|(n, _)| *n == name).map_or(name, |(_, bytes)| bytes);
            self.type_in(bytes);
            if name == "esc" {
                // Together with what follows it would be read as a key with alt, and nothing tells that it was read.
                std::thread::sleep(Duration::from_millis(120));
            }
        }
        self
    }

    /// Types text and keys in turn: what is no key's name is typed as it stands. Parted by ` | `.
    pub fn fills(&self, line: &str) -> &Self {
        for part in line.split(" | ") {
            if part.split_whitespace().all(|word| KEYS.iter().any(|(name, _)| *name == word)) {
                self.keys(part);
            } else {
                self.type_in(part);
            }
        }
        self
    }

    /// Pastes a text, as a terminal does.
    pub fn pastes(&self, text: &str) -> &Self {
        self.type_in(&format!("\x1b[200~{text}\x1b[201~"));
        self
    }

    /// Stops reading, and has egret draw until the system takes no more of it: whoever writes now is stuck.
    pub fn choke(&self) -> &Self {
        self.hold();
        let mut last = (0, 0);
        // Nothing tells that a writer is stuck but that there is no more of it.
        while last.1 < 20 {
            self.type_in("\x0c");
            std::thread::sleep(Duration::from_millis(10));
            let waiting = rustix::io::ioctl_fionread(self.master()).unwrap();
            last = if waiting == last.0 && waiting > 0 { (waiting, last.1 + 1) } else { (waiting, 0) };
        }
        self
    }

    /// Opens the palette, types a line and runs it.
    #[track_caller]
    pub fn command(&self, line: &str) -> &Self {
        self.keys(":").sees("⇥ complete");
        self.type_in(line);
        self.sees(&format!(":{line}"));
        self.keys("enter").sees_not("⇥ complete");
        self
    }

    /// Waits until the screen shows a text.
    #[track_caller]
    pub fn sees(&self, text: &str) -> &Self {
        self.wait_until(&format!("the screen shows {text:?}"), PATIENCE, |s| s.contains(text));
        self
    }

    /// Waits until the screen shows a text, over however many lines.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let joined = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ");
        self.wait_until(&format!("the screen says {text:?}"), PATIENCE, |s| joined(s).contains(text));
        self
    }

    /// Waits until the screen no longer shows a text.
    #[track_caller]
    pub fn sees_not(&self, text: &str) -> &Self {
        self.wait_until(&format!("the screen does not show {text:?}"), PATIENCE, |s| !s.contains(text));
        self
    }

    /// Waits until the row of the cursor shows a text.
    #[track_caller]
    pub fn selects(&self, text: &str) -> &Self {
        let selected = |s: &str| s.lines().any(|l| l.starts_with(['▸', '>']) && l.contains(text));
        self.wait_until(&format!("the cursor is on {text:?}"), PATIENCE, selected);
        self
    }

    /// The row with a text, as it is now.
    #[track_caller]
    pub fn row(&self, text: &str) -> String {
        let screen = self.screen();
        screen
            .lines()
            .find(|l| l.contains(text))
            .unwrap_or_else(|| panic!("no {text:?} in\n{screen}"))
            .to_owned()
    }
}

/// The shared cluster, with the sample gateways.
pub async fn with_gateways() -> &'static Cluster {
    static PUT: OnceCell<()> = OnceCell::const_new();
    let cluster = plane::shared().await;
    PUT.get_or_init(async || put_sample_gateways(&cluster.admin().await).await.unwrap()).await;
    cluster
}

/// A cluster to break, with the sample gateways.
pub async fn own_with_gateways(name: &str) -> Cluster {
    let options = Options { name: name.to_owned(), gateway_api: true, ..Options::default() };
    let cluster = Cluster::start(options).await.unwrap();
    put_sample_gateways(&cluster.admin().await).await.unwrap();
    cluster
}
