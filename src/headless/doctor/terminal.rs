//! The terminal: what it says of itself, what egret makes of that, and how long it takes to answer.
#![allow(clippy::disallowed_methods, reason = "it measures how long others take")]

use std::env;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};

use super::Part;
use crate::config::Settings;
use crate::ui::{Depth, Glyphs, Library};

/// Variables that decide about colours and characters.
const TOLD: &[&str] = &["TERM", "COLORTERM", "NO_COLOR", "LC_ALL", "LC_CTYPE", "LANG", "TZ"];

/// Variables whose presence alone tells something: what they hold is the person's.
const AROUND: &[(&str, &str)] = &[
    ("SSH_CONNECTION", "ssh"),
    ("TMUX", "tmux"),
    ("STY", "screen"),
    ("ZELLIJ", "zellij"),
    ("WSL_DISTRO_NAME", "WSL"),
    ("VSCODE_INJECTION", "VS Code"),
];

/// Longest that a terminal may take.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn part(settings: &Settings) -> Part {
    let mut part = Part::new("Terminal");
    let set = |name: &str| env::var(name).ok();
    for name in TOLD {
        part.say(*name, set(name).map_or("not set".to_owned(), |value| format!("`{value}`")));
    }
    let around: Vec<&str> =
        AROUND.iter().filter(|(name, _)| env::var_os(name).is_some()).map(|(_, what)| *what).collect();
    part.say("within", if around.is_empty() { "nothing known".to_owned() } else { around.join(", ") });
    let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 => part.say("size", format!("{}×{}", size.ws_col, size.ws_row)),
        _ => part.say("size", "standard output is no terminal"),
    }
    let [no_color, colorterm, term] = ["NO_COLOR", "COLORTERM", "TERM"].map(set);
    let depth =
        Depth::detect(settings.color.value, no_color.as_deref(), colorterm.as_deref(), term.as_deref());
    let colours = match depth {
        Depth::None => "none: bold, reverse, underline and dim",
        Depth::Sixteen => "the terminal's own 16",
        Depth::TwoFiftySix => "256",
        Depth::True => "24 bits",
    };
    part.say(
        "colours",
        format!("{colours} (color = \"{}\", {})", settings.color.value, settings.color.source),
    );
    let [lc_all, lc_ctype, lang] = ["LC_ALL", "LC_CTYPE", "LANG"].map(set);
    let asked = settings.glyphs.value;
    let glyphs =
        Glyphs::detect(asked, lc_all.as_deref(), lc_ctype.as_deref(), lang.as_deref(), term.as_deref());
    let set_of = match glyphs {
        Glyphs::Unicode => "Unicode and braille",
        Glyphs::Block => "Unicode and blocks",
        Glyphs::Ascii => "ASCII",
    };
    part.say("characters", format!("{set_of} (glyphs = \"{asked}\", {})", settings.glyphs.source));
    if !glyphs.is_ascii() {
        part.say("as they are shown", "● ▲ ◐ ○ ✕ ⌫ ▸ ╭─╮ ⣀⡠⠤⠒⠉ ▁▂▃▅▇█");
    }
    part.say("theme", format!("{} ({})", settings.theme.value, settings.theme.source));
    part.say("themes", Library::default().names().join(", "));
    part.say(
        "answers",
        match is_terminal.then(answer).flatten() {
            Some(took) => format!("after {:.1} ms", took.as_secs_f64() * 1000.0),
            None if is_terminal => {
                format!("not within {} s: frames are not paced by it", PATIENCE.as_secs())
            }
            None => "not asked: this is no terminal".to_owned(),
        },
    );
    part
}

/// How long the terminal takes to answer what egret asks it with frames (device status).
fn answer() -> Option<Duration> {
    let stdin = io::stdin();
    let before = rustix::termios::tcgetattr(&stdin).ok()?;
    let mut raw = before.clone();
    raw.make_raw();
    rustix::termios::tcsetattr(&stdin, rustix::termios::OptionalActions::Now, &raw).ok()?;
    let took = ask(&stdin);
    // As it was: whatever came of it.
    let _ = rustix::termios::tcsetattr(&stdin, rustix::termios::OptionalActions::Flush, &before);
    took
}

fn ask(stdin: &io::Stdin) -> Option<Duration> {
    let mut out = io::stdout();
    let begun = Instant::now();
    out.write_all(b"\x1b[5n").ok()?;
    out.flush().ok()?;
    let mut said: Vec<u8> = Vec::new();
    while !said.windows(3).any(|bytes| bytes == b"[0n") {
        let left = PATIENCE.checked_sub(begun.elapsed())?;
        let left = Timespec::try_from(left).ok()?;
        let mut fds = [PollFd::new(stdin, PollFlags::IN)];
        if rustix::event::poll(&mut fds, Some(&left)).ok()? == 0 {
            return None;
        }
        let mut byte = [0];
        // One at a time, past the buffer of `stdin`: what somebody types behind it is not ours.
        if rustix::io::read(stdin, &mut byte).ok()? == 0 {
            return None;
        }
        said.push(byte[0]);
    }
    Some(begun.elapsed())
}
