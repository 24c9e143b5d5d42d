//! `egret doctor --self`: what egret sees of itself, its terminal, its files and its clusters, in one page for a report of
//! a bug. No secret is in it: of credentials it tells the kind, of clusters what they answer.

mod clusters;
mod files;
mod names;
mod terminal;

use std::io;

use super::{Outcome, Streams};
use crate::cli::{Doctor, Globals, version};
use crate::config::Settings;
use crate::model::clean::clean;
use crate::setup::setup;
use names::Names;

/// A part of the page: its heading, and name and value of each line.
struct Part {
    title: &'static str,
    lines: Vec<(String, String)>,
}

impl Part {
    fn new(title: &'static str) -> Self {
        Self { title, lines: Vec::new() }
    }

    fn say(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.lines.push((name.into(), value.into()));
    }
}

/// Prints the page. What is wrong with the config is a line of it.
pub fn run(doctor: Doctor, globals: &Globals, streams: &mut Streams<'_>) -> io::Result<Outcome> {
    if !doctor.of_self {
        streams
            .complain("doctor: there is one page so far, what egret sees of itself: `egret doctor --self`")?;
        return Ok(Outcome::Usage);
    }
    let mut names = Names::new(doctor.anonymous);
    let (settings, configured) = match setup(globals) {
        Ok(setup) => (setup.settings.clone(), files::config(&setup, &names)),
        Err(wrong) => (globals.over(Settings::default()), files::broken(&wrong, &names)),
    };
    let about = Part {
        title: "egret",
        lines: version::facts().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    let parts = [about, system(), terminal::part(&settings), configured, files::state(&names)];
    for part in parts {
        print(&part, streams)?;
    }
    // Clusters may take a while to answer: what is known stands there already.
    streams.out.flush()?;
    for part in clusters::parts(&settings, globals, &mut names) {
        print(&part, streams)?;
    }
    let end = if doctor.anonymous {
        "Names of contexts, servers, users and directories are letters here."
    } else {
        "It holds names of contexts, servers and users, and no secret; --anonymous puts letters in their place."
    };
    writeln!(streams.out, "{end}")?;
    Ok(Outcome::Done)
}

fn print(part: &Part, streams: &mut Streams<'_>) -> io::Result<()> {
    writeln!(streams.out, "{}", part.title)?;
    let wide = part.lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(24);
    for (name, value) in &part.lines {
        writeln!(streams.out, "  {:wide$}  {}", clean(name), clean(value))?;
    }
    writeln!(streams.out)
}

fn system() -> Part {
    let mut part = Part::new("System");
    let uname = rustix::system::uname();
    let said = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    part.say("kernel", format!("{} {}", said(uname.sysname()), said(uname.release())));
    part.say("machine", said(uname.machine()));
    let processors = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    part.say("processors", processors.to_string());
    part
}

#[cfg(test)]
mod tests;
